// Each subcommand as a user runs it: the program itself, its exit code and what it prints.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace keel::app {
namespace {

using nlohmann::json;
using test::Outcome;
using test::Program;
using test::TemporaryDirectory;

constexpr std::chrono::seconds kQuick{30};
constexpr std::chrono::seconds kSlow{120};

Outcome run(const TemporaryDirectory& folder, const std::vector<std::string>& arguments,
            const std::vector<std::string>& environment = {}) {
    Program program{KEEL_BINARY, arguments, folder.path(), "run", environment};
    const int code = program.wait(kSlow);
    return {code, program.out(), program.err()};
}

std::string example(const std::string& name) { return std::string{KEEL_SOURCE_DIR} + "/examples/" + name; }

TEST(CommandLineTest, TellsWhatItIs) {
    const TemporaryDirectory folder;
    const Outcome version = run(folder, {"--version"});
    EXPECT_EQ(version.code, 0);
    EXPECT_NE(version.out.find("simdjson  "), std::string::npos) << version.out;
    EXPECT_NE(version.out.find("march"), std::string::npos);
    EXPECT_EQ(version.out.find("fallback"), std::string::npos) << "the slow On-Demand kernel is compiled in";
}

TEST(CommandLineTest, TeachesEverySubcommandWithAnExample) {
    const TemporaryDirectory folder;
    for (const char* name : {"demo", "run", "simulate", "check", "replay", "journal", "explain", "latency", "kill",
                             "risk", "whatif", "doctor"}) {
        const Outcome help = run(folder, {name, "--help"});
        EXPECT_EQ(help.code, 0) << name;
        EXPECT_NE(help.out.find("Example:\n  keel " + std::string{name}), std::string::npos) << name << help.out;
    }
}

TEST(CommandLineTest, RefusesWrongUsageWithTwo) {
    const TemporaryDirectory folder;
    const char* const wrong[] = {"",
                                 "nothing",
                                 "run",
                                 "demo --seconds -1",
                                 "demo --seconds nan",
                                 "demo --seconds inf",
                                 "demo --seconds 0x",
                                 "demo --seed -1",
                                 "demo --seed 1.5",
                                 "demo --speed nan",
                                 "demo --speed -1",
                                 "demo --scenario nothing",
                                 "run x.toml --seconds inf",
                                 "simulate --venue deribit --port -1",
                                 "simulate --venue deribit --port 65536",
                                 "simulate --venue deribit --scenario nothing",
                                 "latency --rate nan",
                                 "latency --ticks -1",
                                 "kill --config x.toml --deadline nan",
                                 "explain x.journal -1",
                                 "journal dump x.journal --count -1",
                                 "run x.toml --mode trade",
                                 "journal stat",
                                 "simulate",
                                 "kill",
                                 "latency --layout round"};
    for (const char* line : wrong) {
        std::istringstream words{line};
        const Outcome outcome = run(folder, {std::istream_iterator<std::string>{words}, {}});
        EXPECT_EQ(outcome.code, 2) << line << ": " << outcome.err;
        EXPECT_FALSE(outcome.err.empty());
    }
}

TEST(CommandLineTest, RefusesAnOldProcessorWithASentence) {
    const TemporaryDirectory folder;
    for (const char* feature : {"AVX2", "PCLMULQDQ", "BMI2"}) {
        const Outcome outcome = run(folder, {"--version"}, {std::string{"KEEL_TEST_CPU_WITHOUT="} + feature});
        EXPECT_EQ(outcome.code, 3);
        EXPECT_NE(outcome.err.find(std::string{"this processor lacks "} + feature), std::string::npos) << outcome.err;
    }
}

TEST(CheckCommandTest, AcceptsTheExamplesAndNamesThePlaceOfAnError) {
    const TemporaryDirectory folder;
    for (const char* name : {"deribit-simulated.toml", "deribit-testnet.toml", "binance-replay.toml"}) {
        const Outcome good = run(folder, {"check", example(name), "--json"});
        EXPECT_EQ(good.code, 0) << good.err;
        EXPECT_EQ(json::parse(good.out)["valid"], true) << name;
    }
    const std::filesystem::path bad = folder.path() / "bad.toml";
    std::ofstream{bad} << "[engine]\nmode = \"observe\"\nlayuot = \"inline\"\n";
    const Outcome outcome = run(folder, {"check", bad.string()});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_NE(outcome.err.find("bad.toml:3: engine.layuot: unknown key"), std::string::npos) << outcome.err;
    EXPECT_EQ(run(folder, {"check", (folder.path() / "nowhere.toml").string()}).code, 3);
}

// What was asked for did not arrive: no success, whatever the command found.
TEST(CommandLineTest, SaysThatItsOutputCannotBeWritten) {
    const TemporaryDirectory folder;
    std::filesystem::create_symlink("/dev/full", folder.path() / "full.out");
    for (const std::vector<std::string>& words :
         std::vector<std::vector<std::string>>{{"check", example("deribit-testnet.toml"), "--json"},
                                               {"check", example("deribit-testnet.toml")},
                                               {"doctor", "--json"},
                                               {"--version"},
                                               {"demo", "--help"}}) {
        Program program{KEEL_BINARY, words, folder.path(), "full"};
        EXPECT_EQ(program.wait(kQuick), 3) << words.front();
        EXPECT_NE(program.err().find("No space left on device"), std::string::npos) << program.err();
    }
}

// A run must not find at its end that nobody can have its report.
TEST(CommandLineTest, ARunThatCannotReportDoesNotStart) {
    const TemporaryDirectory folder;
    const std::string state = (folder.path() / "state").string();
    std::ofstream{folder.path() / "file"} << "in the way";
    for (const std::string& bad : {(folder.path() / "file").string(), (folder.path() / "file/below").string()}) {
        const Outcome demo = run(folder, {"demo", "--headless", "--state", state, "--report", bad});
        EXPECT_EQ(demo.code, 3) << demo.err;
        EXPECT_NE(demo.err.find(bad), std::string::npos) << demo.err;
        EXPECT_EQ(run(folder, {"run", example("deribit-testnet.toml"), "--state", state, "--report", bad}).code, 3);
    }
    EXPECT_FALSE(std::filesystem::exists(state + "/demo"));
    EXPECT_FALSE(std::filesystem::exists(state + "/journals"));
}

TEST(CheckCommandTest, FindsThatAVenueCannotBeReached) {
    const TemporaryDirectory folder;
    const Outcome outcome =
        run(folder, {"check", example("deribit-simulated.toml"), "--online", "--set", "venue.0.port=1"});
    EXPECT_EQ(outcome.code, 3) << outcome.out;
}

TEST(DoctorCommandTest, LooksAtTheHost) {
    const TemporaryDirectory folder;
    const Outcome outcome = run(folder, {"doctor", "--json"});
    EXPECT_EQ(outcome.code, 0);
    const json report = json::parse(outcome.out);
    EXPECT_GE(report["checks"].size(), 10U);
    for (const json& check : report["checks"]) {
        EXPECT_TRUE(check["verdict"] == "good" || check["verdict"] == "fair" || check["verdict"] == "poor" ||
                    check["verdict"] == "unknown");
        EXPECT_TRUE(check["verdict"] != "poor" || check["advice"] != "") << check["name"];
    }
}

TEST(RunCommandTest, EndsWithThreeWhereTheVenueIsOutOfReach) {
    const TemporaryDirectory folder;
    const Outcome outcome =
        run(folder, {"run", example("deribit-testnet.toml"), "--set", "venue.0.host=127.0.0.1", "--set",
                     "venue.0.port=1", "--headless", "--state", (folder.path() / "state").string()});
    EXPECT_EQ(outcome.code, 3) << outcome.err;
    EXPECT_NE(outcome.err.find("127.0.0.1"), std::string::npos) << outcome.err;
}

// One demonstration feeds every test of what reads its journal: it costs seconds, so they share a case.
class JournalReaderCommandsTest : public testing::Test {
protected:
    void SetUp() override {
        const Outcome demo =
            run(folder_, {"demo", "--seconds", "15", "--headless", "--json", "--seed", "2", "--state",
                          (folder_.path() / "state").string(), "--report", (folder_.path() / "report").string()});
        ASSERT_EQ(demo.code, 0) << demo.err;
        report_ = json::parse(demo.out);
        journal_ = report_["journal"];
    }

    void check_stat() {
        const Outcome stat = run(folder_, {"journal", "stat", journal_, "--json"});
        ASSERT_EQ(stat.code, 0) << stat.err;
        const json counts = json::parse(stat.out);
        EXPECT_EQ(counts["events_received"], report_["events_received"]);
        EXPECT_EQ(counts["state_hash"], report_["state_hash"]);
        EXPECT_EQ(counts["closed"], true);
        std::uint64_t sum = 0;
        for (const auto& [kind, count] : counts["by_kind"].items()) sum += count.get<std::uint64_t>();
        EXPECT_EQ(sum, counts["events"].get<std::uint64_t>());
    }

    void check_dump() {
        const Outcome dump = run(folder_, {"journal", "dump", journal_, "--kind", "command", "--json"});
        ASSERT_EQ(dump.code, 0) << dump.err;
        std::istringstream lines{dump.out};
        std::uint64_t commands = 0;
        for (std::string line; std::getline(lines, line); ++commands) EXPECT_EQ(json::parse(line)["type"], "command");
        const json counts = json::parse(run(folder_, {"journal", "stat", journal_, "--json"}).out);
        EXPECT_EQ(commands, counts["commands"].get<std::uint64_t>());
    }

    void check_explain() {
        const Outcome explained = run(folder_, {"explain", journal_, "--json"});
        ASSERT_EQ(explained.code, 0) << explained.err;
        const json story = json::parse(explained.out);
        std::size_t with_both_costs = 0;
        for (const json& decision : story["decisions"]) {
            EXPECT_EQ(decision["effect"].size(), 6U);
            bool chosen = false;
            bool dearer = false;
            for (const json& candidate : decision["candidates"]) {
                const bool priced = candidate["unit_cost_usd"].is_number();
                chosen = chosen || (candidate["chosen"] == true && priced);
                dearer = dearer || (candidate["chosen"] == false && priced);
            }
            if (chosen && dearer && !decision["orders"].empty()) ++with_both_costs;
        }
        EXPECT_GE(with_both_costs, 1U) << "no hedge shows what it was chosen over";
        EXPECT_EQ(run(folder_, {"explain", journal_, "999999"}).code, 2);
    }

    void check_replay() {
        for (const char* layout : {"inline", "pipeline"}) {
            const Outcome replay = run(folder_, {"replay", journal_, "--verify", "--json", "--layout", layout});
            EXPECT_EQ(replay.code, 0) << replay.err;
            const json result = json::parse(replay.out);
            EXPECT_EQ(result["verified"], true) << layout;
            EXPECT_EQ(result["state_hash"], report_["state_hash"]) << layout;
            EXPECT_TRUE(result["first_difference"].is_null());
        }
        const Outcome changed =
            run(folder_, {"replay", journal_, "--verify", "--json", "--set", "hedge.boundary_buffer_ratio=0.4"});
        EXPECT_EQ(changed.code, 1);
        EXPECT_FALSE(json::parse(changed.out)["first_difference"].is_null());
    }

    // A handful of offsets through the program; the thousand of the journal's own test go through the reader.
    void check_damage() {
        std::ifstream file{journal_, std::ios::binary};
        const std::string bytes{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
        std::mt19937_64 random{7};
        std::vector<std::size_t> offsets{9, bytes.size() - 20};
        for (int i = 0; i < 6; ++i) offsets.push_back(random() % bytes.size());
        const std::string damaged = (folder_.path() / "damaged.journal").string();
        for (const std::size_t offset : offsets) {
            std::string changed = bytes;
            changed[offset] = static_cast<char>(changed[offset] ^ 0x10);
            std::ofstream{damaged, std::ios::binary} << changed;
            const Outcome outcome = run(folder_, {"journal", "check", damaged, "--json"});
            EXPECT_EQ(outcome.code, 1) << offset;
            const json found = json::parse(outcome.out);
            EXPECT_EQ(found["good"], false);
            EXPECT_LE(found["damaged_offset"].get<std::uint64_t>(), offset);
            EXPECT_EQ(run(folder_, {"replay", damaged, "--verify"}).code, 1) << offset;
        }
    }

    TemporaryDirectory folder_;
    json report_;
    std::string journal_;
};

TEST_F(JournalReaderCommandsTest, CountDumpExplainVerifyAndFindDamage) {
    EXPECT_EQ(report_["replay_verified"], true);
    EXPECT_TRUE(std::filesystem::exists(report_["report"].get<std::string>()));
    check_stat();
    check_dump();
    check_explain();
    check_replay();
    check_damage();
}

}  // namespace
}  // namespace keel::app
