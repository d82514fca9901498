#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <iostream>
#include <limits>

#include "risk/surface/surface_signals.hpp"
#include "tests/risk/surface/quoted_surface.hpp"
#include "tests/risk/surface/random_svi.hpp"

namespace keel::risk {
namespace {

using test::QuotedSurface;
using test::uniform;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr std::uint64_t kInputs = 20'000;
constexpr std::uint64_t kSurfaces = 10;
#else
constexpr std::uint64_t kInputs = 1'000'000;
constexpr std::uint64_t kSurfaces = 200;
#endif
constexpr std::uint64_t kLookEvery = 10;

// Quotes, forwards and times that no venue should send, and all of them do one day, among good ones.
class Fuzz {
public:
    explicit Fuzz(std::uint64_t seed) : random_{seed}, now_{market_.start}, crowded_{seed % 20 == 0} {
        if (seed % 2 == 0) market_.feed(surface_, now_);
    }
    void input() {
        tick();
        const UnixNanos expiry = some_expiry();
        if (one_in(8)) {
            surface_.on_forward(expiry, one_in(2) ? absurd() : market_.forward, now_);
        } else {
            count(surface_.on_quote(expiry, some_quote(), now_));
        }
        if (one_in(10)) surface_.evaluate(now_);
    }
    void look() {
        const UnixNanos maturity = some_expiry();
        expect_sane(surface_.at_moneyness(uniform(random_, -2.0, 2.0), maturity, now_));
        expect_sane(surface_.at_moneyness(absurd(), maturity, now_));
        expect_sane(surface_.at_strike(market_.forward, maturity, now_));
        expect_sane(surface_.at_strike(absurd(), maturity, now_));
        const double forward = surface_.forward(maturity, now_);
        ASSERT_TRUE(std::isfinite(forward) && forward >= 0.0) << forward;
    }
    void look_at_signals() {
        const SurfaceSignals signals = surface_signals(surface_, now_);
        for (const double x :
             {signals.volatility_7d, signals.volatility_30d, signals.volatility_90d, signals.term_slope,
              signals.risk_reversal_30d, signals.butterfly_30d, signals.variance_30d}) {
            ASSERT_TRUE(std::isfinite(x));
        }
    }
    std::uint64_t usable() const { return usable_; }
    std::uint64_t flawed() const { return flawed_; }
    const VolatilitySurface& surface() const { return surface_; }

private:
    bool one_in(std::uint64_t count) { return random_() % count == 0; }
    std::int64_t below(std::uint64_t count) { return static_cast<std::int64_t>(random_() % count); }
    // Mostly a few milliseconds; seldom back, beyond the age of quotes, or past an expiry.
    void tick() {
        std::chrono::nanoseconds step{below(10'000'000)};
        if (one_in(50)) step = -std::chrono::seconds{1};
        if (one_in(500)) step = std::chrono::seconds{10};
        if (one_in(20'000)) step = std::chrono::days{5};
        now_ = now_ + step;
    }
    // The market's own, and now and then one that has passed, or one of so many that there is no room.
    UnixNanos some_expiry() {
        if (one_in(1'000)) return UnixNanos{};
        if (one_in(crowded_ ? 100 : 5'000)) return now_ + std::chrono::hours{below(100'000) - 24};
        return market_.expiry(random_() % market_.days.size());
    }
    SurfaceQuote some_quote() {
        const std::size_t i = random_() % market_.days.size();
        const std::vector<double> places = market_.places(i);
        const double noise = std::exp(uniform(random_, -0.3, 0.3));
        SurfaceQuote out = market_.quote(places[random_() % places.size()], market_.expiry(i), now_, noise);
        if (one_in(2)) return out;
        double* const fields[] = {
            &out.strike,         &out.forward,        &out.bid, &out.ask, &out.tick, &out.volatility_bid,
            &out.volatility_ask, &out.volatility_mark};
        for (double* field : fields) {
            if (one_in(4)) *field = absurd();
        }
        if (one_in(10)) std::swap(out.bid, out.ask);
        if (one_in(20)) out.type = OptionType::none;
        return out;
    }
    double absurd() {
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        constexpr std::array kValues{
            0.0,    -0.0,      -1.0,       1e-320,   1e-12, 1.0, 1e300,
            1e-300, kInfinity, -kInfinity, 90'000.0, 0.05,  5.0, std::numeric_limits<double>::quiet_NaN()};
        return one_in(8) ? std::bit_cast<double>(random_()) : kValues[random_() % kValues.size()];
    }
    void expect_sane(const SurfacePoint& point) {
        ASSERT_TRUE(std::isfinite(point.volatility) && std::isfinite(point.total_variance) &&
                    std::isfinite(point.skew) && std::isfinite(point.k) && std::isfinite(point.years));
        ASSERT_EQ(point.volatility > 0.0, !has(point.quality, SurfaceQuality::missing));
        ASSERT_LT(point.volatility, 100.0);
    }
    void count(QuoteFlaw flaws) { ++(flaws == QuoteFlaw::none ? usable_ : flawed_); }

    std::mt19937_64 random_;
    QuotedSurface market_;
    VolatilitySurface surface_{};
    UnixNanos now_;
    bool crowded_;  // every expiry there is room for
    std::uint64_t usable_{0};
    std::uint64_t flawed_{0};
};

TEST(SurfaceSafetyTest, NoInputMakesANan) {
    std::uint64_t usable = 0;
    std::uint64_t flawed = 0;
    std::uint64_t fits = 0;
    for (std::uint64_t seed = 1; seed <= kSurfaces; ++seed) {
        Fuzz fuzz{seed};
        for (std::uint64_t i = 1; i <= kInputs / kSurfaces; ++i) {
            fuzz.input();
            if (i % kLookEvery == 0) fuzz.look();
            if (i % (100 * kLookEvery) == 0) fuzz.look_at_signals();
            ASSERT_FALSE(HasFatalFailure()) << "seed " << seed << " input " << i;
        }
        usable += fuzz.usable();
        flawed += fuzz.flawed();
        fits += fuzz.surface().fits();
    }
    EXPECT_GT(usable, kInputs / 10);
    EXPECT_GT(flawed, kInputs / 10);
    std::cout << "[ fuzz     ] " << kInputs << " inputs, " << usable << " quotes usable, " << flawed << " flawed, "
              << fits << " fits\n";
}

}  // namespace
}  // namespace keel::risk
