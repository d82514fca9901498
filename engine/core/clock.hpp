#pragma once

#include <cstdint>

#include "engine/core/time.hpp"

namespace keel {

// Cycle stamp for latency only; never part of a decision. (The builtin: <x86intrin.h> would cost every file
// that includes this one 0.4 s of compilation.)
inline std::uint64_t cycles_now() { return __builtin_ia32_rdtsc(); }

// Cycles per nanosecond, measured once at start against CLOCK_MONOTONIC (takes ~20 ms).
double calibrate_cycles_per_ns();

// Wall clock of this host.
UnixNanos wall_now();

// The clock of the edges, from which events take their receive time; the core never reads one.
// `host` is this machine's wall clock. `venue` follows the newest exchange time that was observed: for
// simulated and replayed venues, whose day is not ours and whose hours may pass faster.
// Thread: the one that owns it. Never runs backwards.
class EdgeClock {
public:
    enum class Source : std::uint8_t { host, venue };

    explicit EdgeClock(Source source) : source_{source} {}

    void observe(UnixNanos exchange_time) {
        if (source_ == Source::venue && exchange_time > last_) last_ = exchange_time;
    }
    [[nodiscard]] UnixNanos now() {
        if (source_ == Source::host) {
            const UnixNanos wall = wall_now();
            if (wall > last_) last_ = wall;
        }
        return last_;
    }
    [[nodiscard]] Source source() const { return source_; }

private:
    Source source_;
    UnixNanos last_{};
};

}  // namespace keel
