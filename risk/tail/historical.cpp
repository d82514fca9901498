#include "risk/tail/historical.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "engine/core/assert.hpp"

namespace keel::risk {
namespace {

constexpr double kRankGuard = 1e-9;  // see TailRank

bool all_finite(std::span<const double> values) {
    return std::ranges::all_of(values, [](double value) { return std::isfinite(value); });
}

// The mean of losses no smaller than the VaR, whatever its last bit says.
TailMeasures ordered(double var_usd, double es_usd) {
    return {.var_usd = var_usd, .es_usd = std::max(es_usd, var_usd)};
}

}  // namespace

TailRank tail_rank(std::size_t scenarios, double alpha) {
    double count = static_cast<double>(scenarios) * (1.0 - alpha);
    if (std::abs(count - std::round(count)) <= kRankGuard) count = std::round(count);
    const auto whole = static_cast<std::size_t>(std::floor(count));
    const auto above = static_cast<std::size_t>(std::ceil(count));
    return {.count = count, .whole = whole, .var = std::max<std::size_t>(1, above)};
}

std::optional<TailMeasures> historical_tail(std::span<double> pnl_usd, double alpha) {
    if (pnl_usd.empty() || !is_confidence(alpha)) return std::nullopt;
    const TailRank rank = tail_rank(pnl_usd.size(), alpha);
    const auto at = pnl_usd.begin() + static_cast<std::ptrdiff_t>(rank.var - 1);
    std::nth_element(pnl_usd.begin(), at, pnl_usd.end());
    const double var_pnl = *at;
    if (rank.count <= 0.0) return TailMeasures{.var_usd = -var_pnl, .es_usd = -var_pnl};
    // The ranks before var are the whole ones of the tail, or all but the last where x is a whole number.
    const double before = std::accumulate(pnl_usd.begin(), at, 0.0);
    const double last_part = rank.count - static_cast<double>(rank.var - 1);
    return ordered(-var_pnl, -(before + last_part * var_pnl) / rank.count);
}

std::optional<TailMeasures> age_weighted_tail(std::span<const double> pnl_usd, double alpha, double lambda,
                                              std::span<std::size_t> order) {
    const std::size_t n = pnl_usd.size();
    if (n == 0 || order.size() != n || !is_confidence(alpha) || !all_finite(pnl_usd)) return std::nullopt;
    if (!(lambda > 0.0 && lambda <= 1.0)) return std::nullopt;
    std::iota(order.begin(), order.end(), std::size_t{0});
    // Ties go to the newer scenario, so that the result does not depend on the sort.
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        return pnl_usd[a] != pnl_usd[b] ? pnl_usd[a] < pnl_usd[b] : a > b;
    });
    const double total =
        lambda < 1.0 ? (1.0 - std::pow(lambda, static_cast<double>(n))) / (1.0 - lambda) : static_cast<double>(n);
    const double tail = 1.0 - alpha;
    double walked = 0.0;
    double sum = 0.0;
    for (const std::size_t s : order) {
        const double weight = std::pow(lambda, static_cast<double>(n - 1 - s)) / total;
        const double part = std::min(weight, tail - walked);
        sum += part * pnl_usd[s];
        walked += weight;
        if (walked >= tail - kRankGuard) return ordered(-pnl_usd[s], -sum / tail);
    }
    return std::nullopt;  // unreachable: the weights sum to one
}

std::optional<double> ewma_forecasts(std::span<const double> returns, double lambda, std::size_t seed,
                                     std::span<double> out) {
    KEEL_ASSERT(out.size() == returns.size());
    if (seed == 0 || returns.size() < seed || !(lambda > 0.0 && lambda < 1.0)) return std::nullopt;
    if (!all_finite(returns)) return std::nullopt;
    double variance = 0.0;
    for (std::size_t t = 0; t < seed; ++t) {
        variance += returns[t] * returns[t] / static_cast<double>(seed);
        out[t] = 0.0;
    }
    for (std::size_t t = seed; t < returns.size(); ++t) {
        out[t] = std::sqrt(variance);
        variance = lambda * variance + (1.0 - lambda) * returns[t] * returns[t];
    }
    return std::sqrt(variance);
}

bool rescale_returns(std::span<const double> returns, std::span<const double> volatility_then, double volatility_now,
                     std::span<double> out) {
    KEEL_ASSERT(volatility_then.size() == returns.size() && out.size() == returns.size());
    if (!(volatility_now > 0.0) || !std::isfinite(volatility_now)) return false;
    for (std::size_t s = 0; s < returns.size(); ++s) {
        const double scaled = returns[s] * (volatility_now / volatility_then[s]);
        if (!(volatility_then[s] > 0.0) || !std::isfinite(scaled)) return false;
        out[s] = scaled;
    }
    return true;
}

}  // namespace keel::risk
