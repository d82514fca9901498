#include "risk/margin/liquidation_tracker.hpp"

#include <cmath>
#include <limits>

namespace keel::risk {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

bool LiquidationTracker::due(double margin_ratio, double spot, UnixNanos now) const {
    if (!solved_) return true;
    const auto age = now - time_solved_;
    if (age >= parameters_.age_max || age < std::chrono::nanoseconds{0}) return true;
    const double change = std::abs(margin_ratio - ratio_solved_);
    if (!(change <= parameters_.ratio_move_max * std::abs(ratio_solved_))) return true;
    const double move = spot / spot_solved_ - 1.0;
    return move <= moves_.down.move || move >= moves_.up.move;
}

void LiquidationTracker::take(const LiquidationMoves& moves, double margin_ratio, double spot, UnixNanos now) {
    moves_ = moves;
    ratio_solved_ = margin_ratio;
    spot_solved_ = spot;
    time_solved_ = now;
    solved_ = true;
}

LiquidationDistance LiquidationTracker::distance(bool up, double spot, double volatility_day) const {
    LiquidationDistance out;
    if (!solved_ || !std::isfinite(spot) || spot <= 0.0) return out;
    const LiquidationMove& side = up ? moves_.up : moves_.down;
    out.status = side.status;
    if (side.status == RootStatus::none) {
        out.price = up ? kInfinity : 0.0;
        out.move_ratio = up ? kInfinity : -kInfinity;
        out.sigmas = kInfinity;
        return out;
    }
    out.price = spot_solved_ * (1.0 + side.move);
    out.move_ratio = out.price / spot - 1.0;
    if (!std::isfinite(out.move_ratio)) return {};
    const bool passed = up ? out.move_ratio <= 0.0 : out.move_ratio >= 0.0;
    if (side.status == RootStatus::breached || passed) {
        out.move_ratio = 0.0;
        return out;  // no standard deviation away
    }
    const bool scaled = std::isfinite(volatility_day) && volatility_day > 0.0;
    out.sigmas = scaled ? std::abs(std::log(out.price / spot)) / volatility_day : 0.0;
    return out;
}

LiquidationDistance LiquidationTracker::down(double spot, double volatility_day) const {
    return distance(false, spot, volatility_day);
}

LiquidationDistance LiquidationTracker::up(double spot, double volatility_day) const {
    return distance(true, spot, volatility_day);
}

}  // namespace keel::risk
