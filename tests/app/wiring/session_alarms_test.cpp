// What `keel run` says when something outside takes its orders away: a refused key, a full disk.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/program.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/venue_program.hpp"

namespace keel::app {
namespace {

using test::Program;
using Words = std::vector<std::string>;

constexpr rlim_t kJournalAtStart = 48U << 20U;  // three chunks; a fourth is asked for at once
constexpr const char* kWrongSecret = "c0ffee00c0ffee00c0ffee00c0ffee00";

class SessionAlarmsTest : public testing::Test {
protected:
    void start_venue(const Words& arguments) {
        venue_ = std::make_unique<test::VenueProgram>(folder_.path(), arguments);
        ASSERT_TRUE(venue_->is_ready()) << venue_->err();
    }
    [[nodiscard]] Words run_words(const Words& more) const {
        Words words{"run", venue_->config(), "--headless", "--state", state().string()};
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }
    [[nodiscard]] std::filesystem::path state() const { return folder_.path() / "state"; }

    // The limit is inherited, and so is the deaf ear to SIGXFSZ: the program sees an error of the file system.
    [[nodiscard]] std::unique_ptr<Program> start_with_files_up_to(rlim_t bytes, const Words& words) const {
        rlimit before{};
        EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
        const rlimit tight{bytes, before.rlim_max};
        const auto handler = std::signal(SIGXFSZ, SIG_IGN);
        EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
        auto program = std::make_unique<Program>(KEEL_BINARY, words, folder_.path(), words[0]);
        EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
        std::signal(SIGXFSZ, handler);
        return program;
    }

    // Everything that a run left in its state directory holds `text` nowhere.
    void expect_nowhere(const std::string& text) const {
        for (const auto& entry : std::filesystem::recursive_directory_iterator{state()}) {
            if (!entry.is_regular_file()) continue;
            std::ifstream file{entry.path(), std::ios::binary};
            const std::string bytes{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
            EXPECT_EQ(bytes.find(text), std::string::npos) << entry.path();
        }
    }

    test::TemporaryDirectory folder_;
    std::unique_ptr<test::VenueProgram> venue_;
};

TEST_F(SessionAlarmsTest, ARefusedKeyIsNamedAndEndsTheStart) {
    start_venue({"--seconds", "600"});
    const std::string wrong = (folder_.path() / "wrong.toml").string();
    std::ofstream{wrong} << "key_id = \"keel-simulated\"\nsecret = \"" << kWrongSecret << "\"\n";
    std::filesystem::permissions(wrong, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    for (const char* mode : {"observe", "paper"}) {
        SCOPED_TRACE(mode);
        Program engine{KEEL_BINARY, run_words({"--mode", mode, "--set", "venue.0.credentials_file=\"" + wrong + "\""}),
                       folder_.path(), "engine"};
        // Long before the 30 s that a venue may take to become ready.
        EXPECT_EQ(engine.wait(std::chrono::seconds{15}), 2) << engine.err();
        const std::string said =
            "refused the key of " + wrong + " (venue.0.credentials_file): 13004 invalid_credentials";
        EXPECT_NE(engine.err().find("deribit at 127.0.0.1:"), std::string::npos) << engine.err();
        EXPECT_NE(engine.err().find(said), std::string::npos) << engine.err();
        EXPECT_EQ(engine.err().find(kWrongSecret), std::string::npos);
        EXPECT_EQ(engine.out().find(kWrongSecret), std::string::npos);
        expect_nowhere(kWrongSecret);
    }
}

TEST_F(SessionAlarmsTest, ARefusedKeyOfTheEnvironmentIsNamedAsSuch) {
    start_venue({"--seconds", "600"});
    Program engine{KEEL_BINARY,
                   run_words({"--allow-env-secrets", "--set", "venue.0.credentials_file=\"\""}),
                   folder_.path(),
                   "engine",
                   {"KEEL_DERIBIT_KEY_ID=nobody", std::string{"KEEL_DERIBIT_SECRET="} + kWrongSecret}};
    EXPECT_EQ(engine.wait(std::chrono::seconds{15}), 2) << engine.err();
    EXPECT_NE(engine.err().find("refused the key of KEEL_DERIBIT_KEY_ID in the environment: 13004 invalid_credentials"),
              std::string::npos)
        << engine.err();
}

// Boundaries so tight that orders go on leaving: it is with one of them that the venue says no.
TEST_F(SessionAlarmsTest, AKeyWithdrawnLaterHaltsTheOrdersAndTheRunStaysUp) {
    start_venue({"--seconds", "600"});
    Words words = run_words({});
    for (const char* setting : {"boundary.0.soft_coin=0.001", "boundary.0.hard_coin=0.002",
                                "hedge.order_notional_max_usd=2000.0", "gate.duplicate_window_ms=0"}) {
        words.insert(words.end(), {"--set", setting});
    }
    Program engine{KEEL_BINARY, words, folder_.path(), "engine"};
    ASSERT_TRUE(engine.says("ready after", std::chrono::seconds{30})) << engine.err();
    ASSERT_EQ(venue_->call("simulator/inject", R"("fault":"revoked_key")")["result"], "ok");
    const std::string said = "(venue.0.credentials_file): 13004 invalid_credentials; no order leaves any more";
    ASSERT_TRUE(engine.says(said, std::chrono::seconds{30})) << engine.err();
    EXPECT_TRUE(engine.says("kill level 3", std::chrono::seconds{30})) << engine.err();
    EXPECT_EQ(engine.err().find(said), engine.err().rfind(said)) << engine.err();
    engine.signal(SIGINT);
    EXPECT_EQ(engine.wait(std::chrono::seconds{10}), 3) << "nobody could confirm that no order is open";
    EXPECT_NE(engine.err().find("has not confirmed"), std::string::npos) << engine.err();
}

// A full disk, by way of the program's file size limit: the journal is refused the chunk that it wants ahead of its
// first ones. The limit is lifted while the run goes on.
TEST_F(SessionAlarmsTest, AJournalThatCannotGrowIsSaidOnceAndSoIsItsRecovery) {
    start_venue({"--seconds", "600"});
    const Words demo{"demo", "--headless", "--seconds", "10", "--state", state().string()};
    for (const Words& words : {run_words({"--seconds", "5"}), demo}) {
        SCOPED_TRACE(words[0]);
        rlimit unlimited{};
        ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &unlimited), 0);
        const std::unique_ptr<Program> engine = start_with_files_up_to(kJournalAtStart, words);
        const std::string complaint = "cannot be written (File too large): no new order leaves until it can";
        ASSERT_TRUE(engine->says(complaint, std::chrono::seconds{30})) << engine->err();
        ASSERT_EQ(::prlimit(engine->pid(), RLIMIT_FSIZE, &unlimited, nullptr), 0);
        EXPECT_EQ(engine->wait(std::chrono::seconds{60}), 0) << engine->err();
        const std::string said = engine->err();
        EXPECT_NE(said.find("the journal can be written again"), std::string::npos) << said;
        EXPECT_EQ(said.find(complaint), said.rfind(complaint)) << said;
    }
}

}  // namespace
}  // namespace keel::app
