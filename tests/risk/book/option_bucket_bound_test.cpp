#include <gtest/gtest.h>

#include <array>
#include <iostream>
#include <random>

#include "risk/book/option_bucket.hpp"

namespace keel::risk {
namespace {

enum class Side { long_only, short_only, mixed };
constexpr std::array kSides{Side::long_only, Side::short_only, Side::mixed};
constexpr std::array kSideNames{"long", "short", "mixed"};
constexpr int kBooks = 400;

// The numbers that a bucket publishes with a bound.
constexpr std::array kNames{"value", "delta", "gamma", "vega",       "theta",
                            "vanna", "volga", "charm", "coin value", "delta_net"};
using Numbers = std::array<double, kNames.size()>;

Numbers numbers_of(const RiskVector& linear, const RiskVector& coin) {
    const Sensitivities& g = linear.greeks;
    return {linear.stable, g.delta_bs, g.gamma, g.vega,    g.theta,
            g.vanna,       g.volga,    g.charm, coin.coin, coin.greeks.delta_net};
}

// A bucket of one to twelve options, strikes within three standard deviations, each held both as a linear and as
// a coin-settled contract, so that one book answers for both ledgers.
struct Subject {
    std::mt19937_64 random;
    ExpiryMarket market;
    UnixNanos now{unix_nanos_from_ms(1'767'225'600'000)};
    double years{0.0};
    std::vector<Contract> contracts;
    std::vector<double> quantities;
    std::vector<double> volatilities;

    Subject(std::uint64_t seed, Side side) : random{seed} {
        market.forward = uniform(10.0, 100'000.0);
        years = std::exp(uniform(std::log(0.5 / 24.0 / 365.0), std::log(1.0)));
        market.expiry = now + std::chrono::nanoseconds{std::llround(years * kYearNs)};
        const int count = std::uniform_int_distribution{1, 12}(random);
        const double level = uniform(0.25, 1.2);
        for (int i = 0; i < count; ++i) {
            const double volatility = level * uniform(0.9, 1.15);
            const double deviation = volatility * std::sqrt(years);
            contracts.push_back({.kind = ContractKind::linear_option,
                                 .type = uniform(0.0, 1.0) < 0.5 ? OptionType::call : OptionType::put,
                                 .strike = market.forward * std::exp(deviation * uniform(-3.0, 3.0))});
            volatilities.push_back(volatility);
            double quantity = uniform(0.5, 20.0);
            if (side == Side::short_only || (side == Side::mixed && uniform(0.0, 1.0) < 0.5)) quantity = -quantity;
            quantities.push_back(quantity);
        }
    }
    double uniform(double low, double high) { return std::uniform_real_distribution<double>{low, high}(random); }
    double volatility_low() const { return std::ranges::min(volatilities); }

    OptionBucket bucket() const {
        BucketRules rules;
        rules.refresh_max = std::chrono::hours{24 * 365};
        OptionBucket out{rules, market, now};
        for (const ContractKind kind : {ContractKind::linear_option, ContractKind::inverse_option}) {
            const std::uint32_t lane = out.add_lane();
            for (std::size_t i = 0; i < contracts.size(); ++i) {
                Contract contract = contracts[i];
                contract.kind = kind;
                out.set_quantity(out.add_option(lane, contract, volatilities[i]), quantities[i]);
            }
        }
        out.anchor();
        return out;
    }
    Numbers exact(double forward, double shift, double left) const {
        RiskVector linear;
        RiskVector coin;
        for (std::size_t i = 0; i < contracts.size(); ++i) {
            OptionGreeks usd;
            InverseGreeks inverse;
            const OptionInputs inputs{.forward = forward,
                                      .strike = contracts[i].strike,
                                      .years = left,
                                      .volatility = volatilities[i] + shift,
                                      .rate = 0.0,
                                      .type = contracts[i].type};
            EXPECT_EQ(inverse_option(inputs, usd, inverse), PricingStatus::ok);
            const double q = quantities[i];
            Sensitivities& g = linear.greeks;
            linear.stable += q * usd.price;
            g.delta_bs += q * usd.delta;
            g.gamma += q * usd.gamma;
            g.vega += q * usd.vega;
            g.theta += q * usd.theta;
            g.vanna += q * usd.vanna;
            g.volga += q * usd.volga;
            g.charm += q * usd.charm;
            coin.coin += q * inverse.value;
            coin.greeks.delta_net += q * inverse.delta_net;
        }
        return numbers_of(linear, coin);
    }
};

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

// Never above the bound, and the bound close: the joint grid of forward, volatility and time moves.
TEST(OptionBucketBoundTest, TrueErrorStaysBelowTheBoundAndNearIt) {
    for (std::size_t side = 0; side < kSides.size(); ++side) {
        std::array<std::vector<double>, kNames.size()> ratios;
        double worst = 0.0;
        for (std::uint64_t seed = 1; seed <= kBooks; ++seed) {
            const Subject subject{seed + 10'000 * side, kSides[side]};
            const OptionBucket anchored = subject.bucket();
            const double reach = 0.2499 * subject.volatility_low() * std::sqrt(subject.years);
            for (const double c : {-1.0, -0.6, -0.2, -0.04, 0.0, 0.1, 0.4, 0.8, 1.0}) {
                for (const double v : {-1.0, -0.5, 0.0, 0.25, 1.0}) {
                    for (const double t : {0.0, 0.3, 0.999}) {
                        OptionBucket moved = anchored;
                        const double shift = 0.01999 * v * subject.volatility_low();
                        const double forward = subject.market.forward * std::exp(c * reach);
                        const UnixNanos now =
                            subject.now + std::chrono::nanoseconds{std::llround(t * 0.002 * subject.years * kYearNs)};
                        moved.shift_volatility(shift, {});
                        moved.set_time(now, {});
                        moved.set_forward(forward, {});
                        ASSERT_EQ(moved.work().anchors, anchored.work().anchors) << "seed " << seed;
                        const Numbers want = subject.exact(forward, shift, years_between(now, subject.market.expiry));
                        const auto& lanes = moved.lanes();
                        const Numbers got = numbers_of(lanes[0].risk().value, lanes[1].risk().value);
                        const Numbers bound = numbers_of(lanes[0].risk().bound, lanes[1].risk().bound);
                        for (std::size_t i = 0; i < kNames.size(); ++i) {
                            const double error = std::abs(got[i] - want[i]);
                            ASSERT_LE(error, bound[i])
                                << kNames[i] << " seed " << seed << " c " << c << " v " << v << " t " << t;
                            worst = std::max(worst, error / bound[i]);
                            if (c != 0.0 || v != 0.0 || t != 0.0)
                                ratios[i].push_back(bound[i] / std::max(error, 1e-300));
                        }
                    }
                }
            }
        }
        std::cout << "[ bound    ] " << kSideNames[side] << " books: largest error/bound " << worst
                  << "; median bound/error:";
        for (std::size_t i = 0; i < kNames.size(); ++i) {
            const double middle = median(ratios[i]);
            std::cout << ' ' << kNames[i] << ' ' << middle;
            EXPECT_LE(middle, 10.0) << kSideNames[side] << ' ' << kNames[i];
        }
        std::cout << '\n';
    }
}

}  // namespace
}  // namespace keel::risk
