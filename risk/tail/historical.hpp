#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "risk/tail/tail_measures.hpp"

namespace keel::risk {

// Which scenarios are the tail, written once for the whole project. Losses sorted with the greatest first,
// x = N (1 - alpha): VaR is the loss of rank max(1, ceil(x)); ES is the mean over the x greatest, the last of
// them by its fraction (Acerbi and Tasche 2002). A guard of 1e-9 on x is needed because 500 * (1 - 0.99) is
// 5.000000000000004 in double.
struct TailRank {
    double count{0.0};     // x, rounded to a whole number within the guard
    std::size_t whole{0};  // floor(x)
    std::size_t var{1};    // rank of the VaR, from 1
};
[[nodiscard]] TailRank tail_rank(std::size_t scenarios, double alpha);

// VaR and ES of equally likely profits `pnl_usd`. The span is reordered (nth_element): hand in a copy.
// nullopt: no scenario, or alpha out of range. Numbers must be finite; the caller has refused others.
// Allocates: never.
[[nodiscard]] std::optional<TailMeasures> historical_tail(std::span<double> pnl_usd, double alpha);

// Age-weighted historical simulation (Boudoukh, Richardson and Whitelaw 1998). pnl_usd oldest first; weight
// lambda^age, normalised; VaR is the loss at which the walk from the worst reaches 1 - alpha; ES is the
// weighted mean of that tail, its last loss by the part of its weight that fits. `order` is room for
// pnl_usd.size() indices. nullopt: sizes, alpha or lambda (0, 1] wrong, or a number not finite.
[[nodiscard]] std::optional<TailMeasures> age_weighted_tail(std::span<const double> pnl_usd, double alpha,
                                                            double lambda, std::span<std::size_t> order);

// EWMA volatility known before each return: out[t] from returns before t, and the return value from all of them
// (the forecast of the next). The first `seed` returns give the starting variance by their mean square; out
// is 0 for t < seed. nullopt: too few returns, a number not finite, lambda outside (0, 1).
[[nodiscard]] std::optional<double> ewma_forecasts(std::span<const double> returns, double lambda, std::size_t seed,
                                                   std::span<double> out);

// Filtered historical simulation (Hull and White 1998; Barone-Adesi et al. 1999): each return at the
// volatility of now, r * volatility_now / volatility_then. A scenario without a forecast (0) is refused.
[[nodiscard]] bool rescale_returns(std::span<const double> returns, std::span<const double> volatility_then,
                                   double volatility_now, std::span<double> out);

}  // namespace keel::risk
