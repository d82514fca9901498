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
    return right(number(before), 15) + right(number(after), 15) + right(number(difference(before, after)), 15);
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
        const risk::ReportMetric& metric = change.row();
        if (!change.limited()) continue;
        if (!any) {
            heading(out, "LIMITS, * where the state changes");
            out += fmt::format("  {:<12}{:<25}{}    {:<8}{}{}{}\n", "scope", "metric", right("before", 7), "after",
                               right("value", 13), right("soft", 13), right("hard", 13));
        }
        any = true;
        out += fmt::format("{}{:<12}{:<25}{} -> {:<8}{}{}{}{}\n", change.crossed() ? "* " : "  ", scope_of(metric),
                           metric.name, right(limit_state_name(change.state_before()), 7),
                           limit_state_name(change.state_after()), right(number(change.value_after()), 13),
                           right(number(metric.soft), 13), right(number(metric.hard), 13), quality_mark(metric));
    }
}

void add_metrics(const std::vector<MetricChange>& changes, bool all, std::string& out) {
    heading(out, all ? "METRICS, * those that change" : "METRICS that change");
    out += fmt::format("  {:<12}{:<25}{}{}{}\n", "scope", "metric", right("before", 15), right("after", 15),
                       right("change", 15));
    std::size_t still = 0;
    for (const MetricChange& change : changes) {
        if (!change.moved()) ++still;
        if (!change.moved() && !all) continue;
        out += fmt::format("{}{:<12}{:<25}{} {}{}\n", all && change.moved() ? "* " : "  ", scope_of(change.row()),
                           change.row().name, three(change.value_before(), change.value_after()), change.row().unit,
                           all ? quality_mark(change.row()) : "");
    }
    out += fmt::format("  {} of {} stay as they are{}\n", still, changes.size(), all ? "" : " (--all lists them)");
}

void add_tails(const WhatIf& whatif, std::string& out) {
    const auto rows = tail_changes(whatif);
    if (rows.empty()) return;
    heading(out, "TAILS, one day, USD");
    out += fmt::format("  {:<28}{}{}{}{}\n", "method", right("VaR before", 15), right("VaR after", 15),
                       right("ES before", 15), right("ES after", 15));
    for (const Beside<risk::TailRow>& row : rows) {
        out += fmt::format("  {:<28}", row.row().method);
        for (const auto member : {&risk::TailRow::var_99_usd, &risk::TailRow::es_975_usd}) {
            out += right(number(row.was(member)), 15) + right(number(row.is(member)), 15);
        }
        out += "\n";
    }
}

void add_margin(const WhatIf& whatif, std::string& out) {
    heading(out, "MARGIN");
    out += fmt::format("  {:<14}{:<25}{}{}{}\n", "venue", "USD", right("before", 15), right("after", 15),
                       right("change", 15));
    for (const Beside<risk::VenueReport>& row : venue_changes(whatif)) {
        const auto line = [&](const char* what, double risk::VenueReport::*member) {
            out += fmt::format("  {:<14}{:<25}{}\n", row.row().name, what, three(row.was(member), row.is(member)));
        };
        line("equity", &risk::VenueReport::equity_usd);
        line("initial margin", &risk::VenueReport::initial_margin_usd);
        line("maintenance margin", &risk::VenueReport::maintenance_margin_usd);
        line("margin ratio", &risk::VenueReport::margin_ratio);
    }
}

// One line where nothing of it moves, else one of before and one of after.
void add_liquidation(const std::string& name, const LiquidationChange& row,
                     risk::LiquidationPrices risk::VenueReport::Liquidation::*form, std::string& out) {
    const auto words = [&](const risk::VenueReport::Liquidation* found) {
        if (found == nullptr) return right("not held", 22) + right("not held", 22) + right("-", 10);
        const risk::LiquidationPrices& prices = found->*form;
        return right(liquidation_words(prices.down, false), 22) + right(liquidation_words(prices.up, true), 22) +
               right(liquidation_sigmas(prices.sigmas), 10);
    };
    const std::string before = words(row.before), after = words(row.after);
    out += fmt::format("  {:<34}{:<7}{}\n", name, before == after ? "both" : "before", before);
    if (before != after) out += fmt::format("  {:<34}{:<7}{}\n", "", "after", after);
}

void add_liquidations(const WhatIf& whatif, std::string& out) {
    heading(out, "LIQUIDATION PRICES");
    out += fmt::format("  {:<41}{}{}{}\n", "venue, underlying", right("down at", 22), right("up at", 22),
                       right("sigmas", 10));
    for (const Beside<risk::VenueReport>& venue : venue_changes(whatif)) {
        for (const LiquidationChange& row : liquidation_changes(venue)) {
            if (!has_liquidation_price(row)) continue;
            add_liquidation(venue.row().name + " " + row.row().underlying, row, &risk::VenueReport::Liquidation::still,
                            out);
            add_liquidation("  others by beta", row, &risk::VenueReport::Liquidation::by_beta, out);
        }
        for (const std::string& line : without_liquidation_price(venue)) {
            out += fmt::format("  {} {}\n", venue.row().name, line);
        }
    }
}

void add_ratios(const WhatIf& whatif, std::string& out) {
    constexpr std::size_t kVenuesBeside = 3;
    const auto& names = whatif.after.venue_names;
    for (std::size_t first = 0; first < names.size(); first += kVenuesBeside) {
        const std::size_t end = std::min(first + kVenuesBeside, names.size());
        heading(out, "MARGIN RATIO under each stress, before -> after");
        out += fmt::format("  {:<22}", "stress");
        for (std::size_t v = first; v < end; ++v) out += right(names[v], 24);
        out += "\n";
        for (const Beside<risk::StressResult>& row : stress_changes(whatif)) {
            if (row.row().venues.empty()) continue;
            out += fmt::format("  {:<22}", row.row().id);
            for (std::size_t v = first; v < end; ++v) {
                out += right(arrow(row.was(ratio_at(v)), row.is(ratio_at(v))), 24);
            }
            out += "\n";
        }
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
            out += "  " + whatif.after.underlying_names[u] + " delta " + text(delta_of(u));
        }
        out += "\n";
    }
}

void add_stresses(const WhatIf& whatif, std::string& out) {
    heading(out, "NAMED STRESSES, USD");
    out += fmt::format("  {:<22}{}{}{}{}\n", "stress", right("P&L before", 15), right("P&L after", 15),
                       right("equity before", 15), right("equity after", 15));
    for (const Beside<risk::StressResult>& row : stress_changes(whatif)) {
        out += fmt::format("  {:<22}", row.row().id);
        for (const auto member : {&risk::StressResult::pnl_usd, &risk::StressResult::equity_usd}) {
            out += right(money(row.was(member)), 15) + right(money(row.is(member)), 15);
        }
        out += "\n";
    }
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
