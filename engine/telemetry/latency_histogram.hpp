#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <optional>

namespace keel {

// The percentiles that reports show. Nothing where there are too few samples to say.
struct LatencySummary {
    std::uint64_t count{0};
    std::optional<std::uint64_t> p50, p90, p99, p99_9, p99_99;
    std::uint64_t max{0};
};

// Counts durations in log-linear buckets: exact below 64, within 1.6 % above, for the whole 64-bit
// range, in fixed memory (30 KiB). The unit is the caller's: nanoseconds or cycles.
// Thread: recorded by one, read by any (counts may be one sample apart). Allocates: never.
class LatencyHistogram {
public:
    LatencyHistogram() = default;
    LatencyHistogram(const LatencyHistogram& other) { *this = other; }
    LatencyHistogram& operator=(const LatencyHistogram& other);

    void record(std::uint64_t value) noexcept {
        bump(buckets_[bucket_of(value)], 1);
        bump(count_, 1);
        if (value > max_.load(std::memory_order_relaxed)) max_.store(value, std::memory_order_relaxed);
    }
    // Adds another histogram's samples; for summing up after the recording threads have ended.
    void merge(const LatencyHistogram& other) noexcept;
    void clear() noexcept;

    [[nodiscard]] std::uint64_t count() const noexcept { return count_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t max() const noexcept { return max_.load(std::memory_order_relaxed); }

    // Smallest recorded bucket bound with at least `ratio` of the samples at or below it, never above
    // max(). Nothing when samples are too few: beyond 0.9 ten samples must lie above the percentile
    // (p99: 1,000; p99.9: 10,000), below that one sample is enough.
    [[nodiscard]] std::optional<std::uint64_t> percentile(double ratio) const noexcept;
    [[nodiscard]] static std::uint64_t samples_needed(double ratio) noexcept;
    [[nodiscard]] LatencySummary summary() const noexcept;

private:
    static constexpr unsigned kSubBits = 6;  // 64 steps per octave: 1/64 = 1.6 %
    static constexpr std::size_t kSub = std::size_t{1} << kSubBits;
    static constexpr std::size_t kBuckets = (64 - kSubBits + 1) * kSub;

    static std::size_t bucket_of(std::uint64_t value) noexcept {
        if (value < kSub) return static_cast<std::size_t>(value);
        const unsigned exponent = static_cast<unsigned>(std::bit_width(value)) - 1;
        const std::uint64_t step = (value >> (exponent - kSubBits)) & (kSub - 1);
        return (exponent - kSubBits + 1) * kSub + static_cast<std::size_t>(step);
    }
    static std::uint64_t bucket_top(std::size_t bucket) noexcept;
    // One writer: a plain load and store, without a locked instruction.
    static void bump(std::atomic<std::uint64_t>& counter, std::uint64_t by) noexcept {
        counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
    }

    std::array<std::atomic<std::uint64_t>, kBuckets> buckets_{};
    std::atomic<std::uint64_t> count_{0};
    std::atomic<std::uint64_t> max_{0};
};

}  // namespace keel
