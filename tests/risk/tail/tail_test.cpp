#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "risk/options/black76.hpp"
#include "risk/tail/backtest.hpp"
#include "risk/tail/contributions.hpp"
#include "risk/tail/delta_gamma.hpp"
#include "risk/tail/distributions.hpp"
#include "risk/tail/historical.hpp"
#include "risk/tail/liquidity_adjusted.hpp"
#include "risk/tail/parametric.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

using keel::test::kNaN;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(DistributionsTest, NormalQuantileInvertsBothTails) {
    EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-15);
    EXPECT_EQ(normal_quantile(0.5), 0.0);
    for (const double p : {1e-300, 1e-20, 1e-6, 0.01, 0.3}) {
        EXPECT_NEAR(normal_cdf(normal_quantile(p)) / p, 1.0, 2e-13) << p;
    }
    EXPECT_EQ(normal_quantile(0.75), -normal_quantile(0.25));
    for (const double p : {0.0, 1.0, -1.0, kNaN}) EXPECT_TRUE(std::isnan(normal_quantile(p))) << p;
}

// One and two degrees of freedom have closed quantiles.
TEST(DistributionsTest, StudentQuantileMatchesClosedForms) {
    for (const double p : {1e-6, 0.001, 0.01, 0.2, 0.7, 0.99}) {
        // tan(pi (p - 1/2)) written without the cancellation at small p
        EXPECT_NEAR(student_t_quantile(p, 1.0) * std::tan(std::numbers::pi * p), -1.0, 1e-12) << p;
        const double two = (2.0 * p - 1.0) / std::sqrt(2.0 * p * (1.0 - p));
        EXPECT_NEAR(student_t_quantile(p, 2.0) / two, 1.0, 1e-12) << p;
    }
    EXPECT_NEAR(student_t_quantile(0.01, 1e7), normal_quantile(0.01), 1e-6);
}

TEST(DistributionsTest, BinomialIsTheSumOfItsTerms) {
    double sum = 0.0;
    for (int k = 0; k <= 10; ++k) {
        sum += std::exp(std::lgamma(251.0) - std::lgamma(k + 1.0) - std::lgamma(251.0 - k) + k * std::log(0.01) +
                        (250.0 - k) * std::log(0.99));
        EXPECT_NEAR(binomial_cdf(k, 250, 0.01), sum, 1e-12) << k;
    }
    EXPECT_EQ(binomial_cdf(250, 250, 0.01), 1.0);
    EXPECT_EQ(binomial_cdf(-1, 250, 0.01), 0.0);
}

// Basel's table for 250 days at 99 %: green to 4, yellow 5 to 9, red from 10.
TEST(BacktestTest, TrafficLightHasBaselsZones) {
    EXPECT_EQ(traffic_light(4, 250, 0.99), TrafficLight::green);
    EXPECT_EQ(traffic_light(5, 250, 0.99), TrafficLight::yellow);
    EXPECT_EQ(traffic_light(9, 250, 0.99), TrafficLight::yellow);
    EXPECT_EQ(traffic_light(10, 250, 0.99), TrafficLight::red);
    EXPECT_FALSE(traffic_light(251, 250, 0.99));
}

// Kupiec (1995), 99 %: hits that do not reject at 5 % are 1 < N < 11 of 510 days and 4 < N < 17 of 1000. For 255 days
// the table prints N < 7, yet no hit at all has a ratio of 5.13 and is rejected by the same formula.
TEST(BacktestTest, KupiecHasThePublishedRegions) {
    for (const auto& [days, first, last] : {std::tuple{255, 1, 6}, {510, 2, 10}, {1000, 5, 16}}) {
        for (int hits = 0; hits < 30; ++hits) {
            EXPECT_EQ(kupiec(hits, days, 0.99)->p_value >= 0.05, hits >= first && hits <= last) << days << ' ' << hits;
        }
    }
}

TEST(BacktestTest, RefusesWhatCannotBeTested) {
    EXPECT_FALSE(kupiec(1, 0, 0.99));
    EXPECT_FALSE(kupiec(3, 2, 0.99));
    EXPECT_FALSE(kupiec(1, 10, kNaN));
    const std::array pnl{-2.0, 1.0};
    const std::array var{1.0, 1.0};
    EXPECT_FALSE(acerbi_szekely_z2(pnl, var, std::array{kNaN, 1.0}, 0.99));
    EXPECT_FALSE(acerbi_szekely_z2(pnl, var, std::array{0.0, 1.0}, 0.99));
    EXPECT_TRUE(acerbi_szekely_z2(pnl, var, std::array{2.0, 0.0}, 0.99));  // no hit on the second day
    EXPECT_EQ(christoffersen_independence({}).p_value, 1.0);
}

TEST(HistoricalTest, RankSurvivesTheRoundingOfOneMinusAlpha) {
    EXPECT_EQ(tail_rank(500, 0.99).var, 5U);
    EXPECT_EQ(tail_rank(250, 0.99).var, 3U);
    EXPECT_EQ(tail_rank(250, 0.99).whole, 2U);
    EXPECT_EQ(tail_rank(10, 0.99).var, 1U);  // fewer scenarios than the level asks for: the worst
}

TEST(HistoricalTest, TenScenariosByHand) {
    std::vector<double> pnl{3, -5, 1, 0, -9, 2, 4, -1, 6, 7};
    const auto measures = historical_tail(pnl, 0.75);  // x = 2.5: losses 9, 5 and half of 1
    EXPECT_DOUBLE_EQ(measures->var_usd, 1.0);
    EXPECT_DOUBLE_EQ(measures->es_usd, (9.0 + 5.0 + 0.5) / 2.5);
    EXPECT_FALSE(historical_tail({}, 0.99));
    EXPECT_FALSE(historical_tail(pnl, 1.0));
}

TEST(HistoricalTest, AgeWeightsOfOneAreEqualWeights) {
    const std::vector<double> pnl{3, -5, 1, 0, -9, 2, 4, -1, 6, 7};
    std::vector<std::size_t> order(pnl.size());
    std::vector<double> copy = pnl;
    const auto equal = historical_tail(copy, 0.75);
    const auto aged = age_weighted_tail(pnl, 0.75, 1.0, order);
    EXPECT_DOUBLE_EQ(aged->var_usd, equal->var_usd);
    EXPECT_NEAR(aged->es_usd, equal->es_usd, 1e-12);
    EXPECT_FALSE(age_weighted_tail(pnl, 0.75, 1.5, order));
    EXPECT_FALSE(age_weighted_tail(std::vector{1.0, kNaN}, 0.75, 0.9, std::span{order}.first(2)));
}

TEST(HistoricalTest, RefusesReturnsWithoutForecast) {
    std::array<double, 3> out{};
    EXPECT_FALSE(ewma_forecasts(std::array{0.01, kNaN, 0.0}, 0.94, 1, out));
    EXPECT_FALSE(rescale_returns(std::array{0.01, 0.02, 0.03}, std::array{0.0, 0.1, 0.1}, 0.1, out));
    EXPECT_FALSE(rescale_returns(std::array{0.01, 0.02, 0.03}, std::array{0.1, 0.1, 0.1}, kNaN, out));
}

TEST(ParametricTest, RefusesWhatIsNotFiniteAndKeepsTheLast) {
    ParametricTail tail{2};
    ASSERT_TRUE(tail.set_covariance(std::array{0.04, 0.01, 0.01, 0.09}));
    ASSERT_TRUE(tail.set_exposure(0, 100.0));
    const double before = tail.sigma_usd();
    EXPECT_FALSE(tail.refused());
    EXPECT_FALSE(tail.add_exposure(1, kNaN));
    EXPECT_FALSE(tail.set_exposure(1, kInfinity));
    EXPECT_FALSE(tail.set_covariance(std::array{0.04, kNaN, kNaN, 0.09}));
    EXPECT_FALSE(tail.set_covariance(std::array{0.04, 0.01, 0.02, 0.09}));   // not symmetric
    EXPECT_FALSE(tail.set_covariance(std::array{-0.04, 0.01, 0.01, 0.09}));  // no variance
    EXPECT_TRUE(tail.refused());
    EXPECT_EQ(tail.sigma_usd(), before);
    EXPECT_DOUBLE_EQ(before, 20.0);
}

TEST(ParametricTest, DriftLowersBothMeasures) {
    ParametricTail tail{1};
    ASSERT_TRUE(tail.set_covariance(std::array{0.01}));
    ASSERT_TRUE(tail.set_exposure(0, 1'000.0));
    const TailMultiples normal = *normal_tail(0.99);
    EXPECT_DOUBLE_EQ(tail.measures(normal, 30.0).var_usd, normal.var * 100.0 - 30.0);
    EXPECT_DOUBLE_EQ(tail.measures(normal, 30.0).es_usd, normal.es * 100.0 - 30.0);
    EXPECT_FALSE(normal_tail(1.0));
    EXPECT_FALSE(student_t_tail(0.99, 2.0));
}

TEST(DeltaGammaTest, MethodFollowsTheOrder) {
    const std::array delta{0.0};
    const std::array omega{0.0016};
    const TailMeasures fallback{.var_usd = 7.0, .es_usd = 8.0};
    const auto method = [&](double gamma) {
        const std::array matrix{gamma};
        const DeltaGammaBook book{.theta = -3'000.0, .delta = delta, .gamma = matrix, .omega = omega};
        return delta_gamma_tail(book, 0.99, fallback);
    };
    EXPECT_EQ(method(-4e7).method, DeltaGammaMethod::cornish_fisher);
    EXPECT_EQ(method(4e7).method, DeltaGammaMethod::saddlepoint);
    EXPECT_EQ(method(kNaN).method, DeltaGammaMethod::filtered_historical);
    EXPECT_EQ(method(kNaN).measures.var_usd, 7.0);
    EXPECT_EQ(method(0.0).measures.var_usd, 3'000.0);  // no risk: theta alone
    // A long gamma loses theta and no more.
    EXPECT_LT(method(4e7).measures.es_usd, 3'000.0);
    EXPECT_GE(method(4e7).measures.es_usd, method(4e7).measures.var_usd);
}

// Loss G chi2_1 / 2 above its quantile q^2: the mean is G/2 (1 + 2 q phi(q) / (1 - alpha)) with q at alpha/2 both
// sides.
TEST(DeltaGammaTest, TailMeanOfAPureSquare) {
    const QuadraticForm form{.factors = 1, .constant = 0.0, .curvature = {-2.0}};
    const double q = normal_quantile(0.5 * (1.0 + 0.99));
    const double expected = 1.0 + 2.0 * q * normal_pdf(q) / 0.01;
    EXPECT_NEAR(exact_tail(form, 0.99)->var_usd, q * q, 1e-8);
    EXPECT_NEAR(exact_tail(form, 0.99)->es_usd / expected, 1.0, 1e-4);
    EXPECT_NEAR(saddlepoint_tail(form, 0.99)->es_usd / expected, 1.0, 0.01);
}

TEST(ContributionsTest, SumExactly) {
    constexpr std::size_t kN = 250;
    std::vector<double> a(kN), b(kN), total(kN), weights(kN);
    for (std::size_t s = 0; s < kN; ++s) {
        a[s] = std::sin(static_cast<double>(s * s)) * 100.0;
        b[s] = std::cos(3.0 * static_cast<double>(s)) * 40.0;
        total[s] = a[s] + b[s];
    }
    std::vector<std::size_t> order(kN);
    std::vector<double> copy = total;
    const auto measures = historical_tail(copy, 0.99);
    ASSERT_TRUE(es_weights(total, 0.99, order, weights));
    EXPECT_NEAR(contribution_usd(a, weights) + contribution_usd(b, weights), measures->es_usd, 1e-9);
    ASSERT_TRUE(var_weights(total, 0.99, order, weights));
    EXPECT_NEAR(contribution_usd(a, weights) + contribution_usd(b, weights), measures->var_usd, 1e-9);
    total[3] = kNaN;
    EXPECT_FALSE(var_weights(total, 0.99, order, weights));
}

TEST(LiquidityAdjustedTest, RefusesWhatHasNoPrice) {
    EXPECT_FALSE(liquidity_cost_usd(kNaN, 0.001, 0.0));
    EXPECT_FALSE(liquidity_cost_usd(1.0, -0.001, 0.0));
    EXPECT_EQ(liquidation_var_usd(100.0, 1.0), 100.0);
}

}  // namespace
}  // namespace keel::risk
