#pragma once

#include <array>
#include <cstddef>

#include "engine/core/instrument.hpp"

namespace keel::risk {

// Taylor coefficients of Black's value to fourth order, and a bound of everything beyond.
//
// Undiscounted, the value depends on time and volatility through s = sigma sqrt(T) alone. With the moves
//     x = F - F_a,   u = sqrt(T) - sqrt(T_a),   v = sqrt(T) dsigma
// an option's s is exactly s_a + sigma_a u + v, so that the expansion in (F, s) is one in time and in a parallel
// move of volatility with no error of its own:
//     V = sum over j + k <= 4, l <= k of  B_jkl x^j u^l v^(k-l),   B_jkl = V_{F^j s^k} sigma_a^l / (j! l! (k-l)!)
// B_000, B_100, B_200 are value, delta and half gamma; B_010 = V_s gives vega (times sqrt T), B_011 gives theta
// (times -1 / (2 sqrt T)), and so on. The coefficients of a book are the sums of its contracts'.

inline constexpr std::size_t kExpansionOrder = 4;
inline constexpr std::size_t kExpansionTerms = 35;
// Place of the coefficients of x^j; behind it k rises, and l within k: place + k(k+1)/2 + l.
inline constexpr std::array<std::size_t, 5> kExpansionPlace{0, 15, 25, 31, 34};

struct ExpansionTerms {
    alignas(32) std::array<double, kExpansionTerms + 1> term{};  // the last one pads

    // this += factor * unit
    void add(const ExpansionTerms& unit, double factor) {
        for (std::size_t i = 0; i < term.size(); ++i) term[i] += factor * unit.term[i];
    }
};

// Coefficients for one coin of underlying. Needs forward, strike, volatility and sqrt(years) above zero.
// Thread: any. Allocates: never.
[[nodiscard]] ExpansionTerms expand_black(double forward, double strike, double volatility, double root_years,
                                          OptionType type);

// Monomials u^l v^(k-l) and their derivatives, in the order of the coefficients.
struct MoveMonomials {
    std::array<double, 15> one{};  // u^l v^(k-l)
    std::array<double, 15> by_u{};
    std::array<double, 15> by_v{};
    std::array<double, 15> by_vv{};
};
[[nodiscard]] MoveMonomials move_monomials(double u, double v);

// An expansion with time and volatility moved: polynomials in x alone, those of order three (published) apart
// from the terms of order four (the leading part of the error).
struct ForwardCurve {
    std::array<double, 4> value{};
    std::array<double, 3> by_u{};
    std::array<double, 3> by_v{};
    std::array<double, 2> by_vv{};
    std::array<double, 5> value_rest{};
    std::array<double, 4> by_u_rest{};
    std::array<double, 4> by_v_rest{};
    std::array<double, 3> by_vv_rest{};
};
[[nodiscard]] ForwardCurve forward_curve(const ExpansionTerms& terms, const MoveMonomials& moves);

// Horner's rule for a polynomial, its first and its second derivative; the lowest power comes first.
template <std::size_t N>
[[nodiscard]] double polynomial(const std::array<double, N>& c, double x) {
    double sum = c[N - 1];
    for (std::size_t i = N - 1; i-- > 0;) sum = sum * x + c[i];
    return sum;
}

template <std::size_t N>
[[nodiscard]] double slope(const std::array<double, N>& c, double x) {
    double sum = static_cast<double>(N - 1) * c[N - 1];
    for (std::size_t i = N - 1; i-- > 1;) sum = sum * x + static_cast<double>(i) * c[i];
    return sum;
}

template <std::size_t N>
[[nodiscard]] double curvature(const std::array<double, N>& c, double x) {
    double sum = static_cast<double>((N - 1) * (N - 2)) * c[N - 1];
    for (std::size_t i = N - 1; i-- > 2;) sum = sum * x + static_cast<double>(i * (i - 1)) * c[i];
    return sum;
}

// Value and derivatives at one x.
struct CurvePoint {
    double value{0.0};
    double f{0.0};
    double ff{0.0};
    double u{0.0};
    double fu{0.0};
    double v{0.0};
    double fv{0.0};
    double vv{0.0};
};
[[nodiscard]] inline CurvePoint evaluate_curve(const ForwardCurve& curve, double x) {
    return {.value = polynomial(curve.value, x),
            .f = slope(curve.value, x),
            .ff = curvature(curve.value, x),
            .u = polynomial(curve.by_u, x),
            .fu = slope(curve.by_u, x),
            .v = polynomial(curve.by_v, x),
            .fv = slope(curve.by_v, x),
            .vv = polynomial(curve.by_vv, x)};
}
[[nodiscard]] inline CurvePoint evaluate_rest(const ForwardCurve& curve, double x) {
    return {.value = polynomial(curve.value_rest, x),
            .f = slope(curve.value_rest, x),
            .ff = curvature(curve.value_rest, x),
            .u = polynomial(curve.by_u_rest, x),
            .fu = slope(curve.by_u_rest, x),
            .v = polynomial(curve.by_v_rest, x),
            .fv = slope(curve.by_v_rest, x),
            .vv = polynomial(curve.by_vv_rest, x)};
}

// What the terms beyond order four can add up to. Every fifth derivative is the normal density times a
// polynomial in d1 and s, hence bounded at every moneyness: |V_{F^j s^k}| <= C_jk F^(1-j) s^(1-j-k), j + k = 5, with
// C_jk rising in s. So, with X = |x|/F_a and E >= |s - s_a| for each option,
//     |rest of V| <= F_a (sum |q| m s^-4) sum C_jk X^j E^k / (j! k!)
// and the rests of the derivatives are bounded by the derivatives of the same polynomial.
struct RemainderCurve {
    std::array<double, 6> value{};
    std::array<double, 5> by_e{};
    std::array<double, 4> by_ee{};
};
// `deviation` is the largest s within the move, at most kDeviationMax.
[[nodiscard]] RemainderCurve remainder_curve(double deviation, double e);

// Without the factor F_a (sum |q| m s^-4): value, per X, and so on.
struct RemainderPoint {
    double value{0.0};
    double x{0.0};
    double xx{0.0};
    double e{0.0};
    double xe{0.0};
    double ee{0.0};
};
[[nodiscard]] inline RemainderPoint evaluate_remainder(const RemainderCurve& curve, double x) {
    return {.value = polynomial(curve.value, x),
            .x = slope(curve.value, x),
            .xx = curvature(curve.value, x),
            .e = polynomial(curve.by_e, x),
            .xe = slope(curve.by_e, x),
            .ee = polynomial(curve.by_ee, x)};
}

// C_jk for s up to `deviation`; j = 0..5, k = 5 - j.
[[nodiscard]] double fifth_derivative_max(std::size_t j, double deviation);
inline constexpr double kDeviationMax = 3.0;

}  // namespace keel::risk
