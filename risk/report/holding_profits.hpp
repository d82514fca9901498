#pragma once

#include <span>
#include <vector>

#include "risk/book/shocked_options.hpp"

namespace keel::risk {

// What each holding of a book gains when ln spot and 30-day ln iv of the underlyings move: full revaluation, one
// scenario after another. Volatilities follow their tenor (VolatilityTenor::power).
// Thread: one. Allocates: in the constructor only.
class HoldingProfits {
public:
    // Both outlive this; `market` has every option's volatility that there is.
    HoldingProfits(const Book& book, const MarketState& market);

    // The scenario, by UnderlyingSlot; an underlying beyond the spans stands still.
    void move(std::span<const double> log_returns, std::span<const double> log_volatilities);
    // USD, in the scenario of the latest move(). NaN where the holding has no value.
    [[nodiscard]] double usd(std::size_t row) const;

private:
    [[nodiscard]] Shock shock() const { return {.underlyings = moves_}; }

    const Book& book_;
    const MarketState& market_;
    ShockedOptions options_;
    std::vector<double> before_;         // by row, own ledger
    std::vector<double> tenor_weights_;  // by ExpirySlot
    std::vector<UnderlyingShock> moves_;
    std::vector<ExpiryMove> expiry_moves_;
};

}  // namespace keel::risk
