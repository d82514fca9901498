#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "risk/tail/scenario_set.hpp"

namespace keel::risk {

// The columns of a ScenarioSet that hold the changes of log at-the-money volatility of one underlying.
struct VolatilityPillars {
    static constexpr std::array kDays{7.0, 30.0, 90.0};
    std::array<std::size_t, kDays.size()> factor{};
};

// The change of log volatility of an expiry in every scenario: linear in the log of the tenor between pillars; beyond
// them the outer pillar's, with the power law of tenor_weight (risk/book/market_state.hpp) from its tenor to
// this one. `days` below one count as one; false where it is not a number. Allocates: never.
[[nodiscard]] bool volatility_changes_at(const ScenarioSet& set, const VolatilityPillars& pillars, double days,
                                         std::span<double> changes);

}  // namespace keel::risk
