// What the report makes of the moves of two coins together, and of a coin whose moves are not known.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <utility>

#include "tests/risk/report/report_subject.hpp"

namespace keel::risk {
namespace {

using test::stress_of;
using test::tail_of;
using test::two_coins;
using test::value_of;

TEST(RiskReportTest, CorrelationsArePushedPartOfTheWay) {
    const RiskReport report = make_risk_report(two_coins());
    for (const auto& [id, part] : {std::pair{"CORR1:0.5", 0.5}, {"CORR1:0.9", 0.9}, {"CORR1", 1.0}}) {
        const double rho = 0.5 + part * 0.5;
        const double want = std::sqrt(3'000.0 * 3'000.0 + 3'000.0 * 3'000.0 - 2.0 * rho * 3'000.0 * 3'000.0);
        EXPECT_NEAR(stress_of(report, id).sigma_usd, want, 0.2) << id;  // of central differences of 1 %
        EXPECT_NEAR(stress_of(report, id).var_99_usd, 2.3263478740408408 * want, 0.5) << id;
    }
    EXPECT_NEAR(stress_of(report, "CORR_AGAINST").sigma_usd, 6'000.0, 0.2);
}

// Three coins, of which the third moves with both others and these against each other: no market does.
TEST(RiskReportTest, CorrelationsThatCannotBeAreRepairedAndMissingOnesAreOne) {
    ReportInputs in = two_coins();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    in.correlations = {1.0, nan, nan, nan};
    const RiskReport missing = make_risk_report(in);
    EXPECT_EQ(
        std::ranges::count(missing.notes, "no history and no correlations of some: those taken as moving together"), 1);
    in.correlations.clear();
    EXPECT_EQ(tail_of(missing, "normal").var_99_usd, tail_of(make_risk_report(in), "normal").var_99_usd);
    in.book.underlying_names.emplace_back("SOL");
    in.market.underlyings.push_back({.index = 150.0});
    in.histories.push_back({.daily_volatility = 0.06});
    in.correlations = {1.0, -0.9, 0.9, -0.9, 1.0, 0.9, 0.9, 0.9, 1.0};
    const std::string note = "the correlations given contradict each other: the nearest that do not are used";
    EXPECT_EQ(std::ranges::count(make_risk_report(in).notes, note), 1);
    in.correlations = {1.0, -0.4, 0.4, -0.4, 1.0, 0.4, 0.4, 0.4, 1.0};
    EXPECT_EQ(std::ranges::count(make_risk_report(in).notes, note), 0);
}

// A history that is too short, or that another coin has none beside, still tells its coin's own volatility.
TEST(RiskReportTest, WithoutACommonHistoryEachCoinMovesByItsOwn) {
    ReportInputs in = two_coins();
    std::mt19937_64 random{test::kReportSeed};
    std::normal_distribution daily{0.0, 0.03};
    double variance = 0.0;
    for (std::size_t day = 0; day < 80; ++day) {
        const double move = in.histories[0].returns.emplace_back(daily(random));
        variance = day < 50 ? variance + move * move / 50.0 : 0.94 * variance + 0.06 * move * move;
    }
    in.histories[0].daily_volatility = std::sqrt(variance);
    const RiskReport want = make_risk_report(in);
    in.histories[0].daily_volatility = std::numeric_limits<double>::quiet_NaN();
    const RiskReport report = make_risk_report(in);
    EXPECT_NEAR(value_of(report, "var_99_usd"), value_of(want, "var_99_usd"), 1e-9 * value_of(want, "var_99_usd"));
    EXPECT_EQ(find_metric(report, "var_99_usd", "")->quality, "good");
}

TEST(RiskReportTest, ACoinOfWhichNoMovesAreKnownIsNamedByEveryTail) {
    ReportInputs in = two_coins();
    in.histories[1].daily_volatility = std::numeric_limits<double>::quiet_NaN();
    const RiskReport report = make_risk_report(in);
    for (const char* metric : {"var_99_usd", "es_975_usd", "leverage_risk"}) {
        EXPECT_EQ(find_metric(report, metric, "")->quality, "a price stands still") << metric;
    }
    EXPECT_EQ(find_metric(report, "leverage_gross", "")->quality, "good");
    EXPECT_EQ(
        std::ranges::count(report.notes,
                           "ETH: neither daily returns nor a daily volatility, its price stands still in every tail"),
        1);
}

}  // namespace
}  // namespace keel::risk
