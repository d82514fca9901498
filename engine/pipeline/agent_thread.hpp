#pragma once

#include <atomic>
#include <concepts>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "engine/core/result.hpp"
#include "engine/pipeline/idle.hpp"

namespace keel {

struct AgentOptions {
    std::string name{"agent"};     // at most 15 characters, as the kernel shows it
    std::optional<unsigned> core;  // pinned to this one where set
    IdleKind idle{IdleKind::yield};
};

// Names and pins the calling thread. Errors: config_invalid (detail: the core) where the core does not
// exist or is not ours.
Result<void> prepare_thread(const AgentOptions& options);

// Runs a duty (a callable that returns the work it did) turn after turn on a thread of its own, until
// it is stopped. A duty that cannot be pinned runs unpinned and says so through pinned().
// Thread: started, stopped and joined by its owner. Allocates: at construction.
class AgentThread {
public:
    template <class Duty>
    requires std::convertible_to<std::invoke_result_t<Duty&>, std::size_t> AgentThread(AgentOptions options, Duty duty)
        : thread_{[this, options = std::move(options), duty = std::move(duty)](std::stop_token stop) mutable {
              pinned_.store(prepare_thread(options).has_value() && options.core.has_value());
              IdleStrategy idle{options.idle};
              while (!stop.stop_requested()) idle.idle(duty());
              ended_.store(true, std::memory_order_release);
          }} {}

    AgentThread(const AgentThread&) = delete;
    AgentThread& operator=(const AgentThread&) = delete;
    // Stops and joins.
    ~AgentThread() { stop(); }

    void request_stop() { thread_.request_stop(); }
    // Returns when the last turn has ended.
    void stop() {
        thread_.request_stop();
        if (thread_.joinable()) thread_.join();
    }
    [[nodiscard]] bool pinned() const { return pinned_.load(); }
    [[nodiscard]] bool ended() const { return ended_.load(std::memory_order_acquire); }

private:
    std::atomic<bool> pinned_{false};
    std::atomic<bool> ended_{false};
    std::jthread thread_;  // last: it uses the members above from its first turn
};

}  // namespace keel
