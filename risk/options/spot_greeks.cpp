#include "risk/options/spot_greeks.hpp"

#include <cmath>

namespace keel::risk {

OptionGreeks spot_greeks(const OptionInputs& in, const OptionGreeks& f, double carry) {
    const double growth = std::exp(carry * in.years);  // dF/dS
    const double slide = carry * in.forward;           // -dF/dt with S fixed
    OptionGreeks out = f;                              // price, vega and volga do not see the spot
    out.delta = growth * f.delta;
    out.gamma = growth * growth * f.gamma;
    out.speed = growth * growth * growth * f.speed;
    out.theta = f.theta - slide * f.delta;
    out.rho = f.rho + in.years * in.forward * f.delta;
    out.vanna = growth * f.vanna;
    out.zomma = growth * growth * f.zomma;
    out.charm = growth * (f.charm - slide * f.gamma - carry * f.delta);
    out.color = growth * growth * (f.color - slide * f.speed - 2.0 * carry * f.gamma);
    return out;
}

}  // namespace keel::risk
