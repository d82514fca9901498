#include "risk/surface/surface_signals.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "risk/surface/model_free_variance.hpp"
#include "risk/surface/smile_dynamics.hpp"
#include "tests/risk/surface/quoted_surface.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

using namespace std::chrono_literals;

using keel::test::kNaN;

struct SignalMarket {
    test::QuotedSurface market;
    VolatilitySurface surface;
    UnixNanos now;

    SignalMarket() : surface{config()}, now{market.start} {
        market.feed(surface, now);
        surface.evaluate(now);
    }
    static SurfaceConfig config() {
        SurfaceConfig config;
        config.refits_per_evaluation = 16;
        return config;
    }
};

TEST(SurfaceSignalsTest, ReadsConstantMaturitiesFromTheMarketsOwnSurface) {
    const SignalMarket f;
    const SurfaceSignals signals = surface_signals(f.surface, f.now);
    EXPECT_EQ(signals.quality, SurfaceQuality::good);
    // The market's volatility at the money is 60 % at every maturity.
    EXPECT_NEAR(signals.volatility_7d, 0.6, 1e-5);
    EXPECT_NEAR(signals.volatility_30d, 0.6, 1e-5);
    EXPECT_NEAR(signals.volatility_90d, 0.6, 1e-5);
    EXPECT_NEAR(signals.term_slope, 0.0, 2e-5);
    const UnixNanos maturity = f.now + 720h;
    const double years = years_between(f.now, maturity);
    const auto market = [&](double k) { return std::sqrt(f.market.total_variance(k, years) / years); };
    for (const double delta : {0.25, 0.75}) {
        const double k = moneyness_of_delta(f.surface, delta, maturity, f.now);
        const double deviation = market(k) * std::sqrt(years);
        EXPECT_NEAR(normal_cdf(-k / deviation + 0.5 * deviation), delta, 1e-5);
    }
    const double call = market(moneyness_of_delta(f.surface, 0.25, maturity, f.now));
    const double put = market(moneyness_of_delta(f.surface, 0.75, maturity, f.now));
    EXPECT_NEAR(signals.risk_reversal_30d, call - put, 1e-5);
    EXPECT_LT(signals.risk_reversal_30d, -0.01) << "the market's skew is negative";
    EXPECT_NEAR(signals.butterfly_30d, 0.5 * (call + put) - 0.6, 1e-5);
    EXPECT_GT(signals.variance_30d, 0.36) << "a smile is worth more than its volatility at the money";
}

// Flat smiles of 50 % at 20 days and 60 % at 60: total variance is linear between them, the volatility stands outside.
TEST(SurfaceSignalsTest, OfGivenSmilesWithTheQualityOfEachTenor) {
    const UnixNanos now{unix_nanos_from_ms(1'767'225'600'000)};
    const auto flat = [&](int days, double volatility) {
        return DatedSlice{.expiry = now + 24h * days, .svi = {.a = volatility * volatility * days / 365.0}};
    };
    const std::array slices{flat(20, 0.5), flat(60, 0.6)};
    const SurfaceSignals signals = surface_signals(SliceSurface{slices}, now);
    EXPECT_NEAR(signals.volatility_7d, 0.5, 1e-12);
    const double month = std::sqrt((0.75 * 0.25 * 20.0 + 0.25 * 0.36 * 60.0) / 30.0);
    EXPECT_NEAR(signals.volatility_30d, month, 1e-12);
    EXPECT_NEAR(signals.volatility_90d, 0.6, 1e-12);
    EXPECT_NEAR(signals.term_slope, 0.1, 1e-12);
    EXPECT_NEAR(signals.risk_reversal_30d, 0.0, 1e-12);
    EXPECT_NEAR(signals.butterfly_30d, 0.0, 1e-12);
    EXPECT_NEAR(signals.variance_30d, month * month, 1e-5 * month * month);
    EXPECT_EQ(signals.quality_7d, SurfaceQuality::extrapolated);
    EXPECT_EQ(signals.quality_30d, SurfaceQuality::good);
    EXPECT_EQ(signals.quality_90d, SurfaceQuality::extrapolated);
    EXPECT_EQ(surface_signals(SliceSurface{{}}, now).quality, SurfaceQuality::missing);
    EXPECT_EQ(surface_signals(SliceSurface{slices}, now + 24h * 60).quality, SurfaceQuality::missing) << "all expired";
}

// The report's curves and the live surface are read alike: the same slices, the same numbers.
TEST(SurfaceSignalsTest, OfTheLiveSurfacesOwnSlicesAreTheSame) {
    const SignalMarket f;
    std::vector<DatedSlice> slices;
    for (const SurfaceExpiry& expiry : f.surface.expiries()) {
        slices.push_back({.expiry = expiry.expiry(), .svi = expiry.slice_now(f.now)});
    }
    const SurfaceSignals live = surface_signals(f.surface, f.now);
    const SurfaceSignals given = surface_signals(SliceSurface{slices}, f.now);
    EXPECT_NEAR(given.volatility_7d, live.volatility_7d, 1e-12);
    EXPECT_NEAR(given.volatility_90d, live.volatility_90d, 1e-12);
    EXPECT_NEAR(given.risk_reversal_30d, live.risk_reversal_30d, 1e-12);
    EXPECT_NEAR(given.butterfly_30d, live.butterfly_30d, 1e-12);
    EXPECT_NEAR(given.variance_30d, live.variance_30d, 1e-12);
}

TEST(SurfaceSignalsTest, SaysMissingWithoutASurface) {
    const VolatilitySurface empty;
    const SurfaceSignals signals = surface_signals(empty, UnixNanos{1});
    EXPECT_EQ(signals.quality, SurfaceQuality::missing);
    EXPECT_EQ(signals.volatility_30d, 0.0);
    EXPECT_EQ(signals.variance_30d, 0.0);
}

TEST(ModelFreeVarianceTest, OfAFlatSmileIsItsVariance) {
    for (const double volatility : {0.2, 0.6, 1.5}) {
        for (const double years : {0.02, 0.25, 1.0}) {
            const double w = volatility * volatility * years;
            EXPECT_NEAR(model_free_variance([&](double) { return w; }, years), w / years, 1e-5 * w / years);
        }
    }
}

// Independent of any price: fair variance is -2/T times the mean of ln(S/F) under the slice's own density.
TEST(ModelFreeVarianceTest, OfASmileIsTheLogContractUnderItsDensity) {
    const SviParameters svi{.a = 0.01, .b = 0.14, .rho = -0.25, .m = 0.02, .sigma = 0.14};
    const double years = 30.0 / 365.0;
    double mean = 0.0;
    constexpr double kStep = 1e-4;
    for (double k = -8.0; k <= 8.0; k += kStep) mean += k * svi_density(svi, k) * kStep;
    const double got = model_free_variance([&](double k) { return svi_total_variance(svi, k); }, years);
    EXPECT_NEAR(got, -2.0 * mean / years, 1e-5 * got);
    std::vector<StrikeVolatility> strikes;
    constexpr double kSpacing = 0.024;
    for (double k = -6.0; k <= 6.0; k += kSpacing) {
        strikes.push_back({.strike = 100.0 * std::exp(k), .volatility = std::sqrt(svi_total_variance(svi, k) / years)});
    }
    double replicated = 0.0;
    ASSERT_TRUE(replicated_variance(strikes, 101.3, years, replicated));
    EXPECT_NEAR(replicated, got, 0.02 * got) << "another forward: the smile's strikes are shifted by 1.3 %";
    ASSERT_TRUE(replicated_variance(strikes, 100.0, years, replicated));
    // A chord lies above the log contract by f'' h^2/12 on average: h^2 / (6 T) for strikes a factor e^h apart.
    EXPECT_NEAR(replicated, got + kSpacing * kSpacing / (6.0 * years), 1e-4 * got);
}

TEST(ModelFreeVarianceTest, RefusesASmileThatIsNone) {
    double out = -1.0;
    const std::vector<StrikeVolatility> good{{.strike = 90.0, .volatility = 0.5},
                                             {.strike = 100.0, .volatility = 0.5},
                                             {.strike = 110.0, .volatility = 0.5}};
    EXPECT_TRUE(replicated_variance(good, 100.0, 0.1, out));
    out = -1.0;
    EXPECT_FALSE(replicated_variance(good, 80.0, 0.1, out));
    EXPECT_FALSE(replicated_variance(good, 120.0, 0.1, out));
    EXPECT_FALSE(replicated_variance(good, kNaN, 0.1, out));
    EXPECT_FALSE(replicated_variance(good, 100.0, 0.0, out));
    EXPECT_FALSE(replicated_variance(std::span{good}.first(2), 95.0, 0.1, out));
    std::vector<StrikeVolatility> bad = good;
    bad[1].volatility = kNaN;
    EXPECT_FALSE(replicated_variance(bad, 100.0, 0.1, out));
    EXPECT_EQ(out, -1.0);
}

TEST(SkewStickinessTest, FindsTheSlopeThatMadeTheMoves) {
    for (const double truth : {0.0, 0.7, 1.0, 1.6}) {
        std::mt19937_64 random{7};
        std::normal_distribution<double> normal;
        SkewStickiness stickiness;
        double forward = 90'000.0;
        double volatility = 0.6;
        UnixNanos now{1};
        EXPECT_EQ(stickiness.value(), 1.0);
        for (int i = 0; i < 600; ++i) {
            const double skew = -0.5;
            stickiness.on_sample(forward, volatility, skew, now);
            if (i < static_cast<int>(SkewStickiness::kSamplesMin)) {
                EXPECT_EQ(stickiness.value(), 1.0);
            }
            const double move = 0.003 * normal(random);
            forward *= std::exp(move);
            volatility += truth * skew * move + 1e-5 * normal(random);
            now = now + 1min;
        }
        EXPECT_NEAR(stickiness.value(), truth, 0.02);
    }
}

TEST(SkewStickinessTest, IsClippedAndTakesNoNonsense) {
    SkewStickiness stickiness;
    double forward = 90'000.0;
    double volatility = 0.6;
    UnixNanos now{1};
    for (int i = 0; i < 200; ++i) {
        const double move = i % 2 == 0 ? 0.002 : -0.002;
        forward *= std::exp(move);
        volatility += 9.0 * -0.5 * move;
        now = now + 1min;
        stickiness.on_sample(forward, volatility, -0.5, now);
        stickiness.on_sample(kNaN, volatility, -0.5, now + 1min);
        stickiness.on_sample(forward, -1.0, -0.5, now + 1min);
        stickiness.on_sample(forward, volatility, kNaN, now + 1min);
        stickiness.on_sample(2.0 * forward, 5.0, -0.5, now + 1s);  // sooner than the period
    }
    EXPECT_EQ(stickiness.value(), SkewStickiness::kMax);
}

}  // namespace
}  // namespace keel::risk
