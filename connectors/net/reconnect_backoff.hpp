#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "connectors/net/rate_limiter.hpp"

namespace keel::connectors::net {

// How long to wait before the next attempt to connect: uniform between zero and a bound that doubles
// with each failure up to the cap ("full jitter"), so that many clients do not return together. Its
// randomness comes from the seed alone.
// Thread: one. Allocates: never.
class ReconnectBackoff {
public:
    struct Options {
        std::chrono::nanoseconds first{std::chrono::milliseconds{100}};
        std::chrono::nanoseconds cap{std::chrono::seconds{30}};
    };
    ReconnectBackoff(Options options, std::uint64_t seed) : options_{options}, state_{seed} {}

    [[nodiscard]] std::chrono::nanoseconds next();
    // The connection worked: the next wait starts small again.
    void reset() { failures_ = 0; }
    [[nodiscard]] std::chrono::nanoseconds bound() const;
    [[nodiscard]] unsigned failures() const { return failures_; }

private:
    Options options_;
    std::uint64_t state_;
    unsigned failures_{0};
};

// Connection attempts that the whole process may make in a sliding window: the last defence against a
// storm, shared by every link.
// Thread: any (a mutex; connecting is not the hot path). Allocates: at construction only.
class ConnectBudget {
public:
    ConnectBudget(std::size_t attempts_max, std::chrono::nanoseconds window);
    [[nodiscard]] bool take(Monotonic now);

private:
    std::mutex mutex_;
    std::vector<Monotonic> attempts_;  // ring of the last attempts_max
    std::size_t next_{0};
    std::size_t count_{0};
    std::chrono::nanoseconds window_;
};

}  // namespace keel::connectors::net
