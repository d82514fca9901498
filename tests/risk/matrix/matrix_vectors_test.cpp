#include <array>
#include <iostream>

#include "risk/matrix/cholesky.hpp"
#include "risk/matrix/covariance.hpp"
#include "risk/matrix/positive_semidefinite.hpp"
#include "risk/matrix/sample_covariance.hpp"
#include "risk/matrix/shrinkage.hpp"
#include "tests/risk/metrics/return_vectors.hpp"

// Reference values of stats_expected.json (numpy) on returns.csv and of published.csv (QuantLib's test suite).
namespace keel::risk {
namespace {

using nlohmann::json;
using test::expect_close;

std::vector<double> flat(const json& matrix) {
    std::vector<double> out;
    for (const json& row : matrix) {
        for (const json& value : row) out.push_back(value);
    }
    return out;
}

void expect_matrix(std::span<const double> got, const json& want, const std::string& what) {
    const std::vector<double> reference = flat(want);
    ASSERT_EQ(got.size(), reference.size()) << what;
    for (std::size_t k = 0; k < got.size(); ++k) {
        expect_close(got[k], reference[k], what + " element " + std::to_string(k));
    }
}

TEST(MatrixVectorsTest, CovarianceMatchesAtEveryCheckpoint) {
    KEEL_RETURN_VECTORS(vectors);
    const json& block = vectors.expected.at("ewma");
    const std::size_t n = vectors.names.size();
    EwmaCovariance covariance{{.factors = n, .decay = block.at("lam"), .seed_bars = vectors.seed_samples()}};
    const std::vector<std::uint8_t> live(n, 1);
    std::vector<double> matrix(n * n);
    std::size_t checked = 0;
    for (std::size_t t = 0; t < vectors.rows.size(); ++t) {
        ASSERT_EQ(covariance.on_bar(vectors.rows[t], live), Observation::taken);
        const auto at = block.at("cov_at").find(std::to_string(t));
        if (at == block.at("cov_at").end()) continue;
        covariance.write_matrix(matrix);
        expect_matrix(matrix, *at, "covariance at " + std::to_string(t));
        ++checked;
    }
    EXPECT_EQ(checked, block.at("cov_at").size());
    EXPECT_FALSE(covariance.ragged());
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) matrix[i * n + j] = covariance.correlation(i, j);
    }
    expect_matrix(matrix, block.at("corr_last"), "correlation");
}

TEST(MatrixVectorsTest, RankOneUpdateMatches) {
    KEEL_RETURN_VECTORS(vectors);
    const json& block = vectors.expected.at("chol_rank1");
    const std::vector<double> before = flat(block.at("L_before"));
    const std::vector<double> x = block.at("x");
    const std::size_t n = x.size();
    std::vector<double> matrix(n * n, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            for (std::size_t k = 0; k < n; ++k) matrix[i * n + j] += before[i * n + k] * before[j * n + k];
        }
    }
    CholeskyFactor factor{n};
    ASSERT_TRUE(factor.factorise(matrix));
    std::vector<double> lower(n * n);
    const auto write_lower = [&] {
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) lower[i * n + j] = factor.lower(i, j);
        }
    };
    write_lower();
    expect_matrix(lower, block.at("L_before"), "factor");
    ASSERT_EQ(factor.update(block.at("alpha"), block.at("beta"), x), Observation::taken);
    write_lower();
    expect_matrix(lower, block.at("L_after"), "updated factor");
}

std::vector<double> observations_of(const std::vector<std::vector<double>>& rows, std::size_t count) {
    std::vector<double> out;
    for (std::size_t t = rows.size() - count; t < rows.size(); ++t) {
        out.insert(out.end(), rows[t].begin(), rows[t].end());
    }
    return out;
}

// What the intensity is made of (Ledoit-Wolf 2004, appendix B), written out once more: the code keeps it to itself.
// `target` is the code's own, taken back out of what it shrank.
void check_intensity_parts(std::span<const double> observations, std::size_t n, SampleMean mean,
                           std::span<const double> sample, std::span<const double> target, double intensity,
                           const json& want) {
    const std::size_t rows = observations.size() / n;
    const double divisor = static_cast<double>(mean == SampleMean::estimated ? rows - 1 : rows);
    expect_close(divisor, want.at("n"), "n");
    std::vector<double> x(observations.begin(), observations.end());
    for (std::size_t i = 0; i < n && mean == SampleMean::estimated; ++i) {
        double sum = 0.0;
        for (std::size_t t = 0; t < rows; ++t) sum += x[t * n + i];
        for (std::size_t t = 0; t < rows; ++t) x[t * n + i] -= sum / static_cast<double>(rows);
    }
    // Asymptotic covariance of s_aa and s_ij.
    const auto theta = [&](std::size_t a, std::size_t i, std::size_t j) {
        double sum = 0.0;
        for (std::size_t t = 0; t < rows; ++t) {
            sum +=
                (x[t * n + a] * x[t * n + a] - sample[a * n + a]) * (x[t * n + i] * x[t * n + j] - sample[i * n + j]);
        }
        return sum / divisor;
    };
    double correlation = 0.0, pi = 0.0, rho = 0.0, gamma = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            correlation += target[i * n + j] / std::sqrt(sample[i * n + i] * sample[j * n + j]);
        }
    }
    correlation /= 0.5 * static_cast<double>(n * (n - 1));
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            double square = 0.0;
            for (std::size_t t = 0; t < rows; ++t) {
                const double gap = x[t * n + i] * x[t * n + j] - sample[i * n + j];
                square += gap * gap;
            }
            pi += square / divisor;
            const double ratio = std::sqrt(sample[j * n + j] / sample[i * n + i]);
            rho += i == j ? square / divisor : 0.5 * correlation * (ratio * theta(i, i, j) + theta(j, i, j) / ratio);
            gamma += (target[i * n + j] - sample[i * n + j]) * (target[i * n + j] - sample[i * n + j]);
        }
    }
    expect_close(correlation, want.at("rbar"), "rbar");
    expect_close(pi, want.at("pi"), "pi");
    expect_close(rho, want.at("rho"), "rho");
    expect_close(gamma, want.at("gamma"), "gamma");
    expect_close((pi - rho) / gamma, want.at("kappa"), "kappa");
    expect_close(std::clamp((pi - rho) / gamma / divisor, 0.0, 1.0), intensity, "intensity of its parts");
}

void check_constant_correlation(std::span<const double> observations, std::size_t n, SampleMean mean,
                                const json& want) {
    std::vector<double> out(n * n);
    ASSERT_TRUE(sample_covariance(observations, n, mean, out));
    expect_matrix(out, want.at("sample"), "sample");
    const std::vector<double> sample = out;
    const auto intensity = shrink_constant_correlation(observations, n, mean, out);
    ASSERT_TRUE(intensity.has_value());
    expect_close(*intensity, want.at("delta"), "intensity");
    expect_matrix(out, want.at("shrunk"), "constant correlation");
    ASSERT_GT(*intensity, 0.0);
    std::vector<double> target(n * n);
    for (std::size_t k = 0; k < n * n; ++k) target[k] = sample[k] + (out[k] - sample[k]) / *intensity;
    expect_matrix(target, want.at("target"), "target");
    check_intensity_parts(observations, n, mean, sample, target, *intensity, want);
}

void check_identity(std::span<const double> observations, std::size_t n, const json& want) {
    std::vector<double> out(n * n);
    const auto intensity = shrink_identity(observations, n, out);
    ASSERT_TRUE(intensity.has_value());
    expect_close(*intensity, want.at("shrinkage"), "intensity");
    expect_matrix(out, want.at("shrunk"), "identity");
    // The parts of the intensity, from the sample: mu = tr S / n, d^2 = |S - mu I|^2 / n and b^2, the mean distance of
    // the days' own products from S.
    std::vector<double> sample(n * n);
    ASSERT_TRUE(sample_covariance(observations, n, SampleMean::zero, sample));
    const auto p = static_cast<double>(n);
    double mu = 0.0, distance = 0.0, error = 0.0;
    for (std::size_t i = 0; i < n; ++i) mu += sample[i * n + i] / p;
    for (std::size_t k = 0; k < n * n; ++k) {
        const std::size_t i = k / n;
        const std::size_t j = k % n;
        const double gap = sample[k] - (i == j ? mu : 0.0);
        distance += gap * gap / p;
        for (std::size_t t = 0; t < observations.size(); t += n) {
            const double product = observations[t + i] * observations[t + j] - sample[k];
            error += product * product / p;
        }
    }
    const auto rows = static_cast<double>(observations.size() / n);
    expect_close(mu, want.at("mu"), "mu");
    expect_close(distance, want.at("d2"), "d2");
    expect_close(std::min(distance, error / (rows * rows)), want.at("b2"), "b2");
    expect_close(want.at("b2").get<double>() / want.at("d2").get<double>(), *intensity, "intensity of its parts");
}

// The file applies the intensity to the covariance itself.
void check_oas(std::span<const double> observations, std::size_t n, const json& want) {
    std::vector<double> out(n * n);
    ASSERT_TRUE(sample_covariance(observations, n, SampleMean::zero, out));
    EXPECT_EQ(observations.size() / n, want.value("n", observations.size() / n));
    const auto intensity = oas_intensity(out, n, static_cast<double>(observations.size() / n));
    ASSERT_TRUE(intensity.has_value());
    expect_close(*intensity, want.at("rho"), "oas");
    shrink_to_identity(out, n, *intensity);
    expect_matrix(out, want.at("shrunk"), "oas");
}

TEST(MatrixVectorsTest, ShrinkageOfTheWindowMatches) {
    KEEL_RETURN_VECTORS(vectors);
    const json& expected = vectors.expected;
    const std::size_t window = keel::test::count_after(expected.at("shrink_window").get<std::string>(), "last ");
    const std::size_t n = vectors.names.size();
    const std::vector<double> observations = observations_of(vectors.rows, window);
    check_constant_correlation(observations, n, SampleMean::zero, expected.at("lw_const_corr").at("zero_mean"));
    check_constant_correlation(observations, n, SampleMean::estimated, expected.at("lw_const_corr").at("demeaned"));
    check_identity(observations, n, expected.at("lw_identity_zero_mean"));
    check_oas(observations, n, expected.at("oas"));
}

TEST(MatrixVectorsTest, ShrinkageOfTheExtraSampleMatches) {
    KEEL_RETURN_VECTORS(vectors);
    const json& extra = vectors.expected.at("lw_extra");
    const auto rows = extra.at("X").get<std::vector<std::vector<double>>>();
    const std::size_t n = rows.front().size();
    const std::vector<double> observations = observations_of(rows, rows.size());
    check_constant_correlation(observations, n, SampleMean::zero, extra.at("const_corr_zero_mean"));
    check_identity(observations, n, extra.at("identity_zero_mean"));
    check_oas(observations, n, extra.at("oas"));
}

// Numbers separated by anything that is none.
std::vector<double> numbers_in(const std::string& text) {
    std::vector<double> out;
    const char* at = text.c_str();
    while (*at != '\0') {
        char* end = nullptr;
        const double value = std::strtod(at, &end);
        if (end != at) out.push_back(value);
        at = end != at ? end : at + 1;
    }
    return out;
}

// The rows of the file that speak of covariances; the other quantities belong to other folders.
TEST(MatrixVectorsTest, PublishedRowsMatch) {
    const auto path = keel::test::vectors_path("published.csv");
    KEEL_SKIP_WITHOUT(path);
    const keel::test::CsvRows rows{keel::test::read_file(*path)};
    int checked = 0;
    for (const keel::test::CsvRow& row : rows) {
        const std::string& quantity = row.text("quantity");
        const double tolerance = row.number("tol");
        if (quantity == "spectral_salvage") {
            std::vector<double> matrix = numbers_in(row.text("inputs"));
            ASSERT_EQ(matrix.size(), 9U);
            const Repair repair = repair_positive_semidefinite(matrix, 3, 0.0);
            EXPECT_EQ(repair.status, RepairStatus::repaired);
            const std::vector<double> want = numbers_in(row.text("published"));
            EXPECT_NEAR(matrix[1], want.at(0), tolerance);
            EXPECT_NEAR(matrix[2], want.at(1), tolerance);
            EXPECT_NEAR(matrix[5], want.at(2), tolerance);
            ++checked;
        } else if (quantity == "sample_correlation") {
            const std::vector<double> observations = numbers_in(row.text("inputs"));
            std::vector<double> matrix(4);
            ASSERT_TRUE(sample_covariance(observations, 2, SampleMean::estimated, matrix));
            EXPECT_NEAR(matrix[1] / std::sqrt(matrix[0] * matrix[3]), row.number("published"), tolerance);
            ++checked;
        }
    }
    std::cout << "published rows checked here: " << checked << '\n';
    RecordProperty("checked", checked);
    EXPECT_GE(checked, 1);
}

}  // namespace
}  // namespace keel::risk
