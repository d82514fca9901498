#include "risk/metrics/factor_model.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <random>

#include "risk/matrix/covariance.hpp"
#include "risk/matrix/shrinkage.hpp"
#include "tests/risk/metrics/return_vectors.hpp"

namespace keel::risk {
namespace {

constexpr std::array<std::size_t, 2> kMarkets{0, 1};

// Two correlated market factors and an asset r = 1.5 m0 - 0.5 m1 + e with specific variance 3e-4.
constexpr std::array kByHand{4e-4, 2e-4, 5e-4, 2e-4, 9e-4, -1.5e-4, 5e-4, -1.5e-4, 1.125e-3};

TEST(FactorModelTest, RecoversTheBetasThatMadeTheMatrix) {
    FactorModel model{3, kMarkets};
    ASSERT_EQ(model.fit(kByHand, std::array<std::uint8_t, 3>{1, 1, 1}), Observation::taken);
    const FactorBeta& asset = model.beta(2);
    ASSERT_TRUE(asset.known);
    EXPECT_FALSE(asset.collinear);
    EXPECT_NEAR(asset.betas[0], 1.5, 1e-12);
    EXPECT_NEAR(asset.betas[1], -0.5, 1e-12);
    EXPECT_NEAR(asset.beta_single, 1.25, 1e-12);
    EXPECT_NEAR(asset.specific_variance, 3e-4, 1e-16);
    EXPECT_NEAR(asset.r_squared, 8.25e-4 / 1.125e-3, 1e-12);
    EXPECT_EQ(model.beta(0).betas[0], 1.0);
    EXPECT_EQ(model.beta(1).betas[0], 0.0);
    EXPECT_EQ(model.beta(1).r_squared, 1.0);
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(model.covariance(i, j), kByHand[i * 3 + j], 1e-16);
    }
}

TEST(FactorModelTest, SplitsAPortfolioAndCountsWhatItCannotSee) {
    FactorModel model{3, kMarkets};
    ASSERT_EQ(model.fit(kByHand, std::array<std::uint8_t, 3>{1, 1, 1}), Observation::taken);
    // Hedged by its betas an exposure keeps its specific risk alone.
    const FactorRisk hedged = model.portfolio(std::array{-150.0, 50.0, 100.0});
    EXPECT_TRUE(hedged.known);
    EXPECT_NEAR(hedged.market_usd[0], 0.0, 1e-10);
    EXPECT_NEAR(hedged.market_variance, 0.0, 1e-10);
    EXPECT_NEAR(hedged.specific_variance, 3.0, 1e-10);
    ASSERT_EQ(model.fit(kByHand, std::array<std::uint8_t, 3>{1, 1, 0}), Observation::taken);
    const FactorRisk partly = model.portfolio(std::array{-150.0, 50.0, 100.0});
    EXPECT_FALSE(partly.known);
    EXPECT_EQ(partly.unknown_usd, 100.0);
    EXPECT_FALSE(model.portfolio(std::array{std::numeric_limits<double>::quiet_NaN(), 0.0, 0.0}).known);
}

TEST(FactorModelTest, AStaleMarketFactorMakesEveryBetaUnknown) {
    FactorModel model{3, kMarkets};
    EXPECT_EQ(model.fit(kByHand, std::array<std::uint8_t, 3>{1, 0, 1}), Observation::waiting);
    EXPECT_FALSE(model.beta(2).known);
    std::array<double, 9> broken = kByHand;
    broken[0] = std::numeric_limits<double>::infinity();
    EXPECT_EQ(model.fit(broken, std::array<std::uint8_t, 3>{1, 1, 1}), Observation::absurd);
    EXPECT_FALSE(model.beta(0).known);
    EXPECT_EQ(model.covariance(0, 2), 0.0);
}

// Two market factors that are one: the second gets no beta, and the first explains what both would.
TEST(FactorModelTest, DropsAMarketFactorThatTheFirstExplains) {
    const std::array twins{4e-4, 4e-4, 2e-4, 4e-4, 4e-4, 2e-4, 2e-4, 2e-4, 5e-4};
    FactorModel model{3, kMarkets};
    ASSERT_EQ(model.fit(twins, std::array<std::uint8_t, 3>{1, 1, 1}), Observation::taken);
    EXPECT_TRUE(model.beta(2).collinear);
    EXPECT_NEAR(model.beta(2).betas[0], 0.5, 1e-12);
    EXPECT_EQ(model.beta(2).betas[1], 0.0);
    EXPECT_NEAR(model.beta(2).r_squared, 0.2, 1e-12);
    EXPECT_NEAR(model.beta(1).betas[0], 1.0, 1e-12);
    std::array<double, 9> close = twins;
    close[1] = close[3] = 4e-4 * 0.9995;  // one correlation on either side of the limit of 0.999
    ASSERT_EQ(model.fit(close, std::array<std::uint8_t, 3>{1, 1, 1}), Observation::taken);
    EXPECT_TRUE(model.beta(2).collinear);
    close[1] = close[3] = 4e-4 * 0.9985;
    ASSERT_EQ(model.fit(close, std::array<std::uint8_t, 3>{1, 1, 1}), Observation::taken);
    EXPECT_FALSE(model.beta(2).collinear);
}

// An independent way to the same betas: weighted least squares over the returns themselves, with the weights of the
// exponential average, by the two normal equations.
TEST(FactorModelTest, BetasEqualWeightedLeastSquaresOverTheReturns) {
    KEEL_RETURN_VECTORS(vectors);
    const std::size_t n = vectors.names.size();
    EwmaCovariance covariance{{.factors = n, .decay = 0.97}};
    const std::vector<std::uint8_t> live(n, 1);
    for (const std::vector<double>& row : vectors.rows) covariance.on_bar(row, live);
    std::vector<double> matrix(n * n);
    covariance.write_matrix(matrix);
    FactorModel model{n, kMarkets};
    ASSERT_EQ(model.fit(matrix, live), Observation::taken);
    for (std::size_t i = 2; i < n; ++i) {
        double s00 = 0.0, s01 = 0.0, s11 = 0.0, s0y = 0.0, s1y = 0.0, syy = 0.0;
        for (std::size_t t = 0; t < vectors.rows.size(); ++t) {
            const auto age = static_cast<double>(vectors.rows.size() - 1 - std::max<std::size_t>(t, 49));
            const double weight = std::pow(0.97, age) * (t < 50 ? 1.0 / 50.0 : 0.03);
            const std::vector<double>& x = vectors.rows[t];
            s00 += weight * x[0] * x[0];
            s01 += weight * x[0] * x[1];
            s11 += weight * x[1] * x[1];
            s0y += weight * x[0] * x[i];
            s1y += weight * x[1] * x[i];
            syy += weight * x[i] * x[i];
        }
        const double determinant = s00 * s11 - s01 * s01;
        const double first = (s0y * s11 - s1y * s01) / determinant;
        const double second = (s1y * s00 - s0y * s01) / determinant;
        test::expect_close(model.beta(i).betas[0], first, "first beta of " + vectors.names[i]);
        test::expect_close(model.beta(i).betas[1], second, "second beta of " + vectors.names[i]);
        test::expect_close(model.beta(i).beta_single, s0y / s00, "single beta of " + vectors.names[i]);
        const double residual = syy - first * s0y - second * s1y;
        test::expect_close(model.beta(i).specific_variance, residual, "specific variance of " + vectors.names[i]);
        test::expect_close(model.beta(i).r_squared, 1.0 - residual / syy, "share of " + vectors.names[i]);
    }
    // Shrinkage draws correlations, hence the explained share, towards nothing.
    ASSERT_TRUE(shrink_correlations(matrix, n, covariance.samples_effective()).has_value());
    FactorModel shrunk{n, kMarkets};
    ASSERT_EQ(shrunk.fit(matrix, live), Observation::taken);
    for (std::size_t i = 2; i < n; ++i) EXPECT_LT(shrunk.beta(i).r_squared, model.beta(i).r_squared);
}

// Market and specific parts are the whole variance of the model, and nothing is a NaN whatever the matrix.
TEST(FactorModelTest, PortfolioVarianceIsThatOfTheModelForAnyMatrix) {
    std::mt19937_64 random{17};
    std::normal_distribution<double> normal;
    const std::array broken{std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), -1.0,
                            0.0, 1e300};
    constexpr std::size_t kAssets = 6;
    std::vector<double> matrix(kAssets * kAssets);
    std::vector<double> exposures(kAssets);
    std::vector<std::uint8_t> usable(kAssets);
    int known = 0;
    for (int round = 0; round < 20'000; ++round) {
        for (std::size_t i = 0; i < kAssets; ++i) {
            for (std::size_t j = 0; j <= i; ++j) {
                const double value = i == j ? 1e-4 * (0.1 + std::abs(normal(random))) : 3e-5 * normal(random);
                const bool bad = round % 2 == 0 && random() % 20 == 0;
                matrix[i * kAssets + j] = matrix[j * kAssets + i] = bad ? broken[random() % broken.size()] : value;
            }
            exposures[i] = 1000.0 * normal(random);
            usable[i] = random() % 20 == 0 ? 0 : 1;
        }
        FactorModel model{kAssets, kMarkets};
        (void)model.fit(matrix, usable);
        double variance = 0.0;
        for (std::size_t i = 0; i < kAssets; ++i) {
            const FactorBeta& row = model.beta(i);
            ASSERT_TRUE(std::isfinite(row.betas[0] + row.betas[1] + row.specific_variance + row.beta_single)) << round;
            ASSERT_TRUE(row.r_squared >= 0.0 && row.r_squared <= 1.0) << round;
            ASSERT_GE(row.specific_variance, 0.0) << round;
            for (std::size_t j = 0; j < kAssets; ++j) variance += exposures[i] * exposures[j] * model.covariance(i, j);
        }
        const FactorRisk risk = model.portfolio(exposures);
        ASSERT_TRUE(std::isfinite(risk.market_variance + risk.specific_variance)) << round;
        if (!risk.known || round % 2 == 0) continue;
        ++known;
        const double size = risk.market_variance + risk.specific_variance;
        ASSERT_NEAR(size, variance, 1e-9 * size) << round;
    }
    EXPECT_GT(known, 3'000);
}

}  // namespace
}  // namespace keel::risk
