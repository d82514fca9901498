#include "risk/margin/bybit_margin.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace keel::risk {

MarginAmount bybit_option_margin(const BybitOption& position, const BybitOptionMargin& rates) {
    const auto is_premium = [](double value) { return std::isfinite(value) && value >= 0.0; };
    const auto is_positive = [](double value) { return std::isfinite(value) && value > 0.0; };
    if (!std::isfinite(position.quantity) || !is_positive(position.index) || !is_positive(position.strike) ||
        !is_premium(position.entry) || !is_premium(position.mark) || position.type == OptionType::none) {
        return kMarginUnknown;
    }
    if (position.quantity >= 0.0) return {};
    const double sign = position.type == OptionType::call ? 1.0 : -1.0;
    const double index = position.index;
    const double out_of_money = std::max(sign * (position.strike - index), 0.0);
    const double maintenance = std::max(rates.maintenance_rate * index, rates.maintenance_rate * position.mark) +
                               position.mark + rates.liquidation_fee_rate * index;
    const double initial = std::max(rates.initial_rate * index - out_of_money, rates.initial_rate_floor * index) +
                           std::max(position.entry, position.mark);
    const double coins = -position.quantity;
    return finite_margin(std::max(initial, maintenance) * coins, maintenance * coins);
}

MarginAmount bybit_position_margin(const BybitPosition& position) {
    if (!(std::isfinite(position.taker_fee_rate) && position.taker_fee_rate >= 0.0) ||
        !(std::isfinite(position.value) && position.value >= 0.0)) {
        return kMarginUnknown;
    }
    const MarginAmount plain =
        tiered_margin({.tiers = position.tiers, .notional = position.value, .leverage = position.leverage});
    if (plain.status != MarginStatus::ok) return plain;
    const double close_fee = (position.value - sign(position.side) * plain.initial) * position.taker_fee_rate;
    return finite_margin(plain.initial + close_fee, plain.maintenance + close_fee);
}

MarginAmount bybit_portfolio_margin(const BybitPortfolioTerms& terms, double initial_factor) {
    const std::array contingencies{terms.short_options, terms.vega_spread, terms.stablecoin_spread,
                                   terms.delta_spread,  terms.futures,     terms.close_fee};
    if (!std::isfinite(terms.loss_max) || !(std::isfinite(initial_factor) && initial_factor >= 1.0)) {
        return kMarginUnknown;
    }
    double maintenance = std::max(terms.loss_max, 0.0);
    for (const double charge : contingencies) {
        if (!(std::isfinite(charge) && charge >= 0.0)) return kMarginUnknown;
        maintenance += charge;
    }
    return finite_margin(initial_factor * maintenance, maintenance);
}

}  // namespace keel::risk
