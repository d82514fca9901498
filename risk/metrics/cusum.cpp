#include "risk/metrics/cusum.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/core/assert.hpp"

namespace keel::risk {

Cusum::Cusum(const CusumConfig& config) : config_{config} { KEEL_ASSERT(config.drift >= 0.0 && config.level > 0.0); }

CusumResult Cusum::refuse(Observation why) {
    ++refused_;
    return {.observation = why};
}

CusumResult Cusum::on_value(double value) {
    if (!std::isfinite(value)) return refuse(Observation::not_finite);
    up_ = std::max(0.0, up_ + value - config_.drift);
    down_ = std::max(0.0, down_ - value - config_.drift);
    CusumResult out;
    if (up_ > config_.level) {
        out.alarm = CusumAlarm::up;
        out.statistic = up_;
    } else if (down_ > config_.level) {
        out.alarm = CusumAlarm::down;
        out.statistic = down_;
    }
    if (out.alarm != CusumAlarm::none) up_ = down_ = 0.0;
    return out;
}

CusumResult Cusum::on_return(double log_return, double variance_forecast) {
    const Observation judged = judge_return(log_return);
    if (judged != Observation::taken) return refuse(judged);
    if (!std::isfinite(variance_forecast)) return refuse(Observation::not_finite);
    if (variance_forecast <= kStepVarianceMin) return refuse(Observation::not_positive);
    return on_value((log_return * log_return / variance_forecast - 1.0) / std::numbers::sqrt2);
}

void Cusum::hash_into(StateHash& hash) const {
    hash.add_real(up_);
    hash.add_real(down_);
}

}  // namespace keel::risk
