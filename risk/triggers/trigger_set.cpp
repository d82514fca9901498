#include "risk/triggers/trigger_set.hpp"

#include <cmath>
#include <limits>

#include "risk/triggers/arbitration.hpp"

namespace keel::risk {
namespace {

constexpr double kClearRatio = 0.9;  // default hysteresis: 10 % inside soft

double clear_level(const BoundaryConfig& config) {
    if (!std::isnan(config.clear)) return config.clear;
    return config.direction == BoundaryDirection::above ? kClearRatio * config.soft : config.soft / kClearRatio;
}

bool is_account_metric(Metric metric) { return metric == Metric::leverage_gross; }

}  // namespace

double BoundaryStatus::utilisation_ratio() const {
    if (!std::isfinite(value)) return 0.0;
    const double used = direction == BoundaryDirection::above ? value / hard : hard / value;
    return std::isfinite(used) ? used : 0.0;
}

TriggerSet::TriggerSet(const RiskConfig& config, const InstrumentTable& instruments) {
    triggers_.reserve(kTriggersMax);
    sampled_.reserve(kTriggersMax);
    for (const BoundaryConfig& boundary : config.boundaries) {
        if (is_account_metric(boundary.metric)) {
            add(boundary, UnderlyingId::none);
        } else if (!boundary.underlying.empty()) {
            const UnderlyingId underlying = instruments.find_underlying(boundary.underlying);
            if (underlying != UnderlyingId::none) add(boundary, underlying);
        } else {
            for (std::size_t i = 0; i < instruments.underlyings_count(); ++i) add(boundary, UnderlyingId(i));
        }
    }
}

void TriggerSet::add(const BoundaryConfig& config, UnderlyingId underlying) {
    const bool added = boundaries_.push({.metric = config.metric,
                                         .underlying = underlying,
                                         .direction = config.direction,
                                         .target = config.target,
                                         .soft = config.soft,
                                         .hard = config.hard,
                                         .value = std::numeric_limits<double>::quiet_NaN()});
    KEEL_ASSERT(added);
    triggers_.emplace_back(TriggerParameters{.direction = config.direction,
                                             .soft = config.soft,
                                             .hard = config.hard,
                                             .clear = clear_level(config),
                                             .debounce_soft = config.debounce_soft,
                                             .debounce_hard = config.debounce_hard,
                                             .cooldown = config.cooldown,
                                             .refire_hard = config.refire_hard,
                                             .escalate_after = config.escalate_after});
    sampled_.emplace_back();
}

void TriggerSet::sample(std::size_t slot, double value, UnixNanos now, std::uint64_t risk_version) {
    BoundaryStatus& boundary = boundaries_[slot];
    Trigger& trigger = triggers_[slot];
    if (boundary.outside && now > sampled_[slot]) boundary.outside_ns += (now - sampled_[slot]).count();
    sampled_[slot] = now;
    boundary.value = value;
    boundary.outside = boundary.direction == BoundaryDirection::above ? value >= boundary.soft : value <= boundary.soft;

    const UnixNanos first_seen = trigger.first_seen();
    const TriggerSignal signal = trigger.sample(now, value);
    boundary.state = trigger.state();
    if (signal == TriggerSignal::none) return;
    boundary.last_signal = signal;
    if (signal != TriggerSignal::clear) ++boundary.fired;
    const bool pushed = fired_.push({.trigger = static_cast<std::uint32_t>(slot),
                                     .metric = boundary.metric,
                                     .signal = signal,
                                     .underlying = boundary.underlying,
                                     .value = value,
                                     .soft = boundary.soft,
                                     .hard = boundary.hard,
                                     .risk_version = risk_version,
                                     .first_seen = signal == TriggerSignal::clear ? first_seen : trigger.first_seen()});
    KEEL_ASSERT(pushed);
}

std::span<const FiredTrigger> TriggerSet::finish() {
    if (fired_.size() > 1) arbitrate({fired_.begin(), fired_.end()});
    return {fired_.begin(), fired_.end()};
}

std::chrono::nanoseconds TriggerSet::time_outside(std::size_t slot, UnixNanos now) const {
    const BoundaryStatus& boundary = boundaries_[slot];
    std::chrono::nanoseconds total{boundary.outside_ns};
    if (boundary.outside && now > sampled_[slot]) total += now - sampled_[slot];
    return total;
}

void TriggerSet::hash_into(StateHash& hash) const {
    for (std::size_t slot = 0; slot < boundaries_.size(); ++slot) {
        triggers_[slot].hash_into(hash);
        hash.add_real(boundaries_[slot].value);
        hash.add(boundaries_[slot].fired);
        hash.add(boundaries_[slot].outside_ns);
    }
}

}  // namespace keel::risk
