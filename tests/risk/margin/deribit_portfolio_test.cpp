#include <gtest/gtest.h>

#include <limits>

#include "risk/margin/deribit_portfolio.hpp"
#include "tests/risk/margin/margin_tables.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

using keel::test::kNaN;

class DeribitPortfolioTest : public testing::Test {
protected:
    test::DeribitTables tables_ = test::deribit_tables();
    DeribitMatrixParameters btc_ = tables_.matrices.at("btc_usd");
};

MatrixContract call_of(double strike) {
    return {.type = OptionType::call, .price = 65e3, .strike = strike, .years = 0.05, .volatility = 0.6, .expiry = 2};
}

TEST_F(DeribitPortfolioTest, EveryTableOfTheExampleIsValid) {
    for (const auto& [pair, parameters] : tables_.matrices) EXPECT_TRUE(is_valid(parameters)) << pair;
    EXPECT_FALSE(is_valid({}));
    DeribitMatrixParameters p = btc_;
    p.buckets = kMatrixBucketsMax + 1;
    EXPECT_FALSE(is_valid(p));
    p = btc_;
    p.price_range = 1.0;
    EXPECT_FALSE(is_valid(p));
    p = btc_;
    p.extended_moves[0] = -1.0;
    EXPECT_FALSE(is_valid(p));
    p = btc_;
    p.delta_shock_per_coin = kNaN;
    EXPECT_FALSE(is_valid(p));
}

TEST_F(DeribitPortfolioTest, SaysNothingUntilItKnowsTheIndex) {
    DeribitRiskMatrix matrix{btc_, Payoff::inverse};
    EXPECT_EQ(matrix.margin(tables_.portfolio, {}).margin.status, MarginStatus::bad_input);
    EXPECT_EQ(matrix.set_index(kNaN), MarginStatus::bad_input);
    EXPECT_EQ(matrix.set_index(0.0), MarginStatus::bad_input);
    EXPECT_EQ(matrix.margin(tables_.portfolio, {}).margin.status, MarginStatus::bad_input);
    EXPECT_EQ(matrix.set_index(65e3), MarginStatus::ok);
    const DeribitPortfolioMargin empty = matrix.margin(tables_.portfolio, {});
    EXPECT_EQ(empty.margin.status, MarginStatus::ok);
    EXPECT_EQ(empty.margin.initial, 0.0);
    EXPECT_EQ(matrix.margin(tables_.portfolio, {.spot = kNaN}).margin.status, MarginStatus::bad_input);
    EXPECT_EQ(matrix.margin(tables_.portfolio, {.open_orders = -1.0}).margin.status, MarginStatus::bad_input);
}

TEST_F(DeribitPortfolioTest, RefusesWhatItCannotAdd) {
    DeribitRiskMatrix matrix{btc_, Payoff::inverse};
    ASSERT_EQ(matrix.set_index(65e3), MarginStatus::ok);
    MatrixContract contract = call_of(70e3);
    contract.volatility = kNaN;
    EXPECT_EQ(matrix.grid().unit_cells(contract).status, MarginStatus::bad_input);
    EXPECT_EQ(matrix.add(1.0, matrix.grid().unit_cells(contract)), MarginStatus::bad_input);
    const UnitCells good = matrix.grid().unit_cells(call_of(70e3));
    ASSERT_EQ(good.status, MarginStatus::ok);
    EXPECT_EQ(matrix.add(kNaN, good), MarginStatus::bad_input);
    EXPECT_EQ(matrix.add(1e308, good), MarginStatus::ok);
    EXPECT_EQ(matrix.add(1e308, matrix.grid().unit_cells({.multiplier = 1e9, .price = 1.0})), MarginStatus::bad_input);
    EXPECT_EQ(matrix.add(-1e308, good), MarginStatus::ok);
    EXPECT_EQ(matrix.margin(tables_.portfolio, {}).margin.initial, 0.0);
}

// Above the threshold the liquidity charge grows with the excess and stops at its cap. The law follows the venue's
// text; no example of the venue reaches it.
TEST_F(DeribitPortfolioTest, DeltaShockStartsAtTheThresholdAndIsCapped) {
    DeribitRiskMatrix matrix{btc_, Payoff::inverse};
    const double index = 50e3;
    ASSERT_EQ(matrix.set_index(index), MarginStatus::ok);
    const UnitCells coin = matrix.grid().unit_cells({.multiplier = index, .price = index});
    const auto shock_of = [&](double coins) {
        return matrix.margin_after(std::array{MatrixTrade{.quantity = coins, .unit = &coin}}, tables_.portfolio, {})
            .delta_shock;
    };
    const double threshold = btc_.delta_shock_threshold_usd / index;  // 400 coin
    EXPECT_EQ(shock_of(threshold), 0.0);
    EXPECT_NEAR(shock_of(-(threshold + 100.0)), 100.0 * 5e-5 * 500.0, 1e-9);
    EXPECT_NEAR(shock_of(100e3), btc_.delta_shock_ratio_max * 100e3, 1e-6);
}

TEST_F(DeribitPortfolioTest, RollShockGrowsWithTheExpiryBeyondItsFloor) {
    for (const RollLaw law : {RollLaw::linear, RollLaw::exponential}) {
        btc_.roll_law = law;
        DeribitRiskMatrix matrix{btc_, Payoff::inverse};
        ASSERT_EQ(matrix.set_index(50e3), MarginStatus::ok);
        ASSERT_EQ(matrix.set_expiry(3, 2.0), MarginStatus::ok);
        EXPECT_EQ(matrix.set_expiry(3, kNaN), MarginStatus::bad_input);
        const UnitCells coin = matrix.grid().unit_cells({.multiplier = 50e3, .price = 50e3, .years = 2.0, .expiry = 3});
        ASSERT_EQ(matrix.add(-4.0, coin), MarginStatus::ok);
        const double rate = law == RollLaw::linear ? 0.15 : std::expm1(0.15);
        EXPECT_NEAR(matrix.margin(tables_.portfolio, {}).roll_shock, 4.0 * rate, 1e-12);
    }
}

TEST_F(DeribitPortfolioTest, VolatilityShocksFollowTheTenor) {
    const DeribitGrid grid{btc_};
    const double month = 30.0 / 365.0;
    EXPECT_DOUBLE_EQ(grid.volatility_up(0.6, month), 0.9);
    EXPECT_DOUBLE_EQ(grid.volatility_down(0.6, month), 0.45);
    EXPECT_NEAR(grid.volatility_up(0.6, month / 30.0), 0.6 * (1.0 + 0.5 * std::pow(30.0, 0.3)), 1e-12);
    EXPECT_NEAR(grid.volatility_up(0.6, 1.0), 0.6 * (1.0 + 0.5 * std::pow(30.0 / 365.0, 0.13)), 1e-12);
    EXPECT_EQ(grid.volatility_up(0.6, 0.0), grid.volatility_up(0.6, 1.0 / 365.0));  // tenor_days_min
    EXPECT_EQ(grid.volatility_up(0.2, month), 0.5);                                 // its floor
    EXPECT_GE(grid.volatility_down(0.6, 0.0), 0.0);
}

TEST_F(DeribitPortfolioTest, WhatIfLeavesTheMatrixAlone) {
    DeribitRiskMatrix matrix{btc_, Payoff::inverse};
    ASSERT_EQ(matrix.set_index(65e3), MarginStatus::ok);
    const UnitCells call = matrix.grid().unit_cells(call_of(70e3));
    ASSERT_EQ(matrix.add(-10.0, call), MarginStatus::ok);
    const DeribitPortfolioMargin before = matrix.margin(tables_.portfolio, {});
    const std::array trades{MatrixTrade{.quantity = -5.0, .unit = &call}};
    const DeribitPortfolioMargin after = matrix.margin_after(trades, tables_.portfolio, {});
    EXPECT_NEAR(after.worst_case, 1.5 * before.worst_case, 1e-12);
    EXPECT_EQ(matrix.margin(tables_.portfolio, {}).margin.initial, before.margin.initial);
    ASSERT_EQ(matrix.add(-5.0, call), MarginStatus::ok);
    EXPECT_EQ(matrix.margin(tables_.portfolio, {}).margin.initial, after.margin.initial);
    const std::array broken{MatrixTrade{.quantity = 1.0, .unit = nullptr}};
    EXPECT_EQ(matrix.margin_after(broken, tables_.portfolio, {}).margin.status, MarginStatus::bad_input);
}

// Opposite books in two pairs: a loss stays whole, the other pair's profit helps by its offset only.
TEST_F(DeribitPortfolioTest, PairsOfOneCurrencyOffsetByTheirShare) {
    DeribitMatrixParameters linear = btc_;
    linear.pnl_offset_ratio = 0.6;
    linear.offsetable_pnl_usd_max = 1e9;
    DeribitRiskMatrix first{linear, Payoff::linear};
    DeribitRiskMatrix second{linear, Payoff::linear};
    ASSERT_EQ(first.set_index(50e3), MarginStatus::ok);
    ASSERT_EQ(second.set_index(50e3), MarginStatus::ok);
    const UnitCells coin = first.grid().unit_cells({.payoff = Payoff::linear, .price = 50e3});
    ASSERT_EQ(first.add(10.0, coin), MarginStatus::ok);
    ASSERT_EQ(second.add(-10.0, coin), MarginStatus::ok);
    const std::array<const DeribitRiskMatrix*, 2> pairs{&first, &second};
    const DeribitPortfolioMargin got = combined_margin(pairs, tables_.portfolio, {.correlation_contingency = 100.0});
    const double loss = 10.0 * 50e3 * linear.price_range;
    EXPECT_NEAR(got.worst_case, loss - 0.6 * loss, 1e-9);
    EXPECT_NEAR(got.roll_shock, 2.0 * 10.0 * 50e3 * linear.annualised_move_min, 1e-9);
    EXPECT_NEAR(got.margin.maintenance, 0.8 * (got.worst_case + got.roll_shock + 100.0), 1e-6);
    linear.offsetable_pnl_usd_max = 1'000.0;
    DeribitRiskMatrix capped{linear, Payoff::linear};
    ASSERT_EQ(capped.set_index(50e3), MarginStatus::ok);
    ASSERT_EQ(capped.add(-10.0, coin), MarginStatus::ok);
    const std::array<const DeribitRiskMatrix*, 2> less{&first, &capped};
    EXPECT_NEAR(combined_margin(less, tables_.portfolio, {}).worst_case, loss - 1'000.0, 1e-9);
}

TEST_F(DeribitPortfolioTest, FewerBucketsMeanFewerCells) {
    btc_.buckets = 2;
    btc_.extended_count = 3;
    DeribitRiskMatrix matrix{btc_, Payoff::inverse};
    EXPECT_EQ(matrix.grid().standard_count(), 15U);
    EXPECT_EQ(matrix.grid().cells_count(), 18U);
    ASSERT_EQ(matrix.set_index(65e3), MarginStatus::ok);
    const UnitCells unit = matrix.grid().unit_cells({.multiplier = 65e3, .price = 65e3});
    for (std::size_t i = 18; i < unit.cells.size(); ++i) EXPECT_EQ(unit.cells[i], 0.0);
    ASSERT_EQ(matrix.add(1.0, unit), MarginStatus::ok);
    EXPECT_NEAR(matrix.margin(tables_.portfolio, {}).worst_case, 1.0 / (1.0 - btc_.price_range) - 1.0, 1e-12);
}

// Once delivery has fixed all of an option, it moves no cell.
TEST_F(DeribitPortfolioTest, UnsettledShareIsOneOutsideOfTheWindow) {
    EXPECT_EQ(unsettled_ratio(1.0, 0.001), 1.0);
    EXPECT_EQ(unsettled_ratio(0.0, 0.001), 0.0);
    EXPECT_EQ(unsettled_ratio(-1.0, 0.001), 0.0);
    EXPECT_EQ(unsettled_ratio(kNaN, 0.001), 1.0);
    EXPECT_EQ(unsettled_ratio(0.5, 0.0), 1.0);
}

}  // namespace
}  // namespace keel::risk
