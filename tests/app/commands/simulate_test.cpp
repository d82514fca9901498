// keel simulate as a server that others rely on: what it writes when, and what it refuses to serve.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/program.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_data.hpp"

namespace keel::app {
namespace {

using nlohmann::json;
using test::Outcome;
using test::Program;
using Words = std::vector<std::string>;

constexpr std::chrono::seconds kServed{30};

const std::string kLinear =
    "1723075200000000000 {\"stream\":\"btcusdt@trade\",\"data\":{\"e\":\"trade\"}}\n"
    "1723075201000000000 {\"stream\":\"btcusdt@trade\",\"data\":{\"e\":\"trade\"}}\n";
const std::string kInverse = "1723075200000000000 {\"stream\":\"btcusd_perp@trade\",\"data\":{\"e\":\"trade\"}}\n";

class SimulateTest : public testing::Test {
protected:
    [[nodiscard]] std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
    [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
        std::ofstream{path(name), std::ios::binary} << text;
        return path(name);
    }
    Outcome simulate(const Words& words) {
        Words all{"simulate", "--certificates", path("venue"), "--state", path("state")};
        all.insert(all.end(), words.begin(), words.end());
        Program program{KEEL_BINARY, all, folder_.path(), "simulate"};
        const int code = program.wait(kServed);
        return {code, program.out(), program.err()};
    }
    // Every file of the folder that clients look into, with its text.
    [[nodiscard]] json published() const {
        json files;
        for (const auto& entry : std::filesystem::directory_iterator{path("venue")}) {
            files[entry.path().filename().string()] = test::read_file(entry.path());
        }
        return files;
    }
    test::TemporaryDirectory folder_;
};

TEST_F(SimulateTest, AStartThatFailsLeavesTheFilesOfARunningVenue) {
    Program venue{KEEL_BINARY,
                  Words{"simulate", "--venue", "deribit", "--certificates", path("venue"), "--state", path("state")},
                  folder_.path(), "venue"};
    ASSERT_TRUE(venue.says("\"ready\": true", kServed)) << venue.err();
    const std::string out = venue.out();
    const std::string port = std::to_string(json::parse(out.substr(0, out.find('\n')))["port"].get<int>());
    const json before = published();
    EXPECT_EQ(before.size(), 4U) << before;
    const std::string capture = write("capture", kLinear);
    const std::vector<Words> bad{
        {"--venue", "deribit", "--port", port},
        {"--venue", "deribit", "--data", path("nowhere")},
        {"--venue", "binance_usdm", "--port", port, "--data", capture},
        {"--venue", "binance_usdm", "--data", path("nowhere")},
    };
    for (const Words& words : bad) {
        const Outcome outcome = simulate(words);
        EXPECT_EQ(outcome.code, 3) << outcome.err;
        EXPECT_EQ(published(), before) << outcome.err;
    }
}

TEST_F(SimulateTest, ServesARecordingForAsLongAsItIsTold) {
    const Outcome outcome =
        simulate({"--venue", "binance_usdm", "--data", write("capture", kLinear), "--seconds", "0.5"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("\"frames_recorded\": 2"), std::string::npos) << outcome.out;
}

TEST_F(SimulateTest, RefusesACaptureThatWasCutShort) {
    const std::string cut = write("cut", kLinear.substr(0, kLinear.size() - 8));
    const Outcome outcome = simulate({"--venue", "binance_usdm", "--data", cut, "--seconds", "0.5"});
    EXPECT_EQ(outcome.code, 3) << outcome.err;
    EXPECT_NE(outcome.err.find(cut + ":2: "), std::string::npos) << outcome.err;
}

TEST_F(SimulateTest, RefusesACaptureOfTheOtherContracts) {
    const std::string inverse = write("inverse", kInverse);
    const Outcome outcome = simulate({"--venue", "binance_usdm", "--data", inverse, "--seconds", "0.5"});
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find(inverse + ": holds frames of binance_coinm, not of binance_usdm"), std::string::npos)
        << outcome.err;
    EXPECT_EQ(simulate({"--venue", "binance_coinm", "--data", write("linear", kLinear), "--seconds", "0.5"}).code, 2);
    EXPECT_EQ(simulate({"--venue", "binance_coinm", "--data", inverse, "--seconds", "0.5"}).code, 0);
}

}  // namespace
}  // namespace keel::app
