#include "strategies/rebalancer.hpp"

#include "strategies/hedge/risk_reading.hpp"
#include "tests/strategies/hedge/scripted_market.hpp"

namespace keel::strategies {
namespace {

using std::chrono::milliseconds;
using test::ScriptedMarket;

static_assert(Strategy<Rebalancer, risk::RiskEngine>);

std::uint64_t hash_of(const Rebalancer& rebalancer) {
    StateHash hash;
    rebalancer.hash_into(hash);
    return hash.digest();
}

TEST(RebalancerTest, SaysNothingWithoutATrigger) {
    ScriptedMarket market{1};
    market.book(0, 2, 1'000);
    market.risk_.hedge.delta_coin = 50.0;
    Rebalancer rebalancer{HedgeConfig{}, market.table_};
    const StrategyOutput& out = market.react(rebalancer);
    EXPECT_TRUE(out.decisions.empty());
    EXPECT_TRUE(out.intents.empty());
}

TEST(RebalancerTest, RecordsWhyItDidNotTrade) {
    ScriptedMarket market{1};
    market.book(0, 2, 1'000);
    market.risk_.hedge.delta_coin = 0.01;
    Rebalancer rebalancer{HedgeConfig{}, market.table_};
    const FiredTrigger vol = market.trigger(Metric::realised_vol, TriggerSignal::soft);
    const StrategyOutput& out = market.react(rebalancer, {&vol, 1});
    ASSERT_EQ(out.decisions.size(), 1U);
    EXPECT_EQ(out.decisions[0].outcome, DecisionOutcome::no_trade_band);
    EXPECT_EQ(out.decisions[0].trigger.metric, Metric::realised_vol);
    EXPECT_TRUE(out.intents.empty());
}

TEST(RebalancerTest, VolatilityThatRisesNarrowsTheBandAndTrades) {
    ScriptedMarket market{1};
    market.book(0, 2, 10'000);
    market.risk_.hedge.soft_distance_coin = std::numeric_limits<double>::infinity();
    HedgeConfig config;
    config.delta_risk_limit_usd = 100.0;
    market.risk_.hedge.delta_coin = 0.2;
    Rebalancer rebalancer{config, market.table_};
    const FiredTrigger vol = market.trigger(Metric::implied_vol_change, TriggerSignal::soft);
    EXPECT_EQ(market.react(rebalancer, {&vol, 1}).decisions[0].outcome, DecisionOutcome::no_trade_band);
    market.advance(milliseconds{1'000});
    market.book(0, 2, 10'000);
    market.risk_.hedge.implied_vol = 2.0;
    const StrategyOutput& out = market.react(rebalancer, {&vol, 1});
    EXPECT_EQ(out.decisions[0].outcome, DecisionOutcome::traded);
    EXPECT_EQ(out.intents.size(), 1U);
    EXPECT_DOUBLE_EQ(out.decisions[0].after[0].value(), 123.0);  // as risk said
}

TEST(RebalancerTest, WhatDeltaOneCannotCureIsBlockedAndShown) {
    ScriptedMarket market{1};
    market.book(0, 2, 1'000);
    Rebalancer rebalancer{HedgeConfig{}, market.table_};
    FiredTrigger leverage = market.trigger(Metric::leverage_gross, TriggerSignal::hard);
    leverage.underlying = UnderlyingId::none;
    const std::array fired{market.trigger(Metric::gamma_1pct_usd, TriggerSignal::soft),
                           market.trigger(Metric::vega_usd, TriggerSignal::hard), leverage};
    const StrategyOutput& out = market.react(rebalancer, fired);
    ASSERT_EQ(out.decisions.size(), 3U);
    for (const DecisionRecord& record : out.decisions) EXPECT_EQ(record.outcome, DecisionOutcome::blocked);
    EXPECT_EQ(static_cast<std::uint64_t>(out.decisions[2].id), 3U);
    EXPECT_TRUE(out.intents.empty());
}

TEST(RebalancerTest, OneSolveForTriggersThatFireTogether) {
    ScriptedMarket market{1};
    market.book(0, 2, 1'000);
    market.risk_.hedge.delta_coin = 4.0;
    Rebalancer rebalancer{HedgeConfig{}, market.table_};
    const std::array fired{market.trigger(Metric::net_delta, TriggerSignal::hard),
                           market.trigger(Metric::realised_vol, TriggerSignal::soft)};
    const StrategyOutput& out = market.react(rebalancer, fired);
    EXPECT_EQ(out.decisions.size(), 2U);
    ASSERT_EQ(out.intents.size(), 1U);
    EXPECT_EQ(out.intents[0].quantity.count(), 400);
}

TEST(RebalancerTest, DoesNotHedgeTwiceWhatIsInFlight) {
    ScriptedMarket market{1};
    market.book(0, 2, 1'000);
    market.risk_.hedge.delta_coin = 4.0;
    Rebalancer rebalancer{HedgeConfig{}, market.table_};
    const FiredTrigger hard = market.trigger(Metric::net_delta, TriggerSignal::hard);
    EXPECT_EQ(market.react(rebalancer, {&hard, 1}).intents.size(), 1U);
    market.advance(milliseconds{100});
    const StrategyOutput& soon = market.react(rebalancer, {&hard, 1});
    ASSERT_EQ(soon.decisions.size(), 1U);
    EXPECT_EQ(soon.decisions[0].outcome, DecisionOutcome::in_flight);
    market.advance(milliseconds{1'000});
    market.book(0, 2, 1'000);
    const StrategyOutput& later = market.react(rebalancer, {&hard, 1});
    ASSERT_EQ(later.decisions.size(), 1U);
    EXPECT_EQ(later.decisions[0].outcome, DecisionOutcome::no_trade_band);  // counted as filled
    EXPECT_TRUE(later.intents.empty());
}

TEST(RebalancerTest, KeepsWatchAfterAHedgeWithoutWaitingForTheTrigger) {
    ScriptedMarket market{1};
    market.book(0, 2, 1'000);
    market.risk_.hedge.delta_coin = 4.0;
    HedgeConfig config;
    Rebalancer rebalancer{config, market.table_};
    const FiredTrigger hard = market.trigger(Metric::net_delta, TriggerSignal::hard);
    market.react(rebalancer, {&hard, 1});
    market.report(rebalancer, EventKind::fill, market.opened_.at(0), 400);
    market.advance(config.settle_time);
    market.book(0, 2, 1'000);
    EXPECT_TRUE(market.react(rebalancer).decisions.empty());
    market.risk_.hedge.delta_coin = 2.0;  // the market moved on
    market.advance(config.settle_time);
    const StrategyOutput& out = market.react(rebalancer);
    ASSERT_EQ(out.decisions.size(), 1U);
    EXPECT_EQ(out.decisions[0].outcome, DecisionOutcome::traded);
    EXPECT_EQ(out.intents.size(), 1U);
}

// No settle time, and a link that hands every order back unsent without the clock moving on.
TEST(RebalancerTest, SolvesABoundedNumberOfTimesWithinOneInstant) {
    ScriptedMarket market{1};
    market.book(0, 2, 1'000);
    market.risk_.hedge.delta_coin = 4.0;
    HedgeConfig config;
    config.settle_time = milliseconds{0};
    config.retry_after = milliseconds{1};
    Rebalancer rebalancer{config, market.table_};
    const FiredTrigger hard = market.trigger(Metric::net_delta, TriggerSignal::hard);
    std::size_t sent = market.react(rebalancer, {&hard, 1}).intents.size();
    ASSERT_EQ(sent, 1U);
    constexpr int kTurns = 100;
    for (int turn = 0; turn < kTurns && !market.opened_.empty(); ++turn)
        sent += market.report(rebalancer, EventKind::order_not_sent, market.opened_.back()).intents.size();
    EXPECT_EQ(sent, kSolvesPerInstantMax);
    EXPECT_EQ(rebalancer.counts().traded, kSolvesPerInstantMax);
    EXPECT_GE(rebalancer.counts().solves_deferred, 1U);

    // A trigger at the bound is recorded; the next instant solves again, without waiting for another one.
    const StrategyOutput& full = market.react(rebalancer, {&hard, 1});
    ASSERT_EQ(full.decisions.size(), 1U);
    EXPECT_EQ(full.decisions[0].outcome, DecisionOutcome::in_flight);
    EXPECT_TRUE(full.intents.empty());
    market.advance(milliseconds{1});
    EXPECT_EQ(market.react(rebalancer).intents.size(), 1U);
}

TEST(RebalancerTest, DoesNotFollowAHedgeWithDust) {
    ScriptedMarket market{1};
    market.book(0, 2, 10'000);
    market.risk_.hedge.delta_coin = 4.0;
    HedgeConfig config;
    Rebalancer rebalancer{config, market.table_};
    const FiredTrigger soft = market.trigger(Metric::net_delta, TriggerSignal::soft);
    const StrategyOutput& first = market.react(rebalancer, {&soft, 1});
    const double edge = first.decisions[0].band_high.value();
    market.report(rebalancer, EventKind::fill, market.opened_.at(0), first.intents[0].quantity.count());
    market.risk_.hedge.delta_coin = edge + 0.01;  // one lot outside again
    market.advance(milliseconds{1'000});
    market.book(0, 2, 10'000);
    EXPECT_TRUE(market.react(rebalancer).decisions.empty());
    market.risk_.hedge.delta_coin = edge * 1.1;
    market.advance(milliseconds{1'000});
    market.book(0, 2, 10'000);
    EXPECT_EQ(market.react(rebalancer).intents.size(), 1U);
}

TEST(RebalancerTest, ObserveDecidesAndSendsNothing) {
    ScriptedMarket market{1};
    market.book(0, 2, 1'000);
    market.risk_.hedge.delta_coin = 4.0;
    HedgeConfig config;
    config.send_orders = false;
    Rebalancer rebalancer{config, market.table_};
    const FiredTrigger hard = market.trigger(Metric::net_delta, TriggerSignal::hard);
    const StrategyOutput& out = market.react(rebalancer, {&hard, 1});
    ASSERT_EQ(out.decisions.size(), 1U);
    EXPECT_EQ(out.decisions[0].outcome, DecisionOutcome::observed);
    EXPECT_EQ(out.decisions[0].candidates[0].chosen.count(), 400);
    EXPECT_TRUE(out.intents.empty());
}

TEST(RebalancerTest, EqualHistoriesHashEqually) {
    const auto run = [](bool differently) {
        ScriptedMarket market{1};
        market.book(0, 2, 1'000);
        market.risk_.hedge.delta_coin = differently ? 4.5 : 4.0;
        Rebalancer rebalancer{HedgeConfig{}, market.table_};
        const FiredTrigger hard = market.trigger(Metric::net_delta, TriggerSignal::hard);
        market.react(rebalancer, {&hard, 1});
        return hash_of(rebalancer);
    };
    EXPECT_EQ(run(false), run(false));
    EXPECT_NE(run(false), run(true));
}

}  // namespace
}  // namespace keel::strategies
