#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "app/report/run_report.hpp"
#include "app/report/svg_plot.hpp"
#include "app/view/screen_line.hpp"

namespace keel::app {

namespace {

std::string dash(double value, int decimals) { return std::isfinite(value) ? grouped(value, decimals) : "–"; }

double last_of(const std::vector<double>& values) { return values.empty() ? kNotKnown : values.back(); }

bool any_known(const std::vector<double>& values) {
    return std::any_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

void tile(std::string& out, const std::string& name, const std::string& value, const std::string& beside) {
    out += fmt::format(
        "<div class=\"tile\"><div class=\"name\">{}</div><div class=\"value\">{}</div><div "
        "class=\"beside\">{}</div></div>",
        escaped(name), escaped(value), escaped(beside));
}

std::string delta_breach(const RunReport& report, bool hedged) {
    double sum = 0.0;
    for (const BreachReport& breach : report.breaches) {
        if (breach.boundary.rfind("net_delta", 0) == 0) sum += hedged ? breach.hedged_seconds : breach.unhedged_seconds;
    }
    return dash(sum, 1);
}

void add_tiles(const RunReport& report, std::string& out) {
    out += "<section class=\"tiles\">";
    const double hedged = last_of(report.account.pnl_hedged_usd);
    const double unhedged = last_of(report.account.pnl_unhedged_usd);
    tile(out, "P&L, hedged", dash(hedged, 0) + " USD",
         std::isfinite(unhedged) ? "unhedged " + dash(unhedged, 0) : "after fees and funding");
    tile(out, "Net delta beyond its boundary", delta_breach(report, true) + " s",
         "unhedged " + delta_breach(report, false) + " s");
    tile(out, "Hedges filled", std::to_string(report.orders_filled),
         fmt::format("{} sent, {} refused by the gate, {} unknown", report.orders_sent, report.orders_refused_by_gate,
                     report.orders_unknown));
    tile(out, "Triggers", std::to_string(report.triggers_fired),
         fmt::format("{} kinds, {} decisions", report.trigger_kinds, report.decisions));
    tile(out, "Tick to trade, median", dash(report.tick_to_trade_us.p50, 1) + " µs",
         fmt::format("p99 {}, max {}, {} orders", dash(report.tick_to_trade_us.supported().p99, 1),
                     dash(report.tick_to_trade_us.supported().max, 1), report.tick_to_trade_us.count));
    tile(out, "Events received", grouped(static_cast<double>(report.events_received), 0),
         report.replay_verified ? (*report.replay_verified ? "replay verified, bit for bit" : "REPLAY DIFFERS")
                                : "replay not run");
    out += "</section>";
}

void add_account_plots(const RunReport& report, std::string& out) {
    const AccountSeries& s = report.account;
    Plot pnl{"Profit and loss", "USD", s.seconds, {{"hedged", 'a', false, s.pnl_hedged_usd}}, {}, report.marks, true};
    if (any_known(s.pnl_unhedged_usd)) pnl.lines.push_back({"unhedged", 'b', true, s.pnl_unhedged_usd});
    out += svg_plot(pnl);
    Plot costs{"What hedging cost so far", "USD", s.seconds, {}, {}, report.marks, true};
    if (any_known(s.fees_usd)) costs.lines.push_back({"fees", 'a', false, s.fees_usd});
    if (any_known(s.hedge_cost_usd)) costs.lines.push_back({"spread, impact, slippage", 'b', false, s.hedge_cost_usd});
    if (any_known(s.funding_usd)) costs.lines.push_back({"funding received", 'c', false, s.funding_usd});
    out += svg_plot(costs);
}

void add_underlying_plots(const RunReport& report, const UnderlyingSeries& u, std::string& out) {
    const std::vector<double>& seconds = report.account.seconds;
    Plot delta{u.name + " net delta", "coin", seconds, {{"hedged", 'a', false, u.net_delta_hedged_coin}}, {},
               report.marks,          true};
    if (any_known(u.net_delta_unhedged_coin)) delta.lines.push_back({"unhedged", 'b', true, u.net_delta_unhedged_coin});
    for (const double side : {-1.0, 1.0}) {
        if (std::isfinite(u.delta_soft_coin))
            delta.rules.push_back({u.delta_target_coin + side * u.delta_soft_coin, false});
        if (std::isfinite(u.delta_hard_coin))
            delta.rules.push_back({u.delta_target_coin + side * u.delta_hard_coin, true});
    }
    out += svg_plot(delta);
    out += svg_plot({u.name + " price", "USD", seconds, {{"index", 'a', false, u.price_usd}}, {}, report.marks, false});
    Plot vol{u.name + " volatility", "per √year", seconds, {}, {}, report.marks, true};
    if (any_known(u.realised_vol_ratio)) vol.lines.push_back({"realised", 'a', false, u.realised_vol_ratio});
    if (any_known(u.implied_vol_ratio)) vol.lines.push_back({"implied, at the money", 'c', false, u.implied_vol_ratio});
    out += svg_plot(vol);
}

void add_decision_bars(const RunReport& report, std::string& out) {
    constexpr std::size_t kBarsMax = 200;  // more would be narrower than a pixel
    BarPlot plot{"Cost and slippage of each hedge", "USD", "expected cost", "slippage", {}};
    for (const DecisionRow& row : report.decision_rows) {
        if (row.outcome != "traded") continue;
        plot.entries.push_back({fmt::format("#{}", row.id), row.cost_usd, row.slippage_usd});
    }
    if (plot.entries.size() > kBarsMax) {
        plot.entries.erase(plot.entries.begin(), plot.entries.end() - static_cast<std::ptrdiff_t>(kBarsMax));
        plot.title += ", the last 200";
    }
    out += svg_bars(plot);
}

void add_breaches(const RunReport& report, std::string& out) {
    if (report.breaches.empty()) return;
    double most = 0.0;
    for (const BreachReport& b : report.breaches) {
        most = std::max(most, b.hedged_seconds);
        if (std::isfinite(b.unhedged_seconds)) most = std::max(most, b.unhedged_seconds);
    }
    const auto bar = [most](double seconds, char ink) {
        const double share = most > 0.0 && std::isfinite(seconds) ? seconds / most * 100.0 : 0.0;
        return fmt::format(
            "<td class=\"n\">{}</td><td class=\"meter\"><i class=\"{}\" style=\"width:{:.1f}%\"></i></td>",
            dash(seconds, 1), ink, share);
    };
    out +=
        "<section><h2>Seconds beyond each boundary</h2><div class=\"scroll\"><table><tr><th>boundary</th>"
        "<th class=\"n\">hedged</th><th></th><th class=\"n\">unhedged</th><th></th></tr>";
    for (const BreachReport& b : report.breaches) {
        out += fmt::format("<tr><td>{}</td>{}{}</tr>", escaped(b.boundary), bar(b.hedged_seconds, 'a'),
                           bar(b.unhedged_seconds, 'b'));
    }
    out += "</table></div></section>";
}

void add_decisions(const RunReport& report, std::string& out) {
    constexpr std::size_t kRowsMax = 500;  // a page that opens at once; the journal has them all
    if (report.decision_rows.empty()) return;
    const std::size_t first = report.decision_rows.size() > kRowsMax ? report.decision_rows.size() - kRowsMax : 0;
    out += "<section><h2>Decisions</h2>";
    if (first > 0) out += fmt::format("<p>The last {}; <code>keel explain</code> shows all.</p>", kRowsMax);
    out +=
        "<div class=\"scroll\"><table><tr><th>#</th><th>time</th><th>trigger</th><th class=\"n\">value</th>"
        "<th class=\"n\">soft / hard</th><th class=\"n\">need</th><th>trades</th><th class=\"n\">cost</th>"
        "<th class=\"n\">next best</th><th class=\"n\">slippage</th><th class=\"n\">fee</th>"
        "<th class=\"n\">tick to trade, µs</th><th>outcome</th></tr>";
    for (std::size_t i = first; i < report.decision_rows.size(); ++i) {
        const DecisionRow& row = report.decision_rows[i];
        out += fmt::format(
            "<tr><td>{}</td><td>{}</td><td>{} {}</td><td class=\"n\">{}</td><td class=\"n\">{} / {}</td>"
            "<td class=\"n\">{}</td><td class=\"trades\">{}</td>",
            row.id, clock_text(row.seconds), escaped(row.underlying), escaped(row.trigger), short_number(row.value),
            short_number(row.soft), short_number(row.hard), dash(row.need_coin, 3), escaped(row.trades));
        out += fmt::format(
            "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
            "<td class=\"n\">{}</td><td class=\"{}\">{}</td></tr>",
            dash(row.cost_usd, 2), dash(row.dearer_cost_usd, 2), dash(row.slippage_usd, 2), dash(row.fee_usd, 2),
            dash(row.latency_us, 1), escaped(row.outcome), escaped(row.outcome));
    }
    out += "</table></div></section>";
}

void add_identity(const RunReport& report, std::string& out) {
    const LatencyReport l = report.tick_to_trade_us.supported();
    out += fmt::format(
        "<section><h2>Latency, tick to trade</h2><div class=\"scroll\"><table><tr><th class=\"n\">orders</th>"
        "<th class=\"n\">p50</th><th class=\"n\">p90</th><th class=\"n\">p99</th><th class=\"n\">p99.9</th>"
        "<th class=\"n\">max, µs</th></tr><tr><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
        "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr></table></div>"
        "<p class=\"fine\">From the event's arrival in the process to the order's bytes on their way. A percentile "
        "without enough samples (p99: 1,000; p99.9: 10,000) is left out.</p></section>",
        l.count, dash(l.p50, 1), dash(l.p90, 1), dash(l.p99, 1), dash(l.p99_9, 1), dash(l.max, 1));
    out += fmt::format(
        "<section class=\"fine\"><h2>What ran</h2><p>keel {} · {} · layout {} · started {}</p>"
        "<p>market hash <code>{:016x}</code> · state hash <code>{:016x}</code></p><p>journal "
        "<code>{}</code></p></section>",
        escaped(report.version), escaped(report.mode), escaped(report.layout), escaped(report.started_utc),
        report.market_hash, report.state_hash, escaped(report.journal_path));
}

}  // namespace

std::string report_html(const RunReport& report) {
    std::string out = open_page(report.title);
    out += fmt::format("<header><h1>{}</h1><p>{}{}{}{} simulated seconds on {}</p></header>\n", escaped(report.title),
                       report.scenario.empty() ? "" : "scenario " + escaped(report.scenario) + " · ",
                       report.scenario.empty() ? "" : fmt::format("seed {} · ", report.seed),
                       report.mode.empty() ? "" : escaped(report.mode) + " · ", grouped(report.seconds, 0),
                       escaped(report.venue));
    for (const std::string& note : report.notes) out += fmt::format("<p class=\"notice\">{}</p>", escaped(note));
    add_tiles(report, out);
    out += "<section class=\"plots\">\n";
    add_account_plots(report, out);
    for (const UnderlyingSeries& underlying : report.underlyings) add_underlying_plots(report, underlying, out);
    add_decision_bars(report, out);
    out += "</section>\n";
    add_breaches(report, out);
    add_decisions(report, out);
    add_identity(report, out);
    return out + "</main></body></html>\n";
}

}  // namespace keel::app
