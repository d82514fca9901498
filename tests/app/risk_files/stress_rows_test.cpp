// Named stresses as a portfolio file sizes them.
#include "app/failure.hpp"
#include "tests/app/risk_files/risk_files.hpp"

namespace keel::app {
namespace {

using risk::StressResult;

class StressRowsTest : public test::RiskFiles {
protected:
    // Two bitcoins of a linear perpetual at 65,000 and 100,000 USDC.
    static std::string portfolio(const std::string& stresses) {
        return R"({"positions":[{"instrument":"BTC_USDC-PERPETUAL","quantity":2,"entry":65000}],
          "cash":[{"currency":"USDC","amount":100000}],"stresses":[)" +
               stresses + "]}";
    }
    static constexpr const char* kMarket =
        R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":65000,"daily_volatility":0.03}],
          "stablecoins":{"USDC":1},"instruments":[{"name":"BTC_USDC-PERPETUAL","mark":65000}]})";
    static double pnl(const risk::RiskReport& report, const std::string& id) {
        const auto found = std::ranges::find(report.stresses, id, &StressResult::id);
        return found == report.stresses.end() ? std::nan("") : found->pnl_usd;
    }
    std::string refusal(const std::string& stresses) {
        try {
            (void)load(portfolio(stresses), {kMarket});
        } catch (const UsageError& error) {
            return error.what();
        }
        return "not refused";
    }
};

TEST_F(StressRowsTest, SizesAreChangedAndFurtherOnesAdded) {
    const risk::RiskReport defaults = report(portfolio(""), {kMarket});
    const risk::RiskReport got = report(portfolio(R"({"id":"CRASH","spot":-0.5,"basis":0,"stable":0},
      {"id":"DEPEG","stable":-0.5},{"id":"SLUMP","like":"CRASH","spot":-0.2},
      {"id":"ORACLE","spot":-0.2},{"id":"HALF","like":"VENUE","recovery":0.5})"),
                                        {kMarket});
    EXPECT_EQ(got.stresses.size(), defaults.stresses.size() + 2);
    EXPECT_NEAR(pnl(got, "CRASH"), -0.5 * 130'000.0, 1e-6);
    EXPECT_NEAR(pnl(got, "SLUMP"), -0.2 * 130'000.0, 1e-6) << "no basis, as CRASH has none now";
    EXPECT_NEAR(pnl(got, "ORACLE:deribit"), -0.2 * 130'000.0, 1e-6);
    EXPECT_NEAR(pnl(got, "COMBO"), -0.5 * 130'000.0 * 0.5 - 0.5 * 100'000.0, 1e-6) << "it follows its parts";
    EXPECT_NEAR(pnl(got, "HALF:deribit"), -0.5 * 100'000.0, 1e-6);
    EXPECT_EQ(pnl(got, "MELTUP"), pnl(defaults, "MELTUP"));
    // What is lost with a venue is not what prices can do, whatever it is called.
    EXPECT_NEAR(find_metric(got, "venue_default_worst_usd", "")->value, -100'000.0, 1e-6);
    EXPECT_NEAR(find_metric(got, "stress_worst_usd", "")->value, pnl(got, "COMBO"), 1e-6);
    EXPECT_NEAR(pnl(report(portfolio(R"({"id":"COMBO","stable":0},{"id":"DEPEG","stable":-0.5})"), {kMarket}), "COMBO"),
                -130'000.0 * (1.0 - 0.6 * 0.98), 1e-6)
        << "its own row goes before its parts";
}

TEST_F(StressRowsTest, TheEndsOfASizeAreAllowed) {
    const risk::RiskReport got = report(portfolio(R"({"id":"CRASH","spot":10,"volatility":10,"basis":10,"stable":0},
      {"id":"FUNDING","funding_8h":1,"days":365},{"id":"LIQUIDITY","spread_factor":1000})"),
                                        {kMarket});
    EXPECT_TRUE(std::isfinite(pnl(got, "CRASH")));
    EXPECT_TRUE(std::isfinite(find_metric(got, "stress_worst_usd", "")->value));
}

TEST_F(StressRowsTest, WhatCannotBeMeantIsRefused) {
    for (const auto& [row, says] :
         {std::pair{R"({"id":"CRUSH","spot":-0.5})",
                    "stresses[0].id: no stress is called \"CRUSH\"; there are CRASH, "},
          {R"({"id":"X","like":"CRUSH"})", "stresses[0].like: no stress is called \"CRUSH\""},
          {R"({"id":"CRASH","spto":-0.5})", "unknown key \"spto\"; did you mean \"spot\"?"},
          {R"({"id":"CRASH","recovery":0.5})", "stresses[0].recovery: is no size of a stress like this one"},
          {R"({"id":"FUNDING","funding_shorts":true})", "stresses[0].funding_shorts: is no size"},
          {R"({"id":"CRASH","spot":-1})", "stresses[0].spot: is out of range"},
          {R"({"id":"CRASH","spot":1e300})", "portfolio.json: stresses[0].spot: is out of range: -0.99 to 10"},
          {R"({"id":"CRASH","alt_beta":11})", "stresses[0].alt_beta: is out of range: 0 to 10"},
          {R"({"id":"CRASH","volatility":10.1})", "stresses[0].volatility: is out of range"},
          {R"({"id":"CRASH","basis":10.1})", "stresses[0].basis: is out of range"},
          {R"({"id":"CRASH","stable":10.1})", "stresses[0].stable: is out of range"},
          {R"({"id":"FUNDING","funding_8h":1.1})", "stresses[0].funding_8h: is out of range: 0 to 1"},
          {R"({"id":"FUNDING","days":366})", "stresses[0].days: is out of range: 0 to 365"},
          {R"({"id":"LIQUIDITY","spread_factor":1001})", "stresses[0].spread_factor: is out of range: 0 to 1000"},
          {R"({"id":"LIQUIDITY","depth_factor":1001})", "stresses[0].depth_factor: is out of range"},
          {R"({"id":"LIQUIDITY","impact_factor":1001})", "stresses[0].impact_factor: is out of range"},
          {R"({"id":"VENUE","recovery":1.5})", "stresses[0].recovery: is out of range"},
          {R"({"id":"CRASH"},{"id":"CRASH"})", "stresses[1]: CRASH is sized twice, first at "},
          {R"({"id":"CRASH","like":"VENUE"})", "stresses[0].like: is of another kind than CRASH"},
          {R"({"id":"CORR1"})", "stresses[0].id: must be a name"},
          {R"({"id":"A:B","like":"CRASH"})", "stresses[0].id: must be a name"},
          {R"({"like":"CRASH"})", "\"id\" is missing"}}) {
        EXPECT_NE(refusal(row).find(says), std::string::npos) << row << ": " << refusal(row);
    }
}

}  // namespace
}  // namespace keel::app
