#include "risk/triggers/trigger.hpp"

#include <cmath>

namespace keel::risk {

const char* trigger_state_name(TriggerState state) {
    switch (state) {
        case TriggerState::normal: return "normal";
        case TriggerState::soft: return "soft";
        case TriggerState::hard: return "hard";
    }
    return "unknown";
}

TriggerSignal Trigger::sample(UnixNanos now, double value) {
    const std::int64_t now_ns = now.ns();
    if (last_ns_ != kNever && now_ns < last_ns_) {
        ++clock_backs_;
        return TriggerSignal::none;
    }
    last_ns_ = now_ns;
    if (!std::isfinite(value)) {
        soft_since_ns_ = hard_since_ns_ = kNever;
        return TriggerSignal::none;
    }
    const double sense = parameters_.direction == BoundaryDirection::above ? 1.0 : -1.0;
    const double x = sense * value;
    const double soft = sense * parameters_.soft;
    if (x < soft) first_seen_ns_ = 0;
    if (x >= soft && first_seen_ns_ == 0) first_seen_ns_ = now_ns;

    if (state_ != TriggerState::normal && x <= sense * parameters_.clear) {
        state_ = TriggerState::normal;
        soft_since_ns_ = hard_since_ns_ = kNever;
        return TriggerSignal::clear;
    }
    if (const TriggerSignal signal = sample_hard(now_ns, x, sense * parameters_.hard); signal != TriggerSignal::none) {
        return signal;
    }
    return sample_soft(now_ns, x, soft);
}

TriggerSignal Trigger::sample_hard(std::int64_t now_ns, double x, double hard) {
    if (x < hard) {
        hard_since_ns_ = kNever;
        if (state_ == TriggerState::hard) {
            state_ = TriggerState::soft;
            last_soft_fire_ns_ = now_ns;
        }
        return TriggerSignal::none;
    }
    if (hard_since_ns_ == kNever) hard_since_ns_ = now_ns;
    if (!elapsed(now_ns, last_hard_fire_ns_, parameters_.refire_hard)) return TriggerSignal::none;
    if (state_ == TriggerState::hard) {
        last_hard_fire_ns_ = now_ns;
        return TriggerSignal::hard_repeat;
    }
    if (!elapsed(now_ns, hard_since_ns_, parameters_.debounce_hard)) return TriggerSignal::none;
    state_ = TriggerState::hard;
    last_hard_fire_ns_ = now_ns;
    return TriggerSignal::hard;
}

TriggerSignal Trigger::sample_soft(std::int64_t now_ns, double x, double soft) {
    if (x < soft) {
        soft_since_ns_ = kNever;
        return TriggerSignal::none;
    }
    if (state_ == TriggerState::normal) {
        if (soft_since_ns_ == kNever) soft_since_ns_ = now_ns;
        if (!elapsed(now_ns, soft_since_ns_, parameters_.debounce_soft)) return TriggerSignal::none;
        if (!elapsed(now_ns, last_soft_fire_ns_, parameters_.cooldown)) return TriggerSignal::none;
        state_ = TriggerState::soft;
        last_soft_fire_ns_ = now_ns;
        return TriggerSignal::soft;
    }
    if (state_ == TriggerState::soft && elapsed(now_ns, last_soft_fire_ns_, parameters_.escalate_after)) {
        last_soft_fire_ns_ = now_ns;
        return TriggerSignal::escalate;
    }
    return TriggerSignal::none;
}

}  // namespace keel::risk
