#pragma once

#include "risk/margin/margin_amount.hpp"
#include "risk/report/report_inputs.hpp"
#include "risk/report/risk_report.hpp"

namespace keel::risk {

// Initial and maintenance margin in USD of what `book`, the inputs' own or what a stress leaves of it, holds at one
// venue, under a shock; bad_input where the venue has no model, a table is missing or a holding cannot be priced.
[[nodiscard]] MarginAmount report_margin_usd(const ReportInputs& inputs, const Book& book, const MarketState& market,
                                             VenueSlot venue, const Shock& shock);

// How the underlyings move in a day, by UnderlyingSlot: standard deviations (NaN unknown) and the covariance matrix of
// ln S. Either may be empty.
struct DailyMoves {
    std::span<const double> sigma{};
    std::span<const double> covariance{};
};

// Margin, ratio and liquidation prices of every venue that holds something. One underlying moves at a time; the others
// stand still, and in the second form move by their betas.
[[nodiscard]] std::vector<VenueReport> venue_reports(const ReportInputs& inputs, const MarketState& market,
                                                     const DailyMoves& moves, std::vector<std::string>& notes);

}  // namespace keel::risk
