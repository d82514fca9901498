#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <utility>

#include "risk/book/incremental_book.hpp"

namespace keel::risk {
namespace {

constexpr std::size_t kBuckets = 40;  // two coins, twenty expiries each

constexpr std::size_t kListed = 10'000;

// 10,000 options listed over forty expiries, three in four settled in coin; the first `positions` of them are held.
// With two `places` they are spread over two venues and the others over two stablecoins: four lanes to a bucket instead
// of one.
struct Subject {
    Book book;
    MarketState market;
    std::mt19937_64 random{20'250'101};
    std::size_t first_option{0};

    explicit Subject(std::size_t positions, std::size_t places = 1) {
        market.now = unix_nanos_from_ms(1'767'225'600'000);
        market.underlyings = {{.index = 65'000.0}, {.index = 3'200.0}};
        market.stables.assign(places, 1.0);
        book.venue_names.assign(places, "venue");
        add_cash(places);
        first_option = book.contracts.size();
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
                 .stable = coin ? StableSlot::none : StableSlot(i / (8 * kBuckets) % places),
                 .venue = VenueSlot(i / kBuckets % places),
                 .multiplier = coin ? 1.0 : 0.1,
                 .strike = expiry.forward * std::exp(deviation * uniform(-2.0, 2.0)),
                 .margin_rate = 0.1},
                {.volatility = volatility}, i < positions ? std::round(uniform(-10.0, 10.0)) + 0.5 : 0.0);
        }
    }
    double uniform(double low, double high) { return std::uniform_real_distribution<double>{low, high}(random); }
    void add_cash(std::size_t places) {
        const double share = 1.0 / static_cast<double>(places);
        for (std::size_t v = 0; v < places; ++v) {
            for (std::size_t s = 0; s < places; ++s) {
                add({.kind = ContractKind::stable_cash, .stable = StableSlot(s), .venue = VenueSlot(v)}, {},
                    5e7 * share * share);
            }
            for (std::uint16_t u = 0; u < 2; ++u) {
                add({.kind = ContractKind::coin_cash, .underlying = UnderlyingSlot{u}, .venue = VenueSlot(v)}, {},
                    2'000.0 * share);
            }
        }
    }
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
    Subject subject{static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1))};
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
BENCHMARK(BookTickInside)->ArgNames({"positions", "places"})->ArgsProduct({{40, 10'000}, {1, 2}});

// A walk of 1 bp per tick, 1 ms apart, with a clock every 50 ms: buckets leave their radius, or their tolerance, or
// fall due, and are priced anew.
struct Stream {
    static constexpr std::uint64_t kTicksPerClock = 50;

    explicit Stream(const benchmark::State& state)
        : subject{static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1))},
          stream{ticks(subject, 1U << 16U, 1e-4, 0.05)},
          book{subject.book, subject.market} {}

    bool clock_is_due() { return ++count % kTicksPerClock == 0; }
    void turn_clock() { benchmark::DoNotOptimize(book.on_clock(book.as_of() + std::chrono::milliseconds{50})); }
    void tick() {
        apply(book, stream[next]);
        next = (next + 1) % stream.size();
    }

    Subject subject;
    std::vector<Tick> stream;
    IncrementalBook book;
    std::size_t next{0};
    std::uint64_t count{0};
};

// The mean over everything, ticks and clock turns, anchors of both included. How many there are of each is counted on
// the same stream beforehand, for to ask for the count takes time.
void BookTickStream(benchmark::State& state) {
    constexpr std::uint64_t kCounted = 1U << 19U;
    Stream counted{state};
    std::uint64_t by_tick = 0;
    std::uint64_t by_clock = 0;
    std::uint64_t anchors = counted.book.work().anchors;
    const auto anchored = [&] {
        return counted.book.work().anchors - std::exchange(anchors, counted.book.work().anchors);
    };
    for (std::uint64_t i = 0; i < kCounted; ++i) {
        if (counted.clock_is_due()) {
            counted.turn_clock();
            by_clock += anchored();
        }
        counted.tick();
        by_tick += anchored();
    }
    Stream timed{state};
    for (auto _ : state) {
        if (timed.clock_is_due()) timed.turn_clock();
        timed.tick();
    }
    state.counters["ticks_that_anchor"] = static_cast<double>(by_tick) / static_cast<double>(kCounted);
    state.counters["clock_anchors_per_tick"] = static_cast<double>(by_clock) / static_cast<double>(kCounted);
}
BENCHMARK(BookTickStream)->ArgNames({"positions", "places"})->ArgsProduct({{40, 10'000}, {1, 2}});

// The same stream, each tick and each clock turn timed alone: their medians, and how long the longest in a thousand
// take. A sample includes reading the clock of the machine, and whatever else the machine did.
void BookTickSamples(benchmark::State& state) {
    Stream subject{state};
    std::vector<double> tick_ns;
    std::vector<double> clock_ns;
    tick_ns.reserve(1U << 22U);
    clock_ns.reserve(tick_ns.capacity() / Stream::kTicksPerClock);
    const auto sample = [](std::vector<double>& into, const auto& work) {
        const auto start = std::chrono::steady_clock::now();
        work();
        const auto end = std::chrono::steady_clock::now();
        if (into.size() < into.capacity()) into.push_back(static_cast<double>((end - start).count()));
    };
    for (auto _ : state) {
        if (subject.clock_is_due()) sample(clock_ns, [&] { subject.turn_clock(); });
        sample(tick_ns, [&] { subject.tick(); });
    }
    const auto quantile = [](std::vector<double>& samples, double share) {
        if (samples.empty()) return 0.0;
        const auto at = samples.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(samples.size() - 1));
        std::nth_element(samples.begin(), at, samples.end());
        return *at;
    };
    state.counters["tick_median_ns"] = quantile(tick_ns, 0.5);
    state.counters["tick_p999_ns"] = quantile(tick_ns, 0.999);
    state.counters["clock_median_ns"] = quantile(clock_ns, 0.5);
}
BENCHMARK(BookTickSamples)->ArgNames({"positions", "places"})->ArgsProduct({{40, 10'000}, {1, 2}});

void BookFill(benchmark::State& state) {
    Subject subject{static_cast<std::size_t>(state.range(0))};
    IncrementalBook book{subject.book, subject.market};
    double sign = 1.0;
    std::size_t at = subject.first_option;
    for (auto _ : state) {
        benchmark::DoNotOptimize(book.on_fill(ContractSlot(static_cast<std::uint32_t>(at)), sign, 0.02, 1e-5));
        if (++at == subject.first_option + static_cast<std::size_t>(state.range(0))) {
            at = subject.first_option;
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
