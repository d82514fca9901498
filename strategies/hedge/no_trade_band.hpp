#pragma once

#include "strategies/hedge/hedge_config.hpp"

namespace keel::strategies {

// What the width of the band depends on.
struct BandInputs {
    double cost_ratio{0.0};            // proportional one-way cost: half spread + fee + impact, of the notional
    double underlying_price_usd{0.0};  // per coin
    double gamma_coin_per_usd{0.0};
    double volatility{0.0};          // fraction per sqrt(year)
    double lot_coin{0.0};            // delta of the smallest order
    double soft_distance_coin{0.0};  // of the delta boundary from the target; infinite where there is none
};

// Half-width in coins of the Whalley-Wilmott (1997) asymptotic no-trade region:
// (3/2 e^{-rT} lambda S Gamma^2 / ra)^{1/3}.
[[nodiscard]] double whalley_wilmott_half_width(double cost_ratio, double price_usd, double gamma_coin_per_usd,
                                                double risk_aversion_per_usd, double discount = 1.0);

// The half-width in use: Whalley-Wilmott, at least the noise of one second and one order,
// at most what keeps one sigma of P&L over the horizon below its limit, and inside the soft boundary by
// a buffer. The ceiling makes the band narrow when volatility rises, where the formula alone widens
// with gamma; only the smallest order stands above it. Where an input is not usable the band is that order.
[[nodiscard]] double band_half_width(const BandInputs& inputs, const HedgeConfig& config);

}  // namespace keel::strategies
