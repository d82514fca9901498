// A share in a pool in a portfolio file: the report's numbers against the closed form, and what is refused.
#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/app/risk_files/risk_files.hpp"

namespace keel::app {
namespace {

using risk::find_metric;
using risk::RiskReport;

class PoolFileTest : public test::RiskFiles {
protected:
    // What the files are refused with; empty where they are not.
    std::string refusal(const std::string& portfolio, const std::string& market) {
        try {
            (void)load(portfolio, {market});
        } catch (const UsageError& error) {
            return error.what();
        }
        return "";
    }
};

constexpr double kIndex = 3'000.0, kStable = 0.98, kL = 500.0, kLower = 2'500.0, kUpper = 3'600.0;
constexpr const char* kPools = R"({"positions":[{"instrument":"range","kind":"pool","underlying":"ETH",
  "settlement":"USDC","liquidity":500,"lower":2500,"upper":3600,"venue":"uniswap"},
  {"instrument":"whole","kind":"pool","underlying":"ETH","settlement":"USDC","liquidity":20,"venue":"uniswap"}]})";
constexpr const char* kPoolMarket = R"({"time":"2026-03-01T08:00:00Z",
  "underlyings":[{"name":"ETH","index":3000,"daily_volatility":0.04}],"stablecoins":{"USDC":0.98}})";

// Reserves of a share in [a, b] at p: coin, and stablecoin.
double coins(double liquidity, double p, double a, double b) {
    return liquidity * (1.0 / std::sqrt(std::clamp(p, a, b)) - 1.0 / std::sqrt(b));
}
double stables(double liquidity, double p, double a, double b) {
    return liquidity * (std::sqrt(std::clamp(p, a, b)) - std::sqrt(a));
}
constexpr double kInfinity = std::numeric_limits<double>::infinity();
// USD of both shares where the coin is worth `index`.
double worth_usd(double index, double stable = kStable) {
    const double p = index / stable;
    return index * (coins(kL, p, kLower, kUpper) + coins(20.0, p, 0.0, kInfinity)) +
           stable * (stables(kL, p, kLower, kUpper) + stables(20.0, p, 0.0, kInfinity));
}

TEST_F(PoolFileTest, TheReportIsTheClosedForm) {
    const RiskReport report = this->report(kPools, {kPoolMarket});
    const double p = kIndex / kStable;
    const double held = coins(kL, p, kLower, kUpper) + coins(20.0, p, 0.0, kInfinity);
    const double gamma = -0.5 * (kL + 20.0) * std::pow(p, -1.5);
    const auto value = [&](const char* name, const char* scope) { return find_metric(report, name, scope)->value; };
    EXPECT_NEAR(report.equity_usd, worth_usd(kIndex), 1e-9);
    EXPECT_NEAR(value("equity_usd", "uniswap"), worth_usd(kIndex), 1e-9);
    EXPECT_NEAR(value("delta_net", "ETH"), held, 1e-12);
    EXPECT_NEAR(value("dollar_delta_usd", ""), held * kIndex, 1e-9);
    EXPECT_NEAR(value("gamma_1pct_usd", "ETH"), gamma * kIndex * kIndex / 100.0, 1e-9);
    ASSERT_EQ(report.positions.size(), 2U);
    EXPECT_EQ(report.positions[0].name, "range");
    EXPECT_EQ(report.positions[0].venue, "uniswap");
    EXPECT_EQ(report.positions[0].quantity, kL);
    EXPECT_NEAR(report.positions[0].delta_net, coins(kL, p, kLower, kUpper), 1e-12);
    EXPECT_NEAR(report.positions[0].gamma_1pct_usd, -0.5 * kL * std::pow(p, -1.5) * kIndex * kIndex / 100.0, 1e-9);
    for (std::size_t spot = 0; spot < risk::kGridSpotMoves.size(); ++spot) {
        const double moved = worth_usd(kIndex * (1.0 + risk::kGridSpotMoves[spot])) - worth_usd(kIndex);
        EXPECT_NEAR(report.underlyings[0].ladder.pnl_usd[0][spot], moved, 1e-9) << spot;
    }
    const auto stressed = [&](const char* id) {
        const auto found = std::ranges::find(report.stresses, id, &risk::StressResult::id);
        return found == report.stresses.end() ? std::nan("") : found->pnl_usd;
    };
    EXPECT_NEAR(stressed("CRASH"), worth_usd(0.6 * kIndex, 0.99 * kStable) - worth_usd(kIndex), 1e-9);
    EXPECT_NEAR(stressed("DEPEG"), worth_usd(kIndex, 0.88 * kStable) - worth_usd(kIndex), 1e-9);
    EXPECT_NEAR(stressed("VENUE:uniswap"), -worth_usd(kIndex), 1e-9);
    EXPECT_EQ(quality(report, "equity_usd", ""), "good");
    for (const std::string& note : report.notes) {
        EXPECT_EQ(note.find("entry"), std::string::npos) << note;
        EXPECT_EQ(note.find("cash"), std::string::npos) << note;
    }
}

// A tail with history: every day revalued by the closed form, the shares' components sum to the whole.
TEST_F(PoolFileTest, ItsPartOfTheTailIsThatOfItsOwnProfits) {
    std::string returns;
    std::vector<double> pnl;
    for (int day = 0; day < 200; ++day) {
        const double move = 0.05 * std::sin(1.7 * day) * std::cos(0.3 * day * day);
        returns += (day == 0 ? "" : ",") + std::to_string(move);
        pnl.push_back(worth_usd(kIndex * std::exp(std::stod(std::to_string(move)))) - worth_usd(kIndex));
    }
    std::string market = kPoolMarket;
    market.insert(market.find("\"daily_volatility\""), "\"returns\":[" + returns + "],");
    const RiskReport report = this->report(kPools, {market});
    std::ranges::sort(pnl);
    const auto row = std::ranges::find(report.tails, "historical", &risk::TailRow::method);
    ASSERT_NE(row, report.tails.end());
    EXPECT_NEAR(row->var_99_usd, -pnl[1], 1e-9 * -pnl[1]) << "the second worst of 200";
    double parts = 0.0;
    for (const risk::PositionRow& position : report.positions) {
        EXPECT_GT(position.var_component_usd, 0.0);
        parts += position.var_component_usd;
    }
    EXPECT_NEAR(parts, find_metric(report, "var_99_usd", "")->value, 1e-9 * parts);
}

TEST_F(PoolFileTest, StandsOnItsOwnMarkWhereThereIsOneAndOnTheIndexElse) {
    const auto market = [](const char* index, const char* stable, const char* range) {
        return std::string{R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"ETH",)"} + index +
               R"(}],"stablecoins":{"USDC":{)" + stable + R"(}},"instruments":[{"name":"range",)" + range +
               R"(},{"name":"whole","mark":3061.5}]})";
    };
    constexpr const char *kSpot = R"("index":3000)", *kDollar = R"("price":0.98)", *kMark = R"("mark":3050)";
    const risk::ReportInputs told = load(kPools, {market(kSpot, kDollar, kMark)});
    EXPECT_EQ(told.market.quotes[0].mark, 3'050.0);
    EXPECT_EQ(told.market.quotes[1].mark, 3'061.5);
    for (const risk::ContractQuote& quote : load(kPools, {kPoolMarket}).market.quotes)
        EXPECT_NEAR(quote.mark, kIndex / kStable, 1e-9);
    const auto said = [&](const char* index, const char* stable, const char* range) {
        return quality(report(kPools, {market(index, stable, range)}), "delta_net", "ETH");
    };
    EXPECT_EQ(said(kSpot, kDollar, kMark), "good");
    EXPECT_EQ(said(R"("index":3000,"age_seconds":61)", kDollar, kMark), "stale");
    EXPECT_EQ(said(kSpot, R"("price":0.98,"age_seconds":61)", kMark), "stale");
    EXPECT_EQ(said(kSpot, kDollar, R"("mark":3050,"age_seconds":3)"), "stale");
    EXPECT_EQ(said(kSpot, kDollar, R"("mark":3200)"), "mark far from the index");
}

TEST_F(PoolFileTest, RefusalsNameFileAndPlace) {
    const auto row = [](const std::string& terms) { return R"({"positions":[)" + terms + "]}"; };
    const auto pool = [&](const std::string& more) {
        return row(R"({"instrument":"x","kind":"pool","underlying":"ETH",)" + more + "}");
    };
    const std::string good = R"("settlement":"USDC","venue":"uniswap")", sized = good + R"(,"liquidity":5)";
    struct Case {
        std::string portfolio;
        const char* says;
    };
    const Case cases[] = {
        {pool(good), "portfolio.json: positions[0]: \"liquidity\" is missing"},
        {pool(good + R"(,"liquidity":0)"), "portfolio.json: positions[0].liquidity: must be positive"},
        {pool(good + R"(,"liquidity":-5)"), "portfolio.json: positions[0].liquidity: must be positive"},
        {pool(good + R"(,"liquidity":NaN)"), "portfolio.json: line 1: not a JSON document"},
        {pool(good + R"(,"liquidity":1e18)"), "positions[0].liquidity: must be 1e+12 at most"},
        {pool(good + R"(,"liquidity":"NaN")"), "positions[0].liquidity: must be a number, is a text"},
        {pool(sized + R"(,"lower":3000,"upper":3000)"), "positions[0].upper: must be above \"lower\""},
        {pool(sized + R"(,"lower":3000,"upper":2000)"), "positions[0].upper: must be above \"lower\""},
        {pool(sized + R"(,"lower":0,"upper":2000)"), "positions[0].lower: must be positive; without a range"},
        {pool(sized + R"(,"lower":-1,"upper":2000)"), "positions[0].lower: must be positive"},
        {pool(sized + R"(,"lower":2000)"), "positions[0]: \"upper\" is missing"},
        {pool(sized + R"(,"upper":2000)"), "positions[0]: \"lower\" is missing"},
        {pool(R"("settlement":"USDC","liquidity":5)"), "positions[0]: \"venue\" is missing"},
        {pool(R"("venue":"uniswap","liquidity":5)"), "positions[0]: \"settlement\" is missing"},
        {pool(R"("settlement":"ETH","venue":"uniswap","liquidity":5)"),
         "positions[0].settlement: must be the pool's stablecoin"},
        {pool(sized + R"(,"quantity":5)"), "positions[0]: unknown key \"quantity\"; did you mean"},
        {pool(sized + R"(,"entry":5)"), "positions[0]: unknown key \"entry\""},
        {pool(R"("settlement":"DAI","venue":"uniswap","liquidity":5)"),
         "market.json: stablecoins: no price of DAI, and its name does not say that it is a dollar"},
        {row(R"({"instrument":"x","kind":"pool","underlying":"EHT",)" + sized + "}"),
         "market.json: underlyings: no index price of EHT"},
        {row(R"({"instrument":"x","kind":"pool","underlying":"ETH",)" + sized +
             R"(},{"instrument":"x","kind":"pool","underlying":"ETH","lower":1,"upper":2,)" + sized + "}"),
         "portfolio.json: positions[1]: x at uniswap has other terms in a row before"},
        {R"({"positions":[{"instrument":"x","kind":"pool","underlying":"ETH",)" + sized +
             R"(}],"venues":[{"name":"uniswap","margin_model":"deribit_standard"}]})",
         "portfolio.json: positions[0]: x: a share in a pool is no collateral of the margin model of uniswap"},
        {row(R"({"instrument":"x","kind":"swap","underlying":"ETH","expiry":"27MAR26","quantity":5})"), "or pool"},
    };
    for (const Case& item : cases) {
        const std::string said = refusal(item.portfolio, kPoolMarket);
        EXPECT_NE(said.find(item.says), std::string::npos) << "wanted: " << item.says << "\nsaid: " << said;
    }
    EXPECT_EQ(refusal(pool(sized), kPoolMarket), "");
    EXPECT_EQ(refusal(kPools, kPoolMarket), "");
}

// Two lots of one share, and what a name means at another venue.
TEST_F(PoolFileTest, LotsOfOneShareAdd) {
    const auto lot = [](const char* liquidity, const char* venue) {
        return std::string{R"({"instrument":"x","kind":"pool","underlying":"ETH","settlement":"USDC","venue":")"} +
               venue + R"(","liquidity":)" + liquidity + "}";
    };
    const risk::ReportInputs inputs =
        load(R"({"positions":[)" + lot("5", "a") + "," + lot("7", "a") + "," + lot("1", "b") + "]}", {kPoolMarket});
    ASSERT_EQ(inputs.book.holdings.size(), 2U);
    EXPECT_EQ(inputs.book.holdings[0].quantity, 12.0);
    EXPECT_EQ(inputs.book.holdings[1].quantity, 1.0);
}

}  // namespace
}  // namespace keel::app
