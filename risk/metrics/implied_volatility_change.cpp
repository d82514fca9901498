#include "risk/metrics/implied_volatility_change.hpp"

#include <cmath>
#include <limits>

#include "engine/core/assert.hpp"

namespace keel::risk {
namespace {

constexpr double kPointsPerUnit = 100.0;

}  // namespace

ImpliedVolatilityChange::ImpliedVolatilityChange(std::chrono::nanoseconds window)
    : window_{window},
      step_{window / static_cast<std::int64_t>(kSlots)},
      level_{std::numeric_limits<double>::quiet_NaN()} {
    KEEL_ASSERT(step_.count() > 0);
}

void ImpliedVolatilityChange::on_level(double volatility, UnixNanos now) {
    if (!std::isfinite(volatility) || volatility <= 0.0) return;
    on_time(now);
    level_ = volatility;
    updated_ = now;
    if (size_ > 0) {
        const Sample& last = samples_[(first_ + size_ - 1) % samples_.size()];
        if (now.ns() - last.time_ns < step_.count()) return;
    }
    if (size_ == samples_.size()) {
        first_ = (first_ + 1) % samples_.size();
        --size_;
    }
    samples_[(first_ + size_) % samples_.size()] = {.time_ns = now.ns(), .level = volatility};
    ++size_;
}

// The oldest sample kept is the one that was current when the window opened. A level that has not
// moved for a whole window is its own start.
void ImpliedVolatilityChange::on_time(UnixNanos now) {
    const std::int64_t opened_ns = now.ns() - window_.count();
    while (size_ > 1 && samples_[(first_ + 1) % samples_.size()].time_ns <= opened_ns) {
        first_ = (first_ + 1) % samples_.size();
        --size_;
    }
    if (size_ == 1 && updated_.ns() <= opened_ns) samples_[first_].level = level_;
}

void ImpliedVolatilityChange::restart() {
    first_ = size_ = 0;
    level_ = std::numeric_limits<double>::quiet_NaN();
}

double ImpliedVolatilityChange::change_points() const {
    if (size_ == 0) return std::numeric_limits<double>::quiet_NaN();
    return kPointsPerUnit * (level_ - samples_[first_].level);
}

void ImpliedVolatilityChange::hash_into(StateHash& hash) const {
    hash.add_real(level_);
    hash.add(updated_);
    for (std::size_t i = 0; i < size_; ++i) {
        const Sample& sample = samples_[(first_ + i) % samples_.size()];
        hash.add(sample.time_ns);
        hash.add_real(sample.level);
    }
}

}  // namespace keel::risk
