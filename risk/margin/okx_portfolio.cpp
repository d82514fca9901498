#include "risk/margin/okx_portfolio.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/core/assert.hpp"

namespace keel::risk {

MarginAmount okx_risk_unit_margin(const OkxRiskUnit& unit, const OkxPortfolioParameters& parameters) {
    const std::array parts{unit.spot_shock,    unit.theta_decay,  unit.vega_term,      unit.basis,
                           unit.interest_rate, unit.extreme_move, unit.minimum_charge, unit.stablecoin_hedge};
    for (const double part : parts) {
        if (!(std::isfinite(part) && part >= 0.0)) return kMarginUnknown;
    }
    if (!(std::isfinite(parameters.initial_factor) && parameters.initial_factor >= 1.0)) return kMarginUnknown;
    const double shock = std::max({unit.spot_shock, unit.theta_decay, unit.extreme_move});
    const double sum = shock + unit.vega_term + unit.basis + unit.interest_rate + unit.stablecoin_hedge;
    const double maintenance = std::max(sum, unit.minimum_charge);
    return finite_margin(parameters.initial_factor * maintenance, maintenance);
}

double okx_largest_loss(std::span<const double> profits_usd) {
    double loss = 0.0;
    for (const double profit : profits_usd) {
        if (!std::isfinite(profit)) return std::numeric_limits<double>::quiet_NaN();
        loss = std::max(loss, -profit);
    }
    return loss;
}

double okx_extreme_move(double profit_usd, const OkxPortfolioParameters& parameters) {
    if (!std::isfinite(profit_usd)) return std::numeric_limits<double>::quiet_NaN();
    return std::max(-profit_usd, 0.0) * parameters.extreme_loss_ratio;
}

double okx_minimum_charge(double charge_usd, const OkxPortfolioParameters& parameters) {
    KEEL_ASSERT(parameters.charge_steps_count <= kChargeStepsMax);
    if (!(std::isfinite(charge_usd) && charge_usd >= 0.0)) return std::numeric_limits<double>::quiet_NaN();
    if (parameters.charge_steps_count == 0) return charge_usd;
    double floor = 0.0;
    double scaled = 0.0;
    double factor = 0.0;
    for (std::uint32_t i = 0; i < parameters.charge_steps_count && charge_usd > floor; ++i) {
        const ChargeStep& step = parameters.charge_steps[i];
        factor = step.factor;
        scaled += (std::min(charge_usd, step.amount_usd_max) - floor) * factor;
        floor = step.amount_usd_max;
    }
    return charge_usd > floor ? scaled + (charge_usd - floor) * factor : scaled;
}

}  // namespace keel::risk
