#pragma once

#include "risk/options/lanes.hpp"

namespace keel::risk {

// d/u = top/bottom as a function of w = sqrt(u), where d solves phi(d)/d - Phi(-d) = 1/(exp(u)-1): the number of
// standard deviations that the strike is away in the normal model. Our rational fit, relative error 5e-5 for d <= 45.
template <typename Number>
struct NormalModelFit {
    Number top;
    Number bottom;
};

template <typename Number>
inline NormalModelFit<Number> normal_model_fit(Number w) {
    const auto polynomial = [w](auto highest, auto... lower) {
        Number sum{highest};
        ((sum = fused(sum, w, Number{lower})), ...);
        return sum;
    };
    return {polynomial(0.0095305067348834658, 0.01320773032351977, 0.041927725138273134, 0.043958596937565332,
                       0.39897113684146081),
            polynomial(0.0067269679048586937, 0.010297563341698952, 0.05315208309918643, 0.094831125500764203,
                       0.11213964986279676, 1.0)};
}

}  // namespace keel::risk
