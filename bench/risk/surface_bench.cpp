#include <benchmark/benchmark.h>

#include "risk/surface/surface_signals.hpp"
#include "tests/risk/surface/quoted_surface.hpp"

namespace keel::risk {
namespace {

constexpr std::size_t kQuotes = 30;  // of one expiry
constexpr std::size_t kTested = 2;   // the expiry that quotes move: 91 days, between four others

// A surface of five expiries, fitted; quotes live for a day and nothing is due.
struct Fitted {
    test::QuotedSurface market;
    VolatilitySurface surface;
    UnixNanos now;

    Fitted() : surface{config()}, now{market.start} {
        for (std::size_t i = 0; i < market.days.size(); ++i) {
            for (const double k : market.places(i, kQuotes)) {
                surface.on_quote(market.expiry(i), market.quote(k, market.expiry(i), now), now);
            }
        }
        surface.evaluate(now);
    }
    static SurfaceConfig config() {
        SurfaceConfig config;
        config.quote_age_max = std::chrono::hours{24};
        config.refits_per_evaluation = 16;
        return config;
    }
    [[nodiscard]] std::array<SurfaceQuote, 2> two_quotes(double apart) const {
        const double k = market.places(kTested, kQuotes)[12];
        const UnixNanos expiry = market.expiry(kTested);
        return {market.quote(k, expiry, now), market.quote(k, expiry, now, 1.0 + apart)};
    }
};

void quote_update(benchmark::State& state, double apart) {
    Fitted f;
    const std::array<SurfaceQuote, 2> quotes = f.two_quotes(apart);
    const std::uint64_t version = f.surface.expiries()[kTested].version();
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(f.surface.on_quote(f.market.expiry(kTested), quotes[++i % 2], f.now));
    }
    const std::uint64_t published = f.surface.expiries()[kTested].version() - version;
    state.counters["published"] = static_cast<double>(published) / static_cast<double>(state.iterations());
}
// A quote's move by a hundredth of a vol point: sums and the three coefficients, nothing to publish.
void QuoteUpdate(benchmark::State& state) { quote_update(state, 2e-4); }
BENCHMARK(QuoteUpdate);

// A move by three vol points: published each time, after the checks for arbitrage.
void QuoteUpdateAndPublication(benchmark::State& state) { quote_update(state, 0.05); }
BENCHMARK(QuoteUpdateAndPublication);

std::vector<SviPoint> points_of(const test::QuotedSurface& market, double noise) {
    std::vector<SviPoint> out;
    std::mt19937_64 random{1};
    std::normal_distribution<double> normal;
    const double years = years_between(market.start, market.expiry(kTested));
    for (const double k : market.places(kTested, kQuotes)) {
        const double volatility = std::sqrt(market.total_variance(k, years) / years) + noise * normal(random);
        out.push_back({.k = k,
                       .volatility = volatility,
                       .weight = svi_quote_weight(k, volatility, years, 0.004),
                       .half_spread = 0.004});
    }
    return out;
}

// 30 quotes with noise of half their half-spread, from scratch and from the last fit of slightly other quotes.
void full_fit(benchmark::State& state, bool is_warm) {
    const test::QuotedSurface market;
    const double years = years_between(market.start, market.expiry(kTested));
    const std::vector<SviPoint> points = points_of(market, 0.002);
    std::vector<SviPoint> moved = points;
    for (SviPoint& point : moved) point.volatility *= 1.002;
    SviFit last;
    if (!is_fitted(svi_fit({.points = points, .years = years}, last))) state.SkipWithError("no fit");
    const SviParameters previous = last.svi;
    for (auto _ : state) {
        SviFit fit;
        benchmark::DoNotOptimize(
            svi_fit({.points = moved, .years = years, .previous = is_warm ? &previous : nullptr}, fit));
        benchmark::DoNotOptimize(fit);
    }
}
void FullFitOf30Cold(benchmark::State& state) { full_fit(state, false); }
void FullFitOf30Warm(benchmark::State& state) { full_fit(state, true); }
BENCHMARK(FullFitOf30Cold);
BENCHMARK(FullFitOf30Warm);

// A near slice at 101 % of the fitted one: the fit must be done again above it.
void FullFitOf30AboveAFloor(benchmark::State& state) {
    const test::QuotedSurface market;
    const double years = years_between(market.start, market.expiry(kTested));
    const std::vector<SviPoint> points = points_of(market, 0.002);
    SviFit last;
    if (!is_fitted(svi_fit({.points = points, .years = years}, last))) state.SkipWithError("no fit");
    const SviParameters near = scaled(last.svi, 1.01);
    for (auto _ : state) {
        SviFit fit;
        const SviFitStatus status =
            svi_fit({.points = points, .years = years, .previous = &last.svi, .near = &near}, fit);
        if (status != SviFitStatus::projected) state.SkipWithError("not projected");
        benchmark::DoNotOptimize(fit);
    }
}
BENCHMARK(FullFitOf30AboveAFloor);

void ButterflyCheck(benchmark::State& state) {
    const Fitted f;
    const SviParameters svi = f.surface.expiries()[kTested].slice();
    for (auto _ : state) benchmark::DoNotOptimize(svi_butterfly(svi));
}
BENCHMARK(ButterflyCheck);

void CalendarCheck(benchmark::State& state) {
    const Fitted f;
    const SviParameters near = f.surface.expiries()[kTested].slice();
    const SviParameters far = f.surface.expiries()[kTested + 1].slice();
    for (auto _ : state) benchmark::DoNotOptimize(svi_calendar(near, far));
}
BENCHMARK(CalendarCheck);

void ReadAtAnExpiry(benchmark::State& state) {
    const Fitted f;
    double strike = 80'000.0;
    for (auto _ : state) {
        strike += 1.0;
        benchmark::DoNotOptimize(f.surface.at_strike(strike, f.market.expiry(kTested), f.now));
    }
}
BENCHMARK(ReadAtAnExpiry);

void ReadBetweenExpiries(benchmark::State& state) {
    const Fitted f;
    const UnixNanos maturity = f.market.expiry(kTested) + std::chrono::hours{240};
    double strike = 80'000.0;
    for (auto _ : state) {
        strike += 1.0;
        benchmark::DoNotOptimize(f.surface.at_strike(strike, maturity, f.now));
    }
}
BENCHMARK(ReadBetweenExpiries);

void AllSignals(benchmark::State& state) {
    const Fitted f;
    for (auto _ : state) benchmark::DoNotOptimize(surface_signals(f.surface, f.now));
}
BENCHMARK(AllSignals);

}  // namespace
}  // namespace keel::risk
