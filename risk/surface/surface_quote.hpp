#pragma once

#include <cstdint>

#include "engine/core/instrument.hpp"
#include "risk/surface/svi_normal_equations.hpp"

namespace keel::risk {

// One option's market as a surface takes it. Volatilities are the caller's (solved from bid and ask); 0 or NaN: none.
struct SurfaceQuote {
    double strike{0.0};          // price units of the forward
    double forward{0.0};         // of the expiry when the quote was made
    double bid{0.0};             // option price, any unit; 0 or NaN: no bid
    double ask{0.0};             // likewise
    double tick{0.0};            // of the option's price, same unit; 0: unknown
    double volatility_bid{0.0};  // fraction
    double volatility_ask{0.0};
    double volatility_mark{0.0};  // the venue's own, 0 or NaN: not published
    OptionType type{OptionType::call};
};

// What a quote is, as bits. Any of them means weight 0, save that the mark may stand in for a market that is one-sided,
// crossed, wide or out of range.
enum class QuoteFlaw : std::uint16_t {
    none = 0,
    bad_input = 1,      // strike, forward or time out of range, or a side that is not finite or negative
    in_the_money = 2,   // its out-of-the-money twin says the same with less noise
    one_sided = 4,      // no bid, no ask, or no volatility for one of them
    crossed = 8,        // bid at or above ask
    wide = 16,          // ask - bid at or beyond both 4 ticks and 30 % of the middle
    out_of_range = 32,  // volatility outside [5 %, 500 %]
    far_out = 64,       // |delta| below 0.01: the tick decides the volatility, not the market
    stale = 128,        // older than allowed
    no_room = 512,      // the expiry holds as many options as it can; this one is not among them
    mark_used = 256,    // the venue's mark stands in, at a quarter of the weight
};
constexpr QuoteFlaw operator|(QuoteFlaw a, QuoteFlaw b) {
    return static_cast<QuoteFlaw>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool has(QuoteFlaw set, QuoteFlaw bit) {
    return (static_cast<unsigned>(set) & static_cast<unsigned>(bit)) != 0U;
}

// A forward or a strike: within what is a price of anything (BookRules), so that ratios of two are numbers. False for
// NaN.
[[nodiscard]] constexpr bool is_surface_price(double price) { return price >= 1e-9 && price <= 1e9; }

struct JudgedQuote {
    SviPoint point;  // weight 0 where the quote may not be used; every field finite always
    QuoteFlaw flaws{QuoteFlaw::none};
};

// The point that a quote is worth in a fit. A two-sided quote gives the middle of its volatilities. One-sided, crossed
// and wide ones give the venue's mark with a quarter of the weight, where there is one. Thread: any. Allocates: never.
[[nodiscard]] JudgedQuote judge_quote(const SurfaceQuote& quote, double years);

}  // namespace keel::risk
