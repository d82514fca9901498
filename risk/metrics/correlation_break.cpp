#include "risk/metrics/correlation_break.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"

namespace keel::risk {
namespace {

constexpr double kCorrelationMax = 0.999999;  // atanh of 1 is infinite

void fold(CorrelationBreak::Moments& moments, double decay, const CorrelationBreak::Moments& seen) {
    moments.first = decay * moments.first + (1.0 - decay) * seen.first;
    moments.second = decay * moments.second + (1.0 - decay) * seen.second;
    moments.cross = decay * moments.cross + (1.0 - decay) * seen.cross;
}

bool known(const CorrelationBreak::Moments& moments) {
    return moments.first > kStepVarianceMin && moments.second > kStepVarianceMin;
}

double correlation(const CorrelationBreak::Moments& moments) {
    const double value = moments.cross / (std::sqrt(moments.first) * std::sqrt(moments.second));
    return std::clamp(value, -kCorrelationMax, kCorrelationMax);
}

}  // namespace

// Fisher's variance is 1/(n-3): the fast average must be worth more than three samples.
CorrelationBreak::CorrelationBreak(const CorrelationBreakConfig& config) : config_{config} {
    KEEL_ASSERT(config.decay_fast < config.decay_slow && config.decay_slow < 1.0 && config.seed_samples > 1);
    KEEL_ASSERT(effective_samples(config.decay_fast) > 3.0 && config.soft > 0.0 && config.soft <= config.hard);
}

Observation CorrelationBreak::start(const Moments& moments) {
    if (!std::isfinite(moments.first + moments.second + moments.cross)) return Observation::not_finite;
    if (moments.first < 0.0 || moments.second < 0.0) return Observation::not_positive;
    if (std::max(moments.first, moments.second) > kStepVarianceMax) return Observation::absurd;
    if (std::abs(moments.cross) > std::sqrt(moments.first) * std::sqrt(moments.second) * (1.0 + 1e-12)) {
        return Observation::absurd;
    }
    fast_ = slow_ = moments;
    samples_ = config_.seed_samples;
    return Observation::restarted;
}

Observation CorrelationBreak::on_returns(double first, double second) {
    Observation judged = judge_return(first);
    if (judged == Observation::taken) judged = judge_return(second);
    if (judged != Observation::taken) {
        ++refused_;
        return judged;
    }
    const Moments seen{.first = first * first, .second = second * second, .cross = first * second};
    ++samples_;
    if (samples_ <= config_.seed_samples) {
        const double decay = 1.0 - 1.0 / static_cast<double>(samples_);  // a plain mean
        fold(slow_, decay, seen);
        fast_ = slow_;
    } else {
        fold(fast_, config_.decay_fast, seen);
        fold(slow_, config_.decay_slow, seen);
    }
    return judged;
}

CorrelationBreakResult CorrelationBreak::result() const {
    CorrelationBreakResult out;
    if (samples_ < config_.seed_samples || !known(fast_) || !known(slow_)) return out;
    out.known = true;
    out.warm = static_cast<double>(samples_) >= kWarmFactor * effective_samples(config_.decay_slow);
    out.correlation_fast = correlation(fast_);
    out.correlation_slow = correlation(slow_);
    const double root = std::sqrt(effective_samples(config_.decay_fast) - 3.0);
    out.z = (std::atanh(out.correlation_fast) - std::atanh(out.correlation_slow)) * root;
    const double magnitude = std::abs(out.z);
    out.level = magnitude > config_.hard   ? BreakLevel::hard
                : magnitude > config_.soft ? BreakLevel::soft
                                           : BreakLevel::none;
    return out;
}

void CorrelationBreak::hash_into(StateHash& hash) const {
    for (const Moments& moments : {fast_, slow_}) {
        hash.add_real(moments.first);
        hash.add_real(moments.second);
        hash.add_real(moments.cross);
    }
    hash.add(samples_);
}

}  // namespace keel::risk
