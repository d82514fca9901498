#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "risk/exposure/concentration.hpp"
#include "risk/exposure/drawdown.hpp"
#include "risk/exposure/leverage.hpp"
#include "risk/liquidity/book_depth.hpp"
#include "risk/liquidity/impact.hpp"
#include "risk/liquidity/index_guard.hpp"
#include "risk/liquidity/liquidity_score.hpp"
#include "risk/liquidity/order_flow.hpp"
#include "risk/margin/account_margin.hpp"
#include "risk/margin/adl_rank.hpp"
#include "risk/margin/deribit_portfolio.hpp"
#include "risk/margin/deribit_standard.hpp"
#include "risk/margin/equity_drift.hpp"
#include "risk/margin/insurance_fund.hpp"
#include "risk/margin/liquidation_price.hpp"
#include "risk/margin/liquidation_tracker.hpp"
#include "risk/stress/stress_grid.hpp"
#include "tests/risk/margin/margin_tables.hpp"
#include "tests/risk/stress/stress_book.hpp"
#include "tests/support/allocation_counter.hpp"

// The measures of the live path that promise to take nothing from the heap once they are made: each is driven through
// all that it does between an event and a command, many times over.
namespace keel::risk {
namespace {

constexpr int kRounds = 2'000;

UnixNanos at_ms(int ms) { return unix_nanos_from_ms(1'767'225'600'000 + ms); }

// `steps` are rounds of what is measured; each says whether its answers were usable.
template <typename Steps>
void expect_nothing_taken(Steps&& steps) {
    const std::size_t before = allocations;
    bool good = true;
    for (int round = 0; round < kRounds && good; ++round) good = steps(round);
    EXPECT_EQ(allocations, before) << "taken from the heap";
    EXPECT_TRUE(good);
}

TEST(MeasuresAllocationTest, RiskMatrixAndItsWhatIf) {
    const test::DeribitTables tables = test::deribit_tables();
    DeribitRiskMatrix matrix{tables.matrices.at("btc_usd"), Payoff::inverse};
    DeribitRiskMatrix second = matrix;
    expect_nothing_taken([&](int round) {
        const double index = 60'000.0 + round;
        bool good = matrix.set_index(index) == MarginStatus::ok && second.set_index(index) == MarginStatus::ok &&
                    matrix.set_expiry(1, 0.1) == MarginStatus::ok;
        const UnitCells option = matrix.grid().unit_cells({.type = OptionType::call,
                                                           .price = index,
                                                           .strike = 65'000.0,
                                                           .years = 0.1,
                                                           .volatility = 0.6,
                                                           .expiry = 1});
        const UnitCells future = matrix.grid().unit_cells({.multiplier = 10.0, .price = index});
        good = good && matrix.add(-1.0, option) == MarginStatus::ok && second.add(5.0, future) == MarginStatus::ok;
        const std::array trades{MatrixTrade{.quantity = -2.0, .unit = &option},
                                MatrixTrade{.quantity = 100.0, .unit = &future}};
        const std::array<const DeribitRiskMatrix*, 2> pairs{&matrix, &second};
        good = good && matrix.margin(tables.portfolio, {}).margin.status == MarginStatus::ok;
        good = good && matrix.margin_after(trades, tables.portfolio, {.spot = 0.1}).margin.status == MarginStatus::ok;
        good = good && combined_margin(pairs, tables.portfolio, {}).margin.status == MarginStatus::ok;
        if (round % 100 == 99) matrix.clear();
        return good && std::isfinite(matrix.sums()[0] + matrix.adjusted()[0]);
    });
}

TEST(MeasuresAllocationTest, AccountMarginTrackerAndDeleveraging) {
    const test::AccountTables tables = test::account_tables();
    const test::DeribitTables deribit = test::deribit_tables();
    const LiquidationAxis axis{.moves = tables.liquidation_moves, .tolerance = tables.liquidation_tolerance};
    TierTable tiers;
    ASSERT_EQ(tiers.assign(test::binance_tables().tiers.at("BTCUSDT"), 1e-9), TierProblem::none);
    AccountMargin account{tables.margin};
    LiquidationTracker tracker{tables.tracker};
    InsuranceFundWatch fund{tables.insurance};
    EquityDrift drift{std::chrono::seconds{60}};
    std::size_t solved = 0;
    expect_nothing_taken([&](int round) {
        const UnixNanos now = at_ms(100 * round);
        const double equity = 1'000.0 + round % 50;
        account.on_equity(equity);
        account.on_model(finite_margin(200.0 + round % 7, 100.0));
        account.on_venue_report({.initial = 200.0, .maintenance = 101.0, .time = now});
        const AccountMarginState state = account.state(now);
        bool good = state.quality == kMarginGood || state.quality == kMarginDiffers;
        good = good && account.after_trade({.initial = 220.0, .maintenance = 110.0}, -1.0, now).ratio > 0.0;
        good = good && account.under_stress(800.0, {.initial = 220.0, .maintenance = 110.0}, now).ratio > 0.0;
        const double spot = 60'000.0 + 100.0 * (round % 100);
        solved += tracker.update(state.ratio, spot, now, axis, [](double x) { return 0.3 + x; }) ? 1U : 0U;
        good = good && !std::isnan(tracker.down(spot, 0.03).price) && !std::isnan(tracker.up(spot, 0.03).price);
        const CrossPosition position{.wallet = 10'000.0, .amount = 1.0, .entry = spot};
        good = good && cross_linear_liquidation(position, tiers).status == LiquidationStatus::found;
        good = good && tiered_margin({.tiers = &tiers, .notional = spot, .leverage = 10.0}).status == MarginStatus::ok;
        good = good && deribit_future_margin({.coins = 2.0, .mark = spot}, deribit.futures.at("BTC")).status ==
                           MarginStatus::ok;
        std::array accounts{AdlAccount{.id = 1, .quantity = 1.0, .score = 2.0},
                            AdlAccount{.id = 2, .quantity = 3.0, .score = 1.0}};
        std::array<AdlPlace, 2> places{};
        adl_rank(accounts, 2.0, places);
        fund.on_balance(1e6 - round, now);
        fund.on_liquidation(Side::bid, 1.0, spot, spot, now);
        drift.on_equity(equity, 0.0, now);
        return good && !std::isnan(fund.drop_hour_ratio(now)) && std::isfinite(drift.per_second());
    });
    EXPECT_GT(solved, 0U);
}

TEST(MeasuresAllocationTest, StressGrid) {
    const auto [book, market] = test::stress_book();
    StressGrid grid{market.expiries.size()};
    const Contract& contract = book.contracts[test::kShortCall];
    expect_nothing_taken([&](int round) {
        LinearStress linear;
        linear.add(book.contracts[test::kPerpetual], book.holdings[test::kPerpetual], market.quotes[test::kPerpetual],
                   1.0);
        StressCells unit;
        bool good = contract_cells(contract, market.quotes[test::kShortCall], market, unit);
        good = good && grid.replace_bucket(0, unit) && grid.add_to_bucket(0, unit, -2.0);
        grid.set_linear(linear);
        return good && !grid.stale() && std::isfinite(grid.read(50'000.0 + round).worst.pnl_usd);
    });
}

TEST(MeasuresAllocationTest, Liquidity) {
    OrderFlowImbalance flow;
    Vpin vpin{10.0, 8};
    DepthResiliency resiliency;
    KyleLambda kyle{0.9};
    JumpGuard guard{{}};
    PegAverage peg;
    expect_nothing_taken([&](int round) {
        const UnixNanos now = at_ms(10 * round);
        const double mid = 60'000.0 + round % 10;
        flow.on_top(now, {.bid_price = mid - 1.0, .bid_quantity = 1.0, .ask_price = mid + 1.0, .ask_quantity = 2.0});
        if (round % 500 == 499) flow.on_gap();
        vpin.on_trade(3.0, round % 3 == 0 ? 1 : -1);
        const std::array bids{DepthLevel{mid - 1.0, 1.0}, DepthLevel{mid - 2.0, 3.0}};
        const std::array asks{DepthLevel{mid + 1.0, 2.0}, DepthLevel{mid + 2.0, 4.0}};
        const VisibleBook book{bids, asks};
        const double depth = depth_within(book, Side::bid, 10.0);
        resiliency.on_depth(now, depth * (round % 90 < 10 ? 0.1 : 1.0));
        kyle.add(1.0 + round % 5, 0.5);
        guard.on_price(now, mid * (round % 200 == 0 ? 1.1 : 1.0), 1e-4, mid);
        peg.on_price(now, 0.999);
        const std::array sources{IndexSource{mid, now}, IndexSource{mid + 1.0, now}, IndexSource{mid - 1.0, now}};
        const std::array mids{mid, mid + 1.0};
        const std::array depths{3.0, 2.0};
        return std::isfinite(top_measures(book).weighted_mid) && std::isfinite(walk_book(book, Side::bid, 3.0).vwap) &&
               std::isfinite(cost_to_trade(book, Side::ask, 9.0, 0.03, 1e4)) && std::isfinite(flow.sum(2)) &&
               (!vpin.warm() || std::isfinite(vpin.value())) && std::isfinite(own_index(sources, now).price) &&
               std::isfinite(liquidity_score(depth, 4.0, 2.0, 2.0)) &&
               std::isfinite(fragmentation(mids, depths).depth_hhi) && peg.verdict() != Verdict::unknown;
    });
    EXPECT_TRUE(vpin.warm());
    EXPECT_GT(guard.jumps(), 0U);
}

TEST(MeasuresAllocationTest, Exposure) {
    ConcentrationState shares{6};
    Drawdown drawdown;
    EquityPeak peak;
    const std::array parts{1.0, 2.0, -1.0, 4.0};
    expect_nothing_taken([&](int round) {
        bool good = shares.set(static_cast<std::size_t>(round) % 6, 1.0 + round % 11);
        good = good && std::isfinite(shares.hhi()) && std::isfinite(shares.read().top3);
        good = good && std::isfinite(concentration(parts).effective_bets);
        const double equity = 1'000.0 + round % 100;
        drawdown.on_equity(at_ms(60'000 * round), equity);
        if (round % 10 == 0) drawdown.on_flow(10.0, equity);
        peak.on_equity(equity);
        peak.on_flow(5.0, equity);
        return good && std::isfinite(drawdown.drawdown() + drawdown.drawdown_day() + drawdown.loss_5m()) &&
               std::isfinite(peak.value(equity)) &&
               std::isfinite(leverage({.equity_usd = equity, .gross_notional_usd = 5'000.0}).gross);
    });
}

// One word taken in one round of many is found, an aligned one too.
TEST(MeasuresAllocationTest, APlantedAllocationFails) {
    EXPECT_NONFATAL_FAILURE(expect_nothing_taken([](int round) {
                                constexpr std::align_val_t kLine{64};
                                if (round == 1) ::operator delete(::operator new(sizeof(int), kLine), kLine);
                                return true;
                            }),
                            "taken from the heap");
    EXPECT_NONFATAL_FAILURE(expect_nothing_taken([](int round) {
                                if (round == kRounds / 2) ::operator delete(::operator new(sizeof(int)));
                                return true;
                            }),
                            "taken from the heap");
}

}  // namespace
}  // namespace keel::risk
