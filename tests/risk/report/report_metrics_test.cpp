// The report's concentrations and surface signals, and the limits that it judges them by.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "tests/risk/report/report_subject.hpp"

namespace keel::risk {
namespace {

using test::inputs;
using test::stress_of;
using test::value_of;

// beta's linear perpetual marked 10 % lower: 4 x 5,005 USD of equity less, and gross notional with it.
TEST(RiskReportTest, AnOracleTellsWhichLimitsItsPricesWouldFire) {
    ReportInputs in = inputs();
    const RiskReport calm = make_risk_report(in);
    const double lost = 0.1 * 4.0 * 50'050.0;
    const double geared = value_of(calm, "leverage_gross");
    const double geared_then = (value_of(calm, "gross_notional_usd") - lost) / (calm.equity_usd - lost);
    ASSERT_GT(geared_then, geared);
    in.limits = {{.metric = "equity_usd",
                  .soft = calm.equity_usd - 0.5 * lost,
                  .hard = calm.equity_usd - 2.0 * lost,
                  .below = true},
                 {.metric = "equity_usd",
                  .scope = "beta",
                  .soft = 1e5,
                  .hard = calm.venues[1].equity_usd - 0.99 * lost,
                  .below = true},
                 {.metric = "leverage_gross", .soft = 0.5 * (geared + geared_then), .hard = 1.001 * geared_then},
                 {.metric = "var_99_usd", .soft = 1.0, .hard = 1e9}};
    const StressResult beta = stress_of(make_risk_report(in), "ORACLE:beta");
    const auto fired = [&](std::string_view metric, std::string_view scope) {
        return std::ranges::find_if(
            beta.limits_fired, [&](const FiredLimit& limit) { return limit.metric == metric && limit.scope == scope; });
    };
    ASSERT_NE(fired("equity_usd", ""), beta.limits_fired.end());
    EXPECT_FALSE(fired("equity_usd", "")->hard);
    ASSERT_NE(fired("equity_usd", "beta"), beta.limits_fired.end());
    EXPECT_TRUE(fired("equity_usd", "beta")->hard);
    ASSERT_NE(fired("leverage_gross", ""), beta.limits_fired.end());
    EXPECT_FALSE(fired("leverage_gross", "")->hard);
    EXPECT_EQ(fired("var_99_usd", ""), beta.limits_fired.end()) << "not recomputed";
}

// Without history by notional: 4, 3, 2 and 1 coins of 100 USD, the last in another stablecoin.
TEST(RiskReportTest, ConcentrationsByHand) {
    ReportInputs in;
    in.market.now = unix_nanos_from_ms(1'767'225'600'000);
    in.market.expiries = {
        {.underlying = UnderlyingSlot{0}, .expiry = in.market.now + std::chrono::days{20}, .forward = 100.0}};
    in.market.stables = {1.0, 1.0};
    in.book.stable_names = {"USDC", "USDT"};
    in.book.venue_names = {"alpha"};
    const auto hold = [&](Contract contract, double quantity, ContractQuote quote) {
        contract.venue = VenueSlot{0};
        in.book.contracts.push_back(contract);
        in.book.holdings.push_back({.quantity = quantity, .entry = 100.0});
        in.book.names.push_back("C" + std::to_string(in.book.names.size()));
        in.market.quotes.push_back(quote);
    };
    for (std::uint16_t u = 0; u < 4; ++u) {
        in.market.underlyings.push_back({.index = 100.0});
        in.book.underlying_names.push_back({static_cast<char>('A' + u)});
        hold({.kind = ContractKind::linear_future,
              .underlying = UnderlyingSlot{u},
              .stable = StableSlot(u == 3 ? 1 : 0)},
             4.0 - u, {.mark = 100.0});
    }
    const RiskReport futures = make_risk_report(in);
    EXPECT_NEAR(value_of(futures, "top1_underlying"), 0.4, 1e-12);
    EXPECT_NEAR(value_of(futures, "top3_underlying"), 0.9, 1e-12);
    EXPECT_NEAR(value_of(futures, "concentration_underlying"), 0.16 + 0.09 + 0.04 + 0.01, 1e-12);
    EXPECT_NEAR(value_of(futures, "concentration_stablecoin"), 0.81 + 0.01, 1e-12);
    EXPECT_NEAR(value_of(futures, "concentration_strike"), 1.0, 1e-12) << "nothing has one";
    // Ten coins each of strikes 96 and 104, around the index, and of 120: with the futures, parts of 10, 20 and 10.
    for (const double strike : {96.0, 104.0, 120.0}) {
        hold({.kind = ContractKind::linear_option,
              .type = OptionType::call,
              .underlying = UnderlyingSlot{0},
              .expiry = ExpirySlot{0},
              .stable = StableSlot{0},
              .strike = strike},
             -10.0, {.volatility = 0.6});
    }
    const RiskReport options = make_risk_report(in);
    EXPECT_NEAR(value_of(options, "concentration_strike"), (100.0 + 400.0 + 100.0) / 1'600.0, 1e-12);
    EXPECT_NEAR(value_of(options, "concentration_stablecoin"), (39.0 * 39.0 + 1.0) / 1'600.0, 1e-12);
}

// With history by parts of the expected shortfall; a diversifier counts nothing.
TEST(RiskReportTest, ConcentrationsAreThoseOfTheExpectedShortfall) {
    const RiskReport report = make_risk_report(inputs());
    double options = 0.0, linear = 0.0, rest = 0.0;
    for (const PositionRow& row : report.positions) {
        const bool option = row.name == "CALL" || row.name == "PUT";
        (option ? options : row.name == "BTC_USDC-PERPETUAL" ? linear : rest) += row.es_component_usd;
    }
    const auto hhi = [](double a, double b) {
        a = std::max(a, 0.0), b = std::max(b, 0.0);
        return (a * a + b * b) / ((a + b) * (a + b));
    };
    EXPECT_NEAR(value_of(report, "concentration_strike"), hhi(options, linear + rest), 1e-12);
    EXPECT_NEAR(value_of(report, "concentration_stablecoin"), hhi(linear, options + rest), 1e-12);
}

TEST(RiskReportTest, LimitsAreJudgedAndFloorsTurnedRound) {
    ReportInputs in = inputs();
    in.limits = {{.metric = "leverage_gross", .soft = 0.001, .hard = 1e6},
                 {.metric = "margin_ratio", .scope = "alpha", .soft = 1e6, .hard = 0.001, .below = true},
                 {.metric = "delta_net", .scope = "BTC", .soft = 1e5, .hard = 1e6},
                 {.metric = "margin_ratio", .scope = "beta", .soft = 2.0, .hard = 1.0, .below = true}};
    const RiskReport report = make_risk_report(in);
    EXPECT_EQ(find_metric(report, "leverage_gross", "")->state, LimitState::soft);
    EXPECT_EQ(find_metric(report, "margin_ratio", "alpha")->state, LimitState::soft);
    EXPECT_EQ(find_metric(report, "delta_net", "BTC")->state, LimitState::inside);
    EXPECT_EQ(find_metric(report, "margin_ratio", "beta")->state, LimitState::unknown);
    EXPECT_EQ(find_metric(report, "delta_bs", "BTC")->state, LimitState::none);
}

TEST(RiskReportTest, ASmileValuesWhatHasNoVolatilityOfItsOwn) {
    ReportInputs in = inputs();
    in.market.quotes[test::kShortCall].volatility = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(find_metric(make_risk_report(in), "delta_bs", "BTC")->quality, "1 holding not priced");
    const double years = years_between(in.market.now, in.market.expiries[0].expiry);
    in.smiles[0].svi =
        SviParameters{.a = 0.36 * years - 1e-9, .b = 1e-9, .rho = 0.0, .m = 0.0, .sigma = 1.0};  // flat 60 %
    const RiskReport report = make_risk_report(in);
    EXPECT_EQ(find_metric(report, "delta_bs", "BTC")->quality, "good");
    EXPECT_NEAR(value_of(report, "vega_usd", "BTC"), value_of(make_risk_report(inputs()), "vega_usd", "BTC"), 1e-3);
    EXPECT_TRUE(report.smiles[0].arbitrage_free);
}

// A smile given at 20 days only: 7 days lie before it, 30 and 90 behind. The 25-delta strikes by scanning, the fair
// variance as minus twice the mean of ln(S/F) under the slice's own density.
TEST(RiskReportTest, SurfaceSignalsOfTheCurvesByHand) {
    ReportInputs in = inputs();
    EXPECT_EQ(find_metric(make_risk_report(in), "volatility_30d", "BTC"), nullptr) << "no curve, no signals";
    const SviParameters svi{.a = 0.01, .b = 0.04, .rho = -0.3, .m = 0.0, .sigma = 0.1};
    in.smiles[0].svi = svi;
    const RiskReport report = make_risk_report(in);
    ASSERT_TRUE(report.smiles.at(0).arbitrage_free) << report.smiles[0].note;
    const double years = 20.0 / 365.0, at_money = std::sqrt((0.01 + 0.04 * 0.1) / years);
    for (const char* name : {"volatility_7d", "volatility_30d", "volatility_90d"}) {
        EXPECT_NEAR(value_of(report, name, "BTC"), at_money, 1e-9) << name;
        EXPECT_EQ(find_metric(report, name, "BTC")->quality, "outside the expiries") << name;
    }
    // At 30 days the whole smile is scaled by 30 / 20 in total variance.
    const auto variance = [&](double k) { return 1.5 * svi_total_variance(svi, k); };
    const auto volatility_at = [&](double delta) {
        double best = 1.0, found = 0.0;
        for (double k = -0.6; k < 0.6; k += 1e-6) {
            const double deviation = std::sqrt(variance(k));
            const double miss = std::abs(0.5 * std::erfc((k / deviation - 0.5 * deviation) / std::sqrt(2.0)) - delta);
            if (miss < best) best = miss, found = deviation / std::sqrt(30.0 / 365.0);
        }
        return found;
    };
    const double call = volatility_at(0.25), put = volatility_at(0.75);
    EXPECT_NEAR(value_of(report, "risk_reversal_30d", "BTC"), call - put, 1e-6);
    EXPECT_NEAR(value_of(report, "butterfly_30d", "BTC"), 0.5 * (call + put) - at_money, 1e-6);
    SviParameters month = svi;
    month.a *= 1.5;
    month.b *= 1.5;
    double mean = 0.0;
    for (double k = -6.0; k <= 6.0; k += 1e-4) mean += k * svi_density(month, k) * 1e-4;
    EXPECT_NEAR(value_of(report, "variance_30d", "BTC"), -2.0 * mean * 365.0 / 30.0, 1e-4);
}

}  // namespace
}  // namespace keel::risk
