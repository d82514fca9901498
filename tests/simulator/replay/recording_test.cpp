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

TEST_F(RecordingTest, ALastLineThatWasCutShortIsRefused) {
    const std::string first = "5 {\"stream\":\"btcusdt@trade\"}\n";
    const std::string last = "6 {\"stream\":\"btcusdt@trade\",\"data\":{\"p\":\"1}\"}}";
    for (std::size_t size = 1; size < last.size(); ++size) {
        const auto recording = load(first + last.substr(0, size));
        ASSERT_FALSE(recording.has_value()) << last.substr(0, size);
        EXPECT_EQ(recording.error().detail, 1U);
    }
    EXPECT_TRUE(load(first + last).has_value()) << "only its line end is missing";
    const std::string record = "{\"t\":\"recv\",\"ts\":1,\"data\":\"{}\"}";
    for (std::size_t size = 1; size < record.size(); ++size) {
        const auto recording = load(record + "\n" + record.substr(0, size));
        ASSERT_FALSE(recording.has_value()) << record.substr(0, size);
        EXPECT_EQ(recording.error().detail, 1U);
    }
}

TEST_F(RecordingTest, CompressionThatWasCutShortIsUnreadable) {
    // One line of a capture, as gzip writes it.
    const std::string whole{
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x33\x55\xa8\x56\x2a\x2e\x29\x4a\x4d\xcc\x55\xb2\x52\x4a"
        "\x2a\x49\x2e\x2d\x4e\x29\x71\x28\x29\x4a\x4c\x49\x55\xd2\x51\x4a\x49\x2c\x49\x54\xb2\xaa\xae\xad"
        "\xe5\x02\x00\xa0\xf6\x74\x03\x27\x00\x00\x00",
        59};
    const std::filesystem::path file = file_.string() + ".gz";
    for (std::size_t size = 1; size <= whole.size(); ++size) {
        std::ofstream{file, std::ios::binary} << whole.substr(0, size);
        const auto recording = Recording::load(file);
        EXPECT_EQ(recording.has_value(), size == whole.size()) << size;
    }
    std::filesystem::remove(file);
}

TEST_F(RecordingTest, KnowsTheVenueByItsSymbols) {
    const auto venue_of = [this](const std::string& stream) {
        return load("5 {\"stream\":\"" + stream + "\"}\n")->venue();
    };
    EXPECT_EQ(venue_of("btcusdt@trade"), VenueId::binance_usdm);
    EXPECT_EQ(venue_of("btcusdt_240927@depth@0ms"), VenueId::binance_usdm);
    EXPECT_EQ(venue_of("btcusd_perp@trade"), VenueId::binance_coinm);
    EXPECT_EQ(venue_of("ethusd_240927@trade"), VenueId::binance_coinm);
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
