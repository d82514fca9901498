#pragma once

#include <chrono>
#include <cstdint>

#include "engine/core/time.hpp"

namespace keel::risk {

// Exponentially weighted slope of equity, deposits and withdrawals taken out: d <- d + (1-e^{-dt/tau})
// ((E - E_before - flow)/dt - d), tau = half-life / ln 2.
// Thread: core. Allocates: never.
class EquityDrift {
public:
    // `half_life` must be positive.
    explicit EquityDrift(std::chrono::nanoseconds half_life);

    // Equity and what has flowed in (+) or out (-) since the last call, one currency. Not finite:
    // ignored. Not later than the last: only the flow counts.
    void on_equity(double equity, double flow, UnixNanos now);

    // Per second; 0 before the second value.
    [[nodiscard]] double per_second() const { return drift_; }

private:
    double tau_ns_;
    double equity_{0.0};
    double flow_{0.0};  // since equity_
    double drift_{0.0};
    UnixNanos time_{};
    std::uint32_t values_{0};  // 0, 1, 2 = two or more
};

// Seconds until equity falls to maintenance at the present drift: infinity while equity does not fall, 0
// where it is there already, and 0 where an input is not finite (unknown is not safe).
[[nodiscard]] double seconds_to_liquidation(double equity, double maintenance, double drift_per_second);

}  // namespace keel::risk
