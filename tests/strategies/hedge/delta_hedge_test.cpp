#include "strategies/hedge/delta_hedge.hpp"

#include "tests/strategies/hedge/scripted_market.hpp"

namespace keel::strategies {
namespace {

using test::ScriptedMarket;

struct Decided {
    DecisionRecord record;
    HedgeTrades trades;
};

Decided decide(ScriptedMarket& market, HedgeDepth depth, const HedgeConfig& config = {}) {
    DeltaHedge hedge{config, market.table_};
    HedgeView seen = market.risk_.hedge;
    const CoreView view = market.view();
    hedge.list_instruments(market.underlying_, view.now, seen);
    read_hedge(market.risk_, market.underlying_, view, seen);
    Decided out;
    hedge.decide(seen, depth, 1.0, view, out.record, out.trades);
    return out;
}

TEST(DeltaHedgeTest, TradesNothingInsideTheBandAndSaysSo) {
    ScriptedMarket market{2};
    market.book(0, 2, 1'000);
    market.book(1, 4, 1'000);
    market.risk_.hedge.delta_coin = 0.05;
    const Decided decided = decide(market, HedgeDepth::edge);
    EXPECT_EQ(decided.record.outcome, DecisionOutcome::no_trade_band);
    EXPECT_EQ(decided.record.binding, Binding::band);
    EXPECT_TRUE(decided.trades.empty());
    EXPECT_GT(decided.record.band_high.value(), 0.05);
}

TEST(DeltaHedgeTest, SoftGoesToTheEdgeWithTheCheapestAndShowsBothCosts) {
    ScriptedMarket market{2};
    market.book(0, 40, 1'000);  // the perpetual is dearer now
    market.book(1, 2, 1'000);
    market.risk_.hedge.delta_coin = 3.0;
    const Decided decided = decide(market, HedgeDepth::edge);
    ASSERT_EQ(decided.record.outcome, DecisionOutcome::traded);
    EXPECT_EQ(decided.record.status, SolveStatus::optimal);
    ASSERT_EQ(decided.trades.size(), 1U);
    EXPECT_EQ(decided.trades[0].instrument, market.ids_[1]);
    EXPECT_EQ(decided.trades[0].side, Side::ask);
    const double band = decided.record.band_high.value();
    EXPECT_EQ(decided.trades[0].quantity.count(), static_cast<std::int64_t>(std::ceil((3.0 - band) / 0.01 - 1e-9)));
    ASSERT_EQ(decided.record.candidates_count, 2);
    const CandidateRecord& perpetual = decided.record.candidates[0];
    const CandidateRecord& future = decided.record.candidates[1];
    EXPECT_EQ(perpetual.chosen.count(), 0);
    EXPECT_GT(perpetual.unit_cost_usd.value(), future.unit_cost_usd.value());
    EXPECT_GT(perpetual.cost_alone_usd.value(), future.cost_alone_usd.value());
    EXPECT_DOUBLE_EQ(future.chosen_cost_usd.value(), decided.record.cost_usd.value());
}

TEST(DeltaHedgeTest, HardGoesToTheCentre) {
    ScriptedMarket market{1};
    market.book(0, 2, 1'000);
    market.risk_.hedge.delta_coin = -3.004;
    const Decided decided = decide(market, HedgeDepth::centre);
    ASSERT_EQ(decided.trades.size(), 1U);
    EXPECT_EQ(decided.trades[0].side, Side::bid);
    EXPECT_EQ(decided.trades[0].quantity.count(), 300);
}

TEST(DeltaHedgeTest, AimsAtTheTarget) {
    ScriptedMarket market{1};
    market.book(0, 2, 1'000);
    market.risk_.hedge.delta_coin = 3.0;
    HedgeConfig config;
    ASSERT_TRUE(config.targets.push({market.underlying_, 3.1}));
    EXPECT_EQ(decide(market, HedgeDepth::edge, config).record.outcome, DecisionOutcome::no_trade_band);
    market.risk_.hedge.delta_coin = 0.0;
    const Decided decided = decide(market, HedgeDepth::centre, config);
    ASSERT_EQ(decided.trades.size(), 1U);
    EXPECT_EQ(decided.trades[0].quantity.count(), 310);
    EXPECT_EQ(decided.trades[0].side, Side::bid);
}

TEST(DeltaHedgeTest, SplitsOverInstrumentsWhereDepthEnds) {
    ScriptedMarket market{2};
    market.book(0, 2, 100, 2);  // 100 lots may be taken
    market.book(1, 6, 1'000);
    market.risk_.hedge.delta_coin = 3.0;
    const Decided decided = decide(market, HedgeDepth::centre);
    ASSERT_EQ(decided.trades.size(), 2U);
    EXPECT_EQ(decided.trades[0].quantity.count() + decided.trades[1].quantity.count(), 300);
    EXPECT_EQ(decided.record.candidates[0].binding, Binding::depth);
}

TEST(DeltaHedgeTest, NamesWhatIsInTheWay) {
    ScriptedMarket market{1};
    market.risk_.hedge.delta_coin = 30.0;
    EXPECT_EQ(decide(market, HedgeDepth::edge).record.binding, Binding::no_candidate);  // no book
    EXPECT_EQ(decide(market, HedgeDepth::edge).record.outcome, DecisionOutcome::infeasible);
    market.book(0, 2, 100);
    Decided decided = decide(market, HedgeDepth::edge);
    EXPECT_EQ(decided.record.status, SolveStatus::infeasible);
    EXPECT_EQ(decided.record.binding, Binding::depth);
    EXPECT_EQ(decided.record.outcome, DecisionOutcome::traded);  // as far as it goes
    market.book(0, 2, 100'000);
    HedgeConfig config;
    config.order_notional_max_usd = 60'000.0;
    decided = decide(market, HedgeDepth::edge, config);
    EXPECT_EQ(decided.record.binding, Binding::order_size);
    EXPECT_EQ(decided.trades[0].quantity.count(), 100);
    config = {};
    config.position_notional_max_usd = 30'000.0;
    decided = decide(market, HedgeDepth::edge, config);
    EXPECT_EQ(decided.record.binding, Binding::position);
    EXPECT_EQ(decided.trades[0].quantity.count(), 50);
}

TEST(DeltaHedgeTest, OnlyShrinksHoldingsWhereLeverageIsHard) {
    ScriptedMarket market{2};
    market.book(0, 2, 10'000);
    market.book(1, 8, 10'000);
    market.risk_.hedge.delta_coin = 5.0;
    market.risk_.hedge.reduce_only = true;
    market.risk_.instruments[market.ids_[1]].position = Quantity{120};
    const Decided decided = decide(market, HedgeDepth::edge);
    ASSERT_EQ(decided.trades.size(), 1U);
    EXPECT_EQ(decided.trades[0].instrument, market.ids_[1]);
    EXPECT_EQ(decided.trades[0].quantity.count(), 120);
    EXPECT_EQ(decided.record.binding, Binding::position);
}

TEST(DeltaHedgeTest, DecidesNothingOnUnknownRisk) {
    ScriptedMarket market{1};
    market.book(0, 2, 1'000);
    market.risk_.hedge.delta_coin = 30.0;
    market.risk_.hedge.valid = false;
    const Decided decided = decide(market, HedgeDepth::edge);
    EXPECT_EQ(decided.record.outcome, DecisionOutcome::blocked);
    EXPECT_TRUE(decided.trades.empty());
}

TEST(DeltaHedgeTest, LeavesExpiringFuturesOut) {
    ScriptedMarket market{2};
    DeltaHedge hedge{HedgeConfig{}, market.table_};
    HedgeView seen;
    hedge.list_instruments(market.underlying_, market.now_, seen);
    EXPECT_EQ(seen.instruments.size(), 2U);
    EXPECT_EQ(seen.instruments[0].instrument, market.ids_[0]);
    hedge.list_instruments(market.underlying_, market.table_[market.ids_[1]].expiry + std::chrono::minutes{-5}, seen);
    EXPECT_EQ(seen.instruments.size(), 1U);
}

}  // namespace
}  // namespace keel::strategies
