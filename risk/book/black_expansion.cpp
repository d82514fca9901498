#include "risk/book/black_expansion.hpp"

#include <algorithm>
#include <cmath>

#include "risk/options/black76.hpp"

namespace keel::risk {
namespace {

constexpr std::array<double, 6> kFactorial{1.0, 1.0, 2.0, 6.0, 24.0, 120.0};

// sup over d1 of |V_{F^j s^k}| F^(j-1) s^(j+k-1), j + k = 5, at each deviation of the grid: rows j = 5..0. Scanned
// numerically and rounded up; every row rises with s (black_expansion_test.cpp scans it anew).
constexpr std::array<double, 15> kGrid{0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0};
constexpr std::array<std::array<double, 15>, 6> kFifth{{{8.7536, 8.8941, 9.1097, 9.4830, 10.286, 11.170, 12.147, 14.435,
                                                         17.935, 23.136, 31.583, 42.708, 75.547, 127.47, 205.38},
                                                        {4.2741, 4.3290, 4.4128, 4.5562, 4.8580, 5.1813, 5.5284, 6.4154,
                                                         8.2916, 10.694, 14.643, 19.934, 36.061, 62.624, 104.00},
                                                        {2.4255, 2.4505, 2.4887, 2.5541, 2.6919, 2.8400, 2.9995, 3.3586,
                                                         3.7823, 4.4115, 5.6816, 7.2652, 11.575, 17.748, 26.199},
                                                        {1.7777, 1.7848, 1.7962, 1.8176, 1.8696, 1.9351, 2.0156, 2.2274,
                                                         2.5184, 2.9034, 3.5409, 4.3827, 6.8155, 10.483, 15.671},
                                                        {1.1969, 1.1972, 1.1991, 1.2057, 1.2322, 1.2770, 1.3409, 1.5306,
                                                         1.8134, 2.2052, 2.8761, 3.7854, 6.4886, 10.664, 16.668},
                                                        {0.5506, 0.5670, 0.5914, 0.6319, 0.7103, 0.7827, 0.8465, 1.3915,
                                                         2.4094, 3.8982, 6.5885, 10.405, 22.305, 41.384, 69.438}}};

// V_{F^j s^k} F^(j-1) s^(j+k-1) over the density n(d1), for j + k = 2..4 and (0,1): polynomials in d1 and d2, derived
// by V_s = F n(d1), dd1/ds = -d2/s, dd2/ds = -d1/s, d(d1,d2)/dF = 1/(F s).
struct ScaledDerivatives {
    std::array<std::array<double, 5>, 5> at{};  // [j][k]
};
ScaledDerivatives scaled_derivatives(double d1, double d2) {
    const double product = d1 * d2;
    const double squares = d1 * d1 + d2 * d2;
    const double total = d1 + d2;
    ScaledDerivatives f;
    f.at[0][1] = 1.0;
    f.at[0][2] = product;
    f.at[0][3] = product * product - product - squares;
    f.at[0][4] = product * (product * product - 3.0 * product - 3.0 * squares + 6.0) + 3.0 * squares;
    f.at[1][1] = -d2;
    f.at[1][2] = total - product * d2;
    f.at[1][3] = -3.0 * total + 3.0 * product * total + d2 * d2 * d2 - product * product * d2;
    f.at[2][0] = 1.0;
    f.at[2][1] = product - 1.0;
    f.at[2][2] = product * product - 3.0 * product - squares + 2.0;
    f.at[3][0] = d2 - 2.0 * d1;
    f.at[3][1] = 3.0 * d1 - 2.0 * d1 * product + d2 * product;
    f.at[4][0] = 6.0 * d1 * d1 - 7.0 * product + 2.0 * d2 * d2 - 1.0;
    return f;
}

constexpr std::size_t terms_up_to(std::size_t k) { return (k + 1) * (k + 2) / 2; }  // l <= k' <= k

FourDoubles weighted(const double* terms, const MoveMonomials& moves, std::size_t from, std::size_t to) {
    FourDoubles sum{};
    for (std::size_t i = from; i < to; ++i) sum += terms[i] * moves.at[i];
    return sum;
}

}  // namespace

ExpansionTerms expand_black(double forward, double strike, double volatility, double root_years, OptionType type) {
    const OptionInputs inputs{.forward = forward,
                              .strike = strike,
                              .years = root_years * root_years,
                              .volatility = volatility,
                              .rate = 0.0,
                              .type = type};
    const double theta = type == OptionType::put ? -1.0 : 1.0;
    const auto [deviation, d1, d2] = black_terms(inputs);
    const double density = normal_pdf(d1);
    const double delta = theta * normal_cdf(theta * d1);
    const ScaledDerivatives f = scaled_derivatives(d1, d2);
    ExpansionTerms out;
    double f_power = forward;  // F^(1-j)
    double f_deviation = deviation;
    for (std::size_t j = 0; j <= kExpansionOrder; ++j) {
        double scale = density * f_power * f_deviation;  // F^(1-j) s^(1-j-k)
        for (std::size_t k = 0; j + k <= kExpansionOrder; ++k) {
            double volatility_power = scale * f.at[j][k] / kFactorial[j];
            for (std::size_t l = 0; l <= k; ++l) {
                out.term[kExpansionPlace[j] + terms_up_to(k) - k - 1 + l] =
                    volatility_power / (kFactorial[l] * kFactorial[k - l]);
                volatility_power *= volatility;
            }
            scale /= deviation;
        }
        f_power /= forward;
        f_deviation /= deviation;
    }
    out.term[0] = forward * delta - theta * strike * normal_cdf(theta * d2);
    out.term[kExpansionPlace[1]] = delta;
    return out;
}

MoveMonomials move_monomials(double u, double v) {
    std::array<double, 5> u_power{1.0, u, u * u, u * u * u, u * u * u * u};
    std::array<double, 5> v_power{1.0, v, v * v, v * v * v, v * v * v * v};
    MoveMonomials out;
    std::size_t place = 0;
    for (std::size_t k = 0; k <= kExpansionOrder; ++k) {
        for (std::size_t l = 0; l <= k; ++l, ++place) {
            const std::size_t n = k - l;
            const double by_u = l > 0 ? static_cast<double>(l) * u_power[l - 1] * v_power[n] : 0.0;
            const double by_v = n > 0 ? static_cast<double>(n) * u_power[l] * v_power[n - 1] : 0.0;
            const double by_vv = n > 1 ? static_cast<double>(n * (n - 1)) * u_power[l] * v_power[n - 2] : 0.0;
            out.at[place] = FourDoubles{u_power[l] * v_power[n], by_u, by_v, by_vv};
        }
    }
    return out;
}

ForwardCurve forward_curve(const ExpansionTerms& terms, const MoveMonomials& moves) {
    ForwardCurve out;
    for (std::size_t j = 0; j <= kExpansionOrder; ++j) {
        const double* row = terms.term.data() + kExpansionPlace[j];
        const std::size_t inside = j == kExpansionOrder ? 0 : terms_up_to(3 - j);
        if (j < kExpansionOrder) out.inside[j] = weighted(row, moves, 0, inside);
        out.rest[j] = weighted(row, moves, inside, terms_up_to(4 - j));
    }
    return out;
}

double fifth_derivative_max(std::size_t j, double deviation) {
    const auto* const found = std::lower_bound(kGrid.begin(), kGrid.end(), deviation);
    const auto place = static_cast<std::size_t>(std::min(found, kGrid.end() - 1) - kGrid.begin());
    return kFifth[j][place];
}

RemainderCurve remainder_curve(double deviation, double e) {
    RemainderCurve out;
    const std::array<double, 6> power{1.0, e, e * e, e * e * e, e * e * e * e, e * e * e * e * e};
    for (std::size_t j = 0; j <= 5; ++j) {
        const double c = fifth_derivative_max(j, deviation) / kFactorial[j];
        const double by_e = j < 5 ? c * power[4 - j] / kFactorial[4 - j] : 0.0;
        const double by_ee = j < 4 ? c * power[3 - j] / kFactorial[3 - j] : 0.0;
        out.power[j] = FourDoubles{c * power[5 - j] / kFactorial[5 - j], by_e, by_e, by_ee};
    }
    return out;
}

}  // namespace keel::risk
