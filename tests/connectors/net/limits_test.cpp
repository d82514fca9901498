#include <algorithm>

#include "connectors/net/rate_limiter.hpp"
#include "connectors/net/reconnect_backoff.hpp"

namespace keel::connectors::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Monotonic kStart{seconds{1'000}};

TEST(RateLimiterTest, KeepsAReserveForCancels) {
    RateLimiter limiter{
        {10.0, 1.0, 0.2},
        kStart
    };
    int orders = 0;
    while (limiter.take(1.0, kStart)) ++orders;
    EXPECT_EQ(orders, 8);
    int cancels = 0;
    while (limiter.take_reserved(1.0, kStart)) ++cancels;
    EXPECT_EQ(cancels, 2);
}

TEST(RateLimiterTest, RefillsContinuouslyUpToItsBurst) {
    RateLimiter limiter{
        {10.0, 5.0, 0.0},
        kStart
    };
    limiter.drain(kStart);
    EXPECT_FALSE(limiter.take(1.0, kStart + milliseconds{199}));
    EXPECT_TRUE(limiter.take(1.0, kStart + milliseconds{200}));
    EXPECT_DOUBLE_EQ(limiter.tokens(kStart + seconds{60}), 10.0);
}

TEST(RateLimiterTest, IgnoresTimeThatRunsBackwards) {
    RateLimiter limiter{
        {10.0, 5.0, 0.0},
        kStart
    };
    limiter.drain(kStart);
    EXPECT_DOUBLE_EQ(limiter.tokens(kStart - seconds{5}), 0.0);
}

TEST(RateLimiterTest, ASmallerBudgetCutsWhatIsLeft) {
    RateLimiter limiter{
        {100.0, 5.0, 0.0},
        kStart
    };
    limiter.set_budget({20.0, 5.0, 0.0}, kStart);
    EXPECT_DOUBLE_EQ(limiter.tokens(kStart), 20.0);
}

TEST(ReconnectBackoffTest, WaitsUniformlyBelowADoublingBound) {
    ReconnectBackoff backoff{
        {milliseconds{100}, seconds{30}},
        7
    };
    for (int failure = 0; failure < 40; ++failure) {
        const auto bound =
            std::min<std::chrono::nanoseconds>(seconds{30}, milliseconds{100} * (1LL << std::min(failure, 20)));
        EXPECT_EQ(backoff.bound(), bound);
        const auto wait = backoff.next();
        EXPECT_GE(wait.count(), 0);
        EXPECT_LE(wait, bound);
    }
    backoff.reset();
    EXPECT_EQ(backoff.bound(), milliseconds{100});
}

TEST(ReconnectBackoffTest, SpreadsOverTheWholeBound) {
    ReconnectBackoff backoff{
        {seconds{1}, seconds{1}},
        3
    };
    double sum_s = 0.0;
    double least_s = 1.0;
    double most_s = 0.0;
    constexpr int kDraws = 2'000;
    for (int i = 0; i < kDraws; ++i) {
        const double wait_s = std::chrono::duration<double>(backoff.next()).count();
        sum_s += wait_s;
        least_s = std::min(least_s, wait_s);
        most_s = std::max(most_s, wait_s);
    }
    EXPECT_NEAR(sum_s / kDraws, 0.5, 0.03);
    EXPECT_LT(least_s, 0.01);
    EXPECT_GT(most_s, 0.99);
}

TEST(ReconnectBackoffTest, FollowsItsSeed) {
    ReconnectBackoff one{{}, 11}, same{{}, 11}, other{{}, 12};
    bool differs = false;
    for (int i = 0; i < 10; ++i) {
        const auto wait = one.next();
        EXPECT_EQ(wait, same.next());
        differs = differs || wait != other.next();
    }
    EXPECT_TRUE(differs);
}

TEST(ConnectBudgetTest, LimitsAttemptsInItsWindow) {
    ConnectBudget budget{3, seconds{10}};
    EXPECT_TRUE(budget.take(kStart));
    EXPECT_TRUE(budget.take(kStart + seconds{1}));
    EXPECT_TRUE(budget.take(kStart + seconds{2}));
    EXPECT_FALSE(budget.take(kStart + seconds{9}));
    EXPECT_TRUE(budget.take(kStart + seconds{10}));
    EXPECT_FALSE(budget.take(kStart + milliseconds{10'999}));
    EXPECT_TRUE(budget.take(kStart + seconds{11}));
}

}  // namespace
}  // namespace keel::connectors::net
