#include "risk/margin/equity_drift.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "engine/core/assert.hpp"

namespace keel::risk {

EquityDrift::EquityDrift(std::chrono::nanoseconds half_life)
    : tau_ns_{static_cast<double>(half_life.count()) / std::numbers::ln2} {
    KEEL_ASSERT(half_life.count() > 0);
}

void EquityDrift::on_equity(double equity, double flow, UnixNanos now) {
    if (!std::isfinite(equity) || !std::isfinite(flow)) return;
    flow_ += flow;
    if (values_ == 0) {
        equity_ = equity;
        time_ = now;
        flow_ = 0.0;
        values_ = 1;
        return;
    }
    const auto span_ns = static_cast<double>((now - time_).count());
    if (span_ns <= 0.0) return;
    const double slope = (equity - equity_ - flow_) / (span_ns * 1e-9);
    if (!std::isfinite(slope)) return;
    drift_ = values_ == 1 ? slope : drift_ - std::expm1(-span_ns / tau_ns_) * (slope - drift_);
    equity_ = equity;
    flow_ = 0.0;
    time_ = now;
    values_ = 2;
}

double seconds_to_liquidation(double equity, double maintenance, double drift_per_second) {
    if (!std::isfinite(equity) || !std::isfinite(maintenance) || !std::isfinite(drift_per_second)) return 0.0;
    const double room = equity - maintenance;
    if (room <= 0.0) return 0.0;
    if (drift_per_second >= 0.0) return std::numeric_limits<double>::infinity();
    return room / -drift_per_second;
}

}  // namespace keel::risk
