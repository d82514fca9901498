#pragma once

#include <cstddef>
#include <span>

namespace keel::risk {

// Whose loss the tail is. Both functions give one weight per scenario of the book's profits `pnl_usd`; the
// contribution of any part of the book is then minus the weighted sum of its own profits, and parts that sum
// to the book in every scenario have contributions that sum to the measure. `order` is room for as many indices.
// False: no scenario, sizes or alpha wrong, or a number not finite.
// Thread: any. Allocates: never; sorts, hence for publishing, not for every event.

// ES: the mean over the tail of risk/tail/historical.hpp.
[[nodiscard]] bool es_weights(std::span<const double> pnl_usd, double alpha, std::span<std::size_t> order,
                              std::span<double> weights);

// VaR: one scenario alone is a noisy witness, so Epanechnikov weights over the ranks within
// h = max(2, round(0.04 N)) of the VaR's, scaled so that the book's own contribution is its VaR exactly. Where
// that scale does not exist (the smoothed loss is zero or of the other sign) the scenario of the VaR takes all.
[[nodiscard]] bool var_weights(std::span<const double> pnl_usd, double alpha, std::span<std::size_t> order,
                               std::span<double> weights);

// Minus the weighted sum, USD.
[[nodiscard]] double contribution_usd(std::span<const double> part_pnl_usd, std::span<const double> weights);

}  // namespace keel::risk
