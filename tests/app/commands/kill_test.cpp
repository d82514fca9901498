// keel kill against the simulated venue, with the engine stopped by SIGSTOP.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/program.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/venue_program.hpp"

namespace keel::app {
namespace {

using nlohmann::json;
using test::Program;

// A simulated venue with the example's portfolio, an engine on it, and a third client of the same account.
class KillCommandTest : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(venue_.is_ready()) << venue_.err(); }

    json call(const std::string& method, const std::string& params) const { return venue_.call(method, params); }
    std::string config() const { return venue_.config(); }
    std::string state() const { return (folder_.path() / "state").string(); }

    void place_resting_orders() const {
        for (const char* price : {"50000", "51000", "52000"}) {
            const json placed =
                call("private/buy", R"("instrument_name":"BTC-PERPETUAL","amount":1000,"type":"limit","price":)" +
                                        std::string{price} + R"(,"time_in_force":"good_til_cancelled")");
            ASSERT_TRUE(placed.contains("result")) << placed;
        }
        ASSERT_EQ(call("private/get_open_orders", "")["result"].size(), 3U);
    }

    test::TemporaryDirectory folder_;
    test::VenueProgram venue_{folder_.path(), {"--seconds", "600"}};
};

TEST_F(KillCommandTest, CancelsEverythingWhileTheEngineIsStopped) {
    Program engine{KEEL_BINARY, {"run", config(), "--headless", "--state", state()}, folder_.path(), "engine"};
    ASSERT_TRUE(engine.says("journal", std::chrono::seconds{30})) << engine.err();
    place_resting_orders();
    engine.signal(SIGSTOP);

    Program kill{KEEL_BINARY, {"kill", "--config", config(), "--state", state(), "--json"}, folder_.path(), "kill"};
    ASSERT_EQ(kill.wait(std::chrono::seconds{30}), 0) << kill.err();
    const json result = json::parse(kill.out());
    EXPECT_EQ(result["engine_told"], engine.pid());
    EXPECT_EQ(result["venues"][0]["verified"], true);
    EXPECT_GE(result["venues"][0]["cancelled"], 3);
    EXPECT_EQ(call("private/get_open_orders", "")["result"].size(), 0U);

    EXPECT_EQ(result["latched"], true);
    // Continued, the engine finds that it was told to end, and does so in order.
    engine.signal(SIGCONT);
    EXPECT_EQ(engine.wait(std::chrono::seconds{10}), 130) << engine.err();
}

// A run of a few seconds whose boundary on delta is so tight that it must hedge, if it may.
class LatchTest : public KillCommandTest {
protected:
    json run() {
        Program engine{KEEL_BINARY,
                       {"run", config(), "--headless", "--json", "--seconds", "3", "--state", state(), "--set",
                        "boundary.0.soft_coin=0.001", "--set", "boundary.0.hard_coin=0.002"},
                       folder_.path(),
                       "engine"};
        EXPECT_EQ(engine.wait(std::chrono::seconds{60}), 0) << engine.err();
        said_ = engine.err();
        return json::parse(engine.out());
    }
    int kill(const std::vector<std::string>& more) {
        std::vector<std::string> words{"kill", "--config", config(), "--state", state(), "--json"};
        words.insert(words.end(), more.begin(), more.end());
        Program program{KEEL_BINARY, words, folder_.path(), "kill"};
        const int code = program.wait(std::chrono::seconds{30});
        answer_ = json::parse(program.out());
        return code;
    }
    [[nodiscard]] std::size_t orders_seen() const {
        return call("simulator/state", "")["result"]["orders_seen"].size();
    }

    std::string said_;
    json answer_;
};

TEST_F(LatchTest, NothingIsSentAfterAKillUntilTheOperatorClearsIt) {
    ASSERT_EQ(kill({}), 0);
    EXPECT_EQ(answer_["latched"], true);
    for (int start = 0; start < 2; ++start) {  // a start does not wear it off
        const json report = run();
        EXPECT_NE(said_.find("kill latch set"), std::string::npos) << said_;
        EXPECT_GT(report["orders_refused_by_gate"], 0);
        EXPECT_EQ(report["orders_sent"], 0);
        EXPECT_EQ(orders_seen(), 0U);
    }
    Program replay{KEEL_BINARY, {"replay", state(), "--verify", "--json"}, folder_.path(), "replay"};
    EXPECT_EQ(replay.wait(std::chrono::seconds{60}), 0) << replay.err();

    // It is cleared only where nothing is open, and then at once.
    place_resting_orders();
    EXPECT_EQ(kill({"--clear"}), 1);
    EXPECT_EQ(answer_["latched"], true);
    EXPECT_EQ(answer_["venues"][0]["open_left"], 3);
    EXPECT_EQ(call("private/get_open_orders", "")["result"].size(), 3U) << "--clear cancels nothing";
    ASSERT_EQ(kill({}), 0);
    EXPECT_EQ(kill({"--clear"}), 0);
    EXPECT_EQ(answer_["cleared"], true);
    EXPECT_EQ(answer_["latched"], false);
    const std::size_t before = orders_seen();
    EXPECT_GT(run()["orders_sent"], 0);
    EXPECT_GT(orders_seen(), before);
    EXPECT_EQ(said_.find("kill latch"), std::string::npos) << said_;
}

TEST_F(KillCommandTest, FlattensPerpetualsReduceOnlyThroughTheGate) {
    place_resting_orders();
    Program kill{KEEL_BINARY,
                 {"kill", "--flatten", "--config", config(), "--state", state(), "--json", "--deadline", "40"},
                 folder_.path(),
                 "kill"};
    ASSERT_EQ(kill.wait(std::chrono::seconds{90}), 0) << kill.err() << kill.out();
    const json result = json::parse(kill.out());
    EXPECT_EQ(result["flatten"]["flat"], true);
    EXPECT_GE(result["flatten"]["fills"], 2);
    EXPECT_GT(result["flatten"]["options_left"].size(), 0U);
    for (const json& position : call("private/get_positions", R"("currency":"any","kind":"future")")["result"]) {
        EXPECT_EQ(position["size"], 0.0) << position;
    }
}

// What a start would refuse must not keep an engine that runs from being stopped.
TEST_F(KillCommandTest, SetsTheLatchWhateverBecameOfTheSecretFile) {
    std::ofstream{venue_.certificates() / "credentials.toml"} << "garbage\n";
    Program run{KEEL_BINARY, {"run", config(), "--headless", "--state", state()}, folder_.path(), "run"};
    EXPECT_EQ(run.wait(std::chrono::seconds{30}), 2) << run.err();
    Program kill{KEEL_BINARY, {"kill", "--config", config(), "--state", state()}, folder_.path(), "kill"};
    EXPECT_EQ(kill.wait(std::chrono::seconds{30}), 3) << kill.out();
    EXPECT_NE(kill.err().find("credentials.toml"), std::string::npos) << kill.err();
    EXPECT_TRUE(std::filesystem::exists(state() + "/kill_latch")) << "no latch";
}

TEST_F(KillCommandTest, SetsTheLatchWhenTheConfigurationItselfCannotBeRead) {
    std::filesystem::create_directories(state());
    const std::string half = (folder_.path() / "half.toml").string();
    std::ofstream{half} << "[engine]\nmode = \"pa";
    Program kill{KEEL_BINARY, {"kill", "--config", half, "--state", state()}, folder_.path(), "kill"};
    EXPECT_EQ(kill.wait(std::chrono::seconds{30}), 2) << kill.out();
    EXPECT_NE(kill.err().find("half.toml"), std::string::npos) << kill.err();
    EXPECT_NE(kill.err().find("no venue was told to cancel"), std::string::npos) << kill.err();
    EXPECT_TRUE(std::filesystem::exists(state() + "/kill_latch")) << "no latch";
}

TEST_F(KillCommandTest, SaysWhenTheKeyIsRefused) {
    const std::string wrong = (folder_.path() / "wrong.toml").string();
    std::ofstream{wrong} << "key_id = \"nobody\"\nsecret = \"nothing\"\n";
    std::filesystem::permissions(wrong, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    std::ifstream source{config()};
    std::string text{std::istreambuf_iterator<char>{source}, std::istreambuf_iterator<char>{}};
    const std::string before = "credentials_file = \"" + (folder_.path() / "venue").string() + "/credentials.toml\"";
    ASSERT_NE(text.find(before), std::string::npos);
    text.replace(text.find(before), before.size(), "credentials_file = \"" + wrong + "\"");
    std::ofstream{folder_.path() / "other.toml"} << text;
    Program kill{KEEL_BINARY,
                 {"kill", "--config", (folder_.path() / "other.toml").string(), "--state", state()},
                 folder_.path(),
                 "kill"};
    EXPECT_EQ(kill.wait(std::chrono::seconds{30}), 3) << kill.out();
    EXPECT_EQ(kill.err().find("nothing"), std::string::npos) << "a secret was printed";
}

}  // namespace
}  // namespace keel::app
