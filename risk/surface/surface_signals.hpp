#pragma once

#include "risk/surface/slice_surface.hpp"
#include "risk/surface/volatility_surface.hpp"

namespace keel::risk {

// What a surface says in a few numbers. All are 0 where the quality says missing.
struct SurfaceSignals {
    double volatility_7d{0.0};  // at the forward, constant maturity, fraction per sqrt(year)
    double volatility_30d{0.0};
    double volatility_90d{0.0};
    double term_slope{0.0};                           // volatility_90d - volatility_7d
    double risk_reversal_30d{0.0};                    // volatility of the 25-delta call less that of the 25-delta put
    double butterfly_30d{0.0};                        // their mean less volatility_30d
    double variance_30d{0.0};                         // model-free, per year
    SurfaceQuality quality{SurfaceQuality::missing};  // of all of them together
    SurfaceQuality quality_7d{SurfaceQuality::missing};
    SurfaceQuality quality_30d{SurfaceQuality::missing};
    SurfaceQuality quality_90d{SurfaceQuality::missing};
};

// Reads the signals. Thread: core. Allocates: never.
[[nodiscard]] SurfaceSignals surface_signals(const VolatilitySurface& surface, UnixNanos now);
// The same of given smiles. Thread: any. Allocates: never.
[[nodiscard]] SurfaceSignals surface_signals(const SliceSurface& surface, UnixNanos now);

// Place ln(K/F) of the call whose undiscounted Black delta N(d1) is `delta` in (0, 1), on the smile of one maturity; a
// put's delta is one less. 0 where there is no surface.
[[nodiscard]] double moneyness_of_delta(const VolatilitySurface& surface, double delta, UnixNanos maturity,
                                        UnixNanos now);

}  // namespace keel::risk
