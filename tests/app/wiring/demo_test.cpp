// `keel demo` as a user and a script see it: the main job, on the simulated venue.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/support/program.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_data.hpp"

namespace keel::app {
namespace {

using nlohmann::json;
using test::Program;
using Words = std::vector<std::string>;

class DemoTest : public testing::Test {
protected:
    json demo(const Words& extra) {
        Words words{"demo", "--headless", "--state", folder_.path().string()};
        words.insert(words.end(), extra.begin(), extra.end());
        return json_of(words);
    }
    // What a command says with --json, once it has ended with 0. Its text for people is then in `told_`.
    json json_of(Words words) {
        words.emplace_back("--json");
        Program program{KEEL_BINARY, words, folder_.path(), words[0] + std::to_string(++runs_)};
        EXPECT_EQ(program.wait(std::chrono::seconds{200}), 0) << program.err();
        told_ = program.err();
        return json::parse(program.out(), nullptr, false);
    }
    // The report's page as JSON, with the series and the table of decisions.
    static json page_of(const json& report) {
        const auto folder = std::filesystem::path{report["report"].get<std::string>()}.parent_path();
        return json::parse(test::read_file(folder / "report.json"));
    }

    test::TemporaryDirectory folder_;
    std::string told_;
    int runs_{0};
};

// Received what was sent, decided, hedged, and held the boundary that the same portfolio left alone broke. The hardest
// of the seeds 1 to 5 on BTC: 0.068 of the unhedged breach, where the others stood at 0.040 to 0.058.
void expect_the_main_job(const json& report) {
    const auto received = report["events_received"].get<double>();
    EXPECT_GT(received, 10'000.0);
    EXPECT_NEAR(received, report["events_sent_by_simulator"].get<double>(), 0.01 * received);
    EXPECT_GE(report["shocks"].get<int>(), 1);
    EXPECT_GE(report["triggers_fired"].get<int>(), 5);
    EXPECT_GE(report["trigger_kinds"].get<int>(), 3);
    EXPECT_GE(report["orders_filled"].get<int>(), 5);
    EXPECT_EQ(report["orders_unknown"].get<int>(), 0);
    EXPECT_TRUE(report["replay_verified"].get<bool>());
    const json& breach = report["breach_seconds"];
    for (const char* boundary : {"net_delta_BTC", "net_delta_ETH"}) {
        const auto unhedged = breach["unhedged"][boundary].get<double>();
        EXPECT_GE(unhedged, 10.0) << boundary;
        EXPECT_LE(breach["hedged"][boundary].get<double>(), 0.25 * unhedged) << boundary;
    }
}

void expect_plots(const json& page, std::size_t shocks, double seconds) {
    const json& series = page["series"];
    ASSERT_EQ(series["marks"].size(), shocks);
    EXPECT_NEAR(series["marks"][0]["seconds"].get<double>(), 0.25 * seconds, 1.0);
    EXPECT_NEAR(series["marks"][1]["seconds"].get<double>(), 0.55 * seconds, 1.0);
    EXPECT_TRUE(series["funding_usd"].back().is_number()) << "perpetuals were held";
}

// Each decision whose order left says how long it took; none took longer than the slowest of the run.
void expect_latencies(const json& report, const json& page) {
    std::size_t timed = 0;
    double slowest = 0.0;
    for (const json& row : page["decision_rows"]) {
        if (row["latency_us"].is_null()) continue;
        ++timed;
        EXPECT_EQ(row["outcome"], "traded") << row;
        EXPECT_GT(row["latency_us"].get<double>(), 0.0);
        slowest = std::max(slowest, row["latency_us"].get<double>());
    }
    EXPECT_GE(timed, 5U);
    // Cancels are in the whole, too.
    EXPECT_LE(slowest, report["tick_to_trade_us"]["max"].get<double>() * (1.0 + 1e-6));
}

// The hedges that were filled with an instrument chosen over a dearer one, both costs told.
std::size_t cheaper_choices(const json& story) {
    std::size_t found = 0;
    for (const json& decision : story["decisions"]) {
        std::set<std::string> filled;
        for (const json& order : decision["orders"]) {
            if (order["filled"] != "0") filled.insert(order["instrument"].get<std::string>());
        }
        double dearest = 0.0;
        for (const json& candidate : decision["candidates"]) {
            if (candidate["chosen"] == true || !candidate["unit_cost_usd"].is_number()) continue;
            dearest = std::max(dearest, candidate["unit_cost_usd"].get<double>());
        }
        found += std::ranges::any_of(decision["candidates"], [&](const json& candidate) {
            return candidate["chosen"] == true && filled.contains(candidate["instrument"].get<std::string>()) &&
                   candidate["unit_cost_usd"].get<double>() < dearest;
        });
    }
    return found;
}

TEST_F(DemoTest, DemonstratesTheMainJobAndVerifiesItsOwnReplay) {
    const json report = demo({"--seconds", "60", "--seed", "3"});
    ASSERT_TRUE(report.is_object());
    expect_the_main_job(report);
    const json page = page_of(report);
    expect_plots(page, report["shocks"].get<std::size_t>(), 60.0);
    expect_latencies(report, page);

    const std::string journal = report["journal"];
    EXPECT_EQ(json_of({"journal", "stat", journal})["events_received"], report["events_received"]);
    EXPECT_EQ(json_of({"replay", journal, "--verify", "--layout", "pipeline"})["state_hash"], report["state_hash"]);
    EXPECT_GE(cheaper_choices(json_of({"explain", journal})), 1U);
    EXPECT_NE(told_.find("    chosen   "), std::string::npos) << "in words, too";
    EXPECT_NE(told_.find("    passed   "), std::string::npos);
}

// The market's own flow depends on the seed alone, not on pace and not on our orders.
TEST_F(DemoTest, SeesTheSameMarketAtAnySpeedHedgedOrNot) {
    const json hedged = demo({"--seconds", "10", "--seed", "7"});
    const json fast = demo({"--seconds", "10", "--seed", "7", "--speed", "0"});
    const json unhedged = demo({"--seconds", "10", "--seed", "7", "--speed", "0", "--unhedged"});
    const json other = demo({"--seconds", "10", "--seed", "8", "--speed", "0"});
    EXPECT_EQ(hedged["market_hash"], fast["market_hash"]);
    EXPECT_EQ(hedged["market_hash"], unhedged["market_hash"]);
    EXPECT_NE(hedged["market_hash"], other["market_hash"]);
    EXPECT_EQ(unhedged["orders_sent"].get<int>(), 0);
}

}  // namespace
}  // namespace keel::app
