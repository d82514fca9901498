#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "risk/exposure/concentration.hpp"
#include "risk/exposure/drawdown.hpp"
#include "risk/liquidity/book_depth.hpp"
#include "risk/liquidity/impact.hpp"
#include "risk/liquidity/index_guard.hpp"
#include "risk/liquidity/liquidity_score.hpp"
#include "risk/liquidity/order_flow.hpp"

namespace keel::risk {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kInputs = 50'000;
#else
constexpr int kInputs = 1'000'000;
#endif

// Numbers as a broken feed sends them: mostly sound, some not finite, zero, negative, tiny or huge.
class HostileNumbers {
public:
    explicit HostileNumbers(std::uint64_t seed) : random_{seed} {}
    double operator()() {
        switch (random_() % 12) {
            case 0: return std::numeric_limits<double>::quiet_NaN();
            case 1: return std::numeric_limits<double>::infinity();
            case 2: return 0.0;
            case 3: return -std::uniform_real_distribution{0.0, 200.0}(random_);
            case 4: return 1e300;
            case 5: return 5e-324;
            default: return std::uniform_real_distribution{90.0, 110.0}(random_);
        }
    }
    UnixNanos time() {
        now_ += static_cast<std::int64_t>(random_() % 2'000'000'000) - 100'000'000;
        return UnixNanos{now_};
    }

private:
    std::mt19937_64 random_;
    std::int64_t now_{1'000'000'000'000};
};

TEST(LiquidityFuzzTest, NothingThatIsNotFiniteStays) {
    constexpr std::uint64_t kSeed = 20'261;
    HostileNumbers number{kSeed};
    OrderFlowImbalance flow;
    Vpin vpin{50.0, 20};
    KyleLambda kyle{0.99};
    DepthResiliency resiliency;
    JumpGuard guard{{}};
    PegAverage peg;
    Drawdown drawdown;
    ConcentrationState parts{8};
    for (int i = 0; i < kInputs; ++i) {
        const UnixNanos time = number.time();
        flow.on_top(time, {number(), std::abs(number()), number(), std::abs(number())});
        vpin.on_trade(number(), i % 3 - 1);
        kyle.add(number(), number());
        resiliency.on_depth(time, number());
        (void)guard.on_price(time, number(), std::abs(number()) * 1e-5, number());
        peg.on_price(time, number() / 100.0);
        drawdown.on_equity(time, number());
        drawdown.on_flow(number(), number());
        (void)parts.set(static_cast<std::size_t>(i) % 8, number());
        for (std::size_t w = 0; w < 3; ++w) ASSERT_TRUE(std::isfinite(flow.sum(w))) << "seed " << kSeed << " at " << i;
        ASSERT_TRUE(std::isfinite(guard.price()) && guard.price() >= 0.0) << i;
        ASSERT_TRUE(std::isfinite(peg.average())) << i;
        ASSERT_FALSE(std::isinf(kyle.value())) << i;
        ASSERT_TRUE(!vpin.warm() || (vpin.value() >= 0.0 && vpin.value() <= 1.0 + 1e-9)) << i;
        ASSERT_FALSE(std::isnan(drawdown.loss_5m()) && !std::isnan(drawdown.drawdown())) << i;
    }
}

TEST(LiquidityFuzzTest, WalkingABookIsMonotoneInSize) {
    constexpr std::uint64_t kSeed = 20'262;
    std::mt19937_64 random{kSeed};
    std::uniform_real_distribution unit{0.0, 1.0};
    for (int round = 0; round < 2'000; ++round) {
        std::vector<DepthLevel> bids, asks;
        double bid = 100.0, ask = 100.0 + unit(random);
        for (int i = 0; i < 20; ++i) {
            bids.push_back({bid -= 0.01 + unit(random), 0.1 + unit(random)});
            asks.push_back({ask += 0.01 + unit(random), 0.1 + unit(random)});
        }
        double cost = 0.0;
        for (double quantity = 0.0; quantity < 40.0; quantity += 1.7) {
            const double next = cost_to_trade({bids, asks}, Side::bid, quantity, 0.03, 1'000.0);
            ASSERT_GE(next, cost) << "seed " << kSeed << " round " << round;
            cost = next;
        }
    }
}

}  // namespace
}  // namespace keel::risk
