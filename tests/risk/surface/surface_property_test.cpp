#include <gtest/gtest.h>

#include <cstring>

#include "tests/risk/surface/brute_arbitrage.hpp"
#include "tests/risk/surface/quoted_surface.hpp"
#include "tests/risk/surface/random_svi.hpp"

namespace keel::risk {
namespace {

using namespace std::chrono_literals;
using test::QuotedSurface;
using test::uniform;

constexpr std::uint64_t kWalks = 20;

// A walk of quotes, forwards and time over one surface.
struct Walk {
    std::mt19937_64 random;
    QuotedSurface market;
    VolatilitySurface surface{};
    UnixNanos now;

    explicit Walk(std::uint64_t seed) : random{seed}, now{market.start} {}

    SurfaceQuote some_quote(std::size_t i, double noise) {
        const std::vector<double> places = market.places(i);
        const double k = places[static_cast<std::size_t>(uniform(random, 0.0, 14.999))];
        return market.quote(k, market.expiry(i), now, std::exp(uniform(random, -noise, noise)));
    }
    void step(double noise) {
        now = now + std::chrono::milliseconds{static_cast<int>(uniform(random, 0.0, 40.0))};
        const auto i = static_cast<std::size_t>(uniform(random, 0.0, 4.999));
        surface.on_quote(market.expiry(i), some_quote(i, noise), now);
        surface.evaluate(now);
    }
};

TEST(SurfacePropertyTest, IncrementsEqualDirectLeastSquares) {
    std::size_t compared = 0;
    for (std::uint64_t seed = 1; seed <= kWalks; ++seed) {
        Walk walk{seed};
        walk.market.feed(walk.surface, walk.now);
        walk.surface.evaluate(walk.now);
        walk.surface.evaluate(walk.now);
        for (int i = 0; i < 500; ++i) {
            walk.step(0.02);
            for (const SurfaceExpiry& expiry : walk.surface.expiries()) {
                Vector3 got{};
                if (!expiry.least_squares(got)) continue;
                std::array<SviPoint, SurfaceExpiry::kOptionsMax> points;
                const std::size_t count = expiry.points(points);
                SviNormalEquations direct;
                for (std::size_t j = 0; j < count; ++j) direct.add(expiry.vertex(), points[j], expiry.years_fitted());
                std::array<HalfSpace, kSviFaces + kSviVertexCuts> rows{};
                svi_faces(expiry.vertex(), 1e9, std::span<HalfSpace, kSviFaces>{rows.data(), kSviFaces});
                Vector3 want{};
                ASSERT_TRUE(svi_solve(direct, rows, kSviFaces, 1e-9, 1.0, want)) << "seed " << seed;
                for (std::size_t j = 0; j < count; ++j) {
                    const Vector3 x = svi_regressors(expiry.vertex(), points[j].k);
                    ASSERT_NEAR(dot(x, got), dot(x, want), 1e-9 * dot(x, want)) << "seed " << seed << " step " << i;
                }
                ++compared;
            }
        }
    }
    EXPECT_GT(compared, 10'000U);
}

TEST(SurfacePropertyTest, WhatCanBeReadIsFreeOfArbitrageAfterEveryEvent) {
    std::size_t crossed = 0;
    std::size_t pairs = 0;
    std::uint64_t published = 0;
    for (std::uint64_t seed = 1; seed <= kWalks; ++seed) {
        Walk walk{seed};
        walk.market.feed(walk.surface, walk.now);
        for (int i = 0; i < 300; ++i) {
            walk.step(0.10);  // quotes that contradict each other by ten vol points
            if (i % 30 == 0) {
                walk.market.forward *= std::exp(uniform(walk.random, -0.02, 0.02));
                walk.market.feed(walk.surface, walk.now);
            }
            const std::span<const SurfaceExpiry> expiries = walk.surface.expiries();
            for (std::size_t j = 0; j < expiries.size(); ++j) {
                if (!expiries[j].has_slice()) continue;
                if (i % 10 == 0) {
                    ASSERT_GE(test::brute_g_min(expiries[j].slice()), 0.0) << "seed " << seed << " step " << i;
                }
                if (j == 0 || !expiries[j - 1].has_slice()) continue;
                ++pairs;
                const double gap =
                    svi_calendar(expiries[j - 1].slice_now(walk.now), expiries[j].slice_now(walk.now)).gap_min;
                if (has(expiries[j].quality(walk.now), SurfaceQuality::crossed)) {
                    ++crossed;
                    continue;
                }
                ASSERT_GE(gap, 0.0) << "seed " << seed << " step " << i << " expiry " << j;
                if (i % 10 == 0) {
                    ASSERT_GE(test::brute_gap_min(expiries[j - 1].slice_now(walk.now), expiries[j].slice_now(walk.now)),
                              0.0)
                        << "seed " << seed << " step " << i;
                }
            }
        }
        for (const SurfaceExpiry& expiry : walk.surface.expiries()) published += expiry.version();
    }
    EXPECT_GT(published, 100 * kWalks);
    EXPECT_LE(crossed * 100, pairs) << "crossed slices must be rare";
    RecordProperty("crossed", static_cast<int>(crossed));
}

TEST(SurfacePropertyTest, TheSameEventsGiveTheSameBits) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        Walk a{seed};
        Walk b{seed};
        for (int i = 0; i < 300; ++i) {
            a.step(0.05);
            b.step(0.05);
            const SurfacePoint here = a.surface.at_moneyness(0.07, a.now + 500h, a.now);
            const SurfacePoint there = b.surface.at_moneyness(0.07, b.now + 500h, b.now);
            ASSERT_EQ(std::memcmp(&here.volatility, &there.volatility, sizeof(double)), 0) << "seed " << seed;
        }
        EXPECT_EQ(a.surface.fits(), b.surface.fits());
    }
}

}  // namespace
}  // namespace keel::risk
