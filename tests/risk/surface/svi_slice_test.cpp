#include "risk/surface/svi_slice.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "risk/surface/ssvi.hpp"
#include "risk/surface/svi_arbitrage.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

constexpr SviParameters kBtc30Days{.a = 0.01, .b = 0.14, .rho = -0.25, .m = 0.02, .sigma = 0.14};
constexpr double kYears30Days = 30.0 / 365.0;

TEST(SviSliceTest, DerivativesAreThoseOfTheValue) {
    constexpr double kStep = 1e-5;
    for (const double k : {-0.8, -0.1, 0.0, 0.02, 0.3, 1.1}) {
        const SviValue at = svi_value(kBtc30Days, k);
        const SviValue up = svi_value(kBtc30Days, k + kStep);
        const SviValue down = svi_value(kBtc30Days, k - kStep);
        EXPECT_NEAR(at.w1, (up.w - down.w) / (2.0 * kStep), 1e-9);
        EXPECT_NEAR(at.w2, (up.w1 - down.w1) / (2.0 * kStep), 1e-8);
        EXPECT_EQ(at.w, svi_total_variance(kBtc30Days, k));
    }
}

TEST(SviSliceTest, DensityIntegratesToOneAndPricesTheForward) {
    double mass = 0.0;
    double forward = 0.0;
    constexpr double kStep = 1e-4;
    for (double k = -6.0; k <= 6.0; k += kStep) {
        const double p = svi_density(kBtc30Days, k) * kStep;
        mass += p;
        forward += p * std::exp(k);
    }
    EXPECT_NEAR(mass, 1.0, 1e-6);
    EXPECT_NEAR(forward, 1.0, 1e-6);
}

TEST(SviSliceTest, DomainRefusesWhatIsNoVariance) {
    EXPECT_TRUE(is_in_svi_domain(kBtc30Days));
    EXPECT_FALSE(is_in_svi_domain({.a = 0.1, .b = -0.1}));
    EXPECT_FALSE(is_in_svi_domain({.a = 0.1, .b = 0.1, .rho = 1.0}));
    EXPECT_FALSE(is_in_svi_domain({.a = 0.1, .b = 0.1, .sigma = 0.0}));
    EXPECT_FALSE(is_in_svi_domain({.a = -0.2, .b = 0.1, .sigma = 1.0}));
    EXPECT_FALSE(is_in_svi_domain({.a = keel::test::kNaN, .b = 0.1}));
    EXPECT_FALSE(is_in_svi_domain({.a = 0.1, .b = 0.1, .rho = keel::test::kNaN}));
    EXPECT_EQ(svi_butterfly({.a = 0.1, .b = 0.1, .rho = keel::test::kNaN}).flaws, SviFlaw::domain);
    EXPECT_EQ(svi_butterfly({.a = -0.2, .b = 0.1, .sigma = 1.0}).flaws, SviFlaw::negative_variance);
}

TEST(SviSliceTest, JumpWingsOfAVertexAtTheMoneyAreNotInvertible) {
    SviJw jw;
    ASSERT_TRUE(svi_to_jw({.a = 0.01, .b = 0.1, .rho = 0.0, .m = 0.0, .sigma = 0.2}, 0.5, jw));
    SviParameters back;
    EXPECT_FALSE(svi_from_jw(jw, 0.5, back)) << "v equals v_min: any sigma fits";
    ASSERT_TRUE(svi_to_jw({.a = 0.04, .b = 0.0, .rho = 0.0, .m = 0.0, .sigma = 0.2}, 0.5, jw));
    ASSERT_TRUE(svi_from_jw(jw, 0.5, back)) << "a flat smile is";
    EXPECT_DOUBLE_EQ(svi_total_variance(back, 1.0), 0.04);
}

// A vertex far narrower than an even grid's step over the range must still be seen.
TEST(SviArbitrageTest, FindsANarrowVertexInAWideRange) {
    const SviParameters spike{.a = 0.02, .b = 0.2, .rho = 0.0, .m = 0.7, .sigma = 1e-4};
    const SviButterfly seen = svi_butterfly(spike, {.low = -6.0, .high = 6.0});
    EXPECT_TRUE(has(seen.flaws, SviFlaw::butterfly));
    double least = 1.0;
    for (double k = 0.69; k < 0.71; k += 1e-7) least = std::min(least, svi_g(spike, k));
    EXPECT_LE(seen.g_min, least + 1e-9);
}

TEST(SviArbitrageTest, CalendarSeesADipBetweenGridPoints) {
    const SviParameters near{.a = 0.02, .b = 0.0};
    // Far slice touches the near one's level in a narrow vee between two of the 61 points.
    const SviParameters far{.a = 0.0195, .b = 0.3, .rho = 0.0, .m = 0.0251, .sigma = 1e-4};
    const SviCalendar seen = svi_calendar(near, far);
    EXPECT_FALSE(seen.is_free());
    ASSERT_EQ(seen.crossing_count, 2U);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_NEAR(svi_total_variance(far, seen.crossings[i]), 0.02, 1e-12);
    }
    EXPECT_NEAR(seen.gap_min, -0.0005 + 0.3e-4, 1e-9);
}

// Slices of recorded chains: a dip at the very end of the range, and a butterfly far out in a flat call wing.
TEST(SviArbitrageTest, SeesWhatHidesNearTheEnds) {
    const SviParameters near{.a = -0.33042319824164723,
                             .b = 0.31227913641527394,
                             .rho = -0.0032436926802045071,
                             .m = 0.17032266931046541,
                             .sigma = 1.386248882090082};
    const SviParameters far{.a = -0.64047510722113599,
                            .b = 0.40613966423713327,
                            .rho = -0.1594572969435297,
                            .m = -0.11938211319881513,
                            .sigma = 1.9458877523106648};
    const SviCalendar dip = svi_calendar(near, far, {.low = -3.0, .high = 3.0});
    EXPECT_NEAR(dip.gap_min, -6.34e-6, 1e-8);
    EXPECT_NEAR(dip.gap_min_moneyness, 2.966, 1e-3);
    EXPECT_EQ(dip.crossing_count, 2U);
    const SviParameters flat_wing{.a = -3.7980284910262062e-05,
                                  .b = 0.011161148183035256,
                                  .rho = -0.99673001330588273,
                                  .m = -0.022147310594080462,
                                  .sigma = 0.042139163329089589};
    const SviButterfly far_out = svi_butterfly(flat_wing);
    EXPECT_TRUE(has(far_out.flaws, SviFlaw::butterfly));
    EXPECT_NEAR(far_out.g_min_moneyness, 1.507, 1e-2);
}

TEST(SviArbitrageTest, CalendarSeesWingsThatCrossOutsideTheRange) {
    const SviParameters near{.a = 0.01, .b = 0.10, .rho = 0.0, .m = 0.0, .sigma = 0.1};
    const SviParameters far{.a = 0.90, .b = 0.09, .rho = 0.0, .m = 0.0, .sigma = 0.1};
    const SviCalendar seen = svi_calendar(near, far);
    EXPECT_GT(seen.gap_min, 0.0);
    EXPECT_TRUE(seen.wings_cross);
    EXPECT_FALSE(seen.is_free());
}

TEST(SsviTest, PriorIsFreeOfArbitrage) {
    const SsviParameters prior;
    ASSERT_TRUE(is_in_ssvi_domain(prior));
    SviParameters last{};
    for (const double theta : {1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0}) {
        EXPECT_TRUE(ssvi_butterfly_conditions(prior, theta).are_met()) << theta;
        EXPECT_TRUE(ssvi_is_calendar_free_at(prior, theta)) << theta;
        const SviParameters raw = ssvi_to_raw(prior, theta);
        EXPECT_TRUE(svi_butterfly(raw).is_free()) << theta;
        if (theta > 1e-5) {
            EXPECT_TRUE(svi_calendar(last, raw).is_free()) << theta;
        }
        last = raw;
    }
}

}  // namespace
}  // namespace keel::risk
