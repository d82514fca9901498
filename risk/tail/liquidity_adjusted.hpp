#pragma once

#include <optional>

namespace keel::risk {

inline constexpr double kSpreadDeviations = 3.0;  // Bangia et al.: 2 to 4.5, more for heavy tails

// Exogenous cost of liquidity (Bangia, Diebold, Schuermann and Stroughair 1999):
// half of |position| times (mean relative spread + deviations times its standard deviation), USD. To be added
// to VaR. nullopt: an argument not finite or a spread negative.
[[nodiscard]] std::optional<double> liquidity_cost_usd(double position_usd, double spread_mean_ratio,
                                                       double spread_sd_ratio, double deviations = kSpreadDeviations);

// VaR of one day stretched over a linear liquidation of n days (days_to_exit), in equal parts at the end of each day:
// sqrt((1+n)(2n+1)/(6n)) for n > 1, else unchanged.
[[nodiscard]] double liquidation_var_usd(double var_day_usd, double days);

}  // namespace keel::risk
