#include "engine/telemetry/order_timings.hpp"

#include <gtest/gtest.h>

namespace keel {
namespace {

TEST(OrderTimingsTest, KeepsTheNewest) {
    OrderTimings timings;
    EXPECT_TRUE(timings.newest().empty());
    timings.record(DecisionId{7}, 70);
    ASSERT_EQ(timings.newest().size(), 1U);
    EXPECT_EQ(timings.newest()[0].decision, DecisionId{7});
    EXPECT_EQ(timings.newest()[0].cycles, 70U);
    constexpr std::uint64_t kLast = 8 + 2 * OrderTimings::kTimingsMax;
    for (std::uint64_t id = 8; id <= kLast; ++id) timings.record(DecisionId{id}, 10 * id);
    ASSERT_EQ(timings.newest().size(), OrderTimings::kTimingsMax);
    for (const OrderTiming& timing : timings.newest()) {
        const auto id = static_cast<std::uint64_t>(timing.decision);
        EXPECT_GT(id, kLast - OrderTimings::kTimingsMax);
        EXPECT_EQ(timing.cycles, 10 * id);
    }
}

}  // namespace
}  // namespace keel
