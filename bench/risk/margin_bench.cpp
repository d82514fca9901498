#include <benchmark/benchmark.h>

#include <random>

#include "risk/margin/deribit_portfolio.hpp"
#include "risk/margin/liquidation_search.hpp"
#include "risk/margin/liquidation_tracker.hpp"
#include "risk/margin/matrix_chain.hpp"
#include "tests/risk/margin/margin_tables.hpp"
#include "tests/risk/margin/random_books.hpp"

namespace keel::risk {
namespace {

using test::BookRow;

constexpr std::size_t kOptions = 200;

// Two hundred options and nothing else, the size that the budgets are stated for.
std::vector<BookRow> option_book() {
    std::mt19937_64 random{5};
    std::vector<BookRow> book;
    while (book.size() < kOptions) {
        for (const BookRow& row : test::random_book(random, kOptions)) {
            if (row.contract.type != OptionType::none && book.size() < kOptions) book.push_back(row);
        }
    }
    return book;
}

struct Loaded {
    test::DeribitTables tables = test::deribit_tables();
    std::vector<BookRow> book = option_book();
    DeribitRiskMatrix matrix{tables.matrices.at("btc_usd"), Payoff::inverse};
    std::vector<UnitCells> units;

    Loaded() {
        (void)matrix.set_index(test::kSpot);
        for (const BookRow& row : book) {
            units.push_back(matrix.grid().unit_cells(row.contract));
            (void)matrix.set_expiry(row.contract.expiry, row.contract.years);
            (void)matrix.add(row.quantity, units.back());
        }
    }
};

// The gate's question: initial margin after one more trade.
void MarginWhatIfUnitCells(benchmark::State& state) {
    const Loaded loaded;
    std::size_t at = 0;
    for (auto _ : state) {
        const std::array trades{MatrixTrade{.quantity = 0.1, .unit = &loaded.units[at]}};
        at = (at + 1) % kOptions;
        benchmark::DoNotOptimize(loaded.matrix.margin_after(trades, loaded.tables.portfolio, {}));
    }
}
BENCHMARK(MarginWhatIfUnitCells);

// A fill: cells of one contract into the running sums.
void MarginAddUnitCells(benchmark::State& state) {
    Loaded loaded;
    std::size_t at = 0;
    double quantity = 0.1;
    for (auto _ : state) {
        benchmark::DoNotOptimize(loaded.matrix.add(quantity, loaded.units[at]));
        at = (at + 1) % kOptions;
        quantity = -quantity;
    }
}
BENCHMARK(MarginAddUnitCells);

void MarginCellsOfOneOption(benchmark::State& state) {
    const Loaded loaded;
    std::size_t at = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(loaded.matrix.grid().unit_cells(loaded.book[at].contract));
        at = (at + 1) % kOptions;
    }
}
BENCHMARK(MarginCellsOfOneOption);

// The options of that book as one expiry of eighty days.
void MarginCellsOfAChain(benchmark::State& state) {
    const Loaded loaded;
    MatrixChain chain;
    for (const BookRow& row : loaded.book) chain.add(row.quantity, row.contract);
    double price = test::kSpot;
    for (auto _ : state) {
        price = price > 70e3 ? test::kSpot : price + 100.0;
        benchmark::DoNotOptimize(loaded.matrix.grid().chain_cells(chain, {.price = price, .years = 80.0 / 365.0}));
    }
    state.counters["per_option"] =
        benchmark::Counter(kOptions, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(MarginCellsOfAChain);

// Everything anew: 35 revaluations of each of 200 options, and the margin.
void MarginFullCells200(benchmark::State& state) {
    const Loaded loaded;
    for (auto _ : state) {
        benchmark::DoNotOptimize(
            test::portfolio_margin(loaded.book, 0.0, loaded.tables.matrices.at("btc_usd"), loaded.tables.portfolio));
    }
}
BENCHMARK(MarginFullCells200)->Unit(benchmark::kMicrosecond);

// Both liquidation prices of that book, every evaluation a full revaluation of equity and standard margin.
void MarginLiquidationRootStandard200(benchmark::State& state) {
    const Loaded loaded;
    const test::AccountTables account = test::account_tables();
    const LiquidationAxis axis{.moves = account.liquidation_moves, .tolerance = account.liquidation_tolerance};
    const auto maintenance = [&](double move) {
        return test::standard_margin(loaded.book, move, loaded.tables.futures.at("BTC"),
                                     loaded.tables.options.at("BTC"))
            .maintenance;
    };
    const double cash = 2.0 * maintenance(0.0) - test::book_value(loaded.book, 0.0);
    const auto gap = [&](double move) { return cash + test::book_value(loaded.book, move) - maintenance(move); };
    for (auto _ : state) benchmark::DoNotOptimize(liquidation_moves(gap, axis));
}
BENCHMARK(MarginLiquidationRootStandard200)->Unit(benchmark::kMicrosecond);

// The same under portfolio margin: a matrix rebuilt at every evaluation.
void MarginLiquidationRootMatrix200(benchmark::State& state) {
    const Loaded loaded;
    const test::AccountTables account = test::account_tables();
    const LiquidationAxis axis{.moves = account.liquidation_moves, .tolerance = account.liquidation_tolerance};
    const auto maintenance = [&](double move) {
        return test::portfolio_margin(loaded.book, move, loaded.tables.matrices.at("btc_usd"), loaded.tables.portfolio)
            .margin.maintenance;
    };
    const double cash = 2.0 * maintenance(0.0) - test::book_value(loaded.book, 0.0);
    const auto gap = [&](double move) { return cash + test::book_value(loaded.book, move) - maintenance(move); };
    for (auto _ : state) benchmark::DoNotOptimize(liquidation_moves(gap, axis));
}
BENCHMARK(MarginLiquidationRootMatrix200)->Unit(benchmark::kMicrosecond);

// The search itself, on a function that costs nothing.
void MarginLiquidationSearchAlone(benchmark::State& state) {
    const test::AccountTables account = test::account_tables();
    const LiquidationAxis axis{.moves = account.liquidation_moves, .tolerance = account.liquidation_tolerance};
    double slope = 4.0;
    for (auto _ : state) {
        slope = slope > 8.0 ? 4.0 : slope + 0.01;
        benchmark::DoNotOptimize(liquidation_moves([&](double x) { return 1.0 + slope * x + x * x; }, axis));
    }
}
BENCHMARK(MarginLiquidationSearchAlone);

// Between two solves: is one due, and how far is it now.
void MarginTrackerBetweenSolves(benchmark::State& state) {
    const test::AccountTables account = test::account_tables();
    const LiquidationAxis axis{.moves = account.liquidation_moves, .tolerance = account.liquidation_tolerance};
    LiquidationTracker tracker{account.tracker};
    const auto gap = [](double x) { return 1.0 + 4.0 * x; };
    tracker.update(2.0, 100.0, UnixNanos{1'000}, axis, gap);
    double spot = 100.0;
    for (auto _ : state) {
        spot = spot > 100.5 ? 99.5 : spot + 0.01;
        benchmark::DoNotOptimize(tracker.update(2.0, spot, UnixNanos{2'000}, axis, gap));
        benchmark::DoNotOptimize(tracker.down(spot, 0.03));
    }
}
BENCHMARK(MarginTrackerBetweenSolves);

}  // namespace
}  // namespace keel::risk
