#include "risk/liquidity/liquidity_score.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kUsualSeconds = 60.0;
constexpr double kNewest = 0.2;  // weight of the newest fall in the average half-life

bool positive(double value) { return std::isfinite(value) && value > 0.0; }

}  // namespace

double liquidity_score(double depth, double depth_usual, double spread, double spread_usual) {
    if (!positive(depth_usual) || !positive(spread) || !positive(spread_usual) || !(depth >= 0.0)) return kNaN;
    return std::min(1.0, depth / depth_usual) * std::min(1.0, spread_usual / spread);
}

Fragmentation fragmentation(std::span<const double> mids, std::span<const double> depths) {
    const std::size_t n = std::min(mids.size(), depths.size());
    double low = std::numeric_limits<double>::infinity();
    double high = 0.0;
    double sum = 0.0, squares = 0.0, mid_sum = 0.0;
    std::size_t used = 0;
    for (std::size_t i = 0; i < n; ++i) {
        if (!positive(mids[i]) || !positive(depths[i])) continue;
        low = std::min(low, mids[i]);
        high = std::max(high, mids[i]);
        mid_sum += mids[i];
        sum += depths[i];
        squares += depths[i] * depths[i];
        ++used;
    }
    if (used == 0) return {kNaN, kNaN};
    return {.depth_hhi = squares / (sum * sum),
            .mid_dispersion_bps = (high - low) / (mid_sum / static_cast<double>(used)) * 1e4};
}

void DepthResiliency::on_depth(UnixNanos time, double depth) {
    if (!std::isfinite(depth) || depth < 0.0 || time < last_) return;
    if (!has_depth_) {
        usual_ = depth;
        has_depth_ = true;
    } else if (!fallen_) {
        const double seconds = static_cast<double>((time - last_).count()) * 1e-9;
        if (depth < (1.0 - drop_) * usual_) {
            fallen_ = true;
            fell_ = time;
            wanted_ = 0.5 * (usual_ + depth);
        } else {
            usual_ += (1.0 - std::exp(-seconds / kUsualSeconds)) * (depth - usual_);
        }
    } else if (depth >= wanted_) {
        const double took_s = static_cast<double>((time - fell_).count()) * 1e-9;
        half_life_s_ = has_half_life_ ? (1.0 - kNewest) * half_life_s_ + kNewest * took_s : took_s;
        has_half_life_ = true;
        fallen_ = false;
    } else {
        wanted_ = std::min(wanted_, 0.5 * (usual_ + depth));  // it fell further
    }
    last_ = time;
}

double DepthResiliency::half_life_seconds() const { return has_half_life_ ? half_life_s_ : kNaN; }

}  // namespace keel::risk
