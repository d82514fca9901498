#include <gtest/gtest.h>

#include <iostream>
#include <map>

#include "risk/options/implied_volatility.hpp"
#include "tests/support/csv_rows.hpp"
#include "tests/support/test_data.hpp"

namespace keel::risk {
namespace {

const std::map<std::string, ImpliedStatus> kStatuses{{"OK", ImpliedStatus::ok},
                                                     {"BAD_INPUT", ImpliedStatus::bad_input},
                                                     {"BELOW_INTRINSIC", ImpliedStatus::below_intrinsic},
                                                     {"AT_INTRINSIC", ImpliedStatus::at_intrinsic},
                                                     {"ABOVE_MAX", ImpliedStatus::above_max}};

TEST(ImpliedVolatilityVectorsTest, MatchesEveryRow) {
    const auto path = test::vectors_path("implied_vol.csv");
    KEEL_SKIP_WITHOUT(path);
    const test::CsvRows rows{test::read_file(*path)};
    ASSERT_GT(rows.size(), 0U);
    double worst = 0.0;
    int steps = 0;
    for (const test::CsvRow& row : rows) {
        const std::string& unit = row.text("price_unit");
        ASSERT_TRUE(unit == "usd" || unit == "coin") << row.text("id");
        const ImpliedVolatility got = implied_volatility({
            .forward = row.number("F"),
            .strike = row.number("K"),
            .years = row.number("T"),
            .rate = row.number("r"),
            .price = row.number("price"),
            .unit = unit == "coin" ? PremiumUnit::coin : PremiumUnit::usd,
            .type = row.text("type") == "C" ? OptionType::call : OptionType::put,
        });
        ASSERT_TRUE(kStatuses.contains(row.text("expect"))) << row.text("id");
        EXPECT_EQ(got.status, kStatuses.at(row.text("expect"))) << row.text("id");
        if (got.status != ImpliedStatus::ok) {
            EXPECT_EQ(got.volatility, 0.0) << row.text("id");
            continue;
        }
        const double want = row.number("sigma");
        const double tolerance = row.number("sigma_rtol");
        EXPECT_LE(std::abs(got.volatility - want), tolerance * want)
            << row.text("id") << " got " << got.volatility << " want " << want;
        if (tolerance <= 1e-12) worst = std::max(worst, std::abs(got.volatility / want - 1.0));
        steps = std::max<int>(steps, got.steps);
    }
    std::cout << "[ vectors  ] implied_vol.csv: " << rows.size()
              << " rows; worst relative error where 1e-12 is asked: " << worst << ", most steps " << steps << '\n';
}

}  // namespace
}  // namespace keel::risk
