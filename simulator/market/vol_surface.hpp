#pragma once

namespace keel::simulator {

// Volatility of one strike: an SVI slice in its surface form (Gatheral and Jacquier 2014, "SSVI"),
// total variance w(k) = theta/2 (1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2)), which has neither
// butterfly nor calendar arbitrage while theta grows with time and phi(theta) follows their power law
// with eta (1 + |rho|) <= 2.
struct VolSurface {
    double atm_short_ratio{0.5};  // at-the-money volatility for the shortest times, 1.0 = 100 %
    double atm_long_ratio{0.5};   // where the term structure ends
    double rho{-0.25};            // skew
    double eta{0.9};              // curvature

    // At-the-money volatility for `years`.
    [[nodiscard]] double atm_iv(double years) const;
    // Implied volatility at log_moneyness = ln(strike / forward); `years` > 0.
    [[nodiscard]] double iv(double log_moneyness, double years) const;
};

}  // namespace keel::simulator
