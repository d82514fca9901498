#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>

namespace keel::risk {

inline constexpr std::size_t kQuadraticFactorsMax = 32;

// A quadratic polynomial of independent standard normals y_i:
// Q = constant + sum(linear_i y_i + curvature_i y_i^2 / 2). Units of the profit, USD.
struct QuadraticForm {
    std::size_t factors{0};
    double constant{0.0};
    std::array<double, kQuadraticFactorsMax> linear{};
    std::array<double, kQuadraticFactorsMax> curvature{};
};

// Rotates theta + delta'x + x'Gamma x/2 with x ~ N(0, Omega) into that form: Omega = L L' by its
// eigenvalues (tiny negative ones cut to zero), then L' Gamma L diagonal. Row-major n x n matrices.
// nullopt: n is 0 or beyond the maximum, a number not finite, Omega with a negative eigenvalue beyond
// rounding. Allocates: yes; once per refresh, never between event and command.
[[nodiscard]] std::optional<QuadraticForm> quadratic_form(double theta, std::span<const double> delta,
                                                          std::span<const double> gamma, std::span<const double> omega);

// Mean and variance of Q.
[[nodiscard]] double quadratic_mean(const QuadraticForm& form);
[[nodiscard]] double quadratic_variance(const QuadraticForm& form);

// P(Q <= x) by inversion of the characteristic function (Gil-Pelaez 1951): Gauss-Kronrod on panels of
// 2.5/sigma until what is left is below 1e-11. A form of one factor has a closed form in the normal distribution,
// where the integral would converge slowly. Milliseconds; for reports and tests.
[[nodiscard]] double quadratic_cdf(const QuadraticForm& form, double x);

// P(Q <= x) to leading order by the saddlepoint of Lugannani and Rice (1980), without allocation, about a
// microsecond. `at` is the saddlepoint t itself, inside (low, high) of saddlepoint_domain.
struct SaddlepointDomain {
    double low{0.0};  // -infinity where no curvature is negative
    double high{0.0};
};
[[nodiscard]] SaddlepointDomain saddlepoint_domain(const QuadraticForm& form);
struct SaddlepointValue {
    double x{0.0};    // K'(t)
    double cdf{0.0};  // P(Q <= x)
};
[[nodiscard]] SaddlepointValue saddlepoint_value(const QuadraticForm& form, double at);

// The x with P(Q <= x) = p, 0 < p < 1. nullopt: no root found inside the domain.
[[nodiscard]] std::optional<double> quadratic_quantile(const QuadraticForm& form, double p);
[[nodiscard]] std::optional<double> saddlepoint_quantile(const QuadraticForm& form, double p);

}  // namespace keel::risk
