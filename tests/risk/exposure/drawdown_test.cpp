#include "risk/exposure/drawdown.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace keel::risk {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kDay = 86'400 * kSecond;

TEST(DrawdownTest, FromThePeak) {
    Drawdown subject;
    EXPECT_TRUE(std::isnan(subject.drawdown()));
    subject.on_equity(UnixNanos{kDay}, 100.0);
    subject.on_equity(UnixNanos{kDay + kSecond}, 120.0);
    subject.on_equity(UnixNanos{kDay + 2 * kSecond}, 90.0);
    EXPECT_DOUBLE_EQ(subject.drawdown(), 0.25);
    EXPECT_DOUBLE_EQ(subject.drawdown_day(), 0.25);
    subject.on_equity(UnixNanos{2 * kDay}, 96.0);
    EXPECT_DOUBLE_EQ(subject.drawdown(), 0.2);
    EXPECT_DOUBLE_EQ(subject.drawdown_day(), 0.0) << "the day begins anew";
}

TEST(DrawdownTest, ADepositDoesNotDisarmIt) {
    Drawdown subject;
    subject.on_equity(UnixNanos{kDay}, 100.0);
    subject.on_equity(UnixNanos{kDay + kSecond}, 80.0);
    subject.on_flow(80.0, 80.0);
    subject.on_equity(UnixNanos{kDay + 2 * kSecond}, 160.0);
    EXPECT_DOUBLE_EQ(subject.drawdown(), 0.2);
    EXPECT_DOUBLE_EQ(subject.peak(), 200.0);
    subject.on_flow(-80.0, 160.0);
    subject.on_equity(UnixNanos{kDay + 3 * kSecond}, 80.0);
    EXPECT_DOUBLE_EQ(subject.drawdown(), 0.2) << "nor does a withdrawal fire it";
}

TEST(DrawdownTest, WhatLeavesNothingBeginsAnew) {
    for (const double out : {-80.0, -90.0}) {
        Drawdown subject;
        subject.on_equity(UnixNanos{kDay}, 100.0);
        subject.on_equity(UnixNanos{kDay + 10 * kSecond}, 80.0);
        subject.on_flow(out, 80.0);
        subject.on_equity(UnixNanos{kDay + 20 * kSecond}, 0.0);
        EXPECT_DOUBLE_EQ(subject.peak(), 0.0);
        subject.on_flow(50.0, 0.0);
        EXPECT_EQ(subject.refused(), 1U) << "without equity there is nothing to scale";
        subject.on_equity(UnixNanos{kDay + 30 * kSecond}, 50.0);
        EXPECT_DOUBLE_EQ(subject.drawdown(), 0.0);
        EXPECT_DOUBLE_EQ(subject.drawdown_day(), 0.0);
        EXPECT_DOUBLE_EQ(subject.loss_5m(), 0.0);
        subject.on_equity(UnixNanos{kDay + 40 * kSecond}, 40.0);
        EXPECT_DOUBLE_EQ(subject.drawdown(), 0.2);
        EXPECT_DOUBLE_EQ(subject.drawdown_day(), 0.2);
    }
}

TEST(DrawdownTest, LossOfFiveMinutes) {
    Drawdown subject;
    for (std::int64_t s = 0; s <= 600; ++s) {
        subject.on_equity(UnixNanos{kDay + s * kSecond}, s < 400 ? 100.0 : 95.0);
    }
    EXPECT_NEAR(subject.loss_5m(), 0.05, 1e-12) << "200 seconds ago";
    for (std::int64_t s = 601; s <= 720; ++s) subject.on_equity(UnixNanos{kDay + s * kSecond}, 95.0);
    EXPECT_NEAR(subject.loss_5m(), 0.0, 1e-12) << "320 seconds ago: over";
}

TEST(DrawdownTest, SilenceKeepsTheLastEquity) {
    Drawdown subject;
    subject.on_equity(UnixNanos{kDay}, 100.0);
    subject.on_equity(UnixNanos{kDay + 120 * kSecond}, 90.0);
    EXPECT_NEAR(subject.loss_5m(), 0.1, 1e-12);
}

TEST(DrawdownTest, RefusesWhatIsNotFiniteAndTimeGoingBack) {
    Drawdown subject;
    subject.on_equity(UnixNanos{kDay}, 100.0);
    subject.on_equity(UnixNanos{kDay + 1}, std::nan(""));
    subject.on_equity(UnixNanos{kDay - 1}, 50.0);
    EXPECT_EQ(subject.refused(), 2U);
    EXPECT_DOUBLE_EQ(subject.drawdown(), 0.0);
    subject.restore_peak(200.0);
    EXPECT_DOUBLE_EQ(subject.drawdown(), 0.5);
}

}  // namespace
}  // namespace keel::risk
