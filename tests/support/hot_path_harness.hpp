#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "engine/pipeline/core_host.hpp"
#include "engine/pipeline/runner.hpp"
#include "tests/support/hot_path_guard.hpp"

namespace keel::test {

struct HotPathReport {
    bool trapped{false};  // false: the kernel refused the trap, nothing was measured
    bool halted{false};
    std::uint64_t events{0};
    std::uint64_t commands{0};
    HotPathCounts counts{};
};

// Counts from the moment an event enters the core (it is about to be recorded) until its commands have
// been handed on. `plant` is called in between, to see that the counting works.
class GuardedRecorder {
public:
    explicit GuardedRecorder(JournalWriter& writer, void (*plant)() = nullptr) : inner_{writer}, plant_{plant} {}

    bool event(const Event& event) noexcept {
        arm_hot_path();
        return inner_.event(event);
    }
    bool outputs(std::span<const DecisionRecord> decisions, std::span<const Refusal> refusals,
                 std::span<const OrderCommand> commands) noexcept {
        if (plant_ != nullptr) plant_();
        return inner_.outputs(decisions, refusals, commands);
    }
    bool checkpoint(const CheckpointRecord& checkpoint) noexcept { return inner_.checkpoint(checkpoint); }
    [[nodiscard]] bool writable() const noexcept { return inner_.writable(); }

private:
    JournalRecorder inner_;
    void (*plant_)();
};

struct GuardedObserver {
    std::uint64_t events{0};
    std::uint64_t commands{0};
    void seen(const Event&, const Outbox& outbox) noexcept {
        disarm_hot_path();
        ++events;
        commands += outbox.commands.size();
    }
};

// Runs a core over links on a thread whose system calls are trapped, in either layout, until `done`
// says so (asked by that thread between turns). In the inline layout the links' poll() lies outside of
// what is counted and their send() inside.
template <class Loop>
HotPathReport run_hot_path(Loop& loop, const std::vector<Link*>& links, Layout layout, JournalWriter& writer,
                           const std::function<bool()>& done, void (*plant)() = nullptr) {
    using Host = CoreHost<Loop, GuardedRecorder, GuardedObserver>;
    GuardedRecorder recorder{writer, plant};
    GuardedObserver observer;
    Host host{loop, recorder, observer};
    RunnerOptions options;
    options.clock = EdgeClock::Source::venue;
    options.event_queue_max = 64;  // answers to orders come before the story is over
    HotPathReport report;
    const auto turn_until_done = [&done, &host](auto& runner) {
        IdleStrategy idle{IdleKind::yield};
        while (!done() && !host.halted()) idle.idle(runner.turn());
    };
    const auto take_counts = [&report] { report.counts = hot_path_counts(); };
    if (layout == Layout::inline_run) {
        InlineRunner<Host> runner{host, links, options};
        report.trapped = run_with_trapped_system_calls([&] {
            turn_until_done(runner);
            take_counts();
        });
    } else {
        PipelineRunner<Host> runner{host, links, options};
        runner.start_links();
        report.trapped = run_with_trapped_system_calls([&] {
            turn_until_done(runner);
            take_counts();
        });
        runner.stop();
    }
    report.halted = host.halted();
    report.events = observer.events;
    report.commands = observer.commands;
    return report;
}

}  // namespace keel::test
