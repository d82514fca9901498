#include "simulator/market/factors.hpp"

#include <cmath>

namespace keel::simulator {

namespace {

constexpr double kYearSeconds = 365.0 * 86'400.0;
constexpr double kSpotCorrelation = 0.8;       // BTC and ETH, the usual range is 0.75 .. 0.9
constexpr double kLeverageCorrelation = -0.5;  // variance against its own spot
constexpr double kVarianceReversion = 0.15;    // per second: bursts last some seconds
constexpr double kVarianceOfVariance = 0.25;   // per square root of a second
constexpr double kJumpsPerSecond = 0.02;       // about one a minute
constexpr double kJumpSize = 0.003;            // standard deviation of a BTC jump, log
constexpr double kJumpEthBeta = 1.2;
constexpr double kBasisReversion = 0.5;  // per second
constexpr double kBasisMean = 0.0002;
constexpr double kBasisNoise = 0.0001;  // per square root of a second
constexpr double kCarryReversion = 0.05;
constexpr double kCarryNoise = 0.002;
constexpr double kIvVarianceShare = 0.08;  // of the log variance: the implied level knows that bursts pass
constexpr double kIvNoiseReversion = 0.05;
constexpr double kIvNoise = 0.004;

struct CoinConstants {
    double spot_usd;
    double volatility_ratio;  // mean, before exaggeration; also the long level of implied volatility
    double carry_per_year;
};
constexpr std::array<CoinConstants, kUnderlyingCount> kCoins{CoinConstants{96'000.0, 0.45, 0.06},
                                                             CoinConstants{3'300.0, 0.65, 0.05}};

}  // namespace

FactorPath::FactorPath(const Scenario& scenario, std::uint64_t seed, double span_seconds, double step_seconds)
    : scenario_{scenario}, span_seconds_{span_seconds}, step_seconds_{step_seconds}, random_{seed, 1} {
    for (std::size_t i = 0; i < kUnderlyingCount; ++i) {
        coins_[i].spot_usd = kCoins[i].spot_usd;
        coins_[i].perpetual_basis_ratio = kBasisMean;
        coins_[i].carry_per_year = kCoins[i].carry_per_year;
        update_implied(i, scenario_.at(0.0, span_seconds_));
    }
}

void FactorPath::update_implied(std::size_t underlying, const ScriptMoment& moment) {
    CoinFactors& coin = coins_[underlying];
    const double level =
        kCoins[underlying].volatility_ratio * std::exp(kIvVarianceShare * coin.log_variance + coin.iv_noise);
    coin.atm_iv_ratio = level + moment.iv_shift_ratio;
    coin.spot_volatility_ratio = kCoins[underlying].volatility_ratio * scenario_.exaggeration *
                                 moment.volatility_factor * std::exp(0.5 * coin.log_variance);
}

void FactorPath::step() {
    ++steps_;
    const double root_dt = std::sqrt(step_seconds_);
    const ScriptMoment moment = scenario_.at(elapsed_seconds() / span_seconds_, span_seconds_);
    const double btc_shock = random_.normal();
    const std::array<double, kUnderlyingCount> shocks{
        btc_shock,
        kSpotCorrelation * btc_shock + std::sqrt(1.0 - kSpotCorrelation * kSpotCorrelation) * random_.normal()};
    const double jump = random_.chance(kJumpsPerSecond * step_seconds_) ? kJumpSize * random_.normal() : 0.0;
    const std::array<double, kUnderlyingCount> jumps{jump, kJumpEthBeta * jump};
    const std::array<double, kUnderlyingCount> drifts{moment.btc_drift_per_second, moment.eth_drift_per_second};

    for (std::size_t i = 0; i < kUnderlyingCount; ++i) {
        CoinFactors& coin = coins_[i];
        const double sigma = coin.spot_volatility_ratio * std::sqrt(step_seconds_ / kYearSeconds);
        coin.spot_usd *= std::exp(sigma * shocks[i] - 0.5 * sigma * sigma + drifts[i] * step_seconds_ + jumps[i]);
        const double own = random_.normal();
        const double variance_shock =
            kLeverageCorrelation * shocks[i] + std::sqrt(1.0 - kLeverageCorrelation * kLeverageCorrelation) * own;
        coin.log_variance +=
            -kVarianceReversion * coin.log_variance * step_seconds_ + kVarianceOfVariance * root_dt * variance_shock;
        coin.iv_noise += -kIvNoiseReversion * coin.iv_noise * step_seconds_ + kIvNoise * root_dt * random_.normal();
        const double basis_target = kBasisMean + moment.basis_shift_ratio;
        coin.perpetual_basis_ratio += kBasisReversion * (basis_target - coin.perpetual_basis_ratio) * step_seconds_ +
                                      kBasisNoise * root_dt * random_.normal();
        coin.carry_per_year += kCarryReversion * (kCoins[i].carry_per_year - coin.carry_per_year) * step_seconds_ +
                               kCarryNoise * root_dt * random_.normal();
        update_implied(i, moment);
    }
}

}  // namespace keel::simulator
