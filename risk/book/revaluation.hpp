#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "risk/book/market_state.hpp"
#include "risk/portfolio/sensitivities.hpp"

namespace keel::risk {

// Full revaluation: the definition that every incremental number is compared with.

// What one holding is worth, in its own ledger: coin of its underlying, or units of its stablecoin. NaN
// where an input is missing or not positive.
// Thread: any. Allocates: never.
[[nodiscard]] double holding_value(const Contract& contract, const Holding& holding, const ContractQuote& quote,
                                   const MarketState& market, const Shock& shock = {});

// The mark of a future, perpetual or spot under a shock. What an average has fixed already no longer moves.
// Thread: any. Allocates: never.
[[nodiscard]] double shocked_mark(const Contract& contract, const ContractQuote& quote, const MarketState& market,
                                  const Shock& shock);

// Greeks of one contract held long, in the units of Sensitivities; all zero for stable_cash. False where an
// input is missing or not positive. `delta_net` of coin cash is 0: collateral is added where delta_usd is read.
// Thread: any. Allocates: never.
[[nodiscard]] bool contract_sensitivities(const Contract& contract, const ContractQuote& quote,
                                          const MarketState& market, Sensitivities& out);

// The book in each ledger and in USD.
struct BookValue {
    std::vector<double> coin;       // by UnderlyingSlot
    std::vector<double> stable;     // by StableSlot
    std::vector<double> venue_usd;  // by VenueSlot
    double usd{0.0};
    std::size_t left_out{0};  // holdings that an input was missing for: they are in no sum
};

// Every holding at the market moved by `shock`. USD of coin is at the (shocked) index, USD of a stablecoin
// at its (shocked) price.
[[nodiscard]] BookValue value_book(const Book& book, const MarketState& market, const Shock& shock = {});
// The same where holding_value() of each row is known already.
[[nodiscard]] BookValue value_book(const Book& book, const MarketState& market, const Shock& shock,
                                   std::span<const double> values);

// What of sensitivities is an amount of money, in USD: stablecoins at their price, coin at its index.
struct DollarSums {
    double gross{0.0};         // |notional|
    double net{0.0};           // signed
    double delta_linear{0.0};  // delta times forward of linear contracts
};
// Of what is `held` of one contract.
[[nodiscard]] DollarSums dollar_sums(const Contract& contract, const Sensitivities& held, const MarketState& market);

// Sum of quantity times contract_sensitivities over the holdings of `underlying`. Several stablecoins add up in `usd`
// only, each at its own price.
struct BookSensitivities {
    Sensitivities sums{};
    DollarSums usd{};
    std::size_t left_out{0};
};
[[nodiscard]] BookSensitivities book_sensitivities(const Book& book, const MarketState& market,
                                                   UnderlyingSlot underlying);

}  // namespace keel::risk
