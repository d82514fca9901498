#include "risk/surface/surface_point.hpp"

#include <cmath>

namespace keel::risk {
namespace {

SurfacePoint point_of(double w, double w1, double k, double years, SurfaceQuality quality) {
    if (!(w > 0.0) || !std::isfinite(w)) return {.k = k, .years = years};
    const double volatility = std::sqrt(w / years);
    return {.volatility = volatility,
            .total_variance = w,
            .skew = w1 / (2.0 * volatility * years),
            .k = k,
            .years = years,
            .quality = quality};
}

}  // namespace

SurfacePoint point_between(const SliceReading* before, const SliceReading* after, double k, double years) {
    if (before == nullptr && after == nullptr) return {.k = k, .years = years};
    if (before == nullptr || after == nullptr) {
        const SliceReading& at = before != nullptr ? *before : *after;
        const double share = years / at.years;
        return point_of(at.value.w * share, at.value.w1 * share, k, years, at.quality | SurfaceQuality::extrapolated);
    }
    if (before->years == after->years) return point_of(before->value.w, before->value.w1, k, years, before->quality);
    const double share = (years - before->years) / (after->years - before->years);
    return point_of(before->value.w + share * (after->value.w - before->value.w),
                    before->value.w1 + share * (after->value.w1 - before->value.w1), k, years,
                    before->quality | after->quality);
}

}  // namespace keel::risk
