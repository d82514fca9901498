#include "simulator/replay/replay_venue.hpp"

#include "tests/simulator/replay/replay_client.hpp"

namespace keel::simulator {
namespace {

using test::ReplayedVenue;

// Three depth frames, a snapshot between the second and the third, and a trade.
class ReplayVenueTest : public testing::Test {
protected:
    ReplayVenueTest() {
        file_ = std::filesystem::temp_directory_path() / ("keel-replay-" + std::to_string(::getpid()) + ".txt");
        std::ofstream{file_} << R"(1000000000 {"stream":"btcusdt@depth@0ms","data":{"u":1}})" << '\n'
                             << R"(1010000000 {"stream":"btcusdt@depth@0ms","data":{"u":2}})" << '\n'
                             << R"(1020000000 {"lastUpdateId":2,"bids":[],"asks":[]})" << '\n'
                             << R"(1030000000 {"stream":"btcusdt@trade","data":{"t":1}})" << '\n'
                             << R"(1300000000 {"stream":"btcusdt@depth@0ms","data":{"u":3}})" << '\n';
    }
    ~ReplayVenueTest() override { std::filesystem::remove(file_); }
    std::filesystem::path file_;
};

TEST_F(ReplayVenueTest, SendsOnlyWhatWasSubscribedAndThenCloses) {
    ReplayedVenue venue{file_};
    ASSERT_TRUE(venue.subscribe(R"("btcusdt@trade","nobody@depth")"));
    ASSERT_TRUE(venue.turn_until([&] { return venue.is_closed(); }));
    ASSERT_EQ(venue.frames.size(), 2U);
    EXPECT_EQ(venue.frames[0], R"({"result":null,"id":1})");
    EXPECT_EQ(venue.frames[1], R"({"stream":"btcusdt@trade","data":{"t":1}})");
    EXPECT_EQ(venue.counters().frames_sent, 1U);
    EXPECT_EQ(venue.counters().frames_recorded, 4U);
}

TEST_F(ReplayVenueTest, ASnapshotWaitsForItsPlaceInTheStream) {
    ReplayedVenue venue{file_};
    venue.ask("/fapi/v1/depth?symbol=BTCUSDT&limit=1000");
    // Nobody has subscribed: the stream has not begun, and the request waits.
    int turns = 0;
    ASSERT_TRUE(venue.turn_until([&] { return ++turns > 200; }));
    ASSERT_FALSE(venue.answer.has_value());
    ASSERT_TRUE(venue.subscribe(R"("btcusdt@depth@0ms")"));
    ASSERT_TRUE(venue.turn_until([&] { return venue.is_closed() && venue.answer.has_value(); }));
    EXPECT_EQ(*venue.answer, R"({"lastUpdateId":2,"bids":[],"asks":[]})");
    EXPECT_EQ(venue.frames.size(), 4U);
    EXPECT_EQ(venue.counters().snapshots_sent, 1U);
}

TEST_F(ReplayVenueTest, TheStreamWaitsAtASnapshotThatIsAboutToBeAskedFor) {
    ReplayedVenue venue{file_};
    ASSERT_TRUE(venue.subscribe(R"("btcusdt@depth@0ms")"));
    ASSERT_TRUE(venue.turn_until([&] { return venue.frames.size() == 3; }));
    venue.ask("/fapi/v1/depth?symbol=BTCUSDT&limit=1000");
    ASSERT_TRUE(venue.turn_until([&] { return venue.is_closed() && venue.answer.has_value(); }));
    EXPECT_EQ(venue.frames.size(), 4U);
}

TEST_F(ReplayVenueTest, KeepsTheRecordedPace) {
    ReplayedVenue venue{file_, 1.0};
    ASSERT_TRUE(venue.subscribe(R"("btcusdt@trade")"));
    const auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(venue.turn_until([&] { return venue.is_closed(); }));
    EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds{290});
}

TEST_F(ReplayVenueTest, RefusesWhatTheRecordingLacks) {
    ReplayedVenue venue{file_};
    const std::pair<const char*, unsigned> cases[] = {
        {"/fapi/v1/depth?symbol=XYZ&limit=5", 400},
        {"/fapi/v1/exchangeInfo",             404},
        {"/other",                            404}
    };
    for (const auto& [target, status] : cases) {
        venue.ask(target);
        ASSERT_TRUE(venue.turn_until([&] { return venue.answer.has_value(); }));
        EXPECT_EQ(venue.status, status) << target;
    }
}

TEST(ReplayVenueOpenTest, NamesAMissingRecording) {
    ReplayConfig config;
    config.data = "/nonexistent/capture.gz";
    EXPECT_EQ(ReplayVenue::open(config).error().code, Errc::file_unreadable);
}

}  // namespace
}  // namespace keel::simulator
