#include "risk/tail/quadratic_form.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/core/assert.hpp"
#include "risk/matrix/symmetric_eigen.hpp"

namespace keel::risk {
namespace {

constexpr double kNegativeEigenvalue = 1e-10;  // of the largest: rounding, not a broken covariance

// A = L' Gamma L and d = L' delta with column k of L = sqrt(values[k]) vectors[k].
void rotate(std::span<const double> roots, std::span<const double> vectors, std::span<const double> gamma,
            std::span<double> rotated) {
    const std::size_t n = roots.size();
    std::vector<double> product(n);  // Gamma times column k
    for (std::size_t k = 0; k < n; ++k) {
        for (std::size_t i = 0; i < n; ++i) {
            product[i] = 0.0;
            for (std::size_t j = 0; j < n; ++j) product[i] += gamma[i * n + j] * vectors[k * n + j];
        }
        for (std::size_t m = 0; m < n; ++m) {
            double sum = 0.0;
            for (std::size_t i = 0; i < n; ++i) sum += vectors[m * n + i] * product[i];
            rotated[m * n + k] = roots[m] * roots[k] * sum;
        }
    }
}

}  // namespace

std::optional<QuadraticForm> quadratic_form(double theta, std::span<const double> delta, std::span<const double> gamma,
                                            std::span<const double> omega) {
    const std::size_t n = delta.size();
    KEEL_ASSERT(gamma.size() == n * n && omega.size() == n * n);
    if (n == 0 || n > kQuadraticFactorsMax || !std::isfinite(theta)) return std::nullopt;
    if (!std::ranges::all_of(delta, [](double d) { return std::isfinite(d); })) return std::nullopt;
    std::vector<double> values(n);
    std::vector<double> vectors(n * n);
    if (!symmetric_eigen(omega, n, values, vectors)) return std::nullopt;
    const double largest = values[n - 1];
    if (!(largest >= 0.0) || values[0] < -kNegativeEigenvalue * largest) return std::nullopt;
    std::vector<double> roots(n);
    for (std::size_t k = 0; k < n; ++k) roots[k] = std::sqrt(std::max(values[k], 0.0));
    std::vector<double> rotated(n * n);
    rotate(roots, vectors, gamma, rotated);
    std::vector<double> curvature(n);
    std::vector<double> axes(n * n);
    if (!symmetric_eigen(rotated, n, curvature, axes)) return std::nullopt;
    QuadraticForm form{.factors = n, .constant = theta};
    for (std::size_t k = 0; k < n; ++k) {
        form.curvature[k] = curvature[k];
        for (std::size_t m = 0; m < n; ++m) {
            double along = 0.0;  // (L' delta)_m
            for (std::size_t i = 0; i < n; ++i) along += vectors[m * n + i] * delta[i];
            form.linear[k] += axes[k * n + m] * roots[m] * along;
        }
    }
    return form;
}

double quadratic_mean(const QuadraticForm& form) {
    double mean = form.constant;
    for (std::size_t i = 0; i < form.factors; ++i) mean += 0.5 * form.curvature[i];
    return mean;
}

double quadratic_variance(const QuadraticForm& form) {
    double variance = 0.0;
    for (std::size_t i = 0; i < form.factors; ++i) {
        variance += form.linear[i] * form.linear[i] + 0.5 * form.curvature[i] * form.curvature[i];
    }
    return variance;
}

}  // namespace keel::risk
