#include <array>
#include <cmath>
#include <limits>
#include <random>

#include "risk/matrix/cholesky.hpp"
#include "risk/matrix/covariance.hpp"
#include "risk/matrix/positive_semidefinite.hpp"
#include "risk/matrix/sample_covariance.hpp"
#include "risk/matrix/scaled_covariance.hpp"
#include "risk/matrix/shrinkage.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

using keel::test::kNaN;

TEST(EwmaCovarianceTest, AFactorThatIsNotLiveKeepsItsRowBitForBit) {
    EwmaCovariance covariance{{.factors = 6, .decay = 0.9, .seed_bars = 2}};
    std::mt19937_64 random{3};
    std::normal_distribution<double> normal{0.0, 0.01};
    std::vector<double> x(6);
    std::vector<std::uint8_t> live(6, 1);
    for (int bar = 0; bar < 20; ++bar) {
        for (double& value : x) value = normal(random);
        covariance.on_bar(x, live);
    }
    std::vector<double> before(36);
    covariance.write_matrix(before);
    live[4] = 0;
    x[4] = kNaN;  // what a dead factor brings is not looked at
    EXPECT_EQ(covariance.on_bar(x, live), Observation::taken);
    EXPECT_EQ(covariance.live_count(), 5U);
    EXPECT_TRUE(covariance.ragged());
    EXPECT_EQ(covariance.refused(), 0U);
    for (std::size_t j = 0; j < 6; ++j) EXPECT_EQ(covariance.covariance(4, j), before[4 * 6 + j]) << j;
    EXPECT_NE(covariance.covariance(5, 3), before[5 * 6 + 3]);
    EXPECT_NEAR(covariance.covariance(5, 3), 0.9 * before[5 * 6 + 3] + 0.1 * x[5] * x[3], 1e-18);
}

TEST(EwmaCovarianceTest, AReturnThatIsNoneCountsAsNotLive) {
    EwmaCovariance covariance{{.factors = 2, .seed_bars = 1}};
    const std::array<std::uint8_t, 2> live{1, 1};
    covariance.on_bar(std::array{0.01, 0.02}, live);
    EXPECT_EQ(covariance.on_bar(std::array{kNaN, 0.03}, live), Observation::taken);
    EXPECT_EQ(covariance.refused(), 1U);
    EXPECT_DOUBLE_EQ(covariance.covariance(0, 0), 1e-4);
    EXPECT_EQ(covariance.on_bar(std::array{kNaN, 1e9}, live), Observation::waiting);
    EXPECT_EQ(covariance.live_count(), 0U);
    EXPECT_TRUE(std::isfinite(covariance.covariance(1, 0)));
}

// A factor that is listed later starts with the plain mean of its own bars.
TEST(EwmaCovarianceTest, ALateFactorIsNotDilutedByTheBarsBeforeIt) {
    EwmaCovariance covariance{{.factors = 2, .decay = 0.94, .seed_bars = 4}};
    for (int bar = 0; bar < 50; ++bar) {
        covariance.on_bar(std::array{0.01, 0.0}, std::array<std::uint8_t, 2>{1, 0});
    }
    EXPECT_FALSE(covariance.seeded(1));
    for (int bar = 0; bar < 4; ++bar) {
        covariance.on_bar(std::array{0.01, 0.02}, std::array<std::uint8_t, 2>{1, 1});
    }
    EXPECT_TRUE(covariance.seeded(1));
    EXPECT_FALSE(covariance.warm(1));
    EXPECT_NEAR(covariance.covariance(1, 1), 4e-4, 1e-18);
    EXPECT_NEAR(covariance.correlation(1, 0), 1.0, 1e-12);
}

TEST(EwmaCovarianceTest, StartsFromAMatrixAndRefusesABadOne) {
    EwmaCovariance covariance{{.factors = 2}};
    EXPECT_EQ(covariance.start(std::array{1.0, 0.0, kNaN, 1.0}), Observation::not_finite);
    EXPECT_EQ(covariance.start(std::array{1.0, 0.0, 0.5, -1.0}), Observation::not_positive);
    EXPECT_EQ(covariance.start(std::array{1.0, 0.0, 0.5, 1e300}), Observation::absurd);
    EXPECT_EQ(covariance.covariance(0, 0), 0.0);
    EXPECT_EQ(covariance.start(std::array{4.0, 1.0, 1.0, 9.0}), Observation::restarted);
    std::array<double, 2> row{};
    covariance.write_row(0, row);
    EXPECT_EQ(row, (std::array{4.0, 1.0}));
    EXPECT_TRUE(covariance.seeded(1));
}

TEST(ScaledCovarianceTest, JoinsSlowCorrelationsWithFastVolatilities) {
    ScaledCovariance scaled{5};
    std::vector<double> correlations(25, 0.5);
    for (std::size_t i = 0; i < 5; ++i) correlations[i * 6] = 1.0;
    ASSERT_TRUE(scaled.set_correlations(correlations));
    for (std::size_t i = 0; i < 5; ++i) ASSERT_TRUE(scaled.set_volatility(i, 0.1 * static_cast<double>(i + 1)));
    std::vector<double> row(5);
    scaled.write_row(2, row);
    for (std::size_t j = 0; j < 5; ++j) {
        EXPECT_DOUBLE_EQ(row[j], (j == 2 ? 1.0 : 0.5) * 0.3 * 0.1 * static_cast<double>(j + 1));
        EXPECT_EQ(row[j], scaled.covariance(2, j));
        EXPECT_EQ(scaled.covariance(2, j), scaled.covariance(j, 2));
    }
    std::vector<double> sum(5, 1.0);
    scaled.add_row(2, -2.0, sum);
    for (std::size_t j = 0; j < 5; ++j) EXPECT_EQ(sum[j], 1.0 + -2.0 * row[j]);
    ASSERT_TRUE(scaled.set_correlation_row(0, std::array{1.0, 0.1, 0.2, 0.3, 0.4}));
    EXPECT_EQ(scaled.correlation(3, 0), 0.3);
    std::vector<double> matrix(25);
    scaled.write_matrix(matrix);
    EXPECT_EQ(matrix[3 * 5 + 0], scaled.covariance(3, 0));
}

// The incremental form says what the definition says: whole, and when one factor has moved.
TEST(ScaledCovarianceTest, IsTheEwmaCovarianceOfItsCorrelationsAndVolatilities) {
    constexpr std::size_t kFactors = 30;
    constexpr std::size_t kMoved = 11;
    EwmaCovariance definition{{.factors = kFactors, .decay = 0.94, .seed_bars = 10}};
    std::mt19937_64 random{7};
    std::normal_distribution<double> normal{0.0, 0.01};
    std::vector<std::uint8_t> live(kFactors, 1);
    std::vector<double> returns(kFactors);
    const auto next_bar = [&] {
        const double common = normal(random);
        for (double& value : returns) value = common + normal(random);
        definition.on_bar(returns, live);
    };
    for (int bar = 0; bar < 60; ++bar) next_bar();
    ScaledCovariance scaled{kFactors};
    std::vector<double> correlations(kFactors * kFactors);
    const auto volatility = [&](std::size_t i) { return std::sqrt(definition.covariance(i, i)); };
    for (std::size_t i = 0; i < kFactors; ++i) {
        for (std::size_t j = 0; j < kFactors; ++j) correlations[i * kFactors + j] = definition.correlation(i, j);
        ASSERT_TRUE(scaled.set_volatility(i, volatility(i)));
    }
    ASSERT_TRUE(scaled.set_correlations(correlations));
    std::vector<double> row(kFactors);
    for (std::size_t i = 0; i < kFactors; ++i) {
        scaled.write_row(i, row);
        for (std::size_t j = 0; j < kFactors; ++j) {
            const double scale = volatility(i) * volatility(j);
            EXPECT_NEAR(row[j], definition.covariance(i, j), 1e-15 * scale) << i << ", " << j;
        }
    }
    // A bar of this factor alone: its variance moves, its covariances cannot.
    const double variance = definition.covariance(kMoved, kMoved);
    const double beside = definition.covariance(kMoved, kMoved + 1);
    live.assign(kFactors, 0);
    live[kMoved] = 1;
    next_bar();
    EXPECT_NE(definition.covariance(kMoved, kMoved), variance);
    EXPECT_EQ(definition.covariance(kMoved, kMoved + 1), beside);
    ASSERT_TRUE(scaled.set_volatility(kMoved, volatility(kMoved)));
    scaled.write_row(kMoved, row);
    for (std::size_t j = 0; j < kFactors; ++j) {
        const double want = correlations[kMoved * kFactors + j] * volatility(kMoved) * volatility(j);
        EXPECT_NEAR(row[j], want, 1e-15 * volatility(kMoved) * volatility(j)) << j;
    }
    EXPECT_NEAR(row[kMoved], definition.covariance(kMoved, kMoved), 1e-15 * row[kMoved]);
}

TEST(ScaledCovarianceTest, RefusesWhatIsNoCorrelationAndNoVolatility) {
    ScaledCovariance scaled{2};
    EXPECT_FALSE(scaled.set_correlations(std::array{1.0, 0.5, 0.4, 1.0}));
    EXPECT_FALSE(scaled.set_correlations(std::array{1.0, 1.1, 1.1, 1.0}));
    EXPECT_FALSE(scaled.set_correlations(std::array{1.0, kNaN, kNaN, 1.0}));
    EXPECT_FALSE(scaled.set_correlations(std::array{0.9, 0.5, 0.5, 1.0}));
    EXPECT_FALSE(scaled.set_correlation_row(0, std::array{1.0, kNaN}));
    EXPECT_FALSE(scaled.set_volatility(0, kNaN));
    EXPECT_FALSE(scaled.set_volatility(0, -0.1));
    EXPECT_EQ(scaled.refused(), 7U);
    EXPECT_EQ(scaled.covariance(0, 1), 0.0);
}

TEST(ShrinkageTest, CorrelationsShrinkAndVariancesStay) {
    std::vector<double> matrix{4.0, 3.0, 0.0, 3.0, 9.0, 0.0, 0.0, 0.0, 0.0};
    const auto intensity = shrink_correlations(matrix, 3, 20.0);
    ASSERT_TRUE(intensity.has_value());
    // By hand: two factors that vary, correlation 0.5: tr S^2 = 2.5, tr S = 2, (0 + 4) / (20 * 0.5).
    EXPECT_NEAR(*intensity, 0.4, 1e-15);
    EXPECT_NEAR(matrix[1], 3.0 * 0.6, 1e-15);
    EXPECT_EQ(matrix[3], matrix[1]);
    EXPECT_EQ(matrix[0], 4.0);
    EXPECT_EQ(matrix[4], 9.0);
    EXPECT_EQ(matrix[8], 0.0);
}

TEST(ShrinkageTest, SaysNothingOfWhatIsNotFinite) {
    std::vector<double> matrix{1.0, kNaN, kNaN, 1.0};
    EXPECT_FALSE(shrink_correlations(matrix, 2, 20.0).has_value());
    EXPECT_FALSE(oas_intensity(matrix, 2, 20.0).has_value());
    std::vector<double> still(4, 0.0);
    EXPECT_FALSE(shrink_correlations(still, 2, 20.0).has_value());
    const std::array observations{0.1, 0.2, kNaN, 0.1};
    std::array<double, 4> out{};
    EXPECT_FALSE(sample_covariance(observations, 2, SampleMean::zero, out));
    EXPECT_FALSE(shrink_constant_correlation(observations, 2, SampleMean::zero, out).has_value());
    EXPECT_FALSE(shrink_identity(observations, 2, out).has_value());
    EXPECT_FALSE(sample_covariance(std::array{0.1, 0.2}, 2, SampleMean::estimated, out)) << "one row has no spread";
}

TEST(PositiveSemidefiniteTest, LeavesAGoodMatrixAlone) {
    std::vector<double> matrix{1.0, 0.5, 0.5, 1.0};
    const std::vector<double> before = matrix;
    const Repair repair = repair_positive_semidefinite(matrix, 2);
    EXPECT_EQ(repair.status, RepairStatus::unchanged);
    EXPECT_NEAR(repair.eigenvalue_min, 0.5, 1e-15);
    EXPECT_EQ(matrix, before);
}

TEST(PositiveSemidefiniteTest, RaisesToTheFloorAndKeepsTheDiagonal) {
    std::vector<double> matrix{4.0, 9.0, 0.0, 9.0, 9.0, 0.0, 0.0, 0.0, 0.0};  // correlation 1.5
    matrix[2] = matrix[6] = 0.7;                                              // with a factor that does not vary
    const Repair repair = repair_positive_semidefinite(matrix, 3);
    EXPECT_EQ(repair.status, RepairStatus::repaired);
    EXPECT_LT(repair.eigenvalue_min, 0.0);
    EXPECT_EQ(matrix[0], 4.0);
    EXPECT_EQ(matrix[4], 9.0);
    EXPECT_EQ(matrix[2], 0.0);
    EXPECT_EQ(matrix[6], 0.0);
    EXPECT_LE(std::abs(matrix[1]), 6.0) << "a correlation of at most one";
    EXPECT_EQ(matrix[1], matrix[3]);
}

TEST(PositiveSemidefiniteTest, RefusesWhatCannotBeRepaired) {
    std::vector<double> negative{1.0, 0.0, 0.0, -1.0};
    EXPECT_EQ(repair_positive_semidefinite(negative, 2).status, RepairStatus::refused);
    std::vector<double> unknown{1.0, kNaN, kNaN, 1.0};
    EXPECT_EQ(repair_positive_semidefinite(unknown, 2).status, RepairStatus::refused);
}

TEST(CholeskyFactorTest, RefusesWhatIsNotPositiveDefinite) {
    CholeskyFactor factor{2};
    EXPECT_FALSE(factor.factorise(std::array{1.0, 2.0, 2.0, 1.0}));
    EXPECT_FALSE(factor.factorise(std::array{1.0, 1.0, 1.0, 1.0}));
    EXPECT_FALSE(factor.factorise(std::array{1.0, kNaN, kNaN, 1.0}));
    EXPECT_FALSE(factor.known());
    EXPECT_TRUE(factor.rebuild_due());
    EXPECT_EQ(factor.update(0.94, 0.06, std::array{0.1, 0.1}), Observation::waiting);
    EXPECT_TRUE(factor.factorise(std::array{4.0, 2.0, 2.0, 5.0}));
    EXPECT_DOUBLE_EQ(factor.lower(1, 1), 2.0);
    EXPECT_EQ(factor.lower(0, 1), 0.0);
    EXPECT_EQ(factor.update(0.94, 0.06, std::array{kNaN, 0.1}), Observation::not_finite);
    EXPECT_DOUBLE_EQ(factor.lower(0, 0), 2.0) << "a refused update changes nothing";
    std::array<double, 2> x{8.0, 9.0};
    factor.solve(x, x);
    EXPECT_NEAR(x[0], 1.375, 1e-15);
    EXPECT_NEAR(x[1], 1.25, 1e-15);
}

TEST(CholeskyFactorTest, AsksToBeMadeAnew) {
    CholeskyFactor factor{2};
    ASSERT_TRUE(factor.factorise(std::array{1.0, 0.0, 0.0, 1.0}));
    for (std::uint32_t i = 0; i < CholeskyFactor::kUpdatesMax; ++i) {
        EXPECT_FALSE(factor.rebuild_due());
        factor.update(0.999, 0.001, std::array{1.0, i % 2 == 0 ? 1.0 : -1.0});
    }
    EXPECT_TRUE(factor.rebuild_due());
    // One factor stands still until it is nothing beside the other.
    ASSERT_TRUE(factor.factorise(std::array{1.0, 0.0, 0.0, 1.0}));
    for (int i = 0; i < 900; ++i) factor.update(0.94, 0.06, std::array{1.0, 0.0});
    EXPECT_TRUE(factor.rebuild_due());
    EXPECT_LT(factor.lower(1, 1), 1e-12);
}

}  // namespace
}  // namespace keel::risk
