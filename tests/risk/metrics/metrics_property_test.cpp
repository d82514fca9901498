#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <numbers>
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

namespace keel::risk {
namespace {

using namespace std::chrono_literals;

constexpr UnixNanos kStart = unix_nanos_from_ms(1'767'225'600'000);

// The measures by their definitions over the returns of the window.
RealisedMeasures naive_measures(const std::deque<double>& returns) {
    RealisedMeasures out{.returns = returns.size()};
    const std::size_t size = returns.size();
    const auto n = static_cast<double>(size);
    for (std::size_t i = 0; i < size; ++i) {
        out.variance += returns[i] * returns[i];
        if (i >= 1) out.bipower += std::abs(returns[i]) * std::abs(returns[i - 1]);
        if (i < 2) continue;
        std::array three{std::abs(returns[i - 2]), std::abs(returns[i - 1]), std::abs(returns[i])};
        out.tripower += std::pow(three[0] * three[1] * three[2], 4.0 / 3.0);
        std::ranges::sort(three);
        out.median += three[1] * three[1];
    }
    const double mu = std::pow(2.0, 2.0 / 3.0) * std::tgamma(7.0 / 6.0) / std::tgamma(0.5);
    const double pi = std::numbers::pi;
    out.bipower *= pi / 2.0 * n / (n - 1.0);
    out.median *= pi / (6.0 - 4.0 * std::sqrt(3.0) + pi) * n / (n - 2.0);
    out.tripower *= n * n / (n - 2.0) / (mu * mu * mu);
    return out;
}

// After any sequence of additions and removals the sums are those of the window, although returns a million times
// larger passed through it.
TEST(MetricsPropertyTest, RollingMeasuresEqualThoseOfTheWindow) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        std::mt19937_64 random{seed};
        std::normal_distribution<double> normal;
        const std::size_t window = 3 + random() % 60;
        RealisedVariance rolling{{.window = window, .zero_run_max = 1'000'000}};
        std::deque<double> held;
        for (int step = 0; step < 3'000; ++step) {
            if (random() % 5 == 0) {
                rolling.drop_oldest();
                if (!held.empty()) held.pop_front();
            } else {
                const double size = random() % 100 == 0 ? 1.0 : random() % 10 == 0 ? 0.0 : 1e-4;
                const double value = size * normal(random);
                rolling.on_return(value);
                held.push_back(value);
                if (held.size() > window) held.pop_front();
            }
            const RealisedMeasures got = rolling.measures();
            ASSERT_EQ(got.returns, held.size()) << "seed " << seed;
            if (!got.known) continue;
            const RealisedMeasures want = naive_measures(held);
            ASSERT_NEAR(got.variance, want.variance, 1e-10 * want.variance) << "seed " << seed << " step " << step;
            ASSERT_NEAR(got.bipower, want.bipower, 1e-10 * want.variance) << "seed " << seed << " step " << step;
            ASSERT_NEAR(got.median, want.median, 1e-10 * want.variance) << "seed " << seed << " step " << step;
            ASSERT_NEAR(got.tripower, want.tripower, 1e-10 * want.variance * want.variance) << "seed " << seed;
        }
    }
}

// The local variance of the single-return test, by its definition.
TEST(MetricsPropertyTest, JumpTestEqualsItsDefinition) {
    std::mt19937_64 random{21};
    std::normal_distribution<double> normal{0.0, 0.001};
    constexpr std::size_t kWindow = 20;
    JumpTest jumps{{.window = kWindow, .tests = 288}};
    std::vector<double> seen;
    for (std::size_t i = 0; i < 20'000; ++i) {
        seen.push_back(random() % 200 == 0 ? 0.5 * normal(random) * 1000.0 : normal(random));
        if (std::abs(seen.back()) > kLogReturnMax) seen.back() = 0.001;
        const JumpTestResult got = jumps.on_return(seen.back());
        ASSERT_EQ(got.known, i + 1 >= kWindow) << i;
        if (!got.known) continue;
        double sum = 0.0;
        for (std::size_t j = i - kWindow + 2; j < i; ++j) sum += std::abs(seen[j] * seen[j - 1]);
        const double want = seen[i] / std::sqrt(sum / static_cast<double>(kWindow - 2));
        ASSERT_NEAR(got.standardised, want, 1e-9 * std::abs(want)) << i;
    }
}

// What a broken feed may bring.
double hostile(std::mt19937_64& random, double sane) {
    switch (random() % 24) {
        case 0: return std::numeric_limits<double>::quiet_NaN();
        case 1: return std::numeric_limits<double>::infinity();
        case 2: return -std::numeric_limits<double>::infinity();
        case 3: return 0.0;
        case 4: return -sane;
        case 5: return std::numeric_limits<double>::denorm_min();
        case 6: return std::numeric_limits<double>::max();
        case 7: return sane * 1e6;
        case 8: return sane * 1e-12;
        default: return sane;
    }
}

void expect_finite(std::initializer_list<double> numbers, std::uint64_t step) {
    for (const double number : numbers) ASSERT_TRUE(std::isfinite(number)) << "seed 1, step " << step;
}

// A million hostile prices and times: the answer names what was wrong, and nothing that is published is a NaN.
TEST(MetricsPropertyTest, AMillionHostilePricesPublishNoNaN) {
    std::mt19937_64 random{1};
    std::normal_distribution<double> normal{0.0, 0.001};
    EwmaVolatility volatility{{}};
    BarReturns bars{1};
    VolatilityRegime regime{{.sample_every = 1s, .gap_max = 60s}};
    double log_price = std::log(60'000.0);
    UnixNanos now = kStart;
    std::uint64_t refused = 0;
    std::uint64_t live = 0;
    for (std::uint64_t step = 0; step < 1'000'000; ++step) {
        log_price += normal(random);
        if (step % 1'000 == 0) log_price = std::log(60'000.0);
        now = now + std::chrono::milliseconds{random() % 700};
        UnixNanos stamp = now;
        if (random() % 50 == 0) stamp = now + std::chrono::milliseconds{static_cast<int>(random() % 20'000) - 10'000};
        if (random() % 5'000 == 0) stamp = now + std::chrono::hours{static_cast<int>(random() % 2'000) - 1'000};
        const double price = hostile(random, std::exp(log_price));
        const Observation want = judge_price(price);
        const Observation got = volatility.on_price(price, stamp);
        if (want != Observation::taken) {
            ASSERT_EQ(got, want) << "seed 1, step " << step;
            ++refused;
        }
        (void)volatility.on_time(now);
        if (volatility.seeded()) {
            expect_finite(
                {volatility.volatility(VolatilityHorizon::fast), volatility.volatility(VolatilityHorizon::medium),
                 volatility.volatility(VolatilityHorizon::slow)},
                step);
        }
        const Observation bar = bars.on_price(0, price, stamp);
        ASSERT_TRUE(want == Observation::taken || bar == want);
        if (step % 10 == 0) live += bars.close_bar();
        expect_finite({bars.returns()[0]}, step);
        const double implied = hostile(random, 0.6 * std::exp(10.0 * normal(random)));
        const Observation level = regime.on_level(implied, stamp);
        ASSERT_TRUE((implied >= 0.05 && implied <= 5.0) || level != Observation::taken);
        expect_finite({regime.score().value_or(0.0), regime.volatility_of_volatility().value_or(0.0)}, step);
    }
    EXPECT_TRUE(volatility.seeded());
    EXPECT_TRUE(regime.score().has_value());
    EXPECT_GT(live, 50'000U) << "the good prices were used";
    EXPECT_GE(volatility.refused(), refused);
    EXPECT_GE(bars.refused(), refused);
}

TEST(MetricsPropertyTest, AMillionHostileReturnsPublishNoNaN) {
    std::mt19937_64 random{1};
    std::normal_distribution<double> normal{0.0, 0.001};
    EwmaVariance average{kDecayDaily};
    RealisedVariance realised{{.window = 60}};
    JumpTest jumps{{}};
    Cusum cusum{{}};
    CorrelationBreak pair{{}};
    std::uint64_t taken = 0;
    for (std::uint64_t step = 0; step < 1'000'000; ++step) {
        const double value = hostile(random, normal(random));
        const double other = hostile(random, normal(random));
        const Observation want = judge_return(value);
        const double forecast = average.variance().value_or(hostile(random, 1e-6));
        const CusumResult sum = cusum.on_return(value, forecast);
        ASSERT_EQ(average.on_return(value), want);
        const Observation rolled = realised.on_return(value);
        const JumpTestResult jump = jumps.on_return(value);
        const Observation both = pair.on_returns(value, other);
        if (want != Observation::taken) {
            ASSERT_EQ(rolled, want);
            ASSERT_EQ(jump.observation, want);
            ASSERT_EQ(sum.observation, want);
            ASSERT_EQ(both, want);
            ASSERT_FALSE(jump.jump);
        } else {
            ++taken;
        }
        if (random() % 7 == 0) realised.drop_oldest();
        const RealisedMeasures got = realised.measures();
        expect_finite(
            {got.variance, got.bipower, got.median, got.tripower, got.jump_variance, got.jump_ratio, got.jump_z}, step);
        ASSERT_TRUE(got.variance >= 0.0 && got.bipower >= 0.0 && got.median >= 0.0);
        const CorrelationBreakResult correlation = pair.result();
        expect_finite({correlation.z, correlation.correlation_fast, correlation.correlation_slow}, step);
        expect_finite({jump.score, jump.standardised, sum.statistic, cusum.up(), cusum.down()}, step);
        expect_finite({average.variance().value_or(0.0)}, step);
        if (const auto implied =
                implied_correlation(hostile(random, 0.6), hostile(random, 0.7), hostile(random, 0.5))) {
            ASSERT_TRUE(std::abs(implied->correlation) <= 1.0);
        }
        const std::array weights{0.5, hostile(random, 0.5)};
        const std::array volatilities{0.6, hostile(random, 0.5)};
        if (const auto common = implied_equicorrelation(weights, volatilities, hostile(random, 0.5))) {
            ASSERT_TRUE(std::abs(common->correlation) <= 1.0);
        }
    }
    EXPECT_GT(taken, 600'000U);
    EXPECT_TRUE(pair.result().known);
}

}  // namespace
}  // namespace keel::risk
