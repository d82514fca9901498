#pragma once

#include "simulator/exchange/listing.hpp"

namespace keel::simulator {

// Standard (segregated) margin of the venue (protocol text, section 15). Sizes and results in coin, or in
// USDC for linear contracts.
struct FutureMarginRates {
    double initial_base{0.02};  // 1 / 50
    double maintenance_base{0.01};
    double slope_per_coin{0.00005};  // added per coin of position: 0.5 % per 100 BTC
};
// Present rates by coin; the ETH slope is 0.5 % per 5,000 ETH.
[[nodiscard]] FutureMarginRates future_margin_rates(Currency base);

struct Margin {
    double initial{0.0};
    double maintenance{0.0};
};

// `coins`: size, sign ignored. `index_usd` turns linear sizes into USDC.
[[nodiscard]] Margin future_margin(const Listing& listing, const FutureMarginRates& rates, double coins,
                                   double index_usd);

// Margin of a short option per coin of underlying; longs have paid their premium and need none.
[[nodiscard]] Margin short_option_margin(const Listing& listing, double mark_price, double underlying_usd);

}  // namespace keel::simulator
