#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "app/report/run_report.hpp"
#include "app/view/screen_line.hpp"

namespace keel::app {

namespace {

double last_of(const std::vector<double>& values) { return values.empty() ? kNotKnown : values.back(); }

void add_results(const RunReport& report, std::string& out) {
    auto to = std::back_inserter(out);
    const AccountSeries& s = report.account;
    fmt::format_to(to, "  profit and loss   hedged {:>12} USD   unhedged {:>12} USD\n",
                   grouped(last_of(s.pnl_hedged_usd), 2), grouped(last_of(s.pnl_unhedged_usd), 2));
    fmt::format_to(to, "  paid              fees {}, hedging cost {}, funding received {} USD\n",
                   grouped(last_of(s.fees_usd), 2), grouped(last_of(s.hedge_cost_usd), 2),
                   grouped(last_of(s.funding_usd), 2));
    fmt::format_to(to, "  events            {} received", grouped(static_cast<double>(report.events_received), 0));
    if (report.events_sent_by_simulator > 0) {
        fmt::format_to(to, ", {} sent by the simulator",
                       grouped(static_cast<double>(report.events_sent_by_simulator), 0));
    }
    fmt::format_to(to, "\n  triggers          {} of {} kinds, {} decisions, {} shocks\n", report.triggers_fired,
                   report.trigger_kinds, report.decisions, report.shocks);
    fmt::format_to(to, "  orders            {} sent, {} filled, {} refused by the gate, {} unknown\n",
                   report.orders_sent, report.orders_filled, report.orders_refused_by_gate, report.orders_unknown);
    if (report.solves_deferred > 0) {
        fmt::format_to(to, "  solves put off    {}: more than one instant takes; see hedge.settle_time_ms\n",
                       report.solves_deferred);
    }
    const LatencyReport l = report.tick_to_trade_us.supported();
    fmt::format_to(to, "  tick to trade     p50 {}  p90 {}  p99 {}  p99.9 {}  max {} us ({} orders)\n",
                   short_number(l.p50), short_number(l.p90), short_number(l.p99), short_number(l.p99_9),
                   short_number(l.max), l.count);
}

void add_breaches(const RunReport& report, std::string& out) {
    if (report.breaches.empty()) return;
    auto to = std::back_inserter(out);
    fmt::format_to(to, "\n  seconds beyond the soft boundary      hedged   unhedged\n");
    for (const BreachReport& breach : report.breaches) {
        fmt::format_to(to, "    {:<32} {:>9} {:>10}\n", breach.boundary, grouped(breach.hedged_seconds, 1),
                       grouped(breach.unhedged_seconds, 1));
    }
}

void add_trades(const RunReport& report, std::string& out) {
    constexpr std::size_t kShownMax = 12;  // a screenful; the page and `keel explain` show all
    auto to = std::back_inserter(out);
    std::size_t shown = 0;
    for (const DecisionRow& row : report.decision_rows) {
        if (row.outcome != "traded") continue;
        if (shown++ == 0) fmt::format_to(to, "\n  hedges\n");
        if (shown > kShownMax) break;
        fmt::format_to(to, "    #{:<4} {}  {} {} {} -> {} for {} USD", row.id, clock_text(row.seconds), row.underlying,
                       row.trigger, short_number(row.value), row.trades, grouped(row.cost_usd, 2));
        if (std::isfinite(row.dearer_cost_usd)) fmt::format_to(to, " (next best {})", grouped(row.dearer_cost_usd, 2));
        fmt::format_to(to, "\n");
    }
    if (shown > kShownMax) fmt::format_to(to, "    … more in the journal: keel explain {}\n", report.journal_path);
}

}  // namespace

std::string report_text(const RunReport& report) {
    std::string out;
    auto to = std::back_inserter(out);
    fmt::format_to(to, "\n{}", report.title);
    if (!report.scenario.empty()) fmt::format_to(to, ", scenario {}, seed {}", report.scenario, report.seed);
    fmt::format_to(to, ", {:.0f} s on {}, {}, layout {}\n", report.seconds, report.venue, report.mode, report.layout);
    for (const std::string& note : report.notes) fmt::format_to(to, "  note: {}\n", note);
    add_results(report, out);
    add_breaches(report, out);
    add_trades(report, out);
    fmt::format_to(to, "\n  journal           {}\n", report.journal_path);
    if (!report.report_path.empty()) fmt::format_to(to, "  report            {}\n", report.report_path);
    fmt::format_to(to, "  hashes            market {:016x}, state {:016x}\n", report.market_hash, report.state_hash);
    if (report.replay_verified) {
        fmt::format_to(to, "  replay            {}\n", *report.replay_verified ? "verified, bit for bit" : "DIFFERS");
    }
    return out;
}

}  // namespace keel::app
