#include "risk/liquidity/index_guard.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
using keel::test::kNaN;
using State = JumpGuard::State;

TEST(OwnIndexTest, OldAndBrokenSourcesDoNotCount) {
    const UnixNanos now{10 * kSecondNs};
    const std::array sources{IndexSource{100.0, now}, IndexSource{102.0, now},
                             IndexSource{500.0, UnixNanos{7 * kSecondNs}}, IndexSource{kNaN, now}};
    const OwnIndex got = own_index(sources, now);
    EXPECT_EQ(got.live, 2U);
    EXPECT_DOUBLE_EQ(got.price, 101.0 * (1.0 - 0.005) / 2.0 + 101.0 * (1.0 + 0.005) / 2.0);
    EXPECT_TRUE(std::isnan(own_index(std::span{sources}.first(1), now).price)) << "one source is no index";
}

TEST(OwnIndexTest, OneManipulatedSourceMovesItByItsClipAtMost) {
    const UnixNanos now{kSecondNs};
    std::array sources{IndexSource{100.0, now}, IndexSource{100.0, now}, IndexSource{100.0, now}};
    for (const double attack : {1e-9, 1.0, 1e9}) {
        sources[2].price = attack;
        EXPECT_NEAR(own_index(sources, now).price, 100.0, 100.0 * 0.005 / 3.0 + 1e-12);
    }
}

TEST(VerdictTest, Bounds) {
    EXPECT_EQ(deviation_verdict(100.4, 100.0, 0.005, 0.02), Verdict::good);
    EXPECT_EQ(deviation_verdict(99.0, 100.0, 0.005, 0.02), Verdict::soft);
    EXPECT_EQ(deviation_verdict(103.0, 100.0, 0.005, 0.02), Verdict::hard);
    EXPECT_EQ(deviation_verdict(kNaN, 100.0, 0.005, 0.02), Verdict::unknown);
}

TEST(JumpGuardTest, HoldsAJumpBackUntilASecondSourceAgrees) {
    JumpGuard guard{{}};
    EXPECT_EQ(guard.on_price(UnixNanos{kSecondNs}, 100.0, 0.001, kNaN), State::good);
    EXPECT_EQ(guard.on_price(UnixNanos{2 * kSecondNs}, 90.0, 0.001, 100.0), State::quarantined);
    EXPECT_DOUBLE_EQ(guard.price(), 100.0);
    EXPECT_EQ(guard.on_price(UnixNanos{2 * kSecondNs + 1}, 90.0, 0.001, 90.01), State::good);
    EXPECT_DOUBLE_EQ(guard.price(), 90.0);
    EXPECT_EQ(guard.jumps(), 1U);
}

TEST(JumpGuardTest, ThreeUpdatesInARowOrASecondConfirmIt) {
    JumpGuard by_count{{}};
    (void)by_count.on_price(UnixNanos{kSecondNs}, 100.0, 0.001, kNaN);
    EXPECT_EQ(by_count.on_price(UnixNanos{kSecondNs + 1}, 90.0, 0.001, kNaN), State::quarantined);
    EXPECT_EQ(by_count.on_price(UnixNanos{kSecondNs + 2}, 90.1, 0.001, kNaN), State::quarantined);
    EXPECT_EQ(by_count.on_price(UnixNanos{kSecondNs + 3}, 90.0, 0.001, kNaN), State::good);
    JumpGuard by_time{{}};
    (void)by_time.on_price(UnixNanos{kSecondNs}, 100.0, 0.001, kNaN);
    (void)by_time.on_price(UnixNanos{kSecondNs + 1}, 90.0, 0.001, kNaN);
    EXPECT_EQ(by_time.on_price(UnixNanos{2 * kSecondNs + 1}, 90.0, 0.001, kNaN), State::good);
}

TEST(JumpGuardTest, ASpikeThatGoesBackWasNever) {
    JumpGuard guard{{}};
    (void)guard.on_price(UnixNanos{kSecondNs}, 100.0, 0.001, kNaN);
    (void)guard.on_price(UnixNanos{kSecondNs + 1}, 50.0, 0.001, kNaN);
    EXPECT_EQ(guard.on_price(UnixNanos{kSecondNs + 2}, 100.01, 0.001, kNaN), State::good);
    EXPECT_DOUBLE_EQ(guard.price(), 100.01);
    EXPECT_EQ(guard.on_price(UnixNanos{kSecondNs + 3}, kNaN, 0.001, kNaN), State::good);
    EXPECT_EQ(guard.on_price(UnixNanos{kSecondNs + 4}, -5.0, 0.001, kNaN), State::good);
    EXPECT_EQ(guard.refused(), 2U);
}

TEST(JumpGuardTest, APriceThatStandsStillIsFrozen) {
    JumpGuard guard{{}};
    for (std::int64_t s = 0; s < 60; ++s) {
        EXPECT_EQ(guard.on_price(UnixNanos{s * kSecondNs}, 100.0, 0.001, kNaN), State::good) << s;
    }
    EXPECT_EQ(guard.on_price(UnixNanos{60 * kSecondNs}, 100.0, 0.001, kNaN), State::frozen);
    EXPECT_EQ(guard.on_price(UnixNanos{61 * kSecondNs}, 100.01, 0.001, kNaN), State::good);
}

TEST(PegAverageTest, AShortDipIsNoDepeg) {
    PegAverage peg;
    EXPECT_EQ(peg.verdict(), Verdict::unknown);
    peg.on_price(UnixNanos{0}, 1.0);
    peg.on_price(UnixNanos{60 * kSecondNs}, 0.95);
    peg.on_price(UnixNanos{61 * kSecondNs}, 1.0);
    EXPECT_EQ(peg.verdict(), Verdict::good);
    peg.on_price(UnixNanos{62 * kSecondNs}, 0.95);
    peg.on_price(UnixNanos{90 * kSecondNs}, 0.95);
    EXPECT_EQ(peg.verdict(), Verdict::hard);
    peg.on_price(UnixNanos{91 * kSecondNs}, kNaN);
    EXPECT_TRUE(std::isfinite(peg.average()));
}

}  // namespace
}  // namespace keel::risk
