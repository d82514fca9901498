#pragma once

#include "risk/options/lanes.hpp"

namespace keel::risk {

inline constexpr double kSqrt2Pi = 2.5066282746310002;
inline constexpr double kInverseRoot2Pi = 0.3989422804014327;
inline constexpr double kNormalTailMin = -0.75;  // least argument of scaled_normal_tail

// Y(z) = exp(z^2/2) Phi(-z), the upper tail of the standard normal distribution without its exponential (half of
// erfcx(z/sqrt2)), for z >= kNormalTailMin up to infinity. Relative error 1e-15.
//
// With i = 1/(z+5), Y/i is smooth on the whole half line in q = 1 - 8.5 i (the mapping of Shepherd and Laframboise,
// Math. Comp. 36, 1981); the coefficients are our Chebyshev interpolation of degree 24 at 40 digits.
template <typename Number>
inline Number scaled_normal_tail(Number z) {
    const Number i = Number{1.0} / (z + Number{5.0});
    const Number q = fused(Number{-8.5}, i, Number{1.0});
    const Number q2 = q * q, q4 = q2 * q2;
    // Four interleaved chains in q^4 keep the multipliers busy.
    const auto chain = [&](double first, auto... coefficients) {
        Number sum{first};
        ((sum = fused(sum, q4, Number{coefficients})), ...);
        return sum;
    };
    const Number c0 = chain(-1.8855801347778593e-09, -4.595171544573827e-08, 9.306311848193598e-07,
                            8.63475832160746e-06, -0.006218510545124, 0.45254425254416003, 0.9039338058864963);
    const Number c1 = chain(8.32448968735595e-08, 2.5941694460115302e-06, 7.08930139822594e-05, 0.002365590834794668,
                            -0.20910413623790314, -1.027615227993752);
    const Number c2 = chain(1.4886612585582374e-08, -1.2597032284609629e-08, -5.700366123006831e-06,
                            0.0003191586523300078, 0.06240964720661601, 0.9636525968070134);
    const Number c3 = chain(-7.670693465951408e-09, -5.127661622045086e-07, -1.2996900978417233e-05,
                            -0.0004220119533802563, -0.003851986959159542, -0.7391347704068182);
    return i * fused(q2, fused(q, c3, c2), fused(q, c1, c0));
}

}  // namespace keel::risk
