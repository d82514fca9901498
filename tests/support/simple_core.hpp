#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "engine/pipeline/engine_loop.hpp"
#include "engine/pipeline/event_queue.hpp"
#include "engine/pipeline/link.hpp"
#include "tests/support/event_builders.hpp"

namespace keel::test {

// The smallest risk that makes a loop work: holds the position, fires when it leaves a boundary.
class SimpleRisk {
public:
    explicit SimpleRisk(std::int64_t boundary_lots) : boundary_lots_{boundary_lots} {}

    void apply(const Event& event, const CoreView&) {
        if (event.kind == EventKind::fill) {
            const auto fill = event.as<FillReport>();
            position_ += event.side() == Side::bid ? fill.quantity : -fill.quantity;
        } else if (event.kind == EventKind::position) {
            position_ = event.as<PositionReport>().quantity;
        }
        ++applied_;
    }
    std::span<const FiredTrigger> evaluate(const CoreView& view) {
        fired_.clear();
        if (std::abs(position_.count()) > boundary_lots_ && view.orders.live().empty()) {
            FiredTrigger trigger;
            trigger.metric = Metric::net_delta;
            trigger.signal = TriggerSignal::hard;
            trigger.value = static_cast<double>(position_.count());
            trigger.hard = static_cast<double>(boundary_lots_);
            (void)fired_.push(trigger);
        }
        return {fired_.begin(), fired_.size()};
    }
    void hash_into(StateHash& hash) const {
        hash.add(position_);
        hash.add(applied_);
    }
    [[nodiscard]] Quantity position() const { return position_; }
    [[nodiscard]] std::uint64_t applied() const { return applied_; }

private:
    std::int64_t boundary_lots_;
    Quantity position_{};
    std::uint64_t applied_{0};
    FixedVector<FiredTrigger, 4> fired_;
};

// Trades the position away at the touch in pieces, at times whole (which the gate may refuse), and says
// why.
class SimpleStrategy {
public:
    explicit SimpleStrategy(std::int64_t slack_ticks = 0) : slack_ticks_{slack_ticks} {}

    void react(const Event& event, std::span<const FiredTrigger> fired, const SimpleRisk& risk, const CoreView& view,
               StrategyOutput& out) {
        for (const FiredTrigger& trigger : fired) {
            const OrderBook* book = view.books.find(kPerpetual);
            if (book == nullptr || !book->valid() || !book->top().two_sided()) continue;
            const Side side = risk.position().count() > 0 ? Side::ask : Side::bid;
            const Price touch = side == Side::bid ? book->top().ask.price + Price{slack_ticks_}
                                                  : book->top().bid.price - Price{slack_ticks_};
            DecisionRecord decision;
            decision.id = static_cast<DecisionId>(++decisions_);
            decision.event_sequence = event.sequence;
            decision.time = view.now;
            decision.trigger = trigger;
            decision.status = SolveStatus::optimal;
            decision.need = -trigger.value.value();
            OrderIntent intent;
            intent.instrument = kPerpetual;
            intent.side = side;
            intent.time_in_force = TimeInForce::immediate_or_cancel;
            intent.price = touch;
            const std::int64_t lots = std::abs(risk.position().count());
            intent.quantity = Quantity{decisions_ % 16 == 1 ? lots : std::min<std::int64_t>(lots, 30)};
            intent.decision = decision.id;
            (void)out.decisions.push(decision);
            (void)out.intents.push(intent);
        }
    }
    void hash_into(StateHash& hash) const { hash.add(decisions_); }

private:
    std::int64_t slack_ticks_;
    std::uint64_t decisions_{0};
};

// Refuses orders above a quantity, and all but cancels while the journal is unwritable.
class SimpleGate {
public:
    explicit SimpleGate(std::int64_t quantity_max_lots) : quantity_max_{quantity_max_lots} {}

    void apply(const Event& event, const CoreView&) {
        if (event.kind != EventKind::operator_command) return;
        const auto command = event.as<OperatorCommand>();
        if (command.action == OperatorAction::journal_unwritable) open_ = 0;
        if (command.action == OperatorAction::journal_writable) open_ = 1;
    }
    std::optional<Refusal> check(const OrderIntent& intent, const SimpleRisk&, const CoreView& view) {
        if (intent.kind == CommandKind::cancel) return std::nullopt;
        const bool large = intent.quantity > quantity_max_;
        if (!large && open_ != 0) return std::nullopt;
        Refusal refusal;
        refusal.event_sequence = view.sequence;
        refusal.time = view.now;
        refusal.decision = intent.decision;
        refusal.instrument = intent.instrument;
        refusal.side = intent.side;
        refusal.kind = intent.kind;
        refusal.limit = large ? GateLimit::order_quantity : GateLimit::journal_unwritable;
        refusal.value = static_cast<double>(intent.quantity.count());
        refusal.bound = static_cast<double>(quantity_max_.count());
        return refusal;
    }
    void hash_into(StateHash& hash) const { hash.add(open_); }

private:
    Quantity quantity_max_;
    std::uint8_t open_{1};
};

// One core of these parts, with one perpetual and its book.
template <class Meter = NoMeter>
struct SimpleCore {
    using Loop = EngineLoop<SimpleRisk, SimpleStrategy, SimpleGate, Meter>;

    explicit SimpleCore(std::int64_t slack_ticks = 0, bool send_orders = true, std::uint32_t epoch = 9)
        : instruments{one_perpetual()},
          orders{epoch},
          strategy{slack_ticks},
          loop{{instruments, opened(books), orders, risk, strategy, gate}, settings(send_orders)} {}

    static InstrumentTable one_perpetual() {
        InstrumentTable table;
        Instrument instrument;
        instrument.venue = VenueId::deribit;
        instrument.set_name("BTC-PERPETUAL");
        (void)table.underlying("BTC");
        (void)table.currency("USD");
        (void)table.add(instrument);
        return table;
    }
    static BookSet& opened(BookSet& books) {
        books.open(kPerpetual, 64);
        return books;
    }
    static LoopSettings settings(bool send_orders) {
        LoopSettings settings;
        settings.send_orders = send_orders;
        return settings;
    }

    InstrumentTable instruments;
    BookSet books;
    OrderTable orders;
    SimpleRisk risk{10};
    SimpleStrategy strategy;
    SimpleGate gate{40};
    Loop loop;
};

// A seeded venue on one link: a book that moves, fills from elsewhere that push the position out of its
// boundary, and answers to orders: acknowledged and filled, refused, or doubted.
class ScriptedExchange final : public OrderLink {
public:
    ScriptedExchange(std::uint64_t seed, std::uint64_t messages) : random_{seed}, messages_{messages} {
        waiting_.reserve(kCommandQueueMax);  // send() may be counted
    }

    [[nodiscard]] VenueId venue() const override { return VenueId::deribit; }

    std::size_t poll(EventBatch& batch) override {
        const std::size_t before = batch.size();
        for (const OrderCommand& command : waiting_) answer(command, batch);
        answered_.fetch_add(waiting_.size());
        waiting_.clear();
        if (sent_ < messages_) {
            ++sent_;
            message(batch);
        }
        return batch.size() - before;
    }
    void send(const OrderCommand& command) override {
        received_.fetch_add(1);
        waiting_.push_back(command);
    }
    // These three may be asked from another thread.
    [[nodiscard]] bool done() const { return sent_.load() == messages_ && answered_.load() == received_.load(); }
    [[nodiscard]] std::uint64_t received() const { return received_.load(); }
    [[nodiscard]] std::uint64_t events() const { return events_.load(); }

private:
    std::int64_t below(std::uint64_t bound) { return static_cast<std::int64_t>(random_() % bound); }

    void put(EventBatch& batch, Event event) {
        event.receive_time = UnixNanos{at_ms(0).ns() + static_cast<std::int64_t>(++events_) * 50'000};
        event.exchange_time = event.receive_time;
        event.receive_cycles = events_;
        (void)batch.push(event);
    }

    void message(EventBatch& batch) {
        const std::int64_t kind = sent_ == 1 ? 0 : below(10);
        if (kind == 1) {
            Event fill = fill_event(ClientOrderId::none, ++trades_, 1 + below(30));
            fill.set_side(below(2) == 0 ? Side::bid : Side::ask);
            put(batch, fill);
            return;
        }
        const std::uint64_t previous = sequence_;
        sequence_ += 1 + static_cast<std::uint64_t>(below(3));
        if (kind == 0) {
            middle_ += below(21) - 10;
            const auto snapshot = EventKind::book_snapshot;
            for (std::int64_t at = 1; at <= 10; ++at) {
                put(batch, level_event(snapshot, Side::bid, middle_ - at, 5 + below(50), sequence_, 0,
                                       at == 1 ? 0u + kFirst : 0u));
                put(batch, level_event(snapshot, Side::ask, middle_ + at, 5 + below(50), sequence_, 0,
                                       at == 10 ? 0u + kLast : 0u));
            }
            return;
        }
        put(batch, level_event(EventKind::level_update, Side::bid, middle_ - 1 - below(10), below(40), sequence_,
                               previous, kFirst));
        put(batch, level_event(EventKind::level_update, Side::ask, middle_ + 1 + below(10), 1 + below(40), sequence_,
                               previous, kLast));
    }

    void answer(const OrderCommand& command, EventBatch& batch) {
        const std::int64_t fate = below(10);
        if (fate == 0) {
            put(batch, order_event(EventKind::order_rejected, command.client_order_id));
            return;
        }
        if (fate == 1) put(batch, order_event(EventKind::order_unknown, command.client_order_id));
        Event ack = order_event(EventKind::order_acked, command.client_order_id, command.price.count(),
                                command.quantity.count(), ++versions_);
        put(batch, ack);
        Event fill = fill_event(command.client_order_id, ++trades_, command.quantity.count(), command.price.count());
        fill.set_side(command.side);
        put(batch, fill);
        if (fate == 2) put(batch, fill);  // once more, as after a reconnect
    }

    std::mt19937_64 random_;
    std::uint64_t messages_;
    std::atomic<std::uint64_t> sent_{0};
    std::atomic<std::uint64_t> received_{0};
    std::atomic<std::uint64_t> answered_{0};
    std::atomic<std::uint64_t> events_{0};
    std::uint64_t sequence_{100};
    std::uint64_t trades_{0};
    std::uint64_t versions_{0};
    std::int64_t middle_{100'000};
    std::vector<OrderCommand> waiting_;
};

}  // namespace keel::test
