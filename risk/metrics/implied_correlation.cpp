#include "risk/metrics/implied_correlation.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"

namespace keel::risk {
namespace {

constexpr double kVolatilityMin = 1e-6;  // below and above these a quote is an error
constexpr double kVolatilityMax = 1e3;
constexpr double kScaleMin = 1e-12;  // of the terms: less than this of them left is rounding

bool usable(double volatility) { return volatility >= kVolatilityMin && volatility <= kVolatilityMax; }

ImpliedCorrelation clipped(double value, double low) {
    return {.correlation = std::clamp(value, low, 1.0), .clipped = value < low || value > 1.0};
}

}  // namespace

std::optional<ImpliedCorrelation> implied_correlation(double volatility_first, double volatility_second,
                                                      double volatility_cross) {
    if (!usable(volatility_first) || !usable(volatility_second) || !usable(volatility_cross)) return std::nullopt;
    const double squares = volatility_first * volatility_first + volatility_second * volatility_second;
    const double value = (squares - volatility_cross * volatility_cross) / (2.0 * volatility_first * volatility_second);
    return clipped(value, -1.0);
}

std::optional<ImpliedCorrelation> implied_equicorrelation(std::span<const double> weights,
                                                          std::span<const double> volatilities,
                                                          double volatility_of_index) {
    KEEL_ASSERT(weights.size() == volatilities.size());
    if (!usable(volatility_of_index)) return std::nullopt;
    double squares = 0.0;
    double sum = 0.0;
    std::size_t members = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (!std::isfinite(weights[i]) || weights[i] < 0.0 || !usable(volatilities[i])) return std::nullopt;
        const double weighted = weights[i] * volatilities[i];
        squares += weighted * weighted;
        sum += weighted;
        if (weights[i] > 0.0) ++members;
    }
    const double crosses = sum * sum - squares;
    if (members < 2 || !std::isfinite(crosses) || crosses <= kScaleMin * squares) return std::nullopt;
    const double value = (volatility_of_index * volatility_of_index - squares) / crosses;
    if (!std::isfinite(value)) return std::nullopt;
    return clipped(value, -1.0 / static_cast<double>(members - 1));
}

}  // namespace keel::risk
