#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace keel::risk {

// Highest equity since the start. Money that comes or goes scales the peak by what it does to the equity:
//     peak <- max(peak (1 + flow/equity before), equity),   drawdown = 1 - equity/peak
// An additive rule would let a deposit hide a loss (Grossman and Zhou 1993 define drawdown on the wealth process
// without flows). `bound` is how far the equities that were looked at may have been off.
// Thread: core. Allocates: never.
class EquityPeak {
public:
    // Money in (positive) or out, with the equity before it moved. Without equity there is nothing to scale.
    void on_flow(double flow, double equity_before, double bound = 0.0) {
        if (!(equity_before > bound) || !std::isfinite(flow)) return;
        const double factor = std::max(0.0, 1.0 + flow / equity_before);
        const double slack = std::abs(flow) * bound / (equity_before * (equity_before - bound));
        bound_ = bound_ * (factor + slack) + peak_ * slack;
        peak_ *= factor;
        if (factor > 0.0) {
            log_flows_ += std::log(factor);
        } else {
            ++emptied_;
        }
    }
    void on_equity(double equity, double bound = 0.0) {
        if (!std::isfinite(equity)) return;
        peak_ = std::max(peak_, equity);
        bound_ = std::max(bound_, bound);
    }
    // Starts anew from a known peak, for instance after a restart.
    void restart(double peak) {
        peak_ = std::max(0.0, peak);
        bound_ = 0.0;
    }
    [[nodiscard]] double peak() const { return peak_; }
    // Sum of ln of what every flow has scaled the peak by; one that left nothing is not in it.
    [[nodiscard]] double log_flows() const { return log_flows_; }
    // Flows that left nothing: each took the peak to 0.
    [[nodiscard]] std::uint64_t emptied() const { return emptied_; }
    [[nodiscard]] double value(double equity) const { return peak_ > 0.0 ? 1.0 - equity / peak_ : 0.0; }
    // How far value(equity) may be off when `equity` may be by `bound`.
    [[nodiscard]] double value_bound(double equity, double bound) const {
        const double low = peak_ - bound_;
        if (low <= 0.0) return peak_ > 0.0 ? 1.0 : 0.0;
        return (bound + std::abs(equity) * bound_ / peak_) / low;
    }

private:
    double peak_{0.0};
    double bound_{0.0};
    double log_flows_{0.0};
    std::uint64_t emptied_{0};
};

}  // namespace keel::risk
