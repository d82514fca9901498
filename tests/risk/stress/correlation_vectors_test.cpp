#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "risk/stress/correlation_stress.hpp"
#include "risk/tail/distributions.hpp"
#include "tests/support/test_data.hpp"

namespace keel::risk {
namespace {

using nlohmann::json;

json microstructure() {
    const auto path = keel::test::vectors_path("microstructure.json");
    return path ? json::parse(keel::test::read_file(*path)) : json{};
}

TEST(CorrelationVectorsTest, TowardsOne) {
    KEEL_SKIP_WITHOUT(keel::test::vectors_path("microstructure.json"));
    const json file = microstructure();
    std::vector<double> covariance;
    for (const json& row : file.at("corr_to_one_inputs").at("cov")) {
        for (const json& cell : row) covariance.push_back(cell);
    }
    const auto exposures = file.at("corr_to_one_inputs").at("exposure").get<std::vector<double>>();
    ASSERT_FALSE(file.at("corr_to_one").empty());
    for (const json& row : file.at("corr_to_one")) {
        const double want = row.at("sigma");
        EXPECT_NEAR(sigma_with_correlations_towards_one(covariance, exposures, row.at("a")), want, 1e-9 * want);
    }
}

TEST(CorrelationVectorsTest, GaussianCoVar) {
    KEEL_SKIP_WITHOUT(keel::test::vectors_path("microstructure.json"));
    const json want = microstructure().at("covar_gaussian");
    const GaussianCoVar got = gaussian_covar(want.at("rho"), want.at("sigma_sys"), normal_quantile(want.at("q")));
    EXPECT_NEAR(got.covar, want.at("CoVaR").get<double>(), 1e-9);
    EXPECT_NEAR(got.delta_covar, want.at("delta_CoVaR").get<double>(), 1e-9);
}

TEST(CorrelationVectorsTest, WorstSignsBoundEveryCorrelation) {
    const std::vector<double> covariance{0.04, 0.01, 0.01, 0.09};
    const std::vector<double> exposures{100.0, -50.0};
    const double worst = sigma_with_worst_signs(covariance, exposures);
    EXPECT_DOUBLE_EQ(worst, 100.0 * 0.2 + 50.0 * 0.3);
    for (const double a : {0.0, 0.5, 1.0}) {
        EXPECT_LE(sigma_with_correlations_towards_one(covariance, exposures, a), worst);
    }
    EXPECT_TRUE(std::isnan(sigma_with_correlations_towards_one(covariance, exposures, 1.5)));
}

}  // namespace
}  // namespace keel::risk
