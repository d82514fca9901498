#pragma once

#include <cstddef>
#include <span>

namespace keel::risk {

// Standard deviation (USD) of the profit of `exposures` (n, USD per unit log return) when every correlation
// of `covariance` (n x n, row-major) goes a part `towards_one` of the way to +1:
// C' = (1-a) C + a 1 1^T. NaN on a size or an input that cannot be.
// Thread: any. Allocates: never.
[[nodiscard]] double sigma_with_correlations_towards_one(std::span<const double> covariance,
                                                         std::span<const double> exposures, double towards_one);

// sum |e_i| sigma_i: every position moves against us.
[[nodiscard]] double sigma_with_worst_signs(std::span<const double> covariance, std::span<const double> exposures);

// Adrian and Brunnermeier (2016), Gaussian case, losses positive: value at risk of the system when the
// source stands at its own, and how much more that is than with the source at its median.
struct GaussianCoVar {
    double covar{0.0};
    double delta_covar{0.0};
};
[[nodiscard]] GaussianCoVar gaussian_covar(double correlation, double sigma_system, double quantile_z);

}  // namespace keel::risk
