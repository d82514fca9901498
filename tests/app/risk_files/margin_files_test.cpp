// Margin of each venue's law from files to the report, on what the venues themselves published.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "app/failure.hpp"
#include "app/risk_files/margin_tables.hpp"
#include "app/risk_files/market_file.hpp"
#include "app/risk_files/portfolio_file.hpp"
#include "risk/report/risk_report.hpp"
#include "tests/support/temporary_directory.hpp"

namespace keel::app {
namespace {

using risk::RiskReport;
using risk::VenueReport;
using test::TemporaryDirectory;

class MarginFilesTest : public testing::Test {
protected:
    std::string write(const std::string& name, const std::string& text) {
        const std::string path = (folder_.path() / name).string();
        std::ofstream{path} << text;
        return path;
    }
    RiskReport report(const std::string& portfolio, const std::string& market) {
        InputsBuilder builder;
        read_portfolio_file(write("portfolio.json", portfolio), builder);
        read_market_file(write("market.json", market), builder);
        return make_risk_report(builder.finish("market.json"));
    }
    static std::string shipped(const char* table) { return std::string{KEEL_SOURCE_DIR} + "/examples/margin/" + table; }
    static bool has_note(const RiskReport& report, const std::string& note) {
        return std::ranges::count(report.notes, note) == 1;
    }
    TemporaryDirectory folder_;
};

// Binance, "How to calculate liquidation price of USD-M futures" (binance_cross_liq_1 and _2 of the margin vectors):
// the same account read once for ETHUSDT and once for BTCUSDT. Below each published tier stands one of half its rate.
constexpr const char* kBinanceTables = R"(
[tiers.ETHUSDT]
notional_max = [2707300.0, 20000000.0]
maintenance_rate = [0.05, 0.1]
deduction = [0.0, 135365.0]
[tiers.BTCUSDT]
notional_max = [1304000.0, 20000000.0]
maintenance_rate = [0.0125, 0.025]
)";
constexpr double kEth = 3'683.979, kBtc = 109.488;
constexpr double kEthMark = 4'918'775.081 / kEth, kBtcMark = 3'500'032.458 / kBtc;

std::string binance_portfolio(const std::string& positions) {
    return R"({"venue":"binance","cash":[{"currency":"USDT","amount":1535443.01}],"positions":[)" + positions +
           R"(],"venues":[{"name":"binance","margin_model":"binance_tiers","margin_tables":"tables.toml","leverage":10}]})";
}
constexpr const char* kBtcPosition = R"({"instrument":"BTCUSDT","kind":"perpetual","underlying":"BTC",
  "settlement":"USDT","quantity":109.488,"entry":32481.98})";
constexpr const char* kEthPosition = R"({"instrument":"hedge","kind":"perpetual","underlying":"ETH",
  "settlement":"USDT","quantity":3683.979,"entry":1456.84})";

std::string binance_market() {
    const std::string btc = std::to_string(kBtcMark), eth = std::to_string(kEthMark);
    return R"({"time":1772352000000,"stablecoins":{"USDT":1},"underlyings":[{"name":"BTC","index":)" + btc +
           R"(},{"name":"ETH","index":)" + eth + R"(}],"instruments":[{"name":"BTCUSDT","mark":)" + btc +
           R"(},{"name":"hedge","mark":)" + eth + "}]}";
}

TEST_F(MarginFilesTest, BinanceTiersReproduceThePublishedAccount) {
    write("tables.toml", kBinanceTables);
    const RiskReport got = report(binance_portfolio(std::string{kBtcPosition} + "," + kEthPosition), binance_market());
    const VenueReport& venue = got.venues.at(0);
    EXPECT_EQ(venue.model, "binance tiers");
    EXPECT_NEAR(venue.maintenance_margin_usd, 356'512.508 + 71'200.81144, 0.01);  // marks carry six digits
    EXPECT_NEAR(venue.initial_margin_usd, (4'918'775.081 + 3'500'032.458) / 10.0, 0.01);
    EXPECT_NEAR(venue.equity_usd, 1'535'443.01 - 56'354.57135 - 448'192.89, 0.02);
    ASSERT_EQ(venue.liquidations.size(), 2U);
    // One underlying moves, the other's margin and profit stand still; the search ends within 1e-5 of the move.
    EXPECT_NEAR(venue.liquidations[0].still.down.price, 26'316.8933089, 1e-5 * kBtcMark);
    EXPECT_NEAR(venue.liquidations[1].still.down.price, 1'153.2564651, 1e-5 * kEthMark);
}

TEST_F(MarginFilesTest, StressesMoveTheTiersWithThePrice) {
    write("tables.toml", kBinanceTables);
    const RiskReport got = report(binance_portfolio(kBtcPosition), binance_market());
    const auto crash = std::ranges::find(got.stresses, "CRASH", &risk::StressResult::id);
    ASSERT_NE(crash, got.stresses.end());
    // CRASH: spot -40 %, futures 2 % below it; the depeg falls out of the ratio.
    const double mark = kBtcMark * 0.6 * 0.98;
    const double equity = 1'535'443.01 + kBtc * (mark - 32'481.98);
    EXPECT_NEAR(crash->venues.at(0).margin_ratio, equity / (kBtc * mark * 0.025 - 16'300.0), 1e-6);
}

// Half of the long is taken at 2 % below its mark: margin is asked for the other half, in its own tier.
TEST_F(MarginFilesTest, DeleveragingLeavesTheMarginOfWhatIsLeft) {
    write("tables.toml", kBinanceTables);
    const std::string profitable =
        std::string{kBtcPosition}.replace(std::string{kBtcPosition}.find("32481.98"), 8, "31000");
    const RiskReport got = report(binance_portfolio(profitable), binance_market());
    const auto adl = std::ranges::find(got.stresses, "ADL", &risk::StressResult::id);
    ASSERT_NE(adl, got.stresses.end());
    const double equity = 1'535'443.01 + kBtc * (kBtcMark - 31'000.0) - 0.5 * 0.02 * kBtc * kBtcMark;
    EXPECT_NEAR(adl->venues.at(0).margin_ratio, equity / (0.5 * kBtc * kBtcMark * 0.025 - 16'300.0), 1e-6);
}

// Bybit, "Comparison of Spread Strategies": one 18,500 put sold at 280, mark 290, index 20,250: initial 2,315,
// maintenance 938. And its fixture of XRPUSDT: 75 at 0.3615, 10x, taker 0.06 %, maintenance 1 %.
TEST_F(MarginFilesTest, BybitCrossReproducesThePublishedPositions) {
    std::ifstream shipped_file{shipped("bybit.toml")};
    const std::string table{std::istreambuf_iterator<char>{shipped_file}, {}};
    write("tables.toml", table + "\n[tiers.XRPUSDT]\nnotional_max = [1000000]\nmaintenance_rate = [0.01]\n");
    const std::string portfolio = R"({"venue":"bybit","cash":[{"currency":"USDT","amount":5000}],"positions":[
      {"instrument":"BTC-27MAR26-18500-P","kind":"put","underlying":"BTC","settlement":"USDC","expiry":"27MAR26",
       "strike":18500,"quantity":-1,"entry":280},
      {"instrument":"XRPUSDT","kind":"perpetual","underlying":"XRP","settlement":"USDT","quantity":75,"entry":0.36}],
      "venues":[{"name":"bybit","margin_model":"bybit_cross","margin_tables":"tables.toml","leverage":10,
       "taker_fee_rate":0.0006}]})";
    const RiskReport got = report(portfolio, R"({"time":"2026-03-01T08:00:00Z","stablecoins":{"USDT":1,"USDC":1},
      "underlyings":[{"name":"BTC","index":20250},{"name":"XRP","index":0.3615}],
      "expiries":[{"underlying":"BTC","expiry":"27MAR26","forward":20250}],
      "instruments":[{"name":"BTC-27MAR26-18500-P","mark":290},{"name":"XRPUSDT","mark":0.3615}]})");
    const VenueReport& venue = got.venues.at(0);
    EXPECT_EQ(venue.model, "bybit cross");
    EXPECT_NEAR(venue.initial_margin_usd, 2'315.0 + 2.72589075, 1e-6);
    EXPECT_NEAR(venue.maintenance_margin_usd, 938.0 + 0.28576575, 1e-6);
    EXPECT_NEAR(venue.margin_ratio, (5'000.0 - 290.0 + 75 * 0.0015) / (938.0 + 0.28576575), 1e-6);
    EXPECT_LT(venue.liquidations.at(0).still.down.price, 20'250.0) << "a put is sold";
}

// support.deribit.com, "Linear Perpetual": 25 BTC at 100,000 USDC.
TEST_F(MarginFilesTest, DeribitStandardReproducesThePublishedPosition) {
    const RiskReport got =
        report(R"({"positions":[{"instrument":"BTC_USDC-PERPETUAL","quantity":-25,"entry":100000}],
          "cash":[{"currency":"USDC","amount":56250}],
          "venues":[{"name":"deribit","margin_model":"deribit_standard","margin_tables":")" +
                   shipped("deribit.toml") + R"("}]})",
               R"({"time":1772352000000,"stablecoins":{"USDC":1},"underlyings":[{"name":"BTC","index":100000}],
          "instruments":[{"name":"BTC_USDC-PERPETUAL","mark":100000}]})");
    EXPECT_NEAR(got.venues.at(0).initial_margin_usd, 53'125.0, 1e-6);
    EXPECT_NEAR(got.venues.at(0).maintenance_margin_usd, 28'125.0, 1e-6);
    EXPECT_NEAR(got.venues.at(0).margin_ratio, 2.0, 1e-9);
}

// private/pme/simulate of 2026-02-15 (deribit_pm_simulate_eth_offset of the margin vectors).
TEST_F(MarginFilesTest, DeribitPortfolioReproducesTheSimulation) {
    const double index = 1'949.34;
    const RiskReport got =
        report(R"({"positions":[{"instrument":"ETH-PERPETUAL","quantity":)" + std::to_string(-0.999487053 * index) +
                   R"(,"entry":1949.34}],"venues":[{"name":"deribit","margin_model":"deribit_portfolio"}]})",
               R"({"time":1772352000000,"underlyings":[{"name":"ETH","index":1949.34}],
          "instruments":[{"name":"ETH-PERPETUAL","mark":1949.34}],"margin_tables":")" +
                   shipped("deribit.toml") + R"("})");
    EXPECT_NEAR(got.venues.at(0).maintenance_margin_usd, 0.125969249812 * index, 1e-6);  // quantity has six digits
    EXPECT_NEAR(got.venues.at(0).initial_margin_usd, 0.157461562265 * index, 1e-6);
}

// Half of the delivery average is fixed 15 minutes before the expiry, and half of the margin is left.
TEST_F(MarginFilesTest, DeribitPortfolioReadsTheDeliveryWindow) {
    std::ifstream file{shipped("deribit.toml")};
    std::string table{std::istreambuf_iterator<char>{file}, {}};
    const auto maintenance = [&](const std::string& text) {
        write("tables.toml", text);
        const RiskReport got = report(R"({"positions":[{"instrument":"BTC-1MAR26","quantity":6500000,"entry":65000}],
          "venues":[{"name":"deribit","margin_model":"deribit_portfolio","margin_tables":"tables.toml"}]})",
                                      R"({"time":"2026-03-01T07:45:00Z","underlyings":[{"name":"BTC","index":65000}],
          "instruments":[{"name":"BTC-1MAR26","mark":65000}]})");
        return got.venues.at(0).maintenance_margin_usd;
    };
    const double half = maintenance(table);
    const std::string window = "delivery_window_minutes = 30.0";
    ASSERT_NE(table.find(window), std::string::npos);
    const double whole = maintenance(table.replace(table.find(window), window.size(), "delivery_window_minutes = 0.0"));
    ASSERT_GT(whole, 0.0);
    EXPECT_NEAR(half, 0.5 * whole, 1e-6 * whole);
}

// A pair of its own table, whatever the order of the tables: the coin's other book keeps its own.
TEST_F(MarginFilesTest, PairsOfOneCoinKeepTheirTablesApart) {
    std::ifstream file{shipped("deribit.toml")};
    const std::string tables{std::istreambuf_iterator<char>{file}, {}};
    const std::size_t begin = tables.find("[matrix.btc_usd]"), end = tables.find("[matrix.eth_usd]");
    ASSERT_LT(begin, end);
    const std::string inverse = tables.substr(begin, end - begin);
    std::string linear = inverse;
    linear.replace(linear.find("btc_usd"), 7, "btc_usdc");
    linear.replace(linear.find("price_range = 0.16"), 18, "price_range = 0.32");
    const std::string general = "[portfolio]\nmaintenance_ratio = 0.8\nworst_case_decimals = 0\n";
    const auto margin = [&](const std::string& document, const char* position) {
        write("tables.toml", document);
        return report(R"({"positions":[)" + std::string{position} + R"(],
          "venues":[{"name":"deribit","margin_model":"deribit_portfolio","margin_tables":"tables.toml"}]})",
                      R"({"time":"2026-03-01T08:00:00Z","stablecoins":{"USDC":1},
          "underlyings":[{"name":"BTC","index":65000}],"instruments":[{"name":"BTC-PERPETUAL","mark":65000},
          {"name":"BTC_USDC-PERPETUAL","mark":65000}]})");
    };
    const char* coins = R"({"instrument":"BTC-PERPETUAL","quantity":65000})";
    const char* dollars = R"({"instrument":"BTC_USDC-PERPETUAL","quantity":1})";
    for (const std::string& document : {general + inverse + linear, general + linear + inverse}) {
        const double own = margin(document, coins).venues.at(0).maintenance_margin_usd;
        EXPECT_EQ(own, margin(general + inverse, coins).venues.at(0).maintenance_margin_usd);
        const double twice = margin(document, dollars).venues.at(0).maintenance_margin_usd;
        EXPECT_NEAR(twice, 0.8 * (0.32 + 0.01) * 65'000.0, 1e-6) << "price range and least roll move";
        EXPECT_NE(own, twice);
    }
    const RiskReport none = margin(general + inverse, dollars);
    EXPECT_TRUE(std::isnan(none.venues.at(0).maintenance_margin_usd));
    EXPECT_TRUE(has_note(none, "venue deribit: margin unknown, no [matrix.btc_usdc] in its tables"));
    std::string either = linear;
    either.replace(either.find("btc_usdc"), 8, "BTC");
    EXPECT_EQ(margin(general + either, dollars).venues.at(0).maintenance_margin_usd,
              margin(general + linear, dollars).venues.at(0).maintenance_margin_usd)
        << "the coin's, of any settlement";
}

// --margin is read over the tables that a market file names: a coin's table over an earlier one of its pair, too.
TEST_F(MarginFilesTest, ALaterDocumentsCoinGoesOverAnEarlierPair) {
    risk::Book book;
    book.underlying_names = {"BTC"};
    book.stable_names = {"USDC"};
    const auto document = [](const char* name, double rate) {
        return parse_toml("[future." + std::string{name} + "]\ninitial_rate = " + std::to_string(rate) +
                              "\nmaintenance_rate = 0.01\nrate_per_coin = 0.0\n",
                          "tables.toml");
    };
    const auto inverse_rate = [&](const TomlValue& first, const TomlValue& second) {
        risk::VenueMarginTables tables;
        take_margin_tables(first, book, risk::VenueSlot{0}, tables);
        take_margin_tables(second, book, risk::VenueSlot{0}, tables);
        const auto pair = tables.pairs.find({risk::UnderlyingSlot{0}, risk::StableSlot::none});
        const bool own = pair != tables.pairs.end() && pair->second.future.has_value();
        return own ? pair->second.future->initial_rate : tables.underlyings.at(0).future->initial_rate;
    };
    EXPECT_EQ(inverse_rate(document("btc_usd", 0.02), document("BTC", 0.05)), 0.05);
    EXPECT_EQ(inverse_rate(document("BTC", 0.05), document("btc_usd", 0.02)), 0.02);
    EXPECT_EQ(inverse_rate(document("btc_usd", 0.02), document("btc_usdc", 0.07)), 0.02);
}

TEST_F(MarginFilesTest, WithoutATableTheMarginIsUnknownAndSaysWhy) {
    struct Case {
        const char* name;
        std::string tables;
        std::string venue;
        const char* note;
    };
    const std::string bybit = R"("margin_model":"bybit_cross","margin_tables":"tables.toml")";
    const Case cases[] = {
        {"other pair", "[tiers.BTCUSDC]\nnotional_max = [1e9]\nmaintenance_rate = [0.01]\n",
         R"("margin_model":"binance_tiers","margin_tables":"tables.toml","leverage":10)",
         "venue binance: margin unknown, no tiers of BTCUSDT in its tables"},
        {"no leverage", kBinanceTables, R"("margin_model":"binance_tiers","margin_tables":"tables.toml")",
         "venue binance: margin unknown, no leverage given"},
        {"no fee", kBinanceTables, bybit + R"(,"leverage":10)",
         "venue binance: margin unknown, no taker_fee_rate given"},
        {"no file", "", R"("margin_model":"binance_tiers","leverage":10)",
         "venue binance: margin unknown, no tiers of BTCUSDT in its tables"},
        {"no law", kBinanceTables, R"("margin_model":"none")",
         "venue binance: no margin model, no margin and no liquidation price"},
    };
    for (const Case& item : cases) {
        write("tables.toml", item.tables);
        const RiskReport got = report(R"({"venue":"binance","cash":[{"currency":"USDT","amount":1535443.01}],
          "positions":[)" + std::string{kBtcPosition} +
                                          R"(],"venues":[{"name":"binance",)" + item.venue + "}]}",
                                      binance_market());
        EXPECT_TRUE(std::isnan(got.venues.at(0).maintenance_margin_usd)) << item.name;
        ASSERT_EQ(got.venues[0].liquidations.size(), 1U) << item.name;
        EXPECT_EQ(got.venues[0].liquidations[0].still.down.status, risk::RootStatus::unknown) << item.name;
        EXPECT_TRUE(has_note(got, item.note)) << item.name;
    }
}

TEST_F(MarginFilesTest, EachVenueReadsItsOwnTables) {
    write("tables.toml", kBinanceTables);
    write("dear.toml", "[tiers.BTCUSDT]\nnotional_max = [20000000]\nmaintenance_rate = [0.5]\n");
    const auto venue = [](const std::string& name, const std::string& tables) {
        return R"({"name":")" + name + R"(","margin_model":"binance_tiers","leverage":10,"margin_tables":")" + tables +
               R"("})";
    };
    const std::string there = std::string{kBtcPosition}.insert(1, R"("venue":"other",)");
    const RiskReport got =
        report(R"({"venue":"binance","positions":[)" + std::string{kBtcPosition} + "," + there + R"(],"venues":[)" +
                   venue("binance", "tables.toml") + "," + venue("other", "dear.toml") + "]}",
               binance_market());
    EXPECT_NEAR(got.venues.at(0).maintenance_margin_usd, 71'200.81144, 0.01);
    EXPECT_NEAR(got.venues.at(1).maintenance_margin_usd, 0.5 * 3'500'032.458, 0.01);
}

TEST_F(MarginFilesTest, TablesThatCannotBeAreRefusedWithTheLine) {
    struct Case {
        const char* tables;
        const char* says;
    };
    const Case cases[] = {
        {"[tiers.BTCUSDT]\nnotional_max = [1, 2]\nmaintenance_rate = [0.1]\n", "must hold 2 numbers"},
        {"[tiers.BTCUSDT]\nnotional_max = [2, 1]\nmaintenance_rate = [0.1, 0.2]\n", "notional_max must ascend"},
        {"[tiers.BTCUSDT]\nnotional_max = [1, 2]\nmaintenance_rate = [0.1, 0.2]\ndeduction = [0, 5]\n",
         "deduction is not what the rates make it"},
        {"[tiers.BTCUSDT]\nnotional_max = 5\nmaintenance_rate = [0.1]\n", "must hold numbers"},
        {"[tiers.BTCUSDT]\nnotional_max = [5]\n", "\"maintenance_rate\" is missing"},
        {"[tiers.BTCUSDT]\nnotional_max = [5]\nmaintenance_rate = [0.1]\nleverage = [5]\n",
         "tables.toml:4: tiers.BTCUSDT.leverage: is no key of this table"},
        {"[future.BTC]\ninitial_rate = 0.02\nmaintenance_rate = -0.01\nrate_per_coin = 0.0\n",
         "tables.toml:3: future.BTC.maintenance_rate: must be a number from 0 on"},
        {"[future.BTC]\ninitial_rate = 2\nmaintenance_rate = 0.01\nrate_per_coin = 0.0\n",
         "future.BTC.initial_rate: must be a fraction, 1 at most"},
        {"[future.BTC]\ninitial_rate = nan\nmaintenance_rate = 0.01\nrate_per_coin = 0.0\n",
         "future.BTC.initial_rate: must be a number from 0 on"},
        {"[future.BTC]\ninitial_rate = 0.01\nmaintenance_rate = 0.02\nrate_per_coin = 0.0\n",
         "maintenance_rate must not be above initial_rate"},
        {"[option.BTC]\ninitial_rate = 0.15\ninitial_rate_floor = 0.05\nmaintenance_rate = 0.075\n",
         "maintenance_rate, initial_rate_floor and initial_rate must ascend"},
        {"[adl]\nlowest = 5\nhighest = 1\n", "adl: lowest must lie below highest"},
    };
    for (const Case& item : cases) {
        write("tables.toml", item.tables);
        try {
            (void)report(binance_portfolio(kBtcPosition), binance_market());
            ADD_FAILURE() << "taken: " << item.tables;
        } catch (const ConfigError& error) {
            EXPECT_NE(std::string{error.what()}.find(item.says), std::string::npos) << error.what();
            EXPECT_NE(std::string{error.what()}.find("tables.toml:"), std::string::npos) << error.what();
        }
    }
}

}  // namespace
}  // namespace keel::app
