#pragma once

#include "risk/options/black76.hpp"

namespace keel::risk {

// A coin-settled option: its premium and payoff are in coin, `value` = V(F; r=0)/F per contract of one
// coin. Every other field is a derivative of that coin value, except the deltas, which are kept apart:
// none of them is "the" delta.
struct InverseGreeks {
    double value{0.0};      // coin
    double delta_bs{0.0};   // dV_usd/dF, coin: what Deribit publishes as greeks.delta
    double delta_net{0.0};  // F dv/dF = delta_bs - value, coin: change of the coin value per unit relative move
    double slope{0.0};      // dv/dF, coin per USD
    double gamma{0.0};      // d2v/dF2, coin per USD squared; negative deep in the money
    double vega{0.0};       // dv/dsigma, coin per 1.00
    double theta{0.0};      // dv/dt, coin per year
    double vanna{0.0};
    double volga{0.0};
    double charm{0.0};
};

// Coin greeks from the USD greeks of the same inputs (risk-model.md, "Inverse options"). `inputs.rate`
// must be 0: a coin-settled premium is not discounted.
// Thread: any. Allocates: never.
[[nodiscard]] InverseGreeks inverse_greeks(const OptionInputs& inputs, const OptionGreeks& usd);

// Both forms in one call; `usd` and `coin` stay untouched on bad input.
[[nodiscard]] PricingStatus inverse_option(const OptionInputs& inputs, OptionGreeks& usd, InverseGreeks& coin);

// Coin paid at expiry for one contract, given the delivery price in USD.
[[nodiscard]] double inverse_payoff_coin(OptionType type, double strike, double delivery_price);

}  // namespace keel::risk
