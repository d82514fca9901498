#include "simulator/replay/recording.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "simulator/replay/compressed_file.hpp"

namespace keel::simulator {
namespace {

class RecordingTest : public testing::Test {
protected:
    ~RecordingTest() override { std::filesystem::remove(file_); }
    Result<Recording> load(std::string_view text) {
        std::ofstream{file_, std::ios::binary} << text;
        return Recording::load(file_);
    }
    std::filesystem::path file_ =
        std::filesystem::temp_directory_path() / ("keel-recording-" + std::to_string(::getpid()));
};

TEST_F(RecordingTest, RecordsAreMergedByTimeAndUnescaped) {
    const auto recording =
        load(R"({"t":"header","format":2})"
             "\n"
             R"({"t":"http","conn":"h","ts":2.5,"url":"https://x/fapi/v1/depth?symbol=AUSDT&limit=9","data":"{}"})"
             "\n"
             R"({"t":"recv","conn":"w","ts":1.000001,"data":"{\"stream\":\"ausdt@trade\",\"x\":1}"})"
             "\n"
             R"({"t":"recv","conn":"w","ts":3,"data":"{\"stream\":\"ausdt@depth\"}"})"
             "\n");
    ASSERT_TRUE(recording.has_value());
    const auto& messages = recording->messages();
    ASSERT_EQ(messages.size(), 3U);
    EXPECT_EQ(messages[0].text, R"({"stream":"ausdt@trade","x":1})");
    EXPECT_EQ(messages[0].name, "ausdt@trade");
    EXPECT_EQ(messages[0].time, UnixNanos{1'000'001'000});
    EXPECT_EQ(messages[1].kind, RecordedMessage::Kind::depth);
    EXPECT_EQ(messages[1].name, "AUSDT");
    EXPECT_EQ(recording->first_frame_time(), UnixNanos{1'000'001'000});
    EXPECT_EQ(recording->last_frame_time(), UnixNanos{3'000'000'000});
}

TEST_F(RecordingTest, ABareSnapshotTakesTheSymbolOfTheStreamBeforeIt) {
    const auto recording = load("5 {\"stream\":\"btcusdt@depth@0ms\",\"data\":{}}\n6 {\"lastUpdateId\":7}\n");
    ASSERT_TRUE(recording.has_value());
    EXPECT_EQ(recording->messages()[1].name, "BTCUSDT");
    EXPECT_EQ(recording->messages()[1].kind, RecordedMessage::Kind::depth);
}

TEST_F(RecordingTest, NamesTheLineThatIsNoCapture) {
    const auto recording = load("5 {}\nnonsense\n");
    ASSERT_FALSE(recording.has_value());
    EXPECT_EQ(recording.error().code, Errc::malformed_message);
    EXPECT_EQ(recording.error().detail, 1U);
    EXPECT_EQ(load("{\"t\":\"recv\",\"ts\":\"x\"}\n").error().code, Errc::malformed_message);
    EXPECT_EQ(load("").error().code, Errc::malformed_message);
}

TEST_F(RecordingTest, DamagedCompressionIsUnreadable) {
    for (const char* ending : {".gz", ".zst"}) {
        const std::filesystem::path damaged = file_.string() + ending;
        std::ofstream{damaged, std::ios::binary} << "\x1f\x8b\x08garbage that is no archive";
        EXPECT_FALSE(read_compressed(damaged).has_value()) << ending;
        std::filesystem::remove(damaged);
    }
}

}  // namespace
}  // namespace keel::simulator
