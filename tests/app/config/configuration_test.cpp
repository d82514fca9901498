#include "app/config/configuration.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "app/config/mapping.hpp"
#include "app/failure.hpp"
#include "app/options.hpp"
#include "tests/app/config/good_configuration.hpp"

namespace keel::app {
namespace {

TEST(ConfigurationTest, ReadsTheGoodOne) {
    const Configuration configuration = parse_configuration(kGood, "good.toml", {});
    EXPECT_EQ(configuration.engine.mode, Mode::observe);
    ASSERT_EQ(configuration.venues.size(), 1U);
    EXPECT_EQ(configuration.venues[0].port, 8443);
    EXPECT_EQ(configuration.venues[0].book_interval, BookInterval::ms100);
    ASSERT_EQ(configuration.risk.boundaries.size(), 1U);
    EXPECT_EQ(configuration.risk.boundaries[0].soft, 1.0);
    EXPECT_TRUE(std::isnan(configuration.risk.boundaries[0].clear));
    EXPECT_EQ(configuration.text, kGood);
}

// A journal holds the text: whatever the command line changed must be in it.
TEST(ConfigurationTest, KeepsOverridesAndPortfolioInTheText) {
    ConfigurationOptions options;
    options.mode = "observe";
    options.layout = "pipeline";
    options.overrides = {"hedge.risk_aversion_per_usd=3e-5", "venue.0.host=127.0.0.2", "boundary.0.soft_coin=1.5"};
    const Configuration first =
        load_configuration(std::string{KEEL_SOURCE_DIR} + "/examples/deribit-simulated.toml", options);
    ConfigurationOptions replay;
    replay.for_replay = true;
    const Configuration second = parse_configuration(first.text, "journal", replay);
    EXPECT_EQ(second.engine.layout, Layout::pipeline);
    EXPECT_EQ(second.hedge.config.risk_aversion_per_usd, 3e-5);
    EXPECT_EQ(second.venues[0].host, "127.0.0.2");
    EXPECT_EQ(second.risk.boundaries[0].soft, 1.5);
    EXPECT_EQ(second.portfolio.positions.size(), 10U);
    EXPECT_EQ(second.portfolio.positions[0].quantity_coin, -10.0);
    EXPECT_EQ(second.risk.boundaries.size(), first.risk.boundaries.size());
}

TEST(ConfigurationTest, RefusesAnOverrideThatLeadsNowhere) {
    for (const char* bad : {"hedge", "=1", "venue.7.host=x", "hedge.collar_bps.x=1", "hedge.nothing=1"}) {
        ConfigurationOptions options;
        options.overrides = {bad};
        EXPECT_THROW(parse_configuration(kGood, "good.toml", options), ConfigError) << bad;
    }
}

TEST(ConfigurationTest, TakesLessThanTheFileAllows) {
    ConfigurationOptions options;
    options.mode = "observe";
    const Configuration configuration =
        parse_configuration(replaced(kGood, "mode = \"observe\"", "mode = \"live\""), "good.toml", options);
    EXPECT_EQ(configuration.engine.mode, Mode::observe);
}

TEST(ConfigurationTest, AcceptsEveryExample) {
    std::size_t seen = 0;
    for (const auto& entry : std::filesystem::directory_iterator{std::string{KEEL_SOURCE_DIR} + "/examples"}) {
        const std::string name = entry.path().filename().string();
        if (entry.path().extension() != ".toml" || name.rfind("portfolio-", 0) == 0) continue;
        EXPECT_NO_THROW(load_configuration(entry.path().string(), {})) << name;
        ++seen;
    }
    EXPECT_GE(seen, 3U);
}

class SecretFileTest : public testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() / ("keel_secret_" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
        std::ofstream{folder_ / "key"} << "key_id = \"a\"\nsecret = \"b\"\n";
        std::ofstream{folder_ / "run.toml"}
            << replaced(kGood, "port = 8443", "port = 8443\ncredentials_file = \"key\"");
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::filesystem::path folder_;
};

TEST_F(SecretFileTest, RefusesEveryModeThatOthersCanUse) {
    const std::string key = (folder_ / "key").string();
    for (const ::mode_t mode : {0644U, 0640U, 0604U, 0660U, 0700U, 0666U}) {
        ASSERT_EQ(::chmod(key.c_str(), mode), 0);
        try {
            load_configuration((folder_ / "run.toml").string(), {});
            ADD_FAILURE() << std::oct << mode << " accepted";
        } catch (const ConfigError& error) {
            EXPECT_EQ(error.key(), "venue[0].credentials_file");
            EXPECT_EQ(error.line(), 10U);
        }
    }
    ASSERT_EQ(::chmod(key.c_str(), 0600), 0);
    EXPECT_NO_THROW(load_configuration((folder_ / "run.toml").string(), {}));
}

TEST_F(SecretFileTest, RefusesALink) {
    ASSERT_EQ(::chmod((folder_ / "key").c_str(), 0600), 0);
    std::filesystem::rename(folder_ / "key", folder_ / "other");
    std::filesystem::create_symlink(folder_ / "other", folder_ / "key");
    EXPECT_THROW(load_configuration((folder_ / "run.toml").string(), {}), ConfigError);
}

std::string key_table() {
    std::string out = "| key | type | default | bound | meaning |\n| --- | --- | --- | --- | --- |\n";
    for (const KeyDescription& key : configuration_keys()) {
        out += "| `" + key.path + "` | " + key.type + " | " + key.fallback + " | " + key.bound + " | " + key.meaning +
               " |\n";
    }
    return out;
}

// The page is written from the same list that the reader obeys. KEEL_WRITE_DOCS=1 writes the table anew.
// A directory that is given twice: the command line's counts, for the engine and for `keel kill` alike.
TEST(ConfigurationTest, TheCommandLinesStateDirectoryWins) {
    const Configuration configuration =
        parse_configuration(kGood + "[state]\ndirectory = \"of-the-file\"\n", "a.toml", {});
    EXPECT_EQ(state_directory(configuration, {.state_dir = "given", .state_given = true}), "given");
    EXPECT_EQ(state_directory(configuration, {.state_dir = "default"}), "of-the-file");
    EXPECT_EQ(state_directory(parse_configuration(kGood, "a.toml", {}), {.state_dir = "default"}), "default");
}

TEST(ConfigurationPageTest, HoldsEveryKeyWithDefaultAndBound) {
    const std::string path = std::string{KEEL_SOURCE_DIR} + "/docs/configuration.md";
    std::ifstream file{path};
    ASSERT_TRUE(file) << path;
    std::stringstream page;
    page << file.rdbuf();
    const std::string begin = "<!-- keys -->\n";
    const std::string end = "<!-- end of keys -->";
    const std::size_t from = page.str().find(begin);
    const std::size_t to = page.str().find(end);
    ASSERT_NE(from, std::string::npos);
    ASSERT_NE(to, std::string::npos);
    const std::string written = page.str().substr(from + begin.size(), to - from - begin.size());
    if (std::getenv("KEEL_WRITE_DOCS") != nullptr && written != key_table()) {
        std::ofstream{path} << page.str().substr(0, from + begin.size()) << key_table() << page.str().substr(to);
        return;
    }
    // Line by line: a default that moved shows as one line, not as two whole tables.
    std::istringstream rows{written};
    std::istringstream wanted_rows{key_table()};
    std::string row;
    for (std::string wanted; std::getline(wanted_rows, wanted);) {
        ASSERT_TRUE(std::getline(rows, row)) << "missing: " << wanted;
        EXPECT_EQ(row, wanted);
    }
    EXPECT_FALSE(std::getline(rows, row)) << "no such key: " << row;
}

TEST(MatchesPatternTest, FollowsStars) {
    EXPECT_TRUE(matches_pattern("*", "BTC-PERPETUAL"));
    EXPECT_TRUE(matches_pattern("BTC-*", "BTC-PERPETUAL"));
    EXPECT_TRUE(matches_pattern("BTC-*-C", "BTC-27JUN26-100000-C"));
    EXPECT_FALSE(matches_pattern("BTC-*-C", "BTC-27JUN26-100000-P"));
    EXPECT_FALSE(matches_pattern("BTC", "BTC-PERPETUAL"));
    EXPECT_FALSE(matches_pattern("", "BTC"));
}

}  // namespace
}  // namespace keel::app
