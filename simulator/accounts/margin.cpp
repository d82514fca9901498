#include "simulator/accounts/margin.hpp"

#include <algorithm>
#include <cmath>

namespace keel::simulator {

FutureMarginRates future_margin_rates(Currency base) {
    FutureMarginRates rates;
    if (base == Currency::eth) rates.slope_per_coin = 0.000001;
    return rates;
}

Margin future_margin(const Listing& listing, const FutureMarginRates& rates, double coins, double index_usd) {
    const double size = std::abs(coins);
    const double in_settlement = listing.contract.payoff == Payoff::inverse ? size : size * index_usd;
    const double slope = rates.slope_per_coin * size;
    return {.initial = in_settlement * (rates.initial_base + slope),
            .maintenance = in_settlement * (rates.maintenance_base + slope)};
}

Margin short_option_margin(const Listing& listing, double mark_price, double underlying_usd) {
    constexpr double kInitialFloor = 0.1;
    constexpr double kInitialBase = 0.15;
    constexpr double kMaintenance = 0.075;
    if (!(underlying_usd > 0.0)) return {};
    const double strike = listing.contract.strike;
    const bool is_call = listing.contract.option_type == OptionType::call;
    const double out_of_money_usd =
        is_call ? std::max(0.0, strike - underlying_usd) : std::max(0.0, underlying_usd - strike);
    const double scale = listing.contract.payoff == Payoff::inverse ? 1.0 : underlying_usd;
    const double mark = mark_price / scale;  // in coin
    const double moneyness = std::max(kInitialBase - out_of_money_usd / underlying_usd, kInitialFloor);
    Margin margin;
    if (is_call) {
        margin.maintenance = kMaintenance + mark;
        margin.initial = moneyness + mark;
    } else {
        margin.maintenance = std::max(kMaintenance, kMaintenance * mark) + mark;
        margin.initial = std::max(moneyness + mark, margin.maintenance);
    }
    margin.initial *= scale;
    margin.maintenance *= scale;
    return margin;
}

}  // namespace keel::simulator
