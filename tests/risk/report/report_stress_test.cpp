// The report's stresses: what is judged, what is left out and what is said of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "risk/book/revaluation.hpp"
#include "risk/report/risk_report.hpp"
#include "tests/risk/report/report_subject.hpp"
#include "tests/risk/stress/stress_book.hpp"

namespace keel::risk {
namespace {

using test::stress_of;

// The stress book with its linear perpetual beside the options at alpha and the coin at beta: alpha has rows of funding
// and of smiles that beta has not.
ReportInputs split_inputs() {
    auto [book, market] = test::stress_book();
    for (std::size_t row = 0; row < book.contracts.size(); ++row) {
        book.contracts[row].venue = book.contracts[row].kind == ContractKind::coin_cash ? VenueSlot{1} : VenueSlot{0};
    }
    ReportInputs out;
    out.book = book;
    out.market = market;
    out.smiles.resize(1);
    return out;
}

TEST(ReportStressTest, AnOracleSumsRowsOfOneNameWhateverElseAVenueHolds) {
    ReportInputs in = split_inputs();
    const RiskReport calm = make_risk_report(in);
    const double delta = find_metric(calm, "delta_usd", "BTC")->value;
    const double gross = find_metric(calm, "gross_notional_usd", "BTC")->value;
    // Of what is at alpha every notional falls by a tenth, but for the face of the inverse perpetual.
    const double gross_then = 0.9 * (gross - 20'000.0) + 20'000.0;
    ASSERT_LT(std::abs(delta), 20.0);
    in.limits = {{.metric = "delta_usd", .scope = "BTC", .soft = 100.0, .hard = 1'000.0},
                 {.metric = "gamma", .scope = "BTC", .soft = 1.0, .hard = 10.0},
                 {.metric = "equity_coin", .scope = "BTC", .soft = 100.0, .hard = 1'000.0},
                 {.metric = "gross_notional_usd",
                  .scope = "BTC",
                  .soft = 1.0001 * gross_then,
                  .hard = 0.9999 * gross_then,
                  .below = true}};
    const RiskReport report = make_risk_report(in);
    const auto& fired = stress_of(report, "ORACLE:alpha").limits_fired;
    ASSERT_EQ(fired.size(), 1U);
    EXPECT_EQ(fired[0].metric, "gross_notional_usd");
    EXPECT_FALSE(fired[0].hard);
    EXPECT_TRUE(stress_of(report, "ORACLE:beta").limits_fired.empty());
}

// The stress and what it fires are of one moved world, three seconds before a delivery at the mean of half an hour.
TEST(ReportStressTest, AnOracleMovesOfADeliveryWhatIsStillOpen) {
    for (const double average : {50'080.0, std::numeric_limits<double>::quiet_NaN()}) {
        ReportInputs in = split_inputs();
        in.book.contracts[test::kPerpetual].expiry = ExpirySlot{0};
        in.market.expiries[0].expiry = in.market.now + std::chrono::seconds{3};
        in.market.expiries[0].settlement_window = std::chrono::minutes{30};
        in.market.expiries[0].settlement_average = average;
        const RiskReport calm = make_risk_report(in);
        const double equity = stress_of(calm, "ORACLE:alpha").equity_usd;
        ASSERT_LT(calm.equity_usd, equity - 1.0);
        in.limits = {{.metric = "equity_usd", .soft = equity - 1.0, .hard = equity + 1.0}};
        const RiskReport report = make_risk_report(in);
        const auto& fired = stress_of(report, "ORACLE:alpha").limits_fired;
        ASSERT_EQ(fired.size(), 1U) << average;
        EXPECT_FALSE(fired[0].hard) << average;
    }
}

// SOL, which is not held, has no volatility; as soon as it is held it prevents what it would go into, and is named.
TEST(ReportStressTest, CorrelationsArePushedWhateverIsNotHeld) {
    ReportInputs in = split_inputs();
    in.book.underlying_names.emplace_back("SOL");
    in.market.underlyings.push_back({.index = 150.0});
    in.histories = {{.daily_volatility = 0.03}, {}};
    const double alone = stress_of(make_risk_report(in), "CORR_AGAINST").sigma_usd;
    const double dollars = find_metric(make_risk_report(in), "dollar_delta_usd", "BTC")->value;
    EXPECT_NEAR(alone, 0.03 * std::abs(dollars), 1e-2 * alone);
    EXPECT_NEAR(stress_of(make_risk_report(in), "CORR1").sigma_usd, alone, 1e-9 * alone);
    const std::string note = "CORR1 and CORR_AGAINST are left out: neither daily returns nor a daily volatility of SOL";
    EXPECT_EQ(std::ranges::count(make_risk_report(in).notes, note), 0);
    in.book.contracts.push_back(
        {.kind = ContractKind::coin_cash, .underlying = UnderlyingSlot{1}, .venue = VenueSlot{1}});
    in.book.holdings.push_back({.quantity = 100.0});
    in.book.names.emplace_back("SOL");
    in.market.quotes.emplace_back();
    const RiskReport held = make_risk_report(in);
    EXPECT_EQ(std::ranges::count(held.notes, note), 1);
    EXPECT_EQ(std::ranges::count(held.stresses, "CORR1", &StressResult::id), 0);
}

// Two futures and two options; LIQUIDITY and COMBO charge what leaving them costs. One without a price is told as such.
TEST(ReportStressTest, TheWorstStressSaysWhoseExitCostsItLacks) {
    ReportInputs in = split_inputs();
    const auto quality = [&](const char* metric) { return find_metric(make_risk_report(in), metric, "")->quality; };
    EXPECT_EQ(quality("stress_worst_usd"), "4 positions without a market");
    EXPECT_EQ(quality("venue_default_worst_usd"), "good") << "nothing is left there";
    in.liquidity.assign(in.book.contracts.size(), {.spread = 0.001, .daily_volume = 1e6, .daily_volatility = 0.03});
    EXPECT_EQ(quality("stress_worst_usd"), "good");
    in.liquidity[test::kPerpetual] = {};
    EXPECT_EQ(quality("stress_worst_usd"), "1 position without a market");
    in.market.quotes[test::kPerpetual] = {};
    EXPECT_EQ(quality("stress_worst_usd"), "1 holding not priced") << "counted once";
}

// Without spreads and volumes nothing is known; the days' volatility of the coin stands in for a contract's own, of an
// option what its delta makes of it.
TEST(ReportStressTest, LeavingWithoutAMarketIsUnknownAndNamed) {
    ReportInputs in = split_inputs();
    const auto notes_with = [](const RiskReport& report, const std::string& words) {
        return std::ranges::count_if(report.notes, [&](const std::string& note) { return note.ends_with(words); });
    };
    const std::string left_out = ", so what leaving costs is not in exit_cost_usd, LIQUIDITY and COMBO";
    const RiskReport bare = make_risk_report(in);
    EXPECT_TRUE(std::isnan(stress_of(bare, "LIQUIDITY").pnl_usd));
    EXPECT_TRUE(std::isnan(stress_of(bare, "LIQUIDITY").var_99_usd));
    EXPECT_EQ(notes_with(bare, " and 1 more: no spread, no daily volume, no daily volatility" + left_out), 1);
    EXPECT_TRUE(std::isfinite(find_metric(bare, "stress_worst_usd", "")->value)) << "of the others";
    EXPECT_EQ(find_metric(bare, "stress_worst_usd", "")->quality, "4 positions without a market");

    in.histories = {{.daily_volatility = 0.03}};
    in.liquidity.assign(in.book.contracts.size(), {.spread = 0.001, .daily_volume = 1e6});
    const RiskReport leaning = make_risk_report(in);
    std::size_t options = 0;
    for (std::size_t row = 0; row < in.liquidity.size(); ++row) {
        in.liquidity[row].daily_volatility = 0.03;
        if (!is_option(in.book.contracts[row].kind)) continue;
        Sensitivities unit;
        ASSERT_TRUE(contract_sensitivities(in.book.contracts[row], in.market.quotes[row], in.market, unit));
        const double moved = std::abs(unit.delta_bs) / in.book.contracts[row].multiplier;
        EXPECT_LT(moved, 1.0);
        in.liquidity[row].daily_volatility *= moved;
        ++options;
    }
    EXPECT_EQ(options, 2U);
    const RiskReport given = make_risk_report(in);
    EXPECT_NEAR(stress_of(leaning, "LIQUIDITY").pnl_usd, stress_of(given, "LIQUIDITY").pnl_usd, 1e-6);
    EXPECT_NEAR(find_metric(leaning, "exit_cost_usd", "")->value, find_metric(given, "exit_cost_usd", "")->value, 1e-9);
    EXPECT_EQ(notes_with(leaning, left_out), 0);
    for (ContractLiquidity& unit : in.liquidity) unit.daily_volatility = 0.06;
    EXPECT_LT(stress_of(make_risk_report(in), "LIQUIDITY").pnl_usd, stress_of(given, "LIQUIDITY").pnl_usd)
        << "a contract's own goes before it";
}

TEST(ReportStressTest, TheReverseCrashSaysWhoseExitCostsItLacks) {
    ReportInputs in = split_inputs();
    in.venue_margins.resize(2);
    in.venue_margins[0].law = MarginLaw::deribit_standard;
    in.venue_margins[0].underlyings = {
        {.future = DeribitFutureMargin{.initial_rate = 0.02, .maintenance_rate = 0.01, .rate_per_coin = 0.00005},
         .option = DeribitOptionMargin{.initial_rate = 0.15, .initial_rate_floor = 0.1, .maintenance_rate = 0.075}}};
    const auto reverse = [&] { return *find_metric(make_risk_report(in), "reverse_crash_scale", ""); };
    EXPECT_EQ(reverse().quality, "good") << "the default charges moves alone";
    std::ranges::find(in.stresses, "CRASH", &StressDefinition::id)->spread_factor = 5.0;
    EXPECT_EQ(reverse().quality, "4 positions without a market");
    in.liquidity.assign(in.book.contracts.size(), {.spread = 0.001, .daily_volume = 1e6, .daily_volatility = 0.03});
    EXPECT_EQ(reverse().quality, "good");
}

// 200,200 USDC of the linear perpetual are 180,180 USD: for the position, the tail and the stress alike.
TEST(ReportStressTest, LeavingCostsDollarsOfAStablecoinThatIsNone) {
    ReportInputs in = split_inputs();
    in.market.stables = {0.9};
    in.histories = {{.daily_volatility = 0.03}};
    in.liquidity.assign(in.book.contracts.size(), {.spread = 0.001, .daily_volume = 1e6, .daily_volatility = 0.03});
    const RiskReport report = make_risk_report(in);
    const double linear = 0.9 * 4.0 * 50'050.0;
    const auto impact = [](double quantity) { return 0.9 * 0.03 * std::sqrt(quantity / 1e6); };
    const auto& position = *std::ranges::find(report.positions, "BTC_USDC-PERPETUAL", &PositionRow::name);
    EXPECT_NEAR(position.exit_cost_usd, linear * (0.0005 + impact(4.0)), 1e-6);
    const auto& tail = *std::ranges::find(report.tails, "liquidity_adjusted", &TailRow::method);
    EXPECT_NEAR(tail.var_99_usd - find_metric(report, "var_99_usd", "")->value,
                0.0005 * (linear + 20'000.0 + 2.0 * 10.0 * 50'000.0), 1e-6);
    // Spreads five times as wide, three times the impact at a fifth of the volume: beyond what leaving costs today.
    const auto more = [&](double quantity) { return 4.0 * 0.0005 + (3.0 * std::sqrt(5.0) - 1.0) * impact(quantity); };
    EXPECT_NEAR(stress_of(report, "LIQUIDITY").pnl_usd,
                -linear * more(4.0) - 20'000.0 * more(2'000.0) - 2.0 * 10.0 * 50'000.0 * more(10.0), 1e-6);
}

}  // namespace
}  // namespace keel::risk
