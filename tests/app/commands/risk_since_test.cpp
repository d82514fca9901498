// keel risk --since as a user runs it: what the held book gained between two markets.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/app/commands/risk_program_test.hpp"

namespace keel::app {
namespace {

using nlohmann::json;
using test::Outcome;

class RiskSinceTest : public RiskProgramTest {
protected:
    json report(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"risk", "--json"});
        const Outcome outcome = run(std::move(arguments));
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        return json::parse(outcome.out);
    }
    static bool has_note(const json& report, const std::string& words) {
        for (const json& note : report.at("notes")) {
            if (note.get<std::string>().find(words) != std::string::npos) return true;
        }
        return false;
    }
    static double sum_of_parts(const json& scope) {
        double sum = 0.0;
        for (const char* part : {"delta", "gamma", "vega", "theta", "vanna", "volga", "conversion", "residual"})
            sum += scope.at(std::string{part} + "_usd").get<double>();
        return sum;
    }
    // One price for index, forward and marks.
    static std::string market(const std::string& time, double price, double volatility, const std::string& more = "") {
        const json quotes = {{{"name", "BTC_USDC-8MAR26-65000-C"}, {"iv", volatility}},
                             {{"name", "BTC_USDC-8MAR26-65000-P"}, {"iv", volatility}},
                             {{"name", "BTC-PERPETUAL"}, {"mark", price}},
                             {{"name", "BTC_USDC-PERPETUAL"}, {"mark", price}}};
        json out = {{"time", time},
                    {"underlyings", {{{"name", "BTC"}, {"index", price}}}},
                    {"stablecoins", {{"USDC", 1.0}}},
                    {"expiries", {{{"underlying", "BTC"}, {"expiry", "8MAR26"}, {"forward", price}}}},
                    {"instruments", quotes}};
        if (!more.empty()) out.merge_patch(json::parse(more));
        return out.dump();
    }
    static constexpr const char* kBook = R"({"positions":[
      {"instrument":"BTC_USDC-8MAR26-65000-C","quantity":-30},{"instrument":"BTC_USDC-8MAR26-65000-P","quantity":-30},
      {"instrument":"BTC-PERPETUAL","quantity":65000,"entry":65000},
      {"instrument":"BTC_USDC-PERPETUAL","quantity":1,"entry":60000}],
      "cash":[{"currency":"BTC","amount":2},{"currency":"USDC","amount":50000}]})";
    static constexpr const char* kBefore = "2026-03-01T08:00:00Z";
    static constexpr const char* kAfter = "2026-03-02T08:00:00Z";
};

// The example of docs/risk-model.md ("Profit explained") with a coin long in each kind of perpetual and cash beside it.
// 65,000 USD of the inverse one are a coin at the entry: 975 by delta, -975^2 / 65,000 by gamma, and the 0.01478 coins
// that it gained convert as the two in cash do. Delivery is on the last price, as in the example.
TEST_F(RiskSinceTest, WorkedExampleByHand) {
    const char* const kLastPrice = R"({"settlement_windows":{"deribit":0}})";
    const std::string book = write("book.json", kBook),
                      before = write("before.json", market(kBefore, 65'000, 0.6, kLastPrice)),
                      after = write("after.json", market("2026-03-01T08:00:00.001Z", 65'975, 0.6, kLastPrice));
    const json now = report({"--portfolio", book, "--market", after, "--since", before});
    const json& profit = now.at("profit_explained");
    const json& account = profit.at("scopes").at("account");
    EXPECT_NEAR(account.at("delta_usd"), -969.31 + 2 * 975.0, 0.01);
    EXPECT_NEAR(account.at("gamma_usd"), -2'104.74 - 14.625, 0.01);
    EXPECT_NEAR(account.at("conversion_usd"), 975.0 * (2.0 + 1.0 - 65'000.0 / 65'975.0), 1e-6);
    EXPECT_EQ(account.at("vega_usd"), 0.0);
    EXPECT_NEAR(account.at("theta_usd"), 0.0, 1e-3) << "of a millisecond";
    EXPECT_NEAR(account.at("residual_usd"), 21.2 + 0.22, 0.05);
    EXPECT_NEAR(account.at("residual_share").get<double>(), 21.42 / (980.69 + 2'119.36 + 1'964.41 + 21.42), 1e-5);
    EXPECT_EQ(account.at("quality"), "good");
    EXPECT_NEAR(profit.at("scopes").at("BTC").at("change_usd"), account.at("change_usd"), 1e-9);
    EXPECT_EQ(profit.at("scopes").at("stablecoins").at("conversion_usd"), 0.0);
    EXPECT_TRUE(profit.at("left_out").empty());
    for (const char* unknown : {"funding_usd", "fees_usd", "flows_usd", "trading_usd"})
        EXPECT_FALSE(account.contains(unknown)) << unknown;
}

// A day on: prices, volatilities and a stablecoin move at once.
TEST_F(RiskSinceTest, PartsSumToTheDifferenceOfTwoReports) {
    const std::string book = write("book.json", kBook), before = write("before.json", market(kBefore, 65'000, 0.6)),
                      after = write("after.json", market(kAfter, 63'000, 0.66, R"({"stablecoins":{"USDC":0.998}})"));
    const std::string page = (folder_.path() / "risk.html").string();
    const json now = report({"--portfolio", book, "--market", after, "--since", before, "--html", page});
    const json then = report({"--portfolio", book, "--market", before});
    EXPECT_FALSE(then.contains("profit_explained"));
    const double difference = now.at("equity_usd").get<double>() - then.at("equity_usd").get<double>();
    const json& profit = now.at("profit_explained");
    EXPECT_EQ(profit.at("since_ms"), then.at("as_of_ms"));
    EXPECT_NEAR(profit.at("equity_since_usd"), then.at("equity_usd").get<double>(), 1e-8);
    double scopes = 0.0;
    for (const auto& [name, scope] : profit.at("scopes").items()) {
        EXPECT_NEAR(sum_of_parts(scope), scope.at("change_usd"), 1e-8) << name;
        if (name != "account") scopes += scope.at("change_usd").get<double>();
    }
    const json& account = profit.at("scopes").at("account");
    EXPECT_NEAR(account.at("change_usd"), difference, 1e-8);
    EXPECT_NEAR(scopes, difference, 1e-8);
    EXPECT_LT(account.at("vega_usd"), 0.0) << "short options";
    EXPECT_GT(account.at("theta_usd"), 0.0);
    EXPECT_NEAR(profit.at("scopes").at("stablecoins").at("change_usd"), -100.0, 1e-9) << "50,000 at 0.2 cents less";
    const std::string text = run({"risk", "--portfolio", book, "--market", after, "--since", before}).out;
    EXPECT_NE(text.find("\nProfit since 2026-03-01 08:00:00 UTC, holdings and cash unchanged, USD\n"),
              std::string::npos);
    EXPECT_NE(text.find("\n  residual share"), std::string::npos);
    EXPECT_EQ(run({"risk", "--portfolio", book, "--market", after}).out.find("Profit since"), std::string::npos);
    std::ifstream file{page};
    const std::string html{std::istreambuf_iterator<char>{file}, {}};
    EXPECT_NE(html.find("<h2>Profit since 2026-03-01 08:00:00 UTC"), std::string::npos);
    EXPECT_NE(html.find("<th>account</th>"), std::string::npos);
}

// ETH and an expiry are in the newer file only, which names them before BTC.
// Deribit delivers on an average, so that the index's volatility behind a quoted one rises with the clock: no vega.
TEST_F(RiskSinceTest, AQuoteThatStandsStillGivesNoVega) {
    const std::string book = write("book.json", kBook),
                      before = write("before.json", market("2026-03-08T06:00:00Z", 65'000, 0.6)),
                      after = write("after.json", market("2026-03-08T07:00:00Z", 65'000, 0.6));
    const json account = report({"--portfolio", book, "--market", after, "--since", before})
                             .at("profit_explained")
                             .at("scopes")
                             .at("account");
    EXPECT_EQ(account.at("vega_usd"), 0.0);
    EXPECT_GT(account.at("theta_usd"), 0.0);
    const double difference = report({"--portfolio", book, "--market", after}).at("equity_usd").get<double>() -
                              report({"--portfolio", book, "--market", before}).at("equity_usd").get<double>();
    EXPECT_NEAR(account.at("change_usd"), difference, 1e-8);
}

TEST_F(RiskSinceTest, ColumnsOfTheTextStayApart) {
    const std::string book = write("book.json", R"({"positions":[
                        {"instrument":"BTC_USDC-PERPETUAL","quantity":200000,"entry":65000}],
                        "cash":[{"currency":"USDC","amount":100000000}]})"),
                      before = write("before.json", market(kBefore, 65'000, 0.6)),
                      after = write("after.json", market(kAfter, 64'000, 0.6));
    const std::string text = run({"risk", "--portfolio", book, "--market", after, "--since", before}).out;
    EXPECT_NE(text.find("delta           -200,000,000.00  -200,000,000.00 "), std::string::npos) << text;
}

// The margin tables that only an earlier market names are files of the report, too.
TEST_F(RiskSinceTest, APageTakesTheNameOfNoTableOfTheEarlierMarket) {
    std::filesystem::copy_file(KEEL_SOURCE_DIR "/examples/margin/deribit.toml", folder_.path() / "mine.toml");
    const std::string book = write("book.json", kBook),
                      before = write("before.json", market(kBefore, 65'000, 0.6, R"({"margin_tables":"mine.toml"})")),
                      after = write("after.json", market(kAfter, 65'000, 0.6));
    const Outcome outcome = run({"risk", "--portfolio", book, "--market", after, "--since", before, "--html",
                                 (folder_.path() / "mine.toml").string()});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_NE(outcome.err.find("the page would overwrite"), std::string::npos) << outcome.err;
}

TEST_F(RiskSinceTest, WhatOneMarketDoesNotPriceIsNamedAndLeftOut) {
    const std::string book = write("book.json", R"({"positions":[{"instrument":"ETH-27MAR26-3000-C","quantity":10},
      {"instrument":"BTC-PERPETUAL","quantity":65000,"entry":65000},
      {"instrument":"BTC-27MAR26-70000-C","quantity":-2}],
      "cash":[{"currency":"ETH","amount":5},{"currency":"BTC","amount":2}]})");
    const std::string before = write("before.json", market(kBefore, 65'000, 0.6));
    const std::string after = write("after.json", R"({"time":"2026-03-02T08:00:00Z",
      "underlyings":[{"name":"ETH","index":3000},{"name":"BTC","index":64000}],
      "expiries":[{"underlying":"ETH","expiry":"27MAR26","forward":3010},
                  {"underlying":"BTC","expiry":"27MAR26","forward":64200}],
      "instruments":[{"name":"ETH-27MAR26-3000-C","iv":0.7},{"name":"BTC-PERPETUAL","mark":64000},
                     {"name":"BTC-27MAR26-70000-C","iv":0.5}]})");
    const json now = report({"--portfolio", book, "--market", after, "--since", before});
    const json& profit = now.at("profit_explained");
    std::vector<std::string> names;
    double appeared = 0.0;
    for (const json& row : profit.at("left_out")) {
        names.push_back(row.at("instrument"));
        EXPECT_TRUE(row.at("since_usd").is_null()) << names.back();
        appeared += row.at("now_usd").get<double>();
    }
    EXPECT_EQ(names, (std::vector<std::string>{"ETH-27MAR26-3000-C", "BTC-27MAR26-70000-C", "ETH"}));
    const json& account = profit.at("scopes").at("account");
    EXPECT_EQ(account.at("quality"), "3 holdings left out");
    EXPECT_EQ(profit.at("scopes").at("BTC").at("quality"), "1 holding left out");
    EXPECT_FALSE(profit.at("scopes").contains("ETH")) << "nothing of it is explained";
    EXPECT_TRUE(has_note(now, "ETH-27MAR26-3000-C, BTC-27MAR26-70000-C and ETH: no price in one of the two markets"));
    EXPECT_NEAR(account.at("change_usd"), 2.0 * -1'000.0 + (1.0 - 65'000.0 / 64'000.0) * 64'000.0, 1e-6)
        << "two coins in cash and a coin of perpetual";
    EXPECT_NEAR(now.at("equity_usd").get<double>() - profit.at("equity_since_usd").get<double>(),
                account.at("change_usd").get<double>() + appeared, 1e-6);
}

// What lots without an entry made by netting is told once, of the report's mark, which is their entry in both markets;
// an earlier market without a price of them leaves out what is left of them.
TEST_F(RiskSinceTest, NettedLotsAreThoseOfTheReport) {
    const std::string book = write("book.json", R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":120000},
      {"instrument":"BTC-PERPETUAL","quantity":-60000,"entry":50000}],"cash":[{"currency":"BTC","amount":2}]})");
    const std::string before = write("before.json", market(kBefore, 50'000, 0.6)),
                      after = write("after.json", market(kAfter, 60'000, 0.6)),
                      unpriced = write("unpriced.json", R"({"time":"2026-03-01T08:00:00Z",
                        "underlyings":[{"name":"ETH","index":3000}]})");
    const json now = report({"--portfolio", book, "--market", after, "--since", before});
    const json& profit = now.at("profit_explained");
    EXPECT_NEAR(now.at("equity_usd"), (2.0 - 0.2) * 60'000.0, 1e-6) << "1.2 coins sold, a coin bought back";
    EXPECT_NEAR(profit.at("equity_since_usd"), (2.0 - 0.2 + 1.0 - 1.2) * 50'000.0, 1e-6);
    EXPECT_NEAR(profit.at("scopes").at("account").at("change_usd"), 108'000.0 - 80'000.0, 1e-6);
    EXPECT_TRUE(has_note(now, "120000 long and 60000 short, netted: -0.2 BTC of profit went to cash"));
    EXPECT_FALSE(has_note(now, "earlier market: BTC-PERPETUAL"));
    const json other = report({"--portfolio", book, "--market", after, "--since", unpriced});
    const json& left_out = other.at("profit_explained").at("left_out");
    ASSERT_EQ(left_out.size(), 2U);
    EXPECT_EQ(left_out[0].at("instrument"), "BTC-PERPETUAL");
    EXPECT_EQ(left_out[1].at("instrument"), "BTC");
    EXPECT_EQ(other.at("equity_usd"), now.at("equity_usd"));
}

TEST_F(RiskSinceTest, WhatIsWrongWithTheEarlierMarketIsSaid) {
    const std::string book = write("book.json", kBook), after = write("after.json", market(kAfter, 66'000, 0.6));
    const std::string before = write("before.json", market(kBefore, 65'000, 0.6, R"({"instruments":[
      {"name":"BTC_USDC-8MAR26-65000-C","iv":0.6,"age_seconds":20},{"name":"BTC_USDC-8MAR26-65000-P","iv":0.6},
      {"name":"BTC-PERPETUAL","mark":65000}]})"));
    const json now = report({"--portfolio", book, "--market", after, "--since", before});
    const json& scopes = now.at("profit_explained").at("scopes");
    EXPECT_EQ(scopes.at("BTC").at("quality"), "stale, mark from the index");
    EXPECT_EQ(scopes.at("account").at("quality"), "stale, mark from the index");
    EXPECT_EQ(scopes.at("stablecoins").at("quality"), "good");
    EXPECT_EQ(now.at("metrics").at("account").at("equity_usd").at("quality"), "good") << "which is of now";
    EXPECT_TRUE(has_note(now, "earlier market: BTC_USDC-8MAR26-65000-C is stale: 20 s old"));
    EXPECT_TRUE(has_note(now, "earlier market: BTC_USDC-PERPETUAL: mark from the index"));
    EXPECT_NE(run({"risk", "--portfolio", book, "--market", after, "--since", before})
                  .out.find("\n  BTC: stale, mark from the index\n"),
              std::string::npos);
}

TEST_F(RiskSinceTest, AnOptionThatExpiredInBetweenIsResidual) {
    const std::string book = write("book.json", R"({"positions":[{"instrument":"BTC_USDC-8MAR26-65000-C","quantity":1}],
      "cash":[{"currency":"USDC","amount":1000}]})");
    const std::string before = write("before.json", market("2026-03-08T07:00:00Z", 66'000, 0.6)),
                      after = write("after.json", market("2026-03-08T09:00:00Z", 67'000, 0.6));
    const json now = report({"--portfolio", book, "--market", after, "--since", before});
    const json& profit = now.at("profit_explained");
    const json& account = profit.at("scopes").at("account");
    EXPECT_EQ(profit.at("delivered"), json::array({"BTC_USDC-8MAR26-65000-C"}));
    EXPECT_TRUE(has_note(now, "BTC_USDC-8MAR26-65000-C: expired since the earlier market"));
    EXPECT_EQ(account.at("delta_usd"), 0.0);
    EXPECT_EQ(account.at("vega_usd"), 0.0);
    EXPECT_NEAR(account.at("residual_usd"), account.at("change_usd"), 1e-9);
    EXPECT_NEAR(account.at("residual_usd").get<double>(), 1'000.0, 50.0) << "pays 2,000, was worth little above 1,000";
    EXPECT_EQ(account.at("quality"), "expiry has passed");
}

// The answer about the positions is of the later time: its mark would make the change nothing.
TEST_F(RiskSinceTest, PricesToldLaterAreNoneOfTheEarlierMarket) {
    const std::string book = write("book.json", R"({"jsonrpc":"2.0","usOut":1772438400000000,"result":[
      {"instrument_name":"BTC-PERPETUAL","size":65000,"direction":"buy","mark_price":64000,"index_price":64000,
       "average_price":65000,"floating_profit_loss":-0.015625,"kind":"future"}]})");
    const std::string before = write("before.json", R"({"time":"2026-03-01T08:00:00Z",
      "underlyings":[{"name":"BTC","index":65000}]})");
    const std::string after = write("after.json", R"({"time":"2026-03-02T08:00:00Z",
      "underlyings":[{"name":"BTC","index":64000}]})");
    const json now = report({"--portfolio", book, "--market", after, "--since", before});
    const json& account = now.at("profit_explained").at("scopes").at("account");
    EXPECT_NEAR(account.at("delta_usd"), -1'000.0, 1e-6) << "from the index, which stands in";
    EXPECT_EQ(account.at("quality"), "mark from the index, no cash given");
}

TEST_F(RiskSinceTest, TimesInTheWrongOrderOrUnknownAreRefused) {
    const std::string book = write("book.json", kBook), early = write("early.json", market(kBefore, 65'000, 0.6)),
                      late = write("late.json", market(kAfter, 66'000, 0.6)),
                      timeless = write("timeless.json", market(kBefore, 65'000, 0.6, R"({"time":null})"));
    const auto refused = [&](std::vector<std::string> since, const std::string& words) {
        std::vector<std::string> arguments{"risk", "--portfolio", book, "--market", early};
        for (const std::string& file : since) arguments.insert(arguments.end(), {"--since", file});
        const Outcome outcome = run(std::move(arguments));
        EXPECT_EQ(outcome.code, 2);
        EXPECT_NE(outcome.err.find(words), std::string::npos) << outcome.err;
    };
    refused({late}, late + ": time: 2026-03-02 08:00:00 UTC is not before the time of the report");
    refused({early}, early + ": time: 2026-03-01 08:00:00 UTC is not before");
    refused({timeless}, timeless + ": time: is missing");
    refused({timeless, late}, late + ": time: 2026-03-02 08:00:00 UTC is not before");
}

}  // namespace
}  // namespace keel::app
