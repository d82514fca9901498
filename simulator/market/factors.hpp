#pragma once

#include <array>
#include <cstdint>

#include "simulator/market/random.hpp"
#include "simulator/market/scenario.hpp"

namespace keel::simulator {

inline constexpr std::size_t kUnderlyingCount = 2;  // BTC, ETH: slots of Currency

// The state of one coin's market, before any instrument.
struct CoinFactors {
    double spot_usd{0.0};
    double log_variance{0.0};  // of the spot's variance around its mean; 0 = mean
    double iv_noise{0.0};      // log, slow, own noise of the implied level
    double atm_iv_ratio{0.0};  // short at-the-money volatility, 1.0 = 100 %
    double perpetual_basis_ratio{0.0};
    double carry_per_year{0.0};         // of dated futures
    double spot_volatility_ratio{0.0};  // annualised volatility in force, exaggeration included
};

// Correlated spots with exponential Ornstein-Uhlenbeck variance, common jumps, mean-reverting basis and
// carry, stepped in fixed intervals.
// Thread: one. Allocates: never.
class FactorPath {
public:
    FactorPath(const Scenario& scenario, std::uint64_t seed, double span_seconds, double step_seconds);

    void step();
    [[nodiscard]] const CoinFactors& coin(std::size_t underlying) const { return coins_[underlying]; }
    [[nodiscard]] double elapsed_seconds() const { return static_cast<double>(steps_) * step_seconds_; }

private:
    void update_implied(std::size_t underlying, const ScriptMoment& moment);

    Scenario scenario_;
    double span_seconds_;
    double step_seconds_;
    std::uint64_t steps_{0};
    Random random_;
    std::array<CoinFactors, kUnderlyingCount> coins_{};
};

}  // namespace keel::simulator
