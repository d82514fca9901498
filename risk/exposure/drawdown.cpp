#include "risk/exposure/drawdown.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace keel::risk {
namespace {

constexpr std::int64_t kDayNs = 86'400'000'000'000;

}  // namespace

void Drawdown::restore_peak(double peak) {
    if (peak > 0.0) peak_.on_equity(peak);
}

void Drawdown::on_equity(UnixNanos time, double equity) {
    if (!std::isfinite(equity) || (has_equity_ && time < last_)) {
        ++refused_;
        return;
    }
    const std::int64_t day = time.ns() / kDayNs;
    if (!has_equity_ || day != day_) day_peak_.restart(equity);
    const std::int64_t slot = time.ns() / kSlotNs;
    if (has_equity_ && slot != slot_) {
        // Slots in which nothing was heard ended with the equity last heard.
        const auto ended = static_cast<std::size_t>(std::min<std::int64_t>(slot - slot_, kSlots));
        for (std::size_t i = 0; i < ended; ++i) {
            past_[static_cast<std::size_t>(slot_ + static_cast<std::int64_t>(i)) % kSlots] = equity_;
        }
        past_count_ = std::min(past_count_ + ended, kSlots);
    }
    day_ = day;
    slot_ = slot;
    last_ = time;
    equity_ = equity;
    has_equity_ = true;
    peak_.on_equity(equity);
    day_peak_.on_equity(equity);
}

void Drawdown::on_flow(double flow, double equity_before) {
    const double factor = std::max(0.0, 1.0 + flow / equity_before);
    if (!std::isfinite(flow) || !std::isfinite(factor) || !(equity_before > 0.0)) {
        ++refused_;
        return;
    }
    peak_.on_flow(flow, equity_before);
    day_peak_.on_flow(flow, equity_before);
    equity_ *= factor;
    for (double& past : past_) past *= factor;
}

double Drawdown::fraction_below(const EquityPeak& peak) const {
    if (!has_equity_ || !(peak.peak() > 0.0)) return std::numeric_limits<double>::quiet_NaN();
    return peak.value(equity_);
}

double Drawdown::loss_5m() const {
    if (!has_equity_) return std::numeric_limits<double>::quiet_NaN();
    if (past_count_ == 0) return 0.0;
    // The oldest slot kept lies past_count_ slots before the one that is being filled.
    const auto oldest = static_cast<std::size_t>(slot_ - static_cast<std::int64_t>(past_count_)) % kSlots;
    const double then = past_[oldest];
    return then > 0.0 ? std::max(0.0, 1.0 - equity_ / then) : 0.0;
}

}  // namespace keel::risk
