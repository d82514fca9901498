#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <concurrentqueue/concurrentqueue.h>

#include "engine/core/assert.hpp"
#include "engine/core/clock.hpp"
#include "engine/core/fixed_vector.hpp"
#include "engine/pipeline/agent_thread.hpp"
#include "engine/pipeline/event_queue.hpp"
#include "engine/pipeline/link.hpp"

namespace keel {

inline constexpr std::size_t kLinksMax = 16;                 // connections of one engine
inline constexpr std::size_t kInboxMax = 256;                // operator commands that wait
inline constexpr std::size_t kPopMax = 64;                   // events taken from one queue before the next has its turn
inline constexpr std::chrono::milliseconds kTimerEvery{10};  // of the edge's clock

enum class Layout : std::uint8_t { inline_run, pipeline };

struct RunnerOptions {
    EdgeClock::Source clock{EdgeClock::Source::host};
    IdleKind idle{IdleKind::yield};
    std::optional<unsigned> core_of_core;         // where the core's thread is pinned
    std::vector<unsigned> cores_of_links;         // by link; links without one are not pinned
    std::size_t event_queue_max{kEventQueueMax};  // events that wait between a link and the core
    bool live{true};  // false: a replay, whose record holds the timers and the fates of unsent orders
};

// What the edges of both layouts share: the operator's inbox, the timer, and the answer to a command
// that no link carries.
// Thread: core; post() by any. Allocates: at construction, and in post() (an operator is not hot).
class CoreEdge {
public:
    explicit CoreEdge(const RunnerOptions& options) : clock_{options.clock}, live_{options.live}, inbox_{kInboxMax} {}

    // An input of the engine itself, e.g. a kill level; stamped with the edge's time when it is taken.
    bool post(const Event& event) { return inbox_.enqueue(event); }

    // A command that found no link or a full queue: no byte of it left.
    void not_sent(const OrderCommand& command) noexcept {
        if (!live_ || command.kind == CommandKind::cancel_all) return;
        OrderReport report;
        report.client_order_id = command.client_order_id;
        Event event = Event::of(EventKind::order_not_sent, command.venue, command.instrument, report);
        event.set(kOurs);
        event.set_side(command.side);
        const bool kept = unsent_.push(event);
        KEEL_ASSERT(kept);  // drained every turn, and one event makes at most this many commands
    }

    void saw(const Event& event) noexcept {
        clock_.observe(event.receive_time);
        newest_ = std::max(newest_, event.receive_time);
    }

    // Hands out what is due. `take` gets each event; returns how many there were.
    template <class Take>
    std::size_t turn(Take&& take) noexcept {
        std::size_t done = 0;
        Event event;
        while (inbox_.try_dequeue(event)) {
            event.receive_time = std::max(clock_.now(), newest_);
            take(event);
            ++done;
        }
        // Only those that wait now: what they lead to has its turn next time.
        const std::size_t due = unsent_.size();
        for (std::size_t at = 0; at < due; ++at) {
            event = unsent_[at];
            event.receive_time = std::max(clock_.now(), newest_);
            take(event);
            ++done;
        }
        unsent_.erase_front(due);
        if (live_) {
            const UnixNanos now = clock_.now();
            if (now.ns() != 0 && now - last_timer_ >= kTimerEvery) {
                last_timer_ = now;
                Event timer = Event::of(EventKind::timer, VenueId::none, InstrumentId::none, Timer{});
                timer.receive_time = now;
                timer.receive_cycles = cycles_now();
                take(timer);
                ++done;
            }
        }
        return done;
    }

private:
    EdgeClock clock_;
    bool live_;
    moodycamel::ConcurrentQueue<Event> inbox_;
    FixedVector<Event, 4'096> unsent_;
    UnixNanos newest_{};
    UnixNanos last_timer_{};
};

// Depth and refusals of one queue, for telemetry.
struct QueueStats {
    std::size_t depth{0};
    std::uint64_t refused{0};
};

// One thread polls every link, runs the core and sends its commands, to completion: fewest hops.
// Thread: turn() by one (start() makes one for it). Allocates: at construction.
template <class Host>
class InlineRunner {
public:
    InlineRunner(Host& host, std::vector<Link*> links, RunnerOptions options = {})
        : host_{host}, links_{std::move(links)}, options_{std::move(options)}, edge_{options_} {
        KEEL_ASSERT(links_.size() <= kLinksMax);
        for (Link* link : links_)
            if (auto* const order_link = dynamic_cast<OrderLink*>(link); order_link != nullptr)
                order_links_.push_back(order_link);
    }

    // Polls each link once; returns the work done.
    std::size_t turn() noexcept {
        const auto take = [this](const Event& event) { process(event); };
        std::size_t done = edge_.turn(take);
        for (Link* const link : links_) {
            batch_.clear();
            done += link->poll(batch_);
            for (const Event& event : batch_.events()) {
                edge_.saw(event);
                process(event);
            }
        }
        return done;
    }

    void start() {
        thread_ = std::make_unique<AgentThread>(AgentOptions{"core", options_.core_of_core, options_.idle},
                                                [this] { return turn(); });
    }
    void stop() { thread_.reset(); }
    bool post(const Event& event) { return edge_.post(event); }
    [[nodiscard]] std::vector<QueueStats> queues() const { return {}; }
    [[nodiscard]] bool halted() const { return host_.halted(); }

private:
    void process(const Event& event) noexcept {
        host_.process(event, [this](const OrderCommand& command) { send(command); });
    }
    void send(const OrderCommand& command) noexcept {
        bool carried = false;
        for (OrderLink* const link : order_links_) {
            if (command.venue != VenueId::none && link->venue() != command.venue) continue;
            link->send(command);
            carried = true;
            if (command.venue != VenueId::none) break;
        }
        if (!carried) edge_.not_sent(command);
    }

    Host& host_;
    std::vector<Link*> links_;
    std::vector<OrderLink*> order_links_;
    RunnerOptions options_;
    CoreEdge edge_;
    EventBatch batch_;
    std::unique_ptr<AgentThread> thread_;
};

// A thread per link and one for the core, joined by queues: one in from each link, polled in turn, one
// out to each that carries orders. Nothing is dropped: a link that finds its queue full waits, and the
// wait reaches the venue as back-pressure.
// Thread: start, stop and post by the owner. Allocates: at construction and start.
template <class Host>
class PipelineRunner {
public:
    PipelineRunner(Host& host, const std::vector<Link*>& links, RunnerOptions options = {})
        : host_{host}, options_{std::move(options)}, edge_{options_} {
        KEEL_ASSERT(links.size() <= kLinksMax);
        for (Link* link : links) lanes_.push_back(std::make_unique<Lane>(link, options_.event_queue_max));
    }
    ~PipelineRunner() { stop(); }

    void start() {
        start_links();
        thread_ = std::make_unique<AgentThread>(AgentOptions{"core", options_.core_of_core, options_.idle},
                                                [this] { return turn(); });
    }
    // The links only: the caller's thread is the core's and takes its turns itself.
    void start_links() {
        stopping_.store(false);
        for (std::size_t at = 0; at < lanes_.size(); ++at) {
            AgentOptions agent{"link-" + std::to_string(at), std::nullopt, options_.idle};
            if (at < options_.cores_of_links.size()) agent.core = options_.cores_of_links[at];
            Lane& lane = *lanes_[at];
            lane.thread = std::make_unique<AgentThread>(agent, [this, &lane] { return turn_link(lane); });
        }
        started_ = true;
    }
    // One turn of the core: what waits in each queue, at most kPopMax of each.
    std::size_t turn() noexcept {
        const auto take = [this](const Event& event) { process(event); };
        std::size_t done = edge_.turn(take);
        Event event;
        for (const auto& lane : lanes_) {
            for (std::size_t popped = 0; popped < kPopMax && lane->in.try_pop(event); ++popped) {
                edge_.saw(event);
                process(event);
                ++done;
            }
        }
        return done;
    }
    // The links end first, then the core takes what they left behind; commands that no link took are
    // reported as not sent.
    void stop() {
        if (!started_) return;
        started_ = false;
        stopping_.store(true, std::memory_order_release);
        for (const auto& lane : lanes_) lane->thread->request_stop();
        // A link may wait for room: somebody keeps taking until it has ended.
        for (const auto& lane : lanes_)
            while (!lane->thread->ended())
                if (thread_ != nullptr || turn() == 0) std::this_thread::yield();
        for (const auto& lane : lanes_) lane->thread.reset();
        thread_.reset();
        OrderCommand command;
        for (const auto& lane : lanes_)
            while (lane->out.try_pop(command)) edge_.not_sent(command);
        for (std::size_t turns = 0; turns < kDrainTurnsMax && turn() > 0; ++turns) {
        }
    }
    bool post(const Event& event) { return edge_.post(event); }
    [[nodiscard]] std::vector<QueueStats> queues() const {
        std::vector<QueueStats> stats;
        for (const auto& lane : lanes_) stats.push_back({lane->in.depth(), lane->in.refused()});
        return stats;
    }
    [[nodiscard]] bool halted() const { return host_.halted(); }

private:
    static constexpr std::size_t kDrainTurnsMax = 100'000;  // far beyond all queues; ends a resubmitting strategy

    struct Lane {
        Lane(Link* polled, std::size_t events_max)
            : link{polled}, order_link{dynamic_cast<OrderLink*>(polled)}, in{events_max}, out{kCommandQueueMax} {}
        Link* link;
        OrderLink* order_link;
        EventQueue in;
        CommandQueue out;
        EventBatch batch;
        std::unique_ptr<AgentThread> thread;
    };

    std::size_t turn_link(Lane& lane) noexcept {
        std::size_t done = 0;
        OrderCommand command;
        while (lane.out.try_pop(command)) {
            lane.order_link->send(command);
            ++done;
        }
        lane.batch.clear();
        done += lane.link->poll(lane.batch);
        for (const Event& event : lane.batch.events())
            while (!lane.in.try_push(event)) std::this_thread::yield();  // the core outlives its links
        return done;
    }

    void process(const Event& event) noexcept {
        host_.process(event, [this](const OrderCommand& command) { send(command); });
    }
    void send(const OrderCommand& command) noexcept {
        bool carried = false;
        for (const auto& lane : lanes_) {
            if (lane->order_link == nullptr || stopping_.load(std::memory_order_relaxed)) continue;
            if (command.venue != VenueId::none && lane->order_link->venue() != command.venue) continue;
            carried = lane->out.try_push(command);
            if (command.venue != VenueId::none) break;
        }
        if (!carried) edge_.not_sent(command);
    }

    Host& host_;
    RunnerOptions options_;
    CoreEdge edge_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    std::unique_ptr<AgentThread> thread_;
    std::atomic<bool> stopping_{false};
    bool started_{false};
};

}  // namespace keel
