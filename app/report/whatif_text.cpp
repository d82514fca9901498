#include <fmt/format.h>

#include <cmath>

#include "app/report/report_words.hpp"
#include "app/report/risk_report_text.hpp"
#include "app/report/whatif.hpp"
#include "app/view/screen_line.hpp"

namespace keel::app {
namespace {

void heading(std::string& out, const std::string& title) { out += fmt::format("\n{}\n", title); }

std::string scope_of(const risk::ReportMetric& metric) { return metric.scope.empty() ? "account" : metric.scope; }

// "4.88 -> 4.80", or once what stays as it is.
std::string arrow(double before, double after) {
    return moved(before, after) ? number(before) + " -> " + number(after) : number(after);
}

std::string three(double before, double after) {
    return right(number(before), 15) + right(number(after), 15) + right(number(after - before), 15);
}

void add_trades(const WhatIf& whatif, std::string& out) {
    heading(out, "TRADES, filled at the mark without fees");
    for (const WhatIfTrade& trade : whatif.trades) {
        out += fmt::format("  {:<28}{:<14}{} at {}\n", trade.contract, trade.venue, right(number(trade.quantity), 15),
                           price_words(trade));
    }
}

void add_limits(const std::vector<MetricChange>& changes, std::string& out) {
    bool any = false;
    for (const MetricChange& change : changes) {
        const risk::ReportMetric& metric = *change.after;
        if (metric.state == risk::LimitState::none && change.was == risk::LimitState::none) continue;
        if (!any) {
            heading(out, "LIMITS, * where the state changes");
            out += fmt::format("  {:<12}{:<25}{}    {:<8}{}{}{}\n", "scope", "metric", right("before", 7), "after",
                               right("value", 13), right("soft", 13), right("hard", 13));
        }
        any = true;
        out += fmt::format("{}{:<12}{:<25}{} -> {:<8}{}{}{}{}\n", change.crossed() ? "* " : "  ", scope_of(metric),
                           metric.name, right(limit_state_name(change.was), 7), limit_state_name(metric.state),
                           right(number(metric.value), 13), right(number(metric.soft), 13),
                           right(number(metric.hard), 13), quality_mark(metric));
    }
}

void add_metrics(const std::vector<MetricChange>& changes, std::string& out) {
    heading(out, "METRICS that change");
    out += fmt::format("  {:<12}{:<25}{}{}{}\n", "scope", "metric", right("before", 15), right("after", 15),
                       right("change", 15));
    std::size_t still = 0;
    for (const MetricChange& change : changes) {
        if (!change.moved()) {
            ++still;
            continue;
        }
        out += fmt::format("  {:<12}{:<25}{} {}\n", scope_of(*change.after), change.after->name,
                           three(change.before, change.after->value), change.after->unit);
    }
    out += fmt::format("  {} others stay as they are (--json has all, and how good each is)\n", still);
}

void add_tails(const WhatIf& whatif, std::string& out) {
    if (whatif.after.tails.empty()) return;
    heading(out, "TAILS, one day, USD");
    out += fmt::format("  {:<24}{}{}{}{}\n", "method", right("VaR before", 15), right("VaR after", 15),
                       right("ES before", 15), right("ES after", 15));
    for (const risk::TailRow& row : whatif.after.tails) {
        const risk::TailRow* old = tail_before(whatif, row);
        const risk::TailRow was = old == nullptr ? risk::TailRow{} : *old;
        out += fmt::format("  {:<24}{}{}{}{}\n", row.method, right(number(was.var_99_usd), 15),
                           right(number(row.var_99_usd), 15), right(number(was.es_975_usd), 15),
                           right(number(row.es_975_usd), 15));
    }
}

void add_margin(const WhatIf& whatif, std::string& out) {
    heading(out, "MARGIN");
    out += fmt::format("  {:<14}{:<25}{}{}{}\n", "venue", "USD", right("before", 15), right("after", 15),
                       right("change", 15));
    for (const risk::VenueReport& row : whatif.after.venues) {
        const risk::VenueReport* old = venue_before(whatif, row);
        const risk::VenueReport was = old == nullptr ? risk::VenueReport{} : *old;
        const auto line = [&](const char* what, double before, double after) {
            out += fmt::format("  {:<14}{:<25}{}\n", row.name, what, three(before, after));
        };
        line("equity", was.equity_usd, row.equity_usd);
        line("initial margin", was.initial_margin_usd, row.initial_margin_usd);
        line("maintenance margin", was.maintenance_margin_usd, row.maintenance_margin_usd);
        line("margin ratio", was.margin_ratio, row.margin_ratio);
    }
    heading(out, "LIQUIDATION PRICES");
    out += fmt::format("  {:<14}{:<10}{}{}{}{}{}\n", "venue", "underlying", right("down before", 13),
                       right("down after", 13), right("up before", 13), right("up after", 13), right("sigmas", 18));
    for (const risk::VenueReport& venue : whatif.after.venues) {
        for (const auto& row : venue.liquidations) {
            const auto was = liquidation_of(venue_before(whatif, venue), row.underlying);
            out += fmt::format("  {:<14}{:<10}{}{}{}{}{}\n", venue.name, row.underlying,
                               right(number(was.still.down.price), 13), right(number(row.still.down.price), 13),
                               right(number(was.still.up.price), 13), right(number(row.still.up.price), 13),
                               right(arrow(was.still.sigmas, row.still.sigmas), 18));
        }
    }
}

void add_stresses(const WhatIf& whatif, std::string& out) {
    heading(out, "NAMED STRESSES, USD");
    out += fmt::format("  {:<22}{}{}{}{}\n", "stress", right("P&L before", 15), right("P&L after", 15),
                       right("equity before", 15), right("equity after", 15));
    for (const risk::StressResult& row : whatif.after.stresses) {
        const risk::StressResult* old = stress_before(whatif, row);
        const double pnl = old == nullptr ? std::nan("") : old->pnl_usd;
        const double equity = old == nullptr ? std::nan("") : old->equity_usd;
        out += fmt::format("  {:<22}{}{}{}{}\n", row.id, right(grouped(pnl, 0), 15), right(grouped(row.pnl_usd, 0), 15),
                           right(grouped(equity, 0), 15), right(grouped(row.equity_usd, 0), 15));
    }
    constexpr std::size_t kVenuesBeside = 3;
    const auto& names = whatif.after.venue_names;
    for (std::size_t first = 0; first < names.size(); first += kVenuesBeside) {
        const std::size_t end = std::min(first + kVenuesBeside, names.size());
        heading(out, "MARGIN RATIO under each stress, before -> after");
        out += fmt::format("  {:<22}", "stress");
        for (std::size_t v = first; v < end; ++v) out += right(names[v], 24);
        out += "\n";
        for (const risk::StressResult& row : whatif.after.stresses) {
            if (row.venues.empty()) continue;
            out += fmt::format("  {:<22}", row.id);
            for (std::size_t v = first; v < end; ++v) {
                out += right(arrow(stressed_ratio(stress_before(whatif, row), v), stressed_ratio(&row, v)), 24);
            }
            out += "\n";
        }
    }
}

}  // namespace

std::string whatif_text(const WhatIf& whatif) {
    std::string out = "What if: hypothetical, nothing is sent\n" + as_of_words(whatif.after) + "\n";
    for (const std::string& note : whatif.after.notes) out += "  note: " + note + "\n";
    const std::vector<MetricChange> changes = metric_changes(whatif);
    add_trades(whatif, out);
    add_limits(changes, out);
    add_metrics(changes, out);
    add_tails(whatif, out);
    add_margin(whatif, out);
    add_stresses(whatif, out);
    return wrapped(out, kReportColumns);
}

}  // namespace keel::app
