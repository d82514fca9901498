#include "connectors/binance_usdm/feed.hpp"

#include <fstream>

#include "tests/connectors/binance_usdm/feed_run.hpp"

namespace keel::connectors::binance {
namespace {

using test::FeedRun;

// Small recordings of our own, served over TLS as any other.
class FeedTest : public testing::Test {
protected:
    static constexpr std::chrono::nanoseconds kMessageEvery = std::chrono::milliseconds{100};

    ~FeedTest() override { std::filesystem::remove(file_); }
    static std::string depth(int first, int last, int previous, int price) {
        return R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":)" + std::to_string(last) +
               R"(,"s":"BTCUSDT","U":)" + std::to_string(first) + R"(,"u":)" + std::to_string(last) + R"(,"pu":)" +
               std::to_string(previous) + R"(,"b":[[")" + std::to_string(price) + R"(.0","1"]],"a":[]}})";
    }
    static std::string snapshot(int id) {
        return R"({"lastUpdateId":)" + std::to_string(id) + R"(,"bids":[["10.0","5"]],"asks":[["99.0","5"]]})";
    }
    std::unique_ptr<FeedRun> run(const std::vector<std::string>& messages, double speed = 0.0) {
        std::ofstream out{file_};
        std::int64_t time_ns = 0;
        for (const std::string& message : messages) out << (time_ns += kMessageEvery.count()) << ' ' << message << '\n';
        out.close();
        Config config;
        config.symbols = {"BTCUSDT"};
        config.streams = {"depth@100ms", "trade"};
        config.routed = false;
        config.reconnect = false;
        config.clock = EdgeClock::Source::venue;
        InstrumentDefinition definition;
        definition.symbol = "BTCUSDT";
        definition.base = "BTC";
        definition.quote = definition.settlement = "USDT";
        definition.tick = Decimal{1, -1};
        config.instruments = {definition};
        auto made = std::make_unique<FeedRun>(file_, config, speed);
        made->to_the_end();
        return made;
    }
    std::filesystem::path file_ = std::filesystem::temp_directory_path() / ("keel-feed-" + std::to_string(::getpid()));
};

TEST_F(FeedTest, ADroppedUpdateMakesTheBookStaleAndTheNewSnapshotHealsIt) {
    // At its own pace: the second snapshot must be asked for between the gap and its place.
    const auto done =
        run({depth(1, 2, 0, 11), depth(3, 4, 2, 12), snapshot(3), depth(5, 6, 4, 13),
             depth(9, 10, 8, 14),  // 7 and 8 are missing
             depth(11, 12, 10, 15), depth(13, 14, 12, 16), snapshot(9), depth(15, 16, 14, 17), depth(17, 18, 16, 18)},
            1.0);
    const DepthCounters& counters = done->feed->depth()[0].counters();
    EXPECT_EQ(counters.updates, 8U);
    EXPECT_EQ(counters.gaps, 1U);
    EXPECT_EQ(counters.snapshots, 2U);
    EXPECT_EQ(counters.dropped, 1U);
    EXPECT_EQ(counters.applied, 7U);
    EXPECT_EQ(counters.last_id, 18U);
    EXPECT_EQ(done->stale, 2U);  // at the gap, and when the connection went
    const OrderBook& book = done->books[0];
    EXPECT_EQ(book.sequence(), 18U);
    // The second snapshot cleared what came before the gap.
    EXPECT_EQ(book.levels(Side::bid).size(), 6U);
    EXPECT_EQ(book.top().bid.price, Price{180});
    // Until the recording came to its second snapshot, the venue gave the old one again.
    EXPECT_EQ(done->served.counters().snapshots_sent, 2 + counters.snapshots_refused);
}

TEST_F(FeedTest, TellsEachStateOfItsSession) {
    const auto done = run({depth(1, 2, 0, 11), snapshot(2), depth(3, 4, 2, 12)});
    const std::vector<SessionState> expected{SessionState::connecting, SessionState::syncing, SessionState::ready,
                                             SessionState::down};
    EXPECT_EQ(done->sessions, expected);
}

TEST_F(FeedTest, CountsWhatItCannotReadAndGoesOn) {
    const auto done =
        run({depth(1, 2, 0, 11), snapshot(2),
             R"({"stream":"btcusdt@trade","data":{"e":"trade","E":3,"s":"BTCUSDT","t":1,"p":"1.05","q":"1","m":true}})",
             R"({"stream":"btcusdt@trade","data":{"e":"kline","E":3,"s":"BTCUSDT"}})",
             R"({"stream":"btcusdt@trade","data":{"e":"trade","E":3,"s":"OTHER","t":1,"p":"1","q":"1","m":true}})",
             depth(3, 4, 2, 12)});
    EXPECT_EQ(done->feed->counters().refused_malformed, 1U);
    EXPECT_EQ(done->feed->counters().refused_unsupported, 1U);
    EXPECT_EQ(done->feed->counters().refused_unknown, 1U);
    EXPECT_EQ(done->feed->depth()[0].counters().applied, 2U);
}

}  // namespace
}  // namespace keel::connectors::binance
