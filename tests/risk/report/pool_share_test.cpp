// A share in an automated market maker's pool in the report: every number against full revaluation or the closed form,
// written out here.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>

#include "risk/report/holding_profits.hpp"
#include "risk/report/risk_report.hpp"
#include "risk/report/scenario_valuer.hpp"
#include "risk/tail/historical.hpp"
#include "tests/risk/report/report_subject.hpp"
#include "tests/risk/stress/stress_book.hpp"

namespace keel::risk {
namespace {

using test::stress_of;
using test::tail_of;

constexpr double kIndex = 50'000.0;   // of the stress book's coin
constexpr double kLiquidity = 8'000;  // sqrt(coin x USDC): 35.8 coins and as many dollars
constexpr double kNarrow = 20'000.0;  // in a range
constexpr double kLower = 45'000.0, kUpper = 54'000.0;
constexpr std::size_t kDays = test::kHistoryDays;

// The stress book with a whole pool's share and one in a range, at a venue of their own, and enough futures sold that
// it loses most when the coin rises.
ReportInputs pool_inputs() {
    auto [book, market] = test::stress_book();
    book.venue_names.emplace_back("pool");
    const auto add = [&](Contract contract, double liquidity, const char* name) {
        contract.kind = ContractKind::liquidity;
        contract.underlying = UnderlyingSlot{0};
        contract.stable = StableSlot{0};
        contract.venue = VenueSlot{2};
        book.contracts.push_back(contract);
        book.holdings.push_back({.quantity = liquidity});
        book.names.emplace_back(name);
        market.quotes.push_back({.mark = kIndex});
    };
    add({}, kLiquidity, "whole");
    add({.strike = kLower, .upper = kUpper}, kNarrow, "range");
    book.holdings[test::kPerpetual] = {.quantity = -90.0, .entry = 48'000.0};
    ReportInputs out;
    out.book = book;
    out.market = market;
    out.histories = {test::daily_history()};
    out.smiles.resize(1);
    out.liquidity.assign(book.contracts.size(), {.spread = 0.001, .daily_volume = 1e4, .daily_volatility = 0.03});
    return out;
}
std::size_t share_row(const Book& book, const char* name) {
    return static_cast<std::size_t>(std::ranges::find(book.names, name) - book.names.begin());
}

// USDC of one unit of liquidity in [a, b] at price p, from its reserves.
double worth(double p, double a, double b) {
    const double inside = std::clamp(p, a, b);
    return p * (1.0 / std::sqrt(inside) - 1.0 / std::sqrt(b)) + std::sqrt(inside) - std::sqrt(a);
}
double both_usdc(double price) {
    return kLiquidity * worth(price, 0.0, std::numeric_limits<double>::infinity()) +
           kNarrow * worth(price, kLower, kUpper);
}
double coins_of(double price, double liquidity, double lower, double upper) {
    return liquidity * (1.0 / std::sqrt(std::clamp(price, lower, upper)) - 1.0 / std::sqrt(upper));
}

// The book of the shares alone.
ReportInputs shares_alone() {
    ReportInputs out = pool_inputs();
    for (std::size_t row = 0; row < out.book.contracts.size(); ++row) {
        if (out.book.contracts[row].kind != ContractKind::liquidity) out.book.holdings[row] = {};
    }
    return out;
}

// The profit of every scenario by full revaluation of every holding.
std::vector<double> revalued_days(const ReportInputs& in, std::span<const double> returns) {
    HoldingProfits profits{in.book, in.market};
    std::vector<double> out;
    for (std::size_t day = 0; day < returns.size(); ++day) {
        profits.move(std::array{returns[day]}, std::array{in.histories[0].volatility_changes[day]});
        out.push_back(0.0);
        for (std::size_t row = 0; row < in.book.contracts.size(); ++row) out.back() += profits.usd(row);
    }
    return out;
}

TEST(PoolShareTest, TailsAreFullRevaluationOfEveryScenario) {
    const ReportInputs in = pool_inputs();
    const std::vector<double>& returns = in.histories[0].returns;
    std::vector<double> then(kDays), scaled(kDays);
    const double now = *ewma_forecasts(returns, 0.94, 50, then);
    std::fill_n(then.begin(), 50, then[50]);
    ASSERT_TRUE(rescale_returns(returns, then, now, scaled));
    const RiskReport report = make_risk_report(in);
    for (const bool filtered : {false, true}) {
        std::vector<double> pnl = revalued_days(in, filtered ? scaled : returns);
        std::vector<double> copy = pnl;
        const double var = historical_tail(copy, 0.99)->var_usd, es = historical_tail(pnl, 0.975)->es_usd;
        ASSERT_GT(var, 1e5);
        const TailRow& row = tail_of(report, filtered ? "filtered_historical" : "historical");
        EXPECT_NEAR(row.var_99_usd, var, 1e-9 * var) << row.method;
        EXPECT_NEAR(row.es_975_usd, es, 1e-9 * es) << row.method;
    }
    double var = 0.0, share = 0.0;
    for (const PositionRow& row : report.positions) {
        var += row.var_component_usd;
        if (row.venue == "pool") share += row.var_component_usd;
    }
    const TailRow& best = tail_of(report, "filtered_historical");
    EXPECT_NEAR(var, best.var_99_usd, 1e-9 * var);
    EXPECT_LT(share, 0.0) << "the coin in the pool hedges what was sold";
    const double half_spread = 0.5 * 0.001;
    const double notional = kIndex * (90.0 + 20'000.0 / kIndex + 20.0 +
                                      coins_of(kIndex, kLiquidity, 0.0, std::numeric_limits<double>::infinity()) +
                                      coins_of(kIndex, kNarrow, kLower, kUpper));
    EXPECT_NEAR(tail_of(report, "liquidity_adjusted").var_99_usd, best.var_99_usd + half_spread * notional,
                half_spread * 50.0 * 90.0 + 1.0)
        << "futures at their own marks";
}

// What chooses the scenarios that are revalued_days. Without options nothing of it is interpolated.
TEST(PoolShareTest, TheProfitByScenarioIsFullRevaluationToo) {
    ReportInputs in = pool_inputs();
    for (std::size_t row = 0; row < in.book.contracts.size(); ++row) {
        if (is_option(in.book.contracts[row].kind)) in.book.holdings[row] = {};
    }
    ScenarioSet set{kDays, 2};
    ASSERT_TRUE(set.set_factor(0, in.histories[0].returns, {}));
    ASSERT_TRUE(set.set_factor(1, in.histories[0].volatility_changes, {}));
    ScenarioValuer valuer{in.book, in.market};
    valuer.build_ladders();
    const std::vector<double> got = valuer.pnl_usd(set), want = revalued_days(in, in.histories[0].returns);
    for (std::size_t day = 0; day < kDays; ++day) ASSERT_NEAR(got[day], want[day], 1e-6) << day;
}

TEST(PoolShareTest, GreeksNotionalAndExitAreOfTheCoinInIt) {
    const RiskReport report = make_risk_report(shares_alone());
    const double whole = coins_of(kIndex, kLiquidity, 0.0, std::numeric_limits<double>::infinity());
    const double range = coins_of(kIndex, kNarrow, kLower, kUpper);
    const double gamma = -0.5 * (kLiquidity + kNarrow) * std::pow(kIndex, -1.5);
    const auto value = [&](const char* name, const char* scope) { return find_metric(report, name, scope)->value; };
    EXPECT_NEAR(report.equity_usd, both_usdc(kIndex), 1e-6);
    EXPECT_NEAR(value("delta_usd", "BTC"), whole + range, 1e-9);
    EXPECT_NEAR(value("gamma_1pct_usd", ""), gamma * kIndex * kIndex / 100.0, 1e-6);
    EXPECT_EQ(value("vega_usd", ""), 0.0);
    EXPECT_NEAR(value("gross_notional_usd", ""), kIndex * (whole + range), 1e-6);
    EXPECT_NEAR(value("leverage_gross", ""), kIndex * (whole + range) / both_usdc(kIndex), 1e-12);
    ASSERT_EQ(report.positions.size(), 2U);
    const PositionRow& row = report.positions[0];
    EXPECT_NEAR(row.exit_cost_usd, kIndex * whole * (0.0005 + 0.9 * 0.03 * std::sqrt(whole / 1e4)), 1e-6);
    EXPECT_NEAR(row.days_to_exit, whole / 1e3, 1e-12);
}

TEST(PoolShareTest, MatrixAndSpotLadderAreTheClosedForm) {
    const RiskReport report = make_risk_report(shares_alone());
    const UnderlyingReport& coin = report.underlyings[0];
    double worst = 0.0;
    for (std::size_t spot = 0; spot < kGridSpotMoves.size(); ++spot) {
        const double want = both_usdc(kIndex * (1.0 + kGridSpotMoves[spot])) - both_usdc(kIndex);
        worst = std::min(worst, want);
        for (std::size_t volatility = 0; volatility < kGridVolatilityMoves.size(); ++volatility) {
            EXPECT_NEAR(coin.matrix.pnl_usd[spot * kGridVolatilityMoves.size() + volatility], want, 1e-6);
        }
        for (const std::vector<double>& line : coin.ladder.pnl_usd) EXPECT_NEAR(line[spot], want, 1e-6);
    }
    EXPECT_NEAR(find_metric(report, "stress_worst_usd", "BTC")->value, worst, 1e-6);
}

// A pool's price follows the index and its own stablecoin: futures may trade below the index, the pool does not, and
// whoever holds it when the stablecoin falls has sold coin for it on the way.
TEST(PoolShareTest, NamedStressesMoveTheIndexAndTheStablecoinAndNoBasis) {
    const RiskReport report = make_risk_report(shares_alone());
    const double before = both_usdc(kIndex);
    EXPECT_NEAR(stress_of(report, "CRASH").pnl_usd, 0.99 * both_usdc(0.6 * kIndex / 0.99) - before, 1e-6);
    EXPECT_NEAR(stress_of(report, "DEPEG").pnl_usd, 0.88 * both_usdc(kIndex / 0.88) - before, 1e-6);
    EXPECT_NEAR(stress_of(report, "MELTUP").pnl_usd, both_usdc(1.35 * kIndex) - before, 1e-6);
    EXPECT_NEAR(stress_of(report, "ORACLE:pool").pnl_usd, both_usdc(0.9 * kIndex) - before, 1e-6);
    EXPECT_NEAR(stress_of(report, "VENUE:pool").pnl_usd, -before, 1e-6);
    for (const char* still : {"IVSPIKE", "IVCRUSH", "FUNDING", "ADL"})
        EXPECT_NEAR(stress_of(report, still).pnl_usd, 0.0, 1e-6) << still;
    double extra = 0.0;
    for (const PositionRow& row : report.positions) {
        const double coins = row.delta_net;
        extra += kIndex * coins * (4.0 * 0.0005 + 0.9 * 0.03 * std::sqrt(coins / 1e4) * (3.0 * std::sqrt(5.0) - 1.0));
    }
    EXPECT_NEAR(stress_of(report, "LIQUIDITY").pnl_usd, -extra, 1e-6);
    EXPECT_EQ(stress_of(report, "LIQUIDITY").left_out, 0U);
}

// Where a venue has a law of margin, what it would say of such collateral is not known; without one nothing is missing.
TEST(PoolShareTest, IsNoCollateralOfTiers) {
    ReportInputs in = pool_inputs();
    for (std::size_t row = 0; row < in.book.contracts.size(); ++row) {
        if (in.book.contracts[row].venue == VenueSlot{1}) in.book.holdings[row] = {};
    }
    in.venue_margins.resize(3);
    in.venue_margins[0].law = MarginLaw::deribit_standard;
    in.venue_margins[0].underlyings = {
        {.future = DeribitFutureMargin{.initial_rate = 0.02, .maintenance_rate = 0.01, .rate_per_coin = 0.00005},
         .option = DeribitOptionMargin{.initial_rate = 0.15, .initial_rate_floor = 0.1, .maintenance_rate = 0.075}}};
    const RiskReport without = make_risk_report(in);
    EXPECT_EQ(find_metric(without, "leverage_margin", "")->quality, "good");
    EXPECT_EQ(find_metric(without, "liq_distance", "")->quality, "good");
    EXPECT_TRUE(without.venues[2].liquidations.empty());
    in.venue_margins[2].law = MarginLaw::binance_tiers;
    const RiskReport report = make_risk_report(in);
    EXPECT_EQ(find_metric(report, "leverage_margin", "")->quality, "margin of 1 venue not known");
    EXPECT_TRUE(std::isnan(report.venues[2].maintenance_margin_usd));
    EXPECT_NEAR(report.venues[2].equity_usd, both_usdc(kIndex), 1e-6);
}

TEST(PoolShareTest, AMarkFarFromTheIndexIsDoubted) {
    for (const double stable : {1.0, 0.9}) {
        ReportInputs in = shares_alone();
        in.market.stables = {stable};
        for (const double off : {1.0, 1.04}) {
            in.market.quotes[share_row(in.book, "whole")].mark = off * kIndex / stable;
            in.market.quotes[share_row(in.book, "range")].mark = kIndex / stable;
            const RiskReport report = make_risk_report(in);
            EXPECT_EQ(has(report.doubts[share_row(in.book, "whole")], InputDoubt::mark_far), off != 1.0);
            EXPECT_EQ(report.doubts[share_row(in.book, "range")], InputDoubt::none);
        }
    }
}

}  // namespace
}  // namespace keel::risk
