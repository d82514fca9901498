#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

#include "engine/book/book_set.hpp"
#include "engine/core/assert.hpp"
#include "engine/core/instrument_table.hpp"
#include "engine/journal/state_hash.hpp"
#include "engine/orders/order_table.hpp"
#include "engine/pipeline/outbox.hpp"
#include "engine/pipeline/ports.hpp"
#include "engine/telemetry/cycle_meter.hpp"

namespace keel {

struct LoopSettings {
    bool send_orders{false};                            // false: observe; the gate is asked, nothing is opened or sent
    std::chrono::nanoseconds valid_for{1'000'000'000};  // fence of an order: now + this is its valid_until
    std::chrono::nanoseconds unknown_after{1'000'000'000};  // pending for longer: the fate is unknown (T_unk)
    std::chrono::nanoseconds cancel_again{250'000'000};     // pause between sweeps of cancels, see EngineLoop
};

// What the loop did, counted.
struct LoopCounts {
    std::uint64_t events{0};
    std::uint64_t market_events{0};  // of venue origin: everything but timer and operator commands
    std::uint64_t book_errors{0};
    std::uint64_t triggers{0};
    std::uint64_t decisions{0};
    std::uint64_t intents{0};
    std::uint64_t commands{0};
    std::uint64_t refusals{0};
    std::uint64_t observed{0};  // intents that passed the gate and were not sent
    std::uint64_t duplicate_fills{0};
    friend bool operator==(const LoopCounts&, const LoopCounts&) = default;
};

inline constexpr std::uint8_t kCancelAllLevel = 4;  // the kill level from which orders are cancelled

// The state that the loop moves. It owns none of it: the one who wires it does.
template <class Risk, class Strategy, class Gate>
struct CoreParts {
    const InstrumentTable& instruments;
    BookSet& books;
    OrderTable& orders;
    Risk& risk;
    Strategy& strategy;
    Gate& gate;
};

// The deterministic core: the same events in, the same commands out, bit for bit. It reads no clock;
// time is the receive time of the event, never running backwards.
//
//   event ─► books ─► orders ─► risk ─► gate follows ─► triggers ─► strategy ─► gate ─► order table ─► outbox
//
// From kill level 4 (cancel all) on, every live order of ours is cancelled by its id, and again after a
// pause, until none is live: other people's orders on the account are not touched.
//
// Boundaries are judged and strategies asked on every event but one: in the middle of a book message
// (no kLast) the book is not whole, and nobody looks.
// Thread: core. Allocates: never, and never throws; makes no system call and takes no lock.
template <class Risk, class StrategyT, class GateT, class Meter = NoMeter>
requires RiskModel<Risk> && Strategy<StrategyT, Risk> && Gate<GateT, Risk>
class EngineLoop {
public:
    using Parts = CoreParts<Risk, StrategyT, GateT>;

    EngineLoop(Parts parts, LoopSettings settings) : parts_{parts}, settings_{settings} {}

    // One event, stamped with a sequence above the last one's. The outbox is valid until the next call.
    const Outbox& on(const Event& event) noexcept {
        KEEL_ASSERT(event.sequence > sequence_);
        sequence_ = event.sequence;
        now_ = std::max(now_, event.receive_time);
        outbox_.clear();
        count(event);
        meter_.start();
        const bool whole = apply_to_books(event);
        const bool fresh = apply_to_orders(event);
        meter_.mark(Stage::book);
        const CoreView view = this->view();
        if (fresh) parts_.risk.apply(event, view);
        parts_.gate.apply(event, view);
        meter_.mark(Stage::risk);
        if (!whole) return outbox_;
        const std::span<const FiredTrigger> fired = parts_.risk.evaluate(view);
        counts_.triggers += fired.size();
        meter_.mark(Stage::trigger);
        wanted_.clear();
        parts_.strategy.react(event, fired, parts_.risk, view, wanted_);
        cancel_live(event);
        meter_.mark(Stage::solve);
        judge(event);
        meter_.mark(Stage::gate);
        meter_.finish(!outbox_.commands.empty());
        return outbox_;
    }

    // The whole state of the core in 64 bits: books, orders, risk, strategy, gate and counters.
    [[nodiscard]] std::uint64_t state_hash() const {
        StateHash hash;
        hash.add(sequence_);
        hash.add(now_);
        hash.add(counts_);
        hash.add(static_cast<std::uint8_t>(cancelling_));
        hash.add(cancel_next_);
        hash_books(hash);
        parts_.orders.hash_into(hash);
        parts_.risk.hash_into(hash);
        parts_.strategy.hash_into(hash);
        parts_.gate.hash_into(hash);
        return hash.digest();
    }

    [[nodiscard]] CoreView view() const {
        return CoreView{parts_.instruments, parts_.books, parts_.orders, now_, sequence_};
    }
    [[nodiscard]] const LoopCounts& counts() const { return counts_; }
    [[nodiscard]] std::uint64_t sequence() const { return sequence_; }
    [[nodiscard]] UnixNanos now() const { return now_; }
    [[nodiscard]] const Meter& meter() const { return meter_; }
    [[nodiscard]] const LoopSettings& settings() const { return settings_; }

private:
    void count(const Event& event) {
        ++counts_.events;
        if (event.kind != EventKind::timer && event.kind != EventKind::operator_command) ++counts_.market_events;
    }

    // True when boundaries may be judged: always, but in the middle of a book message.
    bool apply_to_books(const Event& event) {
        switch (event.kind) {
            case EventKind::book_snapshot:
            case EventKind::level_update: {
                OrderBook* book = parts_.books.find(event.instrument);
                if (book != nullptr && !book->apply(event).has_value()) ++counts_.book_errors;
                return event.has(kLast);
            }
            case EventKind::book_stale:
                if (OrderBook* book = parts_.books.find(event.instrument); book != nullptr) book->mark_stale();
                return true;
            case EventKind::session:
                if (const auto report = event.as<SessionReport>();
                    report.role == SessionRole::market_data && report.state == SessionState::down)
                    stale_books_of(event.venue);
                return true;
            default: return true;
        }
    }

    void stale_books_of(VenueId venue) {
        for (const InstrumentId id : parts_.books.opened())
            if (parts_.instruments[id].venue == venue) parts_.books.find(id)->mark_stale();
    }

    // False when risk must not see the event: a fill that was applied before.
    bool apply_to_orders(const Event& event) {
        switch (event.kind) {
            case EventKind::order_acked:
            case EventKind::order_rejected:
            case EventKind::order_unknown:
            case EventKind::order_not_sent:
            case EventKind::order_canceled:
            case EventKind::order_expired:
            case EventKind::cancel_rejected:
            case EventKind::external_order: (void)parts_.orders.apply(event); return true;
            case EventKind::fill: {
                const bool fresh = parts_.orders.apply(event) != OrderEffect::ignored;
                if (!fresh) ++counts_.duplicate_fills;
                return fresh;
            }
            case EventKind::timer: (void)parts_.orders.expire_acks(now_, settings_.unknown_after); return true;
            case EventKind::session:
                if (const auto report = event.as<SessionReport>();
                    report.role == SessionRole::orders && report.state == SessionState::down)
                    parts_.orders.on_disconnect(event.venue, parts_.instruments, now_);
                return true;
            default: return true;
        }
    }

    void cancel_live(const Event& event);
    void judge(const Event& event);
    bool send(const OrderIntent& intent, const Event& event);
    void refuse(const Refusal& refusal);
    [[nodiscard]] Refusal refusal_of(const OrderIntent& intent, GateLimit limit) const;

    void hash_books(StateHash& hash) const {
        for (const InstrumentId id : parts_.books.opened()) {
            const OrderBook& book = *parts_.books.find(id);
            hash.add(id);
            hash.add(book.state());
            hash.add(book.top());
            hash.add(book.sequence());
            hash.add(book.missing_removals());
        }
    }

    Parts parts_;
    LoopSettings settings_;
    std::uint64_t sequence_{0};
    UnixNanos now_{};
    LoopCounts counts_{};
    bool cancelling_{false};  // kill level 4 or above
    UnixNanos cancel_next_{};
    StrategyOutput wanted_{};
    Outbox outbox_{};
    [[no_unique_address]] Meter meter_{};
};

// Adds a cancel for each live order while the kill level asks for it; what finds no room has its turn in
// the next sweep.
template <class Risk, class StrategyT, class GateT, class Meter>
requires RiskModel<Risk> && Strategy<StrategyT, Risk> && Gate<GateT, Risk>
void EngineLoop<Risk, StrategyT, GateT, Meter>::cancel_live(const Event& event) {
    if (event.kind == EventKind::operator_command) {
        const auto command = event.as<OperatorCommand>();
        if (command.action == OperatorAction::set_kill_level) {
            cancelling_ = command.kill_level >= kCancelAllLevel;
            cancel_next_ = now_;
        }
    }
    if (!cancelling_ || now_ < cancel_next_ || parts_.orders.live().empty()) return;
    cancel_next_ = now_ + settings_.cancel_again;
    for (const ClientOrderId id : parts_.orders.live()) {
        OrderIntent intent;
        intent.kind = CommandKind::cancel;
        intent.client_order_id = id;
        intent.instrument = parts_.orders.find(id)->instrument;
        intent.side = parts_.orders.find(id)->side;
        if (!wanted_.intents.push(intent)) return;
    }
}

// Every intent meets the gate; what passes gets an id, a state and a command, in that order.
template <class Risk, class StrategyT, class GateT, class Meter>
requires RiskModel<Risk> && Strategy<StrategyT, Risk> && Gate<GateT, Risk>
void EngineLoop<Risk, StrategyT, GateT, Meter>::judge(const Event& event) {
    std::array<std::uint8_t, decltype(StrategyOutput::decisions)::capacity()> sent{};
    std::array<std::uint8_t, decltype(StrategyOutput::decisions)::capacity()> refused{};
    std::array<std::uint8_t, decltype(StrategyOutput::decisions)::capacity()> observed{};
    for (const OrderIntent& intent : wanted_.intents) {
        ++counts_.intents;
        std::size_t row = 0;
        while (row < wanted_.decisions.size() && wanted_.decisions[row].id != intent.decision) ++row;
        const bool explained = row < wanted_.decisions.size();
        // The view is taken anew: an order opened by the last intent counts for this one.
        const std::optional<Refusal> verdict = parts_.gate.check(intent, parts_.risk, view());
        if (verdict.has_value()) {
            refuse(*verdict);
            if (explained) refused[row] = 1;
        } else if (!settings_.send_orders) {
            ++counts_.observed;
            if (explained) observed[row] = 1;
        } else if (const bool opened = send(intent, event); explained) {
            (opened ? sent : refused)[row] = 1;
        }
    }
    for (std::size_t row = 0; row < wanted_.decisions.size(); ++row) {
        DecisionRecord& decision = wanted_.decisions[row];
        if (sent[row] != 0) {
            decision.outcome = DecisionOutcome::traded;
        } else if (refused[row] != 0) {
            decision.outcome = DecisionOutcome::refused;
        } else if (observed[row] != 0) {
            decision.outcome = DecisionOutcome::observed;
        }
        ++counts_.decisions;
        const bool pushed = outbox_.decisions.push(decision);
        KEEL_ASSERT(pushed);
    }
}

template <class Risk, class StrategyT, class GateT, class Meter>
requires RiskModel<Risk> && Strategy<StrategyT, Risk> && Gate<GateT, Risk>
bool EngineLoop<Risk, StrategyT, GateT, Meter>::send(const OrderIntent& intent, const Event& event) {
    const UnixNanos valid_until = now_ + settings_.valid_for;
    const Result<ClientOrderId> id = parts_.orders.open(intent, now_, valid_until);
    if (!id) {
        refuse(refusal_of(intent,
                          id.error().code == Errc::table_full ? GateLimit::orders_open : GateLimit::duplicate_order));
        return false;
    }
    OrderCommand command;
    command.kind = intent.kind;
    command.side = intent.side;
    command.instrument = intent.instrument;
    command.client_order_id = *id;
    command.price = intent.price;
    command.quantity = intent.quantity;
    command.time_in_force = intent.time_in_force;
    command.reduce_only = intent.reduce_only ? 1 : 0;
    command.post_only = intent.post_only ? 1 : 0;
    if (intent.kind == CommandKind::replace || intent.kind == CommandKind::cancel) {
        const Order& order = *parts_.orders.find(*id);
        command.instrument = order.instrument;
        command.side = order.side;
        command.time_in_force = order.time_in_force;
        command.reduce_only = order.reduce_only;
    }
    if (command.instrument != InstrumentId::none) command.venue = parts_.instruments[command.instrument].venue;
    command.valid_until = valid_until;
    command.decision = intent.decision;
    command.trigger_sequence = event.sequence;
    command.trigger_cycles = event.receive_cycles;
    command.emitted_cycles = meter_.now();
    ++counts_.commands;
    const bool pushed = outbox_.commands.push(command);
    KEEL_ASSERT(pushed);  // as many commands fit as intents
    return true;
}

template <class Risk, class StrategyT, class GateT, class Meter>
requires RiskModel<Risk> && Strategy<StrategyT, Risk> && Gate<GateT, Risk>
void EngineLoop<Risk, StrategyT, GateT, Meter>::refuse(const Refusal& refusal) {
    ++counts_.refusals;
    const bool pushed = outbox_.refusals.push(refusal);
    KEEL_ASSERT(pushed);  // as many refusals fit as intents
}

template <class Risk, class StrategyT, class GateT, class Meter>
requires RiskModel<Risk> && Strategy<StrategyT, Risk> && Gate<GateT, Risk> Refusal
EngineLoop<Risk, StrategyT, GateT, Meter>::refusal_of(const OrderIntent& intent, GateLimit limit)
const {
    Refusal refusal;
    refusal.event_sequence = sequence_;
    refusal.time = now_;
    refusal.decision = intent.decision;
    refusal.instrument = intent.instrument;
    refusal.side = intent.side;
    refusal.kind = intent.kind;
    refusal.limit = limit;
    refusal.price = intent.price;
    refusal.quantity = intent.quantity;
    return refusal;
}

}  // namespace keel
