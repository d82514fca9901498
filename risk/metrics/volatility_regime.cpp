#include "risk/metrics/volatility_regime.hpp"

#include <cmath>
#include <numbers>

#include "engine/core/assert.hpp"

namespace keel::risk {
namespace {

constexpr double kLevelVarianceMin = 1e-16;  // sd of ln iv of 1e-8: the level stands still

}  // namespace

VolatilityRegime::VolatilityRegime(const VolatilityRegimeConfig& config)
    : config_{config}, tau_years_{static_cast<double>(config.half_life.count()) / kYearNs / std::numbers::ln2} {
    KEEL_ASSERT(config.sample_every.count() > 0 && config.gap_max >= config.sample_every);
    KEEL_ASSERT(config.half_life.count() > 0 && config.seed_samples > 1);
    KEEL_ASSERT(config.implied_min > 0.0 && config.implied_min < config.implied_max);
}

Observation VolatilityRegime::on_level(double implied, UnixNanos now) {
    Observation judged = judge_price(implied);
    if (judged == Observation::taken && (implied < config_.implied_min || implied > config_.implied_max)) {
        judged = Observation::absurd;
    }
    if (judged == Observation::taken && log_level_known_ && now < time_) {
        // A little back is a late message; far back the clock was set, and time starts anew.
        if (time_ - now <= config_.gap_max) judged = Observation::out_of_order;
    }
    if (judged != Observation::taken) {
        ++refused_;
        return judged;
    }
    const double log_level = std::log(implied);
    if (!log_level_known_ || now < time_ || now - time_ > config_.gap_max) {
        log_level_ = log_level;
        log_level_known_ = true;
        time_ = now;
        return Observation::restarted;
    }
    if (now - time_ < config_.sample_every) return Observation::waiting;
    take_sample(log_level, years_between(time_, now));
    log_level_ = log_level;
    time_ = now;
    return Observation::taken;
}

void VolatilityRegime::take_sample(double log_level, double years) {
    const double change = log_level - log_level_;
    const double deviation = log_level - mean_;
    ++samples_;
    if (samples_ <= config_.seed_samples) {
        const auto n = static_cast<double>(samples_);
        change_sum_ += change * change;
        years_sum_ += years;
        mean_ += deviation / n;
        variance_ += (deviation * (log_level - mean_) - variance_) / n;
        change_variance_ = change_sum_ / years_sum_;
        return;
    }
    score_known_ = variance_ > kLevelVarianceMin;
    score_ = score_known_ ? deviation / std::sqrt(variance_) : 0.0;
    const double decay = std::exp(-years / tau_years_);
    change_variance_ = decay * change_variance_ + (1.0 - decay) * (change * change / years);
    mean_ += (1.0 - decay) * deviation;
    variance_ = decay * (variance_ + (1.0 - decay) * deviation * deviation);
}

std::optional<double> VolatilityRegime::volatility_of_volatility() const {
    if (samples_ < config_.seed_samples) return std::nullopt;
    return std::sqrt(change_variance_);
}

std::optional<double> VolatilityRegime::score() const {
    if (!score_known_) return std::nullopt;
    return score_;
}

bool VolatilityRegime::warm() const {
    const double decay = std::exp(-static_cast<double>(config_.sample_every.count()) / kYearNs / tau_years_);
    return static_cast<double>(samples_) >= kWarmFactor * effective_samples(decay);
}

void VolatilityRegime::hash_into(StateHash& hash) const {
    hash.add_real(log_level_);
    hash.add(time_);
    hash.add_real(change_variance_);
    hash.add_real(mean_);
    hash.add_real(variance_);
    hash.add_real(score_);
    hash.add(samples_);
}

}  // namespace keel::risk
