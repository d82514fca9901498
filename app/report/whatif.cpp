#include "app/report/whatif.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <utility>

#include "app/report/report_words.hpp"
#include "app/view/screen_line.hpp"

namespace keel::app {

std::string price_words(const WhatIfTrade& trade) {
    return (trade.price < 1.0 ? number(trade.price) : price_text(trade.price)) + " " + trade.price_unit;
}

double difference(double before, double after) {
    return std::isfinite(before) && std::isfinite(after) ? after - before : std::numeric_limits<double>::quiet_NaN();
}

bool moved(double before, double after) {
    if (std::isnan(before) || std::isnan(after)) return std::isnan(before) != std::isnan(after);
    return before != after && !(std::abs(after - before) <= 1e-9 * std::abs(before));
}

risk::LimitState MetricChange::state_before() const {
    return before == nullptr ? risk::LimitState::none : before->state;
}
risk::LimitState MetricChange::state_after() const { return after == nullptr ? risk::LimitState::none : after->state; }
bool MetricChange::limited() const {
    return state_before() != risk::LimitState::none || state_after() != risk::LimitState::none;
}

std::vector<MetricChange> metric_changes(const WhatIf& whatif) {
    std::vector<MetricChange> out;
    for (const auto& row : beside(whatif.before.metrics, whatif.after.metrics,
                                  [](const risk::ReportMetric&a, const risk::ReportMetric&b) {
                                      return a.name == b.name && a.scope == b.scope;
                                  })) {
        out.push_back({row});
    }
    return out;
}

std::vector<Beside<risk::TailRow>> tail_changes(const WhatIf& whatif) {
    return beside(whatif.before.tails, whatif.after.tails,
                  [](const risk::TailRow& a, const risk::TailRow& b) { return a.method == b.method; });
}

std::vector<Beside<risk::StressResult>> stress_changes(const WhatIf& whatif) {
    return beside(whatif.before.stresses, whatif.after.stresses,
                  [](const risk::StressResult& a, const risk::StressResult& b) { return a.id == b.id; });
}

std::vector<Beside<risk::VenueReport>> venue_changes(const WhatIf& whatif) {
    return beside(whatif.before.venues, whatif.after.venues,
                  [](const risk::VenueReport& a, const risk::VenueReport& b) { return a.name == b.name; });
}

std::vector<LiquidationChange> liquidation_changes(const Beside<risk::VenueReport>& venue) {
    using Row = risk::VenueReport::Liquidation;
    static const std::vector<Row> kNone;
    return beside(venue.before == nullptr ? kNone : venue.before->liquidations,
                  venue.after == nullptr ? kNone : venue.after->liquidations,
                  [](const Row& a, const Row& b) { return a.underlying == b.underlying; });
}

bool has_liquidation_price(const LiquidationChange& row) {
    const auto priced = [](const risk::VenueReport::Liquidation* found) {
        return found != nullptr && has_liquidation_price(*found);
    };
    return priced(row.before) || priced(row.after);
}

std::vector<std::string> without_liquidation_price(const Beside<risk::VenueReport>& venue) {
    constexpr const char *kNone = "no liquidation price", *kUnknown = "liquidation price unknown";
    const auto ended = [](const risk::VenueReport::Liquidation* row) -> std::string {
        return row == nullptr ? "not held" : liquidates_nowhere(*row) ? kNone : kUnknown;
    };
    std::map<std::pair<std::string, std::string>, std::vector<std::string>> ends;
    for (const LiquidationChange& row : liquidation_changes(venue)) {
        if (!has_liquidation_price(row)) ends[{ended(row.before), ended(row.after)}].push_back(row.row().underlying);
    }
    std::vector<std::string> out;
    for (const auto& [end, names] : ends) {
        const auto& [before, after] = end;
        const std::string words = before != after   ? fmt::format("{} before, {} after", before, after)
                                  : before == kNone ? before + " before or after"
                                                    : before + " before and after";
        out.push_back(fmt::format(
            "{}: {}", names.size() == 1 ? names.front() : fmt::format("{} underlyings", names.size()), words));
    }
    return out;
}

}  // namespace keel::app
