#include "risk/margin/okx_margin.hpp"

#include <gtest/gtest.h>

#include <array>

#include "risk/margin/liquidation_price.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

using keel::test::kNaN;

// 0.4 % up to 100, 1 % up to 500 at 50x, 3 % beyond at 10x.
class OkxMarginTest : public testing::Test {
protected:
    OkxMarginTest() {
        const std::array tiers{MarginTier{.cap = 100.0, .maintenance_rate = 0.004},
                               MarginTier{.cap = 500.0, .maintenance_rate = 0.01, .leverage_max = 50.0},
                               MarginTier{.cap = 2'000.0, .maintenance_rate = 0.03, .leverage_max = 10.0}};
        EXPECT_EQ(table_.assign(tiers, 1e-9, TierRule::whole), TierProblem::none);
    }
    MarginAmount margin(double size, double price, double leverage = 20.0) const {
        return okx_position_margin(
            {.tiers = &table_, .notional = size * price, .size = size, .leverage = leverage, .taker_fee_rate = 0.0005});
    }
    TierTable table_;
};

// The positions channel of the venue's documentation: one contract of ETH-USD-210430 bought at 2566.31, isolated at
// 10x; the mark is the one that its profit and maintenance tell.
TEST_F(OkxMarginTest, ReproducesThePublishedPosition) {
    TierTable table;
    const std::array tier{MarginTier{.cap = 1'000.0, .maintenance_rate = 0.008}};
    ASSERT_EQ(table.assign(tier, 1e-9, TierRule::whole), TierProblem::none);
    OkxPosition position{.tiers = &table, .notional = 10.0 / 2'565.656, .size = 10.0, .leverage = 10.0};
    EXPECT_NEAR(okx_position_margin(position).maintenance, 0.0000311811092368, 1e-16);
    EXPECT_NEAR(okx_position_margin(position).initial, 10.0 / 2'565.656 / 10.0, 1e-16);
    position.taker_fee_rate = 0.0005;
    const double equity = 0.0003896645377994 - 0.0000009932766034;
    EXPECT_NEAR(equity / okx_position_margin(position).maintenance, 11.731726509588816, 1e-10);
}

TEST_F(OkxMarginTest, TheTiersRateIsThatOfAllOfIt) {
    EXPECT_NEAR(margin(100.0, 50.0).maintenance, 5'000.0 * 0.0045, 1e-9) << "a size of exactly the cap";
    EXPECT_NEAR(margin(100.01, 50.0).maintenance, 5'000.5 * 0.0105, 1e-9);
    EXPECT_NEAR(margin(-501.0, 50.0).maintenance, 25'050.0 * 0.0305, 1e-9);
    EXPECT_NEAR(margin(9'000.0, 50.0).maintenance, 450'000.0 * 0.0305, 1e-9) << "beyond the last, the last";
    EXPECT_NEAR(margin(100.0, 900.0).maintenance, 90'000.0 * 0.0045, 1e-9) << "a price chooses no tier";
    EXPECT_EQ(table_.tier(2).deduction, 0.0);
}

TEST_F(OkxMarginTest, TheTierCapsTheLeverage) {
    EXPECT_NEAR(margin(100.0, 50.0, 100.0).initial, 5'000.0 / 100.0, 1e-9) << "not published: not capped";
    EXPECT_NEAR(margin(101.0, 50.0, 100.0).initial, 5'050.0 / 50.0, 1e-9);
    EXPECT_NEAR(margin(501.0, 50.0).initial, 25'050.0 / 10.0, 1e-9);
    EXPECT_NEAR(margin(501.0, 50.0, 5.0).initial, 25'050.0 / 5.0, 1e-9);
}

TEST_F(OkxMarginTest, WhatCannotBeUsedIsUnknown) {
    const OkxPosition good{.tiers = &table_, .notional = 5e3, .size = 10.0, .leverage = 10.0, .taker_fee_rate = 5e-4};
    ASSERT_EQ(okx_position_margin(good).status, MarginStatus::ok);
    TierTable marginal;
    ASSERT_EQ(marginal.assign(std::array{MarginTier{.cap = 1e6, .maintenance_rate = 0.01}}, 1e-9), TierProblem::none);
    TierTable empty;
    for (const auto spoil :
         {+[](OkxPosition& p) { p.tiers = nullptr; }, +[](OkxPosition& p) { p.notional = kNaN; },
          +[](OkxPosition& p) { p.size = kNaN; }, +[](OkxPosition& p) { p.leverage = 0.5; },
          +[](OkxPosition& p) { p.taker_fee_rate = -1e-4; }, +[](OkxPosition& p) { p.taker_fee_rate = kNaN; }}) {
        OkxPosition bad = good;
        spoil(bad);
        EXPECT_EQ(okx_position_margin(bad).status, MarginStatus::bad_input);
    }
    for (const TierTable* table : {&marginal, &empty}) {
        OkxPosition bad = good;
        bad.tiers = table;
        EXPECT_EQ(okx_position_margin(bad).status, MarginStatus::bad_input);
    }
    EXPECT_EQ(tiered_margin({.tiers = &table_, .notional = 5e3, .leverage = 10.0}).status, MarginStatus::bad_input)
        << "no size to choose the tier by";
}

TEST_F(OkxMarginTest, RefusesTablesThatCannotBeRight) {
    TierTable table;
    const auto assign = [&](MarginTier a, MarginTier b) {
        return table.assign(std::array{a, b}, 1e-9, TierRule::whole);
    };
    const MarginTier low{.cap = 1.0, .maintenance_rate = 0.01};
    EXPECT_EQ(assign(low, {.cap = 2.0, .maintenance_rate = 0.005}), TierProblem::rate_falls);
    EXPECT_EQ(assign(low, {.cap = 1.0, .maintenance_rate = 0.02}), TierProblem::caps_not_ascending);
    EXPECT_EQ(assign(low, {.cap = 2.0, .maintenance_rate = 0.02, .leverage_max = 0.5}), TierProblem::rate_invalid);
    EXPECT_EQ(assign(low, {.cap = 2.0, .maintenance_rate = 0.5, .deduction = 0.49}), TierProblem::deduction_differs)
        << "there is none";
    EXPECT_EQ(table.size(), 0U);
}

// 2 coins, or 800 USD, at 100, whose notionals of 200 and 8 lie in other tiers than their sizes.
TEST_F(OkxMarginTest, TheClosedFormsTakeTheTierOfTheAmount) {
    for (const double side : {1.0, -1.0}) {
        const LiquidationPrice linear =
            cross_linear_liquidation({.wallet = 50.0, .amount = 2.0 * side, .entry = 100.0}, table_);
        ASSERT_EQ(linear.status, LiquidationStatus::found);
        EXPECT_EQ(linear.tier, 0U);
        EXPECT_NEAR(50.0 + 2.0 * side * (linear.price - 100.0), 2.0 * linear.price * 0.004, 1e-9);
        const LiquidationPrice inverse =
            cross_inverse_liquidation({.wallet = 2.0, .amount = 800.0 * side, .entry = 100.0}, table_);
        ASSERT_EQ(inverse.status, LiquidationStatus::found);
        EXPECT_EQ(inverse.tier, 2U);
        EXPECT_NEAR(2.0 + 800.0 * side * (1.0 / 100.0 - 1.0 / inverse.price), 800.0 / inverse.price * 0.03, 1e-9);
    }
}

TEST(TierFamiliesTest, PerpetualsAndDatedFuturesOfACurrencyStandApart) {
    constexpr UnderlyingSlot kBtc{0}, kEth{1};
    constexpr StableSlot kUsdt{0}, kUsdc{1}, kCoin = StableSlot::none;
    const auto future = [](ContractKind kind, UnderlyingSlot coin, StableSlot stable, ExpirySlot expiry, double size) {
        return Contract{.kind = kind, .underlying = coin, .expiry = expiry, .stable = stable, .multiplier = size};
    };
    constexpr auto kLinear = ContractKind::linear_future, kInverse = ContractKind::inverse_future;
    const std::vector<Contract> contracts{
        future(kLinear, kBtc, kUsdt, ExpirySlot::none, 0.01),  // 0: and 1, the other side
        future(kLinear, kBtc, kUsdt, ExpirySlot::none, 0.01),  //
        future(kLinear, kBtc, kUsdt, ExpirySlot{0}, 0.01),     // 2: and 3, another expiry
        future(kLinear, kBtc, kUsdt, ExpirySlot{1}, 0.1),      //
        future(kLinear, kBtc, kUsdc, ExpirySlot::none, 0.01),  // 4 to 6 alone
        future(kLinear, kEth, kUsdt, ExpirySlot::none, 0.1),   //
        future(kInverse, kBtc, kCoin, ExpirySlot::none, 100.0), {.kind = ContractKind::coin_cash, .underlying = kBtc},
        future(kLinear, kBtc, kUsdt, ExpirySlot::none, 0.01),  // 8: not added
    };
    const std::vector<Holding> holdings{{.quantity = 300.0}, {.quantity = -100.0}, {.quantity = 5.0},
                                        {.quantity = -2.0},  {.quantity = 7.0},    {.quantity = 11.0},
                                        {.quantity = -3.0},  {.quantity = 1.0},    {.quantity = 1e6}};
    TierFamilies families{contracts};
    for (std::size_t row = 0; row < 8; ++row) families.add(row);
    const std::array want{4.0, 4.0, 0.25, 0.25, 0.07, 1.1, 300.0, 0.0, 0.0};
    for (std::size_t row = 0; row < want.size(); ++row) {
        EXPECT_NEAR(families.size(row, holdings), want[row], 1e-12) << row;
    }
}

}  // namespace
}  // namespace keel::risk
