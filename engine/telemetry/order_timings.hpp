#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/core/ids.hpp"

namespace keel {

// What one order took, and the decision that it came from.
struct OrderTiming {
    DecisionId decision{DecisionId::none};
    std::uint64_t cycles{0};
};

// Keeps the timings of the newest orders one by one, for the report at the end of a run.
// Thread: the recorder's; others read after its last record. Allocates: never.
class OrderTimings {
public:
    static constexpr std::size_t kTimingsMax = 4'096;  // 64 KiB; then the oldest give way

    void record(DecisionId decision, std::uint64_t cycles) noexcept {
        timings_[recorded_ % kTimingsMax] = {decision, cycles};
        ++recorded_;
    }
    // In no order.
    [[nodiscard]] std::span<const OrderTiming> newest() const {
        return {timings_.data(), std::min(recorded_, kTimingsMax)};
    }

private:
    std::array<OrderTiming, kTimingsMax> timings_{};
    std::size_t recorded_{0};
};

}  // namespace keel
