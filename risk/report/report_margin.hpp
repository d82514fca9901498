#pragma once

#include <memory>
#include <vector>

#include "risk/report/report_inputs.hpp"
#include "risk/report/risk_report.hpp"

namespace keel::risk {

// Maintenance margins of every venue in one world after another. Inputs and market outlive it and stand still.
class ReportMargins {
public:
    ReportMargins(const ReportInputs& inputs, const MarketState& market);
    ~ReportMargins();
    ReportMargins(const ReportMargins&) = delete;
    ReportMargins& operator=(const ReportMargins&) = delete;

    // In USD, of what `book`, the inputs' own or what a stress leaves of it, holds at the venue. NaN where the venue
    // has no model, a table is missing or a holding cannot be priced.
    [[nodiscard]] double maintenance_usd(const Book& book, VenueSlot venue, const Shock& shock);

private:
    struct Venue;
    std::vector<std::unique_ptr<Venue>> venues_;  // by VenueSlot
};

// Whether anything is held there that a venue asks a margin for: no cash, no spot. A share in a pool is paid for: only
// a margin law would have to know it.
[[nodiscard]] bool holds_margined(const ReportInputs& inputs, VenueSlot venue);

// Sets the initial margin of each cell of the exposure matrix where the venue's law adds positions up: all but
// portfolio margin.
void add_cell_margins(const ReportInputs& inputs, const MarketState& market, std::vector<ExposureRow>& cells);

// How the underlyings move in a day, by UnderlyingSlot: standard deviations (NaN unknown) and the covariance matrix of
// ln S. Either may be empty.
struct DailyMoves {
    std::span<const double> sigma{};
    std::span<const double> covariance{};
};

// Margin, ratio and liquidation prices of every venue that holds something; the prices by every underlying that it
// holds contracts or coin of, unknown where the margin is. One underlying moves at a time; the others stand still, and
// in the second form move by their betas.
[[nodiscard]] std::vector<VenueReport> venue_reports(const ReportInputs& inputs, const MarketState& market,
                                                     const DailyMoves& moves, std::vector<std::string>& notes);

}  // namespace keel::risk
