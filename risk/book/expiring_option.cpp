#include "risk/book/expiring_option.hpp"

#include <algorithm>
#include <cmath>

namespace keel::risk {
namespace {

constexpr double kSecondYears = 1e9 / kYearNs;
constexpr double kFrozenYears = 5.0 * kSecondYears;  // less than this left: intrinsic

}  // namespace

DeliveryForward delivery_forward(const ExpiryMarket& expiry, UnixNanos now, double spot_factor, double years_passed) {
    const double forward = expiry.forward * spot_factor;
    const double left = std::max(0.0, years_between(now, expiry.expiry) - years_passed);
    const double window = static_cast<double>(expiry.settlement_window.count()) / kYearNs;
    if (window <= 0.0) return {.price = forward, .years = left};
    if (left > window) return {.price = forward, .years = left - 2.0 * window / 3.0};
    const double open = left / window;
    const double average = std::isfinite(expiry.settlement_average) && expiry.settlement_average > 0.0
                               ? expiry.settlement_average
                               : expiry.forward;
    const double price = (1.0 - open) * average + open * forward;
    const double share = open * forward / price;  // of U; no more than 1, whatever the prices
    const bool frozen = left < kFrozenYears;
    return {.price = price,
            .years = frozen ? 0.0 : left * share * share / 3.0,
            .weight = open,
            .decay = share * share,
            .averaging = true};
}

double index_volatility_ratio(const ExpiryMarket& expiry, UnixNanos now) {
    const double window = static_cast<double>(expiry.settlement_window.count()) / kYearNs;
    if (window <= 0.0) return 1.0;
    const double left = std::max(window, years_between(now, expiry.expiry));
    return std::sqrt(left / (left - 2.0 * window / 3.0));
}

bool expiring_option(const OptionSpec& spec, const ExpiryMarket& expiry, UnixNanos now, OptionGreeks& usd,
                     InverseGreeks& coin) {
    if (!(expiry.forward > 0.0)) return false;  // an average so far would hide it
    const DeliveryForward delivery = delivery_forward(expiry, now);
    const OptionInputs inputs{.forward = delivery.price,
                              .strike = spec.strike,
                              .years = delivery.years,
                              .volatility = spec.volatility,
                              .rate = 0.0,
                              .type = spec.type};
    if (inverse_option(inputs, usd, coin) != PricingStatus::ok) return false;
    if (!delivery.averaging) return true;
    const double weight = delivery.weight;
    const double weight2 = weight * weight;
    usd.delta *= weight;
    usd.gamma *= weight2;
    usd.theta *= delivery.decay;
    usd.vanna *= weight;
    usd.charm *= weight * delivery.decay;
    usd.speed *= weight2 * weight;
    usd.zomma *= weight2;
    usd.color *= weight2 * delivery.decay;
    coin.delta_bs *= weight;
    coin.delta_net *= weight;
    coin.slope *= weight;
    coin.gamma *= weight2;
    coin.theta *= delivery.decay;
    coin.vanna *= weight;
    coin.charm *= weight * delivery.decay;
    return true;
}

Sensitivities option_sensitivities(const OptionGreeks& usd, const InverseGreeks& coin, bool inverse, double size,
                                   double forward) {
    return {.delta_bs = size * usd.delta,
            .delta_net = size * (inverse ? coin.delta_net : usd.delta),
            .delta_inverse = inverse ? size * coin.delta_net : 0.0,
            .delta_linear_stable = inverse ? 0.0 : size * usd.delta * forward,
            .gamma = size * usd.gamma,
            .vega = size * usd.vega,
            .theta = size * usd.theta,
            .vanna = size * usd.vanna,
            .volga = size * usd.volga,
            .charm = size * usd.charm,
            .gamma_coin = inverse ? size * coin.gamma : 0.0,
            .vega_coin = inverse ? size * coin.vega : 0.0,
            .theta_coin = inverse ? size * coin.theta : 0.0,
            .gross_coins = size,
            .net_coins = size};
}

}  // namespace keel::risk
