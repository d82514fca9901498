#pragma once

#include <span>

#include "risk/options/implied_volatility.hpp"

namespace keel::risk {

// The quotes of one expiry as columns; all spans have one length.
struct QuotedChain {
    double forward{0.0};
    double years{0.0};
    double rate{0.0};
    PremiumUnit unit{PremiumUnit::usd};
    std::span<const double> strike{};
    std::span<const double> sign{};   // +1 call, -1 put
    std::span<const double> price{};  // in `unit`
};

// How far the last volatility may be from the new one, relatively, for two vector steps to end within 1e-9 (in
// practice 1e-12). Further away, or where the fast path cannot answer, implied_volatility() is asked.
inline constexpr double kWarmRadius = 0.02;

// Implied volatilities from the last ones: on entry `volatility` holds the last values (0 or NaN: none, a first guess
// is made), on return the new ones, 0 where `status` is not ok. Answers how many options went through
// implied_volatility().
// Thread: any. Allocates: never.
std::size_t implied_volatility_batch(const QuotedChain& chain, std::span<double> volatility,
                                     std::span<ImpliedStatus> status);

}  // namespace keel::risk
