#include "strategies/rebalancer.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"

namespace keel::strategies {
namespace {

constexpr int kLimitedPatience = 4;  // settle times for a book to fill up again

bool asks_for_hedge(Metric metric) {
    return metric == Metric::net_delta || metric == Metric::realised_vol || metric == Metric::implied_vol_change;
}

bool is_hard(TriggerSignal signal) { return signal == TriggerSignal::hard || signal == TriggerSignal::hard_repeat; }

}  // namespace

Rebalancer::Rebalancer(const HedgeConfig& config, const InstrumentTable& instruments)
    : config_{config},
      hedge_{config, instruments},
      execution_{config, instruments},
      underlyings_count_{instruments.underlyings_count()} {
    KEEL_ASSERT(config.validate().has_value());
}

// Sorts what fired: hedge triggers make their underlying due, the others are recorded at once.
void Rebalancer::begin(std::span<const FiredTrigger> fired, const CoreView& view, StrategyOutput& out) {
    due_.clear();
    for (const FiredTrigger& trigger : fired) {
        if (trigger.signal != TriggerSignal::none && trigger.signal != TriggerSignal::clear) take(trigger, view, out);
    }
    for (std::size_t at = 0; at < underlyings_count_; ++at) {
        const Watch& watch = watches_[at];
        bool following = view.now < watch.until && view.now >= watch.settled;
        if ((following || watch.fresh) && watch.exhausted(view.now)) {
            ++counts_.solves_deferred;
            following = false;
        }
        if (watch.fresh || following) KEEL_ASSERT(due_.push(static_cast<UnderlyingId>(at)));
    }
}

void Rebalancer::take(const FiredTrigger& trigger, const CoreView& view, StrategyOutput& out) {
    if (!asks_for_hedge(trigger.metric) || trigger.underlying == UnderlyingId::none) {
        start_record(trigger, view);
        record_.underlying = trigger.underlying;
        record_.outcome = DecisionOutcome::blocked;
        record_.binding = Binding::no_candidate;
        record_.before[static_cast<std::size_t>(trigger.metric)] = trigger.value;
        record_.after[static_cast<std::size_t>(trigger.metric)] = trigger.value;
        ++counts_.blocked;
        write_record(out);
        return;
    }
    Watch& watch = watches_[slot(trigger.underlying)];
    if (watch.fresh) {
        // The first, most severe one of this event decides; this one is answered by the same trades.
        start_record(trigger, view);
        record_.underlying = trigger.underlying;
        record_.outcome = DecisionOutcome::in_flight;
        ++counts_.in_flight;
        write_record(out);
        return;
    }
    watch.trigger = trigger;
    watch.fresh = true;
    watch.until = view.now + config_.deadline + config_.deadline;  // the orders' time, and as much again
}

// False where there is nothing to record: a look without a fresh trigger that found delta inside.
bool Rebalancer::decide(UnderlyingId underlying, const CoreView& view) {
    Watch& watch = watches_[slot(underlying)];
    const bool fresh = watch.fresh;
    watch.fresh = false;
    trades_.clear();
    start_record(watch.trigger, view);
    record_.underlying = underlying;
    if (view.now < watch.settled || watch.exhausted(view.now)) {
        record_.delta_now = reading_.delta_coin;
        record_.delta_target = hedge_.target_of(underlying);
        record_.outcome = DecisionOutcome::in_flight;
        return true;
    }
    // A volatility trigger narrows the band; how far to trade is delta's own boundary's business.
    const bool to_centre = watch.trigger.metric == Metric::net_delta && is_hard(watch.trigger.signal);
    const double buffer = config_.boundary_buffer_ratio;
    const double leave_ratio = fresh ? 1.0 : 1.0 + 0.5 * buffer / (1.0 - buffer);  // halfway to the soft boundary
    watch.count_solve(view.now);
    hedge_.decide(reading_, to_centre ? HedgeDepth::centre : HedgeDepth::edge, leave_ratio, view, record_, trades_);
    // Where the solver met a limit, looking again at once would only meet it again.
    const bool limited = record_.status == SolveStatus::infeasible;
    watch.settled = view.now + (limited ? kLimitedPatience : 1) * config_.settle_time;
    if (fresh || !trades_.empty()) return true;
    if (record_.outcome == DecisionOutcome::no_trade_band) return false;
    if (view.now - watch.reported < config_.report_interval) return false;
    watch.reported = view.now;
    return true;
}

void Rebalancer::finish(UnderlyingId underlying, const CoreView& view, StrategyOutput& out) {
    if (record_.outcome == DecisionOutcome::traded && !config_.send_orders) {
        record_.outcome = DecisionOutcome::observed;
        watches_[slot(underlying)].until = view.now;  // nothing was sent: the next trigger speaks again
    } else if (record_.outcome == DecisionOutcome::traded) {
        execution_.abandon(underlying);  // what was not sent yet is part of the new need
        for (const HedgeTrade& trade : trades_) {
            if (!execution_.start(record_.id, trade, view.now)) record_.outcome = DecisionOutcome::refused;
        }
    }
    switch (record_.outcome) {
        case DecisionOutcome::traded:
        case DecisionOutcome::observed: ++counts_.traded; break;
        case DecisionOutcome::no_trade_band: ++counts_.no_trade; break;
        case DecisionOutcome::infeasible: ++counts_.infeasible; break;
        case DecisionOutcome::in_flight: ++counts_.in_flight; break;
        case DecisionOutcome::none:
        case DecisionOutcome::refused:
        case DecisionOutcome::blocked: ++counts_.blocked; break;
    }
    write_record(out);
}

void Rebalancer::start_record(const FiredTrigger& trigger, const CoreView& view) {
    record_ = DecisionRecord{};
    record_.id = static_cast<DecisionId>(decisions_ + 1);
    record_.event_sequence = view.sequence;
    record_.time = view.now;
    record_.trigger = trigger;
}

void Rebalancer::write_record(StrategyOutput& out) {
    ++decisions_;
    ++counts_.decisions;
    if (!out.decisions.push(record_)) ++counts_.records_dropped;
}

void Rebalancer::hash_into(StateHash& hash) const {
    hash.add(decisions_);
    for (std::size_t at = 0; at < underlyings_count_; ++at) {
        hash.add(watches_[at].trigger);
        hash.add(watches_[at].until);
        hash.add(watches_[at].settled);
        hash.add(watches_[at].reported);
        hash.add(watches_[at].solved);
        hash.add(watches_[at].solves);
    }
    execution_.hash_into(hash);
}

}  // namespace keel::strategies
