#include "engine/telemetry/latency_histogram.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"
#include "engine/telemetry/cycle_meter.hpp"

namespace keel {

LatencyHistogram& LatencyHistogram::operator=(const LatencyHistogram& other) {
    if (this != &other) {
        clear();
        merge(other);
    }
    return *this;
}

void LatencyHistogram::merge(const LatencyHistogram& other) noexcept {
    for (std::size_t at = 0; at < kBuckets; ++at)
        bump(buckets_[at], other.buckets_[at].load(std::memory_order_relaxed));
    bump(count_, other.count());
    max_.store(std::max(max(), other.max()), std::memory_order_relaxed);
}

void LatencyHistogram::clear() noexcept {
    for (auto& bucket : buckets_) bucket.store(0, std::memory_order_relaxed);
    count_.store(0, std::memory_order_relaxed);
    max_.store(0, std::memory_order_relaxed);
}

std::uint64_t LatencyHistogram::bucket_top(std::size_t bucket) noexcept {
    if (bucket < kSub) return bucket;
    const std::size_t shift = bucket / kSub - 1;
    const std::uint64_t base = (bucket % kSub + kSub) << shift;
    return base + ((std::uint64_t{1} << shift) - 1);
}

std::uint64_t LatencyHistogram::samples_needed(double ratio) noexcept {
    if (ratio <= 0.9) return 1;
    return static_cast<std::uint64_t>(std::llround(10.0 / (1.0 - ratio)));
}

std::optional<std::uint64_t> LatencyHistogram::percentile(double ratio) const noexcept {
    KEEL_ASSERT(ratio > 0.0 && ratio < 1.0);
    const std::uint64_t samples = count();
    if (samples < samples_needed(ratio)) return std::nullopt;
    // The small step back keeps 0.99 * 1000 from being rounded up to 991 by its last bit.
    const auto rank =
        std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(ratio * static_cast<double>(samples) - 1e-6)));
    std::uint64_t seen = 0;
    for (std::size_t at = 0; at < kBuckets; ++at) {
        seen += buckets_[at].load(std::memory_order_relaxed);
        if (seen >= rank) return std::min(bucket_top(at), max());
    }
    return max();
}

LatencySummary LatencyHistogram::summary() const noexcept {
    LatencySummary summary;
    summary.count = count();
    summary.p50 = percentile(0.5);
    summary.p90 = percentile(0.9);
    summary.p99 = percentile(0.99);
    summary.p99_9 = percentile(0.999);
    summary.p99_99 = percentile(0.9999);
    summary.max = max();
    return summary;
}

const char* stage_name(Stage stage) {
    switch (stage) {
        case Stage::book: return "book";
        case Stage::risk: return "risk";
        case Stage::trigger: return "trigger";
        case Stage::solve: return "solve";
        case Stage::gate: return "gate";
        case Stage::count: break;
    }
    return "unknown";
}

}  // namespace keel
