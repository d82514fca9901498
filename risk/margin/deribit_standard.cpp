#include "risk/margin/deribit_standard.hpp"

#include <algorithm>
#include <cmath>

namespace keel::risk {
namespace {

bool is_positive(double value) { return std::isfinite(value) && value > 0.0; }

}  // namespace

MarginAmount deribit_future_margin(const DeribitFuture& position, const DeribitFutureMargin& rates) {
    const bool linear = position.payoff == Payoff::linear;
    if (!std::isfinite(position.coins) || (linear && !is_positive(position.mark))) return kMarginUnknown;
    const double coins = std::abs(position.coins);
    const double value = linear ? coins * position.mark : coins;
    const double slope = rates.rate_per_coin * coins;
    return finite_margin((rates.initial_rate + slope) * value, (rates.maintenance_rate + slope) * value);
}

MarginAmount deribit_option_margin(const DeribitOption& position, const DeribitOptionMargin& rates) {
    if (!std::isfinite(position.quantity) || !is_positive(position.underlying) || !is_positive(position.strike) ||
        !std::isfinite(position.mark) || position.mark < 0.0 || position.type == OptionType::none) {
        return kMarginUnknown;
    }
    if (position.quantity >= 0.0) return {};
    const bool put = position.type == OptionType::put;
    const double intrinsic_gap = put ? position.underlying - position.strike : position.strike - position.underlying;
    const double out_of_money = std::max(intrinsic_gap, 0.0) / position.underlying;
    const double unit = position.payoff == Payoff::linear ? position.underlying : 1.0;  // one coin, in settlement
    const double mark = position.mark / unit;                                           // coin

    double initial = std::max(rates.initial_rate - out_of_money, rates.initial_rate_floor) + mark;
    double maintenance = rates.maintenance_rate + mark;
    if (put) {
        maintenance = std::max(rates.maintenance_rate, rates.maintenance_rate * mark) + mark;
        initial = std::max(initial, maintenance);
    }
    const double coins = -position.quantity * unit;
    return finite_margin(initial * coins, maintenance * coins);
}

MarginAmount deribit_standard_margin(std::span<const DeribitFuture> futures, std::span<const DeribitOption> options,
                                     const DeribitFutureMargin& future_rates, const DeribitOptionMargin& option_rates) {
    MarginAmount sum;
    for (const DeribitFuture& position : futures) sum = sum + deribit_future_margin(position, future_rates);
    for (const DeribitOption& position : options) sum = sum + deribit_option_margin(position, option_rates);
    return sum;
}

}  // namespace keel::risk
