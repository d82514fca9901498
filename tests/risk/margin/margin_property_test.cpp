#include <gtest/gtest.h>

#include "risk/margin/bybit_margin.hpp"
#include "risk/margin/liquidation_price.hpp"
#include "risk/margin/liquidation_search.hpp"
#include "tests/risk/margin/margin_tables.hpp"
#include "tests/risk/margin/random_books.hpp"

namespace keel::risk {
namespace {

using test::BookRow;
using test::uniform;

constexpr std::uint64_t kSeed = 20'260'711;

class MarginPropertyTest : public testing::Test {
protected:
    test::DeribitTables deribit_ = test::deribit_tables();
    test::AccountTables account_ = test::account_tables();
    DeribitMatrixParameters btc_ = deribit_.matrices.at("btc_usd");
    DeribitFutureMargin future_ = deribit_.futures.at("BTC");
    DeribitOptionMargin option_ = deribit_.options.at("BTC");
};

// A hundred thousand trades in fifty contracts leave the sums where a rebuild from the final holding puts them.
TEST_F(MarginPropertyTest, IncrementalCellsEqualRebuiltOnes) {
    std::mt19937_64 random{kSeed};
    std::vector<BookRow> book = test::random_book(random, 50);
    DeribitRiskMatrix running{btc_, Payoff::inverse};
    ASSERT_EQ(running.set_index(test::kSpot), MarginStatus::ok);
    std::vector<UnitCells> units;
    for (BookRow& row : book) {
        units.push_back(running.grid().unit_cells(row.contract));
        ASSERT_EQ(units.back().status, MarginStatus::ok);
        row.quantity = 0.0;
    }
    std::vector<std::int64_t> lots(book.size());  // tenths of a contract: exact
    for (int trade = 0; trade < 100'000; ++trade) {
        const std::size_t at = std::uniform_int_distribution<std::size_t>{0, book.size() - 1}(random);
        const std::int64_t change = std::uniform_int_distribution<std::int64_t>{-5'000, 5'000}(random);
        lots[at] += change;
        ASSERT_EQ(running.add(static_cast<double>(change) / 10.0, units[at]), MarginStatus::ok);
    }
    DeribitRiskMatrix rebuilt{btc_, Payoff::inverse};
    ASSERT_EQ(rebuilt.set_index(test::kSpot), MarginStatus::ok);
    double gross = 0.0;
    for (std::size_t i = 0; i < book.size(); ++i) {
        const double quantity = static_cast<double>(lots[i]) / 10.0;
        ASSERT_EQ(rebuilt.add(quantity, units[i]), MarginStatus::ok);
        gross += std::abs(quantity) * book[i].contract.multiplier;
    }
    const MatrixCells a = running.sums();
    const MatrixCells b = rebuilt.sums();
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-12 * gross) << "cell " << i;
    const DeribitPortfolioMargin x = running.margin(deribit_.portfolio, {});
    const DeribitPortfolioMargin y = rebuilt.margin(deribit_.portfolio, {});
    EXPECT_NEAR(x.roll_shock, y.roll_shock, 1e-12 * gross);
    EXPECT_NEAR(x.margin.initial, y.margin.initial, 1e-9);  // the venue rounds to nine decimals
}

TEST_F(MarginPropertyTest, WhatIfEqualsTheTradeDone) {
    std::mt19937_64 random{kSeed + 1};
    for (int round = 0; round < 200; ++round) {
        const std::vector<BookRow> book = test::random_book(random, 12);
        DeribitRiskMatrix matrix{btc_, Payoff::inverse};
        ASSERT_EQ(matrix.set_index(test::kSpot), MarginStatus::ok);
        std::vector<UnitCells> units;
        for (const BookRow& row : book) units.push_back(matrix.grid().unit_cells(row.contract));
        for (std::size_t i = 0; i < 10; ++i) ASSERT_EQ(matrix.add(book[i].quantity, units[i]), MarginStatus::ok);
        const std::array trades{MatrixTrade{.quantity = book[10].quantity, .unit = &units[10]},
                                MatrixTrade{.quantity = book[11].quantity, .unit = &units[11]}};
        const DeribitPortfolioParameters exact{.maintenance_ratio = deribit_.portfolio.maintenance_ratio};
        const DeribitPortfolioMargin asked = matrix.margin_after(trades, exact, {});
        for (const MatrixTrade& trade : trades) ASSERT_EQ(matrix.add(trade.quantity, *trade.unit), MarginStatus::ok);
        const DeribitPortfolioMargin done = matrix.margin(exact, {});
        EXPECT_NEAR(asked.margin.initial, done.margin.initial, 1e-12 * (1.0 + done.margin.initial))
            << "seed " << kSeed + 1 << " round " << round;
    }
}

// Cells of a contract are what revaluing it says, whatever the contract; a long and a short of it cancel.
TEST_F(MarginPropertyTest, CellsAreRevaluations) {
    std::mt19937_64 random{kSeed + 2};
    const DeribitGrid grid{btc_};
    for (const BookRow& row : test::random_book(random, 500)) {
        const UnitCells unit = grid.unit_cells(row.contract);
        ASSERT_EQ(unit.status, MarginStatus::ok);
        std::vector<BookRow> one{row};
        one[0].quantity = 1.0;
        one[0].entry = row.contract.price;
        for (std::size_t m = 0; m < grid.moves_count(); ++m) {
            const double want = test::book_value(one, grid.move(m)) - test::book_value(one, 0.0);
            EXPECT_NEAR(unit.cells[m * 3 + 1], want, 1e-13) << "move " << grid.move(m);
        }
        const double step = 1e-5;
        const double slope = (test::book_value(one, step) - test::book_value(one, -step)) / (2.0 * step);
        EXPECT_NEAR(unit.relative_delta, slope, 2e-6);
    }
}

// At a root, equity is maintenance to 1e-9 of equity, and the account is safe on the near side of it.
TEST_F(MarginPropertyTest, EquityEqualsMaintenanceAtTheRoot) {
    std::mt19937_64 random{kSeed + 3};
    const LiquidationAxis axis{.moves = account_.liquidation_moves, .tolerance = 1e-15};
    std::size_t found = 0;
    for (int round = 0; round < 300; ++round) {
        const std::vector<BookRow> book = test::random_book(random, 20);
        const bool portfolio = round % 3 == 0;
        // The venue rounds the worst case; a rounded function has no root to 1e-9.
        const DeribitPortfolioParameters exact{.maintenance_ratio = deribit_.portfolio.maintenance_ratio};
        const auto maintenance = [&](double move) {
            return portfolio ? test::portfolio_margin(book, move, btc_, exact).margin.maintenance
                             : test::standard_margin(book, move, future_, option_).maintenance;
        };
        const double cash = 2.0 * maintenance(0.0) - test::book_value(book, 0.0);  // ratio 2 at the start
        const auto equity = [&](double move) { return cash + test::book_value(book, move); };
        const auto gap = [&](double move) { return equity(move) - maintenance(move); };
        const LiquidationMoves moves = liquidation_moves(gap, axis);
        for (const LiquidationMove& side : {moves.down, moves.up}) {
            ASSERT_NE(side.status, RootStatus::unknown);
            if (side.status != RootStatus::found) continue;
            ++found;
            EXPECT_LE(std::abs(gap(side.move)), 1e-9 * std::abs(equity(side.move)))
                << "seed " << kSeed + 3 << " round " << round << " move " << side.move;
            EXPECT_GT(gap(side.move * (1.0 - 1e-6)), 0.0) << "round " << round;
        }
    }
    EXPECT_GT(found, 200U);
}

// One linear position in tiers: the closed form and the search agree, and more cash is never nearer.
TEST_F(MarginPropertyTest, ClosedFormEqualsTheSearch) {
    std::mt19937_64 random{kSeed + 4};
    TierTable table;
    ASSERT_EQ(table.assign(test::binance_tables().tiers.at("BTCUSDT"), 1e-9), TierProblem::none);
    std::vector<double> nodes;
    for (int i = -99; i <= 400; ++i) nodes.push_back(i / 100.0);
    const LiquidationAxis axis{.moves = nodes, .tolerance = 1e-15};
    std::size_t found = 0;
    for (int round = 0; round < 2'000; ++round) {
        const double size = std::pow(10.0, uniform(random, -2.0, 4.0)) * (random() % 2 == 0 ? 1.0 : -1.0);
        const double entry = uniform(random, 20'000.0, 120'000.0);
        const double notional = std::abs(size) * entry;
        CrossPosition position{.wallet = notional * uniform(random, 0.3, 0.9), .amount = size, .entry = entry};
        const LiquidationPrice price = cross_linear_liquidation(position, table);
        const auto gap = [&](double move) {
            const double mark = entry * (1.0 + move);
            const MarginAmount margin = tiered_margin({.tiers = &table, .notional = size * mark, .leverage = 1.0});
            return position.wallet + size * (mark - entry) - margin.maintenance;
        };
        if (gap(0.0) <= 0.0) continue;
        const LiquidationMoves moves = liquidation_moves(gap, axis);
        const LiquidationMove& side = size > 0.0 ? moves.down : moves.up;
        if (side.status == RootStatus::found) {
            ++found;
            ASSERT_EQ(price.status, LiquidationStatus::found) << "round " << round;
            EXPECT_NEAR(price.price, entry * (1.0 + side.move), 1e-9 * entry) << "round " << round;
        }
        position.wallet *= 1.01;
        const LiquidationPrice richer = cross_linear_liquidation(position, table);
        EXPECT_TRUE(size > 0.0 ? richer.price <= price.price : richer.price >= price.price) << "round " << round;
    }
    EXPECT_GT(found, 1'000U);
}

// Coin tiers: at the price of the inverse closed form, equity is maintenance.
TEST_F(MarginPropertyTest, InverseClosedFormBalances) {
    std::mt19937_64 random{kSeed + 5};
    const std::array tiers{MarginTier{.cap = 5.0, .maintenance_rate = 0.004, .deduction = 0.0},
                           MarginTier{.cap = 50.0, .maintenance_rate = 0.01, .deduction = 0.03},
                           MarginTier{.cap = 500.0, .maintenance_rate = 0.05, .deduction = 2.03}};
    TierTable table;
    ASSERT_EQ(table.assign(tiers, 1e-12), TierProblem::none);
    std::size_t found = 0;
    for (int round = 0; round < 5'000; ++round) {
        const double size = std::pow(10.0, uniform(random, 3.0, 7.0)) * (random() % 2 == 0 ? 1.0 : -1.0);
        const double entry = uniform(random, 20'000.0, 120'000.0);
        const CrossPosition position{
            .wallet = std::abs(size) / entry * uniform(random, 0.1, 1.5), .amount = size, .entry = entry};
        const LiquidationPrice got = cross_inverse_liquidation(position, table);
        ASSERT_NE(got.status, LiquidationStatus::bad_input);
        if (got.status == LiquidationStatus::none) continue;
        ++found;
        const double equity = position.wallet + size * (1.0 / entry - 1.0 / got.price);
        const double notional = std::abs(size) / got.price;
        const double maintenance = tiered_margin({.tiers = &table, .notional = notional, .leverage = 1.0}).maintenance;
        EXPECT_NEAR(equity, maintenance, 1e-11 * (1.0 + notional)) << "round " << round;
    }
    EXPECT_GT(found, 2'000U);
}

// More of the same never asks for less, and initial is never below maintenance.
TEST_F(MarginPropertyTest, MarginsRiseWithTheirPosition) {
    std::mt19937_64 random{kSeed + 6};
    const BybitOptionMargin bybit = test::bybit_tables().option;
    for (int round = 0; round < 2'000; ++round) {
        const OptionType type = random() % 2 == 0 ? OptionType::call : OptionType::put;
        const double strike = uniform(random, 30e3, 120e3);
        const double mark = uniform(random, 0.0, 0.5);
        const double quantity = uniform(random, -50.0, 0.0);
        const auto deribit = [&](double q) {
            return deribit_option_margin(
                {.type = type, .quantity = q, .underlying = test::kSpot, .strike = strike, .mark = mark}, option_);
        };
        const auto usdc = [&](double q) {
            return bybit_option_margin({.type = type,
                                        .quantity = q,
                                        .index = test::kSpot,
                                        .strike = strike,
                                        .entry = 0.9 * mark * test::kSpot,
                                        .mark = mark * test::kSpot},
                                       bybit);
        };
        const auto check = [&](auto&& margin) {
            const MarginAmount less = margin(quantity);
            const MarginAmount more = margin(1.1 * quantity);
            EXPECT_GE(more.initial, less.initial) << "round " << round;
            EXPECT_GE(more.maintenance, less.maintenance) << "round " << round;
            EXPECT_GE(less.initial, less.maintenance) << "round " << round;
            EXPECT_EQ(margin(-quantity).initial, 0.0) << "round " << round;
        };
        check(deribit);
        check(usdc);
    }
}

// The matrix's requirement is homogeneous: twice the book asks for twice the standard part and the roll.
TEST_F(MarginPropertyTest, StandardTableAndRollAreHomogeneous) {
    std::mt19937_64 random{kSeed + 7};
    btc_.extended_count = 0;  // the dampener is a fixed amount: not homogeneous
    const DeribitPortfolioParameters exact{.maintenance_ratio = deribit_.portfolio.maintenance_ratio};
    for (int round = 0; round < 100; ++round) {
        std::vector<BookRow> book = test::random_book(random, 15);
        const DeribitPortfolioMargin once = test::portfolio_margin(book, 0.0, btc_, exact);
        for (BookRow& row : book) row.quantity *= 2.0;
        const DeribitPortfolioMargin twice = test::portfolio_margin(book, 0.0, btc_, exact);
        EXPECT_NEAR(twice.worst_case, 2.0 * once.worst_case, 1e-12 * (1.0 + twice.worst_case));
        EXPECT_NEAR(twice.roll_shock, 2.0 * once.roll_shock, 1e-12 * (1.0 + twice.roll_shock));
    }
}

}  // namespace
}  // namespace keel::risk
