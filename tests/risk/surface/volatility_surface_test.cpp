#include "risk/surface/volatility_surface.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "tests/risk/surface/quoted_surface.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

using namespace std::chrono_literals;
using test::QuotedSurface;

using keel::test::kNaN;

SurfaceConfig patient() {
    SurfaceConfig config;
    config.quote_age_max = std::chrono::hours{24};
    config.refits_per_evaluation = 16;
    return config;
}

// Fed once and fitted.
struct Fitted {
    QuotedSurface market;
    VolatilitySurface surface;
    UnixNanos now;

    explicit Fitted(const SurfaceConfig& config = patient()) : surface{config}, now{market.start} {
        market.feed(surface, now);
        surface.evaluate(now);
    }
    QuoteFlaw quote(std::size_t i, const SurfaceQuote& quote) { return surface.on_quote(market.expiry(i), quote, now); }
    SurfaceQuote good(std::size_t i, double k, double noise = 1.0) {
        return market.quote(k, market.expiry(i), now, noise);
    }
    const SurfaceExpiry& expiry(std::size_t i) { return surface.expiries()[i]; }
};

TEST(VolatilitySurfaceTest, ReadsBackWhatWasQuoted) {
    Fitted f;
    ASSERT_EQ(f.surface.expiries().size(), f.market.days.size());
    for (std::size_t i = 0; i < f.market.days.size(); ++i) {
        const double years = years_between(f.now, f.market.expiry(i));
        for (const double k : f.market.places(i)) {
            const double want = std::sqrt(f.market.total_variance(k, years) / years);
            const SurfacePoint got = f.surface.at_strike(90'000.0 * std::exp(k), f.market.expiry(i), f.now);
            EXPECT_NEAR(got.volatility, want, 1e-5) << i << ' ' << k;
            EXPECT_EQ(got.quality, SurfaceQuality::good);
            EXPECT_NEAR(got.k, k, 1e-12);
        }
    }
}

// 1e300 of one expiry and 1e-300 of another made the forward between them infinite.
TEST(VolatilitySurfaceTest, AForwardThatIsNoPriceLeavesTheLastOne) {
    Fitted f;
    const UnixNanos between = f.market.start + 60 * 24h;
    const double before = f.surface.forward(between, f.now);
    f.surface.on_forward(f.market.expiry(1), 1e-300, f.now);
    f.surface.on_forward(f.market.expiry(2), 1e300, f.now);
    SurfaceQuote quote = f.good(1, 0.05);
    quote.forward = 1e-300;
    EXPECT_EQ(f.quote(1, quote), QuoteFlaw::bad_input);
    EXPECT_EQ(f.surface.forward(between, f.now), before);
}

// A try costs as much as a fit: one that failed is not repeated on every tick.
TEST(VolatilitySurfaceTest, APriorThatCannotBeIsTriedAgainAfterAGap) {
    const QuotedSurface market;
    const SurfaceConfig config;
    SurfaceExpiry expiry{market.expiry(1), config};
    const SviParameters high{.a = 50.0, .b = 0.1, .rho = 0.0, .m = 0.0, .sigma = 0.1};
    ASSERT_TRUE(expiry.wants_prior(market.start));
    ASSERT_FALSE(expiry.take_prior(market.start, 0.02, &high, nullptr));
    EXPECT_FALSE(expiry.wants_prior(market.start + config.refit_gap_min / 2));
    EXPECT_TRUE(expiry.wants_prior(market.start + config.refit_gap_min));
}

TEST(VolatilitySurfaceTest, IsLinearInTotalVarianceBetweenExpiriesAndFlatOutside) {
    Fitted f;
    const double k = 0.05;
    const SurfacePoint low = f.surface.at_moneyness(k, f.market.expiry(1), f.now);
    const SurfacePoint high = f.surface.at_moneyness(k, f.market.expiry(2), f.now);
    const UnixNanos middle = f.market.expiry(1) + (f.market.expiry(2) - f.market.expiry(1)) / 2;
    const SurfacePoint between = f.surface.at_moneyness(k, middle, f.now);
    EXPECT_NEAR(between.total_variance, 0.5 * (low.total_variance + high.total_variance), 1e-14);
    EXPECT_NEAR(between.skew * 2.0 * between.volatility * between.years,
                0.5 * (low.skew * 2.0 * low.volatility * low.years + high.skew * 2.0 * high.volatility * high.years),
                1e-14);
    const SurfacePoint first = f.surface.at_moneyness(k, f.market.expiry(0), f.now);
    const SurfacePoint early = f.surface.at_moneyness(k, f.now + 24h, f.now);
    EXPECT_NEAR(early.volatility, first.volatility, 1e-14);
    EXPECT_TRUE(has(early.quality, SurfaceQuality::extrapolated));
    const SurfacePoint last = f.surface.at_moneyness(k, f.market.expiry(4), f.now);
    const SurfacePoint late = f.surface.at_moneyness(k, f.market.expiry(4) + 1000h, f.now);
    EXPECT_NEAR(late.volatility, last.volatility, 1e-14);
    EXPECT_TRUE(has(late.quality, SurfaceQuality::extrapolated));
}

TEST(VolatilitySurfaceTest, VolatilityStandsStillAsTimePassesAndTheForwardCarriesTheSmile) {
    Fitted f;
    const SurfacePoint before = f.surface.at_moneyness(0.1, f.market.expiry(1), f.now);
    const UnixNanos later = f.now + 10s;
    EXPECT_NEAR(f.surface.at_moneyness(0.1, f.market.expiry(1), later).volatility, before.volatility, 1e-12);
    f.surface.on_forward(f.market.expiry(1), 91'000.0, later);
    const double strike = 91'000.0 * std::exp(0.1);
    EXPECT_NEAR(f.surface.at_strike(strike, f.market.expiry(1), later).volatility, before.volatility, 1e-12);
}

TEST(VolatilitySurfaceTest, PublishesAQuoteMoveOnlyBeyondItsThreshold) {
    Fitted f;
    const std::uint64_t version = f.expiry(2).version();
    f.quote(2, f.good(2, 0.0, 1.0001));  // 0.006 vol points on one quote of fifteen
    EXPECT_EQ(f.expiry(2).version(), version);
    f.quote(2, f.good(2, 0.0, 1.02));
    EXPECT_EQ(f.expiry(2).version(), version + 1);
    const double years = years_between(f.now, f.market.expiry(2));
    const double quoted = std::sqrt(f.market.total_variance(0.0, years) / years);
    const double published = f.surface.at_moneyness(0.0, f.market.expiry(2), f.now).volatility;
    EXPECT_GT(published, quoted + 2e-4);
    EXPECT_LT(published, 1.02 * quoted);
    EXPECT_EQ(f.surface.fits(), f.market.days.size()) << "no fit was needed";
}

TEST(VolatilitySurfaceTest, RefitsForEachOfItsReasons) {
    {
        Fitted f;
        f.now = f.now + 200ms;
        EXPECT_EQ(f.expiry(1).refit_reason(f.now), RefitReason::none);
        f.quote(1, f.good(1, 0.0, 1.001));
        EXPECT_EQ(f.expiry(1).refit_reason(f.now), RefitReason::none);
        EXPECT_EQ(f.expiry(1).refit_reason(f.now + 1s), RefitReason::period);
        for (const double k : f.market.places(1, 15)) {
            if (k > 0.1) f.quote(1, f.good(1, k, 1.001));
        }
        EXPECT_EQ(f.expiry(1).refit_reason(f.now), RefitReason::changed);
        EXPECT_EQ(f.surface.evaluate(f.now), 1U);
        EXPECT_EQ(f.expiry(1).refit_reason(f.now + 1s), RefitReason::none);
    }
    {
        Fitted f;
        f.now = f.now + 200ms;
        f.surface.on_forward(f.market.expiry(1), 90'000.0 * std::exp(0.51 * 0.6 * std::sqrt(30.0 / 365.0)), f.now);
        EXPECT_EQ(f.expiry(1).refit_reason(f.now), RefitReason::forward);
    }
    {
        Fitted f;
        f.now = f.now + 200ms;
        f.quote(1, f.good(1, f.market.places(1)[3], 1.05));
        EXPECT_EQ(f.expiry(1).refit_reason(f.now), RefitReason::residual);
    }
}

// Each offence of section "quotes": named, weighs nothing, and the last good surface stands.
TEST(VolatilitySurfaceTest, NamesWhatIsWrongWithAQuote) {
    Fitted f;
    const double k = f.market.places(1)[5];
    const auto spoilt = [&](auto&& spoil) {
        SurfaceQuote quote = f.good(1, k);
        quote.volatility_mark = kNaN;
        spoil(quote);
        return f.quote(1, quote);
    };
    const std::size_t usable = f.expiry(1).usable_quotes();
    EXPECT_EQ(spoilt([](SurfaceQuote& q) { q.bid = 0.0; }), QuoteFlaw::one_sided);
    EXPECT_EQ(f.expiry(1).usable_quotes(), usable - 1);
    EXPECT_EQ(spoilt([](SurfaceQuote& q) { q.ask = kNaN; }), QuoteFlaw::one_sided);
    EXPECT_EQ(spoilt([](SurfaceQuote& q) { q.volatility_bid = kNaN; }), QuoteFlaw::one_sided);
    EXPECT_EQ(spoilt([](SurfaceQuote& q) { std::swap(q.bid, q.ask); }), QuoteFlaw::crossed);
    EXPECT_EQ(spoilt([](SurfaceQuote& q) { q.ask = q.bid; }), QuoteFlaw::crossed);
    EXPECT_EQ(spoilt([](SurfaceQuote& q) { q.ask = 2.0 * q.bid; }), QuoteFlaw::wide);
    EXPECT_EQ(spoilt([](SurfaceQuote& q) { q.volatility_ask = 5.1; }), QuoteFlaw::out_of_range);
    EXPECT_EQ(spoilt([](SurfaceQuote& q) { q.ask = -1.0; }), QuoteFlaw::bad_input);
    EXPECT_EQ(spoilt([](SurfaceQuote& q) { q.forward = kNaN; }), QuoteFlaw::bad_input);
    EXPECT_EQ(spoilt([](SurfaceQuote& q) { q.strike = 0.0; }), QuoteFlaw::bad_input);
    EXPECT_TRUE(has(spoilt([](SurfaceQuote& q) { q.type = OptionType::call; }), QuoteFlaw::in_the_money));
    EXPECT_TRUE(has(spoilt([](SurfaceQuote& q) { q.strike *= 0.3; }), QuoteFlaw::far_out));
    EXPECT_EQ(f.expiry(1).usable_quotes(), usable - 1);
    SurfaceQuote one_sided = f.good(1, k);
    one_sided.bid = 0.0;
    EXPECT_EQ(f.quote(1, one_sided), QuoteFlaw::one_sided | QuoteFlaw::mark_used) << "the venue's mark stands in";
    EXPECT_EQ(f.expiry(1).usable_quotes(), usable);
}

TEST(VolatilitySurfaceTest, KeepsTheLastGoodSliceWhenQuotesGoAway) {
    SurfaceConfig config = patient();
    config.quote_age_max = 5s;
    Fitted f{config};
    const double before = f.surface.at_moneyness(0.0, f.market.expiry(1), f.now).volatility;
    f.now = f.now + 10s;
    f.surface.evaluate(f.now);
    const SurfacePoint after = f.surface.at_moneyness(0.0, f.market.expiry(1), f.now);
    EXPECT_EQ(f.expiry(1).usable_quotes(), 0U);
    EXPECT_NEAR(after.volatility, before, 1e-12);
    EXPECT_EQ(after.quality, SurfaceQuality::stale | SurfaceQuality::thin);
    f.market.feed(f.surface, f.now);
    f.surface.evaluate(f.now);
    EXPECT_EQ(f.surface.at_moneyness(0.0, f.market.expiry(1), f.now).quality, SurfaceQuality::good);
}

TEST(VolatilitySurfaceTest, QuotesBelowANearerExpiryAreFittedAboveIt) {
    Fitted f;
    f.now = f.now + 200ms;
    const double near = f.surface.at_moneyness(0.0, f.market.expiry(1), f.now).total_variance;
    for (const double k : f.market.places(2)) f.quote(2, f.good(2, k, 0.5));  // w falls to 91/4 days against 30
    EXPECT_EQ(f.expiry(2).refit_reason(f.now), RefitReason::arbitrage);
    EXPECT_GE(f.surface.at_moneyness(0.0, f.market.expiry(2), f.now).total_variance, near);
    f.surface.evaluate(f.now);
    const SurfacePoint after = f.surface.at_moneyness(0.0, f.market.expiry(2), f.now);
    EXPECT_TRUE(has(after.quality, SurfaceQuality::constrained));
    EXPECT_FALSE(has(after.quality, SurfaceQuality::crossed));
    EXPECT_GE(after.total_variance, near);
    EXPECT_NEAR(after.total_variance, near, 0.01 * near) << "no higher than it must be";
    EXPECT_TRUE(svi_calendar(f.expiry(1).slice_now(f.now), f.expiry(2).slice_now(f.now)).is_free());
}

TEST(VolatilitySurfaceTest, ALaterExpiryWithoutQuotesSaysThatItIsCrossed) {
    SurfaceConfig config = patient();
    config.quote_age_max = 5s;
    Fitted f{config};
    f.now = f.now + 10s;
    for (const double k : f.market.places(1)) f.quote(1, f.good(1, k, 2.0));  // w rises to 120 days' worth
    f.surface.evaluate(f.now);
    EXPECT_GT(f.surface.at_moneyness(0.0, f.market.expiry(1), f.now).volatility, 1.1);
    EXPECT_TRUE(has(f.expiry(2).quality(f.now), SurfaceQuality::crossed));
    EXPECT_TRUE(has(f.expiry(2).quality(f.now), SurfaceQuality::stale));
    for (std::size_t i = 2; i < f.market.days.size(); ++i) {
        for (const double k : f.market.places(i)) f.quote(i, f.good(i, k));
    }
    f.now = f.now + 200ms;
    f.surface.evaluate(f.now);
    EXPECT_FALSE(has(f.expiry(2).quality(f.now), SurfaceQuality::crossed));
    EXPECT_TRUE(svi_calendar(f.expiry(1).slice_now(f.now), f.expiry(2).slice_now(f.now)).is_free());
}

TEST(VolatilitySurfaceTest, FewQuotesGiveThePriorAtTheirLevel) {
    QuotedSurface market;
    VolatilitySurface surface{patient()};
    EXPECT_EQ(surface.at_moneyness(0.0, market.expiry(1), market.start).quality, SurfaceQuality::missing);
    surface.on_quote(market.expiry(1), market.quote(0.0, market.expiry(1), market.start), market.start);
    surface.on_quote(market.expiry(1), market.quote(0.05, market.expiry(1), market.start), market.start);
    surface.evaluate(market.start);
    const SurfacePoint point = surface.at_moneyness(0.0, market.expiry(1), market.start);
    EXPECT_NEAR(point.volatility, 0.6, 0.03);
    EXPECT_TRUE(has(point.quality, SurfaceQuality::prior));
    EXPECT_TRUE(has(point.quality, SurfaceQuality::thin));
}

TEST(VolatilitySurfaceTest, NothingIsFittedInTheLastHalfHour) {
    Fitted f;
    f.now = UnixNanos{f.market.expiry(0).ns()} + -20min;
    f.market.feed(f.surface, f.now);
    EXPECT_EQ(f.expiry(0).refit_reason(f.now), RefitReason::none);
    EXPECT_TRUE(has(f.surface.at_moneyness(0.0, f.market.expiry(0), f.now).quality, SurfaceQuality::stale));
    f.now = f.market.expiry(0);
    f.surface.evaluate(f.now);
    EXPECT_EQ(f.surface.expiries().size(), f.market.days.size() - 1) << "expired";
}

TEST(VolatilitySurfaceTest, HasRoomForSoManyExpiriesAndNoMore) {
    QuotedSurface market;
    VolatilitySurface surface{patient()};
    for (std::size_t i = 0; i < VolatilitySurface::kExpiriesMax + 3; ++i) {
        const UnixNanos expiry = market.start + std::chrono::hours{24} * static_cast<int>(i + 1);
        const QuoteFlaw flaws = surface.on_quote(expiry, market.quote(0.0, expiry, market.start), market.start);
        EXPECT_EQ(has(flaws, QuoteFlaw::no_room), i >= VolatilitySurface::kExpiriesMax) << i;
    }
    const UnixNanos expiry = market.start + 24h;
    std::size_t refused = 0;
    for (std::size_t i = 0; i < SurfaceExpiry::kOptionsMax + 5; ++i) {
        const double k = 1e-4 * static_cast<double>(i + 1);
        refused +=
            has(surface.on_quote(expiry, market.quote(k, expiry, market.start), market.start), QuoteFlaw::no_room) ? 1U
                                                                                                                   : 0U;
    }
    EXPECT_EQ(refused, 6U) << "one option was there before";
    EXPECT_EQ(surface.evaluate(market.start), 1U) << "a full house is still fitted";
}

TEST(VolatilitySurfaceTest, RefusesPlacesThatAreNone) {
    Fitted f;
    for (const double k : {kNaN, 1e300, -std::numeric_limits<double>::infinity()}) {
        const SurfacePoint point = f.surface.at_moneyness(k, f.market.expiry(1), f.now);
        EXPECT_EQ(point.quality, SurfaceQuality::missing);
        EXPECT_EQ(point.volatility, 0.0);
    }
    EXPECT_EQ(f.surface.at_strike(kNaN, f.market.expiry(1), f.now).quality, SurfaceQuality::missing);
    EXPECT_EQ(f.surface.at_strike(-1.0, f.market.expiry(1), f.now).quality, SurfaceQuality::missing);
    EXPECT_EQ(f.surface.at_moneyness(0.0, f.now, f.now).quality, SurfaceQuality::missing);
}

}  // namespace
}  // namespace keel::risk
