#pragma once

#include <span>

#include "risk/surface/surface_point.hpp"

namespace keel::risk {

// The smile of one expiry as it stands, and what to think of it.
struct DatedSlice {
    UnixNanos expiry{};
    SviParameters svi;  // total variance from now to the expiry
    SurfaceQuality quality{SurfaceQuality::good};
};

// A surface of smiles that are given: read as VolatilitySurface is, nothing is fitted. Expiries ascending.
// Thread: any. Allocates: never.
class SliceSurface {
public:
    explicit SliceSurface(std::span<const DatedSlice> slices) : slices_{slices} {}

    [[nodiscard]] SurfacePoint at_moneyness(double k, UnixNanos maturity, UnixNanos now) const;

private:
    std::span<const DatedSlice> slices_;
};

}  // namespace keel::risk
