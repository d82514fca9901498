#pragma once

#include <cstdint>

namespace keel::risk {

// Distributions that tails and their tests need, beyond normal_cdf and normal_pdf of
// risk/options/black76.hpp. Arguments outside the stated domain give NaN. Allocate never.

// The z with N(z) = p, for 0 < p < 1: a rational start (Abramowitz and Stegun 26.2.23), then Halley steps on
// the tail that p lies in, so that 1e-300 keeps its digits.
[[nodiscard]] double normal_quantile(double p);

// Regularised incomplete beta I_x(a, b), a, b > 0, 0 <= x <= 1: continued fraction of DLMF 8.17.22 by
// Lentz's method.
[[nodiscard]] double incomplete_beta(double a, double b, double x);

// Student's t with nu > 0 degrees of freedom: distribution, density, quantile for 0 < p < 1.
[[nodiscard]] double student_t_cdf(double t, double nu);
[[nodiscard]] double student_t_pdf(double t, double nu);
[[nodiscard]] double student_t_quantile(double p, double nu);

// P(X > x) of chi-squared with one and with two degrees of freedom, x >= 0.
[[nodiscard]] double chi_squared_1_survival(double x);
[[nodiscard]] double chi_squared_2_survival(double x);

// P(X <= k) of a binomial with n trials of probability p, 0 < p < 1.
[[nodiscard]] double binomial_cdf(std::int64_t k, std::int64_t n, double p);

}  // namespace keel::risk
