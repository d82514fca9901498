#include "risk/stress/stress_grid.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/risk/stress/stress_book.hpp"

namespace keel::risk {
namespace {

// Puts every option of the book into bucket (its expiry) of a grid, the rest into the linear part.
StressGrid grid_of(const Book& book, const MarketState& market) {
    StressGrid grid{market.expiries.size()};
    LinearStress linear;
    for (std::size_t i = 0; i < book.contracts.size(); ++i) {
        const Contract& contract = book.contracts[i];
        if (is_option(contract.kind)) {
            StressCells unit;
            EXPECT_TRUE(contract_cells(contract, market.quotes[i], market, unit));
            EXPECT_TRUE(grid.add_to_bucket(static_cast<std::size_t>(contract.expiry), unit, book.holdings[i].quantity));
        } else {
            linear.add(contract, book.holdings[i], market.quotes[i], 1.0);
        }
    }
    grid.set_linear(linear);
    return grid;
}

TEST(StressGridTest, EqualsFullRevaluation) {
    const auto [book, market] = test::stress_book();
    const StressMatrix want = full_stress_matrix(book, market, UnderlyingSlot{0});
    const StressMatrix got = grid_of(book, market).read(market.underlyings[0].index);
    EXPECT_EQ(want.left_out, 0U);
    for (std::size_t cell = 0; cell < kGridCells; ++cell) {
        EXPECT_NEAR(got.pnl_usd[cell], want.pnl_usd[cell], 1e-9 * 1e6) << cell;
        EXPECT_NEAR(got.pnl_coin[cell], want.pnl_coin[cell], 1e-9) << cell;
    }
    EXPECT_EQ(got.worst.spot, want.worst.spot);
    EXPECT_EQ(got.worst.volatility, want.worst.volatility);
    EXPECT_LT(want.worst.pnl_usd, 0.0);
}

// A share in a pool moves as no straight line does: its cells belong into a bucket.
TEST(StressGridTest, TakesWhatIsNotLinearByItsCellsOnly) {
    auto [book, market] = test::stress_book();
    const Contract pool{.kind = ContractKind::liquidity,
                        .underlying = UnderlyingSlot{0},
                        .stable = StableSlot{0},
                        .venue = VenueSlot{1},
                        .strike = 40'000.0,
                        .upper = 55'000.0};
    const ContractQuote quote{.mark = 50'000.0};
    LinearStress linear;
    linear.add(pool, {.quantity = 900.0, .entry = 50'000.0}, quote, 1.0);
    linear.add(book.contracts[test::kShortCall], {.quantity = 2.0, .entry = 0.05}, {.mark = 0.05}, 1.0);
    EXPECT_EQ(linear.coin_fixed, 0.0);
    EXPECT_EQ(linear.coin_over_price, 0.0);
    EXPECT_EQ(linear.usd_fixed, 0.0);
    EXPECT_EQ(linear.usd_per_price, 0.0);
    StressGrid grid = grid_of(book, market);
    StressCells unit;
    ASSERT_TRUE(contract_cells(pool, quote, market, unit));
    ASSERT_TRUE(grid.add_to_bucket(0, unit, 900.0));
    book.contracts.push_back(pool);
    book.holdings.push_back({.quantity = 900.0});
    market.quotes.push_back(quote);
    const StressMatrix want = full_stress_matrix(book, market, UnderlyingSlot{0});
    const StressMatrix got = grid.read(market.underlyings[0].index);
    for (std::size_t cell = 0; cell < kGridCells; ++cell) EXPECT_NEAR(got.pnl_usd[cell], want.pnl_usd[cell], 1e-3);
}

TEST(StressGridTest, ShortStraddleFearsTheEdge) {
    const auto [book, market] = test::stress_book();
    const StressMatrix matrix = full_stress_matrix(book, market, UnderlyingSlot{0});
    EXPECT_TRUE(matrix.worst.spot == 0 || matrix.worst.spot == kGridSpotMoves.size() - 1);
    EXPECT_EQ(kGridVolatilityMoves[matrix.worst.volatility], 0.60);
}

TEST(StressGridTest, AFillMovesEveryCellByItsUnit) {
    auto [book, market] = test::stress_book();
    StressGrid grid = grid_of(book, market);
    const std::size_t option = test::kShortCall;
    StressCells unit;
    ASSERT_TRUE(contract_cells(book.contracts[option], market.quotes[option], market, unit));
    ASSERT_TRUE(grid.add_to_bucket(static_cast<std::size_t>(book.contracts[option].expiry), unit, -3.0));
    book.holdings[option].quantity -= 3.0;
    const StressMatrix want = full_stress_matrix(book, market, UnderlyingSlot{0});
    const StressMatrix got = grid.read(market.underlyings[0].index);
    const StressMatrix before = grid_of(test::stress_book().book, market).read(market.underlyings[0].index);
    for (std::size_t cell = 0; cell < kGridCells; ++cell) {
        EXPECT_NEAR(got.pnl_usd[cell], want.pnl_usd[cell], 1e-9 * 1e6) << cell;
    }
    const double gradient = unit_cell_pnl_usd(book.contracts[option], market.quotes[option], market, 0, 5);
    EXPECT_NEAR(got.pnl_usd[5] - before.pnl_usd[5], -3.0 * gradient, 1e-6);
}

TEST(StressGridTest, WhatIsNotFiniteStaysOutAndSaysSo) {
    const auto [book, market] = test::stress_book();
    StressGrid grid = grid_of(book, market);
    const StressMatrix before = grid.read(market.underlyings[0].index);
    StressCells broken;
    broken.coin[17] = std::numeric_limits<double>::quiet_NaN();
    EXPECT_FALSE(grid.replace_bucket(0, broken));
    EXPECT_TRUE(grid.stale());
    EXPECT_EQ(grid.read(market.underlyings[0].index).pnl_usd, before.pnl_usd);
    EXPECT_TRUE(grid.replace_bucket(0, StressCells{}));
    EXPECT_FALSE(grid.stale());
}

TEST(StressGridTest, AnUnpricedHoldingIsCounted) {
    auto [book, market] = test::stress_book();
    market.quotes[test::kShortCall].volatility = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(full_stress_matrix(book, market, UnderlyingSlot{0}).left_out, 1U);
}

}  // namespace
}  // namespace keel::risk
