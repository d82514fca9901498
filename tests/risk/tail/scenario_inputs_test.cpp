#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "risk/tail/missing_returns.hpp"
#include "risk/tail/tenor_changes.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

using keel::test::kNaN;

TEST(MissingReturnsTest, FillsByBetaAndTheResidualsOfOtherRows) {
    constexpr std::size_t kN = 200;
    std::mt19937_64 random{11};
    std::normal_distribution<double> normal{0.0, 0.03};
    std::vector<double> market(kN), returns(kN);
    for (std::size_t s = 0; s < kN; ++s) {
        market[s] = normal(random);
        returns[s] = s < 80 ? kNaN : 1.4 * market[s] + 0.3 * normal(random);
    }
    const std::vector<double> before = returns;
    std::vector<std::uint8_t> filled(kN);
    const auto result = fill_missing_returns(returns, market, filled);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->filled, 80U);
    EXPECT_NEAR(result->beta, 1.4, 0.1);
    double spread = 0.0;
    for (std::size_t s = 0; s < kN; ++s) {
        EXPECT_EQ(filled[s] != 0, s < 80);
        if (s >= 80) {
            EXPECT_EQ(returns[s], before[s]);
            continue;
        }
        const double residual = returns[s] - result->beta * market[s];
        EXPECT_NE(residual, 0.0);
        spread += residual * residual / 80.0;
    }
    EXPECT_NEAR(std::sqrt(spread), 0.3 * 0.03, 0.003);  // invented days are as restless as the seen ones
}

TEST(MissingReturnsTest, RefusesWithoutEnoughToGoBy) {
    std::vector<double> market(40, 0.01), returns(40, 0.02);
    std::vector<std::uint8_t> filled(40);
    returns[3] = kNaN;
    EXPECT_TRUE(fill_missing_returns(returns, market, filled));
    EXPECT_DOUBLE_EQ(returns[3], 0.02);
    std::fill(returns.begin(), returns.begin() + 11, kNaN);
    EXPECT_FALSE(fill_missing_returns(returns, market, filled));
    EXPECT_TRUE(std::isnan(returns[0]));
    std::ranges::fill(returns, 0.02);
    returns[5] = kNaN;
    market[5] = kNaN;
    EXPECT_FALSE(fill_missing_returns(returns, market, filled));
    returns[5] = std::numeric_limits<double>::infinity();
    EXPECT_FALSE(fill_missing_returns(returns, market, filled));
}

TEST(TenorChangesTest, InterpolatesInLogTenorAndExtendsByThePowerLaw) {
    ScenarioSet set{2, 3};
    ASSERT_TRUE(set.set_factor(0, std::array{0.30, -0.10}, {}));
    ASSERT_TRUE(set.set_factor(1, std::array{0.20, -0.05}, {}));
    ASSERT_TRUE(set.set_factor(2, std::array{0.10, -0.02}, {}));
    const VolatilityPillars pillars{.factor = {0, 1, 2}};
    std::array<double, 2> out{};
    const auto at = [&](double days) {
        EXPECT_TRUE(volatility_changes_at(set, pillars, days, out));
        return out[0];
    };
    EXPECT_DOUBLE_EQ(at(7.0), 0.30);
    EXPECT_DOUBLE_EQ(at(30.0), 0.20);
    EXPECT_DOUBLE_EQ(at(90.0), 0.10);
    EXPECT_NEAR(at(std::sqrt(7.0 * 30.0)), 0.25, 1e-15);
    EXPECT_NEAR(at(std::sqrt(30.0 * 90.0)), 0.15, 1e-15);
    EXPECT_NEAR(at(1.0), 0.30 * std::pow(7.0, 0.30), 1e-15);
    EXPECT_EQ(at(0.2), at(1.0));
    EXPECT_NEAR(at(180.0), 0.10 * std::pow(0.5, 0.13), 1e-15);
    EXPECT_FALSE(volatility_changes_at(set, pillars, kNaN, out));
}

}  // namespace
}  // namespace keel::risk
