#include "risk/report/report_liquidation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

void take(const LiquidationPrices& prices, NearestLiquidation& out) {
    for (const LiquidationSide& side : {prices.down, prices.up}) {
        if (side.status == RootStatus::unknown) out.distance_complete = out.sigmas_complete = false;
        if (side.distance_ratio >= 0.0) out.distance_ratio = std::min(out.distance_ratio, side.distance_ratio);
    }
    if (std::isnan(prices.sigmas)) {
        out.sigmas_complete = false;
    } else {
        out.sigmas = std::min(out.sigmas, prices.sigmas);
    }
}

}  // namespace

NearestLiquidation nearest_liquidation(std::span<const VenueReport> venues, std::string_view underlying,
                                       std::string_view venue) {
    NearestLiquidation out{.distance_ratio = kInfinity, .sigmas = kInfinity};
    for (const VenueReport& account : venues) {
        if (!venue.empty() && account.name != venue) continue;
        for (const VenueReport::Liquidation& row : account.liquidations) {
            if (!underlying.empty() && row.underlying != underlying) continue;
            take(row.still, out);
            take(row.by_beta, out);
        }
    }
    if (!out.distance_complete && std::isinf(out.distance_ratio)) out.distance_ratio = kNaN;
    if (!out.sigmas_complete && std::isinf(out.sigmas)) out.sigmas = kNaN;
    return out;
}

}  // namespace keel::risk
