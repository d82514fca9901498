#include <fmt/format.h>

#include <cmath>

#include "app/report/run_report.hpp"
#include "app/view/screen_line.hpp"

namespace keel::app {

namespace {

double last_of(const std::vector<double>& values) { return values.empty() ? kNotKnown : values.back(); }

void add_results(const RunReport& report, std::string& out) {
    const AccountSeries& s = report.account;
    out += fmt::format("  profit and loss   hedged {:>12} USD   unhedged {:>12} USD\n",
                       grouped(last_of(s.pnl_hedged_usd), 2), grouped(last_of(s.pnl_unhedged_usd), 2));
    out += fmt::format("  paid              fees {}, hedging cost {}, funding received {} USD\n",
                       grouped(last_of(s.fees_usd), 2), grouped(last_of(s.hedge_cost_usd), 2),
                       grouped(last_of(s.funding_usd), 2));
    out += fmt::format("  events            {} received", grouped(static_cast<double>(report.events_received), 0));
    if (report.events_sent_by_simulator > 0) {
        out +=
            fmt::format(", {} sent by the simulator", grouped(static_cast<double>(report.events_sent_by_simulator), 0));
    }
    out += fmt::format("\n  triggers          {} of {} kinds, {} decisions, {} shocks\n", report.triggers_fired,
                       report.trigger_kinds, report.decisions, report.shocks);
    out += fmt::format("  orders            {} sent, {} filled, {} refused by the gate, {} unknown\n",
                       report.orders_sent, report.orders_filled, report.orders_refused_by_gate, report.orders_unknown);
    if (report.solves_deferred > 0) {
        out += fmt::format("  solves put off    {}: more than one instant takes; see hedge.settle_time_ms\n",
                           report.solves_deferred);
    }
    const LatencyReport l = report.tick_to_trade_us.supported();
    out += fmt::format("  tick to trade     p50 {}  p90 {}  p99 {}  p99.9 {}  max {} us ({} orders)\n",
                       short_number(l.p50), short_number(l.p90), short_number(l.p99), short_number(l.p99_9),
                       short_number(l.max), l.count);
}

void add_breaches(const RunReport& report, std::string& out) {
    if (report.breaches.empty()) return;
    out += fmt::format("\n  seconds beyond the soft boundary      hedged   unhedged\n");
    for (const BreachReport& breach : report.breaches) {
        out += fmt::format("    {:<32} {:>9} {:>10}\n", breach.boundary, grouped(breach.hedged_seconds, 1),
                           grouped(breach.unhedged_seconds, 1));
    }
}

void add_trades(const RunReport& report, std::string& out) {
    constexpr std::size_t kShownMax = 12;  // a screenful; the page and `keel explain` show all
    std::size_t shown = 0;
    for (const DecisionRow& row : report.decision_rows) {
        if (row.outcome != "traded") continue;
        if (shown++ == 0) out += fmt::format("\n  hedges\n");
        if (shown > kShownMax) break;
        out += fmt::format("    #{:<4} {}  {} {} {} -> {} for {} USD", row.id, clock_text(row.seconds), row.underlying,
                           row.trigger, short_number(row.value), row.trades, grouped(row.cost_usd, 2));
        if (std::isfinite(row.dearer_cost_usd)) out += fmt::format(" (next best {})", grouped(row.dearer_cost_usd, 2));
        out += fmt::format("\n");
    }
    if (shown > kShownMax) out += fmt::format("    … more in the journal: keel explain {}\n", report.journal_path);
}

}  // namespace

std::string report_text(const RunReport& report) {
    std::string out;
    out += fmt::format("\n{}", report.title);
    if (!report.scenario.empty()) out += fmt::format(", scenario {}, seed {}", report.scenario, report.seed);
    out += fmt::format(", {:.0f} s on {}, {}, layout {}\n", report.seconds, report.venue, report.mode, report.layout);
    for (const std::string& note : report.notes) out += fmt::format("  note: {}\n", note);
    add_results(report, out);
    add_breaches(report, out);
    add_trades(report, out);
    out += fmt::format("\n  journal           {}\n", report.journal_path);
    if (!report.report_path.empty()) out += fmt::format("  report            {}\n", report.report_path);
    out += fmt::format("  hashes            market {:016x}, state {:016x}\n", report.market_hash, report.state_hash);
    if (report.replay_verified) {
        out += fmt::format("  replay            {}\n", *report.replay_verified ? "verified, bit for bit" : "DIFFERS");
    }
    return out;
}

}  // namespace keel::app
