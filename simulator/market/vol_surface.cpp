#include "simulator/market/vol_surface.hpp"

#include <cmath>

namespace keel::simulator {

double VolSurface::atm_iv(double years) const {
    constexpr double kTermYears = 0.15;  // a spike fades over about two months of expiry
    const double weight = std::exp(-years / kTermYears);
    return atm_long_ratio + (atm_short_ratio - atm_long_ratio) * weight;
}

double VolSurface::iv(double log_moneyness, double years) const {
    const double atm = atm_iv(years);
    const double theta = atm * atm * years;
    const double phi = eta / std::sqrt(theta * (1.0 + theta));
    const double x = phi * log_moneyness;
    const double total = 0.5 * theta * (1.0 + rho * x + std::sqrt((x + rho) * (x + rho) + 1.0 - rho * rho));
    return std::sqrt(total / years);
}

}  // namespace keel::simulator
