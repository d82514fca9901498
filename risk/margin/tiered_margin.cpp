#include "risk/margin/tiered_margin.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"

namespace keel::risk {

double next_deduction(double deduction_before, double floor, double rate_before, double rate) {
    return deduction_before + floor * (rate - rate_before);
}

TierProblem TierTable::assign(std::span<const MarginTier> tiers, double tolerance, TierRule rule) {
    if (tiers.empty() || tiers.size() > kTiersMax) return TierProblem::size;
    std::array<MarginTier, kTiersMax> checked{};
    double floor = 0.0;
    double rate_before = 0.0;
    double deduction = 0.0;
    for (std::size_t i = 0; i < tiers.size(); ++i) {
        const MarginTier& tier = tiers[i];
        if (!std::isfinite(tier.cap) || tier.cap <= floor) return TierProblem::caps_not_ascending;
        if (!(tier.maintenance_rate > 0.0 && tier.maintenance_rate < 1.0)) return TierProblem::rate_invalid;
        if (!(tier.leverage_max == 0.0 || tier.leverage_max >= 1.0)) return TierProblem::rate_invalid;
        if (tier.maintenance_rate < rate_before) return TierProblem::rate_falls;
        if (i > 0 && rule == TierRule::marginal)
            deduction = next_deduction(deduction, floor, rate_before, tier.maintenance_rate);
        const double room = tolerance * std::max(1.0, std::abs(deduction));
        if (!std::isnan(tier.deduction) && !(std::abs(tier.deduction - deduction) <= room)) {
            return TierProblem::deduction_differs;
        }
        checked[i] = tier;
        checked[i].deduction = deduction;
        floor = tier.cap;
        rate_before = tier.maintenance_rate;
    }
    tiers_ = checked;
    size_ = tiers.size();
    rule_ = rule;
    return TierProblem::none;
}

const MarginTier& TierTable::tier(std::size_t index) const {
    KEEL_ASSERT(index < size_);
    return tiers_[index];
}

double TierTable::floor(std::size_t index) const {
    KEEL_ASSERT(index < size_);
    return index == 0 ? 0.0 : tiers_[index - 1].cap;
}

std::size_t TierTable::index_of(double measure) const {
    KEEL_ASSERT(size_ > 0);
    std::size_t index = 0;
    while (index + 1 < size_ && measure > tiers_[index].cap) ++index;
    return index;
}

MarginAmount tiered_margin(const TieredPosition& position) {
    if (position.tiers == nullptr || position.tiers->size() == 0 || !std::isfinite(position.notional) ||
        !(std::isfinite(position.leverage) && position.leverage >= 1.0)) {
        return kMarginUnknown;
    }
    const double notional = std::abs(position.notional);
    const double measure = position.tiers->rule() == TierRule::whole ? std::abs(position.size) : notional;
    if (!std::isfinite(measure)) return kMarginUnknown;
    const MarginTier& tier = position.tiers->tier(position.tiers->index_of(measure));
    const double leverage =
        tier.leverage_max > 0.0 ? std::min(position.leverage, tier.leverage_max) : position.leverage;
    return finite_margin(notional / leverage, notional * tier.maintenance_rate - tier.deduction);
}

MarginAmount tiered_cross_margin(std::span<const TieredPosition> positions) {
    MarginAmount sum;
    for (const TieredPosition& position : positions) sum = sum + tiered_margin(position);
    return sum;
}

}  // namespace keel::risk
