#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "risk/liquidity/book_depth.hpp"
#include "risk/liquidity/impact.hpp"
#include "risk/liquidity/liquidity_score.hpp"
#include "risk/liquidity/order_flow.hpp"

namespace keel::risk {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(BookDepthTest, ABookThatIsNotGoodGivesNoNumber) {
    const std::array bids{DepthLevel{100.0, 1.0}};
    const std::array asks{DepthLevel{100.0, 1.0}};
    const std::array broken{DepthLevel{std::nan(""), 1.0}};
    EXPECT_EQ(book_quality({bids, asks}), BookQuality::crossed);
    EXPECT_EQ(book_quality({bids, {}}), BookQuality::one_sided);
    EXPECT_EQ(book_quality({bids, broken}), BookQuality::absurd);
    EXPECT_TRUE(std::isnan(top_measures({bids, asks}).mid));
    EXPECT_TRUE(std::isnan(walk_book({bids, {}}, Side::bid, 1.0).vwap));
    EXPECT_TRUE(std::isnan(depth_within({broken, asks}, Side::bid, 10.0)));
}

TEST(BookDepthTest, WhatTheBookDoesNotHoldCostsImpact) {
    const std::array bids{DepthLevel{99.0, 5.0}};
    const std::array asks{DepthLevel{101.0, 5.0}, DepthLevel{102.0, 5.0}};
    // 10 walk the book (5 at 1, 5 at 2), 4 more pay 2 and 0.9 * 0.03 * sqrt(4 / 400) of 100.
    EXPECT_NEAR(cost_to_trade({bids, asks}, Side::bid, 14.0, 0.03, 400.0), 15.0 + 4.0 * (2.0 + 0.27), 1e-12);
    EXPECT_NEAR(cost_to_trade({bids, asks}, Side::bid, 10.0, 0.03, 400.0), 15.0, 1e-12);
}

TEST(LiquidityScoreTest, FallsWithDepthAndWithSpread) {
    EXPECT_DOUBLE_EQ(liquidity_score(50.0, 100.0, 1.0, 1.0), 0.5);
    EXPECT_DOUBLE_EQ(liquidity_score(500.0, 100.0, 2.0, 1.0), 0.5);
    EXPECT_DOUBLE_EQ(liquidity_score(500.0, 100.0, 0.5, 1.0), 1.0);
    EXPECT_DOUBLE_EQ(liquidity_score(0.0, 100.0, 1.0, 1.0), 0.0);
    EXPECT_TRUE(std::isnan(liquidity_score(1.0, 0.0, 1.0, 1.0)));
    EXPECT_TRUE(std::isnan(days_to_exit(1.0, 0.0, 0.1)));
}

TEST(FragmentationTest, LeavesOutWhatIsNotThere) {
    const std::array mids{100.0, 101.0, std::nan("")};
    const std::array depths{3.0, 1.0, 10.0};
    const Fragmentation got = fragmentation(mids, depths);
    EXPECT_DOUBLE_EQ(got.depth_hhi, (9.0 + 1.0) / 16.0);
    EXPECT_NEAR(got.mid_dispersion_bps, 1.0 / 100.5 * 1e4, 1e-9);
    EXPECT_TRUE(std::isnan(fragmentation({}, {}).depth_hhi));
}

TEST(DepthResiliencyTest, MeasuresTheTimeToHalfRecovery) {
    DepthResiliency subject{0.3};
    subject.on_depth(UnixNanos{kSecond}, 100.0);
    EXPECT_TRUE(std::isnan(subject.half_life_seconds()));
    subject.on_depth(UnixNanos{2 * kSecond}, 40.0);
    EXPECT_TRUE(subject.fallen());
    subject.on_depth(UnixNanos{3 * kSecond}, 60.0);
    EXPECT_TRUE(subject.fallen());
    subject.on_depth(UnixNanos{6 * kSecond}, 75.0);
    EXPECT_FALSE(subject.fallen());
    EXPECT_DOUBLE_EQ(subject.half_life_seconds(), 4.0);
}

TEST(OrderFlowImbalanceTest, ForgetsAfterItsWindow) {
    OrderFlowImbalance flow;
    flow.on_top(UnixNanos{kSecond}, {100.0, 5.0, 101.0, 5.0});
    flow.on_top(UnixNanos{kSecond}, {100.0, 9.0, 101.0, 5.0});
    for (std::size_t w = 0; w < 3; ++w) EXPECT_DOUBLE_EQ(flow.sum(w), 4.0);
    flow.on_top(UnixNanos{kSecond + 500'000'000}, {100.0, 9.0, 101.0, 5.0});
    EXPECT_DOUBLE_EQ(flow.sum(0), 0.0);
    EXPECT_DOUBLE_EQ(flow.sum(1), 4.0);
    flow.on_top(UnixNanos{3 * kSecond}, {100.0, 9.0, 101.0, 5.0});
    EXPECT_DOUBLE_EQ(flow.sum(1), 0.0);
    EXPECT_DOUBLE_EQ(flow.sum(2), 4.0);
}

TEST(OrderFlowImbalanceTest, ABrokenTopEndsTheChainAndAGapForgets) {
    OrderFlowImbalance flow;
    flow.on_top(UnixNanos{kSecond}, {100.0, 5.0, 101.0, 5.0});
    flow.on_top(UnixNanos{kSecond}, {101.0, 5.0, 101.0, 5.0});  // locked
    EXPECT_FALSE(flow.valid());
    EXPECT_EQ(flow.refused(), 1U);
    flow.on_top(UnixNanos{kSecond}, {100.0, 9.0, 101.0, 5.0});
    EXPECT_DOUBLE_EQ(flow.sum(0), 0.0) << "no change is known across a broken top";
    flow.on_gap();
    EXPECT_FALSE(flow.valid());
}

TEST(VpinTest, ALargeTradeFillsSeveralBuckets) {
    Vpin vpin{10.0, 4};
    vpin.on_trade(5.0, -1);
    vpin.on_trade(35.0, 1);
    EXPECT_EQ(vpin.completed(), 4U);
    EXPECT_DOUBLE_EQ(vpin.value(), (0.0 + 10.0 + 10.0 + 10.0) / 40.0);
    vpin.on_trade(-1.0, 1);
    vpin.on_trade(std::nan(""), 1);
    EXPECT_EQ(vpin.refused(), 2U);
    vpin.on_trade(1e300, 1);  // ends
    EXPECT_DOUBLE_EQ(vpin.value(), 1.0);
}

}  // namespace
}  // namespace keel::risk
