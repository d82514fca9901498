// What a tail lacks is said by the tail and by every metric that is made from it.
#include <cmath>
#include <random>

#include "tests/app/risk_files/risk_files.hpp"

namespace keel::app {
namespace {

using risk::RiskReport;

class TailInputsTest : public test::RiskFiles {
protected:
    static double value(const RiskReport& report, std::string_view metric, std::string_view scope = "") {
        return find_metric(report, metric, scope)->value;
    }
    static const risk::TailRow& tail(const RiskReport& report, std::string_view method) {
        return *std::ranges::find(report.tails, method, &risk::TailRow::method);
    }
};

constexpr const char* kTwoPerpetuals = R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":130000,"entry":65000},
  {"instrument":"ETH_USDC-PERPETUAL","quantity":-20,"entry":3000}],
  "cash":[{"currency":"BTC","amount":3},{"currency":"USDC","amount":1000}]})";
std::string traded(const std::string& btc, const std::string& eth) {
    return R"({"time":"2026-03-01T08:00:00Z","stablecoins":{"USDC":1},
      "underlyings":[{"name":"BTC","index":65000,"daily_volatility":0.03},
                     {"name":"ETH","index":3000,"daily_volatility":0.04}],"correlations":[[1,0.5],[0.5,1]],
      "instruments":[{"name":"BTC-PERPETUAL","mark":65000)" +
           btc + R"(},{"name":"ETH_USDC-PERPETUAL","mark":3000)" + eth + "}]}";
}

TEST_F(TailInputsTest, AnExitCostIsUnknownWhereNoSpreadIsAndCountsWhatItLacks) {
    const std::string depth = R"(,"daily_volume":1e8,"daily_volatility":0.03)";
    const std::string whole = depth + R"(,"spread":0.001)";
    const RiskReport known = report(kTwoPerpetuals, {traded(whole, whole)});
    EXPECT_EQ(quality(known, "exit_cost_usd", ""), "good");
    EXPECT_EQ(quality(known, "days_to_exit", ""), "good");
    const RiskReport none = report(kTwoPerpetuals, {traded(depth, depth)});
    EXPECT_TRUE(std::isnan(value(none, "exit_cost_usd")));
    EXPECT_EQ(quality(none, "exit_cost_usd", ""), "unknown");
    EXPECT_EQ(quality(none, "days_to_exit", ""), "good") << "volumes are all it needs";
    const RiskReport one = report(kTwoPerpetuals, {traded(whole, R"(,"spread":0.001)")});
    EXPECT_NEAR(value(one, "exit_cost_usd"), 130'000.0 * (0.0005 + 0.9 * 0.03 * std::sqrt(130'000.0 / 1e8)), 1e-6);
    EXPECT_EQ(quality(one, "exit_cost_usd", ""), "1 position without a market");
    EXPECT_EQ(quality(one, "days_to_exit", ""), "1 position without a market");
}

TEST_F(TailInputsTest, TheLiquidityAdjustedTailSaysWhichSpreadsItHas) {
    const RiskReport mean = report(kTwoPerpetuals, {traded(R"(,"spread":0.001)", R"(,"spread":0.002)")});
    const double before = value(mean, "var_99_usd");
    EXPECT_NEAR(tail(mean, "liquidity_adjusted").var_99_usd, before + 65.0 + 60.0, 1e-6);
    EXPECT_EQ(tail(mean, "liquidity_adjusted").note, "plus half spreads, their deviations not given");
    const RiskReport both =
        report(kTwoPerpetuals,
               {traded(R"(,"spread":0.001,"spread_deviation":0.0005)", R"(,"spread":0.002,"spread_deviation":0)")});
    EXPECT_NEAR(tail(both, "liquidity_adjusted").var_99_usd, before + 65.0 * (1.0 + 3.0 * 0.5) + 60.0, 1e-6);
    EXPECT_EQ(tail(both, "liquidity_adjusted").note, "plus half of spreads and 3 deviations");
    const RiskReport one = report(kTwoPerpetuals, {traded(R"(,"spread":0.001,"spread_deviation":0.0005)", "")});
    EXPECT_NEAR(tail(one, "liquidity_adjusted").es_975_usd, value(one, "es_975_usd") + 162.5, 1e-6);
    EXPECT_EQ(tail(one, "liquidity_adjusted").note,
              "plus half of spreads and 3 deviations, 1 position without a spread");
    const RiskReport none = report(kTwoPerpetuals, {traded("", "")});
    EXPECT_TRUE(std::isnan(tail(none, "liquidity_adjusted").var_99_usd));
    EXPECT_EQ(tail(none, "liquidity_adjusted").note, "no spread is known");
    EXPECT_THROW(load(kTwoPerpetuals, {traded(R"(,"spread_deviation":-0.1)", "")}), InputError);
}

}  // namespace
}  // namespace keel::app
