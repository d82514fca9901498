#pragma once

#include <array>
#include <cstdint>

#include "engine/core/time.hpp"
#include "risk/exposure/equity_peak.hpp"

namespace keel::risk {

// Equity against its peak (equity_peak.hpp), against the peak of the UTC day, and the loss of the last five minutes.
// The peak is the caller's to keep over a restart.
// Thread: core. Allocates: never.
class Drawdown {
public:
    // A peak of an earlier run; ignored unless finite and positive.
    void restore_peak(double peak);
    // Equity now, not finite: refused and counted. Time that goes back: refused.
    void on_equity(UnixNanos time, double equity);
    // `flow` came in (or went, negative) while equity was `equity_before`; the next on_equity holds it. One that leaves
    // nothing begins all anew; without equity before it is refused and counted.
    void on_flow(double flow, double equity_before);

    [[nodiscard]] double drawdown() const { return fraction_below(peak_); }  // 0..1 and beyond; NaN before the first
    [[nodiscard]] double drawdown_day() const { return fraction_below(day_peak_); }
    // Loss over the last five minutes as a fraction of the equity five minutes ago; 0 where it gained.
    [[nodiscard]] double loss_5m() const;
    [[nodiscard]] double peak() const { return peak_.peak(); }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }

private:
    static constexpr std::int64_t kSlotNs = 5'000'000'000;
    static constexpr std::size_t kSlots = 60;  // of five seconds
    [[nodiscard]] double fraction_below(const EquityPeak& peak) const;

    EquityPeak peak_{};
    EquityPeak day_peak_{};
    double equity_{0.0};
    bool has_equity_{false};
    std::int64_t day_{0};
    UnixNanos last_{};
    std::int64_t slot_{0};
    std::array<double, kSlots> past_{};  // equity at the end of each slot, a ring
    std::size_t past_count_{0};
    std::uint64_t refused_{0};
};

}  // namespace keel::risk
