// keel whatif as a user runs it.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/app/commands/risk_program_test.hpp"

namespace keel::app {
namespace {

using nlohmann::json;
using test::Outcome;

class WhatIfCommandTest : public RiskProgramTest {};

TEST_F(WhatIfCommandTest, WhatIfShowsBeforeAndAfter) {
    const Outcome outcome =
        run(with_example({"whatif", "--json", "--trade", "BTC-PERPETUAL:-65000", "--trade", "BTC-27MAR26-75000-C:+5"}));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    bool seen = false;
    const json document = json::parse(outcome.out);
    for (const json& row : document.at("metrics")) {
        const double change = row.at("change").is_null() ? 0.0 : row.at("change").get<double>();
        if (row.at("name") == "equity_usd" && row.at("scope") == "account") {
            EXPECT_NEAR(change, 0.0, 1e-6);
        }
        if (row.at("name") != "delta_bs" || row.at("scope") != "BTC") continue;
        seen = true;
        EXPECT_LT(change, 0.0) << "sold one coin of perpetual, bought five calls of small delta";
        EXPECT_GT(change, -1.0);
    }
    EXPECT_TRUE(seen);
    EXPECT_EQ(run(with_example({"whatif", "--trade", "BTC-PERPETUAL"})).code, 2);
    EXPECT_EQ(run(with_example({"whatif", "--trade", "BTC-NOTHING:5"})).code, 2);
}

// What is put into a pool is paid for at its own price, and more than is held cannot be taken out of it.
TEST_F(WhatIfCommandTest, WhatIfFillsBesideAndInsideAPool) {
    const std::string pool = (folder_.path() / "pool.json").string();
    std::ofstream{pool} << R"({"positions":[{"instrument":"pool","kind":"pool","underlying":"BTC","settlement":"USDC",
      "liquidity":100,"venue":"uniswap"}],"cash":[{"currency":"USDC","amount":9000,"venue":"uniswap"}]})";
    const std::string market = std::string{KEEL_SOURCE_DIR} + "/examples/risk-market.json";
    std::ifstream file{market};
    const json prices = json::parse(file);
    const double index = prices.at("underlyings")[0].at("index"), usdc = prices.at("stablecoins").at("USDC");
    const double root = std::sqrt(index / usdc);
    const auto whatif = [&](const std::string& trade) {
        return run({"whatif", "--json", "--portfolio", pool, "--market", market, "--trade", trade});
    };
    const auto change = [](const json& document, const char* name, const char* scope) {
        for (const json& row : document.at("metrics")) {
            if (row.at("name") == name && row.at("scope") == scope) return row.at("change").get<double>();
        }
        return std::nan("");
    };
    const json hedged = json::parse(whatif("BTC_USDC-PERPETUAL:-0.3").out);
    EXPECT_NEAR(change(hedged, "delta_net", "BTC"), -0.3, 1e-9);
    EXPECT_NEAR(change(hedged, "gamma", "BTC"), 0.0, 1e-12) << "the share stays what it was";
    EXPECT_LT(change(hedged, "var_99_usd", "account"), 0.0);
    EXPECT_EQ(hedged.at("trades")[0].at("price_unit"), "USDC") << "its mark is in what it settles in";
    for (const double more : {50.0, -100.0}) {
        const json filled = json::parse(whatif("pool:" + std::to_string(more)).out);
        EXPECT_NEAR(change(filled, "equity_usd", "account"), 0.0, 1e-6);
        EXPECT_NEAR(change(filled, "delta_net", "BTC"), more / root, 1e-9);
        EXPECT_NEAR(change(filled, "gamma", "BTC"), -0.5 * more / (root * root * root), 1e-12);
        EXPECT_NEAR(filled.at("trades")[0].at("price"), 2.0 * root, 1e-9);
        EXPECT_EQ(filled.at("trades")[0].at("price_unit"), "USDC");
    }
    const Outcome beyond = whatif("pool:-101");
    EXPECT_EQ(beyond.code, 2);
    EXPECT_NE(beyond.err.find("pool: more than the 100 that is held"), std::string::npos) << beyond.err;
}

// A contract that no file names goes to a venue that margins contracts, whichever comes first; one that two name to
// none.
TEST_F(WhatIfCommandTest, WhatIfFillsAtAVenueThatMargins) {
    const std::string market = std::string{KEEL_SOURCE_DIR} + "/examples/risk-market.json";
    const std::string file = (folder_.path() / "two.json").string();
    const auto whatif = [&](const std::string& members, const char* trade) {
        std::ofstream{file} << R"({"positions":[{"instrument":"pool","kind":"pool","underlying":"BTC",
          "settlement":"USDC","liquidity":100,"venue":"uniswap"})" +
                                   members + "}";
        return run({"whatif", "--json", "--portfolio", file, "--market", market, "--trade", trade});
    };
    const auto filled_at = [&](const std::string& members) {
        return json::parse(whatif(members, "BTC_USDC-PERPETUAL:-0.3").out).at("trades")[0].at("venue");
    };
    const std::string held = R"(,{"instrument":"BTC-PERPETUAL","quantity":1000,"venue":"deribit"})";
    EXPECT_EQ(filled_at(held + "]"), "deribit") << "it holds something margined";
    EXPECT_EQ(filled_at(R"(],"venues":[{"name":"bybit","margin_model":"bybit_cross"}])"), "bybit") << "it has a model";
    EXPECT_EQ(filled_at("]"), "uniswap") << "there is no other";
    const std::string elsewhere = R"(,{"instrument":"BTC-PERPETUAL","quantity":1000,"venue":"okx"}])";
    const Outcome outcome = whatif(held + elsewhere, "BTC-PERPETUAL:1000");
    EXPECT_EQ(outcome.code, 2);
    EXPECT_NE(outcome.err.find("--trade BTC-PERPETUAL: the files name it at deribit and okx; say at which"),
              std::string::npos)
        << outcome.err;
    for (const char* venue : {"deribit", "okx", "uniswap"}) {
        const std::string trade = "BTC-PERPETUAL@" + std::string{venue} + ":1000";
        const json done = json::parse(whatif(held + elsewhere, trade.c_str()).out);
        EXPECT_EQ(done.at("trades")[0].at("venue"), venue);
        EXPECT_EQ(done.at("trades")[0].at("price_unit"), "USD");
        EXPECT_EQ(done.at("trades")[0].at("instrument"), "BTC-PERPETUAL");
    }
    const Outcome nowhere = whatif(held + elsewhere, "BTC-PERPETUAL@okex:1000");
    EXPECT_EQ(nowhere.code, 2);
    EXPECT_NE(nowhere.err.find("the files name no such venue; they name uniswap, deribit, okx"), std::string::npos)
        << nowhere.err;
    EXPECT_EQ(whatif(held + elsewhere, "BTC-PERPETUAL@okx:1e300").code, 2);
}

// A trade in a contract of several lots adds to the one position that they are at Deribit, else to the side that it
// closes; a lot without an entry makes nothing by it.
TEST_F(WhatIfCommandTest, WhatIfTradesWhatLotsComeTo) {
    const std::string file = (folder_.path() / "lots.json").string(), market = (folder_.path() / "at60.json").string();
    std::ofstream{market} << R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":60000}],
      "stablecoins":{"USDC":1},"instruments":[{"name":"BTC-PERPETUAL","mark":60000}]})";
    const auto gross = [&](const std::string& venue, const std::string& trade) {
        std::ofstream{file} << R"({"venue":")" + venue + R"(","positions":[
          {"instrument":"BTC-PERPETUAL","quantity":60000,"entry":50000},{"instrument":"BTC-PERPETUAL","quantity":60000},
          {"instrument":"BTC-PERPETUAL","quantity":-20000}],"cash":[{"currency":"BTC","amount":2}]})";
        const Outcome outcome =
            run({"whatif", "--json", "--portfolio", file, "--market", market, "--trade", "BTC-PERPETUAL:" + trade});
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        std::pair<double, double> out;
        const json document = json::parse(outcome.out);
        for (const json& row : document.at("metrics")) {
            if (row.at("scope") != "account") continue;
            if (row.at("name") == "gross_notional_usd") out = {row.at("before"), row.at("after")};
            if (row.at("name") != "equity_usd") continue;
            EXPECT_NEAR(row.at("before"), 2.2 * 60'000.0, 1e-6) << venue;
            EXPECT_NEAR(row.at("after"), 2.2 * 60'000.0, 1e-6) << venue;
        }
        return out;
    };
    const auto expect = [&](const char* venue, const char* trade, double before, double after) {
        const auto [was, is] = gross(venue, trade);
        EXPECT_NEAR(was, before, 1e-6) << venue << " " << trade;
        EXPECT_NEAR(is, after, 1e-6) << venue << " " << trade;
    };
    expect("deribit", "10000", 100'000.0, 110'000.0);
    expect("deribit", "-130000", 100'000.0, 30'000.0);
    expect("okx", "10000", 140'000.0, 130'000.0);
    expect("okx", "-10000", 140'000.0, 130'000.0);
}

// One contract more than the tier's 100, and all of it is charged at the next tier's rate, with 0.05 % to close.
TEST_F(WhatIfCommandTest, WhatIfCrossesAnEdgeOfOkxsTiers) {
    const std::string portfolio = (folder_.path() / "okx.json").string();
    const std::string market = (folder_.path() / "market.json").string();
    std::ofstream{folder_.path() / "tiers.toml"} << "[tiers.BTC-USDT-SWAP]\ncontract_size = 0.01\n"
                                                    "contracts_max = [100, 500]\nmaintenance_rate = [0.004, 0.01]\n"
                                                    "leverage_max = [100, 5]\n";
    std::ofstream{portfolio} << R"({"venue":"okx","cash":[{"currency":"USDT","amount":20000}],"positions":[
      {"instrument":"BTC-USDT-SWAP","kind":"perpetual","underlying":"BTC","settlement":"USDT","multiplier":0.01,
       "quantity":100,"entry":50000}],"venues":[{"name":"okx","margin_model":"okx_cross","leverage":10,
       "margin_tables":"tiers.toml","taker_fee_rate":0.0005}]})";
    std::ofstream{market} << R"({"time":"2026-03-01T08:00:00Z","stablecoins":{"USDT":1},
      "underlyings":[{"name":"BTC","index":50000}],"instruments":[{"name":"BTC-USDT-SWAP","mark":50000}]})";
    const Outcome done =
        run({"whatif", "--json", "--portfolio", portfolio, "--market", market, "--trade", "BTC-USDT-SWAP:1"});
    ASSERT_EQ(done.code, 0) << done.err;
    const json venue = json::parse(done.out).at("margin").at("okx");
    const auto expect = [&](const json& both, double before, double after, double room) {
        EXPECT_NEAR(both.at("before").get<double>(), before, room) << both;
        EXPECT_NEAR(both.at("after").get<double>(), after, room) << both;
    };
    expect(venue.at("maintenance_margin_usd"), 50'000.0 * 0.0045, 50'500.0 * 0.0105, 1e-6);
    expect(venue.at("initial_margin_usd"), 50'000.0 / 10.0, 50'500.0 / 5.0, 1e-6);
    expect(venue.at("margin_ratio"), 20'000.0 / 225.0, 20'000.0 / 530.25, 1e-6);
    expect(venue.at("liquidation").at("BTC").at("price_down"), 30'000.0 / 0.9955, 30'500.0 / (1.01 * 0.9895), 0.5);
}

// The state after is the report of a book that has the trade in its file, entered at the mark.
TEST_F(WhatIfCommandTest, WhatIfSetsTailsMarginAndStressesBesideThoseOfBefore) {
    const std::string traded = (folder_.path() / "traded.json").string();
    const std::string examples = std::string{KEEL_SOURCE_DIR} + "/examples/";
    std::ifstream example{examples + "risk-portfolio.json"};
    json book = json::parse(example);
    book.at("positions").push_back({{"instrument", "BTC-PERPETUAL"}, {"quantity", -650000}, {"entry", 65012.5}});
    std::ofstream{traded} << book;
    const std::string page = (folder_.path() / "whatif.html").string();
    const json whatif =
        json::parse(run(with_example({"whatif", "--json", "--html", page, "--trade", "BTC-PERPETUAL:-650000"})).out);
    const json before = json::parse(run(with_example({"risk", "--json"})).out);
    const json after =
        json::parse(run({"risk", "--json", "--portfolio", traded, "--market", examples + "risk-market.json"}).out);
    EXPECT_EQ(whatif.at("hypothetical"), true);
    ASSERT_EQ(whatif.at("trades").size(), 1U);
    EXPECT_EQ(whatif.at("trades")[0].at("price"), 65'012.5);
    std::size_t compared = 0;
    const auto same = [&](const json& got, const json& want, const std::string& where) {
        ++compared;
        ASSERT_EQ(got.is_null(), want.is_null()) << where;
        if (got.is_null()) return;
        EXPECT_NEAR(got.get<double>(), want.get<double>(), 1e-6 * (1.0 + std::abs(want.get<double>()))) << where;
    };
    const auto both = [&](const json& got, const json& was, const json& is, const std::string& where) {
        same(got.at("before"), was, where + " before");
        same(got.at("after"), is, where + " after");
    };
    for (std::size_t i = 0; i < before.at("tails").size(); ++i) {
        const std::string method = before.at("tails")[i].at("method");
        for (const char* key : {"var_99_usd", "es_975_usd"})
            both(whatif.at("tails")[i].at(key), before.at("tails")[i].at(key), after.at("tails")[i].at(key), method);
    }
    const json &was = before.at("stress").at("named"), &is = after.at("stress").at("named");
    for (std::size_t i = 0; i < was.size(); ++i) {
        const json& got = whatif.at("stress").at("named")[i];
        for (const char* key : {"pnl_usd", "equity_usd"})
            both(got.at(key), was[i].at(key), is[i].at(key), was[i].at("id"));
        if (was[i].at("margin_ratio").empty()) continue;
        both(got.at("margin_ratio").at("deribit"), was[i].at("margin_ratio").at("deribit"),
             is[i].at("margin_ratio").at("deribit"), was[i].at("id"));
    }
    const json &got = whatif.at("margin").at("deribit"), &held = before.at("margin").at("deribit"),
               &then = after.at("margin").at("deribit");
    for (const char* key : {"equity_usd", "initial_margin_usd", "maintenance_margin_usd", "margin_ratio"})
        both(got.at(key), held.at(key), then.at(key), key);
    for (const char* key : {"price_down", "price_up", "sigmas"}) {
        both(got.at("liquidation").at("BTC").at(key), held.at("liquidation").at("BTC").at(key),
             then.at("liquidation").at("BTC").at(key), key);
    }
    EXPECT_GT(compared, 60U);
    ASSERT_EQ(whatif.at("limits_crossed").size(), 1U) << "ten coins sold";
    EXPECT_EQ(whatif.at("limits_crossed")[0].at("name"), "delta_net");
    EXPECT_EQ(whatif.at("limits_crossed")[0].at("limit_state_before"), "inside");
    EXPECT_EQ(whatif.at("limits_crossed")[0].at("limit_state"), "SOFT");
    std::ifstream file{page};
    const std::string html{std::istreambuf_iterator<char>{file}, {}};
    std::size_t changed = 0;
    for (const json& row : whatif.at("metrics")) {
        changed += row.at("changed").get<bool>() ? 1U : 0U;
        EXPECT_NE(html.find("<td>" + row.at("name").get<std::string>() + "</td>"), std::string::npos) << row;
    }
    const std::string counted =
        "Every metric: " + std::to_string(changed) + " of " + std::to_string(whatif.at("metrics").size()) + " change";
    for (const std::string& word : {std::string{"<title>What if</title>"}, std::string{"<b>Hypothetical.</b>"},
                                    std::string{"<td>BTC-PERPETUAL</td>"}, counted, std::string{"1 of 6 crossed"}}) {
        EXPECT_NE(html.find(word), std::string::npos) << word;
    }
}

// Three bitcoins of perpetual are all that Binance holds: what was its liquidation price is told when they are bought
// back.
TEST_F(WhatIfCommandTest, WhatIfKeepsTheBeforeOfWhatItCloses) {
    const std::string venues = std::string{KEEL_SOURCE_DIR} + "/examples/risk-venues.json";
    const std::string page = (folder_.path() / "closed.html").string();
    const auto closing = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"--portfolio", venues, "--trade", "BTCUSDT:+3"});
        const Outcome outcome = run(with_example(arguments));
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        return outcome.out;
    };
    const json whatif = json::parse(closing({"whatif", "--json", "--html", page}));
    const json& gone = whatif.at("margin").at("binance").at("liquidation").at("BTC");
    for (const char* suffix : {"", "_beta"}) {
        EXPECT_EQ(gone.at("status_up" + std::string{suffix}).at("before"), "found");
        EXPECT_EQ(gone.at("status_up" + std::string{suffix}).at("after"), "not held");
        EXPECT_NEAR(gone.at("price_up" + std::string{suffix}).at("before").get<double>(), 77'755.0, 1.0);
        EXPECT_TRUE(gone.at("price_up" + std::string{suffix}).at("after").is_null());
    }
    EXPECT_NEAR(gone.at("distance_up_ratio").at("before").get<double>(), 77'755.0 / 65'000.0 - 1.0, 1e-4);
    EXPECT_NEAR(gone.at("distance_up_beta_ratio").at("before").get<double>(), 77'755.0 / 65'000.0 - 1.0, 1e-4);
    EXPECT_TRUE(gone.at("sigmas_beta").at("before").is_number());
    for (const json& stress : whatif.at("stress").at("named")) {
        if (stress.at("id") == "VENUE:deribit") {  // what is left: Bybit's put, before with three coins sold
            EXPECT_NEAR(stress.at("delta_coin").at("BTC").at("change").get<double>(), 3.0, 1e-9);
            EXPECT_NE(stress.at("var_99_usd").at("change"), 0.0);
        }
        if (stress.at("id") == "CORR1") {
            EXPECT_NE(stress.at("sigma_usd").at("change"), 0.0);
        }
    }
    std::size_t never = 0;
    for (const json& row : whatif.at("metrics")) {
        if (row.at("scope") != "binance" || row.at("name") != "liq_distance") continue;
        ++never;
        EXPECT_NEAR(row.at("before").get<double>(), 77'755.0 / 65'000.0 - 1.0, 1e-4);
        EXPECT_TRUE(row.at("after").is_null());
        EXPECT_EQ(row.at("quality"), "good") << "nothing is left to liquidate";
        EXPECT_EQ(row.at("quality_before"), "good");
    }
    EXPECT_EQ(never, 1U);
    const std::string text = closing({"whatif"});
    for (const char* words : {"77,755 (+19.6 %)   7.226\n", "not held            not held       -\n"}) {
        EXPECT_NE(text.find(words), std::string::npos) << text;
    }
    std::ifstream file{page};
    const std::string html{std::istreambuf_iterator<char>{file}, {}};
    EXPECT_NE(html.find("<td class=\"n\">77,755 (+19.6 %)</td><td class=\"n\">not held</td>"), std::string::npos);
}

TEST_F(WhatIfCommandTest, WhatIfListsWhatStaysWhenAsked) {
    const std::string moved = run(with_example({"whatif", "--trade", "BTC-PERPETUAL:-5000"})).out;
    const std::string all = run(with_example({"whatif", "--all", "--trade", "BTC-PERPETUAL:-5000"})).out;
    const json whatif = json::parse(run(with_example({"whatif", "--json", "--trade", "BTC-PERPETUAL:-5000"})).out);
    std::size_t still = 0;
    for (const json& row : whatif.at("metrics")) still += row.at("changed").get<bool>() ? 0U : 1U;
    const std::string count =
        std::to_string(still) + " of " + std::to_string(whatif.at("metrics").size()) + " stay as they are";
    EXPECT_NE(moved.find(count + " (--all lists them)\n"), std::string::npos) << moved;
    EXPECT_NE(all.find(count + "\n"), std::string::npos);
    const std::string ether = "\n  ETH     delta_net                     33.89      33.89      0.000 coin\n";
    EXPECT_EQ(moved.find(ether), std::string::npos);
    for (const std::string& line : {ether, std::string{"\n* BTC     delta_net "}}) {
        EXPECT_NE(all.find(line), std::string::npos) << all;
    }
}

TEST_F(WhatIfCommandTest, WhatIfMovesTheMarginOfTheVenueThatTrades) {
    auto arguments = with_example({"whatif", "--json", "--trade", "BTC-27MAR26-60000-P-USDC:-1"});
    arguments.insert(arguments.end(), {"--portfolio", std::string{KEEL_SOURCE_DIR} + "/examples/risk-venues.json"});
    const Outcome outcome = run(arguments);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json document = json::parse(outcome.out);
    std::size_t seen = 0;
    for (const json& row : document.at("metrics")) {
        if (row.at("name") != "maintenance_margin_usd") continue;
        const double before = row.at("before"), after = row.at("after");
        // Four are sold already; Bybit's maintenance margin looks at index and mark only.
        EXPECT_NEAR(after, (row.at("scope") == "bybit" ? 1.25 : 1.0) * before, 1e-9 * before) << row.at("scope");
        ++seen;
    }
    EXPECT_EQ(seen, 3U);
    arguments[0] = "risk";
    arguments.erase(arguments.begin() + 2, arguments.begin() + 4);  // the trade
    const Outcome report = run(arguments);
    ASSERT_EQ(report.code, 0) << report.err;
    const json leg = json::parse(report.out).at("deleveraging").at(0);
    EXPECT_EQ(leg.at("venue"), "binance");
    EXPECT_EQ(leg.at("indicator"), 4.0) << "3 of Binance's 0 to 4, on one to five";
    EXPECT_GT(leg.at("offset_ratio"), 0.0);
}

// Two coins for 130,000 USD: no value moves, but two coins of delta do, and what a depeg takes.
TEST_F(WhatIfCommandTest, WhatIfSwapsSpotForTheStablecoin) {
    const std::string elsewhere = (folder_.path() / "elsewhere.json").string();
    std::ofstream{elsewhere} << R"({"venue":"elsewhere","positions":[{"instrument":"ETH_USDC","quantity":40}]})";
    const auto expect_swapped = [&](const std::string& trade, const std::string& coin, const std::string& venue,
                                    double coins, double index) {
        auto arguments = with_example({"whatif", "--json", "--trade", trade});
        arguments.insert(arguments.end(), {"--portfolio", elsewhere});
        const Outcome outcome = run(arguments);
        ASSERT_EQ(outcome.code, 0) << outcome.err;
        const json whatif = json::parse(outcome.out);
        EXPECT_EQ(whatif.at("trades")[0].at("price"), index);
        EXPECT_EQ(whatif.at("trades")[0].at("venue"), venue);
        const auto change = [&](const std::string& name, const std::string& scope) {
            for (const json& row : whatif.at("metrics")) {
                if (row.at("name") == name && row.at("scope") == scope) return row.at("change").get<double>();
            }
            ADD_FAILURE() << name << " of " << scope;
            return 0.0;
        };
        EXPECT_NEAR(change("equity_usd", "account"), 0.0, 1e-6) << trade;
        EXPECT_NEAR(change("equity_usd", venue), 0.0, 1e-6) << trade;
        EXPECT_NEAR(change("delta_usd", coin), coins, 1e-9) << trade;
        EXPECT_NEAR(change("equity_coin", coin), coins, 1e-9) << trade;
        EXPECT_NEAR(change("delta_net", coin), 0.0, 1e-9) << trade << ": coins are no contract";
        EXPECT_NEAR(change("dollar_delta_usd", "account"), coins * index, 1e-6) << trade;
        for (const json& stress : whatif.at("stress").at("named")) {
            if (stress.at("id") != "DEPEG") continue;
            EXPECT_NEAR(stress.at("pnl_usd").at("change").get<double>(), 0.12 * coins * index, 1e-6) << trade;
        }
    };
    expect_swapped("BTC_USDC:+2", "BTC", "deribit", 2.0, 65'000.0);
    expect_swapped("BTC_USDC:-1.5", "BTC", "deribit", -1.5, 65'000.0);
    expect_swapped("ETH_USDC:-40", "ETH", "elsewhere", -40.0, 3'200.0);
    expect_swapped("ETH_USDC:+10", "ETH", "elsewhere", 10.0, 3'200.0);
}

// Long and short of one contract: a trade closes of the side that is against it; what is netted has one side.
TEST_F(WhatIfCommandTest, WhatIfClosesASideOfHedgeMode) {
    const auto gross_change = [&](const std::string& venue, const std::string& trade) {
        const std::string sides = (folder_.path() / "sides.json").string();
        std::ofstream{sides} << R"({"venue":")" + venue + R"(","positions":[
          {"instrument":"SOL_USDC-PERPETUAL","quantity":100,"entry":120},
          {"instrument":"SOL_USDC-PERPETUAL","quantity":-90,"entry":160}]})";
        const std::string sol = (folder_.path() / "sol.json").string();
        std::ofstream{sol} << R"({"underlyings":[{"name":"SOL","index":150}],
          "instruments":[{"name":"SOL_USDC-PERPETUAL","mark":150}]})";
        auto arguments = with_example({"whatif", "--json", "--trade", "SOL_USDC-PERPETUAL@" + venue + ":" + trade});
        arguments.insert(arguments.end(), {"--portfolio", sides, "--market", sol});
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        const json whatif = json::parse(outcome.out);
        for (const json& row : whatif.at("metrics")) {
            if (row.at("name") == "gross_notional_usd" && row.at("scope") == "SOL")
                return row.at("change").get<double>();
        }
        return 0.0;
    };
    constexpr double kCoinUsd = 150.0 * 0.9998;  // the example's price of USDC
    EXPECT_NEAR(gross_change("elsewhere", "+40"), -40.0 * kCoinUsd, 1e-6);
    EXPECT_NEAR(gross_change("elsewhere", "-40"), -40.0 * kCoinUsd, 1e-6);
    EXPECT_NEAR(gross_change("deribit", "+40"), 40.0 * kCoinUsd, 1e-6);
    EXPECT_NEAR(gross_change("deribit", "-5"), -5.0 * kCoinUsd, 1e-6);
}

}  // namespace
}  // namespace keel::app
