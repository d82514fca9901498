#include <gtest/gtest.h>

#include <limits>

#include "risk/margin/equity_drift.hpp"
#include "risk/margin/liquidation_price.hpp"
#include "risk/margin/liquidation_tracker.hpp"
#include "tests/risk/margin/margin_clock.hpp"
#include "tests/risk/margin/margin_tables.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

using keel::test::kNaN;
using test::at_ms;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// In USD: a long of 2 coins bought at 100 with 50 of cash, maintenance 1 %.
double long_gap(double move) { return 50.0 + 2.0 * 100.0 * move - 0.01 * 2.0 * 100.0 * (1.0 + move); }

class LiquidationSearchTest : public testing::Test {
protected:
    test::AccountTables tables_ = test::account_tables();
    LiquidationAxis axis_{.moves = tables_.liquidation_moves, .tolerance = tables_.liquidation_tolerance};
};

TEST_F(LiquidationSearchTest, FindsTheLongsRootBelowAndNoneAbove) {
    const LiquidationMoves got = liquidation_moves(long_gap, axis_);
    ASSERT_EQ(got.down.status, RootStatus::found);
    EXPECT_NEAR(got.down.move, -48.0 / 198.0, 1e-5);
    EXPECT_EQ(got.up.status, RootStatus::none);
    EXPECT_EQ(got.up.move, kInfinity);
    // The closed form of the same position.
    const LiquidationPrice price = cross_linear_liquidation({.wallet = 50.0, .amount = 2.0, .entry = 100.0}, 0.01, 0.0);
    EXPECT_NEAR(price.price, 100.0 * (1.0 - 48.0 / 198.0), 1e-9);
}

TEST_F(LiquidationSearchTest, ReportsTheNearestOfSeveralRoots) {
    // Safe within 8 %, under water from 8 % to 12 %, safe again beyond.
    const auto gap = [](double x) { return (std::abs(x) - 0.08) * (std::abs(x) - 0.12); };
    const LiquidationMoves got = liquidation_moves(gap, axis_);
    EXPECT_NEAR(got.down.move, -0.08, 1e-5);
    EXPECT_NEAR(got.up.move, 0.08, 1e-5);
}

// A maintenance that jumps takes an account that was safe below it: the jump is where it is liquidated.
TEST_F(LiquidationSearchTest, FindsAJumpThatTheGapFallsThrough) {
    const auto gap = [](double x) { return (std::abs(x) < 0.123 ? 20.0 : -30.0) - 10.0 * std::abs(x); };
    const LiquidationMoves got = liquidation_moves(gap, axis_);
    ASSERT_EQ(got.down.status, RootStatus::found);
    ASSERT_EQ(got.up.status, RootStatus::found);
    EXPECT_NEAR(got.down.move, -0.123, 1e-5);
    EXPECT_NEAR(got.up.move, 0.123, 1e-5);
    // A jump that leaves it safe on both of its sides changes nothing: -40 % and 40 %.
    const auto above = [](double x) { return (std::abs(x) < 0.123 ? 20.0 : 10.0) - 25.0 * std::abs(x); };
    const LiquidationMoves later = liquidation_moves(above, axis_);
    EXPECT_NEAR(later.down.move, -0.4, 1e-5);
    EXPECT_NEAR(later.up.move, 0.4, 1e-5);
}

TEST_F(LiquidationSearchTest, SaysBreachedWhereItIsThereAlready) {
    const LiquidationMoves got = liquidation_moves([](double x) { return x - 0.01; }, axis_);
    EXPECT_EQ(got.down.status, RootStatus::breached);
    EXPECT_EQ(got.up.status, RootStatus::breached);
    EXPECT_EQ(got.up.move, 0.0);
}

// Nothing is known beyond a value that is not finite: the last safe node is what stands.
TEST_F(LiquidationSearchTest, StopsAtWhatItCannotValue) {
    const auto gap = [](double x) { return x < -0.12 ? kNaN : 1.0; };
    const LiquidationMoves got = liquidation_moves(gap, axis_);
    EXPECT_EQ(got.down.status, RootStatus::unknown);
    EXPECT_EQ(got.down.move, -0.1);
    EXPECT_EQ(got.up.status, RootStatus::none);
    const LiquidationMoves blind = liquidation_moves([](double) { return kNaN; }, axis_);
    EXPECT_EQ(blind.up.status, RootStatus::unknown);
    EXPECT_EQ(blind.up.move, 0.0);
}

TEST_F(LiquidationSearchTest, NeedsFewEvaluations) {
    int calls = 0;
    const auto gap = [&](double x) {
        ++calls;
        return long_gap(x) - 300.0 * x * x * x;
    };
    ASSERT_EQ(liquidation_moves(gap, axis_).down.status, RootStatus::found);
    EXPECT_LE(calls, static_cast<int>(axis_.moves.size()) + 10);
}

TEST_F(LiquidationSearchTest, TrackerSolvesOnRatioAgeAndPassage) {
    LiquidationTracker tracker{tables_.tracker};
    int solves = 0;
    const auto update = [&](double ratio, double spot, std::int64_t ms) {
        const bool solved = tracker.update(ratio, spot, at_ms(ms), axis_,
                                           [&](double x) { return 1.0 + 4.0 * ((1.0 + x) * spot / 100.0 - 1.0); });
        solves += solved ? 1 : 0;
        return solved;
    };
    EXPECT_EQ(tracker.down(100.0, 0.03).status, RootStatus::unknown);
    EXPECT_TRUE(update(2.0, 100.0, 0));
    EXPECT_FALSE(update(2.039, 101.0, 500));  // 1.95 %
    EXPECT_TRUE(update(2.041, 100.0, 600));   // 2.05 %
    EXPECT_FALSE(update(2.041, 100.0, 1'599));
    EXPECT_TRUE(update(2.041, 100.0, 1'600));  // a second old
    EXPECT_TRUE(update(2.041, 74.0, 1'700));   // beyond the old price
    EXPECT_EQ(solves, 4);
    EXPECT_EQ(tracker.down(74.0, 0.03).status, RootStatus::breached);
}

TEST_F(LiquidationSearchTest, DistancesFollowTheSpotBetweenSolves) {
    LiquidationTracker tracker{tables_.tracker};
    ASSERT_TRUE(tracker.update(2.0, 100.0, at_ms(0), axis_, [](double x) { return 1.0 + 4.0 * x; }));
    const LiquidationDistance here = tracker.down(100.0, 0.03);
    EXPECT_NEAR(here.price, 75.0, 1e-3);
    EXPECT_NEAR(here.move_ratio, -0.25, 1e-5);
    EXPECT_NEAR(here.sigmas, std::log(1.0 / 0.75) / 0.03, 1e-3);
    const LiquidationDistance later = tracker.down(90.0, 0.03);
    EXPECT_EQ(later.price, here.price);
    EXPECT_NEAR(later.move_ratio, 75.0 / 90.0 - 1.0, 1e-5);
    EXPECT_EQ(tracker.up(100.0, 0.03).status, RootStatus::none);
    EXPECT_EQ(tracker.up(100.0, 0.03).sigmas, kInfinity);
    EXPECT_EQ(tracker.down(100.0, kNaN).sigmas, 0.0);  // unknown volatility is not distance
    EXPECT_EQ(tracker.down(70.0, 0.03).move_ratio, 0.0);
    EXPECT_FALSE(tracker.update(kNaN, 100.0, at_ms(1), axis_, [](double) { return 1.0; }));
    EXPECT_EQ(tracker.down(100.0, 0.03).status, RootStatus::unknown);
}

TEST(LiquidationPriceTest, CoveredShortsAndCashRichLongsHaveNone) {
    const LiquidationPrice inverse =
        cross_inverse_liquidation({.wallet = 2.0, .amount = -50'000.0, .entry = 50'000.0}, 0.005, 0.0);
    EXPECT_EQ(inverse.status, LiquidationStatus::none);
    EXPECT_EQ(inverse.price, kInfinity);
    const LiquidationPrice linear =
        cross_linear_liquidation({.wallet = 60'000.0, .amount = 1.0, .entry = 50'000.0}, 0.005, 0.0);
    EXPECT_EQ(linear.status, LiquidationStatus::none);
    EXPECT_EQ(linear.price, 0.0);
    EXPECT_EQ(isolated_inverse_liquidation({.amount = -100.0, .entry = 100.0, .initial = 2.0}).status,
              LiquidationStatus::none);
    EXPECT_EQ(bybit_cross_inverse_liquidation({.balance = 5.0, .amount = -10'000.0, .entry = 8'000.0}).status,
              LiquidationStatus::none);
}

// Bybit's page for the long side of the isolated inverse example: 45,662.10.
TEST(LiquidationPriceTest, ReproducesBybitIsolatedInverseLong) {
    const LiquidationPrice got =
        isolated_inverse_liquidation({.amount = 60'000.0, .entry = 50'000.0, .initial = 0.12, .maintenance = 0.006});
    EXPECT_NEAR(got.price, 45'662.10, 5e-3);
}

// Bankruptcy and liquidation of the cross form satisfy their own equations, on both sides.
TEST(LiquidationPriceTest, BybitCrossInverseBalancesAtItsPrices) {
    for (const double side : {1.0, -1.0}) {
        const BybitCrossInverse p{.balance = 0.5,
                                  .amount = side * 10'000.0,
                                  .entry = 8'000.0,
                                  .maintenance_rate = 0.005,
                                  .taker_fee_rate = 0.00075};
        const LiquidationPrice got = bybit_cross_inverse_liquidation(p);
        ASSERT_EQ(got.status, LiquidationStatus::found);
        const auto profit = [&](double price) { return p.amount * (1.0 / p.entry - 1.0 / price); };
        const double fee = p.taker_fee_rate * 10'000.0 / got.bankruptcy_price;
        EXPECT_NEAR(p.balance + profit(got.bankruptcy_price) - fee, 0.0, 1e-12);
        EXPECT_NEAR(p.balance + profit(got.price), 0.005 * 10'000.0 / 8'000.0 + fee, 1e-12);
        EXPECT_GT(side * (got.price - got.bankruptcy_price), 0.0);
        BybitCrossInverse ticked = p;
        ticked.tick = 0.5;
        EXPECT_GE(side * (bybit_cross_inverse_liquidation(ticked).price - got.price), 0.0);
    }
}

TEST(EquityDriftTest, FollowsTheSlopeAndLeavesFlowsOut) {
    EquityDrift drift{std::chrono::seconds{60}};
    double equity = 1'000.0;
    for (std::int64_t second = 0; second < 600; ++second) {
        const double deposit = second == 300 ? 5'000.0 : 0.0;
        equity += deposit - 2.0;
        drift.on_equity(equity, deposit, at_ms(1'000 * second));
    }
    EXPECT_NEAR(drift.per_second(), -2.0, 1e-9);
    drift.on_equity(kNaN, 0.0, at_ms(600'000));
    drift.on_equity(equity, kNaN, at_ms(600'000));
    EXPECT_NEAR(drift.per_second(), -2.0, 1e-9);
    drift.on_equity(equity + 100.0, 100.0, at_ms(599'000));  // same instant: only the flow counts
    drift.on_equity(equity + 98.0, 0.0, at_ms(600'000));
    EXPECT_NEAR(drift.per_second(), -2.0, 1e-9);
    for (std::int64_t second = 601; second < 3'000; ++second) drift.on_equity(equity, 0.0, at_ms(1'000 * second));
    EXPECT_NEAR(drift.per_second(), 0.0, 1e-6);
}

TEST(EquityDriftTest, TellsTheTimeLeft) {
    EXPECT_EQ(seconds_to_liquidation(1'000.0, 400.0, -2.0), 300.0);
    EXPECT_EQ(seconds_to_liquidation(1'000.0, 400.0, 0.0), kInfinity);
    EXPECT_EQ(seconds_to_liquidation(400.0, 400.0, 1.0), 0.0);
    EXPECT_EQ(seconds_to_liquidation(kNaN, 400.0, -1.0), 0.0);
}

}  // namespace
}  // namespace keel::risk
