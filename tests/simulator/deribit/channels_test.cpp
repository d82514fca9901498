#include <fmt/format.h>

#include <map>

#include "simulator/deribit/streams/channels.hpp"
#include "tests/simulator/deribit/venue_fixture.hpp"

namespace keel::simulator {
namespace {

using test::Json;
using test::RunningVenue;
using test::VenueClient;

std::string channels(const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "\"" : ",\"") + name + "\"";
    return fmt::format(R"({{"channels":[{}]}})", list);
}

// A book as a careful client keeps it: by the change ids, nothing else.
struct ReplicaBook {
    std::map<double, double> bids;
    std::map<double, double> asks;
    double change_id{-1.0};
    int applied{0};
    int gaps{0};

    void apply_side(const Json& message, std::string_view key, std::map<double, double>& side) {
        const std::string root = fmt::format("/params/data/{}", key);
        for (std::size_t i = 0; i < message.size(root); ++i) {
            const std::string action = message.string(fmt::format("{}/{}/0", root, i));
            const double price = message.number(fmt::format("{}/{}/1", root, i));
            const double amount = message.number(fmt::format("{}/{}/2", root, i));
            if (action == "delete") {
                EXPECT_EQ(amount, 0.0);
                EXPECT_EQ(side.erase(price), 1U) << "delete of a level that is not there";
            } else {
                EXPECT_EQ(action == "new", !side.contains(price)) << action << " at " << price;
                EXPECT_GT(amount, 0.0);
                side[price] = amount;
            }
        }
    }
    // False where the chain is broken.
    bool apply(const Json& message) {
        const bool snapshot = message.string("/params/data/type") == "snapshot";
        if (snapshot) {
            bids.clear();
            asks.clear();
        } else if (message.number("/params/data/prev_change_id") != change_id) {
            ++gaps;
            return false;
        }
        apply_side(message, "bids", bids);
        apply_side(message, "asks", asks);
        change_id = message.number("/params/data/change_id");
        ++applied;
        if (!bids.empty() && !asks.empty()) {
            EXPECT_LT(bids.rbegin()->first, asks.begin()->first);
        }
        return true;
    }
};

TEST(DeribitChannelsTest, NamesTheVenueDoesNotKnowAreDropped) {
    RunningVenue venue;
    VenueClient client{venue};
    const Json answer = client.ask("public/subscribe",
                                   channels({"ticker.BTC-PERPETUAL.100ms", "ticker.NOPE.100ms", "book.BTC-PERPETUAL.7s",
                                             "nonsense", "user.changes.any.any.100ms", "deribit_price_index.btc_usd"}));
    ASSERT_EQ(answer.size("/result"), 2U);
    EXPECT_EQ(answer.string("/result/0"), "ticker.BTC-PERPETUAL.100ms");
    EXPECT_EQ(answer.string("/result/1"), "deribit_price_index.btc_usd");
    EXPECT_EQ(client.ask("public/unsubscribe", channels({"ticker.BTC-PERPETUAL.100ms", "other"})).size("/result"), 1U);
    EXPECT_EQ(client.ask("public/unsubscribe_all").string("/result"), "ok");
}

TEST(DeribitChannelsTest, RawChannelsNeedALogin) {
    RunningVenue venue;
    VenueClient client{venue};
    const std::string params = channels({"book.BTC-PERPETUAL.raw"});
    EXPECT_EQ(client.ask("public/subscribe", params).error(), 13778);
    client.login();
    EXPECT_EQ(client.ask("public/subscribe", params).size("/result"), 1U);
}

class BookChannelTest : public testing::TestWithParam<const char*> {};

// The span ends with a batch of every interval, so that nothing is pending when the books are compared.
TEST_P(BookChannelTest, ChangesChainFromTheSnapshotToTheVenuesOwnBook) {
    auto config = test::venue_config();
    config.speed = 10.0;
    config.span_s = 3.0;
    config.start_at_first_subscription = true;
    RunningVenue venue{config};
    VenueClient client{venue};
    client.login();
    const std::string channel = fmt::format("book.BTC-PERPETUAL.{}", GetParam());
    client.ask("public/subscribe", channels({channel}));
    ReplicaBook book;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!venue.server().state().finished && std::chrono::steady_clock::now() < deadline) {
        const auto message = client.next(channel, std::chrono::milliseconds{20});
        if (!message) continue;
        ASSERT_TRUE(book.apply(*message));
    }
    while (const auto message = client.next(channel, std::chrono::milliseconds{200})) ASSERT_TRUE(book.apply(*message));
    EXPECT_GE(book.applied, 3);
    const Json rest = client.ask("public/get_order_book", R"({"instrument_name":"BTC-PERPETUAL","depth":10000})");
    ReplicaBook asked;
    const auto read = [&](std::string_view key, std::map<double, double>& side) {
        for (std::size_t i = 0; i < rest.size(fmt::format("/result/{}", key)); ++i) {
            side[rest.number(fmt::format("/result/{}/{}/0", key, i))] =
                rest.number(fmt::format("/result/{}/{}/1", key, i));
        }
    };
    read("bids", asked.bids);
    read("asks", asked.asks);
    EXPECT_GT(asked.bids.size(), 3U);
    EXPECT_EQ(book.bids, asked.bids);
    EXPECT_EQ(book.asks, asked.asks);
}

INSTANTIATE_TEST_SUITE_P(Intervals, BookChannelTest, testing::Values("raw", "100ms", "agg2"));

TEST(DeribitChannelsTest, SecondSubscriberOfABatchedBookGetsAChainOfItsOwn) {
    RunningVenue venue;
    VenueClient first{venue};
    VenueClient second{venue};
    const std::string channel = "book.BTC-PERPETUAL.100ms";
    ReplicaBook first_book;
    ReplicaBook second_book;
    first.ask("public/subscribe", channels({channel}));
    while (first_book.applied < 3) ASSERT_TRUE(first_book.apply(first.next(channel).value()));
    second.ask("public/subscribe", channels({channel}));
    while (second_book.applied < 6) ASSERT_TRUE(second_book.apply(second.next(channel).value()));
    while (first_book.change_id < second_book.change_id) ASSERT_TRUE(first_book.apply(first.next(channel).value()));
    while (second_book.change_id < first_book.change_id) ASSERT_TRUE(second_book.apply(second.next(channel).value()));
    EXPECT_EQ(first_book.bids, second_book.bids);
    EXPECT_EQ(first_book.asks, second_book.asks);
}

TEST(DeribitChannelsTest, DroppedChangeBreaksTheChainAndResubscribingMendsIt) {
    RunningVenue venue;
    VenueClient client{venue};
    const std::string channel = "book.BTC-PERPETUAL.100ms";
    client.ask("public/subscribe", channels({channel}));
    ReplicaBook book;
    while (book.applied < 3) ASSERT_TRUE(book.apply(client.next(channel).value()));
    venue.server().inject(Fault::drop_book_change);
    for (int i = 0; i < 20 && book.gaps == 0; ++i) book.apply(client.next(channel).value());
    ASSERT_EQ(book.gaps, 1);
    // Subscribing again to a live channel gives nothing; only after unsubscribing comes a snapshot.
    EXPECT_EQ(client.ask("public/subscribe", channels({channel})).size("/result"), 1U);
    client.ask("public/unsubscribe", channels({channel}));
    while (client.next(channel, std::chrono::milliseconds{50})) {
    }
    client.ask("public/subscribe", channels({channel}));
    const Json snapshot = client.next(channel).value();
    EXPECT_EQ(snapshot.string("/params/data/type"), "snapshot");
    ASSERT_TRUE(book.apply(snapshot));
    EXPECT_TRUE(book.apply(client.next(channel).value()));
}

TEST(DeribitChannelsTest, DuplicateChangeIsSentTwice) {
    RunningVenue venue;
    VenueClient client{venue};
    const std::string channel = "book.BTC-PERPETUAL.100ms";
    client.ask("public/subscribe", channels({channel}));
    client.next(channel);
    venue.server().inject(Fault::duplicate_book_change);
    std::string previous;
    bool twice = false;
    for (int i = 0; i < 20 && !twice; ++i) {
        const Json message = client.next(channel).value();
        twice = message.text() == previous;
        previous = message.text();
    }
    EXPECT_TRUE(twice);
}

TEST(DeribitChannelsTest, TickersShowWhatTheInstrumentIs) {
    RunningVenue venue;
    VenueClient client{venue};
    const Json instruments = client.ask("public/get_instruments", R"({"currency":"BTC","kind":"option"})");
    ASSERT_GT(instruments.size("/result"), 0U);
    const std::string option = instruments.string("/result/0/instrument_name");
    client.ask("public/subscribe", channels({"ticker.BTC-PERPETUAL.100ms", "ticker." + option + ".100ms"}));
    const Json perpetual = client.next("ticker.BTC-PERPETUAL.100ms").value();
    EXPECT_EQ(perpetual.string("/params/data/state"), "open");
    EXPECT_GT(perpetual.number("/params/data/mark_price"), 0.0);
    EXPECT_GT(perpetual.number("/params/data/max_price"), perpetual.number("/params/data/min_price"));
    EXPECT_TRUE(perpetual.has("/params/data/current_funding"));
    EXPECT_TRUE(perpetual.has("/params/data/funding_8h"));
    EXPECT_FALSE(perpetual.has("/params/data/greeks"));
    const Json listed = client.next("ticker." + option + ".100ms").value();
    EXPECT_GT(listed.number("/params/data/mark_iv"), 1.0) << "percent";
    EXPECT_GT(listed.number("/params/data/underlying_price"), 1.0);
    EXPECT_GT(listed.number("/params/data/greeks/vega"), 0.0);
    EXPECT_TRUE(listed.has("/params/data/underlying_index"));
    EXPECT_FALSE(listed.has("/params/data/current_funding"));
}

TEST(DeribitChannelsTest, EveryPublicChannelSpeaks) {
    auto config = test::venue_config();
    config.speed = 20.0;  // agg2 and trades come soon
    RunningVenue venue{config};
    VenueClient client{venue};
    client.login();
    const std::vector<std::pair<std::string, std::string>> expected{
        {"quote.BTC-PERPETUAL", "/params/data/best_bid_price"},
        {"book.BTC-PERPETUAL.none.10.100ms", "/params/data/bids/1/1"},
        {"book.ETH-PERPETUAL.10.1.100ms", "/params/data/asks/0/0"},
        {"trades.BTC-PERPETUAL.raw", "/params/data/0/trade_seq"},
        {"trades.future.BTC.100ms", "/params/data/0/tick_direction"},
        {"ticker.ETH-PERPETUAL.agg2", "/params/data/stats/volume"},
        {"deribit_price_index.eth_usd", "/params/data/price"},
        {"deribit_volatility_index.btc_usd", "/params/data/volatility"},
        {"markprice.options.btc_usd", "/params/data/0/iv"},
        {"perpetual.BTC-PERPETUAL.100ms", "/params/data/interest"}};
    std::vector<std::string> names;
    for (const auto& [name, pointer] : expected) names.push_back(name);
    EXPECT_EQ(client.ask("public/subscribe", channels(names)).size("/result"), names.size());
    for (const auto& [name, pointer] : expected) {
        const auto message = client.next(name);
        ASSERT_TRUE(message) << name;
        EXPECT_TRUE(message->has(pointer)) << message->text();
    }
    EXPECT_LT(client.next("markprice.options.btc_usd").value().number("/params/data/0/iv"), 20.0) << "a fraction";
}

TEST(DeribitChannelsTest, TradeSequenceIsConsecutive) {
    auto config = test::venue_config();
    config.speed = 20.0;
    RunningVenue venue{config};
    VenueClient client{venue};
    client.ask("public/subscribe", channels({"trades.BTC-PERPETUAL.100ms"}));
    double last = 0.0;
    for (int i = 0; i < 10; ++i) {
        const Json message = client.next("trades.BTC-PERPETUAL.100ms").value();
        for (std::size_t at = 0; at < message.size("/params/data"); ++at) {
            const double sequence = message.number(fmt::format("/params/data/{}/trade_seq", at));
            if (last > 0.0) {
                EXPECT_EQ(sequence, last + 1.0);
            }
            last = sequence;
        }
    }
}

// Runs a span at `speed` and returns the venue's own account of it.
ServerState run_span(double speed, bool trade) {
    auto config = test::venue_config();
    config.speed = speed;
    config.span_s = 3.0;
    config.start_at_first_subscription = true;
    RunningVenue venue{config};
    VenueClient client{venue};
    client.login();
    if (trade) client.ask("private/buy", R"({"instrument_name":"BTC-PERPETUAL","amount":500,"type":"market"})");
    client.ask("public/subscribe", channels({"book.BTC-PERPETUAL.raw", "ticker.BTC-PERPETUAL.raw"}));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!venue.server().state().finished && std::chrono::steady_clock::now() < deadline) {
        client.next({}, std::chrono::milliseconds{20});
    }
    return venue.server().state();
}

TEST(DeribitChannelsTest, MarketDependsOnNeitherSpeedNorOrders) {
    const ServerState at_pace = run_span(2.0, false);
    const ServerState at_once = run_span(0.0, true);
    ASSERT_TRUE(at_pace.finished);
    ASSERT_TRUE(at_once.finished);
    EXPECT_EQ(at_pace.now, at_once.now);
    EXPECT_EQ(at_pace.market_hash, at_once.market_hash);
    EXPECT_NE(at_pace.market_hash, 0U);
}

TEST(DeribitChannelsTest, SentUnitsEqualWhatTheClientCounts) {
    auto config = test::venue_config();
    config.speed = 0.0;
    config.span_s = 2.0;
    config.start_at_first_subscription = true;
    RunningVenue venue{config};
    VenueClient client{venue};
    client.login();
    client.ask("public/subscribe",
               channels({"book.BTC-PERPETUAL.raw", "ticker.BTC-PERPETUAL.raw", "trades.BTC-PERPETUAL.raw",
                         "deribit_price_index.btc_usd", "deribit_volatility_index.btc_usd"}));
    std::size_t counted = 0;
    while (const auto message = client.next({}, std::chrono::milliseconds{500})) {
        const std::string channel = message->string("/params/channel");
        if (channel.starts_with("book")) {
            counted += message->size("/params/data/bids") + message->size("/params/data/asks");
        } else {
            counted += channel.starts_with("trades") ? message->size("/params/data") : 1;
        }
    }
    const ServerState state = venue.server().state();
    ASSERT_TRUE(state.finished);
    EXPECT_GT(counted, 100U);
    EXPECT_EQ(counted, state.sent.market_events);
}

}  // namespace
}  // namespace keel::simulator
