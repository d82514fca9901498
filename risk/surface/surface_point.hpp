#pragma once

#include "risk/surface/surface_expiry.hpp"

namespace keel::risk {

// Implied volatility at one place of a surface.
struct SurfacePoint {
    double volatility{0.0};      // fraction per sqrt(year); 0 only where the quality says missing
    double total_variance{0.0};  // volatility^2 years
    double skew{0.0};            // d volatility / dk
    double k{0.0};               // ln(K/F)
    double years{0.0};
    SurfaceQuality quality{SurfaceQuality::missing};
};

// One smile at one k, as it is now.
struct SliceReading {
    SviValue value;
    double years{0.0};
    SurfaceQuality quality{SurfaceQuality::missing};
};

// The surface at `k` and `years` from the smiles before and after: total variance linear in time; outside of the smiles
// the volatility at k of the nearest stands still. Null: no smile on that side; missing without any.
// Thread: any. Allocates: never.
[[nodiscard]] SurfacePoint point_between(const SliceReading* before, const SliceReading* after, double k, double years);

}  // namespace keel::risk
