#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "app/report/report_words.hpp"
#include "app/report/risk_report_text.hpp"
#include "app/report/text_table.hpp"
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

void add_trades(const WhatIf& whatif, std::string& out) {
    heading(out, "TRADES, filled at the mark without fees");
    TextTable table{{"contract", "venue", ">quantity", "price"}};
    for (const WhatIfTrade& trade : whatif.trades) {
        table.row({trade.contract, trade.venue, number(trade.quantity), price_words(trade)});
    }
    out += table.text(kReportColumns);
}

void add_limits(const std::vector<MetricChange>& changes, std::string& out) {
    if (std::ranges::none_of(changes, &MetricChange::limited)) return;
    heading(out, "LIMITS, * where the state changes");
    TextTable table{{"scope", "metric", "before", "after", ">value", ">soft", ">hard", ""}};
    for (const MetricChange& change : changes) {
        const risk::ReportMetric& metric = change.row();
        if (!change.limited()) continue;
        table.row({scope_of(metric), metric.name, limit_state_name(change.state_before()),
                   limit_state_name(change.state_after()), number(change.value_after()), number(metric.soft),
                   number(metric.hard), metric.quality == "good" ? "" : "[" + metric.quality + "]"},
                  change.crossed());
    }
    out += table.text(kReportColumns);
}

void add_metrics(const std::vector<MetricChange>& changes, bool all, std::string& out) {
    heading(out, all ? "METRICS, * those that change" : "METRICS that change");
    TextTable table{{"scope", "metric", ">before", ">after", ">change", "unit"}};
    std::size_t still = 0;
    for (const MetricChange& change : changes) {
        if (!change.moved()) ++still;
        if (!change.moved() && !all) continue;
        const risk::ReportMetric& metric = change.row();
        table.row({scope_of(metric), metric.name, number(change.value_before()), number(change.value_after()),
                   number(change.change()), metric.unit + (all ? quality_mark(metric) : "")},
                  all && change.moved());
    }
    out += table.text(kReportColumns);
    out += fmt::format("  {} of {} stay as they are{}\n", still, changes.size(), all ? "" : " (--all lists them)");
}

void add_tails(const WhatIf& whatif, std::string& out) {
    const auto rows = tail_changes(whatif);
    if (rows.empty()) return;
    heading(out, "TAILS, one day, USD");
    TextTable table{{"method", ">VaR before", ">VaR after", ">ES before", ">ES after"}};
    for (const Beside<risk::TailRow>& row : rows) {
        using risk::TailRow;
        table.row({row.row().method, number(row.was(&TailRow::var_99_usd)), number(row.is(&TailRow::var_99_usd)),
                   number(row.was(&TailRow::es_975_usd)), number(row.is(&TailRow::es_975_usd))});
    }
    out += table.text(kReportColumns);
}

void add_margin(const WhatIf& whatif, std::string& out) {
    heading(out, "MARGIN");
    TextTable table{{"venue", "USD", ">before", ">after", ">change"}};
    for (const Beside<risk::VenueReport>& row : venue_changes(whatif)) {
        const auto line = [&](const char* what, double risk::VenueReport::*member) {
            const double before = row.was(member), after = row.is(member);
            table.row({row.row().name, what, number(before), number(after), number(difference(before, after))});
        };
        line("equity", &risk::VenueReport::equity_usd);
        line("initial margin", &risk::VenueReport::initial_margin_usd);
        line("maintenance margin", &risk::VenueReport::maintenance_margin_usd);
        line("margin ratio", &risk::VenueReport::margin_ratio);
    }
    out += table.text(kReportColumns);
}

// One line where nothing of it moves, else one of before and one of after.
void add_liquidation(const std::string& name, const LiquidationChange& row,
                     risk::LiquidationPrices risk::VenueReport::Liquidation::*form, TextTable& table) {
    using Cells = std::array<std::string, 3>;
    const auto words = [&](const risk::VenueReport::Liquidation* found) {
        if (found == nullptr) return Cells{"not held", "not held", "-"};
        const risk::LiquidationPrices& prices = found->*form;
        return Cells{liquidation_words(prices.down, false), liquidation_words(prices.up, true),
                     liquidation_sigmas(prices.sigmas)};
    };
    const Cells before = words(row.before), after = words(row.after);
    table.row({name, before == after ? "both" : "before", before[0], before[1], before[2]});
    if (before != after) table.row({"", "after", after[0], after[1], after[2]});
}

void add_liquidations(const WhatIf& whatif, std::string& out) {
    heading(out, "LIQUIDATION PRICES");
    TextTable table{{"venue, underlying", "", ">down at", ">up at", ">sigmas"}};
    std::string without;
    for (const Beside<risk::VenueReport>& venue : venue_changes(whatif)) {
        const std::string& name = venue.row().name;
        for (const LiquidationChange& row : liquidation_changes(venue)) {
            if (!has_liquidation_price(row)) continue;
            add_liquidation(name + " " + row.row().underlying, row, &risk::VenueReport::Liquidation::still, table);
            add_liquidation("  others by beta", row, &risk::VenueReport::Liquidation::by_beta, table);
        }
        for (const std::string& line : without_liquidation_price(venue)) without += "  " + name + " " + line + "\n";
    }
    out += table.text(kReportColumns) + without;
}

void add_ratios(const WhatIf& whatif, std::string& out) {
    constexpr std::size_t kVenuesBeside = 3;
    const auto& names = whatif.after.venue_names;
    for (std::size_t first = 0; first < names.size(); first += kVenuesBeside) {
        const std::size_t end = std::min(first + kVenuesBeside, names.size());
        heading(out, "MARGIN RATIO under each stress, before -> after");
        std::vector<std::string> columns{"stress"};
        for (std::size_t v = first; v < end; ++v) columns.push_back(">" + names[v]);
        TextTable table{std::move(columns)};
        for (const Beside<risk::StressResult>& row : stress_changes(whatif)) {
            if (row.row().venues.empty()) continue;
            std::vector<std::string> cells{row.row().id};
            for (std::size_t v = first; v < end; ++v) {
                cells.push_back(arrow(row.was(ratio_at(v)), row.is(ratio_at(v))));
            }
            table.row(std::move(cells));
        }
        out += table.text(kReportColumns);
    }
}

// Tails of stresses, and the deltas that those leave which take positions away.
void add_aftermath(const WhatIf& whatif, std::string& out) {
    heading(out, "AFTER THE STRESS, before -> after");
    out += fmt::format("  {:<22}{}\n", "stress", right("VaR 99 % USD", 22));
    for (const Beside<risk::StressResult>& row : stress_changes(whatif)) {
        const auto text = [&](auto get) { return arrow(row.was(get), row.is(get)); };
        const auto known = [&](auto get) { return !std::isnan(row.was(get)) || !std::isnan(row.is(get)); };
        const bool legs_gone = takes_positions(row.row());
        if (!known(&risk::StressResult::var_99_usd) && !legs_gone) continue;
        out += fmt::format("  {:<22}{}", row.row().id, right(text(&risk::StressResult::var_99_usd), 22));
        if (known(&risk::StressResult::sigma_usd)) out += "  sigma " + text(&risk::StressResult::sigma_usd) + " USD";
        for (std::size_t u = 0; legs_gone && u < row.row().delta_coin.size(); ++u) {
            out += "  " + whatif.after.underlying_names[u] + " delta_bs " + text(delta_of(u));
        }
        out += "\n";
    }
}

void add_stresses(const WhatIf& whatif, std::string& out) {
    heading(out, "NAMED STRESSES, USD");
    TextTable table{{"stress", ">P&L before", ">P&L after", ">equity before", ">equity after"}};
    for (const Beside<risk::StressResult>& row : stress_changes(whatif)) {
        using risk::StressResult;
        table.row({row.row().id, money(row.was(&StressResult::pnl_usd)), money(row.is(&StressResult::pnl_usd)),
                   money(row.was(&StressResult::equity_usd)), money(row.is(&StressResult::equity_usd))});
    }
    out += table.text(kReportColumns);
    add_ratios(whatif, out);
    add_aftermath(whatif, out);
}

}  // namespace

std::string whatif_text(const WhatIf& whatif, bool all) {
    std::string out = "What if: hypothetical, nothing is sent\n" + as_of_words(whatif.after) + "\n";
    for (const std::string& note : whatif.after.notes) out += "  note: " + note + "\n";
    const std::vector<MetricChange> changes = metric_changes(whatif);
    add_trades(whatif, out);
    add_limits(changes, out);
    add_metrics(changes, all, out);
    add_tails(whatif, out);
    add_margin(whatif, out);
    add_liquidations(whatif, out);
    add_stresses(whatif, out);
    return wrapped(out, kReportColumns);
}

}  // namespace keel::app
