#include "app/wiring/view_source.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cmath>
#include <ctime>

#include "app/wiring/telemetry.hpp"
#include "risk/limits/kill_switch.hpp"

namespace keel::app {
namespace {

std::string utc_text(UnixNanos time) {
    if (time.ns() == 0) return "-";
    const std::time_t seconds = time.ns() / 1'000'000'000;
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(seconds));
}

const char* unit_of(Metric metric) {
    switch (metric) {
        case Metric::net_delta: return "coin";
        case Metric::gamma_1pct_usd: return "USD/1%";
        case Metric::vega_usd: return "USD/pt";
        case Metric::leverage_gross: return "x";
        case Metric::realised_vol: return "ratio";
        case Metric::implied_vol_change: return "points";
        case Metric::count: break;
    }
    return "";
}

const char* state_name(SessionState state) {
    switch (state) {
        case SessionState::down: return "down";
        case SessionState::connecting: return "connecting";
        case SessionState::syncing: return "syncing";
        case SessionState::ready: break;
    }
    return "ready";
}

std::string amount_text(const Instrument& instrument, Quantity quantity) {
    const bool usd = instrument.is_delta_one() && instrument.payoff == Payoff::inverse;
    return fmt::format("{} {}", instrument.decimal_of(quantity).to_text(), usd ? "USD" : "coin");
}

ViewModel::Boundary boundary_of(const risk::BoundaryStatus& status, const InstrumentTable& instruments) {
    ViewModel::Boundary boundary;
    boundary.name = metric_name(status.metric);
    if (status.underlying != UnderlyingId::none)
        boundary.name += fmt::format(" {}", instruments.name_of(status.underlying));
    boundary.unit = unit_of(status.metric);
    boundary.value = status.value;
    boundary.soft = status.soft;
    boundary.hard = status.hard;
    const double size = std::abs(status.value);
    boundary.alarm = size >= status.hard   ? ViewModel::Alarm::hard
                     : size >= status.soft ? ViewModel::Alarm::soft
                                           : ViewModel::Alarm::calm;
    return boundary;
}

ViewModel::Decision decision_of(const DecisionRecord& record, const InstrumentTable& instruments, UnixNanos started) {
    ViewModel::Decision decision;
    decision.id = static_cast<std::uint64_t>(record.id);
    decision.seconds = static_cast<double>((record.time - started).count()) * 1e-9;
    decision.trigger = fmt::format("{} {} {} {:.4g}", metric_name(record.trigger.metric),
                                   record.underlying == UnderlyingId::none ? std::string_view{"account"}
                                                                           : instruments.name_of(record.underlying),
                                   signal_name(record.trigger.signal), record.trigger.value.value());
    decision.outcome = outcome_name(record.outcome);
    decision.detail = trade_sentence(record, instruments);
    return decision;
}

ViewModel::Latency latency_of(const LatencySummary& cycles, double cycles_per_ns) {
    ViewModel::Latency latency;
    const auto us = [&](std::optional<std::uint64_t> value) {
        return value ? static_cast<double>(*value) / cycles_per_ns / 1e3 : ViewModel::kUnknown;
    };
    latency.count = cycles.count;
    latency.p50_us = us(cycles.p50);
    latency.p90_us = us(cycles.p90);
    latency.p99_us = us(cycles.p99);
    latency.p99_9_us = us(cycles.p99_9);
    if (cycles.count > 0) latency.max_us = us(cycles.max);
    return latency;
}

void add_tables(ViewModel& model, const Telemetry& seen, const InstrumentTable& instruments) {
    for (const PositionShown& held : seen.positions) {
        const Instrument& instrument = instruments[held.instrument];
        const bool usd = instrument.is_delta_one() && instrument.payoff == Payoff::inverse;
        model.positions.push_back({std::string{instrument.name_view()}, instrument.amount_value(held.quantity),
                                   usd ? "USD" : std::string{instruments.name_of(instrument.base)}, held.mark,
                                   held.delta_coin, held.pnl_usd});
    }
    for (const Order& order : seen.live_orders) {
        const Instrument& instrument = instruments[order.instrument];
        model.orders.push_back({std::string{instrument.name_view()}, order.side == Side::bid,
                                instrument.amount_value(order.leaves()), instrument.price_value(order.price),
                                order_state_name(order.state),
                                static_cast<double>((seen.now - order.created).count()) * 1e-9});
    }
    for (const SessionShown& session : seen.sessions) {
        model.sessions.push_back({venue_name(session.venue),
                                  session.report.role == SessionRole::orders ? "orders" : "market",
                                  state_name(session.report.state), session.report.generation,
                                  static_cast<double>(session.report.clock_skew_ns) * 1e-6});
    }
}

}  // namespace

ViewSource::ViewSource(const LiveSession& session, std::string title, std::string mode, double total_seconds)
    : session_{session}, title_{std::move(title)}, mode_{std::move(mode)}, total_seconds_{total_seconds} {}

ViewModel ViewSource::model() {
    const Telemetry seen = session_.telemetry();
    const InstrumentTable& instruments = session_.instruments();
    if (started_.ns() == 0) started_ = seen.now;
    ViewModel model;
    model.title = title_;
    model.mode = mode_;
    model.venue_time = utc_text(seen.now);
    model.elapsed_seconds = static_cast<double>((seen.now - started_).count()) * 1e-9;
    model.total_seconds = total_seconds_;
    model.kill_level = seen.kill_level;
    model.kill_name = risk::kill_level_name(static_cast<risk::KillLevel>(seen.kill_level));
    model.events = seen.counts.market_events;
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> since = now - asked_;
    if (since.count() >= 1.0) {  // a rate over less jumps about
        events_per_second_ = static_cast<double>(model.events - events_before_) / since.count();
        events_before_ = model.events;
        asked_ = now;
    }
    model.events_per_second = events_per_second_;
    model.triggers = seen.counts.triggers;
    model.decisions_count = seen.counts.decisions;
    model.orders_sent = seen.orders.sent();
    model.orders_filled = seen.orders.filled;
    model.orders_refused = seen.counts.refusals;
    model.orders_unknown = seen.orders_unknown_now;
    const risk::AccountRisk& account = seen.risk.account;
    model.equity_usd = account.equity_usd;
    model.pnl_usd = account.realised_usd + account.unrealised_usd - account.fees_usd;
    model.fees_usd = account.fees_usd;
    for (std::size_t at = 0; at < seen.risk.boundaries_count; ++at) {
        model.boundaries.push_back(boundary_of(seen.risk.boundaries[at], instruments));
    }
    add_tables(model, seen, instruments);
    for (std::size_t at = seen.decisions.size(); at > 0; --at) {
        model.decisions.push_back(decision_of(seen.decisions[at - 1], instruments, started_));
    }
    model.latency = latency_of(session_.tick_to_trade_cycles(), session_.cycles_per_ns());
    return model;
}

std::string trade_sentence(const DecisionRecord& decision, const InstrumentTable& instruments) {
    std::string trades;
    std::string dearer;
    double dearer_usd = 0.0;
    for (std::size_t at = 0; at < decision.candidates_count; ++at) {
        const CandidateRecord& candidate = decision.candidates[at];
        const Instrument& instrument = instruments[candidate.instrument];
        if (candidate.chosen.count() > 0) {
            trades += fmt::format("{}{} {} {}", trades.empty() ? "" : ", ",
                                  candidate.side == Side::bid ? "buy" : "sell",
                                  amount_text(instrument, candidate.chosen), instrument.name_view());
            continue;
        }
        const double alone = candidate.cost_alone_usd.value();
        if (!std::isfinite(alone) || (!dearer.empty() && alone >= dearer_usd)) continue;
        dearer = instrument.name_view();
        dearer_usd = alone;
    }
    if (trades.empty()) return "";
    std::string text = fmt::format("{} for {:.2f} USD", trades, decision.cost_usd.value());
    if (!dearer.empty()) text += fmt::format(" ({}: {:.2f} USD)", dearer, dearer_usd);
    return text;
}

}  // namespace keel::app
