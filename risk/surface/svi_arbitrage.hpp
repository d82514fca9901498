#pragma once

#include <array>
#include <cstdint>

#include "risk/surface/svi_slice.hpp"

namespace keel::risk {

// What is wrong with one slice; bits.
enum class SviFlaw : std::uint8_t {
    none = 0,
    domain = 1,             // not finite, b < 0, |rho| >= 1 or sigma <= 0
    negative_variance = 2,  // w_min < 0
    lee_wing = 4,           // a wing steeper than 2 (Lee 2004, in total variance)
    butterfly = 8,          // g < 0 somewhere: a negative density
};
constexpr SviFlaw operator|(SviFlaw a, SviFlaw b) {
    return static_cast<SviFlaw>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool has(SviFlaw set, SviFlaw bit) { return (static_cast<unsigned>(set) & static_cast<unsigned>(bit)) != 0U; }

inline constexpr double kLeeSlopeMax = 2.0;

// A range of log moneyness.
struct MoneynessRange {
    double low{0.0};
    double high{0.0};
};

struct SviButterfly {
    SviFlaw flaws{SviFlaw::none};
    double g_min{0.0};  // least g found; unset where the domain or the variance fails
    double g_min_moneyness{0.0};
    [[nodiscard]] bool is_free() const { return flaws == SviFlaw::none; }
};

// How far the checks of a surface look: a flat call wing of a slice of hours can have its butterfly at k = 1.5.
inline constexpr MoneynessRange kSurfaceReach{.low = -10.0, .high = 10.0};

// kSurfaceReach, or +/-(6 sqrt(w0) + 0.5) and ten sigmas around the vertex where those reach farther.
[[nodiscard]] MoneynessRange svi_check_range(const SviParameters& svi);

// Domain, wings, then g on 201 points and a golden section around each low point. The points are even in
// asinh((k-m)/sigma), so that a narrow vertex is seen as well as a far wing. Thread: any. Allocates: never.
[[nodiscard]] SviButterfly svi_butterfly(const SviParameters& svi);
[[nodiscard]] SviButterfly svi_butterfly(const SviParameters& svi, MoneynessRange range);

// Two slices at the same k: the far one must hold at least the near one's total variance.
struct SviCalendar {
    static constexpr std::size_t kCrossingsMax = 4;  // w_far = w_near is a quartic
    double gap_min{0.0};                             // least w_far - w_near in the range
    double gap_min_moneyness{0.0};
    std::array<double, kCrossingsMax> crossings{};  // ascending
    std::size_t crossing_count{0};
    bool wings_cross{false};  // a wing of the near slice is steeper: they cross outside, however far
    [[nodiscard]] bool is_free() const { return gap_min >= 0.0 && !wings_cross; }
};

// 61 even points and 61 around either vertex, golden section at each low point, bisection at each change of sign. Both
// slices in the domain.
// Thread: any. Allocates: never.
[[nodiscard]] SviCalendar svi_calendar(const SviParameters& near, const SviParameters& far,
                                       MoneynessRange range = kSurfaceReach);

// Gatheral and Jacquier 5.1: keeps v, psi and p, sets c = p + 2 psi and v_min = v 4pc/(p+c)^2. False (out untouched)
// where that is no slice, or one with arbitrage of its own.
[[nodiscard]] bool svi_repair_jw(const SviParameters& svi, double years, SviParameters& out);

}  // namespace keel::risk
