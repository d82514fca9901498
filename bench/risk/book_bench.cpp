#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <random>

#include "risk/book/incremental_book.hpp"

namespace keel::risk {
namespace {

constexpr std::size_t kBuckets = 40;  // two coins, twenty expiries each

constexpr std::size_t kListed = 10'000;

// 10,000 options listed over forty expiries, three in four settled in coin; the first `positions` of them are held.
struct Subject {
    Book book;
    MarketState market;
    std::mt19937_64 random{20'250'101};

    explicit Subject(std::size_t positions) {
        market.now = unix_nanos_from_ms(1'767'225'600'000);
        market.underlyings = {{.index = 65'000.0}, {.index = 3'200.0}};
        market.stables = {1.0};
        book.venue_names = {"venue"};
        add({.kind = ContractKind::stable_cash, .stable = StableSlot{0}, .venue = VenueSlot{0}}, {}, 5e7);
        for (std::uint16_t u = 0; u < 2; ++u) {
            add({.kind = ContractKind::coin_cash, .underlying = UnderlyingSlot{u}, .venue = VenueSlot{0}}, {}, 2'000.0);
        }
        for (std::size_t b = 0; b < kBuckets; ++b) {
            const auto u = static_cast<std::uint16_t>(b % 2);
            const double days = 1.0 + 9.0 * static_cast<double>(b / 2);
            market.expiries.push_back({.underlying = UnderlyingSlot{u},
                                       .expiry = market.now + std::chrono::nanoseconds{std::llround(days * 86'400e9)},
                                       .forward = market.underlyings[u].index});
        }
        for (std::size_t i = 0; i < kListed; ++i) {
            const std::size_t b = i % kBuckets;
            const ExpiryMarket& expiry = market.expiries[b];
            const double volatility = uniform(0.45, 0.75);
            const double deviation = volatility * std::sqrt(years_between(market.now, expiry.expiry));
            const bool coin = (i / kBuckets) % 4 != 3;
            add({.kind = coin ? ContractKind::inverse_option : ContractKind::linear_option,
                 .type = i % 2 == 0 ? OptionType::call : OptionType::put,
                 .underlying = expiry.underlying,
                 .expiry = ExpirySlot(static_cast<std::uint16_t>(b)),
                 .stable = coin ? StableSlot::none : StableSlot{0},
                 .venue = VenueSlot{0},
                 .multiplier = coin ? 1.0 : 0.1,
                 .strike = expiry.forward * std::exp(deviation * uniform(-2.0, 2.0)),
                 .margin_rate = 0.1},
                {.volatility = volatility}, i < positions ? std::round(uniform(-10.0, 10.0)) + 0.5 : 0.0);
        }
    }
    double uniform(double low, double high) { return std::uniform_real_distribution<double>{low, high}(random); }
    void add(const Contract& contract, const ContractQuote& quote, double quantity) {
        book.contracts.push_back(contract);
        book.holdings.push_back({.quantity = quantity});
        book.names.emplace_back();
        market.quotes.push_back(quote);
    }
};

struct Tick {
    ExpirySlot expiry{};
    double forward{0.0};
};

// Forwards walk by `step` (standard deviation) per tick of their expiry, and turn back at `reach`.
std::vector<Tick> ticks(Subject& subject, std::size_t count, double step, double reach) {
    std::vector<double> level(kBuckets, 0.0);
    std::normal_distribution<double> move{0.0, step};
    std::vector<Tick> out;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t b = subject.random() % kBuckets;
        level[b] = std::clamp(level[b] + move(subject.random), -reach, reach);
        out.push_back(
            {ExpirySlot(static_cast<std::uint16_t>(b)), subject.market.expiries[b].forward * std::exp(level[b])});
    }
    return out;
}

// One forward tick and a look at every O(1) metric of the account and of its underlying.
void apply(IncrementalBook& book, const Tick& tick) {
    benchmark::DoNotOptimize(book.on_forward(tick.expiry, tick.forward));
    benchmark::DoNotOptimize(book.account());
    benchmark::DoNotOptimize(
        book.underlying(UnderlyingSlot(static_cast<std::uint16_t>(static_cast<std::size_t>(tick.expiry) % 2))));
}

// Ticks that stay inside the Taylor radius: polynomials and sums alone.
void BookTickInside(benchmark::State& state) {
    Subject subject{static_cast<std::size_t>(state.range(0))};
    const std::vector<Tick> stream = ticks(subject, 1U << 14U, 2e-5, 2e-4);
    IncrementalBook book{subject.book, subject.market};
    const std::uint64_t anchors = book.work().anchors;
    std::size_t next = 0;
    for (auto _ : state) {
        apply(book, stream[next]);
        next = (next + 1) % stream.size();
    }
    state.counters["anchors"] = static_cast<double>(book.work().anchors - anchors);
    state.counters["error_bound_usd"] = book.account().bound.usd.equity;
}
BENCHMARK(BookTickInside)->ArgName("positions")->Arg(40)->Arg(10'000);

// A walk of 1 bp per tick, 1 ms apart, with a clock every 50 ms: buckets leave their radius, or their tolerance, or
// fall due, and are priced anew. The time is the mean over everything, the clock's turns included; median and mean
// are of single ticks, and include reading the clock of the machine twice.
void BookTickStream(benchmark::State& state) {
    Subject subject{static_cast<std::size_t>(state.range(0))};
    const std::vector<Tick> stream = ticks(subject, 1U << 16U, 1e-4, 0.05);
    IncrementalBook book{subject.book, subject.market};
    const std::uint64_t anchors = book.work().anchors;
    std::vector<double> samples;
    samples.reserve(1U << 20U);
    std::size_t next = 0;
    std::uint64_t count = 0;
    for (auto _ : state) {
        if (++count % 50 == 0) {
            benchmark::DoNotOptimize(book.on_clock(book.as_of() + std::chrono::milliseconds{50}));
        }
        const auto start = std::chrono::steady_clock::now();
        apply(book, stream[next]);
        const auto end = std::chrono::steady_clock::now();
        if (samples.size() < samples.capacity()) samples.push_back(static_cast<double>((end - start).count()));
        next = (next + 1) % stream.size();
    }
    const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
    std::nth_element(samples.begin(), middle, samples.end());
    state.counters["median_ns"] = *middle;
    state.counters["mean_ns"] =
        std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
    state.counters["anchor_share"] = static_cast<double>(book.work().anchors - anchors) / static_cast<double>(count);
}
BENCHMARK(BookTickStream)->ArgName("positions")->Arg(40)->Arg(10'000);

void BookFill(benchmark::State& state) {
    Subject subject{static_cast<std::size_t>(state.range(0))};
    IncrementalBook book{subject.book, subject.market};
    double sign = 1.0;
    std::size_t at = 3;
    for (auto _ : state) {
        benchmark::DoNotOptimize(book.on_fill(ContractSlot(static_cast<std::uint32_t>(at)), sign, 0.02, 1e-5));
        if (++at == 3 + static_cast<std::size_t>(state.range(0))) {
            at = 3;
            sign = -sign;
        }
    }
}
BENCHMARK(BookFill)->ArgName("positions")->Arg(40)->Arg(10'000);

void BookClock(benchmark::State& state) {
    Subject subject{static_cast<std::size_t>(state.range(0))};
    IncrementalBook book{subject.book, subject.market};
    for (auto _ : state) benchmark::DoNotOptimize(book.on_clock(book.as_of() + std::chrono::microseconds{10}));
}
BENCHMARK(BookClock)->ArgName("positions")->Arg(40)->Arg(10'000);

// The definition, for comparison.
void FullRevaluation(benchmark::State& state) {
    Subject subject{static_cast<std::size_t>(state.range(0))};
    for (auto _ : state) {
        benchmark::DoNotOptimize(value_book(subject.book, subject.market));
        for (std::uint16_t u = 0; u < 2; ++u) {
            benchmark::DoNotOptimize(book_sensitivities(subject.book, subject.market, UnderlyingSlot{u}));
        }
    }
}
BENCHMARK(FullRevaluation)->ArgName("positions")->Arg(40)->Arg(10'000);

}  // namespace
}  // namespace keel::risk
