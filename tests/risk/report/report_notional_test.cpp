#include <gtest/gtest.h>

#include "risk/report/risk_report.hpp"
#include "tests/risk/report/report_subject.hpp"
#include "tests/risk/stress/stress_book.hpp"

namespace keel::risk {
namespace {

using test::value_of;

// Four coins for 50,050 a piece, in a coin worth 0.9 USD and in one worth 1.08; 20,000 USD short and twenty options.
TEST(ReportNotionalTest, NotionalsInStablecoinsAreCountedAtTheirPrices) {
    ReportInputs in;
    const auto [book, market] = test::stress_book();
    in.book = book;
    in.market = market;
    in.market.stables = {0.9, 1.08};
    in.book.stable_names.emplace_back("EUR");
    Contract euro = in.book.contracts[0];
    euro.stable = StableSlot{1};
    in.book.contracts.push_back(euro);
    in.book.holdings.push_back({.quantity = -1.0, .entry = 48'000.0});
    in.book.names.emplace_back("PF");
    in.market.quotes.push_back({.mark = 50'050.0});
    const RiskReport report = make_risk_report(in);
    const double usdc = 0.9 * 4.0 * 50'050.0, eur = 1.08 * 50'050.0;
    EXPECT_NEAR(value_of(report, "gross_notional_usd"), usdc + eur + 20'000.0 + 20.0 * 50'000.0, 1e-6);
    EXPECT_NEAR(value_of(report, "gross_notional_usd", "BTC"), usdc + eur + 20'000.0 + 20.0 * 50'000.0, 1e-6);
    EXPECT_NEAR(value_of(report, "net_notional_usd", "BTC"), usdc - eur - 20'000.0 - 20.0 * 50'000.0, 1e-6);
    EXPECT_DOUBLE_EQ(value_of(report, "leverage_gross"), value_of(report, "gross_notional_usd") / report.equity_usd);
    double cells = 0.0;
    for (const ExposureRow& row : report.exposures) cells += row.notional_usd;
    EXPECT_NEAR(cells, value_of(report, "gross_notional_usd"), 1e-6);
    const double coin = 20'000.0 + 20.0 * 50'000.0, all = usdc + eur + coin;
    EXPECT_NEAR(value_of(report, "concentration_stablecoin"), (usdc * usdc + eur * eur + coin * coin) / (all * all),
                1e-12);
}

}  // namespace
}  // namespace keel::risk
