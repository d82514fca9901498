#include "risk/tail/tenor_changes.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"
#include "risk/book/market_state.hpp"

namespace keel::risk {
namespace {

constexpr double kDaysPerYear = 365.0;

double power_of(double days) { return tenor_weight(VolatilityTenor::power, days / kDaysPerYear); }

}  // namespace

bool volatility_changes_at(const ScenarioSet& set, const VolatilityPillars& pillars, double days,
                           std::span<double> changes) {
    constexpr auto& kDays = VolatilityPillars::kDays;
    KEEL_ASSERT(changes.size() == set.scenarios());
    if (!std::isfinite(days)) return false;
    const double at = std::max(days, 1.0);
    const double inside = std::clamp(at, kDays.front(), kDays.back());
    const double outside = power_of(at) / power_of(inside);  // 1 between the pillars
    std::size_t upper = 1;
    while (upper + 1 < kDays.size() && kDays[upper] < inside) ++upper;
    const double part = std::log(inside / kDays[upper - 1]) / std::log(kDays[upper] / kDays[upper - 1]);
    const std::span<const double> low = set.log_moves(pillars.factor[upper - 1]);
    const std::span<const double> high = set.log_moves(pillars.factor[upper]);
    for (std::size_t s = 0; s < changes.size(); ++s) changes[s] = outside * (low[s] + part * (high[s] - low[s]));
    return true;
}

}  // namespace keel::risk
