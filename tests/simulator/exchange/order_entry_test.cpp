#include <limits>

#include "tests/simulator/exchange/scripted_market.hpp"

namespace keel::simulator {
namespace {

using namespace std::chrono_literals;

int code_of(const Answer<OrderAnswer>& answer) { return answer ? 0 : answer.error().code; }

TEST(OrderEntryTest, RestsThenFillsByPriceAndTime) {
    ScriptedVenue venue;
    const auto first = venue.place(venue.alice, Side::ask, 100.0, 60'010.0);
    const auto second = venue.place(venue.alice, Side::ask, 100.0, 60'005.0);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->order.state, OrderState::open);
    EXPECT_EQ(first->order.order_id.find('-'), std::string::npos);  // BTC ids have no prefix

    const auto taker = venue.place(venue.bob, Side::bid, 150.0, 60'010.0);
    ASSERT_TRUE(taker);
    EXPECT_EQ(taker->order.state, OrderState::filled);
    ASSERT_EQ(taker->trades.size(), 2U);
    EXPECT_DOUBLE_EQ(taker->trades[0].trade.price, 60'005.0);
    EXPECT_DOUBLE_EQ(taker->trades[1].trade.price, 60'010.0);
    EXPECT_DOUBLE_EQ(taker->trades[1].trade.amount, 50.0);
    EXPECT_EQ(taker->trades[0].trade.trade_seq + 1, taker->trades[1].trade.trade_seq);
    EXPECT_NEAR(taker->trades[0].fee, 0.0005 * 100.0 / 60'005.0, 1e-15);
    EXPECT_NEAR(taker->order.average_price, 150.0 / (100.0 / 60'005.0 + 50.0 / 60'010.0), 1e-6);
    const auto left = venue.exchange->order(venue.alice, first->order.order_id);
    ASSERT_TRUE(left);
    EXPECT_EQ(left->state, OrderState::open);
    EXPECT_DOUBLE_EQ(left->filled_amount, 50.0);
    EXPECT_EQ(venue.exchange->order(venue.alice, second->order.order_id)->state, OrderState::filled);
}

TEST(OrderEntryTest, PrefixesIdsOutsideBitcoin) {
    ScriptedVenue venue;
    const auto ether = venue.exchange->submit(venue.alice, venue.limit("ETH-PERPETUAL", Side::bid, 5.0, 2'990.0));
    const auto linear =
        venue.exchange->submit(venue.alice, venue.limit("BTC_USDC-PERPETUAL", Side::bid, 0.01, 59'990.0));
    ASSERT_TRUE(ether && linear);
    EXPECT_TRUE(ether->order.order_id.starts_with("ETH-"));
    EXPECT_TRUE(linear->order.order_id.starts_with("USDC-"));
    const auto fill = venue.exchange->submit(venue.bob, venue.limit("ETH-PERPETUAL", Side::ask, 5.0, 2'990.0));
    ASSERT_TRUE(fill && fill->trades.size() == 1);
    EXPECT_TRUE(fill->trades[0].trade.trade_id.starts_with("ETH-"));
}

TEST(OrderEntryTest, RefusesWithTheVenuesCodes) {
    ScriptedVenue venue;
    Exchange& exchange = *venue.exchange;
    const auto limit = [](std::string name, double amount, double price, Side side = Side::bid) {
        return ScriptedVenue::limit(std::move(name), side, amount, price);
    };
    EXPECT_EQ(code_of(exchange.submit(venue.alice, limit("BTC-NOPE", 10.0, 60'000.0))), 13020);
    EXPECT_EQ(code_of(exchange.submit(venue.alice, limit("BTC-PERPETUAL", 10.0, 60'000.3))), 10043);
    EXPECT_EQ(code_of(exchange.submit(venue.alice, limit("BTC-PERPETUAL", 15.0, 60'000.0))), 10021);
    EXPECT_EQ(code_of(exchange.submit(venue.alice, limit("BTC-PERPETUAL", 5.0, 60'000.0))), 10002);
    EXPECT_EQ(code_of(exchange.submit(venue.alice, limit("BTC-PERPETUAL", -10.0, 60'000.0))), 10021);
    // The coarser tick of options from 0.005 on.
    EXPECT_EQ(code_of(exchange.submit(venue.alice, limit("BTC-16JAN26-60000-C", 0.1, 0.0101))), 10043);
    EXPECT_EQ(code_of(exchange.submit(venue.alice, limit("BTC-16JAN26-60000-C", 0.1, 0.0049))), 0);
    EXPECT_EQ(code_of(exchange.submit(venue.alice, limit("BTC-PERPETUAL", 100'000'000.0, 59'000.0))), 10009);

    const auto high = exchange.submit(venue.alice, limit("BTC-PERPETUAL", 10.0, 61'000.0));
    ASSERT_FALSE(high);
    EXPECT_EQ(high.error().code, 10007);
    EXPECT_EQ(high.error().message, "price_too_high 60900");
    const auto low = exchange.submit(venue.alice, limit("BTC-PERPETUAL", 10.0, 59'000.0, Side::ask));
    ASSERT_FALSE(low);
    EXPECT_EQ(low.error().message, "price_too_low 59100");
    EXPECT_EQ(code_of(exchange.submit(venue.alice, limit("BTC-PERPETUAL", 10.0, 30'000.0))), 0);  // far, but passive

    OrderRequest late = limit("BTC-PERPETUAL", 10.0, 59'990.0);
    venue.pass(1s);
    late.valid_until = exchange.now() + -1ms;
    EXPECT_EQ(code_of(exchange.submit(venue.alice, late)), 13888);
    OrderRequest protect = limit("BTC-PERPETUAL", 10.0, 59'990.0);
    protect.mmp = true;
    EXPECT_EQ(code_of(exchange.submit(venue.alice, protect)), 13040);
    OrderRequest bare{.instrument_name = "BTC-PERPETUAL", .amount = 10.0};
    EXPECT_EQ(code_of(exchange.submit(venue.alice, bare)), -32602);

    exchange.set_settlement_pause(true);
    EXPECT_EQ(code_of(exchange.submit(venue.alice, limit("BTC-PERPETUAL", 10.0, 59'990.0))), 10041);
}

TEST(OrderEntryTest, RefusesNumbersThatFitNoBook) {
    ExchangeConfig config;
    config.check_funds = false;
    ScriptedVenue venue{config};
    const auto resting = venue.place(venue.bob, Side::bid, 100.0, 50'000.0);
    ASSERT_TRUE(resting);
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    for (const double hostile : {std::numeric_limits<double>::quiet_NaN(), kInfinity, -kInfinity, 1e300, -1e300, 1e18,
                                 9.3e10, 5e-324, 1e-9, -0.0, -1.0}) {
        for (const Listing& listing : venue.exchange->listings()) {
            const std::string name{listing.name()};
            for (const Side side : {Side::bid, Side::ask}) {
                EXPECT_FALSE(venue.exchange->submit(venue.alice, venue.limit(name, side, hostile, 50'000.0)));
                EXPECT_FALSE(venue.exchange->submit(venue.alice, venue.limit(name, side, 10.0, hostile))) << hostile;
            }
        }
        if (hostile != 0.0) {  // 0 keeps the amount
            EXPECT_FALSE(venue.exchange->edit(venue.bob, {.order_id = resting->order.order_id, .amount = hostile}));
        }
        EditRequest edit{.order_id = resting->order.order_id};
        edit.price = hostile;
        EXPECT_FALSE(venue.exchange->edit(venue.bob, edit));
    }
    EXPECT_EQ(venue.exchange->open_orders(venue.bob).size(), 1U);
    EXPECT_TRUE(venue.exchange->open_orders(venue.alice).empty());
}

TEST(OrderEntryTest, NamesOrdersThatAreGone) {
    ScriptedVenue venue;
    Exchange& exchange = *venue.exchange;
    const auto order = venue.place(venue.alice, Side::bid, 100.0, 59'990.0);
    ASSERT_TRUE(order);
    const std::string id = order->order.order_id;
    EXPECT_EQ(exchange.cancel(venue.bob, id).error().code, 10029);
    EXPECT_EQ(exchange.cancel(venue.alice, "99").error().code, 10004);
    EXPECT_EQ(exchange.cancel(venue.alice, "ETH-" + id).error().code, 10004);
    const auto cancelled = exchange.cancel(venue.alice, id);
    ASSERT_TRUE(cancelled);
    EXPECT_EQ(cancelled->state, OrderState::cancelled);
    EXPECT_EQ(cancelled->cancel_reason, "user_request");
    EXPECT_EQ(exchange.cancel(venue.alice, id).error().code, 11044);
    EXPECT_EQ(code_of(exchange.edit(venue.alice, {.order_id = id, .amount = 10.0})), 10010);
    const auto resting = venue.place(venue.alice, Side::bid, 100.0, 59'990.0);
    ASSERT_TRUE(venue.place(venue.bob, Side::ask, 100.0, 59'990.0));
    EXPECT_EQ(code_of(exchange.edit(venue.alice, {.order_id = resting->order.order_id, .amount = 10.0})), 11008);
}

TEST(OrderEntryTest, RepricesOrRejectsPostOnly) {
    ScriptedVenue venue;
    ASSERT_TRUE(venue.place(venue.bob, Side::ask, 100.0, 60'000.0));
    OrderRequest request = venue.limit("BTC-PERPETUAL", Side::bid, 10.0, 60'100.0);
    request.post_only = true;
    const auto repriced = venue.exchange->submit(venue.alice, request);
    ASSERT_TRUE(repriced);
    EXPECT_DOUBLE_EQ(repriced->order.price, 59'999.5);
    EXPECT_EQ(repriced->order.state, OrderState::open);
    EXPECT_TRUE(repriced->trades.empty());
    request.reject_post_only = true;
    EXPECT_EQ(code_of(venue.exchange->submit(venue.alice, request)), 11054);
    request.time_in_force = TimeInForce::immediate_or_cancel;
    EXPECT_EQ(code_of(venue.exchange->submit(venue.alice, request)), 11055);

    EditRequest edit{.order_id = repriced->order.order_id};
    edit.price = 60'050.0;
    edit.post_only = edit.reject_post_only = true;
    const auto rejected = venue.exchange->edit(venue.alice, edit);
    ASSERT_TRUE(rejected);
    EXPECT_EQ(rejected->order.state, OrderState::cancelled);
    EXPECT_EQ(rejected->order.cancel_reason, "edit_post_only_reject");
}

TEST(OrderEntryTest, FillsOrKillsWhole) {
    ScriptedVenue venue;
    ASSERT_TRUE(venue.place(venue.bob, Side::ask, 100.0, 60'000.0));
    OrderRequest request = venue.limit("BTC-PERPETUAL", Side::bid, 110.0, 60'100.0);
    request.time_in_force = TimeInForce::fill_or_kill;
    const auto killed = venue.exchange->submit(venue.alice, request);
    ASSERT_TRUE(killed);
    EXPECT_EQ(killed->order.state, OrderState::cancelled);
    EXPECT_EQ(killed->order.filled_amount, 0.0);
    request.time_in_force = TimeInForce::immediate_or_cancel;
    const auto partial = venue.exchange->submit(venue.alice, request);
    ASSERT_TRUE(partial);
    EXPECT_EQ(partial->order.state, OrderState::cancelled);
    EXPECT_DOUBLE_EQ(partial->order.filled_amount, 100.0);
    EXPECT_TRUE(venue.exchange->book(ScriptedMarket::kBtcPerpetual).asks.empty());
}

TEST(OrderEntryTest, MarketOrdersStopAtThePriceBand) {
    ScriptedVenue venue;
    ASSERT_TRUE(venue.place(venue.bob, Side::ask, 100.0, 60'500.0));
    ASSERT_TRUE(venue.place(venue.bob, Side::ask, 100.0, 61'500.0));
    const auto market = venue.exchange->submit(
        venue.alice, {.instrument_name = "BTC-PERPETUAL", .amount = 200.0, .type = OrderType::market});
    ASSERT_TRUE(market);
    EXPECT_DOUBLE_EQ(market->order.filled_amount, 100.0);
    EXPECT_DOUBLE_EQ(market->order.price, 60'900.0);
    EXPECT_EQ(market->order.state, OrderState::cancelled);
}

TEST(OrderEntryTest, ShrinksReduceOnlyOrders) {
    ScriptedVenue venue;
    OrderRequest reduce = venue.limit("BTC-PERPETUAL", Side::ask, 500.0, 60'000.0);
    reduce.reduce_only = true;
    EXPECT_EQ(code_of(venue.exchange->submit(venue.alice, reduce)), 11030);
    ASSERT_TRUE(venue.place(venue.bob, Side::ask, 300.0, 60'000.0));
    ASSERT_TRUE(venue.place(venue.alice, Side::bid, 300.0, 60'000.0));  // long 300
    const auto shrunk = venue.exchange->submit(venue.alice, reduce);
    ASSERT_TRUE(shrunk);
    EXPECT_DOUBLE_EQ(shrunk->order.amount, 300.0);
    // Part of the position goes another way: the resting order follows.
    ASSERT_TRUE(venue.place(venue.bob, Side::bid, 100.0, 59'990.0));
    ASSERT_TRUE(venue.place(venue.alice, Side::ask, 100.0, 59'990.0));
    const auto now = venue.exchange->order(venue.alice, shrunk->order.order_id);
    ASSERT_TRUE(now);
    EXPECT_DOUBLE_EQ(now->amount, 200.0);
    ASSERT_TRUE(venue.exchange->close_position(venue.alice, "BTC-PERPETUAL", 59'995.0));
    ASSERT_TRUE(venue.place(venue.bob, Side::bid, 200.0, 59'995.0));
    EXPECT_EQ(venue.exchange->position(venue.alice, ScriptedMarket::kBtcPerpetual).size, 0.0);
    EXPECT_TRUE(venue.exchange->open_orders(venue.alice).empty());
}

TEST(OrderEntryTest, KeepsPriorityOnlyWhenAnEditShrinks) {
    ScriptedVenue venue;
    const auto alice = venue.place(venue.alice, Side::ask, 100.0, 60'000.0);
    const auto bob = venue.place(venue.bob, Side::ask, 100.0, 60'000.0);
    ASSERT_TRUE(alice && bob);
    const auto smaller = venue.exchange->edit(venue.alice, {.order_id = alice->order.order_id, .amount = 50.0});
    ASSERT_TRUE(smaller);
    EXPECT_EQ(smaller->order.order_id, alice->order.order_id);
    EXPECT_TRUE(smaller->order.replaced);
    const AccountId carol =
        *venue.exchange->open_account({.name = "carol", .client_id = "C", .balances = {10.0, 0.0, 0.0}});
    ASSERT_TRUE(venue.place(carol, Side::bid, 10.0, 60'000.0));
    EXPECT_DOUBLE_EQ(venue.exchange->order(venue.alice, alice->order.order_id)->filled_amount, 10.0);
    ASSERT_TRUE(venue.exchange->edit(venue.alice, {.order_id = alice->order.order_id, .amount = 60.0}));
    ASSERT_TRUE(venue.place(carol, Side::bid, 10.0, 60'000.0));  // now Bob is first
    EXPECT_DOUBLE_EQ(venue.exchange->order(venue.alice, alice->order.order_id)->filled_amount, 10.0);
    EXPECT_DOUBLE_EQ(venue.exchange->order(venue.bob, bob->order.order_id)->filled_amount, 10.0);
    EXPECT_EQ(code_of(venue.exchange->edit(venue.alice, {.order_id = alice->order.order_id, .amount = 10.0})), 10021);
}

TEST(OrderEntryTest, PreventsSelfTradesByMode) {
    ScriptedVenue venue;
    const auto maker = venue.place(venue.alice, Side::ask, 100.0, 60'000.0);
    ASSERT_TRUE(maker);
    venue.exchange->set_self_trade_mode(venue.alice, SelfTradeMode::reject_taker);
    EXPECT_EQ(code_of(venue.place(venue.alice, Side::bid, 100.0, 60'000.0)), 10003);
    venue.exchange->set_self_trade_mode(venue.alice, SelfTradeMode::cancel_maker);
    const auto taker = venue.place(venue.alice, Side::bid, 100.0, 60'000.0);
    ASSERT_TRUE(taker);
    EXPECT_TRUE(taker->trades.empty());
    EXPECT_EQ(venue.exchange->order(venue.alice, maker->order.order_id)->cancel_reason, "order_overlap");
}

TEST(OrderEntryTest, CancelsByFilter) {
    ScriptedVenue venue;
    OrderRequest labelled = venue.limit("BTC-PERPETUAL", Side::bid, 10.0, 59'000.0);
    labelled.label = "grid";
    labelled.session = SessionId{7};
    ASSERT_TRUE(venue.exchange->submit(venue.alice, labelled));
    ASSERT_TRUE(venue.place(venue.alice, Side::bid, 10.0, 59'010.0));
    ASSERT_TRUE(venue.exchange->submit(venue.alice, venue.limit("ETH-PERPETUAL", Side::bid, 1.0, 2'900.0)));
    ASSERT_TRUE(venue.exchange->submit(venue.alice, venue.limit("BTC-16JAN26-60000-C", Side::bid, 0.1, 0.01)));
    ASSERT_TRUE(venue.place(venue.bob, Side::bid, 10.0, 59'000.0));
    EXPECT_EQ(venue.exchange->cancel_all(venue.alice, {.label = "grid"}).size(), 1U);
    EXPECT_EQ(venue.exchange->cancel_all(venue.alice, {.session = SessionId{7}}).size(), 0U);
    EXPECT_EQ(venue.exchange->cancel_all(venue.alice, {.is_option = true}).size(), 1U);
    EXPECT_EQ(venue.exchange->cancel_all(venue.alice, {.currency = Currency::eth}).size(), 1U);
    const auto rest = venue.exchange->cancel_all(venue.alice, {}, "cancel_on_disconnect");
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest[0].cancel_reason, "cancel_on_disconnect");
    EXPECT_EQ(venue.exchange->open_orders(venue.bob).size(), 1U);
    EXPECT_EQ(venue.exchange->order_history(venue.alice, {}, 10).size(), 4U);
    EXPECT_EQ(venue.exchange->order_history(venue.alice, {}, 10, 3).size(), 1U);
}

TEST(OrderEntryTest, PublishesOneRequestInOrder) {
    ScriptedVenue venue;
    ASSERT_TRUE(venue.place(venue.alice, Side::ask, 100.0, 60'000.0));
    ChangeLog log;
    venue.exchange->drain(log);
    ASSERT_TRUE(venue.place(venue.bob, Side::bid, 60.0, 60'000.0));
    venue.exchange->drain(log);
    std::vector<ChangeKind> kinds;
    for (const Change& change : log.sequence) kinds.push_back(change.kind);
    using enum ChangeKind;
    EXPECT_EQ(kinds, (std::vector{trade, user_trade, user_trade, order, order, position, portfolio, position, portfolio,
                                  book}));
    ASSERT_EQ(log.books.size(), 1U);
    EXPECT_LT(log.books[0].prev_change_id, log.books[0].change_id);
    EXPECT_EQ(log.books[0].level_count, 1U);
    EXPECT_DOUBLE_EQ(log.levels[0].amount, 40.0);
    EXPECT_EQ(log.books[0].change_id, venue.exchange->book(ScriptedMarket::kBtcPerpetual).change_id);
}

}  // namespace
}  // namespace keel::simulator
