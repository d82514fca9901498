#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "app/report/html_table.hpp"
#include "app/report/report_words.hpp"
#include "app/report/risk_report_text.hpp"
#include "app/report/svg_plot.hpp"
#include "app/report/whatif.hpp"
#include "app/view/screen_line.hpp"

namespace keel::app {
namespace {

using risk::LimitState;

// Opens a row, marked where something of it moved.
void open_row(std::string& out, bool is_moved) { out += is_moved ? "<tr class=\"moved\">" : "<tr>"; }
void pair(std::string& out, double before, double after) {
    figure(out, number(before));
    figure(out, number(after));
}
template <class Row>
void pair(std::string& out, const Beside<Row>& row, auto get) {
    pair(out, row.was(get), row.is(get));
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

void add_limits(const std::vector<MetricChange>& changes, std::string& out) {
    const auto limits = std::ranges::count_if(changes, &MetricChange::limited);
    if (limits == 0) return;
    open_table(out,
               fmt::format("Limits: {} of {} crossed", std::ranges::count_if(changes, &MetricChange::crossed), limits),
               {"scope", "metric", "before", "after", ">value before", ">value after", ">soft", ">hard"});
    for (const MetricChange& change : changes) {
        const risk::ReportMetric& metric = change.row();
        if (!change.limited()) continue;
        open_row(out, change.crossed());
        cell(out, metric.scope.empty() ? "account" : metric.scope);
        cell(out, metric.name);
        for (const LimitState state : {change.state_before(), change.state_after()}) {
            out += fmt::format("<td class=\"{}\">{}</td>", ink_of(state), limit_state_name(state));
        }
        pair(out, change.value_before(), change.value_after());
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
        const risk::ReportMetric& metric = change.row();
        open_row(out, change.moved());
        cell(out, metric.scope.empty() ? "account" : metric.scope);
        cell(out, metric.name);
        pair(out, change.value_before(), change.value_after());
        figure(out, change.moved() ? number(change.change()) : "=");
        cell(out, metric.unit);
        out += fmt::format("<td class=\"{}\">{}</td>", ink_of(change.state_after()),
                           limit_state_name(change.state_after()));
        words(out, metric.quality);
        out += "</tr>\n";
    }
    close_table(out);
}

void add_tails(const WhatIf& whatif, std::string& out) {
    const auto rows = tail_changes(whatif);
    if (rows.empty()) return;
    open_table(out, "Tails before and after, one day, USD",
               {"method", ">VaR 99 % before", ">after", ">ES 97.5 % before", ">after", ""});
    for (const Beside<risk::TailRow>& row : rows) {
        open_row(out, row.moved(&risk::TailRow::var_99_usd) || row.moved(&risk::TailRow::es_975_usd));
        cell(out, row.row().method);
        pair(out, row, &risk::TailRow::var_99_usd);
        pair(out, row, &risk::TailRow::es_975_usd);
        words(out, row.row().note);
        out += "</tr>\n";
    }
    close_table(out);
}

void add_margin(const WhatIf& whatif, std::string& out) {
    open_table(out, "Margin before and after, USD",
               {"venue", "model", ">equity before", ">after", ">initial before", ">after", ">maintenance before",
                ">after", ">ratio before", ">after"});
    for (const Beside<risk::VenueReport>& row : venue_changes(whatif)) {
        open_row(out,
                 row.moved(&risk::VenueReport::maintenance_margin_usd) || row.moved(&risk::VenueReport::margin_ratio));
        cell(out, row.row().name);
        cell(out, row.row().model);
        pair(out, row, &risk::VenueReport::equity_usd);
        pair(out, row, &risk::VenueReport::initial_margin_usd);
        pair(out, row, &risk::VenueReport::maintenance_margin_usd);
        pair(out, row, &risk::VenueReport::margin_ratio);
        out += "</tr>\n";
    }
    close_table(out);
}

void add_liquidation(const std::string& venue, const std::string& underlying, const LiquidationChange& row,
                     risk::LiquidationPrices risk::VenueReport::Liquidation::*form, std::string& out) {
    const auto cells = [&](auto words) {
        return std::pair<std::string, std::string>{row.before == nullptr ? "not held" : words(row.before->*form),
                                                   row.after == nullptr ? "not held" : words(row.after->*form)};
    };
    const std::array sides{
        cells([](const risk::LiquidationPrices& prices) { return liquidation_words(prices.down, false); }),
        cells([](const risk::LiquidationPrices& prices) { return liquidation_words(prices.up, true); }),
        cells([](const risk::LiquidationPrices& prices) { return liquidation_sigmas(prices.sigmas); })};
    open_row(out, std::ranges::any_of(sides, [](const auto& side) { return side.first != side.second; }));
    cell(out, venue);
    cell(out, underlying);
    for (const auto& [before, after] : sides) {
        figure(out, before);
        figure(out, after);
    }
    out += "</tr>\n";
}

void add_liquidations(const WhatIf& whatif, std::string& out) {
    open_table(
        out, "Liquidation prices before and after",
        {"venue", "underlying", ">down at, before", ">after", ">up at, before", ">after", ">sigmas before", ">after"});
    for (const Beside<risk::VenueReport>& venue : venue_changes(whatif)) {
        for (const LiquidationChange& row : liquidation_changes(venue)) {
            if (!has_liquidation_price(row)) continue;
            const std::string& name = row.row().underlying;
            add_liquidation(venue.row().name, name, row, &risk::VenueReport::Liquidation::still, out);
            add_liquidation(venue.row().name, name + ", others by beta", row, &risk::VenueReport::Liquidation::by_beta,
                            out);
        }
        for (const std::string& line : without_liquidation_price(venue)) {
            open_row(out, false);
            cell(out, venue.row().name);
            out += fmt::format("<td colspan=\"7\">{}</td></tr>\n", escaped(line));
        }
    }
    close_table(out);
}

// What a stress that takes positions leaves: "BTC delta_bs 4.000 → 3.000; ETH …".
std::string left_words(const WhatIf& whatif, const Beside<risk::StressResult>& row) {
    std::string out;
    for (std::size_t u = 0; takes_positions(row.row()) && u < row.row().delta_coin.size(); ++u) {
        const double before = row.was(delta_of(u)), after = row.is(delta_of(u));
        out +=
            fmt::format("{}{} delta_bs {}", out.empty() ? "" : "; ", whatif.after.underlying_names[u], number(before));
        if (moved(before, after)) out += " → " + number(after);
    }
    return out;
}

void add_stresses(const WhatIf& whatif, std::string& out) {
    open_table(out, "Named stresses before and after",
               {"stress", ">P&L USD before", ">after", ">equity USD before", ">after", ">VaR 99 % USD before", ">after",
                ">sigma USD before", ">after", "left"});
    for (const Beside<risk::StressResult>& row : stress_changes(whatif)) {
        using risk::StressResult;
        constexpr std::array kMoney{&StressResult::pnl_usd, &StressResult::equity_usd};
        constexpr std::array kTails{&StressResult::var_99_usd, &StressResult::sigma_usd};
        const auto any_moved = [&](const auto& members) {
            return std::ranges::any_of(members, [&](auto member) { return row.moved(member); });
        };
        open_row(out, any_moved(kMoney) || any_moved(kTails));
        cell(out, row.row().id);
        for (const auto member : kMoney) {
            for (const double value : {row.was(member), row.is(member)}) figure(out, money(value));
        }
        for (const auto member : kTails) pair(out, row, member);
        words(out, left_words(whatif, row));
        out += "</tr>\n";
    }
    close_table(out);
}

// Of the venues that have one under any stress, before or after.
void add_ratios(const WhatIf& whatif, std::string& out) {
    std::vector<std::size_t> venues;
    const std::vector<Beside<risk::StressResult>> rows = stress_changes(whatif);
    for (std::size_t v = 0; v < whatif.after.venue_names.size(); ++v) {
        const auto known = [v](const Beside<risk::StressResult>& row) {
            return !std::isnan(row.was(ratio_at(v))) || !std::isnan(row.is(ratio_at(v)));
        };
        if (std::ranges::any_of(rows, known)) venues.push_back(v);
    }
    if (venues.empty()) return;
    out +=
        "<section><h2>Margin ratios under stress before and after</h2><div class=\"scroll\"><table><tr><th>stress</th>";
    for (const std::size_t v : venues) {
        out += fmt::format("<th class=\"n words\">{} before</th><th class=\"n\">after</th>",
                           escaped(whatif.after.venue_names[v]));
    }
    out += "</tr>\n";
    for (const Beside<risk::StressResult>& row : rows) {
        if (row.row().venues.empty()) continue;
        open_row(out, std::ranges::any_of(venues, [&](std::size_t v) { return row.moved(ratio_at(v)); }));
        cell(out, row.row().id);
        for (const std::size_t v : venues) {
            for (const double ratio : {row.was(ratio_at(v)), row.is(ratio_at(v))}) {
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
    out += notes_html(whatif.after.notes);
    add_trades(whatif, out);
    add_limits(changes, out);
    add_ladders(whatif, out);
    add_tails(whatif, out);
    add_margin(whatif, out);
    add_liquidations(whatif, out);
    add_stresses(whatif, out);
    add_ratios(whatif, out);
    add_metrics(changes, out);
    out += "<h1 class=\"after\">The state after the trades, hypothetical</h1>\n";
    return out + risk_summary_html(whatif.after) + risk_sections_html(whatif.after) + "</main></body></html>\n";
}

}  // namespace keel::app
