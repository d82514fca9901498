// Whole sessions of the program, each as a user starts them: interrupted, on recorded chains, on recorded frames.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/core/decimal.hpp"
#include "tests/support/program.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_data.hpp"

namespace keel::app {
namespace {

using nlohmann::json;
using test::Program;
using Words = std::vector<std::string>;

class SessionTest : public testing::Test {
protected:
    [[nodiscard]] std::string folder() const { return folder_.path().string(); }
    [[nodiscard]] std::string example(const std::string& name) const {
        return std::string{KEEL_SOURCE_DIR} + "/examples/" + name;
    }
    // Starts a simulated venue and returns the line that says it is ready.
    json ready(Program& venue) {
        EXPECT_TRUE(venue.says("\"ready\": true", std::chrono::seconds{60})) << venue.err();
        const std::string out = venue.out();
        return json::parse(out.substr(0, out.find('\n')), nullptr, false);
    }

    test::TemporaryDirectory folder_;
};

TEST_F(SessionTest, EndsInOrderWithinFiveSecondsOfAnInterrupt) {
    Program venue{KEEL_BINARY,
                  Words{"simulate", example("deribit-simulated.toml"), "--port", "18443", "--certificates", folder()},
                  folder_.path(), "venue"};
    const json at = ready(venue);
    const Words run{"run",
                    example("deribit-simulated.toml"),
                    "--headless",
                    "--state",
                    folder() + "/engine",
                    "--set",
                    "venue.0.port=" + std::to_string(at["port"].get<int>()),
                    "--set",
                    "venue.0.ca_file=\"" + at["ca_file"].get<std::string>() + "\"",
                    "--set",
                    "venue.0.credentials_file=\"" + at["credentials_file"].get<std::string>() + "\""};
    Program engine{KEEL_BINARY, run, folder_.path(), "engine"};
    ASSERT_TRUE(engine.says("ready after", std::chrono::seconds{30})) << engine.err();

    // A second engine on the same state directory is refused.
    Program second{KEEL_BINARY, run, folder_.path(), "second"};
    EXPECT_EQ(second.wait(std::chrono::seconds{20}), 3);
    EXPECT_NE(second.err().find("another engine"), std::string::npos) << second.err();

    EXPECT_EQ(engine.err().find("watches nothing"), std::string::npos) << "BTC and ETH are traded";

    // So is one on the same account with a state directory of its own.
    Words elsewhere = run;
    std::ranges::replace(elsewhere, folder() + "/engine", folder() + "/engine-2");
    Program third{KEEL_BINARY, elsewhere, folder_.path(), "third"};
    EXPECT_EQ(third.wait(std::chrono::seconds{20}), 3);
    EXPECT_NE(third.err().find("trades this account"), std::string::npos) << third.err();

    engine.signal(SIGINT);
    EXPECT_EQ(engine.wait(std::chrono::seconds{5}), 130) << engine.err();
    EXPECT_EQ(engine.err().find("has not confirmed"), std::string::npos) << engine.err();
}

TEST_F(SessionTest, HedgesRecordedOptionChains) {
    const auto data = test::data_path("deribit/chain_snapshots_202601.csv.zst");
    KEEL_SKIP_WITHOUT(data);
    const std::string root = data->parent_path().parent_path().string();
    Program venue{KEEL_BINARY,
                  Words{"simulate", example("deribit-recorded.toml"), "--port", "18444", "--data", root, "--speed",
                        "3600", "--certificates", folder()},
                  folder_.path(), "venue"};
    const json at = ready(venue);
    Program engine{KEEL_BINARY,
                   Words{"run", example("deribit-recorded.toml"), "--headless", "--json", "--seconds", "45", "--state",
                         folder() + "/engine", "--set", "venue.0.port=" + std::to_string(at["port"].get<int>()),
                         "--set", "venue.0.ca_file=\"" + at["ca_file"].get<std::string>() + "\"", "--set",
                         "venue.0.credentials_file=\"" + at["credentials_file"].get<std::string>() + "\""},
                   folder_.path(), "engine"};
    ASSERT_EQ(engine.wait(std::chrono::seconds{120}), 0) << engine.err();
    const json report = json::parse(engine.out());
    EXPECT_NE(report["notes"].dump().find("marks step"), std::string::npos) << report["notes"];
    EXPECT_GE(report["orders_filled"].get<int>(), 3);
    const auto unhedged = report["breach_seconds"]["unhedged"]["net_delta_BTC"].get<double>();
    EXPECT_LT(report["breach_seconds"]["hedged"]["net_delta_BTC"].get<double>(), 0.25 * unhedged);
    for (const auto& [name, underlying] : report["final_delta"].items()) {
        EXPECT_LE(std::abs(underlying["net_delta_coin"].get<double>()), underlying["soft_coin"].get<double>()) << name;
    }
}

// The captures that have a REST snapshot among their frames, each over TLS and equal to books computed apart.
class RecordedFramesTest : public SessionTest, public testing::WithParamInterface<const char*> {};

TEST_P(RecordedFramesTest, BuildsExactlyTheExpectedBook) {
    const std::string file = std::string{"binance/"} + GetParam();
    const auto capture = test::data_path(file);
    const auto expected_file = test::data_path("expected_books.json");
    KEEL_SKIP_WITHOUT(capture);
    KEEL_SKIP_WITHOUT(expected_file);
    const json expected_books = json::parse(test::read_file(*expected_file))[file];
    const std::string symbol = expected_books.begin().key();
    const json expected = expected_books.begin().value();
    const bool inverse = file.find("_cm_") != std::string::npos;
    const std::string name = inverse ? "binance_coinm" : "binance_usdm";
    Program venue{
        KEEL_BINARY,
        Words{"simulate", "--venue", name, "--data", capture->string(), "--speed", "0", "--certificates", folder()},
        folder_.path(), "venue"};
    const json at = ready(venue);
    Words words{"run",        example("binance-replay.toml"),
                "--headless", "--json",
                "--state",    folder() + "/engine",
                "--set",      "venue.0.name=\"" + name + "\"",
                "--set",      "venue.0.port=" + std::to_string(at["port"].get<int>()),
                "--set",      "venue.0.ca_file=\"" + at["ca_file"].get<std::string>() + "\"",
                "--set",      "venue.0.instruments=[\"" + symbol + "\"]"};
    Program engine{KEEL_BINARY, words, folder_.path(), "engine"};
    ASSERT_EQ(engine.wait(std::chrono::seconds{120}), 0) << engine.err();
    const json report = json::parse(engine.out());
    const json& book = report["books"][symbol];
    EXPECT_EQ(book["depth_updates"], expected["depth_updates"]);
    EXPECT_EQ(book["applied"], expected["applied"]);
    EXPECT_EQ(book["dropped"], expected["dropped"]);
    EXPECT_EQ(book["gaps"], expected["gaps"]);
    EXPECT_EQ(book["final_u"], expected["final_u"]);
    EXPECT_EQ(book["bid_levels"], expected["final_levels"][0]);
    EXPECT_EQ(book["ask_levels"], expected["final_levels"][1]);
    for (const char* side : {"bids", "asks"}) {
        ASSERT_EQ(book[side].size(), expected["final_top5"][side].size());
        for (std::size_t level = 0; level < book[side].size(); ++level) {
            for (std::size_t part = 0; part < 2; ++part) {
                const auto ours = parse_decimal(book[side][level][part].get<std::string>());
                const auto theirs = parse_decimal(expected["final_top5"][side][level][part].get<std::string>());
                EXPECT_EQ(ours->normalised(), theirs->normalised()) << side << " " << level;
            }
        }
    }
    Program replay{KEEL_BINARY, Words{"replay", report["journal"].get<std::string>(), "--verify", "--json"},
                   folder_.path(), "replay"};
    ASSERT_EQ(replay.wait(std::chrono::seconds{60}), 0) << replay.err();
    EXPECT_EQ(json::parse(replay.out())["state_hash"], report["state_hash"]);
}

INSTANTIATE_TEST_SUITE_P(Captures, RecordedFramesTest,
                         testing::Values("raw_usdm_btcusdt_20240808.gz", "raw_cm_btcusd_perp_20240808.gz",
                                         "raw_cm_ethusd_perp_20240808.gz"),
                         [](const auto& named) { return "Capture" + std::to_string(named.index); });

}  // namespace
}  // namespace keel::app
