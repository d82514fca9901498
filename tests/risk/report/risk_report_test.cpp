#include "risk/report/risk_report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "risk/tail/historical.hpp"
#include "tests/risk/report/report_subject.hpp"

namespace keel::risk {
namespace {

using test::inputs;
using test::stress_of;
using test::tail_of;
using test::value_of;

TEST(RiskReportTest, SumsAreThoseOfFullRevaluation) {
    const ReportInputs in = inputs();
    const RiskReport report = make_risk_report(in);
    const Sensitivities sums = book_sensitivities(in.book, in.market, UnderlyingSlot{0}).sums;
    EXPECT_DOUBLE_EQ(report.equity_usd, value_book(in.book, in.market).usd);
    EXPECT_DOUBLE_EQ(value_of(report, "delta_bs", "BTC"), sums.delta_bs);
    EXPECT_DOUBLE_EQ(value_of(report, "delta_net", "BTC"), sums.delta_net);
    EXPECT_DOUBLE_EQ(value_of(report, "vega_usd", "BTC"), sums.vega / 100.0);
    EXPECT_DOUBLE_EQ(value_of(report, "vanna_coin", "BTC"), sums.vanna / 100.0);
    EXPECT_EQ(find_metric(report, "vanna_coin", "BTC")->unit, "coin per point");
    double parts = 0.0;
    for (const PositionRow& row : report.positions) parts += row.value_usd;
    EXPECT_NEAR(parts, report.equity_usd, 1e-6);
}

TEST(RiskReportTest, DollarDeltaIsTheDerivativeOfEquity) {
    const ReportInputs in = inputs();
    constexpr double kStep = 1e-5;
    const std::array up{UnderlyingShock{.spot = kStep}}, down{UnderlyingShock{.spot = -kStep}};
    const double slope = (value_book(in.book, in.market, {.underlyings = up}).usd -
                          value_book(in.book, in.market, {.underlyings = down}).usd) /
                         (2.0 * kStep);
    EXPECT_NEAR(value_of(make_risk_report(in), "dollar_delta_usd"), slope, 1e-5 * std::abs(slope) + 1.0);
}

TEST(RiskReportTest, ComponentsSumToTheTailTheyBelongTo) {
    const RiskReport report = make_risk_report(inputs());
    EXPECT_EQ(report.scenario_method, "filtered_historical");
    double var = 0.0, es = 0.0;
    for (const PositionRow& row : report.positions) {
        var += row.var_component_usd;
        es += row.es_component_usd;
    }
    const TailRow& tail = tail_of(report, "filtered_historical");
    EXPECT_NEAR(var, tail.var_99_usd, 1e-9 * tail.var_99_usd);
    EXPECT_NEAR(es, tail.es_975_usd, 1e-9 * tail.es_975_usd);
    EXPECT_NEAR(value_of(report, "effective_bets") * value_of(report, "concentration_underlying"), 1.0, 1e-12);
}

// A tenth more of a position adds its margin times that much, while the tail's days stay the same.
TEST(RiskReportTest, MarginalTailsAreDerivativesInTheQuantity) {
    ReportInputs in = inputs();
    const RiskReport report = make_risk_report(in);
    const std::size_t place = static_cast<std::size_t>(
        std::ranges::find(report.positions, "BTC_USDC-PERPETUAL", &PositionRow::name) - report.positions.begin());
    constexpr double kMore = 1e-4;
    in.book.holdings[test::kPerpetual].quantity += kMore;
    const double after = tail_of(make_risk_report(in), "filtered_historical").es_975_usd;
    const double before = tail_of(report, "filtered_historical").es_975_usd;
    EXPECT_NEAR((after - before) / kMore, report.positions[place].es_marginal_usd,
                1e-4 * std::abs(report.positions[place].es_marginal_usd));
}

// The historical tail by its definition: the book of one underlying and one tenor, revalued on each day's moves.
TailMeasures revalued_tail(const ReportInputs& in, double years) {
    const double base = value_book(in.book, in.market).usd;
    const double weight = tenor_weight(VolatilityTenor::power, years);
    std::vector<double> pnl;
    for (std::size_t day = 0; day < in.histories[0].returns.size(); ++day) {
        const std::array moves{
            UnderlyingShock{.spot = std::expm1(in.histories[0].returns[day]),
                            .volatility = std::expm1(in.histories[0].volatility_changes[day] * weight)}};
        pnl.push_back(value_book(in.book, in.market, {.underlyings = moves}).usd - base);
    }
    return *historical_tail(pnl, 0.99);
}

TEST(RiskReportTest, HistoricalTailIsFullRevaluationOfEveryDay) {
    ReportInputs in = inputs();
    const RiskReport report = make_risk_report(in);
    const TailMeasures want = revalued_tail(in, 20.0 / 365.0);
    EXPECT_NEAR(tail_of(report, "historical").var_99_usd, want.var_usd, 1e-9 * std::abs(want.var_usd));
}

// The method that the crash backtest accepted: returns at the volatility of now, changes of implied volatility as they
// were. The EWMA is written out here: lambda 0.94, seeded with the mean of 50 squares, known before each day.
TEST(RiskReportTest, FilteredTailRescalesPricesAndLeavesVolatilities) {
    const ReportInputs in = inputs();
    const RiskReport report = make_risk_report(in);
    const std::vector<double>& returns = in.histories[0].returns;
    double variance = 0.0;
    for (std::size_t day = 0; day < 50; ++day) variance += returns[day] * returns[day] / 50.0;
    std::vector<double> then(50, std::sqrt(variance));
    for (std::size_t day = 50; day < returns.size(); ++day) {
        then.push_back(std::sqrt(variance));
        variance = 0.94 * variance + 0.06 * returns[day] * returns[day];
    }
    const double base = value_book(in.book, in.market).usd;
    const double weight = tenor_weight(VolatilityTenor::power, 20.0 / 365.0);
    std::vector<double> pnl;
    for (std::size_t day = 0; day < returns.size(); ++day) {
        const std::array moves{
            UnderlyingShock{.spot = std::expm1(returns[day] * std::sqrt(variance) / then[day]),
                            .volatility = std::expm1(in.histories[0].volatility_changes[day] * weight)}};
        pnl.push_back(value_book(in.book, in.market, {.underlyings = moves}).usd - base);
    }
    std::vector<double> copy = pnl;
    const TailMeasures var = *historical_tail(copy, 0.99), es = *historical_tail(pnl, 0.975);
    EXPECT_NEAR(tail_of(report, "filtered_historical").var_99_usd, var.var_usd, 1e-9 * std::abs(var.var_usd));
    EXPECT_NEAR(tail_of(report, "filtered_historical").es_975_usd, es.es_usd, 1e-9 * std::abs(es.es_usd));
}

// A close with digits too many is a missing day, in scenarios and in the covariance alike.
TEST(RiskReportTest, AMoveThatNoMarketMakesIsAMissingDay) {
    for (const bool is_return : {true, false}) {
        ReportInputs in = inputs();
        double& day = (is_return ? in.histories[0].returns : in.histories[0].volatility_changes)[390];
        day = std::numeric_limits<double>::quiet_NaN();
        const RiskReport missing = make_risk_report(in);
        for (const double move : {5.01, -9.0, 1e5}) {
            day = move;
            const RiskReport report = make_risk_report(in);
            for (const char* method : {"normal", "historical", "filtered_historical"}) {
                EXPECT_EQ(tail_of(report, method).var_99_usd, tail_of(missing, method).var_99_usd) << method << move;
            }
            EXPECT_EQ(find_metric(report, "var_99_usd", "")->quality, "missing days filled") << move;
            const std::string of = is_return ? "BTC" : "BTC's volatility";
            EXPECT_EQ(std::ranges::count(report.notes, of + ": 1 of 400 days move as no market does, taken as missing"),
                      1)
                << move;
        }
    }
}

// Half of the delivery price is fixed: every day of the history is valued on what is left, options and futures.
TEST(RiskReportTest, HistoricalTailInTheSettlementWindowIsFullRevaluation) {
    ReportInputs in = inputs();
    in.book.contracts[test::kPerpetual].expiry = ExpirySlot{0};
    ExpiryMarket& expiry = in.market.expiries[0];
    expiry.expiry = in.market.now + std::chrono::minutes{15};
    expiry.settlement_window = std::chrono::minutes{30};
    expiry.settlement_average = 50'050.0;
    const RiskReport report = make_risk_report(in);
    for (ContractQuote& quote : in.market.quotes) quote.volatility *= std::sqrt(3.0);  // of the index
    const TailMeasures want = revalued_tail(in, 15.0 / 525'600.0);
    EXPECT_NEAR(tail_of(report, "historical").var_99_usd, want.var_usd, 1e-9 * std::abs(want.var_usd));
    ASSERT_EQ(report.settlements.size(), 1U);
    EXPECT_NEAR(report.settlements[0].elapsed, 0.5, 1e-12);
}

TEST(RiskReportTest, WithoutHistoryTailsAreParametricAndSaySo) {
    ReportInputs in = inputs();
    in.histories[0] = {.daily_volatility = 0.03};
    const RiskReport report = make_risk_report(in);
    EXPECT_TRUE(std::ranges::find(report.tails, "historical", &TailRow::method) == report.tails.end());
    EXPECT_GT(value_of(report, "var_99_usd"), 0.0);
    EXPECT_FALSE(report.notes.empty());
    in.histories.clear();
    const RiskReport blind = make_risk_report(in);
    EXPECT_TRUE(blind.tails.empty());
    EXPECT_TRUE(std::isnan(value_of(blind, "var_99_usd")));
    EXPECT_EQ(find_metric(blind, "var_99_usd", "")->quality, "unknown");
}

// The same book without the venue, reported on its own.
TEST(RiskReportTest, AVenuesDefaultLeavesTheVarOfTheOthers) {
    const RiskReport report = make_risk_report(inputs());
    for (const std::size_t venue : {0U, 1U}) {
        ReportInputs rest = inputs();
        for (std::size_t row = 0; row < rest.book.contracts.size(); ++row) {
            if (rest.book.contracts[row].venue == VenueSlot(static_cast<std::uint16_t>(venue))) {
                rest.book.holdings[row] = {};
            }
        }
        const double want = value_of(make_risk_report(rest), "var_99_usd");
        ASSERT_GT(want, 0.0);
        EXPECT_NEAR(stress_of(report, venue == 0 ? "VENUE:alpha" : "VENUE:beta").var_99_usd, want, 1e-9 * want);
    }
    ReportInputs blind = inputs();
    blind.histories.clear();
    EXPECT_TRUE(std::isnan(stress_of(make_risk_report(blind), "VENUE:alpha").var_99_usd));
}

}  // namespace
}  // namespace keel::risk
