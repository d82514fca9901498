#include "risk/portfolio/contract_pnl.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <map>

#include "tests/support/csv_rows.hpp"
#include "tests/support/test_data.hpp"
#include "tests/support/vector_cases.hpp"

namespace keel::risk {
namespace {

TEST(ContractPnlTest, MatchesEveryFuturesRow) {
    const auto path = test::vectors_path("futures_pnl.csv");
    KEEL_SKIP_WITHOUT(path);
    const test::CsvRows rows{test::read_file(*path)};
    ASSERT_GT(rows.size(), 0U);
    // What each kind is; funding is of perpetuals only.
    struct Kind {
        ContractForm form;
        bool perpetual;
    };
    const std::map<std::string, Kind> kinds{{"inverse_future", {ContractForm::inverse, false}},
                                            {"inverse_perp", {ContractForm::inverse, true}},
                                            {"linear_future", {ContractForm::linear, false}},
                                            {"linear_perp", {ContractForm::linear, true}},
                                            {"spot", {ContractForm::linear, false}}};
    test::VectorCases cases{"futures_pnl.csv"};
    std::size_t known = 0;
    for (const test::CsvRow& row : rows) {
        const auto kind = kinds.find(row.text("kind"));
        if (kind == kinds.end()) {
            cases.skip(row.text("id") + " kind " + row.text("kind"));
            continue;
        }
        if (!cases.knows(row.text("settle"), {"coin", "usd"}, row.text("id") + " settle")) continue;
        ++known;
        const auto [form, perpetual] = kind->second;
        const double face = row.number("face"), quantity = row.number("qty"), mark = row.number("mark");
        const auto expect = [&](const char* column, double got) {
            const double want = row.number(column);
            EXPECT_LE(std::abs(got - want), 1e-13 * std::abs(want)) << row.text("id") << ' ' << column;
        };
        const double pnl = contract_pnl(form, face, quantity, row.number("entry"), mark);
        expect("pnl_settle", pnl);
        expect("pnl_usd", row.text("settle") == "coin" ? pnl * row.number("index") : pnl);
        expect("delta_coin", contract_delta_coins(form, face, quantity, mark));
        expect("d2_settle_dP2", contract_convexity(form, face, quantity, mark));
        const double rate = perpetual ? row.number("funding_rate") : 0.0;
        EXPECT_NEAR(funding_cash(form, face, quantity, mark, rate), row.number("funding_settle"),
                    1e-13 * std::abs(row.number("funding_settle")))
            << row.text("id");
    }
    EXPECT_GT(known, 0U);
    std::cout << "[ vectors  ] futures_pnl.csv: " << known << " rows\n";
    cases.report();
}

TEST(ContractPnlTest, AveragesInverseEntriesHarmonically) {
    Holding holding;
    EXPECT_EQ(apply_fill(holding, ContractForm::inverse, 10.0, 100.0, 50'000.0), 0.0);
    EXPECT_EQ(apply_fill(holding, ContractForm::inverse, 10.0, 300.0, 60'000.0), 0.0);
    EXPECT_DOUBLE_EQ(holding.entry, 400.0 / (100.0 / 50'000.0 + 300.0 / 60'000.0));
    const double together = contract_pnl(ContractForm::inverse, 10.0, 400.0, holding.entry, 55'000.0);
    const double apart = contract_pnl(ContractForm::inverse, 10.0, 100.0, 50'000.0, 55'000.0) +
                         contract_pnl(ContractForm::inverse, 10.0, 300.0, 60'000.0, 55'000.0);
    EXPECT_NEAR(together, apart, 1e-15);
}

TEST(ContractPnlTest, KeepsTheEntryOnAPartialCloseAndReopensOnAFlip) {
    Holding holding{.quantity = 4.0, .entry = 100.0};
    EXPECT_DOUBLE_EQ(apply_fill(holding, ContractForm::linear, 1.0, -1.0, 110.0), 10.0);
    EXPECT_EQ(holding.entry, 100.0);
    EXPECT_EQ(holding.quantity, 3.0);
    EXPECT_DOUBLE_EQ(apply_fill(holding, ContractForm::linear, 1.0, -5.0, 90.0), -30.0);
    EXPECT_EQ(holding.quantity, -2.0);
    EXPECT_EQ(holding.entry, 90.0);
    EXPECT_DOUBLE_EQ(apply_fill(holding, ContractForm::linear, 1.0, 2.0, 80.0), 20.0);
    EXPECT_EQ(holding.quantity, 0.0);
    EXPECT_EQ(holding.entry, 0.0);
}

}  // namespace
}  // namespace keel::risk
