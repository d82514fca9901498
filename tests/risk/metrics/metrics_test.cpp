#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "risk/metrics/ewma_volatility.hpp"
#include "risk/metrics/implied_volatility_change.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

using namespace std::chrono_literals;

constexpr UnixNanos kStart = unix_nanos_from_ms(1'767'225'600'000);
using keel::test::kNaN;

VolatilityConfig quick() {
    return {.sample_every = 1s,
            .price_age_max = 5s,
            .half_life_fast = 10s,
            .half_life_medium = 60s,
            .half_life_slow = 600s,
            .seed_samples = 4};
}

TEST(EwmaVolatilityTest, RecoversAConstantVolatility) {
    EwmaVolatility volatility{quick()};
    const double per_second = 0.8 * std::sqrt(1e9 / kYearNs);
    double log_price = std::log(90'000.0);
    for (int i = 0; i <= 200; ++i) {
        volatility.on_price(std::exp(log_price), kStart + i * 1s);
        log_price += i % 2 == 0 ? per_second : -per_second;
    }
    EXPECT_NEAR(volatility.volatility(VolatilityHorizon::fast), 0.8, 1e-9);
    EXPECT_NEAR(volatility.volatility(VolatilityHorizon::slow), 0.8, 1e-9);
    EXPECT_TRUE(volatility.warm(VolatilityHorizon::fast));
    EXPECT_FALSE(volatility.warm(VolatilityHorizon::slow));
}

// The recursion at irregular steps, written out.
TEST(EwmaVolatilityTest, FollowsTheIrregularRecursion) {
    VolatilityConfig config = quick();
    config.seed_samples = 1;
    config.price_age_max = 1h;
    EwmaVolatility volatility{config};
    volatility.on_price(100.0, kStart);
    volatility.on_price(101.0, kStart + 500ms);
    (void)volatility.on_time(kStart + 1s);  // seed: from 100 to 101 in one second
    const double second = 1e9 / kYearNs;
    const double seed = std::log(1.01) * std::log(1.01) / second;
    EXPECT_NEAR(volatility.volatility(VolatilityHorizon::fast), std::sqrt(seed), 1e-12);
    volatility.on_price(99.0, kStart + 1500ms);
    (void)volatility.on_time(kStart + 2s);
    const double decay = std::exp(-1.0 * std::log(2.0) / 10.0);
    const double observed = std::log(99.0 / 101.0) * std::log(99.0 / 101.0) / second;
    EXPECT_NEAR(volatility.volatility(VolatilityHorizon::fast), std::sqrt(decay * seed + (1 - decay) * observed),
                1e-12);
}

TEST(EwmaVolatilityTest, SkipsGridPointsWithoutAFreshPriceInsteadOfFeedingZeros) {
    EwmaVolatility volatility{quick()};
    for (int i = 0; i <= 20; ++i) volatility.on_price(i % 2 == 0 ? 100.0 : 101.0, kStart + i * 1s);
    (void)volatility.on_time(kStart + 20s);
    const std::uint64_t samples = volatility.samples();
    (void)volatility.on_time(kStart + 10min);
    EXPECT_EQ(volatility.samples(), samples + 5) << "only the five grid points within the age limit";
    (void)volatility.on_time(kStart + 10h);
    EXPECT_EQ(volatility.samples(), samples + 5);
}

TEST(EwmaVolatilityTest, IgnoresPricesThatAreNotNumbers) {
    EwmaVolatility volatility{quick()};
    for (int i = 0; i <= 20; ++i) {
        volatility.on_price(i % 2 == 0 ? 100.0 : 101.0, kStart + i * 1s);
        volatility.on_price(kNaN, kStart + i * 1s);
        volatility.on_price(-1.0, kStart + i * 1s);
        volatility.on_price(0.0, kStart + i * 1s);
    }
    EXPECT_TRUE(std::isfinite(volatility.volatility(VolatilityHorizon::fast)));
    EXPECT_TRUE(volatility.seeded());
}

TEST(ImpliedVolatilityChangeTest, MeasuresAgainstTheLevelAtTheWindowsStart) {
    ImpliedVolatilityChange change{64s};
    EXPECT_TRUE(std::isnan(change.change_points()));
    change.on_level(0.60, kStart);
    EXPECT_EQ(change.change_points(), 0.0);
    change.on_level(0.65, kStart + 30s);
    EXPECT_NEAR(change.change_points(), 5.0, 1e-12);
    change.on_level(0.63, kStart + 70s);
    EXPECT_NEAR(change.change_points(), 3.0, 1e-12) << "0.60 was still the level when the window opened";
    change.on_level(0.63, kStart + 95s);
    EXPECT_NEAR(change.change_points(), -2.0, 1e-12);
    change.on_time(kStart + 300s);
    EXPECT_NEAR(change.change_points(), 0.0, 1e-12);
}

TEST(ImpliedVolatilityChangeTest, HoldsAWindowOfManyFastUpdates) {
    ImpliedVolatilityChange change{10s};
    for (int i = 0; i <= 2'000; ++i) change.on_level(0.5 + 0.0001 * i, kStart + i * 10ms);
    // 1,000 updates of 0.01 points lie in the window; the grid makes it exact to one step of 15.6.
    EXPECT_NEAR(change.change_points(), 10.0, 0.32);
    change.restart();
    EXPECT_TRUE(std::isnan(change.change_points()));
}

}  // namespace
}  // namespace keel::risk
