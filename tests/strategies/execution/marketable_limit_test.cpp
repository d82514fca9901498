#include "strategies/execution/marketable_limit.hpp"

#include <ranges>

#include "tests/strategies/hedge/scripted_market.hpp"

namespace keel::strategies {
namespace {

using std::chrono::milliseconds;
using test::ScriptedMarket;

// Drives the rebalancer's executor through a hedge of -2 coins: 115 to 200 lots of one perpetual.
class MarketableLimitTest : public ::testing::Test {
protected:
    MarketableLimitTest() {
        market_.book(0, 2, 1'000);
        market_.risk_.hedge.delta_coin = 4.0;
    }
    StrategyOutput& fire() {
        const FiredTrigger hard = market_.trigger(Metric::net_delta, TriggerSignal::hard);
        return market_.react(rebalancer_, {&hard, 1});
    }
    void later(milliseconds by) {
        market_.advance(by);
        market_.book(0, 2, 1'000);
    }

    ScriptedMarket market_{1};
    HedgeConfig config_;
    Rebalancer rebalancer_{config_, market_.table_};
};

TEST_F(MarketableLimitTest, CrossesTheTouchByTheConfiguredBasisPoints) {
    const StrategyOutput& out = fire();
    ASSERT_EQ(out.intents.size(), 1U);
    EXPECT_EQ(out.intents[0].side, Side::ask);
    EXPECT_EQ(out.intents[0].time_in_force, TimeInForce::immediate_or_cancel);
    EXPECT_EQ(out.intents[0].quantity.count(), 400);
    // 2 bps below 59,999 is 59,987.0002; a sell rounds up to the tick.
    EXPECT_EQ(out.intents[0].price.count(), 119'975);
    EXPECT_EQ(out.intents[0].decision, out.decisions[0].id);
}

TEST_F(MarketableLimitTest, GoesAsDeepAsTheVisibleBookNeeds) {
    market_.book(0, 2, 250, 5);  // 400 lots need the second level, 59,998
    const StrategyOutput& out = fire();
    ASSERT_EQ(out.intents.size(), 1U);
    EXPECT_EQ(out.intents[0].price.count(), static_cast<std::int64_t>(std::ceil(59'998.0 * 0.9998 * 2.0)));
}

TEST_F(MarketableLimitTest, NeverLeavesTheCollar) {
    // The touch lies 240 USD below the mark, the collar 300: 2 bps through the touch is inside, 11 are not.
    config_.cross_bps = 20.0;
    Rebalancer rebalancer{config_, market_.table_};
    for (HedgeInstrument& instrument : std::views::values(market_.risk_.instruments)) instrument.mark.mark = 60'239.0;
    const FiredTrigger hard = market_.trigger(Metric::net_delta, TriggerSignal::hard);
    const StrategyOutput& out = market_.react(rebalancer, {&hard, 1});
    ASSERT_EQ(out.intents.size(), 1U);
    EXPECT_EQ(out.intents[0].price.count(), static_cast<std::int64_t>(std::ceil(60'239.0 * 0.995 * 2.0)));
}

TEST_F(MarketableLimitTest, ObeysTheVenuesPriceBand) {
    for (HedgeInstrument& instrument : std::views::values(market_.risk_.instruments))
        instrument.mark.price_min = 59'995.0;
    const StrategyOutput& out = fire();
    ASSERT_EQ(out.intents.size(), 1U);
    EXPECT_EQ(out.intents[0].price.count(), 119'990);
}

TEST_F(MarketableLimitTest, PricesTheRestAgainUntilDone) {
    fire();
    const ClientOrderId first = market_.opened_.at(0);
    market_.report(rebalancer_, EventKind::order_acked, first);
    market_.report(rebalancer_, EventKind::fill, first, 150);
    later(milliseconds{1});
    const StrategyOutput& out = market_.report(rebalancer_, EventKind::order_expired, first);
    ASSERT_EQ(out.intents.size(), 1U);  // at once, because something was filled
    EXPECT_EQ(out.intents[0].quantity.count(), 250);
    const ClientOrderId second = market_.opened_.at(0);
    EXPECT_NE(second, first);
    market_.report(rebalancer_, EventKind::fill, second, 250);
    EXPECT_TRUE(rebalancer_.execution().empty());
    EXPECT_NEAR(market_.risk_.hedge.delta_coin, 0.0, 1e-9);
}

TEST_F(MarketableLimitTest, WaitsAfterAnOrderThatFilledNothing) {
    fire();
    const ClientOrderId first = market_.opened_.at(0);
    EXPECT_TRUE(market_.report(rebalancer_, EventKind::order_rejected, first).intents.empty());
    later(config_.retry_after - milliseconds{1});
    EXPECT_TRUE(market_.react(rebalancer_).intents.empty());
    later(milliseconds{1});
    EXPECT_EQ(market_.react(rebalancer_).intents.size(), 1U);
}

// Law 6: the exposure of an order whose fate is unknown stays, and nothing takes its place.
TEST_F(MarketableLimitTest, NeverSendsTheExposureOfAnUnknownOrderAgain) {
    fire();
    const ClientOrderId first = market_.opened_.at(0);
    market_.report(rebalancer_, EventKind::order_unknown, first);
    const FiredTrigger again = market_.trigger(Metric::net_delta, TriggerSignal::hard_repeat);
    for (int second = 0; second < 40; ++second) {
        later(milliseconds{1'000});
        const StrategyOutput& out = market_.react(rebalancer_, {&again, 1});
        for (const OrderIntent& intent : out.intents) EXPECT_NE(intent.kind, CommandKind::submit);
    }
    // Proven to have ended with nothing at last: the need is there again, and now it may be sent.
    market_.report(rebalancer_, EventKind::order_canceled, first);
    ASSERT_TRUE(is_terminal(market_.orders_.find(first)->state));
    std::int64_t sent = 0;
    for (int tick = 0; tick < 5 && sent == 0; ++tick) {
        later(milliseconds{1'000});
        for (const OrderIntent& intent : market_.react(rebalancer_, {&again, 1}).intents)
            sent += intent.quantity.count();
    }
    EXPECT_EQ(sent, 400);
}

TEST_F(MarketableLimitTest, GivesUpAfterItsAttempts) {
    market_.refuse_ = true;  // the gate lets nothing through
    fire();
    std::size_t sent = 1;
    for (int tick = 0; tick < 500; ++tick) {
        later(milliseconds{10});
        sent += market_.react(rebalancer_).intents.size();
        if (rebalancer_.execution().empty()) break;
    }
    EXPECT_LE(sent, config_.attempts_max * 20U);
    EXPECT_GE(sent, config_.attempts_max);
}

TEST(MarketableLimitRestingTest, CancelsARestingOrderAndPricesItAgain) {
    ScriptedMarket market{1};
    market.book(0, 2, 1'000);
    market.risk_.hedge.delta_coin = 4.0;
    HedgeConfig config;
    config.time_in_force = TimeInForce::good_til_cancelled;
    Rebalancer rebalancer{config, market.table_};
    const FiredTrigger hard = market.trigger(Metric::net_delta, TriggerSignal::hard);
    market.react(rebalancer, {&hard, 1});
    const ClientOrderId first = market.opened_.at(0);
    market.report(rebalancer, EventKind::order_acked, first);
    market.report(rebalancer, EventKind::fill, first, 100);
    market.advance(config.reprice_after);
    market.book(0, 6, 1'000);
    const StrategyOutput& cancel = market.react(rebalancer);
    ASSERT_EQ(cancel.intents.size(), 1U);
    EXPECT_EQ(cancel.intents[0].kind, CommandKind::cancel);
    EXPECT_EQ(cancel.intents[0].client_order_id, first);
    EXPECT_TRUE(market.react(rebalancer).intents.empty());  // one cancel, not one per event
    const StrategyOutput& again = market.report(rebalancer, EventKind::order_canceled, first);
    ASSERT_EQ(again.intents.size(), 1U);
    EXPECT_EQ(again.intents[0].kind, CommandKind::submit);
    EXPECT_EQ(again.intents[0].quantity.count(), 300);
}

}  // namespace
}  // namespace keel::strategies
