#include <fmt/format.h>

#include <set>

#include "tests/simulator/deribit/venue_fixture.hpp"

namespace keel::simulator {
namespace {

using test::Json;
using test::RunningVenue;
using test::VenueClient;

class DeribitMarketTest : public testing::Test {
protected:
    RunningVenue venue;
    VenueClient client{venue};
};

TEST_F(DeribitMarketTest, InstrumentsDescribeEachKind) {
    const Json all = client.ask("public/get_instruments", R"({"currency":"any"})");
    std::set<std::string> names;
    for (std::size_t i = 0; i < all.size("/result"); ++i) {
        const auto field = [&](std::string_view key) { return fmt::format("/result/{}/{}", i, key); };
        names.insert(all.string(field("instrument_name")));
        const bool option = all.string(field("kind")) == "option";
        const bool inverse = all.string(field("instrument_type")) == "reversed";
        EXPECT_EQ(all.has(field("strike")), option);
        EXPECT_EQ(all.has(field("option_type")), option);
        EXPECT_EQ(all.string(field("counter_currency")), inverse ? "USD" : "USDC");
        if (inverse) {
            EXPECT_EQ(all.string(field("settlement_currency")), all.string(field("base_currency")));
            EXPECT_EQ(all.string(field("quote_currency")), option ? all.string(field("base_currency")) : "USD");
        }
        EXPECT_GT(all.number(field("tick_size")), 0.0);
        EXPECT_GT(all.number(field("min_trade_amount")), 0.0);
        EXPECT_GT(all.number(field("expiration_timestamp")), all.number(field("creation_timestamp")));
        EXPECT_EQ(all.string(field("state")), "open");
    }
    EXPECT_EQ(names.size(), all.size("/result")) << "each name once";
    EXPECT_TRUE(names.contains("BTC-PERPETUAL"));
    EXPECT_TRUE(names.contains("ETH-PERPETUAL"));
    const Json futures = client.ask("public/get_instruments", R"({"currency":"BTC","kind":"future"})");
    const Json options = client.ask("public/get_instruments", R"({"currency":"BTC","kind":"option"})");
    EXPECT_GT(futures.size("/result"), 1U);
    EXPECT_GT(options.size("/result"), futures.size("/result"));
    EXPECT_EQ(client.ask("public/get_instruments", R"({"currency":"BTC","kind":"spot"})").size("/result"), 0U);
    EXPECT_EQ(client.ask("public/get_instruments", R"({"currency":"BTC","expired":true})").size("/result"), 0U);
    const Json one = client.ask("public/get_instrument", R"({"instrument_name":"BTC-PERPETUAL"})");
    EXPECT_EQ(one.string("/result/settlement_period"), "perpetual");
    EXPECT_EQ(one.number("/result/expiration_timestamp"), 32503708800000.0);
    EXPECT_EQ(one.number("/result/contract_size"), 10.0);
    EXPECT_EQ(client.ask("public/get_contract_size", R"({"instrument_name":"BTC-PERPETUAL"})")
                  .number("/result/contract_size"),
              10.0);
}

TEST_F(DeribitMarketTest, OrderBookHoldsTheTickerAndTheLevels) {
    const Json book = client.ask("public/get_order_book", R"({"instrument_name":"BTC-PERPETUAL","depth":5})");
    EXPECT_LE(book.size("/result/bids"), 5U);
    EXPECT_EQ(book.number("/result/bids/0/0"), book.number("/result/best_bid_price"));
    EXPECT_EQ(book.number("/result/asks/0/1"), book.number("/result/best_ask_amount"));
    EXPECT_GT(book.number("/result/bids/0/0"), book.number("/result/bids/1/0"));
    EXPECT_TRUE(book.has("/result/stats/volume"));
    EXPECT_EQ(client.ask("public/get_order_book", R"({"instrument_name":"BTC-PERPETUAL","depth":0})").error(), -32602);
}

TEST_F(DeribitMarketTest, SummariesCoverEveryInstrumentOfTheCurrency) {
    const Json options = client.ask("public/get_instruments", R"({"currency":"BTC","kind":"option"})");
    const Json summary = client.ask("public/get_book_summary_by_currency", R"({"currency":"BTC","kind":"option"})");
    EXPECT_EQ(summary.size("/result"), options.size("/result"));
    EXPECT_GT(summary.number("/result/0/mark_iv"), 1.0);
    EXPECT_GT(summary.number("/result/0/underlying_price"), 1.0);
    EXPECT_EQ(
        client.ask("public/get_book_summary_by_instrument", R"({"instrument_name":"BTC-PERPETUAL"})").size("/result"),
        1U);
}

TEST_F(DeribitMarketTest, IndexPricesAndCurrenciesAnswer) {
    EXPECT_GT(client.ask("public/get_index_price", R"({"index_name":"btc_usd"})").number("/result/index_price"), 1.0);
    EXPECT_EQ(client.ask("public/get_index_price", R"({"index_name":"doge"})").error(), -32602);
    EXPECT_EQ(client.ask("public/get_currencies").size("/result"), 3U);
    EXPECT_EQ(client.ask("public/get_funding_rate_value", R"({"instrument_name":"BTC-PERPETUAL"})").error(), -32602);
    const Json funding =
        client.ask("public/get_funding_rate_value",
                   R"({"instrument_name":"BTC-PERPETUAL","start_timestamp":0,"end_timestamp":28800000})");
    EXPECT_LT(std::abs(funding.number("/result")), 0.01);
}

TEST(DeribitTradesTest, LastTradesPageBySequence) {
    auto config = test::venue_config();
    config.speed = 0.0;
    config.span_s = 5.0;
    RunningVenue venue{config};
    VenueClient client{venue};
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!venue.server().state().finished && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    const Json newest =
        client.ask("public/get_last_trades_by_instrument", R"({"instrument_name":"BTC-PERPETUAL","count":3})");
    ASSERT_EQ(newest.size("/result/trades"), 3U);
    EXPECT_TRUE(newest.truth("/result/has_more"));
    const double last = newest.number("/result/trades/0/trade_seq");
    EXPECT_EQ(newest.number("/result/trades/1/trade_seq"), last - 1.0) << "newest first";
    const Json range =
        client.ask("public/get_last_trades_by_instrument",
                   fmt::format(R"({{"instrument_name":"BTC-PERPETUAL","start_seq":{},"end_seq":{},"count":10}})",
                               last - 1.0, last));
    EXPECT_EQ(range.size("/result/trades"), 2U);
    EXPECT_EQ(range.number("/result/trades/0/trade_seq"), last - 1.0) << "oldest first by sequence";
    EXPECT_FALSE(range.truth("/result/has_more"));
}

// No bytes of a client may bring the venue down: each is answered or ignored, and the next is served.
TEST_F(DeribitMarketTest, HostileRequestsAreAnswered) {
    client.login();
    for (const std::string_view params :
         {R"({"instrument_name":"BTC-PERPETUAL","amount":1e300,"price":1e300})",
          R"({"instrument_name":"BTC-PERPETUAL","amount":-10,"price":-5})",
          R"({"instrument_name":"BTC-PERPETUAL","amount":0,"price":0})",
          R"({"instrument_name":"BTC-PERPETUAL","amount":1e18,"type":"market"})",
          R"({"instrument_name":"BTC-PERPETUAL","amount":"ten","type":"market"})",
          R"({"instrument_name":["BTC-PERPETUAL"],"amount":{},"type":[]})",
          R"({"instrument_name":"BTC-PERPETUAL","contracts":1e-9,"type":"market"})",
          R"({"instrument_name":"BTC-PERPETUAL","amount":10,"price":0.0000001})",
          R"({"instrument_name":"BTC-PERPETUAL","amount":10,"type":"market","valid_until":-9e15})", R"({})"}) {
        EXPECT_NE(client.ask("private/buy", params).error(), 0) << params;
    }
    EXPECT_NE(client.ask("private/edit", R"({"order_id":"","amount":1e300})").error(), 0);
    EXPECT_NE(client.ask("private/get_margins", R"({"instrument_name":"BTC-PERPETUAL","amount":10,"price":0})").error(),
              1);
    EXPECT_EQ(
        client.ask("private/get_order_history_by_currency", R"({"currency":"BTC","count":-5,"offset":-1})").error(), 0);
    for (const std::string_view frame :
         {"", "null", "[]", "{", "\"x\"", R"({"method":5})", R"({"method":"x","params":7})"}) {
        client.wire().send(frame);
    }
    client.wire().send(std::string(2'000, '['));
    EXPECT_EQ(client.ask("public/test").string("/result/version"), "1.2.26");
}

}  // namespace
}  // namespace keel::simulator
