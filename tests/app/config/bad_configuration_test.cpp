// Files that a trader would be hurt by, and what they are told.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "app/config/configuration.hpp"
#include "app/failure.hpp"
#include "engine/core/clock.hpp"
#include "simulator/net/certificates.hpp"
#include "tests/app/config/good_configuration.hpp"
#include "tests/support/temporary_directory.hpp"

namespace keel::app {
namespace {

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
        BadCase{"SoftEqualsHard", "soft_coin = 1.0", "soft_coin = 2.0", "boundary[0].soft_coin", 16},
        BadCase{"HardOfInfinity", "hard_coin = 2.0", "hard_coin = inf", "boundary[0].hard_coin", 17},
        BadCase{"NegativeCooldown", "hard_coin = 2.0", "hard_coin = 2.0\ncooldown_ms = -1", "boundary[0].cooldown_ms",
                18},
        BadCase{"DurationOfZero", "clock = \"host\"", "valid_for_ms = 0", "engine.valid_for_ms", 4},
        BadCase{"DurationAsText", "clock = \"host\"", "valid_for_ms = \"5s\"", "engine.valid_for_ms", 4},
        BadCase{"DurationBeyondSixtyFourBits", "clock = \"host\"", "valid_for_ms = 99999999999999999999", "syntax", 4},
        BadCase{"HostBlank", "host = \"127.0.0.1\"", "host = \"  \"", "venue[0].host", 8},
        BadCase{"HostEmpty", "host = \"127.0.0.1\"", "host = \"\"", "venue[0].host", 8},
        BadCase{"HostWithScheme", "host = \"127.0.0.1\"", "host = \"wss://www.deribit.com\"", "venue[0].host", 8},
        BadCase{"HostWithPort", "host = \"127.0.0.1\"", "host = \"www.deribit.com:443\"", "venue[0].host", 8},
        BadCase{"HostOfTwoLines", "host = \"127.0.0.1\"", "host = \"a\\nb\"", "venue[0].host", 8},
        BadCase{"HostNoAddress", "host = \"127.0.0.1\"", "host = \"999.1.1.1\"", "venue[0].host", 8},
        BadCase{"HostWithoutLabel", "host = \"127.0.0.1\"", "host = \"www..com\"", "venue[0].host", 8},
        BadCase{"StreamsOfTheOtherVenue", "port = 8443", "streams = [\"trade\"]", "venue[0].streams", 9},
        BadCase{"ClearOfZero", "hard_coin = 2.0", "hard_coin = 2.0\nclear_coin = 0.0", "boundary[0].clear_coin", 18},
        BadCase{"HalfLifeOfNoSample", "", "[risk.volatility]\nsample_every_ms = 3600000\n",
                "risk.volatility.half_life_fast_s", 24},
        BadCase{"PositionOfNothing", "", "[[portfolio.position]]\nunderlying = \"BTC\"\nquantity_coin = 0.0\n",
                "portfolio.position[0].quantity_coin", 26},
        BadCase{"PositionByNameAndRule", "",
                "[[portfolio.position]]\ninstrument = \"BTC-PERPETUAL\"\nunderlying = \"ETH\"\nquantity_usd = 10.0\n",
                "portfolio.position[0].underlying", 26},
        BadCase{"OptionInDollars", "",
                "[[portfolio.position]]\nunderlying = \"BTC\"\nkind = \"call\"\nquantity_usd = 10.0\n",
                "portfolio.position[0].quantity_usd", 27},
        BadCase{"RestPortOutOfRange", "port = 8443", "rest_port = 65536", "venue[0].rest_port", 9},
        BadCase{"RestPortNegative", "port = 8443", "rest_port = -1", "venue[0].rest_port", 9},
        BadCase{"PathWithoutSlash", "port = 8443", "ws_path = \"ws/api/v2\"", "venue[0].ws_path", 9},
        BadCase{"ControlCharacter", "port = 8443", "server_name = \"a\\u0000b\"", "venue[0].server_name", 9},
        BadCase{"SilenceShorterThanHeartbeat", "port = 8443", "read_deadline_ms = 5000", "venue[0].read_deadline_ms",
                9},
        BadCase{"SilenceOfOneHeartbeat", "port = 8443", "read_deadline_ms = 10000", "venue[0].read_deadline_ms", 9},
        BadCase{"CurrencyUnknown", "currencies = [\"BTC\"]", "currencies = [\"BTC\", \"BCT\"]", "venue[0].currencies",
                10},
        BadCase{"CurrencyInLowerCase", "currencies = [\"BTC\"]", "currencies = [\"btc\"]", "venue[0].currencies", 10},
        BadCase{"CurrencyEmpty", "currencies = [\"BTC\"]", "currencies = [\"\"]", "venue[0].currencies", 10},
        BadCase{"CurrencyTwice", "currencies = [\"BTC\"]", "currencies = [\"BTC\", \"BTC\"]", "venue[0].currencies",
                10},
        BadCase{"PatternEmpty", "[\"BTC-*\"]", "[\"BTC-*\", \"\"]", "gate.instruments_allowed", 20},
        BadCase{"PatternBlank", "[\"BTC-*\"]", "[\" \"]", "gate.instruments_allowed", 20},
        BadCase{"PatternTwice", "[\"BTC-*\"]", "[\"BTC-*\", \"BTC-*\"]", "gate.instruments_allowed", 20},
        BadCase{"BoundaryOnUnknownCoin", "underlying = \"BTC\"", "underlying = \"BCT\"", "boundary[0].underlying", 15},
        BadCase{"BoundaryOnBlankCoin", "underlying = \"BTC\"", "underlying = \" \"", "boundary[0].underlying", 15},
        BadCase{"LeverageOfOneCoin", "",
                "[[boundary]]\nmetric = \"leverage_gross\"\nunderlying = \"BTC\"\nsoft_ratio = 1.0\nhard_ratio = 2.0\n",
                "boundary[1].underlying", 26},
        BadCase{"TargetOfAnotherCoin", "", "[[hedge.target]]\nunderlying = \"ETH\"\n", "hedge.target[0].underlying",
                25},
        BadCase{"HedgeOutsideTheGate", "collar_bps = 50.0", "instruments = [\"ETH-PERPETUAL\"]", "hedge.instruments",
                23},
        BadCase{"ScenarioUnknown", "", "[simulator]\nscenario = \"calmer\"\n", "simulator.scenario", 25},
        BadCase{"SpeedNotANumber", "", "[simulator]\nspeed_ratio = nan\n", "simulator.speed_ratio", 25},
        BadCase{"SeedNegative", "", "[simulator]\nseed = -1\n", "simulator.seed", 25},
        BadCase{"StateIsAFile", "", "[state]\ndirectory = \"/dev/null\"\n", "state.directory", 25},
        BadCase{"StateBelowAFile", "", "[state]\ndirectory = \"/dev/null/keel\"\n", "state.directory", 25},
        BadCase{"PositionTwice", "",
                "[[portfolio.position]]\nunderlying = \"BTC\"\nquantity_coin = 1.0\n[[portfolio.position]]\n"
                "underlying = \"BTC\"\nquantity_coin = 2.0\n",
                "portfolio.position[1].underlying", 28},
        BadCase{"PositionInUnknownCoin", "", "[[portfolio.position]]\nunderlying = \"BCT\"\nquantity_coin = 1.0\n",
                "portfolio.position[0].underlying", 25},
        BadCase{"DeribitWithDefinitions", "port = 8443",
                "instrument = [ { name = \"X\", base = \"B\", quote = \"U\", settlement = \"U\" } ]",
                "venue[0].instrument", 9},
        BadCase{"TickNotANumber", "port = 8443",
                "port = 8443\ninstrument = [ { name = \"X\", base = \"B\", quote = \"U\", settlement = \"U\", tick = "
                "\"ten\" } ]",
                "venue[0].instrument[0].tick", 10}),
    [](const testing::TestParamInfo<BadCase>& bad) { return std::string{bad.param.name}; });

// The place where a text is refused, or nothing.
std::string refusal_of(const std::string& text, const std::string& file = "bad.toml",
                       const ConfigurationOptions& options = {}) {
    try {
        parse_configuration(text, file, options);
    } catch (const ConfigError& error) {
        return error.key() + ": " + error.what();
    }
    return "";
}

std::string with_future(const std::string& more, const std::string& clock = "host") {
    return "[engine]\nclock = \"" + clock +
           "\"\n[[venue]]\nname = \"binance_usdm\"\nhost = \"h\"\ninstruments = [\"F\"]\n"
           "[[venue.instrument]]\nname = \"F\"\nkind = \"future\"\nbase = \"BTC\"\nquote = \"USDT\"\n"
           "settlement = \"USDT\"\n" +
           more;
}

TEST(DefinedContractTest, AFutureNeedsAnExpiryThatMayStillCome) {
    const std::string key = "venue[0].instrument[0].";
    const std::string past = "expiry_unix_ms = 1700000000000\n";
    const std::string ahead = "expiry_unix_ms = " + std::to_string(wall_now().ms() + 86'400'000) + "\n";
    EXPECT_TRUE(refusal_of(with_future("")).starts_with(key + "expiry_unix_ms"));
    EXPECT_TRUE(refusal_of(with_future(past)).starts_with(key + "expiry_unix_ms"));
    EXPECT_TRUE(refusal_of(with_future("expiry_unix_ms = 1900000000\n", "venue")).starts_with(key + "expiry_unix_ms"))
        << "seconds";
    EXPECT_EQ(refusal_of(with_future(ahead)), "");
    EXPECT_EQ(refusal_of(with_future(past, "venue")), "") << "a recorded contract";
    std::string option = with_future(ahead);
    EXPECT_TRUE(refusal_of(replaced(option, "\"future\"", "\"option\"")).starts_with(key + "kind"));
    EXPECT_TRUE(refusal_of(replaced(option, "\"future\"", "\"perpetual\"")).starts_with(key + "expiry_unix_ms"));
    EXPECT_TRUE(refusal_of(with_future(ahead + "payoff = \"inverse\"\n")).starts_with(key + "settlement"));
    EXPECT_TRUE(refusal_of(replaced(option, "[\"F\"]", "[\"G\"]")).starts_with("venue[0].instruments"));
    EXPECT_TRUE(refusal_of(replaced(option, "[\"F\"]", "[\"*\"]")).starts_with("venue[0].instruments"));
    EXPECT_TRUE(refusal_of(replaced(option, "instruments = [\"F\"]\n", "")).starts_with("venue[0].instruments"));
    const std::string streams = "instruments = [\"F\"]\nstreams = ";
    EXPECT_TRUE(refusal_of(replaced(option, "instruments = [\"F\"]\n", streams + "[\"depth5\"]\n"))
                    .starts_with("venue[0].streams"));
    EXPECT_EQ(refusal_of(replaced(option, "instruments = [\"F\"]\n", streams + "[\"depth@0ms\", \"markPrice\"]\n")),
              "");
}

// What looks odd and is meant.
TEST(DefinedContractTest, WhatCannotBeKnownOfflineIsLeftToTheVenue) {
    EXPECT_EQ(refusal_of(replaced(kGood, "[\"BTC\"]", "[\"USDC\"]") + "[[hedge.target]]\nunderlying = \"SOL\"\n"), "");
    EXPECT_EQ(refusal_of(replaced(kGood, "underlying = \"BTC\"", "underlying = \"ETH\"")), "") << "a warning";
    EXPECT_EQ(refusal_of(replaced(kGood, "hard_coin = 2.0", "hard_coin = 2.0\ncooldown_ms = 0")), "");
    EXPECT_EQ(refusal_of(replaced(kGood, "host = \"127.0.0.1\"", "host = \"::1\"")), "");
    EXPECT_EQ(refusal_of(kGood + "[state]\ndirectory = \"/tmp/not/made/yet\"\n"), "");
    EXPECT_EQ(refusal_of(kGood + "[report]\nnote = \"two\\nlines\"\n"), "");
}

// The files that a configuration names.
class NamedFilesTest : public testing::Test {
protected:
    std::string write(const std::string& name, const std::string& text) const {
        const std::string path = (folder_.path() / name).string();
        std::ofstream{path, std::ios::binary} << text;
        EXPECT_EQ(::chmod(path.c_str(), 0600), 0);
        return path;
    }
    // What a configuration with this line in its venue is told.
    [[nodiscard]] std::string told(const std::string& line, const ConfigurationOptions& options = {},
                                   const std::string& mode = "observe") const {
        return refusal_of(
            replaced(replaced(kGood, "port = 8443", line), "mode = \"observe\"", "mode = \"" + mode + "\""),
            (folder_.path() / "run.toml").string(), options);
    }
    test::TemporaryDirectory folder_;
};

TEST_F(NamedFilesTest, ASecretFileMustHoldAKey) {
    const std::string good = "key_id = \"a\"\nsecret = \"s3cr3t\"\n";
    write("key", good);
    EXPECT_EQ(told("credentials_file = \"key\""), "");
    for (const std::string& bad :
         {std::string{}, std::string{" \n\t\n"}, std::string{"# nothing\n"}, std::string{"garbage\n"},
          std::string{"\x01\x02\xff\n"}, std::string{"key_id = \"a\"\n"}, std::string{"secret = \"s3cr3t\"\n"},
          std::string{"key_id = \"\"\nsecret = \"s3cr3t\"\n"}, std::string{"key_id = \"  \"\nsecret = \"s3cr3t\"\n"},
          std::string{"key_id = \"a\"\nsecret = \" \"\n"}, std::string{"key_id = \"a\"\nsecret = \"s3cr3t\n"},
          std::string{"key_id = \"a\"\nsecret = \"s3cr3t\" # mine\n"},
          std::string{"key_id = 'a'\nsecret = \"s3cr3t\"\n"}, good + "secret = \"other\"\n", good + "extra = 1\n",
          std::string{"key_id = \"a\"\nsecret = \"s3cr\x07t\"\n"}, good + std::string(8'192, '#')}) {
        write("key", bad);
        const std::string said = told("credentials_file = \"key\"");
        EXPECT_TRUE(said.starts_with("venue[0].credentials_file: ")) << bad << said;
        EXPECT_NE(said.find("run.toml:9: "), std::string::npos) << said;
        EXPECT_EQ(said.find("s3cr"), std::string::npos) << "a secret was printed";
    }
    EXPECT_TRUE(told("credentials_file = \".\"").starts_with("venue[0].credentials_file: "));
}

TEST_F(NamedFilesTest, RootsMustBeCertificates) {
    const auto made = simulator::write_certificates(folder_.path());
    ASSERT_TRUE(made.has_value());
    EXPECT_EQ(told("ca_file = \"ca.pem\""), "");
    EXPECT_EQ(told("ca_file = \"not-written-yet.pem\""), "");
    write("empty.pem", "");
    write("garbage.pem", "-----BEGIN CERTIFICATE-----\nnot this\n-----END CERTIFICATE-----\n");
    for (const char* bad : {".", "empty.pem", "garbage.pem", "server.key"}) {
        EXPECT_TRUE(told("ca_file = \"" + std::string{bad} + "\"").starts_with("venue[0].ca_file: ")) << bad;
    }
}

TEST_F(NamedFilesTest, LiveTradingFindsThemAllInPlace) {
    ConfigurationOptions live;
    live.mode = "live";
    write("key", "key_id = \"a\"\nsecret = \"b\"\n");
    EXPECT_EQ(told("credentials_file = \"key\"", live, "live"), "");
    EXPECT_TRUE(told("credentials_file = \"none\"", live, "live").starts_with("venue[0].credentials_file: "));
    EXPECT_TRUE(told("credentials_file = \"key\"\nca_file = \"none\"", live, "live").starts_with("venue[0].ca_file: "));
    EXPECT_TRUE(refusal_of(replaced(replaced(replaced(kGood, "port = 8443", "credentials_file = \"key\""),
                                             "mode = \"observe\"", "mode = \"live\""),
                                    "[\"BTC-*\"]", "[\"ETH-*\"]"),
                           (folder_.path() / "run.toml").string(), live)
                    .starts_with("gate.instruments_allowed"));
    for (const char* key : {"order_coin_max = 0", "orders_open_max = 0"}) {
        const std::string text = replaced(replaced(kGood, "port = 8443", "credentials_file = \"key\""),
                                          "mode = \"observe\"", "mode = \"live\"");
        EXPECT_TRUE(refusal_of(replaced(text, "[hedge]", std::string{key} + "\n[hedge]"),
                               (folder_.path() / "run.toml").string(), live)
                        .starts_with("gate.order"))
            << key;
    }
}

TEST_F(NamedFilesTest, TheEnvironmentMustHoldTheKeyThatIsAllowed) {
    ::unsetenv("KEEL_DERIBIT_KEY_ID");
    ConfigurationOptions options;
    options.allow_env_secrets = true;
    EXPECT_TRUE(told("port = 8443", options).starts_with("venue[0].credentials_file: "));
    ::setenv("KEEL_DERIBIT_KEY_ID", "id", 1);
    ::setenv("KEEL_DERIBIT_SECRET", " ", 1);
    EXPECT_TRUE(told("port = 8443", options).starts_with("venue[0].credentials_file: "));
    ::setenv("KEEL_DERIBIT_SECRET", "secret", 1);
    EXPECT_EQ(told("port = 8443", options), "");
    ::unsetenv("KEEL_DERIBIT_KEY_ID");
    ::unsetenv("KEEL_DERIBIT_SECRET");
}

TEST_F(NamedFilesTest, StateIsNoFile) {
    write("file", "");
    std::filesystem::create_directories(folder_.path() / "state");
    write("state/journals", "");
    const std::string run = (folder_.path() / "run.toml").string();
    for (const char* bad : {"file", "file/below", "state"}) {
        const std::string text = kGood + "[state]\ndirectory = \"" + bad + "\"\n";
        EXPECT_TRUE(refusal_of(text, run).starts_with("state.directory: ")) << bad;
    }
}

// A replay takes the text as it ran: what it names may be gone, or have expired since.
TEST_F(NamedFilesTest, AReplayLooksAtNone) {
    ConfigurationOptions replay;
    replay.for_replay = true;
    write("key", "garbage");
    EXPECT_EQ(told("credentials_file = \"key\"", replay), "");
    EXPECT_EQ(refusal_of(with_future("expiry_unix_ms = 1700000000000\n"), "journal", replay), "");
}

TEST(OverrideTest, IsNamedWithItsKeyAndNoLine) {
    const auto told = [](const char* assignment) {
        ConfigurationOptions options;
        options.overrides = {assignment};
        return refusal_of(kGood, "good.toml", options);
    };
    EXPECT_NE(told("venue.0.port=70000").find("--set: venue[0].port: 70000 is out of range"), std::string::npos);
    EXPECT_NE(told("venue.0.port=[").find("--set: venue.0.port: "), std::string::npos) << told("venue.0.port=[");
    EXPECT_NE(told("venue.0.currencies=[1]").find("--set: venue[0].currencies: "), std::string::npos);
    EXPECT_NE(told("hedge.nothing=1").find("--set: hedge.nothing: unknown key"), std::string::npos);
    EXPECT_NE(told("venue.7.host=x").find("--set: venue.7.host: no entry 7"), std::string::npos);
    EXPECT_NE(told("venue.0.port=1\nmode=2").find("--set: venue.0.port: "), std::string::npos);
}

}  // namespace
}  // namespace keel::app
