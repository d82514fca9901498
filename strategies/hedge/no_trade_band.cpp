#include "strategies/hedge/no_trade_band.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/time.hpp"

namespace keel::strategies {

double whalley_wilmott_half_width(double cost_ratio, double price_usd, double gamma_coin_per_usd,
                                  double risk_aversion_per_usd, double discount) {
    return std::cbrt(1.5 * discount * cost_ratio * price_usd * gamma_coin_per_usd * gamma_coin_per_usd /
                     risk_aversion_per_usd);
}

double band_half_width(const BandInputs& inputs, const HedgeConfig& config) {
    const double volatility = std::max(inputs.volatility, config.volatility_floor_ratio);
    const double one_second_years = 1e9 / kYearNs;
    const double horizon_years = static_cast<double>(config.band_horizon.count()) * one_second_years;
    const double move_usd = inputs.underlying_price_usd * volatility;  // one sigma over a year
    const double formula = whalley_wilmott_half_width(inputs.cost_ratio, inputs.underlying_price_usd,
                                                      inputs.gamma_coin_per_usd, config.risk_aversion_per_usd);
    const double noise = std::abs(inputs.gamma_coin_per_usd) * move_usd * std::sqrt(one_second_years);
    const double risk_ceiling = config.delta_risk_limit_usd / (move_usd * std::sqrt(horizon_years));
    const double boundary_ceiling = (1.0 - config.boundary_buffer_ratio) * inputs.soft_distance_coin;
    // A comparison with NaN is false: std::min would pass over a ceiling that is not known.
    if (!std::isfinite(formula) || !std::isfinite(noise) || !(risk_ceiling >= 0.0) || !(boundary_ceiling >= 0.0)) {
        return inputs.lot_coin;
    }
    return std::max(std::min({std::max(formula, noise), risk_ceiling, boundary_ceiling}), inputs.lot_coin);
}

}  // namespace keel::strategies
