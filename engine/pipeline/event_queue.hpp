#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "engine/events/command.hpp"
#include "engine/events/event.hpp"

#if defined(__SANITIZE_THREAD__)
#include <concurrentqueue/concurrentqueue.h>
#else
#include <readerwriterqueue/readerwriterqueue.h>
#endif

namespace keel {

// The bounded lock-free queue behind every hot hop. ThreadSanitizer does not model the fences of
// ReaderWriterQueue and reports races that are none, so its build takes the other queue, and the real
// one has a stress test of its own.
#if defined(__SANITIZE_THREAD__)
template <class T>
using HopQueue = moodycamel::ConcurrentQueue<T>;
#else
template <class T>
using HopQueue = moodycamel::ReaderWriterQueue<T>;
#endif

// One producer, one consumer, first in first out. A full queue says so: what to do is the producer's
// business (market data may be conflated, orders and account events wait).
// Thread: push by one, pop by one, counts by any. Allocates: at construction only.
template <class T>
class SpscQueue {
public:
    explicit SpscQueue(std::size_t items_max) : queue_{items_max} {}

    [[nodiscard]] bool try_push(const T& item) noexcept {
        if (!queue_.try_enqueue(item)) {
            refused_.store(refused_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
            return false;
        }
        return true;
    }
    [[nodiscard]] bool try_pop(T& item) noexcept { return queue_.try_dequeue(item); }

    // Items waiting, about.
    [[nodiscard]] std::size_t depth() const noexcept { return queue_.size_approx(); }
    // Pushes that met a full queue.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }

private:
    HopQueue<T> queue_;
    alignas(64) std::atomic<std::uint64_t> refused_{0};  // the producer's line, read by telemetry
};

using EventQueue = SpscQueue<Event>;
using CommandQueue = SpscQueue<OrderCommand>;

inline constexpr std::size_t kEventQueueMax = 65'536;   // one whole EventBatch: 8 MiB a connection
inline constexpr std::size_t kCommandQueueMax = 1'024;  // sixteen full outboxes

}  // namespace keel
