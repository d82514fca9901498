#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace keel::risk {

inline constexpr std::size_t kReturnsPresentMin = 30;  // fewer pairs say nothing about a beta

struct FilledReturns {
    double beta{0.0};
    std::size_t filled{0};
};

// A factor younger than the scenarios, or with a day lost. A missing return (NaN) is never 0, which would say
// "calm": it becomes beta times the market's return of that row plus a residual of a row that is present. beta is least
// squares through the origin over the rows where both are present. Residuals are taken in turn, a stride apart
// that is coprime to their number, so that neighbouring rows get distant ones and the result is the same each time.
// `was_filled` gets 1 where a return is invented, else 0.
// nullopt, and nothing changed: fewer than kReturnsPresentMin pairs, an infinite return, or a market return
// missing where one must be filled. Allocates: never. O(N) per filled row at worst.
[[nodiscard]] std::optional<FilledReturns> fill_missing_returns(std::span<double> returns,
                                                                std::span<const double> market_returns,
                                                                std::span<std::uint8_t> was_filled);

}  // namespace keel::risk
