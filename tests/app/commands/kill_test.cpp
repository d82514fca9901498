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

    // Continued, the engine finds that it was told to end, and does so in order.
    engine.signal(SIGCONT);
    EXPECT_EQ(engine.wait(std::chrono::seconds{10}), 130) << engine.err();
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
