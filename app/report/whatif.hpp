#pragma once

#include <algorithm>
#include <functional>
#include <limits>
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
    std::string price_unit;  // what it settles in per coin; a pool: per unit of liquidity; inverse futures, spot: "USD"
};

// "65,012.5 USD".
[[nodiscard]] std::string price_words(const WhatIfTrade& trade);

// The same book before and after trades that nobody made.
struct WhatIf {
    std::vector<WhatIfTrade> trades;
    risk::RiskReport before;
    risk::RiskReport after;
};

// NaN where either is not known or infinite.
[[nodiscard]] double difference(double before, double after);
// Whether a number is another; a rounding is no change, nor is not known twice.
[[nodiscard]] bool moved(double before, double after);

// A row of the report before and the row of the same name after; nullptr where one of the two has none.
template <class Row>
struct Beside {
    const Row* before{nullptr};
    const Row* after{nullptr};

    [[nodiscard]] const Row& row() const { return after != nullptr ? *after : *before; }
    // A number of the row; NaN where there is none.
    [[nodiscard]] double was(auto get) const { return number_of(before, get); }
    [[nodiscard]] double is(auto get) const { return number_of(after, get); }
    [[nodiscard]] bool moved(auto get) const { return app::moved(was(get), is(get)); }

private:
    static double number_of(const Row* row, auto get) {
        return row == nullptr ? std::numeric_limits<double>::quiet_NaN() : std::invoke(get, *row);
    }
};

// The rows of both reports: those of the report after in its order, then those that it has no more.
template <class Row>
[[nodiscard]] std::vector<Beside<Row>> beside(const std::vector<Row>& before, const std::vector<Row>& after,
                                              auto same) {
    std::vector<Beside<Row>> out;
    for (const Row& row : after) {
        const auto old = std::ranges::find_if(before, [&](const Row& candidate) { return same(candidate, row); });
        out.push_back({.before = old == before.end() ? nullptr : &*old, .after = &row});
    }
    for (const Row& row : before) {
        if (std::ranges::none_of(after, [&](const Row& candidate) { return same(candidate, row); })) {
            out.push_back({.before = &row, .after = nullptr});
        }
    }
    return out;
}

struct MetricChange : Beside<risk::ReportMetric> {
    [[nodiscard]] double value_before() const { return was(&risk::ReportMetric::value); }
    [[nodiscard]] double value_after() const { return is(&risk::ReportMetric::value); }
    [[nodiscard]] double change() const { return difference(value_before(), value_after()); }
    [[nodiscard]] risk::LimitState state_before() const;
    [[nodiscard]] risk::LimitState state_after() const;
    [[nodiscard]] bool moved() const { return app::moved(value_before(), value_after()); }
    [[nodiscard]] bool crossed() const { return state_before() != state_after(); }
    [[nodiscard]] bool limited() const;
};
[[nodiscard]] std::vector<MetricChange> metric_changes(const WhatIf& whatif);
[[nodiscard]] std::vector<Beside<risk::TailRow>> tail_changes(const WhatIf& whatif);
[[nodiscard]] std::vector<Beside<risk::StressResult>> stress_changes(const WhatIf& whatif);
[[nodiscard]] std::vector<Beside<risk::VenueReport>> venue_changes(const WhatIf& whatif);
using LiquidationChange = Beside<risk::VenueReport::Liquidation>;
[[nodiscard]] std::vector<LiquidationChange> liquidation_changes(const Beside<risk::VenueReport>& venue);
// Whether there is a price, before or after.
[[nodiscard]] bool has_liquidation_price(const LiquidationChange& row);
// The underlyings of a venue without one, by how their searches ended: "3 underlyings: no liquidation price before or
// after", "SOL: liquidation price unknown before, no liquidation price after".
[[nodiscard]] std::vector<std::string> without_liquidation_price(const Beside<risk::VenueReport>& venue);

// Readers of a stress's numbers for Beside; NaN where the stress has none.
[[nodiscard]] inline auto ratio_at(std::size_t venue) {
    return [venue](const risk::StressResult& stress) {
        return venue < stress.venues.size() ? stress.venues[venue].margin_ratio
                                            : std::numeric_limits<double>::quiet_NaN();
    };
}
[[nodiscard]] inline auto delta_of(std::size_t underlying) {
    return [underlying](const risk::StressResult& stress) {
        return underlying < stress.delta_coin.size() ? stress.delta_coin[underlying]
                                                     : std::numeric_limits<double>::quiet_NaN();
    };
}

// For a terminal of 100 columns: trades, limits, the metrics that moved (`all`: every one), tails, margin, liquidation
// prices, stresses.
[[nodiscard]] std::string whatif_text(const WhatIf& whatif, bool all);
// All of it as one JSON object.
[[nodiscard]] std::string whatif_json(const WhatIf& whatif);
// One self-contained page: every metric before and after, then the whole report of the state after.
[[nodiscard]] std::string whatif_html(const WhatIf& whatif);

}  // namespace keel::app
