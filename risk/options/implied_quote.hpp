#pragma once

#include <cstdint>

#include "risk/options/implied_volatility.hpp"

namespace keel::risk {

// Volatilities outside these are no market's: a quote that implies one is refused and counted.
inline constexpr double kImpliedVolatilityMin = 0.05;
inline constexpr double kImpliedVolatilityMax = 5.0;
[[nodiscard]] constexpr bool is_market_volatility(double volatility) {
    return volatility >= kImpliedVolatilityMin && volatility <= kImpliedVolatilityMax;
}

// True where the spread is at or beyond both 4 ticks and 30 % of the middle: the middle then says little, and the
// venue's mark stands in for it, with this weight.
[[nodiscard]] constexpr bool is_wide_quote(double bid, double ask, double tick) {
    const double ticks = 4.0 * tick;
    const double share = 0.30 * 0.5 * (bid + ask);
    return !(ask - bid < (ticks > share ? ticks : share));
}
inline constexpr double kMarkWeight = 0.25;

enum class SideStatus : std::uint8_t {
    absent,  // no price on this side; its volatility does not exist (it is not zero)
    ok,
    unsolvable,     // no volatility gives this price; see ImpliedStatus
    out_of_bounds,  // outside kImpliedVolatilityMin..Max
};

struct ImpliedSide {
    double volatility{0.0};  // 0 unless ok
    SideStatus status{SideStatus::absent};
};

enum class VolatilitySource : std::uint8_t { none, mid, mark };

// The one volatility that stands for the quote, and how much it counts in a fit.
struct QuotedVolatility {
    double volatility{0.0};
    double weight{0.0};
    VolatilitySource source{VolatilitySource::none};
};

// What a quote is read against.
struct QuoteTerms {
    double forward{0.0};
    double years{0.0};
    double rate{0.0};
    double tick{0.0};  // least price step, in `unit`
    PremiumUnit unit{PremiumUnit::usd};
};

// Implied volatility of one option's bid and ask, solved anew only when the quote could have moved it: when price,
// forward and time together moved the option by more than a quarter of a tick,
// |dp| + |slope dF| + |decay dt| > 0.25 tick, with slope and decay in the quote's unit at the last solution.
// Invariant: the volatility of a side is that of a price within a quarter tick of the side's own.
// Thread: the caller's. Allocates: never.
class ImpliedQuote {
public:
    ImpliedQuote(OptionType type, double strike) : type_{type}, strike_{strike} {}

    // Takes a quote; a price of 0 is an absent side. `mark_volatility` is the venue's own, 0 where it publishes none.
    // Answers how many sides were solved.
    int update(const QuoteTerms& terms, double bid, double ask, double mark_volatility);

    [[nodiscard]] const ImpliedSide& bid() const { return bid_.implied; }
    [[nodiscard]] const ImpliedSide& ask() const { return ask_.implied; }
    // The average of both sides where both are ok and the quote is not wide, with weight 1; else the venue's mark
    // with kMarkWeight; else none with weight 0.
    [[nodiscard]] const QuotedVolatility& quoted() const { return quoted_; }
    // Solutions refused for lying outside the bounds, mark volatilities included.
    [[nodiscard]] std::uint64_t refused() const { return refused_; }

private:
    struct Side {
        ImpliedSide implied{};
        QuoteTerms terms{};  // at the last solution
        double price{0.0};
        double slope{0.0};  // of the price in its unit, per USD of the forward
        double decay{0.0};  // per year
    };

    [[nodiscard]] bool stands(const Side& side, const QuoteTerms& terms, double price) const;
    bool refresh(Side& side, const QuoteTerms& terms, double price);
    void solve(Side& side);
    void choose(const QuoteTerms& terms, double bid, double ask, double mark_volatility);

    OptionType type_;
    double strike_;
    Side bid_{};
    Side ask_{};
    QuotedVolatility quoted_{};
    double last_mark_{0.0};
    std::uint64_t refused_{0};
};

}  // namespace keel::risk
