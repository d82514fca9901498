#include "risk/surface/ssvi.hpp"

#include <cmath>

namespace keel::risk {

bool is_in_ssvi_domain(const SsviParameters& ssvi) {
    return std::isfinite(ssvi.rho) && std::isfinite(ssvi.eta) && std::isfinite(ssvi.gamma) &&
           std::abs(ssvi.rho) < 1.0 && ssvi.eta > 0.0 && ssvi.gamma > 0.0 && ssvi.gamma < 1.0;
}

double ssvi_phi(const SsviParameters& ssvi, double theta) {
    return ssvi.eta / (std::pow(theta, ssvi.gamma) * std::pow(1.0 + theta, 1.0 - ssvi.gamma));
}

double ssvi_total_variance(const SsviParameters& ssvi, double theta, double k) {
    const double x = ssvi_phi(ssvi, theta) * k;
    const double shifted = x + ssvi.rho;
    return 0.5 * theta * (1.0 + ssvi.rho * x + std::sqrt(shifted * shifted + 1.0 - ssvi.rho * ssvi.rho));
}

SsviConditions ssvi_butterfly_conditions(const SsviParameters& ssvi, double theta) {
    const double phi = ssvi_phi(ssvi, theta);
    const double skew = 1.0 + std::abs(ssvi.rho);
    return {.wing = theta * phi * skew, .curvature = theta * phi * phi * skew};
}

// ln phi = ln eta - gamma ln theta - (1-gamma) ln(1+theta), hence
// d(theta phi)/dtheta = phi (1 - gamma - (1-gamma) theta/(1+theta)) = phi (1-gamma)/(1+theta).
bool ssvi_is_calendar_free_at(const SsviParameters& ssvi, double theta) {
    const double share = (1.0 - ssvi.gamma) / (1.0 + theta);
    const double square = ssvi.rho * ssvi.rho;
    return share >= 0.0 && share * square <= 1.0 + std::sqrt(1.0 - square);
}

SviParameters ssvi_to_raw(const SsviParameters& ssvi, double theta) {
    const double phi = ssvi_phi(ssvi, theta);
    const double square = 1.0 - ssvi.rho * ssvi.rho;
    return {.a = 0.5 * theta * square,
            .b = 0.5 * theta * phi,
            .rho = ssvi.rho,
            .m = -ssvi.rho / phi,
            .sigma = std::sqrt(square) / phi};
}

}  // namespace keel::risk
