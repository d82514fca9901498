#pragma once

#include "simulator/exchange/listing.hpp"

namespace keel::simulator {

// The venue's contract maths (protocol text, section 14). Amounts are signed, in the venue's units: USD
// for inverse futures, coin otherwise. Results are in the settlement currency unless a name says more.

// Coins of a futures amount at `price`: inverse Q / M, linear Q.
[[nodiscard]] double futures_coins(const Listing& listing, double amount, double price);

// What holding `amount` earns while its price goes from `from` to `to`: inverse futures
// Q (1/from - 1/to), everything else Q (to - from).
[[nodiscard]] double holding_profit(const Listing& listing, double amount, double from, double to);

// Average price after adding to a holding on the same side: harmonic for inverse futures.
[[nodiscard]] double averaged_price(const Listing& listing, double amount, double price, double added_amount,
                                    double added_price);

// Fee rates as fractions; options pay `option` of one coin (linear: of the index) per coin, at most
// `option_cap` of the option's price.
struct FeeRates {
    double taker_future{0.0005};
    double maker_future{0.0};
    double option{0.0003};
    double option_cap{0.125};
};
[[nodiscard]] double trade_fee(const Listing& listing, const FeeRates& rates, double amount, double price,
                               double index_usd, bool is_maker);

// 8 h rate: max(d, p) + min(-d, p) with premium p = (mark - index) / index, then clamped to +-cap.
[[nodiscard]] double funding_rate_8h(double mark, double index, double dead_band, double cap);

// What a holder of one amount unit pays over `seconds` at `rate_8h`.
[[nodiscard]] double funding_per_amount(const Listing& listing, double rate_8h, double index, double seconds);

// Option payoff per coin at delivery: inverse max(0, S-K)/S or max(0, K-S)/S, linear without the division.
[[nodiscard]] double option_payoff(const Listing& listing, double delivery_price);

}  // namespace keel::simulator
