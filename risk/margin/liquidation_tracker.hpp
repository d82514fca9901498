#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

#include "engine/core/time.hpp"
#include "risk/margin/liquidation_search.hpp"

namespace keel::risk {

// When to solve again.
struct LiquidationTrackerParameters {
    double ratio_move_max{0.0};          // relative change of equity/maintenance, 0.02
    std::chrono::nanoseconds age_max{};  // one second
};

// How far one side is.
struct LiquidationDistance {
    double price{0.0};       // USD per coin; 0 below and infinity above where nothing liquidates
    double move_ratio{0.0};  // signed fraction of the present spot; +/- infinity where nothing liquidates
    double sigmas{0.0};      // |ln(price/spot)| in one-day standard deviations; infinity where nothing does
    RootStatus status{RootStatus::unknown};
};

// Keeps the two liquidation prices of one account and underlying, and solves anew only when the margin
// ratio has moved by more than the threshold or the age has passed. In between the prices stand and the
// distances follow the spot. A spot beyond a price that was safe solves anew at once.
// Thread: core. Allocates: never.
class LiquidationTracker {
public:
    explicit LiquidationTracker(const LiquidationTrackerParameters& parameters) : parameters_{parameters} {}

    [[nodiscard]] bool due(double margin_ratio, double spot, UnixNanos now) const;

    // Solves where due; true where it did. A spot or ratio that is not finite makes both sides unknown.
    template <MarginGap Gap>
    bool update(double margin_ratio, double spot, UnixNanos now, const LiquidationAxis& axis, Gap&& gap) {
        if (!std::isfinite(spot) || spot <= 0.0 || !std::isfinite(margin_ratio)) {
            forget();
            return false;
        }
        if (!due(margin_ratio, spot, now)) return false;
        take(liquidation_moves(std::forward<Gap>(gap), axis), margin_ratio, spot, now);
        return true;
    }
    void forget() { solved_ = false; }

    // `volatility_day`: standard deviation of the log return of one day. Unknown sides carry the farthest
    // move known to be safe.
    [[nodiscard]] LiquidationDistance down(double spot, double volatility_day) const;
    [[nodiscard]] LiquidationDistance up(double spot, double volatility_day) const;

private:
    void take(const LiquidationMoves& moves, double margin_ratio, double spot, UnixNanos now);
    [[nodiscard]] LiquidationDistance distance(bool up, double spot, double volatility_day) const;

    LiquidationTrackerParameters parameters_;
    bool solved_{false};
    double ratio_solved_{0.0};
    double spot_solved_{0.0};
    UnixNanos time_solved_{};
    LiquidationMoves moves_{};
};

}  // namespace keel::risk
