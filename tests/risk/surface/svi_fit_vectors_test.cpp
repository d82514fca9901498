#include <gtest/gtest.h>

#include <iostream>

#include "risk/surface/svi_fit.hpp"
#include "tests/risk/surface/svi_json.hpp"
#include "tests/support/vector_cases.hpp"

namespace keel::risk {
namespace {

using nlohmann::json;

// The reference's error: sqrt(sum w d^2 / sum w) with w = vega/F.
double weighted_error(const SviParameters& svi, const std::vector<SviPoint>& points, double years) {
    double sum = 0.0;
    double weights = 0.0;
    for (const SviPoint& point : points) {
        const double gap = std::sqrt(svi_total_variance(svi, point.k) / years) - point.volatility;
        sum += point.weight * gap * gap;
        weights += point.weight;
    }
    return std::sqrt(sum / weights);
}

TEST(SviFitVectorsTest, MeetsTheReferenceOnEveryCase) {
    const auto path = test::vectors_path("svi_fit.json");
    KEEL_SKIP_WITHOUT(path);
    const json cases = test::vectors_of(*path);
    ASSERT_GT(cases.size(), 0U);
    test::VectorCases unknown{"svi_fit.json"};
    for (const json& row : cases) {
        const std::string id = row.at("id");
        unknown.members(
            row, {"id", "F", "T", "quotes", "true_params", "ref_params", "ref_weighted_rmse_iv", "accept", "source"});
        const double years = row.at("T");
        const double forward = row.at("F");
        std::vector<SviPoint> points;
        for (const json& quote : row.at("quotes")) {
            points.push_back(
                {.k = quote.at("k"),
                 .volatility = quote.at("iv"),
                 .weight = quote.at("vega").get<double>() / forward,
                 .half_spread = 0.5 * (quote.at("iv_ask").get<double>() - quote.at("iv_bid").get<double>())});
        }
        const SviParameters reference = test::svi_of(row.at("ref_params"));
        const double reference_error = row.at("ref_weighted_rmse_iv");
        SviFit fit;
        const SviFitStatus status = svi_fit({.points = points, .years = years, .is_robust = false}, fit);
        ASSERT_TRUE(is_fitted(status)) << id;
        double largest = 0.0;
        for (const SviPoint& point : points) {
            const double gap = std::sqrt(svi_total_variance(fit.svi, point.k) / years) - point.volatility;
            largest = std::max(largest, std::abs(gap));
        }
        const double error = weighted_error(fit.svi, points, years);
        const std::string accept = row.at("accept");
        if (accept.starts_with("max |iv_fit-iv|")) {
            EXPECT_LE(largest, 1e-7) << id;
        } else if (!accept.starts_with("weighted rmse_iv")) {
            unknown.skip(id + " acceptance " + accept);
        } else {
            EXPECT_NEAR(weighted_error(reference, points, years), reference_error, 1e-9) << id;
            EXPECT_LE(error, 1.05 * reference_error) << id;
        }
        if (svi_butterfly(reference).is_free()) {
            EXPECT_TRUE(svi_butterfly(fit.svi).is_free()) << id;
        }
        std::cout << "[ vectors  ] " << id << ": error " << error << " (reference " << reference_error << "), largest "
                  << largest << ", evaluations " << fit.evaluations << '\n';
    }
    std::cout << "[ vectors  ] svi_fit.json: " << cases.size() << " rows\n";
    unknown.report();
}

}  // namespace
}  // namespace keel::risk
