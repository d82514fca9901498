#include "strategies/rebalance/trade_cost.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/core/assert.hpp"

namespace keel::strategies {

bool TradeCost::push(CostStep step) {
    KEEL_ASSERT(step.lots_until > 0 && step.usd_per_lot >= 0.0);
    if (!steps_.empty()) {
        const CostStep& last = steps_[steps_.size() - 1];
        KEEL_ASSERT(step.lots_until > last.lots_until);
        step.usd_per_lot = std::max(step.usd_per_lot, last.usd_per_lot);
    }
    return steps_.push(step);
}

void TradeCost::set_impact(double quadratic_usd, double power_usd) {
    KEEL_ASSERT(quadratic_usd >= 0.0 && power_usd >= 0.0);
    quadratic_usd_ = quadratic_usd;
    power_usd_ = power_usd;
}

double TradeCost::cost_usd(std::int64_t lots) const {
    KEEL_ASSERT(lots >= 0);
    if (lots == 0) return 0.0;
    const auto n = static_cast<double>(lots);
    double cost = quadratic_usd_ * n * n / 2.0;
    if (power_usd_ > 0.0) cost += power_usd_ * n * std::sqrt(n);
    std::int64_t from = 0;
    for (std::size_t at = 0; at < steps_.size() && from < lots; ++at) {
        const bool last = at + 1 == steps_.size();
        const std::int64_t until = last ? lots : std::min(lots, steps_[at].lots_until);
        cost += steps_[at].usd_per_lot * static_cast<double>(until - from);
        from = until;
    }
    return cost;
}

// Where quadratic and power impact together cost `surplus_usd` per further lot.
double TradeCost::stationary_lots(double surplus_usd) const {
    if (surplus_usd <= 0.0) return 0.0;
    if (quadratic_usd_ == 0.0 && power_usd_ == 0.0) return std::numeric_limits<double>::infinity();
    if (power_usd_ == 0.0) return surplus_usd / quadratic_usd_;
    const double slope = 1.5 * power_usd_;
    // The root of b y^2 + slope y = surplus in the form that does not cancel; y is the root of the lots.
    const double root = 2.0 * surplus_usd / (slope + std::sqrt(slope * slope + 4.0 * quadratic_usd_ * surplus_usd));
    return root * root;
}

std::int64_t TradeCost::best_lots(double gain_usd_per_lot, std::int64_t lots_max) const {
    if (lots_max <= 0 || steps_.empty()) return gain_usd_per_lot > 0.0 ? std::max<std::int64_t>(lots_max, 0) : 0;
    const auto limit = static_cast<double>(lots_max);
    double from = 0.0;
    double best = 0.0;
    for (std::size_t at = 0; at < steps_.size() && from < limit; ++at) {
        const bool last = at + 1 == steps_.size();
        const double until = last ? limit : std::min(limit, static_cast<double>(steps_[at].lots_until));
        const double stationary = stationary_lots(gain_usd_per_lot - steps_[at].usd_per_lot);
        best = std::clamp(stationary, from, until);
        if (best < until) break;
        from = until;
    }
    const auto low = static_cast<std::int64_t>(std::floor(best));
    const std::int64_t high = std::min(low + 1, lots_max);
    const auto value = [&](std::int64_t n) { return cost_usd(n) - gain_usd_per_lot * static_cast<double>(n); };
    return value(high) < value(low) ? high : low;
}

}  // namespace keel::strategies
