#include <gtest/gtest.h>

#include <limits>

#include "risk/margin/adl_rank.hpp"
#include "risk/margin/insurance_fund.hpp"
#include "tests/risk/margin/margin_tables.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

using keel::test::kNaN;
constexpr std::int64_t kMinuteMs = 60'000;

UnixNanos at_minute(std::int64_t minute) { return unix_nanos_from_ms(1'700'000'000'000 + minute * kMinuteMs); }

class InsuranceFundTest : public testing::Test {
protected:
    InsuranceFundWatch fund_{test::account_tables().insurance};
};

TEST_F(InsuranceFundTest, SaysUnknownWithoutABalance) {
    EXPECT_EQ(fund_.stress(at_minute(0)), kVenueFundUnknown);
    fund_.on_balance(100.0, at_minute(0));
    EXPECT_EQ(fund_.stress(at_minute(0)), kVenueCalm);
    EXPECT_EQ(fund_.stress(at_minute(121)), kVenueFundUnknown);
    fund_.on_balance(kNaN, at_minute(122));
    fund_.on_balance(-1.0, at_minute(122));
    EXPECT_EQ(fund_.refused(), 2U);
}

TEST_F(InsuranceFundTest, SeesADropWithinTheHourAndForgetsItAfter) {
    fund_.on_balance(100.0, at_minute(0));
    fund_.on_balance(95.0, at_minute(30));
    EXPECT_NEAR(fund_.drop_hour_ratio(at_minute(30)), 0.05, 1e-15);
    EXPECT_EQ(fund_.stress(at_minute(30)), kVenueCalm);  // not beyond 5 %
    fund_.on_balance(94.9, at_minute(31));
    EXPECT_EQ(fund_.stress(at_minute(31)), kVenueFundHour);
    EXPECT_EQ(fund_.stress(at_minute(60)), kVenueFundHour);  // 100 was one hour ago
    EXPECT_EQ(fund_.stress(at_minute(62)), kVenueCalm);
}

TEST_F(InsuranceFundTest, SeesASlowDropWithinTheDay) {
    for (std::int64_t minute = 0; minute <= 720; minute += 10) {
        fund_.on_balance(100.0 - static_cast<double>(minute) / 60.0, at_minute(minute));  // 1 % an hour
    }
    EXPECT_EQ(fund_.stress(at_minute(720)), kVenueFundDay);
    EXPECT_NEAR(fund_.drop_day_ratio(at_minute(720)), 0.12, 1e-12);
    for (std::int64_t minute = 730; minute <= 2'900; minute += 10) fund_.on_balance(88.0, at_minute(minute));
    EXPECT_EQ(fund_.stress(at_minute(2'900)), kVenueCalm);
}

// Fills of liquidations beyond the bankruptcy price are what the fund pays for.
TEST_F(InsuranceFundTest, SeesFillsBeyondBankruptcy) {
    fund_.on_balance(100.0, at_minute(0));
    fund_.on_liquidation(Side::ask, 10.0, 100.0, 101.0, at_minute(0));  // better than bankruptcy
    EXPECT_EQ(fund_.bankruptcy_gap_ratio(at_minute(0)), 0.0);
    fund_.on_liquidation(Side::ask, 10.0, 100.0, 98.0, at_minute(0));
    EXPECT_NEAR(fund_.bankruptcy_gap_ratio(at_minute(0)), 0.01, 1e-15);
    EXPECT_EQ(fund_.stress(at_minute(0)), kVenueBankruptcyGap);
    fund_.on_liquidation(Side::bid, 20.0, 100.0, 102.0, at_minute(0));  // a short bought back above
    EXPECT_NEAR(fund_.bankruptcy_gap_ratio(at_minute(0)), 0.015, 1e-15);
    fund_.on_liquidation(Side::ask, 1.0, 100.0, kNaN, at_minute(0));
    EXPECT_EQ(fund_.refused(), 1U);
    for (int i = 0; i < 10; ++i) fund_.on_liquidation(Side::ask, 40.0, 100.0, 100.0, at_minute(60 * (i + 1)));
    EXPECT_LT(fund_.bankruptcy_gap_ratio(at_minute(600)), 1e-4);
}

TEST(AdlRankTest, RefusesWhatHasNoLeverage) {
    const AdlPosition good{.amount = 10.0, .entry = 100.0, .mark = 110.0, .bankruptcy = 50.0};
    EXPECT_EQ(adl_score(good).status, MarginStatus::ok);
    AdlPosition passed = good;
    passed.bankruptcy = 110.0;
    EXPECT_EQ(adl_score(passed).status, MarginStatus::bad_input);
    AdlPosition flat = good;
    flat.amount = 0.0;
    EXPECT_EQ(adl_score(flat).status, MarginStatus::bad_input);
    AdlPosition unknown = good;
    unknown.mark = kNaN;
    EXPECT_EQ(adl_score(unknown).status, MarginStatus::bad_input);
}

TEST(AdlRankTest, UnusableAccountsGoLastAndPayNothing) {
    std::array accounts{
        AdlAccount{.id = 1, .quantity = 10.0, .score = kNaN},
        AdlAccount{.id = 2, .quantity = 10.0, .score = 0.1},
        AdlAccount{.id = 3, .quantity = kNaN, .score = 9.0},
        AdlAccount{.id = 4, .quantity = 10.0, .score = 0.1},
    };
    std::array<AdlPlace, 4> places{};
    adl_rank(accounts, 15.0, places);
    EXPECT_EQ(places[0].id, 2U);  // equal scores by id
    EXPECT_EQ(places[1].id, 4U);
    EXPECT_EQ(places[0].deleveraged, 10.0);
    EXPECT_EQ(places[1].deleveraged, 5.0);
    EXPECT_EQ(places[2].deleveraged, 0.0);
    EXPECT_DOUBLE_EQ(places[0].percentile_ratio, 0.6);
    EXPECT_EQ(places[3].percentile_ratio, 1.0);
}

TEST(AdlRankTest, ScalesEachVenuesIndicatorToFive) {
    AdlParameters parameters = test::account_tables().adl;
    parameters.scale = test::binance_tables().adl;  // 0 to 4
    EXPECT_EQ(adl_risk(4.0, 100.0, 0.5, parameters).indicator, 5.0);
    EXPECT_EQ(adl_risk(4.0, 100.0, 0.5, parameters).risk_usd, 100.0);
    EXPECT_TRUE(adl_risk(3.0, 100.0, 0.21, parameters).act);
    EXPECT_FALSE(adl_risk(3.0, 100.0, 0.20, parameters).act);  // carries too little
    EXPECT_FALSE(adl_risk(2.0, 100.0, 0.5, parameters).act);
    parameters.scale = test::bybit_tables().adl;  // 1 to 5
    EXPECT_EQ(adl_risk(4.0, 100.0, 0.5, parameters).risk_usd, 80.0);
    // Out of scale or unknown: the whole loss, and it says so.
    for (const double unknown : {0.0, 6.0, kNaN}) {
        const AdlRisk risk = adl_risk(unknown, 100.0, 0.5, parameters);
        EXPECT_EQ(risk.status, MarginStatus::bad_input);
        EXPECT_EQ(risk.risk_usd, 100.0);
        EXPECT_FALSE(risk.act);
    }
}

}  // namespace
}  // namespace keel::risk
