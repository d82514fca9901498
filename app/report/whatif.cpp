#include "app/report/whatif.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/report/report_words.hpp"
#include "app/view/screen_line.hpp"

namespace keel::app {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

template <class Row, class Name>
const Row* row_of(const std::vector<Row>& rows, const Name& name, Name Row::*member) {
    const auto found = std::ranges::find(rows, name, member);
    return found == rows.end() ? nullptr : &*found;
}

}  // namespace

std::string price_words(const WhatIfTrade& trade) {
    return (trade.price < 1.0 ? number(trade.price) : price_text(trade.price)) + " " + trade.price_unit;
}

bool moved(double before, double after) {
    if (std::isnan(before) || std::isnan(after)) return std::isnan(before) != std::isnan(after);
    return before != after && !(std::abs(after - before) <= 1e-9 * std::abs(before));
}

std::vector<MetricChange> metric_changes(const WhatIf& whatif) {
    std::vector<MetricChange> out;
    for (const risk::ReportMetric& metric : whatif.after.metrics) {
        const risk::ReportMetric* old = find_metric(whatif.before, metric.name, metric.scope);
        out.push_back({.after = &metric,
                       .before = old == nullptr ? kNaN : old->value,
                       .was = old == nullptr ? risk::LimitState::none : old->state});
    }
    return out;
}

const risk::TailRow* tail_before(const WhatIf& whatif, const risk::TailRow& after) {
    return row_of(whatif.before.tails, after.method, &risk::TailRow::method);
}

const risk::StressResult* stress_before(const WhatIf& whatif, const risk::StressResult& after) {
    return row_of(whatif.before.stresses, after.id, &risk::StressResult::id);
}

const risk::VenueReport* venue_before(const WhatIf& whatif, const risk::VenueReport& after) {
    return row_of(whatif.before.venues, after.name, &risk::VenueReport::name);
}

double stressed_ratio(const risk::StressResult* stress, std::size_t venue) {
    return stress == nullptr || venue >= stress->venues.size() ? kNaN : stress->venues[venue].margin_ratio;
}

risk::VenueReport::Liquidation liquidation_of(const risk::VenueReport* venue, const std::string& underlying) {
    using Row = risk::VenueReport::Liquidation;
    const Row* row = venue == nullptr ? nullptr : row_of(venue->liquidations, underlying, &Row::underlying);
    return row == nullptr ? Row{.underlying = underlying} : *row;
}

}  // namespace keel::app
