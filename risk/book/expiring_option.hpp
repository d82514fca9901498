#pragma once

#include "risk/book/market_state.hpp"
#include "risk/options/inverse_option.hpp"
#include "risk/portfolio/sensitivities.hpp"

namespace keel::risk {

// What an expiry delivers on, as seen now. Where delivery is on an average over a window W, an option is one on
// U = f * average so far + (1 - f) * F, f the elapsed share of the window, with the variance that an average of a
// Brownian path has left (Turnbull and Wakeman 1991; Deribit settles on such an average):
//     before the window   U = F,  years T - 2W/3
//     inside, tau left    years tau (1-f)^2 (F/U)^2 / 3     (continuous at entry: both W/3)
// In the last five seconds what is left is intrinsic value.
struct DeliveryForward {
    double price{0.0};      // U, USD per coin
    double years{0.0};      // of variance
    double weight{1.0};     // dU/dF = 1 - f
    double decay{1.0};      // years of variance lost per year of time
    bool averaging{false};  // inside the window
};

// `spot_factor` moves the forward, `years_passed` the time; the average so far is a fact and stays.
// Thread: any. Allocates: never.
[[nodiscard]] DeliveryForward delivery_forward(const ExpiryMarket& expiry, UnixNanos now, double spot_factor = 1.0,
                                               double years_passed = 0.0);

// What a quoted volatility is times to be that of the index. Venues quote for all of the time to expiry T, whatever
// they deliver on (Deribit: 3 to 4 h before expiry the price of its marks is of sigma^2 T), and an average varies less:
// sqrt(T / (T - 2W/3)) before the window, from its start sqrt(3). 1 where delivery is on one price.
// Thread: any. Allocates: never.
[[nodiscard]] double index_volatility_ratio(const ExpiryMarket& expiry, UnixNanos now);

struct OptionSpec {
    double strike{0.0};
    OptionType type{OptionType::call};
    double volatility{0.0};
};

// Value and greeks of one coin of an option at the delivery forward, sensitivities with respect to F. False
// on bad input.
// Thread: any. Allocates: never.
[[nodiscard]] bool expiring_option(const OptionSpec& spec, const ExpiryMarket& expiry, UnixNanos now, OptionGreeks& usd,
                                   InverseGreeks& coin);

// Both ledgers' greeks of `size` coins, as they add up.
[[nodiscard]] Sensitivities option_sensitivities(const OptionGreeks& usd, const InverseGreeks& coin, bool inverse,
                                                 double size, double forward);

}  // namespace keel::risk
