#include "engine/core/clock.hpp"

#include <chrono>
#include <ctime>

namespace keel {
namespace {

std::int64_t clock_ns(clockid_t id) {
    timespec now{};
    ::clock_gettime(id, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

UnixNanos wall_now() { return UnixNanos{clock_ns(CLOCK_REALTIME)}; }

double calibrate_cycles_per_ns() {
    constexpr std::int64_t kWindowNs = 20'000'000;  // long enough for 1e-4 accuracy, short enough for start-up
    const std::int64_t start_ns = clock_ns(CLOCK_MONOTONIC);
    const std::uint64_t start = cycles_now();
    std::int64_t now_ns = start_ns;
    while (now_ns - start_ns < kWindowNs) now_ns = clock_ns(CLOCK_MONOTONIC);
    return static_cast<double>(cycles_now() - start) / static_cast<double>(now_ns - start_ns);
}

}  // namespace keel
