#include "risk/stress/correlation_stress.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace keel::risk {

double sigma_with_correlations_towards_one(std::span<const double> covariance, std::span<const double> exposures,
                                           double towards_one) {
    const std::size_t n = exposures.size();
    if (covariance.size() != n * n || !(towards_one >= 0.0 && towards_one <= 1.0)) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    // e' C' e = (1-a) e' S e + a (sum e_i sigma_i)^2.
    double quadratic = 0.0;
    double aligned = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) quadratic += exposures[i] * covariance[i * n + j] * exposures[j];
        aligned += exposures[i] * std::sqrt(covariance[i * n + i]);
    }
    const double variance = (1.0 - towards_one) * quadratic + towards_one * aligned * aligned;
    return std::isfinite(variance) ? std::sqrt(std::max(0.0, variance)) : std::numeric_limits<double>::quiet_NaN();
}

double sigma_with_worst_signs(std::span<const double> covariance, std::span<const double> exposures) {
    const std::size_t n = exposures.size();
    if (covariance.size() != n * n) return std::numeric_limits<double>::quiet_NaN();
    double sum = 0.0;
    for (std::size_t i = 0; i < n; ++i) sum += std::abs(exposures[i]) * std::sqrt(covariance[i * n + i]);
    return sum;
}

GaussianCoVar gaussian_covar(double correlation, double sigma_system, double quantile_z) {
    const double conditional = correlation * sigma_system * quantile_z;
    return {.covar = conditional + std::sqrt(1.0 - correlation * correlation) * sigma_system * quantile_z,
            .delta_covar = conditional};
}

}  // namespace keel::risk
