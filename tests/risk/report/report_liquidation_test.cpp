// Each venue's margin in the report: where it liquidates or deleverages, and which positions ask for it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "tests/risk/report/report_subject.hpp"

namespace keel::risk {
namespace {

using test::inputs;
using test::two_coins;
using test::value_of;

TEST(RiskReportTest, LiquidationPriceIsWhereEquityMeetsMaintenance) {
    ReportInputs in = inputs();
    const RiskReport report = make_risk_report(in);
    const VenueReport& alpha = report.venues[0];
    EXPECT_GT(alpha.margin_ratio, 1.0);
    ASSERT_EQ(alpha.liquidations.size(), 1U);
    const double up = alpha.liquidations[0].still.up.distance_ratio;
    ASSERT_TRUE(std::isfinite(up)) << "short calls must be liquidated somewhere above";
    const double maintenance = alpha.maintenance_margin_usd;
    EXPECT_GT(maintenance, 0.0);
    // With the spot there the report's own ratio is one.
    for (UnderlyingMarket& underlying : in.market.underlyings) underlying.index *= 1.0 + up;
    for (ExpiryMarket& expiry : in.market.expiries) expiry.forward *= 1.0 + up;
    for (ContractQuote& quote : in.market.quotes) quote.mark *= 1.0 + up;
    EXPECT_NEAR(make_risk_report(in).venues[0].margin_ratio, 1.0, 1e-3);
    EXPECT_TRUE(std::isnan(report.venues[1].margin_ratio)) << "beta has no model";
}

TEST(RiskReportTest, AMissingMarginTableIsUnknownAndNotFree) {
    ReportInputs in = inputs();
    in.venue_margins[0].underlyings[0].option.reset();
    const RiskReport report = make_risk_report(in);
    EXPECT_TRUE(std::isnan(report.venues[0].margin_ratio));
    EXPECT_TRUE(std::isnan(value_of(report, "maintenance_margin_usd", "alpha")));
}

// beta holds a perpetual and has no model; with a law but no table its margin is not known; with neither position nor
// margin it lacks nothing.
TEST(RiskReportTest, WhatMarginsNeedSaysWhichVenuesHaveNone) {
    ReportInputs in = inputs();
    const auto quality = [&](const char* name) { return find_metric(make_risk_report(in), name, "")->quality; };
    for (const char* name : {"reverse_crash_scale", "leverage_margin"}) {
        EXPECT_EQ(quality(name), "1 venue without a margin model");
    }
    EXPECT_EQ(quality("leverage_gross"), "good");
    in.venue_margins[1].law = MarginLaw::deribit_standard;
    EXPECT_EQ(quality("leverage_margin"), "margin of 1 venue not known");
    in.venue_margins[1].law = MarginLaw::none;
    in.book.holdings[test::kPerpetual] = {};
    EXPECT_EQ(quality("leverage_margin"), "good") << "only cash is left there";
    in.venue_margins.clear();
    EXPECT_EQ(quality("reverse_crash_scale"), "unknown");
}

// two_coins() with 10,000 USDC beside it, and a maintenance margin of 1 % of notional.
ReportInputs margined_coins() {
    ReportInputs in = two_coins();
    in.book.contracts.push_back({.kind = ContractKind::stable_cash, .stable = StableSlot{0}, .venue = VenueSlot{0}});
    in.book.names.emplace_back("USDC");
    in.book.holdings.push_back({.quantity = 10'000.0});
    in.market.quotes.emplace_back();
    const std::array tiers{
        MarginTier{.cap = 1e9, .maintenance_rate = 0.01, .deduction = std::numeric_limits<double>::quiet_NaN()}};
    TierTable table;
    EXPECT_EQ(table.assign(tiers, 1e-9), TierProblem::none);
    in.venue_margins = {{.law = MarginLaw::binance_tiers, .tiers = {{0, table}, {1, table}}, .leverage = 10.0}};
    return in;
}

// BTC alone: 10,000 - 1,600 + 99,000 x = 0. ETH following by its beta of
// 0.5 x 5 / 3: 8,400 + (100,000 - 50,000 - 1,000 - 500) x = 0; ETH alone: 8,400 - 60,600 y = 0; BTC following by 0.3:
// 8,400 + (30,000 - 60,000 - 600 - 300) y = 0.
TEST(RiskReportTest, LiquidationIsToldWithTheOthersStillAndByBeta) {
    ReportInputs in = margined_coins();
    const RiskReport report = make_risk_report(in);
    ASSERT_EQ(report.venues[0].liquidations.size(), 2U);
    const auto& btc = report.venues[0].liquidations[0];
    EXPECT_NEAR(btc.still.down.distance_ratio, 8'400.0 / 99'000.0, 2e-5);
    EXPECT_NEAR(btc.by_beta.down.distance_ratio, 8'400.0 / 48'500.0, 2e-5);
    EXPECT_NEAR(btc.by_beta.down.price, 50'000.0 * (1.0 - 8'400.0 / 48'500.0), 1.0);
    EXPECT_NEAR(btc.by_beta.sigmas, -std::log1p(-8'400.0 / 48'500.0) / 0.03, 1e-3);
    EXPECT_EQ(btc.by_beta.up.status, RootStatus::none);
    EXPECT_EQ(btc.by_beta.down.status, RootStatus::found);
    const auto& eth = report.venues[0].liquidations[1];
    EXPECT_NEAR(eth.still.up.distance_ratio, 8'400.0 / 60'600.0, 2e-5);
    EXPECT_NEAR(eth.by_beta.up.distance_ratio, 8'400.0 / 30'900.0, 2e-5);
    in.histories[1].daily_volatility = std::numeric_limits<double>::quiet_NaN();
    const RiskReport unknown = make_risk_report(in);
    EXPECT_TRUE(std::isfinite(unknown.venues[0].liquidations[0].still.down.price));
    EXPECT_EQ(unknown.venues[0].liquidations[0].by_beta.down.status, RootStatus::unknown) << "no volatility, no beta";
}

// The same book: BTC is nearest by its move, ETH by its deviations; what is not known may be nearer.
TEST(RiskReportTest, TheNearestLiquidationIsAMetric) {
    ReportInputs in = margined_coins();
    const double btc = 8'400.0 / 99'000.0, eth = 8'400.0 / 60'600.0;
    const RiskReport report = make_risk_report(in);
    for (const char* scope : {"", "alpha"}) {
        EXPECT_NEAR(value_of(report, "liq_distance", scope), btc, 2e-5) << scope;
        EXPECT_NEAR(value_of(report, "liq_sigmas", scope), std::log1p(eth) / 0.05, 1e-3) << scope;
    }
    EXPECT_NEAR(value_of(report, "liq_distance", "BTC"), btc, 2e-5);
    EXPECT_NEAR(value_of(report, "liq_sigmas", "BTC"), -std::log1p(-btc) / 0.03, 1e-3);
    EXPECT_NEAR(value_of(report, "liq_distance", "ETH"), eth, 2e-5);
    EXPECT_EQ(find_metric(report, "liq_distance", "ETH")->quality, "good");
    in.histories[1].daily_volatility = std::numeric_limits<double>::quiet_NaN();
    const RiskReport half = make_risk_report(in);
    EXPECT_NEAR(value_of(half, "liq_distance", "BTC"), btc, 2e-5);
    EXPECT_EQ(find_metric(half, "liq_distance", "BTC")->quality, "a liquidation price is unknown") << "by beta";
    EXPECT_TRUE(std::isnan(value_of(half, "liq_sigmas", "ETH")));
    in.limits = {{.metric = "liq_distance", .scope = "alpha", .soft = 0.2, .hard = 0.1, .below = true}};
    EXPECT_EQ(find_metric(make_risk_report(in), "liq_distance", "alpha")->state, LimitState::hard);
    in.venue_margins.clear();
    const RiskReport blind = make_risk_report(in);
    EXPECT_EQ(find_metric(blind, "liq_distance", "alpha")->state, LimitState::unknown);
    ASSERT_EQ(blind.venues[0].liquidations.size(), 2U) << "unknown is said";
    EXPECT_EQ(blind.venues[0].liquidations[0].still.up.status, RootStatus::unknown);
    in.book.holdings[0] = in.book.holdings[1] = {};
    const RiskReport cash = make_risk_report(in);
    EXPECT_TRUE(std::isinf(value_of(cash, "liq_distance", "alpha"))) << "nothing is margined";
    EXPECT_EQ(find_metric(cash, "liq_distance", "alpha")->state, LimitState::inside);
}

// Twenty ETH sold for 60,000 USD on one BTC of collateral less 10,000 USDC: 50,000 (1 + x) - 10,000 = 600.
TEST(RiskReportTest, ACoinThatIsOnlyCollateralHasALiquidationPrice) {
    ReportInputs in = margined_coins();
    in.book.holdings[0] = {};
    in.book.contracts.push_back(
        {.kind = ContractKind::coin_cash, .underlying = UnderlyingSlot{0}, .venue = VenueSlot{0}});
    in.book.names.emplace_back("BTC");
    in.book.holdings.push_back({.quantity = 1.0});
    in.market.quotes.emplace_back();
    in.book.holdings[2].quantity = -10'000.0;  // borrowed against it
    const RiskReport report = make_risk_report(in);
    ASSERT_EQ(report.venues[0].liquidations.size(), 2U);
    const LiquidationSide& down = report.venues[0].liquidations[0].still.down;
    EXPECT_EQ(down.status, RootStatus::found);
    EXPECT_NEAR(down.distance_ratio, 1.0 - 10'600.0 / 50'000.0, 2e-5);
}

// Two coins sold at the second venue against three at the first: the leg offsets two thirds of the other venue's risk,
// and without it two coins are open for a day: 2.3263 deviations of 4 %. Binance's 4 of 0..4 is the venue's first.
TEST(RiskReportTest, DeleveragingOfAHedgeByHand) {
    ReportInputs in = inputs();
    for (std::size_t row = 0; row < in.book.holdings.size(); ++row) in.book.holdings[row].quantity = 0.0;
    in.book.holdings[test::kPerpetual] = {.quantity = -2.0, .entry = 48'000.0};
    in.book.holdings[4].quantity = 3.0;  // coin at the first venue
    in.histories = {{.daily_volatility = 0.04}};
    EXPECT_TRUE(make_risk_report(in).deleveraging.empty()) << "no indicator was given";
    in.adl_indicators = {4.0};
    EXPECT_EQ(make_risk_report(in).deleveraging.at(0).risk.status, MarginStatus::bad_input) << "no scale";
    in.venue_margins[1].adl = {.lowest = 0.0, .highest = 4.0};
    const AdlRow row = make_risk_report(in).deleveraging.at(0);
    ASSERT_EQ(row.risk.status, MarginStatus::ok);
    const double mark = in.market.quotes[test::kPerpetual].mark, index = in.market.underlyings[0].index;
    EXPECT_NEAR(row.offset_ratio, 2.0 * mark / (3.0 * index), 1e-9);
    EXPECT_NEAR(row.risk.risk_usd, 2.0 * mark * 0.04 * 2.3263478740, 1e-3);
    EXPECT_EQ(row.risk.indicator, 5.0);
    EXPECT_TRUE(row.risk.act);
    in.adl_indicators = {2.0};  // 3 of 5: three fifths of it, and not yet
    const AdlRow calm = make_risk_report(in).deleveraging.at(0);
    EXPECT_NEAR(calm.risk.risk_usd, 0.6 * row.risk.risk_usd, 1e-9 * row.risk.risk_usd);
    EXPECT_FALSE(calm.risk.act);
    in.book.holdings[test::kPerpetual].quantity = 2.0;  // no hedge: its loss costs nothing
    EXPECT_EQ(make_risk_report(in).deleveraging.at(0).risk.risk_usd, 0.0);
    in.market.quotes[test::kPerpetual].mark = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(make_risk_report(in).deleveraging.at(0).risk.status, MarginStatus::bad_input) << "no price";
}

// The standard law adds positions up, cell by cell; the risk matrix of portfolio margin does not.
TEST(RiskReportTest, CellsOfTheExposureMatrixSumToTheMarginWhereItAdds) {
    ReportInputs in = inputs();
    const RiskReport report = make_risk_report(in);
    double sum = 0.0;
    std::size_t cells = 0;
    for (const ExposureRow& cell : report.exposures) {
        if (cell.venue != VenueSlot{0}) {
            EXPECT_TRUE(std::isnan(cell.initial_margin_usd)) << "beta has no model";
            continue;
        }
        ++cells;
        EXPECT_GT(cell.initial_margin_usd, 0.0);
        sum += cell.initial_margin_usd;
    }
    EXPECT_EQ(cells, 2U) << "perpetual and options";
    EXPECT_NEAR(sum, report.venues[0].initial_margin_usd, 1e-9 * sum);
    in.venue_margins[0].law = MarginLaw::deribit_portfolio;
    for (const ExposureRow& cell : make_risk_report(in).exposures) EXPECT_TRUE(std::isnan(cell.initial_margin_usd));
}

TEST(RiskReportTest, PortfolioMarginOfTheRiskMatrix) {
    ReportInputs in = inputs();
    in.venue_margins[0].law = MarginLaw::deribit_portfolio;
    in.venue_margins[0].portfolio = {.maintenance_ratio = 0.8, .worst_case_decimals = 9};
    EXPECT_TRUE(std::isnan(make_risk_report(in).venues[0].margin_ratio)) << "no matrix parameters";
    in.venue_margins[0].underlyings[0].matrix = DeribitMatrixParameters{.price_range = 0.16,
                                                                        .buckets = 4,
                                                                        .volatility_range_up = 0.5,
                                                                        .volatility_range_down = 0.25,
                                                                        .short_term_vega_power = 0.3,
                                                                        .long_term_vega_power = 0.13,
                                                                        .short_term_days = 30.0,
                                                                        .tenor_days_min = 1.0,
                                                                        .volatility_shocked_up_min = 0.5,
                                                                        .extended_factor = 1.0,
                                                                        .extended_dampener_usd = 100'000.0,
                                                                        .annualised_move_risk = 0.075,
                                                                        .annualised_move_min = 0.01,
                                                                        .delta_shock_threshold_usd = 2e7};
    const VenueReport venue = make_risk_report(in).venues[0];
    EXPECT_GT(venue.maintenance_margin_usd, 0.0);
    EXPECT_NEAR(venue.maintenance_margin_usd, 0.8 * venue.initial_margin_usd, 1e-9 * venue.initial_margin_usd);
}

}  // namespace
}  // namespace keel::risk
