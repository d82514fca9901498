#include <cmath>
#include <limits>
#include <random>

#include "risk/matrix/cholesky.hpp"
#include "risk/matrix/covariance.hpp"
#include "risk/matrix/positive_semidefinite.hpp"
#include "risk/matrix/sample_covariance.hpp"
#include "risk/matrix/scaled_covariance.hpp"
#include "risk/matrix/shrinkage.hpp"
#include "risk/matrix/symmetric_eigen.hpp"
#include "risk/metrics/bar_returns.hpp"

namespace keel::risk {
namespace {

using namespace std::chrono_literals;

// Returns of n factors that share one, with volatilities over three orders of magnitude.
class SeededReturns {
public:
    SeededReturns(std::size_t n, std::uint64_t seed) : random{seed}, values(n), scales(n) {
        for (double& scale : scales) scale = std::pow(10.0, -2.0 - 3.0 * uniform(random));
    }
    const std::vector<double>& next() {
        const double common = normal(random);
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = scales[i] * (common + normal(random));
        return values;
    }
    std::mt19937_64 random;
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform;
    std::vector<double> values;
    std::vector<double> scales;
};

// Smallest eigenvalue of the correlation matrix: the scale-free measure of definiteness.
double smallest_of_correlation(std::vector<double> matrix, std::size_t n) {
    std::vector<double> deviation(n);
    for (std::size_t i = 0; i < n; ++i) deviation[i] = std::sqrt(matrix[i * n + i]);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            if (deviation[i] > 0.0 && deviation[j] > 0.0) matrix[i * n + j] /= deviation[i] * deviation[j];
        }
    }
    std::vector<double> values(n);
    std::vector<double> vectors(n * n);
    EXPECT_TRUE(symmetric_eigen(matrix, n, values, vectors));
    return values.front();
}

TEST(MatrixPropertyTest, TheAverageStaysPositiveSemidefinite) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const std::size_t n = 2 + seed;
        SeededReturns returns{n, seed};
        EwmaCovariance covariance{{.factors = n, .decay = 0.94, .seed_bars = 10}};
        const std::vector<std::uint8_t> live(n, 1);
        std::vector<double> matrix(n * n);
        for (int bar = 0; bar < 200; ++bar) {
            covariance.on_bar(returns.next(), live);
            covariance.write_matrix(matrix);
            ASSERT_GE(smallest_of_correlation(matrix, n), -1e-12) << "seed " << seed << " bar " << bar;
        }
        EXPECT_FALSE(covariance.ragged());
    }
}

// With any masks each pair is the average over the bars in which both were live, and the repair makes the whole usable.
TEST(MatrixPropertyTest, MaskedPairsAverageTheirCommonBarsAndTheRepairIsDefinite) {
    bool indefinite = false;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const std::size_t n = 3 + seed % 15;
        SeededReturns returns{n, seed};
        EwmaCovariance covariance{{.factors = n, .decay = 0.9, .seed_bars = 1}};
        std::vector<double> naive(n * n, 0.0);
        std::vector<std::uint32_t> bars(n, 0);
        std::vector<std::uint8_t> live(n, 1);
        for (int bar = 0; bar < 120; ++bar) {
            const std::vector<double>& x = returns.next();
            for (std::uint8_t& one : live) one = bar > 0 && returns.random() % 3 == 0 ? 0 : 1;
            covariance.on_bar(x, live);
            for (std::size_t i = 0; i < n; ++i) bars[i] += live[i];
            for (std::size_t i = 0; i < n; ++i) {
                for (std::size_t j = 0; j < n; ++j) {
                    if (live[i] == 0 || live[j] == 0) continue;
                    const double weight = std::min(bars[i], bars[j]) == 1 ? 1.0 : 0.1;
                    naive[i * n + j] = (1.0 - weight) * naive[i * n + j] + weight * x[i] * x[j];
                }
            }
        }
        std::vector<double> matrix(n * n);
        covariance.write_matrix(matrix);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                const double scale = std::sqrt(naive[i * n + i] * naive[j * n + j]);
                ASSERT_NEAR(matrix[i * n + j], naive[i * n + j], 1e-13 * scale) << "seed " << seed;
            }
        }
        EXPECT_TRUE(covariance.ragged());
        indefinite = indefinite || smallest_of_correlation(matrix, n) < -1e-6;
        const std::vector<double> before = matrix;
        const Repair repair = repair_positive_semidefinite(matrix, n);
        ASSERT_NE(repair.status, RepairStatus::refused);
        EXPECT_GE(smallest_of_correlation(matrix, n), -1e-12) << "seed " << seed;
        for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(matrix[i * n + i], before[i * n + i]) << "seed " << seed;
    }
    EXPECT_TRUE(indefinite) << "the masks never made a matrix indefinite: the case proves nothing";
}

TEST(MatrixPropertyTest, ShrinkageKeepsTheTraceOrTheDiagonal) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        const std::size_t n = 2 + seed % 12;
        const std::size_t rows = 3 + seed * 4;
        SeededReturns returns{n, seed};
        std::vector<double> observations;
        for (std::size_t t = 0; t < rows; ++t) {
            const std::vector<double>& x = returns.next();
            observations.insert(observations.end(), x.begin(), x.end());
        }
        std::vector<double> sample(n * n);
        ASSERT_TRUE(sample_covariance(observations, n, SampleMean::zero, sample));
        double trace = 0.0;
        for (std::size_t i = 0; i < n; ++i) trace += sample[i * n + i];
        std::vector<double> out(n * n);
        const auto identity = shrink_identity(observations, n, out);
        ASSERT_TRUE(identity.has_value());
        EXPECT_TRUE(*identity >= 0.0 && *identity <= 1.0);
        double trace_shrunk = 0.0;
        for (std::size_t i = 0; i < n; ++i) trace_shrunk += out[i * n + i];
        EXPECT_NEAR(trace_shrunk, trace, 1e-13 * trace) << "seed " << seed;
        const auto constant = shrink_constant_correlation(observations, n, SampleMean::zero, out);
        ASSERT_TRUE(constant.has_value());
        EXPECT_TRUE(*constant >= 0.0 && *constant <= 1.0);
        for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(out[i * n + i], sample[i * n + i]) << "seed " << seed;
        out = sample;
        const auto oas = shrink_correlations(out, n, static_cast<double>(rows));
        ASSERT_TRUE(oas.has_value());
        EXPECT_TRUE(*oas >= 0.0 && *oas <= 1.0);
        for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(out[i * n + i], sample[i * n + i]) << "seed " << seed;
        EXPECT_GE(smallest_of_correlation(out, n), smallest_of_correlation(sample, n) - 1e-12) << "seed " << seed;
    }
}

// The definition: the factor of the updated matrix.
TEST(MatrixPropertyTest, TheUpdatedFactorEqualsTheFactorAnew) {
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
        const std::size_t n = 1 + seed;
        SeededReturns returns{n, seed};
        std::vector<double> matrix(n * n, 0.0);
        for (std::size_t t = 0; t < 3 * n + 5; ++t) {
            const std::vector<double>& x = returns.next();
            for (std::size_t i = 0; i < n; ++i) {
                for (std::size_t j = 0; j < n; ++j) matrix[i * n + j] += 0.1 * x[i] * x[j];
            }
        }
        CholeskyFactor moved{n};
        CholeskyFactor anew{n};
        ASSERT_TRUE(moved.factorise(matrix));
        for (int bar = 0; bar < 300; ++bar) {
            const std::vector<double>& x = returns.next();
            ASSERT_EQ(moved.update(0.94, 0.06, x), Observation::taken);
            for (std::size_t i = 0; i < n; ++i) {
                for (std::size_t j = 0; j < n; ++j) matrix[i * n + j] = 0.94 * matrix[i * n + j] + 0.06 * x[i] * x[j];
            }
        }
        ASSERT_TRUE(anew.factorise(matrix));
        std::vector<double> rhs(n);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j <= i; ++j) {
                ASSERT_NEAR(moved.lower(i, j), anew.lower(i, j), 1e-9 * std::sqrt(matrix[i * n + i]))
                    << "seed " << seed << " element " << i << ' ' << j;
            }
            rhs[i] = returns.scales[i] * returns.normal(returns.random);
        }
        std::vector<double> solution(n);
        moved.solve(rhs, solution);
        for (std::size_t i = 0; i < n; ++i) {
            double sum = 0.0;
            double size = 0.0;
            for (std::size_t j = 0; j < n; ++j) {
                sum += matrix[i * n + j] * solution[j];
                size += std::abs(matrix[i * n + j] * solution[j]);
            }
            ASSERT_NEAR(sum, rhs[i], 1e-11 * size) << "seed " << seed;
        }
    }
}

// A million hostile prices of factors that come and go: bars, covariance, correlations and shrinkage stay finite, and
// a factor that had no price in a bar is not counted in it.
TEST(MatrixPropertyTest, AMillionHostilePricesNeverReachTheMatrix) {
    constexpr std::size_t kFactors = 8;
    std::mt19937_64 random{1};
    std::normal_distribution<double> normal{0.0, 0.001};
    const double kNone = std::numeric_limits<double>::quiet_NaN();
    const std::array broken{kNone, std::numeric_limits<double>::infinity(), 0.0, -5.0, 1e300, 1e-300};
    BarReturns bars{kFactors};
    EwmaCovariance covariance{{.factors = kFactors}};
    ScaledCovariance scaled{kFactors};
    std::array<double, kFactors> log_prices{};
    std::array<bool, kFactors> priced{};
    std::vector<double> matrix(kFactors * kFactors);
    UnixNanos now = unix_nanos_from_ms(1'767'225'600'000);
    std::size_t live_bars = 0;
    for (int step = 0; step < 1'000'000; ++step) {
        const std::size_t i = random() % kFactors;
        now = now + 10ms;
        log_prices[i] += normal(random);
        const bool bad = random() % 20 == 0;
        const double price = bad ? broken[random() % broken.size()] : 100.0 * std::exp(log_prices[i]);
        const UnixNanos stamp = random() % 100 == 0 ? now + -1s : now;
        if (random() % 40 != 0 || i % 2 == 0) {
            if (bars.on_price(i, price, stamp) == Observation::taken) priced[i] = true;
        }
        if (step % 20 != 19) continue;
        live_bars += bars.close_bar();
        for (std::size_t k = 0; k < kFactors; ++k) ASSERT_TRUE(priced[k] || bars.live()[k] == 0) << "step " << step;
        priced.fill(false);
        covariance.on_bar(bars.returns(), bars.live());
        if (step % 2'000 != 1'999) continue;
        covariance.write_matrix(matrix);
        for (const double value : matrix) ASSERT_TRUE(std::isfinite(value)) << "step " << step;
        if (!shrink_correlations(matrix, kFactors, covariance.samples_effective()).has_value()) continue;
        ASSERT_NE(repair_positive_semidefinite(matrix, kFactors).status, RepairStatus::refused);
        std::vector<double> correlations(matrix.size(), 0.0);
        for (std::size_t k = 0; k < matrix.size(); ++k) {
            const std::size_t row = k / kFactors;
            const std::size_t column = k % kFactors;
            const double size = std::sqrt(matrix[row * (kFactors + 1)]) * std::sqrt(matrix[column * (kFactors + 1)]);
            correlations[k] = row == column ? 1.0 : size > 0.0 ? matrix[k] / size : 0.0;
        }
        ASSERT_TRUE(scaled.set_correlations(correlations)) << "step " << step;
        for (std::size_t k = 0; k < kFactors; ++k) {
            ASSERT_TRUE(scaled.set_volatility(k, std::sqrt(matrix[k * (kFactors + 1)])));
            for (std::size_t j = 0; j < kFactors; ++j) ASSERT_TRUE(std::isfinite(scaled.covariance(k, j)));
        }
    }
    EXPECT_GT(live_bars, 200'000U) << "the good prices were used";
    EXPECT_GT(bars.refused(), 20'000U);
}

}  // namespace
}  // namespace keel::risk
