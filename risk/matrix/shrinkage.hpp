#pragma once

#include <optional>
#include <span>

#include "risk/matrix/sample_covariance.hpp"

// Shrinkage of a covariance matrix towards a simple target: S* = delta F + (1 - delta) S. Applied where the matrix is
// read, never to the state. All matrices are row-major n x n; answers are the intensity delta in [0, 1], or none (and
// no output) where an input is not finite or all variances are zero.
namespace keel::risk {

// Oracle-approximating intensity towards the scaled identity (Chen, Wiesel, Eldar, Hero 2010): needs S alone.
// `samples`: what it was estimated from, n_eff of an exponential average. O(n^2).
// Thread: any. Allocates: never.
[[nodiscard]] std::optional<double> oas_intensity(std::span<const double> matrix, std::size_t n, double samples);

// S <- delta mu I + (1 - delta) S with mu = tr S / n: the trace stays. In place. O(n^2).
// Thread: any. Allocates: never.
void shrink_to_identity(std::span<double> matrix, std::size_t n, double intensity);

// The default of the bar: the intensity of the correlation matrix, applied to it; so covariances shrink and variances
// stay, whatever the units of the factors. A factor without variance keeps its zeros. In place. O(n^2).
// Thread: any. Allocates: never.
[[nodiscard]] std::optional<double> shrink_correlations(std::span<double> covariance, std::size_t n, double samples);

// Towards the constant correlation (Ledoit-Wolf 2004, "Honey, I shrunk the sample covariance matrix"): the diagonal
// stays. `observations`: rows of n returns, oldest first. O(rows n^2).
// Thread: any. Allocates: yes; for start-up and slow bars.
[[nodiscard]] std::optional<double> shrink_constant_correlation(std::span<const double> observations, std::size_t n,
                                                                SampleMean mean, std::span<double> out);

// Towards the scaled identity (Ledoit-Wolf 2004, "A well-conditioned estimator"), mean zero: the trace stays.
// Thread: any. Allocates: yes; for start-up and slow bars.
[[nodiscard]] std::optional<double> shrink_identity(std::span<const double> observations, std::size_t n,
                                                    std::span<double> out);

}  // namespace keel::risk
