#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "risk/book/market_state.hpp"
#include "risk/tail/scenario_set.hpp"
#include "risk/tail/scenario_vector.hpp"

namespace keel::risk {

// What the parts of a book add to its VaR or ES, USD (tail/contributions.hpp). Options and others together sum to the
// measure, and so do the underlyings.
struct TailContributions {
    double total_usd{0.0};                      // the measure
    std::span<const double> options_usd{};      // by ExpirySlot
    std::span<const double> others_usd{};       // by UnderlyingSlot: whatever is no option
    std::span<const double> underlyings_usd{};  // by UnderlyingSlot: all of it
};

// Reads them off a scenario vector with a bucket per expiry of `market`, then one per underlying, and whose first
// factors are the underlyings' prices. O(parts x scenarios of the tail), and a sort of these; no part is revalued.
// Thread: core. Allocates: at construction only.
class ContributionReader {
public:
    ContributionReader(const MarketState& market, std::size_t scenarios);

    // nullopt where alpha is out of range. What they show stands until the next call.
    [[nodiscard]] std::optional<TailContributions> var(const ScenarioVector& vector, const ScenarioSet& set,
                                                       double alpha);
    [[nodiscard]] std::optional<TailContributions> es(const ScenarioVector& vector, const ScenarioSet& set,
                                                      double alpha);

private:
    [[nodiscard]] TailContributions read(const ScenarioVector& vector, const ScenarioSet& set);
    [[nodiscard]] double weighted(std::span<const double> pnl_usd) const;

    std::vector<std::size_t> underlying_of_;  // by ExpirySlot
    std::vector<std::size_t> order_;
    std::vector<double> weights_;    // by scenario
    std::vector<std::size_t> tail_;  // scenarios with a weight
    std::vector<double> options_usd_, others_usd_, underlyings_usd_;
};

}  // namespace keel::risk
