#include <gtest/gtest.h>

#include <iostream>
#include <map>

#include "risk/options/implied_volatility.hpp"
#include "tests/support/csv_rows.hpp"
#include "tests/support/test_data.hpp"
#include "tests/support/vector_cases.hpp"

namespace keel::risk {
namespace {

const std::map<std::string, ImpliedStatus> kStatuses{{"OK", ImpliedStatus::ok},
                                                     {"BAD_INPUT", ImpliedStatus::bad_input},
                                                     {"BELOW_INTRINSIC", ImpliedStatus::below_intrinsic},
                                                     {"AT_INTRINSIC", ImpliedStatus::at_intrinsic},
                                                     {"ABOVE_MAX", ImpliedStatus::above_max}};

const std::set<std::string> kKinds{"boundary", "coin_tick", "deep_otm", "extreme_sigma",
                                   "itm",      "near_cap",  "otm",      "ulp_itm"};

TEST(ImpliedVolatilityVectorsTest, MatchesEveryRow) {
    const auto path = test::vectors_path("implied_vol.csv");
    KEEL_SKIP_WITHOUT(path);
    const test::CsvRows rows{test::read_file(*path)};
    ASSERT_GT(rows.size(), 0U);
    double worst = 0.0;
    int steps = 0;
    std::size_t known = 0;
    test::VectorCases cases{"implied_vol.csv"};
    for (const test::CsvRow& row : rows) {
        const std::string& unit = row.text("price_unit");
        const std::string& id = row.text("id");
        if (!cases.knows(row.text("kind"), kKinds, id) || !cases.knows(unit, {"coin", "usd"}, id) ||
            !cases.knows(row.text("type"), {"C", "P"}, id)) {
            continue;
        }
        if (!kStatuses.contains(row.text("expect"))) {
            cases.skip(id + " expect " + row.text("expect"));
            continue;
        }
        ++known;
        const ImpliedVolatility got = implied_volatility({
            .forward = row.number("F"),
            .strike = row.number("K"),
            .years = row.number("T"),
            .rate = row.number("r"),
            .price = row.number("price"),
            .unit = unit == "coin" ? PremiumUnit::coin : PremiumUnit::usd,
            .type = row.text("type") == "C" ? OptionType::call : OptionType::put,
        });
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
    EXPECT_GT(known, 0U);
    cases.report();
    std::cout << "[ vectors  ] implied_vol.csv: " << known
              << " rows; worst relative error where 1e-12 is asked: " << worst << ", most steps " << steps << '\n';
}

}  // namespace
}  // namespace keel::risk
