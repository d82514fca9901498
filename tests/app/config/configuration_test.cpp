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

namespace keel::app {
namespace {

// A small configuration that is right; each bad case changes one thing in it.
const std::string kGood = R"([engine]
mode = "observe"
layout = "inline"
clock = "host"

[[venue]]
name = "deribit"
host = "127.0.0.1"
port = 8443
currencies = ["BTC"]
book_interval = "100ms"

[[boundary]]
metric = "net_delta"
underlying = "BTC"
soft_coin = 1.0
hard_coin = 2.0

[gate]
instruments_allowed = ["BTC-*"]

[hedge]
collar_bps = 50.0
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

struct BadCase {
    const char* name;
    const char* from;  // "" appends `to`
    const char* to;
    const char* key;  // that the message must name
    std::uint32_t line;
    const char* mode{""};
};

std::ostream& operator<<(std::ostream& out, const BadCase& bad) { return out << bad.name; }

class BadConfigurationTest : public testing::TestWithParam<BadCase> {};

TEST_P(BadConfigurationTest, IsRefusedNamingFileLineAndKey) {
    const BadCase& bad = GetParam();
    const std::string text = *bad.from == '\0' ? kGood + bad.to : replaced(kGood, bad.from, bad.to);
    ConfigurationOptions options;
    options.mode = bad.mode;
    try {
        parse_configuration(text, "bad.toml", options);
        FAIL() << "accepted";
    } catch (const ConfigError& error) {
        EXPECT_EQ(error.file(), "bad.toml");
        EXPECT_EQ(error.key(), bad.key) << error.what();
        EXPECT_EQ(error.line(), bad.line) << error.what();
    }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, BadConfigurationTest,
    testing::Values(
        BadCase{"UnknownKey", "layout = \"inline\"", "layuot = \"inline\"", "engine.layuot", 3},
        BadCase{"UnknownSection", "", "[hegde]\nx = 1\n", "hegde", 24},
        BadCase{"UnknownKeyInVenue", "port = 8443", "prot = 8443", "venue[0].prot", 9},
        BadCase{"BrokenSyntax", "port = 8443", "port = = 8443", "syntax", 9},
        BadCase{"DuplicateKey", "port = 8443", "port = 8443\nport = 8444", "syntax", 10},
        BadCase{"TextForNumber", "port = 8443", "port = \"8443\"", "venue[0].port", 9},
        BadCase{"NumberForText", "host = \"127.0.0.1\"", "host = 127", "venue[0].host", 8},
        BadCase{"FractionForWholeNumber", "port = 8443", "port = 8443.5", "venue[0].port", 9},
        BadCase{"DateForText", "host = \"127.0.0.1\"", "host = 2026-01-01", "venue[0].host", 8},
        BadCase{"PortOutOfRange", "port = 8443", "port = 70000", "venue[0].port", 9},
        BadCase{"PortZero", "port = 8443", "port = 0", "venue[0].port", 9},
        BadCase{"UnknownMode", "mode = \"observe\"", "mode = \"trade\"", "engine.mode", 2},
        BadCase{"UnknownVenue", "name = \"deribit\"", "name = \"deribiz\"", "venue[0].name", 7},
        BadCase{"UnknownMetric", "metric = \"net_delta\"", "metric = \"delta\"", "boundary[0].metric", 14},
        BadCase{"WrongUnit", "soft_coin = 1.0", "soft_usd = 1.0", "boundary[0].soft_coin", 13},
        BadCase{"WrongUnitBesideTheRightOne", "soft_coin = 1.0", "soft_coin = 1.0\nhard_usd = 3.0",
                "boundary[0].hard_usd", 17},
        BadCase{"SoftBeyondHard", "soft_coin = 1.0", "soft_coin = 3.0", "boundary[0].soft_coin", 16},
        BadCase{"SoftOfZero", "soft_coin = 1.0", "soft_coin = 0.0", "boundary[0].soft_coin", 16},
        BadCase{"SoftNotANumber", "soft_coin = 1.0", "soft_coin = nan", "boundary[0].soft_coin", 16},
        BadCase{"NegativeHard", "hard_coin = 2.0", "hard_coin = -2.0", "boundary[0].hard_coin", 17},
        BadCase{"HardMissing", "hard_coin = 2.0\n", "", "boundary[0].hard_coin", 13},
        BadCase{"ClearOutsideSoft", "hard_coin = 2.0", "hard_coin = 2.0\nclear_coin = 1.5", "boundary[0].clear_coin",
                18},
        BadCase{"SameBoundaryTwice", "",
                "[[boundary]]\nmetric = \"net_delta\"\nunderlying = \"BTC\"\nsoft_coin = 1.0\nhard_coin = 2.0\n",
                "boundary[1].metric", 25},
        BadCase{"LiveInFileOnly", "mode = \"observe\"", "mode = \"live\"", "engine.mode", 2},
        BadCase{"LiveOnCommandLineOnly", "layout = \"inline\"", "layout = \"inline\"", "engine.mode", 2, "live"},
        BadCase{"PaperWithoutKey", "mode = \"observe\"", "mode = \"paper\"", "engine.mode", 2},
        BadCase{"RawBooksWithoutKey", "book_interval = \"100ms\"", "book_interval = \"raw\"", "venue[0].book_interval",
                11},
        BadCase{"SecretInFile", "port = 8443", "client_secret = \"abc\"", "venue[0].client_secret", 9},
        BadCase{"NoVenue",
                "[[venue]]\nname = \"deribit\"\nhost = \"127.0.0.1\"\nport = 8443\ncurrencies = "
                "[\"BTC\"]\nbook_interval = \"100ms\"\n",
                "", "venue", 0},
        BadCase{"VenueTwice", "",
                "[[venue]]\nname = \"deribit\"\nhost = \"h\"\ncurrencies = [\"BTC\"]\nbook_interval = \"100ms\"\n",
                "venue[1].name", 25},
        BadCase{"HostMissing", "host = \"127.0.0.1\"\n", "", "venue[0].host", 6},
        BadCase{"NoCurrencies", "currencies = [\"BTC\"]", "currencies = []", "venue[0].currencies", 10},
        BadCase{"NumbersAmongTexts", "currencies = [\"BTC\"]", "currencies = [\"BTC\", 2]", "venue[0].currencies", 10},
        BadCase{"HedgeCollarBeyondGate", "collar_bps = 50.0", "collar_bps = 150.0", "hedge.collar_bps", 23},
        BadCase{"HedgeOrderBeyondGate", "collar_bps = 50.0", "order_notional_max_usd = 5e6",
                "hedge.order_notional_max_usd", 23},
        BadCase{"NegativeLimit", "instruments_allowed = [\"BTC-*\"]", "order_notional_max_usd = -1.0",
                "gate.order_notional_max_usd", 20},
        BadCase{"LimitOfInfinity", "instruments_allowed = [\"BTC-*\"]", "leverage_gross_max_ratio = inf",
                "gate.leverage_gross_max_ratio", 20},
        BadCase{"ProcessorTwice", "layout = \"inline\"", "core = 1\nconnection_cores = [1]", "engine.connection_cores",
                4},
        BadCase{"HalfLivesCrossed", "", "[risk.volatility]\nhalf_life_fast_s = 86400\n",
                "risk.volatility.half_life_fast_s", 25},
        BadCase{"PortfolioFileMissing", "", "[portfolio]\nfile = \"nowhere.toml\"\n", "portfolio.file", 25},
        BadCase{"PositionWithTwoQuantities", "",
                "[[portfolio.position]]\nunderlying = \"BTC\"\nquantity_coin = 1.0\nquantity_usd = 1.0\n",
                "portfolio.position[0].quantity_coin", 26},
        BadCase{"BinanceWithoutInstruments", "name = \"deribit\"", "name = \"binance_usdm\"", "venue[0].instruments",
                6},
        BadCase{"TickNotANumber", "port = 8443",
                "port = 8443\ninstrument = [ { name = \"X\", base = \"B\", quote = \"U\", settlement = \"U\", tick = "
                "\"ten\" } ]",
                "venue[0].instrument[0].tick", 10}),
    [](const testing::TestParamInfo<BadCase>& bad) { return std::string{bad.param.name}; });

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
