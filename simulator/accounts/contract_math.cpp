#include "simulator/accounts/contract_math.hpp"

#include <algorithm>
#include <cmath>

namespace keel::simulator {

namespace {

bool is_inverse_future(const Listing& listing) {
    return listing.contract.payoff == Payoff::inverse && !listing.contract.is_option();
}

}  // namespace

double futures_coins(const Listing& listing, double amount, double price) {
    if (!is_inverse_future(listing)) return amount;
    return price > 0.0 ? amount / price : 0.0;
}

double holding_profit(const Listing& listing, double amount, double from, double to) {
    if (!is_inverse_future(listing)) return amount * (to - from);
    if (!(from > 0.0) || !(to > 0.0)) return 0.0;
    return amount * (1.0 / from - 1.0 / to);
}

double averaged_price(const Listing& listing, double amount, double price, double added_amount, double added_price) {
    const double total = amount + added_amount;
    if (total == 0.0) return 0.0;
    if (amount == 0.0) return added_price;
    if (is_inverse_future(listing)) return total / (amount / price + added_amount / added_price);
    return (amount * price + added_amount * added_price) / total;
}

double trade_fee(const Listing& listing, const FeeRates& rates, double amount, double price, double index_usd,
                 bool is_maker) {
    const double size = std::abs(amount);
    if (listing.contract.is_option()) {
        const double one_coin = listing.contract.payoff == Payoff::inverse ? 1.0 : index_usd;
        return size * std::min(rates.option * one_coin, rates.option_cap * price);
    }
    const double rate = is_maker ? rates.maker_future : rates.taker_future;
    return rate * (listing.contract.payoff == Payoff::inverse ? size / price : size * price);
}

double funding_rate_8h(double mark, double index, double dead_band, double cap) {
    const double premium = (mark - index) / index;
    const double rate = std::max(dead_band, premium) + std::min(-dead_band, premium);
    return std::clamp(rate, -cap, cap);
}

double funding_per_amount(const Listing& listing, double rate_8h, double index, double seconds) {
    constexpr double kEightHours = 8.0 * 3600.0;
    const double share = rate_8h * seconds / kEightHours;
    return listing.contract.payoff == Payoff::inverse ? share / index : share * index;
}

double option_payoff(const Listing& listing, double delivery_price) {
    const double strike = listing.contract.strike;
    const double intrinsic = listing.contract.option_type == OptionType::call ? std::max(0.0, delivery_price - strike)
                                                                              : std::max(0.0, strike - delivery_price);
    return listing.contract.payoff == Payoff::inverse ? intrinsic / delivery_price : intrinsic;
}

}  // namespace keel::simulator
