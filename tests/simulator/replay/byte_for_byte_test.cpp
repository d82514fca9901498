#include <algorithm>
#include <set>

#include "simulator/replay/recording.hpp"
#include "tests/simulator/replay/replay_client.hpp"
#include "tests/support/test_data.hpp"

namespace keel::simulator {
namespace {

TEST(ByteForByteTest, EveryFrameArrivesAsItWasRecorded) {
    const auto folder = test::data_path("binance");
    KEEL_SKIP_WITHOUT(folder);
    std::size_t captures = 0;
    for (const auto& entry : std::filesystem::directory_iterator{*folder}) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with("raw_") && !name.starts_with("cryptofeed_")) continue;
        SCOPED_TRACE(name);
        ++captures;
        const auto recording = Recording::load(entry.path());
        ASSERT_TRUE(recording.has_value());
        std::set<std::string> streams;
        std::vector<std::string_view> recorded;
        for (const RecordedMessage& message : recording->messages()) {
            if (message.kind != RecordedMessage::Kind::frame) continue;
            recorded.push_back(message.text);
            streams.emplace(message.name);
        }
        std::string names;
        for (const std::string& stream : streams) names += (names.empty() ? "\"" : ",\"") + stream + "\"";
        test::ReplayedVenue venue{entry.path()};
        ASSERT_TRUE(venue.subscribe(names));
        ASSERT_TRUE(venue.turn_until([&] { return venue.is_closed(); }));
        ASSERT_EQ(venue.frames.size(), recorded.size() + 1);
        EXPECT_TRUE(std::equal(recorded.begin(), recorded.end(), venue.frames.begin() + 1));
        EXPECT_EQ(venue.counters().frames_sent, recorded.size());
    }
    EXPECT_GT(captures, 0U);
}

}  // namespace
}  // namespace keel::simulator
