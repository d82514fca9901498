#include "risk/tail/liquidity_adjusted.hpp"

#include <cmath>

namespace keel::risk {

std::optional<double> liquidity_cost_usd(double position_usd, double spread_mean_ratio, double spread_sd_ratio,
                                         double deviations) {
    const bool good = spread_mean_ratio >= 0.0 && spread_sd_ratio >= 0.0 && deviations >= 0.0;
    const double cost = 0.5 * std::abs(position_usd) * (spread_mean_ratio + deviations * spread_sd_ratio);
    if (!good || !std::isfinite(cost)) return std::nullopt;
    return cost;
}

double liquidation_var_usd(double var_day_usd, double days) {
    if (!(days > 1.0)) return var_day_usd;
    return var_day_usd * std::sqrt((1.0 + days) * (2.0 * days + 1.0) / (6.0 * days));
}

}  // namespace keel::risk
