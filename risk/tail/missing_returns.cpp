#include "risk/tail/missing_returns.hpp"

#include <cmath>
#include <numeric>

#include "engine/core/assert.hpp"

namespace keel::risk {
namespace {

constexpr double kGoldenRatio = 0.6180339887498949;  // its multiples spread evenly

std::size_t stride_for(std::size_t count) {
    auto stride = static_cast<std::size_t>(kGoldenRatio * static_cast<double>(count)) | 1U;
    while (std::gcd(stride, count) != 1) ++stride;
    return stride;
}

}  // namespace

std::optional<FilledReturns> fill_missing_returns(std::span<double> returns, std::span<const double> market_returns,
                                                  std::span<std::uint8_t> was_filled) {
    const std::size_t n = returns.size();
    KEEL_ASSERT(market_returns.size() == n && was_filled.size() == n);
    double product = 0.0;
    double square = 0.0;
    std::size_t present = 0;
    for (std::size_t s = 0; s < n; ++s) {
        const bool missing = std::isnan(returns[s]);
        const bool market = std::isfinite(market_returns[s]);
        if (std::isinf(returns[s]) || (missing && !market)) return std::nullopt;
        if (missing || !market) continue;
        product += returns[s] * market_returns[s];
        square += market_returns[s] * market_returns[s];
        ++present;
    }
    if (present < kReturnsPresentMin || !(square > 0.0)) return std::nullopt;
    FilledReturns result{.beta = product / square};
    const std::size_t stride = stride_for(present);
    for (std::size_t s = 0; s < n; ++s) was_filled[s] = std::isnan(returns[s]) ? 1 : 0;
    for (std::size_t s = 0; s < n; ++s) {
        if (was_filled[s] == 0) continue;
        std::size_t left = (result.filled++ * stride) % present;
        std::size_t row = 0;  // the left-th row with both returns of its own
        for (;; ++row) {
            if (was_filled[row] != 0 || !std::isfinite(market_returns[row])) continue;
            if (left-- == 0) break;
        }
        returns[s] = result.beta * market_returns[s] + (returns[row] - result.beta * market_returns[row]);
    }
    return result;
}

}  // namespace keel::risk
