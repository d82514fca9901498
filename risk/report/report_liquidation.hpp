#pragma once

#include <span>
#include <string_view>

#include "risk/report/risk_report.hpp"

namespace keel::risk {

// The least of all moves of one underlying that liquidate a venue's account, up or down, the others still or moving by
// their betas. Infinite: there is none within the search; NaN: none is known. Not complete: one that is not known may
// be nearer.
struct NearestLiquidation {
    double distance_ratio{std::numeric_limits<double>::quiet_NaN()};  // of the present price
    double sigmas{std::numeric_limits<double>::quiet_NaN()};          // of one day
    bool distance_complete{true};
    bool sigmas_complete{true};
};

// Of the accounts of `venue` (empty: all) and the moves of `underlying` (empty: each).
[[nodiscard]] NearestLiquidation nearest_liquidation(std::span<const VenueReport> venues, std::string_view underlying,
                                                     std::string_view venue);

}  // namespace keel::risk
