#include "risk/tail/contributions.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/core/assert.hpp"
#include "risk/tail/historical.hpp"

namespace keel::risk {
namespace {

constexpr double kSmoothingRatio = 0.04;  // of N, either side of the VaR's rank
constexpr double kSmoothingRanksMin = 2.0;
constexpr double kScaleMax = 10.0;  // a smoothed loss below a tenth of the VaR explains nothing

bool is_usable(std::span<const double> pnl_usd, double alpha, std::span<const std::size_t> order,
               std::span<const double> weights) {
    return !pnl_usd.empty() && order.size() == pnl_usd.size() && weights.size() == pnl_usd.size() &&
           is_confidence(alpha) && std::ranges::all_of(pnl_usd, [](double pnl) { return std::isfinite(pnl); });
}

// The `count` scenarios with the greatest loss, the greatest first; ties by position, so that the order is one and the
// same. The others follow in any order.
void sort_by_loss(std::span<const double> pnl_usd, std::size_t count, std::span<std::size_t> order) {
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(count);
    std::ranges::partial_sort(order, end, [&](std::size_t a, std::size_t b) {
        return pnl_usd[a] != pnl_usd[b] ? pnl_usd[a] < pnl_usd[b] : a < b;
    });
}

}  // namespace

bool es_weights(std::span<const double> pnl_usd, double alpha, std::span<std::size_t> order,
                std::span<double> weights) {
    if (!is_usable(pnl_usd, alpha, order, weights)) return false;
    const TailRank rank = tail_rank(pnl_usd.size(), alpha);
    sort_by_loss(pnl_usd, rank.var, order);
    std::ranges::fill(weights, 0.0);
    if (rank.count <= 0.0) {
        weights[order[0]] = 1.0;
        return true;
    }
    for (std::size_t i = 0; i < rank.var; ++i) {
        const double part = std::min(1.0, rank.count - static_cast<double>(i));
        weights[order[i]] = part / rank.count;
    }
    return true;
}

bool var_weights(std::span<const double> pnl_usd, double alpha, std::span<std::size_t> order,
                 std::span<double> weights) {
    if (!is_usable(pnl_usd, alpha, order, weights)) return false;
    const std::size_t n = pnl_usd.size();
    const std::size_t centre = tail_rank(n, alpha).var - 1;
    const double reach = std::max(kSmoothingRanksMin, std::round(kSmoothingRatio * static_cast<double>(n)));
    const auto ranks = static_cast<std::size_t>(reach);
    const std::size_t first = centre > ranks ? centre - ranks : 0;
    const std::size_t last = std::min(n - 1, centre + ranks);
    sort_by_loss(pnl_usd, last + 1, order);
    std::ranges::fill(weights, 0.0);
    double smoothed = 0.0;
    for (std::size_t i = first; i <= last; ++i) {
        const double u = (static_cast<double>(i) - static_cast<double>(centre)) / (reach + 1.0);
        weights[order[i]] = 1.0 - u * u;
        smoothed += weights[order[i]] * pnl_usd[order[i]];
    }
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    const double scale = pnl_usd[order[centre]] / (smoothed / total);
    if (!(scale > 0.0 && scale <= kScaleMax)) {
        std::ranges::fill(weights, 0.0);
        weights[order[centre]] = 1.0;
        return true;
    }
    for (double& weight : weights) weight *= scale / total;
    return true;
}

double contribution_usd(std::span<const double> part_pnl_usd, std::span<const double> weights) {
    KEEL_ASSERT(part_pnl_usd.size() == weights.size());
    double sum = 0.0;
    for (std::size_t s = 0; s < weights.size(); ++s) sum += weights[s] * part_pnl_usd[s];
    return -sum;
}

}  // namespace keel::risk
