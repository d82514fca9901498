#include "risk/options/lanes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>
#include <limits>
#include <random>

#include "risk/options/normal_tail.hpp"
#include "risk/options/price_lanes.hpp"

namespace keel::risk {
namespace {

constexpr std::uint64_t kSeed = 4;

std::array<double, kLanes> values(Lanes lanes) {
    std::array<double, kLanes> out;
    lanes.store(out.data());
    return out;
}

// glibc's functions of 64-bit mantissas are the reference throughout.
TEST(LanesTest, ExponentialHasTheLastDigits) {
    std::mt19937_64 engine{kSeed};
    for (int i = 0; i < 200'000; ++i) {
        const double x = -std::exp(std::uniform_real_distribution<double>{-40.0, std::log(708.0)}(engine));
        const long double want = std::exp(static_cast<long double>(x));
        ASSERT_LE(std::abs(static_cast<double>(values(exp_of_negative(Lanes{x}))[engine() % kLanes] / want - 1.0L)),
                  DBL_EPSILON)
            << x;
    }
    EXPECT_EQ(values(exp_of_negative(Lanes{0.0}))[0], 1.0);
    EXPECT_GT(values(exp_of_negative(Lanes{-707.9}))[0], DBL_MIN);
    for (const double beyond : {-708.1, -1e4, -1e20, -1e300, -std::numeric_limits<double>::infinity()}) {
        EXPECT_EQ(values(exp_of_negative(Lanes{beyond}))[3], 0.0) << beyond;
    }
}

TEST(LanesTest, LogarithmOfARatioHasTheLastDigitsNearTheMoneyToo) {
    std::mt19937_64 engine{kSeed};
    std::uniform_real_distribution<double> uniform{-1.0, 1.0};
    for (int i = 0; i < 200'000; ++i) {
        const double a = std::exp(200.0 * uniform(engine));
        const double apart = i % 2 == 0 ? uniform(engine) : std::exp(-18.0 + 17.0 * uniform(engine));
        const double b = i % 5 == 0 ? std::exp(200.0 * uniform(engine)) : a * (1.0 + apart * 0.999);
        const long double quotient_less_one = (static_cast<long double>(a) - b) / b;
        const long double want = std::abs(quotient_less_one) < 0.5L
                                     ? std::log1p(quotient_less_one)
                                     : std::log(static_cast<long double>(a)) - std::log(static_cast<long double>(b));
        const double got = values(log_ratio(Lanes{a}, Lanes{b}))[engine() % kLanes];
        ASSERT_LE(std::abs(static_cast<double>(got - want)), 2.0 * DBL_EPSILON * std::abs(static_cast<double>(want)))
            << a << ' ' << b;
    }
    EXPECT_EQ(values(log_ratio(Lanes{3.7}, Lanes{3.7}))[0], 0.0);
    EXPECT_EQ(values(log_of(Lanes{1.0}))[0], 0.0);
}

// Above 3 by Laplace's continued fraction, Y = 1/sqrt(2 pi) / (z + 1/(z + 2/(z + 3/(z + ...)))): exp(z^2/2)
// erfc(z/sqrt2) loses z^2 roundings of its argument.
long double scaled_tail_reference(long double z) {
    if (z < 3.0L) return std::exp(z * z / 2) * std::erfc(z / std::sqrt(2.0L)) / 2;
    long double fraction = z;
    for (int k = 400; k >= 1; --k) fraction = z + k / fraction;
    return 1.0L / std::sqrt(2.0L * 3.14159265358979323846L) / fraction;
}

TEST(LanesTest, ScaledTailIsThatOfTheNormalDistribution) {
    std::mt19937_64 engine{kSeed};
    for (int i = 0; i < 200'000; ++i) {
        const double z = i % 2 == 0 ? std::uniform_real_distribution<double>{kNormalTailMin, 8.0}(engine)
                                    : std::uniform_real_distribution<double>{0.0, 100.0}(engine);
        const long double want = scaled_tail_reference(z);
        const double got = scaled_normal_tail(z);
        ASSERT_LE(std::abs(static_cast<double>(got / want - 1.0L)), 6.0 * DBL_EPSILON) << z;
        ASSERT_EQ(values(scaled_normal_tail(Lanes{z}))[engine() % kLanes], got)
            << "a lane holds the bits of the scalar code";
    }
    // Mills: z Y(z) tends to 1/sqrt(2 pi), and is monotone up to infinity.
    EXPECT_NEAR(1e8 * scaled_normal_tail(1e8), kInverseRoot2Pi, 1e-15);
    EXPECT_EQ(scaled_normal_tail(std::numeric_limits<double>::infinity()), 0.0);
}

// Just beyond the reach of its time value a price is its intrinsic value; within it, it is not said to be.
TEST(LanesTest, FarFromItsStrikeAPriceIsIntrinsic) {
    std::mt19937_64 engine{kSeed};
    std::uniform_real_distribution<double> uniform{0.0, 1.0};
    constexpr double kForward = 65'000.0;
    for (int i = 0; i < 200'000; ++i) {
        const double deviation = std::exp(-12.0 * uniform(engine));
        const double reach = deviation * (kIntrinsicReach + 0.5 * deviation);
        const double away = (i % 2 == 0 ? 1.0 : -1.0) * reach * (1.001 + (i % 7 == 0 ? uniform(engine) : 0.0));
        const Lanes strike{kForward * std::exp(-away)}, log_moneyness = log_ratio(Lanes{kForward}, strike);
        ASSERT_TRUE(is_intrinsic(Lanes{deviation}, log_moneyness)) << deviation << ' ' << away;
        for (const double sign : {1.0, -1.0}) {
            const double got = values(intrinsic_lanes(Lanes{kForward}, strike, Lanes{sign}))[0];
            const double want =
                values(price_lanes(Lanes{kForward}, strike, Lanes{sign}, Lanes{deviation}, log_moneyness))[0];
            ASSERT_NEAR(got, want, DBL_EPSILON * std::max(kForward, want)) << deviation << ' ' << away;
            ASSERT_GE(got, 0.0);
        }
    }
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    EXPECT_FALSE(is_intrinsic(Lanes{_mm256_setr_pd(0.01, 0.01, 0.01, 0.02)}, Lanes{0.1})) << "one of the four";
    EXPECT_FALSE(is_intrinsic(Lanes{0.01}, Lanes{kNaN}));
    EXPECT_TRUE(std::isnan(values(intrinsic_lanes(Lanes{kForward}, Lanes{1.0}, Lanes{kNaN}))[2]));
}

}  // namespace
}  // namespace keel::risk
