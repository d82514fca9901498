#include "risk/book/liquidity_position.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace keel::risk {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A pool with reserves x, y and x y = k stands at P = y/x; after a move to P' arbitrage has left
// x' = sqrt(k/P'), y' = sqrt(k P').
TEST(LiquidityPositionTest, ConstantProductIsItsReserves) {
    const double x = 3.0, y = 7'500.0;
    const double liquidity = std::sqrt(x * y);
    for (const double move : {0.25, 0.8, 1.0, 1.3, 4.0}) {
        const double price = y / x * move;
        LiquidityGreeks got;
        ASSERT_TRUE(liquidity_position({0.0, kInfinity}, price, got));
        const double coins = std::sqrt(x * y / price);
        const double dollars = std::sqrt(x * y * price);
        EXPECT_NEAR(liquidity * got.value, coins * price + dollars, 1e-9);
        EXPECT_NEAR(liquidity * got.delta, coins, 1e-12);
        // The loss against holding the reserves, 2 sqrt(r)/(1+r) - 1, is never a gain.
        const double held = x * price + y;
        EXPECT_NEAR(liquidity * got.value / held - 1.0, 2.0 * std::sqrt(move) / (1.0 + move) - 1.0, 1e-12);
    }
}

// Real reserves of a range position (Uniswap v3 whitepaper, 6.29 and 6.30).
TEST(LiquidityPositionTest, ConcentratedIsItsReserves) {
    const PriceRange range{1'500.0, 2'500.0};
    for (const double price : {900.0, 1'499.0, 1'700.0, 2'100.0, 2'499.0, 2'501.0, 4'000.0}) {
        const double inside = std::min(std::max(price, range.lower), range.upper);
        const double coins = 1.0 / std::sqrt(inside) - 1.0 / std::sqrt(range.upper);
        const double dollars = std::sqrt(inside) - std::sqrt(range.lower);
        LiquidityGreeks got;
        ASSERT_TRUE(liquidity_position(range, price, got));
        EXPECT_NEAR(got.value, coins * price + dollars, 1e-12 * got.value) << price;
        EXPECT_NEAR(got.delta, coins, 1e-15) << price;
    }
}

TEST(LiquidityPositionTest, GreeksAreSlopesAndNeverLongGamma) {
    for (const PriceRange range :
         {PriceRange{0.0, kInfinity}, PriceRange{1'500.0, 2'500.0}, PriceRange{1'500.0, kInfinity}}) {
        for (const double price : {1'000.0, 1'600.0, 2'000.0, 2'400.0, 3'000.0}) {
            LiquidityGreeks at, up, down;
            const double step = 1e-3;
            ASSERT_TRUE(liquidity_position(range, price, at));
            ASSERT_TRUE(liquidity_position(range, price + step, up));
            ASSERT_TRUE(liquidity_position(range, price - step, down));
            EXPECT_NEAR(at.delta, (up.value - down.value) / (2.0 * step), 1e-8);
            EXPECT_NEAR(at.gamma, (up.delta - down.delta) / (2.0 * step), 1e-12);
            EXPECT_LE(at.gamma, 0.0);
        }
    }
}

TEST(LiquidityPositionTest, RefusesWhatIsNoPriceOrRange) {
    LiquidityGreeks out{.value = 7.0};
    for (const double price : {0.0, -1.0, kInfinity, std::nan("")}) {
        EXPECT_FALSE(liquidity_position({0.0, kInfinity}, price, out));
    }
    EXPECT_FALSE(liquidity_position({2.0, 2.0}, 1.0, out));
    EXPECT_FALSE(liquidity_position({-1.0, 2.0}, 1.0, out));
    EXPECT_FALSE(liquidity_position({std::nan(""), 2.0}, 1.0, out));
    EXPECT_EQ(out.value, 7.0);
}

}  // namespace
}  // namespace keel::risk
