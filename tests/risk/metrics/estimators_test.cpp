#include <cmath>
#include <limits>
#include <random>

#include "risk/metrics/bar_returns.hpp"
#include "risk/metrics/correlation_break.hpp"
#include "risk/metrics/cusum.hpp"
#include "risk/metrics/ewma_variance.hpp"
#include "risk/metrics/ewma_volatility.hpp"
#include "risk/metrics/implied_correlation.hpp"
#include "risk/metrics/jump_test.hpp"
#include "risk/metrics/realised_variance.hpp"
#include "risk/metrics/volatility_regime.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

using namespace std::chrono_literals;

constexpr UnixNanos kStart = unix_nanos_from_ms(1'767'225'600'000);
using keel::test::kNaN;

TEST(EwmaVarianceTest, IsSilentUntilSeededAndColdUntilTheStartIsForgotten) {
    EwmaVariance average{kDecayDaily, 4};
    for (int i = 0; i < 3; ++i) EXPECT_EQ(average.on_return(i % 2 == 0 ? 0.01 : -0.01), Observation::taken);
    EXPECT_FALSE(average.variance().has_value());
    EXPECT_EQ(average.on_return(kNaN), Observation::not_finite);
    EXPECT_EQ(average.on_return(50.0), Observation::absurd);
    EXPECT_EQ(average.on_return(0.01), Observation::taken);
    ASSERT_TRUE(average.variance().has_value());
    EXPECT_DOUBLE_EQ(*average.variance(), 1e-4);
    EXPECT_FALSE(average.warm()) << "three times 32.3 samples";
    for (int i = 0; i < 93; ++i) average.on_return(0.01);
    EXPECT_TRUE(average.warm());
    EXPECT_EQ(average.refused(), 2U);
    EXPECT_EQ(average.start(kNaN), Observation::not_finite);
    EXPECT_EQ(average.start(-1.0), Observation::not_positive);
    EXPECT_EQ(average.start(1e300), Observation::absurd);
    EXPECT_DOUBLE_EQ(*average.variance(), 1e-4) << "a refused start changes nothing";
}

TEST(EwmaVolatilityTest, RefusesAnOlderPriceAndStartsAnewWhereTheClockWasSet) {
    EwmaVolatility volatility{{.sample_every = 1s, .price_age_max = 5s, .seed_samples = 2}};
    EXPECT_EQ(volatility.on_price(100.0, kStart), Observation::restarted);
    EXPECT_EQ(volatility.on_price(101.0, kStart + 1s), Observation::taken);
    EXPECT_EQ(volatility.on_price(500.0, kStart + 900ms), Observation::out_of_order);
    EXPECT_EQ(volatility.on_price(100.0, kStart + 2s), Observation::taken);
    EXPECT_EQ(volatility.on_price(100.0, kStart + -10s), Observation::restarted);
    EXPECT_EQ(volatility.on_price(101.0, kStart + -9s), Observation::taken);
    EXPECT_EQ(volatility.refused(), 1U);
    (void)volatility.on_time(kStart + -9s);
    EXPECT_NEAR(volatility.volatility(VolatilityHorizon::slow), std::log(1.01) * std::sqrt(kYearNs / 1e9), 1e-9);
}

TEST(EwmaVolatilityTest, AnAbsurdMoveIsNoSampleOnTheWayThereNorBack) {
    EwmaVolatility volatility{{.sample_every = 1s, .price_age_max = 5s, .seed_samples = 2}};
    for (int i = 0; i < 10; ++i) volatility.on_price(i % 2 == 0 ? 100.0 : 101.0, kStart + i * 1s);
    const double before = volatility.volatility(VolatilityHorizon::fast);
    volatility.on_price(1e-9, kStart + 10s);
    volatility.on_price(1e-9, kStart + 11s);
    volatility.on_price(100.0, kStart + 12s);
    (void)volatility.on_time(kStart + 12s);
    EXPECT_LE(volatility.volatility(VolatilityHorizon::fast), before);
    EXPECT_EQ(volatility.refused(), 2U);
}

TEST(BarReturnsTest, AFactorWithoutAPriceIsNotLiveAndItsNextReturnIsScaledToOneBar) {
    BarReturns bars{2, 4};
    bars.on_price(0, 100.0, kStart);
    bars.on_price(1, 10.0, kStart);
    EXPECT_EQ(bars.close_bar(), 0U) << "a first price is a base, not a return";
    bars.on_price(0, 101.0, kStart + 1s);
    EXPECT_EQ(bars.close_bar(), 1U);
    EXPECT_EQ(bars.live()[0], 1);
    EXPECT_EQ(bars.live()[1], 0);
    EXPECT_DOUBLE_EQ(bars.returns()[0], std::log(1.01));
    EXPECT_EQ(bars.returns()[1], 0.0);
    bars.on_price(0, 102.0, kStart + 2s);
    bars.on_price(1, 11.0, kStart + 2s);
    EXPECT_EQ(bars.close_bar(), 2U);
    EXPECT_DOUBLE_EQ(bars.returns()[1], std::log(1.1) / std::sqrt(2.0));
    for (int i = 0; i < 5; ++i) bars.close_bar();
    bars.on_price(1, 20.0, kStart + 9s);
    EXPECT_EQ(bars.close_bar(), 0U) << "beyond the span the factor starts anew";
}

TEST(BarReturnsTest, RefusesBadPricesAndForgivesAStampFromTheFuture) {
    BarReturns bars{1};
    bars.on_price(0, 100.0, kStart);
    bars.close_bar();
    EXPECT_EQ(bars.on_price(0, kNaN, kStart + 1s), Observation::not_finite);
    EXPECT_EQ(bars.on_price(0, 0.0, kStart + 1s), Observation::not_positive);
    EXPECT_EQ(bars.on_price(0, 100.0, kStart + -1s), Observation::out_of_order);
    EXPECT_EQ(bars.on_price(0, 101.0, kStart + 1000h), Observation::taken);
    EXPECT_EQ(bars.close_bar(), 1U);
    EXPECT_EQ(bars.on_price(0, 102.0, kStart + 2s), Observation::out_of_order);
    EXPECT_EQ(bars.close_bar(), 0U);
    EXPECT_EQ(bars.on_price(0, 102.0, kStart + 3s), Observation::taken);
    EXPECT_EQ(bars.close_bar(), 1U);
    EXPECT_EQ(bars.on_price(0, 102e9, kStart + 4s), Observation::taken);
    EXPECT_EQ(bars.close_bar(), 0U) << "a factor of a billion is no return";
    EXPECT_EQ(bars.refused(), 5U);
}

// Bipower variation forgets a jump that realised variance keeps.
TEST(RealisedVarianceTest, SeparatesAJumpFromVolatility) {
    RealisedVariance realised{{.window = 100}};
    std::mt19937_64 random{7};
    std::normal_distribution<double> normal{0.0, 0.001};
    for (int i = 0; i < 100; ++i) realised.on_return(normal(random));
    EXPECT_FALSE(realised.measures().jump);
    for (int i = 0; i < 50; ++i) realised.on_return(i == 25 ? 0.02 : normal(random));
    const RealisedMeasures got = realised.measures();
    EXPECT_TRUE(got.jump);
    EXPECT_NEAR(got.jump_variance, 4e-4, 4e-5);
    EXPECT_NEAR(got.median, 1e-4, 3e-5);
}

TEST(RealisedVarianceTest, AFrozenFeedNeitherCalmsTheWindowNorMakesTheNextReturnAJump) {
    RealisedVariance realised{{.window = 60}};
    std::mt19937_64 random{11};
    std::normal_distribution<double> normal{0.0, 0.001};
    for (int i = 0; i < 60; ++i) realised.on_return(normal(random));
    const RealisedMeasures before = realised.measures();
    for (int i = 0; i < 1000; ++i) realised.on_return(0.0);
    EXPECT_EQ(realised.frozen(), 997U);
    EXPECT_NEAR(realised.measures().variance, before.variance, 0.1 * before.variance);
    realised.on_return(0.002);
    EXPECT_FALSE(realised.measures().jump);
}

TEST(RealisedVarianceTest, MostlyZeroReturnsAreThinAndNeverAJump) {
    RealisedVariance realised{{.window = 30}};
    for (int i = 0; i < 30; ++i) realised.on_return(i % 3 == 0 ? 0.01 : 0.0);
    const RealisedMeasures got = realised.measures();
    EXPECT_TRUE(got.known && got.thin);
    EXPECT_FALSE(got.jump);
    EXPECT_EQ(got.bipower, 0.0);
    EXPECT_GT(got.jump_z, 3.09) << "what the flag protects from";
}

TEST(RealisedVarianceTest, IsUnknownBelowThreeReturnsAndAfterAllWereDropped) {
    RealisedVariance realised{{.window = 10}};
    realised.drop_oldest();
    realised.on_return(0.01);
    realised.on_return(0.02);
    EXPECT_FALSE(realised.measures().known);
    realised.on_return(-0.01);
    EXPECT_TRUE(realised.measures().known);
    EXPECT_DOUBLE_EQ(realised.measures().variance, 6e-4);
    for (int i = 0; i < 3; ++i) realised.drop_oldest();
    EXPECT_FALSE(realised.measures().known);
    EXPECT_EQ(realised.measures().variance, 0.0);
}

TEST(JumpTestTest, JudgesOnlyByWhatCameBefore) {
    JumpTest jumps{{.window = 10, .tests = 100}};
    for (int i = 0; i < 9; ++i) EXPECT_FALSE(jumps.on_return(i % 2 == 0 ? 0.001 : -0.001).known);
    const JumpTestResult got = jumps.on_return(0.1);
    EXPECT_TRUE(got.known && got.jump);
    EXPECT_NEAR(got.standardised, 100.0, 1e-9);
    EXPECT_FALSE(jumps.on_return(0.001).jump);
}

TEST(JumpTestTest, AStillWindowJudgesNothing) {
    JumpTest jumps{{.window = 10, .tests = 100, .zero_run_max = 100}};
    for (int i = 0; i < 20; ++i) EXPECT_FALSE(jumps.on_return(0.0).known);
    EXPECT_FALSE(jumps.on_return(0.1).known) << "nothing to compare with";
}

TEST(CusumTest, AlarmsOnBothSidesAndStartsAnew) {
    Cusum cusum{{}};
    int steps = 0;
    CusumResult got;
    while (got.alarm == CusumAlarm::none) {
        got = cusum.on_value(1.5);
        ++steps;
    }
    EXPECT_EQ(steps, 6);
    EXPECT_EQ(got.alarm, CusumAlarm::up);
    EXPECT_DOUBLE_EQ(got.statistic, 6.0);
    EXPECT_EQ(cusum.up(), 0.0);
    got = {};
    while (got.alarm == CusumAlarm::none) got = cusum.on_value(-1.5);
    EXPECT_EQ(got.alarm, CusumAlarm::down);
    EXPECT_EQ(cusum.on_return(0.01, 0.0).observation, Observation::not_positive);
    EXPECT_EQ(cusum.on_return(kNaN, 1.0).observation, Observation::not_finite);
    EXPECT_EQ(cusum.refused(), 2U);
}

// The defaults' average run length without a change, by simulation: the specification's figure is about 465
// (Siegmund's approximation: (exp(2 k b) - 2 k b - 1) / (2 k^2) one-sided with b = h + 1.166 gives 469 two-sided).
TEST(CusumTest, DefaultsAlarmAboutOnceIn465NormalSteps) {
    Cusum cusum{{}};
    std::mt19937_64 random{3};
    std::normal_distribution<double> normal;
    int alarms = 0;
    constexpr int kSteps = 2'000'000;
    for (int i = 0; i < kSteps; ++i) alarms += cusum.on_value(normal(random)).alarm != CusumAlarm::none ? 1 : 0;
    EXPECT_NEAR(static_cast<double>(kSteps) / alarms, 465.0, 25.0);
}

// A geometric random walk of implied volatility with a known volatility of its own.
TEST(VolatilityRegimeTest, RecoversVolatilityOfVolatilityAndScoresAnUnusualLevel) {
    VolatilityRegime regime{{.half_life = 2h}};
    std::mt19937_64 random{5};
    std::normal_distribution<double> normal;
    double log_level = std::log(0.6);
    const double per_minute = 1.2 * std::sqrt(60e9 / kYearNs);
    UnixNanos now = kStart;
    EXPECT_EQ(regime.on_level(0.6, now), Observation::restarted);
    for (int i = 0; i < 3'000; ++i) {
        now = now + 60s;
        log_level += per_minute * normal(random);
        ASSERT_EQ(regime.on_level(std::exp(log_level), now), Observation::taken);
    }
    EXPECT_TRUE(regime.warm());
    EXPECT_NEAR(regime.volatility_of_volatility().value(), 1.2, 0.12);
    EXPECT_LT(std::abs(regime.score().value()), 5.0);
    EXPECT_EQ(regime.on_level(0.6, now + 1s), Observation::waiting);
    EXPECT_EQ(regime.on_level(9.0, now + 60s), Observation::absurd);
    EXPECT_EQ(regime.on_level(0.6, now + -1s), Observation::out_of_order);
    regime.on_level(std::exp(log_level + 1.0), now + 60s);
    EXPECT_GT(regime.score().value(), 5.0);
    const std::uint64_t samples = regime.samples();
    EXPECT_EQ(regime.on_level(0.6, now + 2h), Observation::restarted) << "a change over a gap is not a sample";
    regime.restart();
    EXPECT_EQ(regime.on_level(0.2, now + 2h + 60s), Observation::restarted);
    EXPECT_EQ(regime.samples(), samples);
}

TEST(VolatilityRegimeTest, ALevelThatStandsStillHasNoScore) {
    VolatilityRegime regime{{.seed_samples = 5}};
    for (int i = 0; i < 100; ++i) regime.on_level(0.5, kStart + i * 60s);
    EXPECT_FALSE(regime.score().has_value());
    EXPECT_EQ(regime.volatility_of_volatility().value(), 0.0);
}

TEST(CorrelationBreakTest, TellsADecouplingAndNothingOfAFlatFactor) {
    CorrelationBreak pair{{.decay_fast = 0.94, .decay_slow = 0.99}};
    std::mt19937_64 random{9};
    std::normal_distribution<double> normal{0.0, 0.001};
    for (int i = 0; i < 800; ++i) {
        const double common = normal(random);
        pair.on_returns(common + 0.2 * normal(random), common + 0.2 * normal(random));
    }
    EXPECT_TRUE(pair.result().warm);
    EXPECT_EQ(pair.result().level, BreakLevel::none);
    for (int i = 0; i < 40; ++i) {
        const double common = normal(random);
        pair.on_returns(common, -common);
    }
    EXPECT_EQ(pair.result().level, BreakLevel::hard);
    EXPECT_LT(pair.result().z, -5.0);
    CorrelationBreak flat{{}};
    for (int i = 0; i < 100; ++i) flat.on_returns(0.0, normal(random));
    EXPECT_FALSE(flat.result().known);
    EXPECT_EQ(flat.on_returns(kNaN, 0.0), Observation::not_finite);
    EXPECT_EQ(flat.start({.first = 1.0, .second = 1.0, .cross = 2.0}), Observation::absurd);
}

TEST(ImpliedCorrelationTest, ClipsAndSaysSo) {
    const auto high = implied_correlation(0.5, 0.5, 0.01);
    ASSERT_TRUE(high.has_value());
    EXPECT_FALSE(high->clipped);
    const auto contradiction = implied_correlation(0.5, 0.9, 0.1);  // the cross must be at least 0.4
    ASSERT_TRUE(contradiction.has_value());
    EXPECT_EQ(contradiction->correlation, 1.0);
    EXPECT_TRUE(contradiction->clipped);
    EXPECT_EQ(implied_correlation(0.5, 0.5, 1.1)->correlation, -1.0);
    EXPECT_FALSE(implied_correlation(0.5, kNaN, 0.3).has_value());
    EXPECT_FALSE(implied_correlation(0.5, 0.0, 0.3).has_value());
    const std::array weights{0.4, 0.3, 0.3};
    const std::array volatilities{0.6, 0.6, 0.6};
    EXPECT_DOUBLE_EQ(implied_equicorrelation(weights, volatilities, 0.6)->correlation, 1.0);
    EXPECT_TRUE(implied_equicorrelation(weights, volatilities, 0.7)->clipped);
    const auto low = implied_equicorrelation(weights, volatilities, 0.01);
    EXPECT_DOUBLE_EQ(low->correlation, -0.5) << "three assets cannot be less correlated";
    EXPECT_TRUE(low->clipped);
    const std::array single{1.0, 0.0, 0.0};
    EXPECT_FALSE(implied_equicorrelation(single, volatilities, 0.6).has_value());
}

}  // namespace
}  // namespace keel::risk
