#include "risk/options/settlement_window.hpp"

#include <algorithm>
#include <cmath>

namespace keel::risk {

SettlementEstimate settlement_estimate(double forward, double average_so_far, double remaining, double window) {
    const double elapsed = std::clamp((window - remaining) / window, 0.0, 1.0);
    if (elapsed == 0.0) return {.elapsed = 0.0, .underlying = forward, .delta_multiplier = 1.0};
    return {.elapsed = elapsed,
            .underlying = elapsed * average_so_far + (1.0 - elapsed) * forward,
            .delta_multiplier = 1.0 - elapsed};
}

double settlement_deviation(const SettlementEstimate& estimate, double forward, double volatility, double remaining,
                            double window) {
    if (remaining >= window) return volatility * std::sqrt(remaining - 2.0 * window / 3.0);
    const double share = estimate.delta_multiplier * forward / estimate.underlying;
    return volatility * share * std::sqrt(std::max(remaining, 0.0) / 3.0);
}

PricingStatus settlement_greeks(const OptionInputs& in, double average_so_far, SettlementGreeks& out, double window) {
    if (!is_priceable(in) || !(window > 0.0)) return PricingStatus::bad_input;
    const bool open = in.years < window;
    if (open && !(std::isfinite(average_so_far) && average_so_far > 0.0)) return PricingStatus::bad_input;

    const SettlementEstimate estimate = settlement_estimate(in.forward, average_so_far, in.years, window);
    const bool frozen = in.years < kSettlementFreezeYears;
    const double deviation = frozen ? 0.0 : settlement_deviation(estimate, in.forward, in.volatility, in.years, window);
    // Black-76 on the estimate, with the volatility that spreads this deviation over the time left.
    OptionInputs averaged = in;
    averaged.forward = estimate.underlying;
    averaged.volatility = frozen ? 0.0 : deviation / std::sqrt(in.years);
    OptionGreeks g;
    if (black76(averaged, g) != PricingStatus::ok) return PricingStatus::bad_input;

    const double left = estimate.delta_multiplier;
    SettlementGreeks result{.price = g.price,
                            .delta_bs = left * g.delta,
                            .delta_net = left * (g.delta - g.price / estimate.underlying),
                            .gamma = left * left * g.gamma,
                            .theta = in.rate * g.price,
                            .estimate = estimate,
                            .frozen = frozen};
    if (deviation > 0.0) {
        const double price_per_deviation = g.vega / std::sqrt(in.years);
        result.vega = price_per_deviation * deviation / in.volatility;
        // s falls by sigma^2/(2s) a year before the window; inside it falls as tau^(3/2).
        const double narrowing = open ? 1.5 * deviation / in.years : in.volatility * in.volatility / (2.0 * deviation);
        result.theta -= price_per_deviation * narrowing;
    }
    if (!std::isfinite(result.vega) || !std::isfinite(result.theta) || !std::isfinite(result.delta_net)) {
        return PricingStatus::bad_input;
    }
    out = result;
    return PricingStatus::ok;
}

}  // namespace keel::risk
