#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/core/instrument.hpp"

namespace keel::risk {

// What an option price says of volatility. Tested in this order:
enum class ImpliedStatus : std::uint8_t {
    ok,
    bad_input,        // not finite, price < 0, or years, forward or strike <= 0; no discount factor
    below_intrinsic,  // time value < 0
    at_intrinsic,     // time value == 0, or below what moves a normal number: volatility 0 is reported
    above_max,        // time value >= min(forward, strike): no volatility is large enough
};

enum class PremiumUnit : std::uint8_t {
    usd,   // discounted USD for one coin of underlying
    coin,  // coin per coin of underlying, undiscounted: worth price * forward
};

struct QuotedOption {
    double forward{0.0};  // > 0
    double strike{0.0};   // > 0
    double years{0.0};    // ACT/365, > 0
    double rate{0.0};     // continuously compounded; leave it 0 for a coin premium
    double price{0.0};    // in `unit`, >= 0
    PremiumUnit unit{PremiumUnit::usd};
    OptionType type{OptionType::call};
};

// What the price holds beyond its intrinsic value, undiscounted USD: the price of the out-of-the-money option of the
// same strike, by parity. `status` is ok where a volatility exists.
struct TimeValue {
    double value{0.0};
    ImpliedStatus status{ImpliedStatus::bad_input};
};

[[nodiscard]] TimeValue time_value(const QuotedOption& option);

struct ImpliedVolatility {
    double volatility{0.0};  // fraction per sqrt(year); 0 unless ok
    ImpliedStatus status{ImpliedStatus::bad_input};
    std::uint8_t steps{0};  // iterations taken
};

// More steps than any input of the domain needs (tests/risk/options sweeps it: 4); bisection from here on would
// still end.
inline constexpr int kImpliedStepsMax = 64;

// Black-76 volatility of a price, to the last digits that the price carries. The price is turned into the
// out-of-the-money one by parity and normalised (Jaeckel, "Let's Be Rational", 2015: x = -|ln F/K|,
// beta = time value / sqrt(FK), s = sigma sqrt(T)); the first guess is the normal-model volatility of
// docs/risk-model.md, and Householder's third-order step on ln b (below half of the largest price) or on
// ln(b_max - b) follows, kept inside a bracket.
// Thread: any. Allocates: never.
[[nodiscard]] ImpliedVolatility implied_volatility(const QuotedOption& option);

}  // namespace keel::risk
