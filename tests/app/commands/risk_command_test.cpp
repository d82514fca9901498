// keel risk as a user runs it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/app/commands/risk_program_test.hpp"

namespace keel::app {
namespace {

using nlohmann::json;
using test::Outcome;

class RiskCommandTest : public RiskProgramTest {};

TEST_F(RiskCommandTest, TextJsonAndPageOfTheExample) {
    const std::string page = (folder_.path() / "risk.html").string();
    const Outcome text = run(with_example({"risk", "--html", page}));
    ASSERT_EQ(text.code, 0) << text.err;
    for (const char* word : {"delta_net", "filtered_historical", "STRESS BTC", "CRASH", "LIQUIDATION", "SURFACE"}) {
        EXPECT_NE(text.out.find(word), std::string::npos) << word;
    }
    std::ifstream file{page};
    const std::string html{std::istreambuf_iterator<char>{file}, {}};
    EXPECT_GT(html.size(), 20'000U);
    EXPECT_EQ(html.find("http://"), std::string::npos) << "self-contained";
    for (const char* broken : {">nan", ">-nan", "inf<", " nan"})
        EXPECT_EQ(html.find(broken), std::string::npos) << broken;
    const Outcome machine = run(with_example({"risk", "--json"}));
    ASSERT_EQ(machine.code, 0) << machine.err;
    const json report = json::parse(machine.out);
    EXPECT_TRUE(report.at("metrics").at("account").at("var_99_usd").at("value").is_number());
    EXPECT_EQ(report.at("stress").at("cells_usd").at("BTC").size(), 90U);
    EXPECT_TRUE(report.at("margin").at("deribit").at("margin_ratio").is_number());
    for (const json& stress : report.at("stress").at("named")) {
        if (stress.at("id") != "VENUE:deribit") continue;
        EXPECT_EQ(stress.at("delta_coin").at("BTC"), 0.0) << "nothing is held elsewhere";
        EXPECT_EQ(stress.at("var_99_usd"), 0.0);
    }
    EXPECT_NE(text.out.find("AFTER THE STRESS"), std::string::npos);
    EXPECT_NE(html.find("left, or fired"), std::string::npos);
    EXPECT_EQ(report.at("metrics").at("BTC").at("volatility_7d").at("quality"), "outside the expiries");
    EXPECT_EQ(report.at("metrics").at("BTC").at("volatility_30d").at("quality"), "good");
    EXPECT_NE(html.find("BTC surface"), std::string::npos);
    double parts = 0.0;
    for (const json& row : report.at("contributions")) parts += row.at("es_975_component_usd").get<double>();
    for (const json& row : report.at("tails")) {
        if (row.at("method") != report.at("contributions_method")) continue;
        EXPECT_NEAR(parts, row.at("es_975_usd").get<double>(), 1e-6 * std::abs(parts));
    }
}

// Nowhere, somewhere and not known are three things, in each form of the report.
TEST_F(RiskCommandTest, LiquidationPricesSayHowTheirSearchEnded) {
    const std::string more = (folder_.path() / "more.json").string();
    std::ofstream{more} << R"({"positions":[{"instrument":"ETH-PERPETUAL","quantity":1000,"venue":"elsewhere"}]})";
    const std::string page = (folder_.path() / "risk.html").string();
    const json report = json::parse(run(with_example({"risk", "--json", "--html", page, "--portfolio", more})).out);
    const json& deribit = report.at("margin").at("deribit").at("liquidation");
    EXPECT_EQ(deribit.at("BTC").at("status_down"), "found");
    EXPECT_TRUE(deribit.at("BTC").at("price_down").is_number());
    EXPECT_EQ(deribit.at("ETH").at("status_up"), "none");
    EXPECT_TRUE(deribit.at("ETH").at("price_up").is_null());
    EXPECT_EQ(deribit.at("ETH").at("status_up_beta"), "found");
    const json& elsewhere = report.at("margin").at("elsewhere").at("liquidation").at("ETH");
    for (const char* key : {"status_down", "status_up", "status_down_beta", "status_up_beta"})
        EXPECT_EQ(elsewhere.at(key), "unknown") << key;
    const std::string text = run(with_example({"risk", "--portfolio", more})).out;
    EXPECT_NE(text.find("  ETH: liquidation price unknown\n"), std::string::npos) << text;
    EXPECT_NE(text.find("  ETH" + std::string(39, ' ') + "none"), std::string::npos) << text;
    std::ifstream file{page};
    const std::string html{std::istreambuf_iterator<char>{file}, {}};
    EXPECT_NE(html.find("<td>ETH</td><td class=\"n\">none</td>"), std::string::npos);
    EXPECT_NE(html.find("<td colspan=\"4\">ETH: liquidation price unknown</td>"), std::string::npos);
}

// docs/risk-inputs.md promises a formula for every name.
TEST_F(RiskCommandTest, EveryMetricStandsInTheRiskModel) {
    std::ifstream file{std::string{KEEL_SOURCE_DIR} + "/docs/risk-model.md"};
    const std::string page{std::istreambuf_iterator<char>{file}, {}};
    const Outcome machine = run(with_example({"risk", "--json"}));
    ASSERT_EQ(machine.code, 0) << machine.err;
    std::size_t names = 0;
    const json report = json::parse(machine.out);
    for (const auto& [scope, metrics] : report.at("metrics").items()) {
        for (const auto& [name, metric] : metrics.items()) {
            EXPECT_NE(page.find('`' + name + '`'), std::string::npos) << name << " of " << scope;
            ++names;
        }
    }
    EXPECT_GT(names, 60U);
    for (const json& row : report.at("tails")) {
        const std::string method = row.at("method");
        EXPECT_NE(page.find('`' + method + '`'), std::string::npos) << method << " of tails";
    }
    EXPECT_EQ(report.at("tails").size(), 7U);
}

// The same answer of two accounts: each trade goes to the one that it names.
TEST_F(RiskCommandTest, PortfolioAndTradeNameTheirAccount) {
    const std::string market = std::string{KEEL_SOURCE_DIR} + "/examples/risk-market.json";
    const std::string file = (folder_.path() / "day=3.json").string();
    std::ofstream{file} << R"({"result":[{"instrument_name":"BTC-PERPETUAL","direction":"buy","size":1000,
      "mark_price":65000}]})";
    const auto whatif = [&](const std::string& first, const char* trade) {
        return run({"whatif", "--json", "--portfolio", first + file, "--portfolio", "deribit/hedge=" + file, "--market",
                    market, "--trade", trade});
    };
    const Outcome done = whatif("", "BTC-PERPETUAL@deribit/hedge:-1000");
    ASSERT_EQ(done.code, 0) << done.err;
    EXPECT_EQ(json::parse(done.out).at("trades")[0].at("venue"), "deribit/hedge");
    EXPECT_EQ(json::parse(whatif("deribit/main=", "BTC-PERPETUAL@deribit/main:5").out).at("trades")[0].at("venue"),
              "deribit/main");
    const Outcome either = whatif("", "BTC-PERPETUAL:-1000");
    EXPECT_EQ(either.code, 2);
    EXPECT_NE(either.err.find("the files name it at deribit and deribit/hedge; say at which"), std::string::npos)
        << either.err;
    EXPECT_NE(run({"risk", "--help"}).out.find("[NAME=]FILE"), std::string::npos);
}

TEST_F(RiskCommandTest, HeadersSayWhenThePricesWereTakenAndHowOldTheOldestIs) {
    const std::string ages = (folder_.path() / "ages.json").string();
    std::ofstream{ages} << R"({"instruments":[{"name":"BTC-PERPETUAL","age_seconds":5},
      {"name":"ETH-PERPETUAL","age_seconds":90}]})";
    const std::string page = (folder_.path() / "page.html").string();
    const std::string words = "Prices of 2026-03-01 08:00:00 UTC, oldest input 90 s older";
    const auto says = [&](std::vector<std::string> arguments) {
        const Outcome outcome = run(with_example(std::move(arguments)));
        ASSERT_EQ(outcome.code, 0) << outcome.err;
        EXPECT_NE(outcome.out.find(words + "\n"), std::string::npos) << outcome.out.substr(0, 300);
        std::ifstream file{page};
        const std::string html{std::istreambuf_iterator<char>{file}, {}};
        EXPECT_NE(html.find("<p>" + words + "</p></header>"), std::string::npos);
    };
    says({"risk", "--market", ages, "--html", page});
    says({"whatif", "--market", ages, "--html", page, "--trade", "BTC-PERPETUAL:-5000"});
    const json report = json::parse(run(with_example({"risk", "--json", "--market", ages})).out);
    EXPECT_EQ(report.at("oldest_input_seconds"), 90.0);
}

TEST_F(RiskCommandTest, TextKeepsToAHundredColumnsWithFiveVenues) {
    const std::string more = (folder_.path() / "more.json").string();
    std::ofstream{more} << R"({"cash":[{"currency":"USDC","amount":1000,"venue":"a-venue-with-a-long-name"},
      {"currency":"USDC","amount":1000,"venue":"fifth"}],
      "positions":[{"instrument":"BTC-26JUN26","quantity":10,"entry":65000,"venue":"a-venue-with-a-long-name"}]})";
    const std::string venues = std::string{KEEL_SOURCE_DIR} + "/examples/risk-venues.json";
    for (std::vector<std::string> arguments :
         {std::vector<std::string>{"risk"}, {"whatif", "--trade", "BTC-PERPETUAL:-5000"}}) {
        arguments.insert(arguments.end(), {"--portfolio", venues, "--portfolio", more});
        const Outcome outcome = run(with_example(arguments));
        ASSERT_EQ(outcome.code, 0) << outcome.err;
        EXPECT_NE(outcome.out.find("fifth"), std::string::npos);
        std::istringstream lines{outcome.out};
        for (std::string line; std::getline(lines, line);) {
            const auto columns =  // code points: bytes that do not continue one
                std::ranges::count_if(line,
                                      [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U; });
            EXPECT_LE(columns, 100) << line;
        }
    }
}

// What a stranger reads beside a number that rests on a bad input, in every form of both reports.
TEST_F(RiskCommandTest, DoubtIsSaidInTextJsonAndPage) {
    const std::string crossed = (folder_.path() / "crossed.json").string();
    std::ofstream{crossed} << R"({"instruments":[{"name":"ETH-PERPETUAL","spread":-0.01}]})";
    const std::string page = (folder_.path() / "page.html").string();
    const auto says = [&](std::vector<std::string> arguments, const std::string& words) {
        arguments.insert(arguments.end(), {"--market", crossed, "--html", page});
        const Outcome outcome = run(with_example(arguments));
        ASSERT_EQ(outcome.code, 0) << outcome.err;
        EXPECT_NE(outcome.out.find(words), std::string::npos) << words;
        std::ifstream file{page};
        const std::string html{std::istreambuf_iterator<char>{file}, {}};
        EXPECT_NE(html.find("<td class=\"words\">crossed quote</td>"), std::string::npos);
        EXPECT_NE(html.find("ETH-PERPETUAL: crossed quote"), std::string::npos);
    };
    says({"risk"}, "60.00, hard 150.0)\n      [crossed quote]");
    says({"whatif", "--trade", "ETH-PERPETUAL:+3200"}, "250,000  [crossed quote]");
    says({"risk", "--json"}, R"("quality": "crossed quote")");
    says({"whatif", "--json", "--trade", "ETH-PERPETUAL:+3200"}, R"("quality": "crossed quote")");
    const json report = json::parse(run(with_example({"risk", "--json", "--market", crossed})).out);
    EXPECT_EQ(report.at("metrics").at("ETH").at("delta_net").at("quality"), "crossed quote");
    EXPECT_EQ(report.at("metrics").at("BTC").at("delta_net").at("quality"), "good");
    EXPECT_EQ(report.at("metrics").at("deribit").at("margin_ratio").at("quality"), "crossed quote");
    EXPECT_EQ(report.at("metrics").at("account").at("var_99_usd").at("quality"), "crossed quote");
}

TEST_F(RiskCommandTest, ExitCodesSayWhatHappened) {
    const std::string file = (folder_.path() / "tight.json").string();
    std::ofstream{file} << R"({"limits":[{"metric":"gross_notional_usd","soft":1,"hard":2}]})";
    auto arguments = with_example({"risk"});
    arguments.insert(arguments.end(), {"--portfolio", file});
    const Outcome breached = run(arguments);
    EXPECT_EQ(breached.code, 1) << breached.err;
    EXPECT_NE(breached.err.find("exit code 1: 1 hard limit breached: gross_notional_usd"), std::string::npos)
        << breached.err;
    EXPECT_NE(breached.out.find("HARD"), std::string::npos);
    std::ofstream{file} << R"({"positions":[{"instrument":"BTC-PERPETUAL"}]})";
    const Outcome refused = run(arguments);
    EXPECT_EQ(refused.code, 2);
    EXPECT_NE(refused.err.find("tight.json: positions[0]: \"quantity\" is missing"), std::string::npos) << refused.err;
    EXPECT_EQ(run({"risk", "--portfolio", "/nowhere.json", "--market", "/nowhere.json"}).code, 3);
    std::ofstream{file} << R"({"positions":[{"instrument":"BTC-\u001b[31mPERPETUAL","quantity":1}]})";
    const Outcome painted = run(arguments);
    EXPECT_EQ(painted.code, 2);
    EXPECT_NE(painted.err.find("tight.json: positions[0].instrument: has a control character"), std::string::npos);
    EXPECT_EQ(painted.err.find('\x1b'), std::string::npos);
    const Outcome folder = run(with_example({"risk", "--portfolio", folder_.path().string()}));
    EXPECT_EQ(folder.code, 3);
    EXPECT_NE(folder.err.find(folder_.path().string() + ": is a directory"), std::string::npos) << folder.err;
}

}  // namespace
}  // namespace keel::app
