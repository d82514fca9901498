#include "risk/options/inverse_option.hpp"

#include <algorithm>
#include <cmath>

namespace keel::risk {
namespace {

// (K/F) Phi(d2) for a call, -(K/F) Phi(-d2) for a put: delta_bs - value without its cancellation.
double net_delta_coin(const OptionInputs& in, const OptionGreeks& usd) {
    if (in.volatility * std::sqrt(in.years) == 0.0) return usd.delta - usd.price / in.forward;
    const double theta = in.type == OptionType::put ? -1.0 : 1.0;
    return theta * in.strike / in.forward * normal_cdf(theta * black_terms(in).d2);
}

bool is_finite(const InverseGreeks& g) {
    const double sum = ((g.value + g.delta_bs) + (g.delta_net + g.slope)) + ((g.gamma + g.vega) + (g.theta + g.vanna)) +
                       (g.volga + g.charm);
    return std::isfinite(sum);
}

}  // namespace

InverseGreeks inverse_greeks(const OptionInputs& in, const OptionGreeks& usd) {
    const double forward = in.forward;
    InverseGreeks out;
    out.value = usd.price / forward;
    out.delta_bs = usd.delta;
    out.delta_net = net_delta_coin(in, usd);
    out.slope = out.delta_net / forward;
    out.gamma = (usd.gamma - 2.0 * out.slope) / forward;
    out.vega = usd.vega / forward;
    out.theta = usd.theta / forward;
    out.vanna = (usd.vanna - out.vega) / forward;
    out.volga = usd.volga / forward;
    out.charm = (usd.charm - out.theta) / forward;
    return out;
}

PricingStatus inverse_option(const OptionInputs& inputs, OptionGreeks& usd, InverseGreeks& coin) {
    OptionGreeks priced;
    if (black76(inputs, priced) != PricingStatus::ok) return PricingStatus::bad_input;
    const InverseGreeks in_coin = inverse_greeks(inputs, priced);
    if (!is_finite(in_coin)) return PricingStatus::bad_input;
    usd = priced;
    coin = in_coin;
    return PricingStatus::ok;
}

double inverse_payoff_coin(OptionType type, double strike, double delivery_price) {
    const double theta = type == OptionType::put ? -1.0 : 1.0;
    return std::max(theta * (delivery_price - strike), 0.0) / delivery_price;
}

}  // namespace keel::risk
