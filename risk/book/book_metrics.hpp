#pragma once

#include <cstdint>

#include "engine/core/time.hpp"
#include "risk/book/risk_vector.hpp"

namespace keel::risk {

// What came of an input.
enum class BookStatus : std::uint8_t {
    applied,
    refused,      // not finite, not positive or out of range: the last good value stands, flagged
    unknown_row,  // no such slot, or not of the kind that the event is about
    settled,      // the contract has expired and was settled
};

// What is doubtful about the numbers of an underlying. Bits are or-ed upwards.
enum BookQuality : std::uint8_t {
    kBookGood = 0,
    kBookUnvalued = 1,  // a holding lacks an input: it is in no sum
    kBookRefused = 2,   // the last value of an input was refused: an older one stands
    kBookStale = 4,     // an input was reported stale or its stream has a gap
    kBookNoIndex = 8,   // coin cannot be told in USD: left out
    kBookClock = 16,    // the clock went backwards
    kBookFault = 32,    // sums drifted beyond 1e-6: stop new risk, resync
};

// Risk of one underlying. In a Bounded<> the same members are the most that each may be off by.
struct UnderlyingMetrics {
    Sensitivities greeks{};        // delta_bs, delta_net, gamma, vega, ...
    double equity_coin{0.0};       // cash, futures and options settled in coin
    double delta_usd{0.0};         // coin: (d USD equity / d lnS) / S
    double dollar_delta_usd{0.0};  // delta_usd times index
    double gamma_1pct_usd{0.0};
    double gross_usd{0.0};  // sum of |notional|
    double net_usd{0.0};
    double margin_usd{0.0};  // linear: sum of |notional| times rate
};

// The account as one number each.
struct AccountMetrics {
    UsdVector usd{};
    double leverage_gross{0.0};  // sum of |notional| over equity; 1,000,000 without equity
    double leverage_net{0.0};    // |dollar delta| over equity
    double drawdown{0.0};        // fraction of the flow-scaled peak
};

// What the calculator did since the start.
struct BookWork {
    std::uint64_t events{0};
    std::uint64_t kernels{0};  // options priced
    std::uint64_t anchors{0};  // buckets priced anew
    std::uint64_t refused{0};  // inputs
    std::uint64_t drifts{0};   // rebuilt sums that differed by more than 1e-9 of gross
};

}  // namespace keel::risk
