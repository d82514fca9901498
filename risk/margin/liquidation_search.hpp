#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace keel::risk {

// equity(x) - maintenance(x) of one account when the spot of an underlying moves by the fraction x, all
// marks and forwards with it and the other underlyings as the caller decides (fixed, or by beta).
template <class F>
concept MarginGap = std::invocable<F&, double> && std::convertible_to < std::invoke_result_t<F&, double>,
double > ;

// What was found on one side. unknown: a value was not finite, so nothing is known beyond `move`.
enum class RootStatus : std::uint8_t { found, none, breached, unknown };

// The nearest move that liquidates: a fraction, or +/- infinity where there is none on the grid, 0 where
// the account is there already, and where unknown the last node known to be safe.
struct LiquidationMove {
    double move{0.0};
    RootStatus status{RootStatus::unknown};
    double gap{0.0};  // equity - maintenance at `move`, settlement currency; 0 unless found
};

struct LiquidationMoves {
    LiquidationMove down{};
    LiquidationMove up{};
};

inline constexpr std::uint32_t kRootStepsMax = 100;  // bisection alone needs 50 for the last bit

// Where to look: node moves, ascending, each above -1 (zero may be among them), and how fine.
struct LiquidationAxis {
    std::span<const double> moves{};
    double tolerance{1e-5};  // of the move
};

// Brent's method (R. P. Brent, Algorithms for Minimization without Derivatives, 1973, ch. 4) between a
// safe move and one past the root. Returns the move with the smaller |gap|; unknown where a value is
// not finite. Cost: one evaluation of `gap` per step.
template <MarginGap Gap>
[[nodiscard]] LiquidationMove refine_root(Gap& gap, double safe, double gap_safe, double past, double gap_past,
                                          double tolerance) {
    double a = safe;
    double fa = gap_safe;
    double b = past;
    double fb = gap_past;
    double c = a;
    double fc = fa;
    double step = b - a;
    double step_before = step;
    for (std::uint32_t i = 0; i < kRootStepsMax; ++i) {
        if ((fb > 0.0) == (fc > 0.0)) {
            c = a;
            fc = fa;
            step = step_before = b - a;
        }
        if (std::abs(fc) < std::abs(fb)) {
            a = b;
            b = c;
            c = a;
            fa = fb;
            fb = fc;
            fc = fa;
        }
        const double room = 2.0 * std::numeric_limits<double>::epsilon() * std::abs(b) + 0.5 * tolerance;
        const double half = 0.5 * (c - b);
        if (std::abs(half) <= room || fb == 0.0) break;
        if (std::abs(step_before) >= room && std::abs(fa) > std::abs(fb)) {
            const double s = fb / fa;
            const bool secant = a == c;
            const double q0 = fa / fc;
            const double r = fb / fc;
            double p = secant ? 2.0 * half * s : s * (2.0 * half * q0 * (q0 - r) - (b - a) * (r - 1.0));
            double q = secant ? 1.0 - s : (q0 - 1.0) * (r - 1.0) * (s - 1.0);
            if (p > 0.0) q = -q;
            p = std::abs(p);
            const bool inside = 2.0 * p < std::min(3.0 * half * q - std::abs(room * q), std::abs(step_before * q));
            step_before = inside ? step : half;
            step = inside ? p / q : half;
        } else {
            step = step_before = half;
        }
        a = b;
        fa = fb;
        b += std::abs(step) > room ? step : std::copysign(room, half);
        fb = static_cast<double>(gap(b));
        if (!std::isfinite(fb)) return {.move = safe, .status = RootStatus::unknown};
    }
    return {.move = b, .status = RootStatus::found, .gap = fb};
}

// Walks outwards from no move on one side and brackets the first change of sign.
template <MarginGap Gap>
[[nodiscard]] LiquidationMove nearest_root(Gap& gap, double gap_here, const LiquidationAxis& axis, bool up) {
    double safe = 0.0;
    double gap_safe = gap_here;
    const std::size_t count = axis.moves.size();
    for (std::size_t i = 0; i < count; ++i) {
        const double move = axis.moves[up ? i : count - 1 - i];
        if (up ? move <= safe : move >= safe) continue;
        const double value = static_cast<double>(gap(move));
        if (!std::isfinite(value)) return {.move = safe, .status = RootStatus::unknown};
        if (value <= 0.0) return refine_root(gap, safe, gap_safe, move, value, axis.tolerance);
        safe = move;
        gap_safe = value;
    }
    const double none = std::numeric_limits<double>::infinity();
    return {.move = up ? none : -none, .status = RootStatus::none};
}

// The nearest liquidation on each side of the present spot. O(nodes) evaluations of `gap`, and about
// eight more per root. Between two nodes of equal sign a pair of roots is not seen.
// Thread: any. Allocates: what `gap` allocates.
template <MarginGap Gap>
[[nodiscard]] LiquidationMoves liquidation_moves(Gap&& gap, const LiquidationAxis& axis) {
    const double here = static_cast<double>(gap(0.0));
    if (!std::isfinite(here)) return {};
    if (here <= 0.0) {
        const LiquidationMove breached{.move = 0.0, .status = RootStatus::breached};
        return {.down = breached, .up = breached};
    }
    return {.down = nearest_root(gap, here, axis, false), .up = nearest_root(gap, here, axis, true)};
}

}  // namespace keel::risk
