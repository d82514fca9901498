#include "risk/options/perpetual_fair.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/support/test_data.hpp"
#include "tests/support/vector_cases.hpp"

namespace keel::risk {
namespace {

const std::map<std::string, FundingConvention> kConventions{{"prev", FundingConvention::previous_spot},
                                                            {"curr", FundingConvention::current_spot},
                                                            {"cont", FundingConvention::continuous}};

PerpetualTerms eight_hours() {
    return {.spot = 60'000.0,
            .rate = 0.05,
            .asset_yield = 0.01,
            .kappa = 0.2,
            .iota = 0.0001,
            .period_years = 8.0 / 8'760.0};
}

TEST(PerpetualFairTest, MatchesEveryRowOfTheFile) {
    const auto path = test::vectors_path("perp_fair.json");
    KEEL_SKIP_WITHOUT(path);
    const nlohmann::json cases = nlohmann::json::parse(test::read_file(*path));
    test::VectorCases unknown{"perp_fair.json"};
    int checked = 0;
    for (const nlohmann::json& row : cases) {
        unknown.members(row, {"source", "spot", "r", "q", "kappa", "iota", "dt", "fair"});
        PerpetualTerms terms{.spot = row.at("spot"),
                             .rate = row.at("r"),
                             .asset_yield = row.at("q"),
                             .kappa = row.at("kappa"),
                             .iota = row.at("iota"),
                             .period_years = row.at("dt")};
        for (const auto& [name, want] : row.at("fair").items()) {
            const std::size_t cut = name.find('_');
            const std::string kind = name.substr(0, cut);
            const auto convention = kConventions.find(name.substr(cut + 1));
            if ((kind != "linear" && kind != "inverse") || convention == kConventions.end()) {
                unknown.skip(name);
                continue;
            }
            terms.convention = convention->second;
            const auto got = kind == "linear" ? linear_perpetual_fair(terms) : inverse_perpetual_fair(terms);
            ASSERT_TRUE(got.has_value()) << name;
            EXPECT_NEAR(*got, want.get<double>(), 1e-12 * want.get<double>()) << name;
            ++checked;
        }
    }
    EXPECT_GT(checked, 0);
    std::cout << "[ vectors  ] perp_fair.json: " << checked << " values\n";
    unknown.report();
}

// The definition itself: with f = ratio x spot now and later, the expected cash of a period is nothing.
TEST(PerpetualFairTest, NeitherSideExpectsToGain) {
    PerpetualTerms terms = eight_hours();
    const double x = terms.spot;
    for (const FundingConvention convention : {FundingConvention::previous_spot, FundingConvention::current_spot}) {
        terms.convention = convention;
        const double f = linear_perpetual_fair(terms).value();
        const double growth = std::exp((terms.rate - terms.asset_yield) * terms.period_years);
        const double paid_on = convention == FundingConvention::current_spot ? growth : 1.0;
        const double funding = (terms.kappa * (f - x) + terms.iota * x) * paid_on;
        EXPECT_NEAR(f * growth - f - funding, 0.0, 1e-9);
        const double h = 1.0 / inverse_perpetual_fair(terms).value(), y = 1.0 / x;
        const double coin_growth = 1.0 / growth;
        const double coin_paid_on = convention == FundingConvention::current_spot ? coin_growth : 1.0;
        const double coin_funding = (terms.kappa * (h - y) + terms.iota * y) * coin_paid_on;
        EXPECT_NEAR((h * coin_growth - h - coin_funding) / y, 0.0, 1e-13);
    }
}

TEST(PerpetualFairTest, ManyShortPeriodsAreContinuousFunding) {
    PerpetualTerms continuous{.spot = 100.0,
                              .rate = 0.04,
                              .asset_yield = 0.01,
                              .kappa = 3.0,
                              .iota = 0.01,
                              .convention = FundingConvention::continuous};
    PerpetualTerms discrete = continuous;
    discrete.period_years = 1e-7;
    discrete.kappa *= discrete.period_years;
    discrete.iota *= discrete.period_years;
    for (const FundingConvention convention : {FundingConvention::previous_spot, FundingConvention::current_spot}) {
        discrete.convention = convention;
        EXPECT_NEAR(linear_perpetual_fair(discrete).value(), linear_perpetual_fair(continuous).value(), 1e-5);
        EXPECT_NEAR(inverse_perpetual_fair(discrete).value(), inverse_perpetual_fair(continuous).value(), 1e-5);
    }
}

TEST(PerpetualFairTest, IsTheSpotWhereFundingCarriesExactlyTheRate) {
    PerpetualTerms terms = eight_hours();
    terms.iota = std::expm1((terms.rate - terms.asset_yield) * terms.period_years);
    EXPECT_NEAR(linear_perpetual_fair(terms).value(), terms.spot, 1e-9);
}

TEST(PerpetualFairTest, AnswersNothingWhereThereIsNoFinitePrice) {
    PerpetualTerms weak = eight_hours();
    weak.kappa = 1e-7;  // weaker than the carry
    weak.iota = 0.0;
    EXPECT_FALSE(linear_perpetual_fair(weak).has_value());
    PerpetualTerms negative = eight_hours();
    negative.iota = 0.3;
    EXPECT_FALSE(linear_perpetual_fair(negative).has_value());
    const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
    for (double PerpetualTerms::*field :
         {&PerpetualTerms::spot, &PerpetualTerms::rate, &PerpetualTerms::asset_yield, &PerpetualTerms::kappa,
          &PerpetualTerms::iota, &PerpetualTerms::period_years}) {
        for (const double bad : {nan, infinity, -infinity}) {
            PerpetualTerms terms = eight_hours();
            terms.*field = bad;
            EXPECT_FALSE(linear_perpetual_fair(terms).has_value());
            EXPECT_FALSE(inverse_perpetual_fair(terms).has_value());
        }
    }
    PerpetualTerms still = eight_hours();
    still.period_years = 0.0;
    EXPECT_FALSE(linear_perpetual_fair(still).has_value());
}

}  // namespace
}  // namespace keel::risk
