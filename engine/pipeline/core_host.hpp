#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <span>
#include <thread>
#include <utility>

#include "engine/journal/journal_writer.hpp"
#include "engine/pipeline/outbox.hpp"

namespace keel {

// Where a host puts what goes in and out of the core, before anything leaves it.
template <class R>
concept Recorder = requires(R& recorder, const Event& event, std::span<const DecisionRecord> decisions,
                            std::span<const Refusal> refusals, std::span<const OrderCommand> commands,
                            const CheckpointRecord& checkpoint) {
    { recorder.event(event) } -> std::same_as<bool>;
    { recorder.outputs(decisions, refusals, commands) } -> std::same_as<bool>;
    { recorder.checkpoint(checkpoint) } -> std::same_as<bool>;
    { recorder.writable() } -> std::same_as<bool>;
};

// Records into a journal. Where a burst outruns the journal's thread it waits for room (counted), as
// long as the journal is sound.
// Thread: core. Allocates: never.
class JournalRecorder {
public:
    explicit JournalRecorder(JournalWriter& writer) : writer_{writer} {}

    [[nodiscard]] bool event(const Event& event) noexcept { return put(event); }
    [[nodiscard]] bool outputs(std::span<const DecisionRecord> decisions, std::span<const Refusal> refusals,
                               std::span<const OrderCommand> commands) noexcept {
        for (const DecisionRecord& decision : decisions)
            if (!put(decision)) return false;
        for (const Refusal& refusal : refusals)
            if (!put(refusal)) return false;
        for (const OrderCommand& command : commands)
            if (!put(command)) return false;
        return true;
    }
    [[nodiscard]] bool checkpoint(const CheckpointRecord& checkpoint) noexcept { return put(checkpoint); }
    [[nodiscard]] bool writable() const noexcept { return writer_.writable(); }
    [[nodiscard]] std::uint64_t waits() const noexcept { return waits_.load(std::memory_order_relaxed); }

private:
    template <class T>
    bool put(const T& record) noexcept {
        while (!writer_.append(record)) {
            if (!writer_.writable()) return false;
            waits_.store(waits_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
            std::this_thread::yield();
        }
        return true;
    }
    JournalWriter& writer_;
    std::atomic<std::uint64_t> waits_{0};
};

// Records nothing: benchmarks, and tests of the loop alone.
struct NoRecorder {
    [[nodiscard]] static bool event(const Event&) noexcept { return true; }
    [[nodiscard]] static bool outputs(std::span<const DecisionRecord>, std::span<const Refusal>,
                                      std::span<const OrderCommand>) noexcept {
        return true;
    }
    [[nodiscard]] static bool checkpoint(const CheckpointRecord&) noexcept { return true; }
    [[nodiscard]] static bool writable() noexcept { return true; }
};

// What looks on from the core's thread, after an event's commands have left: telemetry, reports.
struct NoObserver {
    static void seen(const Event&, const Outbox&) noexcept {}
};

// Stands between the edges and the loop, the same in both layouts:
//
//   stamp the global sequence ─► record the event ─► loop ─► record what it said ─► hand the commands on
//
// A command leaves only after it is in the journal. When the journal takes no more, the host halts: an
// event that cannot be recorded must not move the core. When the journal merely warns (full disk), the
// core hears of it as an event and its gate stops new orders.
// Thread: core; halted() by any. Allocates: never.
template <class Loop, Recorder R, class Observer = NoObserver>
class CoreHost {
public:
    CoreHost(Loop& loop, R& recorder) : CoreHost{loop, recorder, no_observer_} {}
    CoreHost(Loop& loop, R& recorder, Observer& observer) : loop_{loop}, recorder_{recorder}, observer_{observer} {}

    // `send` takes each command, in order. False: halted, the event was not applied or its commands did
    // not leave.
    template <class Send>
    bool process(Event event, Send&& send) noexcept {
        if (const bool writable = recorder_.writable(); writable != writable_) {
            writable_ = writable;
            OperatorCommand command;
            command.action = writable ? OperatorAction::journal_writable : OperatorAction::journal_unwritable;
            Event notice = Event::of(EventKind::operator_command, VenueId::none, InstrumentId::none, command);
            notice.receive_time = event.receive_time;
            if (!step(notice, send)) return false;
        }
        return step(event, send);
    }

    [[nodiscard]] bool halted() const noexcept { return halted_.load(std::memory_order_acquire); }
    [[nodiscard]] const Loop& loop() const noexcept { return loop_; }

private:
    template <class Send>
    bool step(Event& event, Send&& send) noexcept {
        if (halted_.load(std::memory_order_relaxed)) return false;
        event.sequence = sequence_ + 1;
        if (!recorder_.event(event)) return halt();
        ++sequence_;
        const Outbox& outbox = loop_.on(event);
        if (!recorder_.outputs({outbox.decisions.begin(), outbox.decisions.size()},
                               {outbox.refusals.begin(), outbox.refusals.size()},
                               {outbox.commands.begin(), outbox.commands.size()}))
            return halt();
        for (const OrderCommand& command : outbox.commands) send(command);
        if (sequence_ % kCheckpointEvents == 0 && !recorder_.checkpoint({sequence_, loop_.state_hash()})) return halt();
        observer_.seen(event, outbox);
        return true;
    }
    bool halt() noexcept {
        halted_.store(true, std::memory_order_release);
        return false;
    }

    static inline NoObserver no_observer_{};
    Loop& loop_;
    R& recorder_;
    Observer& observer_;
    std::uint64_t sequence_{0};
    bool writable_{true};
    std::atomic<bool> halted_{false};
};

}  // namespace keel
