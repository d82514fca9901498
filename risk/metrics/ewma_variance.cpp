#include "risk/metrics/ewma_variance.hpp"

#include <cmath>

#include "engine/core/assert.hpp"

namespace keel::risk {

EwmaVariance::EwmaVariance(double decay, std::uint32_t seed_samples) : decay_{decay}, seed_samples_{seed_samples} {
    KEEL_ASSERT(decay > 0.0 && decay < 1.0 && seed_samples > 0);
}

Observation EwmaVariance::start(double variance) {
    if (!std::isfinite(variance)) return Observation::not_finite;
    if (variance < 0.0) return Observation::not_positive;
    if (variance > kStepVarianceMax) return Observation::absurd;
    variance_ = variance;
    samples_ = seed_samples_;
    return Observation::restarted;
}

Observation EwmaVariance::on_return(double log_return) {
    const Observation judged = judge_return(log_return);
    if (judged != Observation::taken) {
        ++refused_;
        return judged;
    }
    const double square = log_return * log_return;
    ++samples_;
    if (samples_ <= seed_samples_) {
        seed_sum_ += square;
        if (samples_ == seed_samples_) variance_ = seed_sum_ / static_cast<double>(seed_samples_);
    } else {
        variance_ = decay_ * variance_ + (1.0 - decay_) * square;
    }
    return judged;
}

std::optional<double> EwmaVariance::variance() const {
    if (samples_ < seed_samples_) return std::nullopt;
    return variance_;
}

std::optional<double> EwmaVariance::volatility(std::chrono::nanoseconds step) const {
    KEEL_ASSERT(step.count() > 0);
    if (samples_ < seed_samples_) return std::nullopt;
    return std::sqrt(variance_ * (kYearNs / static_cast<double>(step.count())));
}

bool EwmaVariance::warm() const {
    return samples_ >= seed_samples_ && static_cast<double>(samples_) >= kWarmFactor * samples_effective();
}

void EwmaVariance::hash_into(StateHash& hash) const {
    hash.add_real(variance_);
    hash.add_real(seed_sum_);
    hash.add(samples_);
}

}  // namespace keel::risk
