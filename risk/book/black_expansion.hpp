#pragma once

#include <array>
#include <cstddef>

#include "engine/core/instrument.hpp"
#include "risk/matrix/four_doubles.hpp"

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

// Four functions of the moves at once, in this order: itself, its derivatives by u and by v, its second by v.
// Monomials u^l v^(k-l), in the order of the coefficients.
struct MoveMonomials {
    FourDoubles at[15]{};
};
[[nodiscard]] MoveMonomials move_monomials(double u, double v);

// An expansion with time and volatility moved: polynomials in x alone (value, by u, by v, by v twice), those of
// order three (published) apart from the terms of order four (the leading part of the error).
struct ForwardCurve {
    FourDoubles inside[4]{};
    FourDoubles rest[5]{};
};
[[nodiscard]] ForwardCurve forward_curve(const ExpansionTerms& terms, const MoveMonomials& moves);

// Four polynomials at one x with their first and second derivatives in it.
struct CurvePoint {
    FourDoubles value{};
    FourDoubles slope{};
    FourDoubles curvature{};
};

// Horner's rule; the lowest power comes first.
template <std::size_t N>
[[nodiscard]] inline CurvePoint evaluate_curve(const FourDoubles (&c)[N], double x) {
    constexpr auto kTop = static_cast<double>(N - 1);
    CurvePoint out{c[N - 1], kTop * c[N - 1], kTop * (kTop - 1.0) * c[N - 1]};
    for (std::size_t i = N - 1; i-- > 0;) {
        const auto power = static_cast<double>(i);
        out.value = out.value * x + c[i];
        if (i > 0) out.slope = out.slope * x + power * c[i];
        if (i > 1) out.curvature = out.curvature * x + power * (power - 1.0) * c[i];
    }
    return out;
}

// What the terms beyond order four can add up to. Every fifth derivative is the normal density times a
// polynomial in d1 and s, hence bounded at every moneyness: |V_{F^j s^k}| <= C_jk F^(1-j) s^(1-j-k), j + k = 5, with
// C_jk rising in s. So, with X = |x|/F_a and E >= |s - s_a| for each option,
//     |rest of V| <= F_a (sum |q| m s^-4) sum C_jk X^j E^k / (j! k!)
// and the rests of the derivatives are bounded by the derivatives of the same polynomial. Coefficients of X^j without
// the factor F_a (sum |q| m s^-4), in the places of ForwardCurve: u and v move s, so both take the derivative in E.
struct RemainderCurve {
    FourDoubles power[6]{};
};
// `deviation` is the largest s within the move, at most kDeviationMax.
[[nodiscard]] RemainderCurve remainder_curve(double deviation, double e);

// C_jk for s up to `deviation`; j = 0..5, k = 5 - j.
[[nodiscard]] double fifth_derivative_max(std::size_t j, double deviation);
inline constexpr double kDeviationMax = 3.0;

}  // namespace keel::risk
