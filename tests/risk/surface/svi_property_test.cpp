#include <gtest/gtest.h>

#include "risk/surface/quadratic_program3.hpp"
#include "risk/surface/ssvi.hpp"
#include "risk/surface/svi_fit.hpp"
#include "tests/risk/surface/random_svi.hpp"

namespace keel::risk {
namespace {

using test::uniform;

constexpr std::uint64_t kSeeds = 200;

std::vector<SviPoint> quotes_of(const SviParameters& svi, double years, std::size_t count) {
    std::vector<SviPoint> points;
    const double root = std::sqrt(svi_total_variance(svi, 0.0));
    for (std::size_t i = 0; i < count; ++i) {
        const double k = root * (-2.5 + 5.0 * static_cast<double>(i) / static_cast<double>(count - 1));
        const double volatility = std::sqrt(svi_total_variance(svi, k) / years);
        points.push_back({.k = k,
                          .volatility = volatility,
                          .weight = svi_quote_weight(k, volatility, years, 0.005),
                          .half_spread = 0.005});
    }
    return points;
}

TEST(SviPropertyTest, JumpWingsGoThereAndBack) {
    for (std::uint64_t seed = 1; seed <= 20 * kSeeds; ++seed) {
        std::mt19937_64 random{seed};
        double years = 0.0;
        const SviParameters svi = test::random_free_svi(random, years);
        SviJw jw;
        SviParameters back;
        ASSERT_TRUE(svi_to_jw(svi, years, jw)) << "seed " << seed;
        ASSERT_TRUE(svi_from_jw(jw, years, back)) << "seed " << seed;
        // Near psi = 0 with v = v_min the way back divides by (rho - m/r)^2.
        const double turn = svi.rho - svi.m / std::hypot(svi.m, svi.sigma);
        const double tolerance = 1e-13 + 1e-15 / (turn * turn);
        for (const double k : {-1.0, -0.2, 0.0, 0.1, 0.7}) {
            const double w = svi_total_variance(svi, k);
            EXPECT_NEAR(svi_total_variance(back, k), w, 100.0 * tolerance * w) << "seed " << seed;
        }
    }
}

TEST(SviPropertyTest, SsviEqualsItsRawSlice) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        std::mt19937_64 random{seed};
        const SsviParameters ssvi{.rho = uniform(random, -0.95, 0.95),
                                  .eta = uniform(random, 0.1, 2.0),
                                  .gamma = uniform(random, 0.05, 0.95)};
        const double theta = std::exp(uniform(random, std::log(1e-4), 0.7));
        const SviParameters raw = ssvi_to_raw(ssvi, theta);
        for (int i = 0; i < 50; ++i) {
            const double k = uniform(random, -3.0, 3.0);
            const double w = ssvi_total_variance(ssvi, theta, k);
            EXPECT_NEAR(svi_total_variance(raw, k), w, 1e-12 * w) << "seed " << seed << " k " << k;
        }
        EXPECT_NEAR(svi_total_variance(raw, 0.0), theta, 1e-13 * theta) << "seed " << seed;
        if (ssvi_butterfly_conditions(ssvi, theta).are_met()) {
            EXPECT_TRUE(svi_butterfly(raw).is_free()) << "seed " << seed;
        }
    }
}

TEST(SviPropertyTest, FitRecoversRandomSlices) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        std::mt19937_64 random{seed};
        double years = 0.0;
        const SviParameters svi = test::random_free_svi(random, years);
        const std::vector<SviPoint> points = quotes_of(svi, years, 8 + seed % 40);
        SviFit fit;
        ASSERT_EQ(svi_fit({.points = points, .years = years}, fit), SviFitStatus::ok) << "seed " << seed;
        for (const SviPoint& point : points) {
            const double got = std::sqrt(svi_total_variance(fit.svi, point.k) / years);
            EXPECT_NEAR(got, point.volatility, 1e-6) << "seed " << seed << " k " << point.k;
        }
    }
}

TEST(SviPropertyTest, WhatIsPublishedIsFreeOfArbitrageWhateverTheQuotes) {
    std::size_t fitted = 0;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        std::mt19937_64 random{seed};
        double years = 0.0;
        const SviParameters svi = test::random_free_svi(random, years);
        std::vector<SviPoint> points = quotes_of(svi, years, 12);
        for (SviPoint& point : points) point.volatility *= std::exp(uniform(random, -0.4, 0.4));
        SviParameters near = svi;  // a floor that the quotes often break
        near.a *= 0.9;
        near.b *= 0.9;
        SviFit fit;
        const SviFitStatus status = svi_fit({.points = points, .years = years, .near = &near}, fit);
        if (!is_fitted(status)) continue;
        ++fitted;
        EXPECT_TRUE(svi_butterfly(fit.svi).is_free()) << "seed " << seed;
        EXPECT_TRUE(svi_calendar(near, fit.svi).is_free()) << "seed " << seed;
    }
    EXPECT_GE(fitted, kSeeds * 95 / 100) << "the rest must fall back to the last surface, but rarely";
    RecordProperty("fitted", static_cast<int>(fitted));
}

// Value of the program at x.
double objective(const Symmetric3& h, const Vector3& linear, const Vector3& x) {
    const double quadratic = h.xx * x[0] * x[0] + h.yy * x[1] * x[1] + h.zz * x[2] * x[2] +
                             2.0 * (h.xy * x[0] * x[1] + h.xz * x[0] * x[2] + h.yz * x[1] * x[2]);
    return 0.5 * quadratic - dot(linear, x);
}

bool meets(const std::vector<HalfSpace>& rows, const Vector3& x) {
    return std::all_of(rows.begin(), rows.end(),
                       [&](const HalfSpace& row) { return dot(row.normal, x) >= row.offset - 1e-9; });
}

TEST(QuadraticProgramPropertyTest, NoFeasiblePointNearbyIsBetter) {
    std::size_t solved = 0;
    for (std::uint64_t seed = 1; seed <= 20 * kSeeds; ++seed) {
        std::mt19937_64 random{seed};
        const auto draw = [&] { return uniform(random, -1.0, 1.0); };
        Symmetric3 h;
        for (int i = 0; i < 6; ++i) {
            const Vector3 v{draw(), draw(), draw()};
            h = {.xx = h.xx + v[0] * v[0],
                 .xy = h.xy + v[0] * v[1],
                 .xz = h.xz + v[0] * v[2],
                 .yy = h.yy + v[1] * v[1],
                 .yz = h.yz + v[1] * v[2],
                 .zz = h.zz + v[2] * v[2]};
        }
        const Vector3 linear{3.0 * draw(), 3.0 * draw(), 3.0 * draw()};
        const Vector3 inside{draw(), draw(), draw()};  // one point meets all, so a minimum exists
        std::vector<HalfSpace> rows;
        for (int i = 0; i < 12; ++i) {
            const Vector3 normal{draw(), draw(), draw()};
            rows.push_back({.normal = normal, .offset = dot(normal, inside) - 0.3 * uniform(random, 0.0, 1.0)});
        }
        Vector3 x{};
        ASSERT_EQ(minimise(h, linear, rows, 1e-12, x), ProgramStatus::ok) << "seed " << seed;
        ASSERT_TRUE(meets(rows, x)) << "seed " << seed;
        const double best = objective(h, linear, x);
        // Convexity: a better feasible point anywhere makes points on the way to it better too.
        for (int i = 0; i < 300; ++i) {
            const double reach = i % 2 == 0 ? 1.0 : 0.01;
            const Vector3 other{x[0] + reach * draw(), x[1] + reach * draw(), x[2] + reach * draw()};
            if (!meets(rows, other)) continue;
            EXPECT_GE(objective(h, linear, other), best - 1e-8) << "seed " << seed;
        }
        EXPECT_GE(objective(h, linear, inside), best - 1e-9) << "seed " << seed;
        ++solved;
    }
    EXPECT_EQ(solved, 20 * kSeeds);
}

TEST(QuadraticProgramTest, SaysWhenNothingMeetsAllOrTheMatrixIsSingular) {
    const Symmetric3 identity{.xx = 1.0, .yy = 1.0, .zz = 1.0};
    Vector3 x{7.0, 7.0, 7.0};
    const std::vector<HalfSpace> apart{{.normal = {1.0, 0.0, 0.0}, .offset = 1.0},
                                       {.normal = {-1.0, 0.0, 0.0}, .offset = 1.0}};
    EXPECT_EQ(minimise(identity, {}, apart, 1e-12, x), ProgramStatus::infeasible);
    EXPECT_EQ(minimise({.xx = 1.0, .xy = 1.0, .yy = 1.0, .zz = 1.0}, {}, {}, 1e-12, x), ProgramStatus::singular);
    EXPECT_EQ(x, (Vector3{7.0, 7.0, 7.0})) << "nothing is written";
}

}  // namespace
}  // namespace keel::risk
