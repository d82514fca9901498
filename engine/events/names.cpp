#include "engine/events/decision.hpp"

namespace keel {

const char* metric_name(Metric metric) {
    switch (metric) {
        case Metric::net_delta: return "net_delta";
        case Metric::gamma_1pct_usd: return "gamma_1pct_usd";
        case Metric::vega_usd: return "vega_usd";
        case Metric::leverage_gross: return "leverage_gross";
        case Metric::realised_vol: return "realised_vol";
        case Metric::implied_vol_change: return "implied_vol_change";
        case Metric::count: break;
    }
    return "unknown";
}

const char* signal_name(TriggerSignal signal) {
    switch (signal) {
        case TriggerSignal::none: return "none";
        case TriggerSignal::soft: return "soft";
        case TriggerSignal::hard: return "hard";
        case TriggerSignal::hard_repeat: return "hard_repeat";
        case TriggerSignal::escalate: return "escalate";
        case TriggerSignal::clear: return "clear";
    }
    return "unknown";
}

const char* solve_status_name(SolveStatus status) {
    switch (status) {
        case SolveStatus::none: return "none";
        case SolveStatus::nothing_to_do: return "nothing_to_do";
        case SolveStatus::optimal: return "optimal";
        case SolveStatus::infeasible: return "infeasible";
        case SolveStatus::work_limit: return "work_limit";
    }
    return "unknown";
}

const char* binding_name(Binding binding) {
    switch (binding) {
        case Binding::none: return "none";
        case Binding::position: return "position";
        case Binding::order_size: return "order_size";
        case Binding::depth: return "depth";
        case Binding::lot: return "lot";
        case Binding::no_candidate: return "no_candidate";
        case Binding::band: return "band";
    }
    return "unknown";
}

const char* outcome_name(DecisionOutcome outcome) {
    switch (outcome) {
        case DecisionOutcome::none: return "none";
        case DecisionOutcome::traded: return "traded";
        case DecisionOutcome::observed: return "observed";
        case DecisionOutcome::no_trade_band: return "no_trade_band";
        case DecisionOutcome::infeasible: return "infeasible";
        case DecisionOutcome::refused: return "refused";
        case DecisionOutcome::in_flight: return "in_flight";
        case DecisionOutcome::blocked: return "blocked";
    }
    return "unknown";
}

const char* gate_limit_name(GateLimit limit) {
    switch (limit) {
        case GateLimit::none: return "none";
        case GateLimit::kill_level: return "kill_level";
        case GateLimit::session_not_ready: return "session_not_ready";
        case GateLimit::journal_unwritable: return "journal_unwritable";
        case GateLimit::instrument_not_allowed: return "instrument_not_allowed";
        case GateLimit::stale_input: return "stale_input";
        case GateLimit::off_grid: return "off_grid";
        case GateLimit::price_collar: return "price_collar";
        case GateLimit::price_band: return "price_band";
        case GateLimit::order_quantity: return "order_quantity";
        case GateLimit::order_notional: return "order_notional";
        case GateLimit::position_quantity: return "position_quantity";
        case GateLimit::portfolio_delta: return "portfolio_delta";
        case GateLimit::leverage: return "leverage";
        case GateLimit::message_rate: return "message_rate";
        case GateLimit::orders_open: return "orders_open";
        case GateLimit::duplicate_order: return "duplicate_order";
        case GateLimit::self_match: return "self_match";
        case GateLimit::reduce_only: return "reduce_only";
        case GateLimit::count: break;
    }
    return "unknown";
}

}  // namespace keel
