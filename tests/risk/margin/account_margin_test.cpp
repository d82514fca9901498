#include <gtest/gtest.h>

#include <limits>

#include "risk/margin/account_margin.hpp"
#include "tests/risk/margin/margin_clock.hpp"
#include "tests/risk/margin/margin_tables.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

using keel::test::kNaN;
using test::at_ms;

MarginAmount amount(double initial, double maintenance) { return {.initial = initial, .maintenance = maintenance}; }

class AccountMarginTest : public testing::Test {
protected:
    AccountMargin margin_{test::account_tables().margin};
};

TEST_F(AccountMarginTest, LooksUnsafeUntilItKnows) {
    AccountMarginState state = margin_.state(at_ms(0));
    EXPECT_EQ(state.quality, kMarginNoEquity | kMarginNoVenue | kMarginNoModel);
    EXPECT_EQ(state.ratio, 0.0);
    EXPECT_EQ(state.usage_ratio, kMarginRatioMax);
    margin_.on_equity(1'000.0);
    EXPECT_EQ(margin_.state(at_ms(0)).ratio, 0.0);  // no margin known: not infinitely safe
    EXPECT_EQ(margin_.state(at_ms(0)).available, 0.0);
    margin_.on_model(amount(200.0, 100.0));
    state = margin_.state(at_ms(0));
    EXPECT_EQ(state.quality, kMarginNoVenue);
    EXPECT_EQ(state.ratio, 10.0);
    EXPECT_EQ(state.usage_ratio, 0.2);
    EXPECT_EQ(state.available, 800.0);
    margin_.on_equity(kNaN);
    state = margin_.state(at_ms(0));
    EXPECT_TRUE(state.quality & kMarginNoEquity);
    EXPECT_EQ(state.ratio, 0.0);
}

TEST_F(AccountMarginTest, TheVenueIsTheAuthorityAndTheModelMovesIt) {
    margin_.on_equity(1'000.0);
    margin_.on_model(amount(200.0, 100.0));
    margin_.on_venue_report({.initial = 202.0, .maintenance = 101.0, .time = at_ms(0)});
    AccountMarginState state = margin_.state(at_ms(0));
    EXPECT_EQ(state.quality, kMarginGood);
    EXPECT_EQ(state.maintenance, 101.0);
    margin_.on_model(amount(260.0, 130.0));
    state = margin_.state(at_ms(10));
    EXPECT_EQ(state.initial, 262.0);
    EXPECT_EQ(state.maintenance, 131.0);
    EXPECT_NEAR(margin_.difference_ratio(), -1.0 / 101.0, 1e-15);
}

TEST_F(AccountMarginTest, AlarmsBeyondTwoPercent) {
    margin_.on_equity(1'000.0);
    margin_.on_model(amount(200.0, 100.0));
    margin_.on_venue_report({.initial = 200.0, .maintenance = 102.0, .time = at_ms(0)});
    EXPECT_EQ(margin_.state(at_ms(0)).quality, kMarginGood);  // 1.96 %
    margin_.on_venue_report({.initial = 200.0, .maintenance = 102.1, .time = at_ms(1)});
    EXPECT_EQ(margin_.state(at_ms(1)).quality, kMarginDiffers);  // 2.06 %
    EXPECT_EQ(margin_.state(at_ms(1)).maintenance, 102.1);
    margin_.on_venue_report({.initial = 150.0, .maintenance = 100.0, .time = at_ms(2)});
    EXPECT_EQ(margin_.state(at_ms(2)).quality, kMarginDiffers);  // the initial margin alone
    EXPECT_NEAR(margin_.difference_ratio(), 0.25, 1e-15);
    margin_.on_venue_report({.initial = 200.0, .maintenance = 100.0, .time = at_ms(3)});
    EXPECT_EQ(margin_.state(at_ms(3)).quality, kMarginGood);
}

TEST_F(AccountMarginTest, ComparesAReportThatCameBeforeTheModel) {
    margin_.on_equity(1'000.0);
    margin_.on_venue_report({.initial = 200.0, .maintenance = 100.0, .time = at_ms(0)});
    EXPECT_EQ(margin_.state(at_ms(0)).quality, kMarginNoModel);
    EXPECT_EQ(margin_.state(at_ms(0)).ratio, 10.0);
    margin_.on_model(amount(150.0, 75.0));
    EXPECT_EQ(margin_.state(at_ms(0)).quality, kMarginDiffers);
    EXPECT_EQ(margin_.state(at_ms(0)).maintenance, 100.0);
}

TEST_F(AccountMarginTest, AStaleReportNeverLowersTheModel) {
    margin_.on_equity(1'000.0);
    margin_.on_model(amount(200.0, 100.0));
    margin_.on_venue_report({.initial = 180.0, .maintenance = 90.0, .time = at_ms(0)});
    EXPECT_EQ(margin_.state(at_ms(60'000)).maintenance, 90.0);
    const AccountMarginState late = margin_.state(at_ms(60'001));
    EXPECT_TRUE(late.quality & kMarginVenueStale);
    EXPECT_EQ(late.maintenance, 100.0);
    EXPECT_EQ(late.initial, 200.0);
}

TEST_F(AccountMarginTest, KeepsTheLastGoodModelAndSaysSo) {
    margin_.on_equity(1'000.0);
    margin_.on_model(amount(200.0, 100.0));
    margin_.on_venue_report({.initial = 200.0, .maintenance = 100.0, .time = at_ms(0)});
    margin_.on_model(amount(300.0, kNaN));
    EXPECT_EQ(margin_.state(at_ms(0)).quality, kMarginNoModel);
    EXPECT_EQ(margin_.state(at_ms(0)).maintenance, 100.0);
    margin_.on_venue_report({.initial = kNaN, .maintenance = 1.0, .time = at_ms(5)});
    margin_.on_venue_report({.initial = 5.0, .maintenance = -1.0, .time = at_ms(5)});
    margin_.on_venue_report({.initial = 5.0, .maintenance = 1.0, .time = at_ms(-5)});
    EXPECT_EQ(margin_.refused(), 3U);
    EXPECT_EQ(margin_.state(at_ms(0)).maintenance, 100.0);
}

TEST_F(AccountMarginTest, AfterATradeAddsWhatTheModelAdds) {
    margin_.on_equity(1'000.0);
    margin_.on_model(amount(200.0, 100.0));
    margin_.on_venue_report({.initial = 204.0, .maintenance = 101.0, .time = at_ms(0)});
    const AccountMarginState after = margin_.after_trade(amount(280.0, 150.0), -3.0, at_ms(1));
    EXPECT_EQ(after.quality, kMarginGood);
    EXPECT_EQ(after.initial, 284.0);
    EXPECT_EQ(after.maintenance, 151.0);
    EXPECT_EQ(after.equity, 997.0);
    EXPECT_NEAR(after.ratio, 997.0 / 151.0, 1e-12);
    EXPECT_EQ(margin_.state(at_ms(1)).maintenance, 101.0);  // nothing happened
    const AccountMarginState refused = margin_.after_trade(kMarginUnknown, 0.0, at_ms(1));
    EXPECT_TRUE(refused.quality & kMarginBadInput);
    EXPECT_EQ(refused.ratio, 0.0);
    EXPECT_EQ(refused.available, 0.0);
    EXPECT_TRUE(margin_.after_trade(amount(1.0, 1.0), kNaN, at_ms(1)).quality & kMarginBadInput);
}

TEST_F(AccountMarginTest, UnderStressKeepsTheVenuesSurchargeAndNoDiscount) {
    margin_.on_equity(1'000.0);
    margin_.on_model(amount(200.0, 100.0));
    margin_.on_venue_report({.initial = 210.0, .maintenance = 110.0, .time = at_ms(0)});
    AccountMarginState stressed = margin_.under_stress(400.0, amount(300.0, 240.0), at_ms(1));
    EXPECT_EQ(stressed.maintenance, 250.0);
    EXPECT_EQ(stressed.initial, 310.0);
    EXPECT_EQ(stressed.ratio, 400.0 / 250.0);
    margin_.on_venue_report({.initial = 150.0, .maintenance = 50.0, .time = at_ms(2)});
    stressed = margin_.under_stress(400.0, amount(300.0, 240.0), at_ms(3));
    EXPECT_EQ(stressed.maintenance, 240.0);
    EXPECT_TRUE(stressed.quality & kMarginDiffers);
    stressed = margin_.under_stress(-400.0, amount(300.0, 200.0), at_ms(3));
    EXPECT_EQ(stressed.ratio, -2.0);
    EXPECT_EQ(stressed.usage_ratio, kMarginRatioMax);
    EXPECT_TRUE(margin_.under_stress(kNaN, amount(1.0, 1.0), at_ms(3)).quality & kMarginBadInput);
}

TEST_F(AccountMarginTest, AnEmptyAccountIsSafeAndFinite) {
    margin_.on_equity(1'000.0);
    margin_.on_model(amount(0.0, 0.0));
    margin_.on_venue_report({.time = at_ms(0)});
    AccountMarginState state = margin_.state(at_ms(0));
    EXPECT_EQ(state.quality, kMarginGood);
    EXPECT_EQ(state.ratio, kMarginRatioMax);
    EXPECT_EQ(state.usage_ratio, 0.0);
    margin_.on_equity(-1.0);
    state = margin_.state(at_ms(0));
    EXPECT_EQ(state.ratio, 0.0);
}

}  // namespace
}  // namespace keel::risk
