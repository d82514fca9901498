#include "risk/surface/smile_dynamics.hpp"

#include <algorithm>
#include <cmath>

namespace keel::risk {

double svi_skew(const SviParameters& svi, double k, double years) {
    const SviValue at = svi_value(svi, k);
    return at.w1 / (2.0 * std::sqrt(at.w * years));
}

void SkewStickiness::on_sample(double forward, double volatility, double skew, UnixNanos now) {
    if (!std::isfinite(forward) || !(forward > 0.0) || !std::isfinite(volatility) || !(volatility > 0.0) ||
        !std::isfinite(skew)) {
        return;
    }
    if (has_last_) {
        if (now - time_ < period_) return;
        const double fade =
            std::exp2(-static_cast<double>((now - time_).count()) / static_cast<double>(half_life_.count()));
        const double x = skew_ * std::log(forward / forward_);
        product_ = fade * product_ + x * (volatility - volatility_);
        square_ = fade * square_ + x * x;
        if (samples_ < kSamplesMin) ++samples_;
    }
    forward_ = forward;
    volatility_ = volatility;
    skew_ = skew;
    time_ = now;
    has_last_ = true;
}

double SkewStickiness::value() const {
    if (!is_known()) return kUnknown;
    const double slope = product_ / square_;
    return std::isfinite(slope) ? std::clamp(slope, kMin, kMax) : kUnknown;
}

}  // namespace keel::risk
