#include <fmt/format.h>

#include <algorithm>

#include "app/report/report_words.hpp"
#include "app/report/risk_report_text.hpp"
#include "app/report/svg_plot.hpp"
#include "app/report/whatif.hpp"
#include "app/view/screen_line.hpp"

namespace keel::app {
namespace {

using risk::LimitState;

const char* ink_of(LimitState state) {
    if (state == LimitState::hard) return "hard";
    if (state == LimitState::soft) return "soft";
    return state == LimitState::inside ? "inside" : "";
}

// Opens a table under a heading; `columns` as "name" or, right-aligned, ">name".
void open_table(std::string& out, const std::string& title, std::initializer_list<std::string_view> columns) {
    out += fmt::format("<section><h2>{}</h2><div class=\"scroll\"><table><tr>", escaped(title));
    for (std::string_view column : columns) {
        const bool number_column = column.starts_with('>');
        if (number_column) column.remove_prefix(1);
        out += fmt::format("<th{}>{}</th>", number_column ? " class=\"n\"" : "", escaped(std::string{column}));
    }
    out += "</tr>\n";
}
void close_table(std::string& out) { out += "</table></div></section>\n"; }

// Opens a row, marked where something of it moved.
void open_row(std::string& out, bool is_moved) { out += is_moved ? "<tr class=\"moved\">" : "<tr>"; }
void cell(std::string& out, const std::string& text) { out += "<td>" + escaped(text) + "</td>"; }
void figure(std::string& out, const std::string& text) { out += "<td class=\"n\">" + escaped(text) + "</td>"; }
void pair(std::string& out, double before, double after) {
    figure(out, number(before));
    figure(out, number(after));
}

void add_trades(const WhatIf& whatif, std::string& out) {
    open_table(out, "Trades, filled at the mark without fees", {"contract", "venue", ">quantity", ">price"});
    for (const WhatIfTrade& trade : whatif.trades) {
        open_row(out, false);
        cell(out, trade.contract);
        cell(out, trade.venue);
        figure(out, number(trade.quantity));
        figure(out, price_words(trade));
        out += "</tr>\n";
    }
    close_table(out);
}

bool has_limit(const MetricChange& change) {
    return change.after->state != LimitState::none || change.was != LimitState::none;
}

void add_limits(const std::vector<MetricChange>& changes, std::string& out) {
    const auto limits = std::ranges::count_if(changes, has_limit);
    if (limits == 0) return;
    open_table(out,
               fmt::format("Limits: {} of {} crossed", std::ranges::count_if(changes, &MetricChange::crossed), limits),
               {"scope", "metric", "before", "after", ">value before", ">value after", ">soft", ">hard"});
    for (const MetricChange& change : changes) {
        const risk::ReportMetric& metric = *change.after;
        if (!has_limit(change)) continue;
        open_row(out, change.crossed());
        cell(out, metric.scope.empty() ? "account" : metric.scope);
        cell(out, metric.name);
        for (const LimitState state : {change.was, metric.state}) {
            out += fmt::format("<td class=\"{}\">{}</td>", ink_of(state), limit_state_name(state));
        }
        pair(out, change.before, metric.value);
        pair(out, metric.soft, metric.hard);
        out += "</tr>\n";
    }
    close_table(out);
}

void add_metrics(const std::vector<MetricChange>& changes, std::string& out) {
    const auto count = std::ranges::count_if(changes, &MetricChange::moved);
    open_table(out, fmt::format("Every metric: {} of {} change", count, changes.size()),
               {"scope", "metric", ">before", ">after", ">change", "unit", "limit", "quality"});
    for (const MetricChange& change : changes) {
        const risk::ReportMetric& metric = *change.after;
        open_row(out, change.moved());
        cell(out, metric.scope.empty() ? "account" : metric.scope);
        cell(out, metric.name);
        pair(out, change.before, metric.value);
        figure(out, change.moved() ? number(metric.value - change.before) : "=");
        cell(out, metric.unit);
        out += fmt::format("<td class=\"{}\">{}</td>", ink_of(metric.state), limit_state_name(metric.state));
        cell(out, metric.quality);
        out += "</tr>\n";
    }
    close_table(out);
}

void add_tails(const WhatIf& whatif, std::string& out) {
    if (whatif.after.tails.empty()) return;
    open_table(out, "Tails before and after, one day, USD",
               {"method", ">VaR 99 % before", ">after", ">ES 97.5 % before", ">after", ""});
    for (const risk::TailRow& row : whatif.after.tails) {
        const risk::TailRow* old = tail_before(whatif, row);
        const risk::TailRow was = old == nullptr ? risk::TailRow{} : *old;
        open_row(out, moved(was.var_99_usd, row.var_99_usd) || moved(was.es_975_usd, row.es_975_usd));
        cell(out, row.method);
        pair(out, was.var_99_usd, row.var_99_usd);
        pair(out, was.es_975_usd, row.es_975_usd);
        cell(out, row.note);
        out += "</tr>\n";
    }
    close_table(out);
}

void add_margin(const WhatIf& whatif, std::string& out) {
    open_table(out, "Margin before and after, USD",
               {"venue", "model", ">equity before", ">after", ">initial before", ">after", ">maintenance before",
                ">after", ">ratio before", ">after"});
    for (const risk::VenueReport& row : whatif.after.venues) {
        const risk::VenueReport* old = venue_before(whatif, row);
        const risk::VenueReport was = old == nullptr ? risk::VenueReport{} : *old;
        open_row(out, moved(was.maintenance_margin_usd, row.maintenance_margin_usd) ||
                          moved(was.margin_ratio, row.margin_ratio));
        cell(out, row.name);
        cell(out, row.model);
        pair(out, was.equity_usd, row.equity_usd);
        pair(out, was.initial_margin_usd, row.initial_margin_usd);
        pair(out, was.maintenance_margin_usd, row.maintenance_margin_usd);
        pair(out, was.margin_ratio, row.margin_ratio);
        out += "</tr>\n";
    }
    close_table(out);
    open_table(
        out, "Liquidation prices before and after",
        {"venue", "underlying", ">down at, before", ">after", ">up at, before", ">after", ">sigmas before", ">after"});
    for (const risk::VenueReport& venue : whatif.after.venues) {
        for (const auto& row : venue.liquidations) {
            const auto was = liquidation_of(venue_before(whatif, venue), row.underlying);
            open_row(out, moved(was.still.down.price, row.still.down.price) ||
                              moved(was.still.up.price, row.still.up.price));
            cell(out, venue.name);
            cell(out, row.underlying);
            pair(out, was.still.down.price, row.still.down.price);
            pair(out, was.still.up.price, row.still.up.price);
            pair(out, was.still.sigmas, row.still.sigmas);
            out += "</tr>\n";
        }
    }
    close_table(out);
}

void add_stresses(const WhatIf& whatif, std::string& out) {
    out +=
        "<section><h2>Named stresses before and after</h2><div class=\"scroll\"><table><tr><th>stress</th><th "
        "class=\"n\">P&amp;L USD before</th><th class=\"n\">after</th><th class=\"n\">equity USD before</th><th "
        "class=\"n\">after</th>";
    for (const std::string& venue : whatif.after.venue_names) {
        out += fmt::format("<th class=\"n\">{} ratio before</th><th class=\"n\">after</th>", escaped(venue));
    }
    out += "</tr>\n";
    for (const risk::StressResult& row : whatif.after.stresses) {
        const risk::StressResult* old = stress_before(whatif, row);
        const risk::StressResult was = old == nullptr ? risk::StressResult{} : *old;
        bool any = moved(was.pnl_usd, row.pnl_usd) || moved(was.equity_usd, row.equity_usd);
        for (std::size_t v = 0; v < row.venues.size(); ++v) {
            any = any || moved(stressed_ratio(old, v), stressed_ratio(&row, v));
        }
        open_row(out, any);
        cell(out, row.id);
        for (const double value : {was.pnl_usd, row.pnl_usd, was.equity_usd, row.equity_usd}) {
            figure(out, grouped(value, 0));
        }
        for (std::size_t v = 0; v < whatif.after.venue_names.size(); ++v) {
            for (const double ratio : {stressed_ratio(old, v), stressed_ratio(&row, v)}) {
                out += fmt::format("<td class=\"n{}\">{}</td>", ratio <= 1.0 ? " hard" : "", number(ratio));
            }
        }
        out += "</tr>\n";
    }
    close_table(out);
}

// The spot ladder at unchanged volatility, before dashed.
void add_ladders(const WhatIf& whatif, std::string& out) {
    out += "<section class=\"plots\">\n";
    for (std::size_t u = 0; u < std::min(whatif.before.underlyings.size(), whatif.after.underlyings.size()); ++u) {
        const risk::SpotLadder& ladder = whatif.after.underlyings[u].ladder;
        const auto still =
            static_cast<std::size_t>(std::ranges::find(ladder.volatility_moves, 0.0) - ladder.volatility_moves.begin());
        if (still == ladder.volatility_moves.size()) continue;
        Plot plot{.title = whatif.after.underlyings[u].name + " spot ladder, volatility unchanged",
                  .unit = "USD",
                  .x = ladder.spot_moves,
                  .marks = {{0.0, "now"}},
                  .from_zero = true,
                  .axis = PlotAxis::percent};
        plot.lines.push_back({.label = "before",
                              .ink = 'b',
                              .dashed = true,
                              .values = whatif.before.underlyings[u].ladder.pnl_usd[still]});
        plot.lines.push_back({.label = "after", .ink = 'a', .values = ladder.pnl_usd[still]});
        out += svg_plot(plot);
    }
    out += "</section>\n";
}

}  // namespace

std::string whatif_html(const WhatIf& whatif) {
    const std::vector<MetricChange> changes = metric_changes(whatif);
    std::string out = open_page("What if");
    out += fmt::format("<header><h1>What if</h1><p>{}</p></header>\n", escaped(as_of_words(whatif.after)));
    out +=
        "<p class=\"notice hypothetical\"><b>Hypothetical.</b> Nothing was sent: the book before, and as it would be "
        "after the trades below.</p>";
    for (const std::string& note : whatif.after.notes) out += fmt::format("<p class=\"notice\">{}</p>", escaped(note));
    add_trades(whatif, out);
    add_limits(changes, out);
    add_ladders(whatif, out);
    add_tails(whatif, out);
    add_margin(whatif, out);
    add_stresses(whatif, out);
    add_metrics(changes, out);
    out += "<h1 class=\"after\">The state after the trades, hypothetical</h1>\n";
    return out + risk_sections_html(whatif.after) + "</main></body></html>\n";
}

}  // namespace keel::app
