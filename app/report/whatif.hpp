#pragma once

#include <string>
#include <vector>

#include "risk/report/risk_report.hpp"

namespace keel::app {

// A trade as it was supposed to fill.
struct WhatIfTrade {
    std::string contract;
    std::string venue;
    double quantity{0.0};
    double price{0.0};
    std::string price_unit;  // "USD" per coin; an option's own price: its settlement currency per coin
};

// "65,012.5 USD".
[[nodiscard]] std::string price_words(const WhatIfTrade& trade);

// The same book before and after trades that nobody made.
struct WhatIf {
    std::vector<WhatIfTrade> trades;
    risk::RiskReport before;
    risk::RiskReport after;
};

// Whether a number is another; a rounding is no change, nor is not known twice.
[[nodiscard]] bool moved(double before, double after);

// One metric of the report after, beside what it was.
struct MetricChange {
    const risk::ReportMetric* after;
    double before;
    risk::LimitState was;
    [[nodiscard]] bool moved() const { return app::moved(before, after->value); }
    [[nodiscard]] bool crossed() const { return was != after->state; }
};
[[nodiscard]] std::vector<MetricChange> metric_changes(const WhatIf& whatif);

// The rows of the report before that belong to rows of the report after; nullptr where there was none.
[[nodiscard]] const risk::TailRow* tail_before(const WhatIf& whatif, const risk::TailRow& after);
[[nodiscard]] const risk::StressResult* stress_before(const WhatIf& whatif, const risk::StressResult& after);
[[nodiscard]] const risk::VenueReport* venue_before(const WhatIf& whatif, const risk::VenueReport& after);
// NaN: no margin there.
[[nodiscard]] double stressed_ratio(const risk::StressResult* stress, std::size_t venue);
// A row of NaN where there was none.
[[nodiscard]] risk::VenueReport::Liquidation liquidation_of(const risk::VenueReport* venue,
                                                            const std::string& underlying);

// For a terminal of 100 columns: trades, limits, the metrics that moved, tails, margin, liquidation prices, stresses.
[[nodiscard]] std::string whatif_text(const WhatIf& whatif);
// All of it as one JSON object.
[[nodiscard]] std::string whatif_json(const WhatIf& whatif);
// One self-contained page: every metric before and after, then the whole report of the state after.
[[nodiscard]] std::string whatif_html(const WhatIf& whatif);

}  // namespace keel::app
