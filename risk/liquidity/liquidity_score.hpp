#pragma once

#include <span>

#include "engine/core/time.hpp"

namespace keel::risk {

// How an instrument trades against how it usually does: min(1, depth / usual depth) times
// min(1, usual spread / spread), between 0 and 1. NaN where an input is not finite and positive.
[[nodiscard]] double liquidity_score(double depth, double depth_usual, double spread, double spread_usual);

// Fragmentation of one underlying across venues.
struct Fragmentation {
    double depth_hhi{0.0};           // of depth over venues
    double mid_dispersion_bps{0.0};  // largest less smallest mid over their mean
};
// `mids` and `depths` parallel, one per venue; a venue whose mid or depth is not finite and positive is out.
[[nodiscard]] Fragmentation fragmentation(std::span<const double> mids, std::span<const double> depths);

// Resiliency: how long depth takes to make good half of what it lost when it fell by more than `drop` against
// its own slow average. Kept as an exponential average over such falls.
// Thread: core. Allocates: never.
class DepthResiliency {
public:
    explicit DepthResiliency(double drop = 0.3) : drop_{drop} {}
    void on_depth(UnixNanos time, double depth);
    // Seconds to half recovery, averaged over the falls seen; NaN before the first whole one.
    [[nodiscard]] double half_life_seconds() const;
    [[nodiscard]] bool fallen() const { return fallen_; }
    // Slow average of depth (time constant 60 s); NaN before the first.
    [[nodiscard]] double usual_depth() const { return usual_; }

private:
    double drop_;
    double usual_{0.0};
    double wanted_{0.0};  // depth that counts as half recovered
    double half_life_s_{0.0};
    bool has_depth_{false};
    bool fallen_{false};
    bool has_half_life_{false};
    UnixNanos fell_{};
    UnixNanos last_{};
};

}  // namespace keel::risk
