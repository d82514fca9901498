#include <fmt/format.h>

#include <cmath>
#include <set>

#include "tests/simulator/deribit/venue_fixture.hpp"

namespace keel::simulator {
namespace {

using test::Json;
using test::RunningVenue;
using test::VenueClient;

constexpr std::string_view kPerpetual = "BTC-PERPETUAL";

double best_bid(VenueClient& client) {
    return client.ask("public/ticker", R"({"instrument_name":"BTC-PERPETUAL"})").number("/result/best_bid_price");
}

// A limit order well inside the band and away from the touch.
std::string resting(VenueClient& client, std::string_view label, double amount = 50.0) {
    return fmt::format(R"({{"instrument_name":"{}","amount":{},"type":"limit","price":{},"label":"{}"}})", kPerpetual,
                       amount, std::round(best_bid(client) * 0.995), label);
}

class DeribitTradingTest : public testing::Test {
protected:
    DeribitTradingTest() { client.login(); }
    RunningVenue venue;
    VenueClient client{venue};
};

TEST_F(DeribitTradingTest, LimitOrderLivesThroughEditAndCancel) {
    const Json placed = client.ask("private/buy", resting(client, "one"));
    ASSERT_EQ(placed.error(), 0) << placed.text();
    const std::string id = placed.string("/result/order/order_id");
    EXPECT_EQ(placed.string("/result/order/order_state"), "open");
    EXPECT_EQ(placed.string("/result/order/label"), "one");
    EXPECT_EQ(placed.number("/result/order/contracts"), 5.0);
    EXPECT_EQ(placed.size("/result/trades"), 0U);
    EXPECT_NE(placed.text().find("\"amount\":50.0"), std::string::npos) << "amounts keep their point";

    const double price = placed.number("/result/order/price");
    const Json edited =
        client.ask("private/edit", fmt::format(R"({{"order_id":"{}","amount":70,"price":{}}})", id, price - 10.0));
    EXPECT_EQ(edited.string("/result/order/order_id"), id);
    EXPECT_EQ(edited.number("/result/order/amount"), 70.0);
    EXPECT_TRUE(edited.truth("/result/order/replaced"));
    const Json by_label = client.ask(
        "private/edit_by_label",
        fmt::format(R"({{"label":"one","instrument_name":"{}","amount":60,"price":{}}})", kPerpetual, price - 20.0));
    EXPECT_EQ(by_label.number("/result/order/price"), price - 20.0);

    EXPECT_EQ(client.ask("private/get_open_orders").size("/result"), 1U);
    EXPECT_EQ(client.ask("private/get_open_orders_by_currency", R"({"currency":"ETH"})").size("/result"), 0U);
    EXPECT_EQ(client.ask("private/get_open_orders_by_label", R"({"currency":"BTC","label":"one"})").size("/result"),
              1U);
    const std::string by_id = fmt::format(R"({{"order_id":"{}"}})", id);
    const Json cancelled = client.ask("private/cancel", by_id);
    EXPECT_EQ(cancelled.string("/result/order_state"), "cancelled");
    EXPECT_EQ(cancelled.string("/result/cancel_reason"), "user_request");
    EXPECT_EQ(client.ask("private/get_order_state", by_id).string("/result/order_state"), "cancelled");
    EXPECT_EQ(client.ask("private/get_order_state_by_label", R"({"currency":"BTC","label":"one"})").size("/result"),
              1U);
    const int gone = client.ask("private/cancel", by_id).error();
    EXPECT_TRUE(gone == 11044 || gone == 10004) << gone;
}

TEST_F(DeribitTradingTest, RefusesWithTheVenuesCodes) {
    const auto buy = [&](std::string_view rest) {
        return client.ask("private/buy", fmt::format(R"({{"instrument_name":"{}",{}}})", kPerpetual, rest)).error();
    };
    const double bid = best_bid(client);
    EXPECT_EQ(buy(fmt::format(R"("amount":10,"price":{})", std::round(bid) + 0.3)), 10043);
    EXPECT_EQ(buy(fmt::format(R"("amount":10,"price":{})", std::round(bid * 1.2))), 10007);
    EXPECT_EQ(buy(fmt::format(R"("amount":15,"price":{})", std::round(bid))), 10021);
    EXPECT_EQ(buy(fmt::format(R"("amount":10,"price":{},"valid_until":1000)", std::round(bid))), 13888);
    EXPECT_EQ(
        buy(fmt::format(R"("amount":10,"price":{},"post_only":true,"reject_post_only":true)", std::round(bid * 1.005))),
        11054);
    EXPECT_EQ(buy(R"("amount":10,"type":"stop_market")"), 10033);
    EXPECT_EQ(buy(R"("price":10)"), -32602);
    EXPECT_EQ(client.ask("private/buy", R"({"instrument_name":"BTC-NOPE","amount":10,"type":"market"})").error(),
              13020);
    EXPECT_EQ(client.ask("private/edit_by_label", R"({"label":"none","instrument_name":"BTC-PERPETUAL","amount":10})")
                  .error(),
              13032);
    EXPECT_EQ(client.ask("private/cancel", R"({"order_id":"no"})").error(), 10004);
    EXPECT_EQ(client.ask("private/mass_quote").error(), 13902);
    venue.server().inject(Fault::settlement_pause);
    EXPECT_EQ(buy(fmt::format(R"("amount":10,"price":{})", std::round(bid * 0.995))), 10041);
    venue.server().inject(Fault::settlement_pause, 0);
    EXPECT_EQ(buy(fmt::format(R"("amount":10,"price":{})", std::round(bid * 0.995))), 0);
}

TEST_F(DeribitTradingTest, MarketOrderFillsAndMovesPositionAndBalance) {
    const std::string query = R"({"instrument_name":"BTC-PERPETUAL"})";
    EXPECT_EQ(client.ask("private/get_position", query).number("/result/size"), 10'000.0);
    const Json filled =
        client.ask("private/sell", R"({"instrument_name":"BTC-PERPETUAL","amount":200,"type":"market","label":"m"})");
    ASSERT_EQ(filled.error(), 0) << filled.text();
    EXPECT_EQ(filled.string("/result/order/order_state"), "filled");
    ASSERT_GT(filled.size("/result/trades"), 0U);
    EXPECT_EQ(filled.string("/result/trades/0/direction"), "sell");
    EXPECT_EQ(filled.string("/result/trades/0/liquidity"), "T");
    EXPECT_EQ(filled.string("/result/trades/0/fee_currency"), "BTC");
    EXPECT_GT(filled.number("/result/trades/0/fee"), 0.0);
    EXPECT_EQ(client.ask("private/get_position", query).number("/result/size"), 9'800.0);
    const Json trades =
        client.ask("private/get_user_trades_by_currency_and_time",
                   R"({"currency":"BTC","start_timestamp":0,"end_timestamp":99999999999999,"count":100})");
    EXPECT_EQ(trades.size("/result/trades"), filled.size("/result/trades"));
    EXPECT_FALSE(trades.truth("/result/has_more"));
    const std::string id = filled.string("/result/order/order_id");
    EXPECT_EQ(client.ask("private/get_user_trades_by_order", fmt::format(R"({{"order_id":"{}"}})", id)).size("/result"),
              filled.size("/result/trades"));
    EXPECT_EQ(client.ask("private/get_order_history_by_currency", R"({"currency":"BTC"})").size("/result"), 1U);
    const Json closed = client.ask("private/close_position", R"({"instrument_name":"BTC-PERPETUAL","type":"market"})");
    EXPECT_EQ(closed.error(), 0) << closed.text();
    EXPECT_TRUE(closed.truth("/result/order/reduce_only"));
}

TEST_F(DeribitTradingTest, SummaryKeepsItsIdentities) {
    const Json summary = client.ask("private/get_account_summary", R"({"currency":"BTC","extended":true})");
    const auto value = [&](std::string_view key) { return summary.number(fmt::format("/result/{}", key)); };
    EXPECT_NEAR(value("equity"),
                value("balance") + value("futures_session_upl") + value("futures_session_rpl") + value("options_value"),
                3e-8);
    EXPECT_NEAR(value("available_funds"), value("margin_balance") - value("initial_margin"), 2e-8);
    EXPECT_GT(value("initial_margin"), 0.0);
    EXPECT_EQ(value("limits/matching_engine/cancel_all/burst"), 20.0);
    EXPECT_EQ(client.ask("private/get_account_summaries").size("/result/summaries"), 3U);
    const double price = std::round(best_bid(client));
    const Json margins =
        client.ask("private/get_margins",
                   fmt::format(R"({{"instrument_name":"BTC-PERPETUAL","amount":10000,"price":{}}})", price));
    EXPECT_GT(margins.number("/result/buy"), 0.0);
    EXPECT_GT(margins.number("/result/max_price"), margins.number("/result/min_price"));
}

TEST_F(DeribitTradingTest, CancelAllFormsCountWhatTheyCancel) {
    const auto place = [&](int count) {
        for (int i = 0; i < count; ++i) ASSERT_EQ(client.ask("private/buy", resting(client, "x")).error(), 0);
    };
    place(2);
    EXPECT_EQ(client.ask("private/cancel_by_label", R"({"label":"y"})").number("/result"), 0.0);
    EXPECT_EQ(client.ask("private/cancel_by_label", R"({"label":"x","currency":"BTC"})").number("/result"), 2.0);
    place(1);
    EXPECT_EQ(client.ask("private/cancel_all_by_currency", R"({"currency":"ETH"})").number("/result"), 0.0);
    EXPECT_EQ(client.ask("private/cancel_all_by_kind_or_type", R"({"currency":["ETH","BTC"],"kind":"option"})")
                  .number("/result"),
              0.0);
    EXPECT_EQ(client.ask("private/cancel_all_by_kind_or_type", R"({"currency":["ETH","BTC"],"kind":"future"})")
                  .number("/result"),
              1.0);
    place(1);
    EXPECT_EQ(client.ask("private/cancel_all_by_currency_pair", R"({"currency_pair":"btc_usd"})").number("/result"),
              1.0);
    place(1);
    EXPECT_EQ(client.ask("private/cancel_all", R"({"type":"trigger_all"})").number("/result"), 0.0);
    const Json detailed =
        client.ask("private/cancel_all_by_instrument", R"({"instrument_name":"BTC-PERPETUAL","detailed":true})");
    EXPECT_EQ(detailed.string("/result/0/result/0/order_state"), "cancelled");
    EXPECT_EQ(client.ask("private/cancel_all").number("/result"), 0.0);
}

TEST_F(DeribitTradingTest, PrivateChannelsTellTheOrderTheTradeAndThePosition) {
    const Json subscribed = client.ask(
        "private/subscribe",
        R"({"channels":["user.changes.any.any.raw","user.orders.BTC-PERPETUAL.raw","user.orders.any.any.100ms",)"
        R"("user.trades.future.BTC.raw","user.portfolio.any","user.changes.option.BTC.raw"]})");
    EXPECT_EQ(subscribed.size("/result"), 6U);
    client.ask("private/buy", R"({"instrument_name":"BTC-PERPETUAL","amount":100,"type":"market","label":"told"})");
    const Json changes = client.next("user.changes.any.any.raw").value();
    EXPECT_EQ(changes.string("/params/data/instrument_name"), kPerpetual);
    EXPECT_GT(changes.size("/params/data/trades"), 0U);
    EXPECT_EQ(changes.string("/params/data/trades/0/label"), "told");
    EXPECT_EQ(changes.number("/params/data/positions/0/size"), 10'100.0);
    EXPECT_EQ(changes.string("/params/data/orders/0/label"), "told");
    EXPECT_EQ(client.next("user.orders.BTC-PERPETUAL.raw").value().string("/params/data/label"), "told");
    EXPECT_EQ(client.next("user.orders.any.any.100ms").value().string("/params/data/0/label"), "told");
    EXPECT_TRUE(client.next("user.trades.future.BTC.raw").value().has("/params/data/0/trade_id"));
    EXPECT_TRUE(client.next("user.portfolio.any").value().has("/params/data/available_funds"));
    EXPECT_FALSE(client.next("user.changes.option.BTC.raw", std::chrono::milliseconds{100}));
}

TEST_F(DeribitTradingTest, ResponseComesFirstUnlessItIsLate) {
    client.ask("private/subscribe", R"({"channels":["user.orders.BTC-PERPETUAL.raw"]})");
    const auto order_of_arrival = [&] {
        client.send("private/buy", resting(client, "race"));
        while (true) {
            const Json message = client.next_message().value();
            if (message.has("/result/order")) return std::string{"response"};
            if (message.has("/params/data/label")) return std::string{"notification"};
        }
    };
    EXPECT_EQ(order_of_arrival(), "response");
    client.next("user.orders.BTC-PERPETUAL.raw");
    venue.server().inject(Fault::late_response);
    EXPECT_EQ(order_of_arrival(), "notification");
}

TEST_F(DeribitTradingTest, CancelOnDisconnectTakesOnlyThatConnectionsOrders) {
    VenueClient other{venue};
    other.login();
    ASSERT_EQ(other.ask("private/buy", resting(other, "stays")).error(), 0);
    {
        VenueClient leaving{venue};
        leaving.login();
        EXPECT_EQ(leaving.ask("private/enable_cancel_on_disconnect", R"({"scope":"connection"})").string("/result"),
                  "ok");
        EXPECT_TRUE(leaving.ask("private/get_cancel_on_disconnect").truth("/result/enabled"));
        ASSERT_EQ(leaving.ask("private/buy", resting(leaving, "goes")).error(), 0);
        EXPECT_EQ(client.ask("private/get_open_orders").size("/result"), 2U);
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{5};
    while (client.ask("private/get_open_orders").size("/result") > 1 && std::chrono::steady_clock::now() < deadline) {
    }
    const Json left = client.ask("private/get_open_orders");
    ASSERT_EQ(left.size("/result"), 1U);
    EXPECT_EQ(left.string("/result/0/label"), "stays");
    EXPECT_EQ(client.ask("private/get_order_state_by_label", R"({"currency":"BTC","label":"goes"})")
                  .string("/result/0/cancel_reason"),
              "cancel_on_disconnect");
}

TEST_F(DeribitTradingTest, LogoutKeepsOrdersAndClosesWithoutAnAnswer) {
    VenueClient leaving{venue};
    leaving.login();
    leaving.ask("private/enable_cancel_on_disconnect", R"({"scope":"connection"})");
    ASSERT_EQ(leaving.ask("private/buy", resting(leaving, "stays")).error(), 0);
    leaving.send("private/logout");
    EXPECT_FALSE(leaving.next_message());
    EXPECT_TRUE(leaving.wire().closed());
    EXPECT_EQ(client.ask("private/get_open_orders").size("/result"), 1U);
}

TEST_F(DeribitTradingTest, CutInMidOrderExecutesOrNot) {
    const std::string order = resting(client, "cut");
    {
        VenueClient before{venue};
        before.login();
        venue.server().inject(Fault::cut_before_order);
        before.send("private/buy", order);
        EXPECT_FALSE(before.next_message());
    }
    EXPECT_EQ(client.ask("private/get_open_orders").size("/result"), 0U);
    {
        VenueClient after{venue};
        after.login();
        venue.server().inject(Fault::cut_after_order);
        after.send("private/buy", order);
        EXPECT_FALSE(after.next_message());
    }
    EXPECT_EQ(client.ask("private/get_open_orders").size("/result"), 1U);
    const ServerState state = venue.server().state();
    ASSERT_EQ(state.orders_seen.size(), 2U) << "both were read";
    EXPECT_EQ(state.orders_seen[0].label, "cut");
}

TEST_F(DeribitTradingTest, InjectedLimitEndsTheSession) {
    const std::string order = resting(client, "too late");
    EXPECT_EQ(client.ask("simulator/inject", R"({"fault":"too_many_requests"})").string("/result"), "ok");
    client.send("private/buy", order);
    client.send("private/buy", order);
    EXPECT_EQ(client.next_message().value().error(), 10028);
    while (client.next_message()) {
    }
    EXPECT_TRUE(client.wire().closed());
    VenueClient other{venue};
    other.login();
    EXPECT_EQ(other.ask("private/get_open_orders").size("/result"), 0U) << "neither order was executed";
}

TEST_F(DeribitTradingTest, HalfOpenSocketFallsSilent) {
    venue.server().inject(Fault::half_open);
    client.send("public/get_time");
    EXPECT_FALSE(client.next({}, std::chrono::milliseconds{200}));
    EXPECT_FALSE(client.wire().closed());
}

TEST(DeribitControlTest, ControlMethodsAnswerOnlyWhereAllowed) {
    auto config = test::venue_config();
    config.allow_control = false;
    RunningVenue venue{config};
    VenueClient client{venue};
    EXPECT_EQ(client.ask("simulator/state").error(), -32601);
    EXPECT_EQ(client.ask("simulator/inject", R"({"fault":"stale_token"})").error(), -32601);
}

TEST(DeribitFaultsTest, NamesGoBothWays) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < kFaultCount; ++i) {
        const auto fault = static_cast<Fault>(i);
        names.insert(fault_name(fault));
        EXPECT_EQ(fault_from_name(fault_name(fault)), fault);
    }
    EXPECT_EQ(names.size(), kFaultCount);
    EXPECT_FALSE(fault_from_name("").has_value());
}

}  // namespace
}  // namespace keel::simulator
