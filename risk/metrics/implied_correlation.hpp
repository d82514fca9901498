#pragma once

#include <optional>
#include <span>

namespace keel::risk {

struct ImpliedCorrelation {
    double correlation{0.0};
    // The volatilities contradict each other (different tenors, a stale quote): the number stands at the end of its
    // range and is not to be traded on.
    bool clipped{false};
};

// Correlation of i and j from the at-the-money volatilities (fractions, one tenor) of i, of j and of the cross
// i/j: (s_i^2 + s_j^2 - s_ij^2) / (2 s_i s_j), clipped to [-1, 1]. None where an input is not finite and positive.
[[nodiscard]] std::optional<ImpliedCorrelation> implied_correlation(double volatility_first, double volatility_second,
                                                                    double volatility_cross);

// The one correlation of all pairs at which the members have the volatility of their index:
// (s_I^2 - sum w^2 s^2) / ((sum w s)^2 - sum w^2 s^2), clipped to [-1/(n-1), 1], the range of such a matrix
// (CBOE, Implied Correlation Index). `weights` (n >= 2) are not negative; sizes agree. None where an input is not a
// number of its kind or fewer than two members count.
[[nodiscard]] std::optional<ImpliedCorrelation> implied_equicorrelation(std::span<const double> weights,
                                                                        std::span<const double> volatilities,
                                                                        double volatility_of_index);

}  // namespace keel::risk
