#include "risk/surface/slice_surface.hpp"

#include <cmath>

namespace keel::risk {

SurfacePoint SliceSurface::at_moneyness(double k, UnixNanos maturity, UnixNanos now) const {
    const double years = years_between(now, maturity);
    if (!(years > 0.0) || !std::isfinite(k)) return {};
    SliceReading before, after;
    bool has_before = false, has_after = false;
    for (const DatedSlice& slice : slices_) {
        if (slice.expiry <= now) continue;
        const SliceReading at{
            .value = svi_value(slice.svi, k), .years = years_between(now, slice.expiry), .quality = slice.quality};
        if (slice.expiry <= maturity) {
            before = at;
            has_before = true;
        }
        if (slice.expiry >= maturity) {
            after = at;
            has_after = true;
            break;
        }
    }
    return point_between(has_before ? &before : nullptr, has_after ? &after : nullptr, k, years);
}

}  // namespace keel::risk
