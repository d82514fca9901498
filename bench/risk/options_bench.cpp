#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "risk/options/chain_kernel.hpp"
#include "risk/options/implied_volatility_batch.hpp"

namespace keel::risk {
namespace {

constexpr double kForward = 90'000.0;
constexpr std::size_t kOptions = 512;  // fits the first-level cache with its outputs

// One expiry of a Deribit-like surface: strikes within four deviations, a smile, calls and puts.
struct Surface {
    std::vector<OptionInputs> options;
    explicit Surface(std::uint64_t seed = 76) {
        std::mt19937_64 engine{seed};
        std::uniform_real_distribution<double> uniform{0.0, 1.0};
        for (std::size_t i = 0; i < kOptions; ++i) {
            OptionInputs in{.forward = kForward, .years = std::exp(-5.9 + 6.0 * uniform(engine))};
            const double deviations = 8.0 * uniform(engine) - 4.0;
            in.volatility = 0.45 + 0.05 * deviations * deviations;
            in.strike = kForward * std::exp(deviations * 0.5 * std::sqrt(in.years));
            in.type = in.strike < kForward ? OptionType::put : OptionType::call;
            options.push_back(in);
        }
    }
};

double per_option(benchmark::State& state) { return static_cast<double>(state.iterations()) * kOptions; }

void report(benchmark::State& state) {
    state.counters["options"] = benchmark::Counter(per_option(state), benchmark::Counter::kIsRate);
    state.counters["s_per_option"] =
        benchmark::Counter(per_option(state), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void ScalarAllGreeks(benchmark::State& state) {
    Surface surface;
    double forward = kForward;
    for (auto _ : state) {
        forward += 0.5;
        for (OptionInputs& in : surface.options) {
            in.forward = forward;
            OptionGreeks out;
            benchmark::DoNotOptimize(black76(in, out));
            benchmark::DoNotOptimize(out);
        }
    }
    report(state);
}

OptionChain chain_of(const Surface& surface) {
    OptionChain chain{kOptions};
    for (const OptionInputs& in : surface.options) chain.add(in.type, in.strike, in.years, in.volatility);
    return chain;
}

void ChainFourGreeks(benchmark::State& state) {
    OptionChain chain = chain_of(Surface{});
    double forward = kForward;
    for (auto _ : state) {
        benchmark::DoNotOptimize(chain.price(forward += 0.5));
        benchmark::ClobberMemory();
    }
    report(state);
}

void ChainEightGreeks(benchmark::State& state) {
    OptionChain chain = chain_of(Surface{});
    double forward = kForward;
    for (auto _ : state) {
        benchmark::DoNotOptimize(chain.price_with_cross_greeks(forward += 0.5));
        benchmark::ClobberMemory();
    }
    report(state);
}

std::vector<QuotedOption> quotes_of(const Surface& surface) {
    std::vector<QuotedOption> quotes;
    for (const OptionInputs& in : surface.options) {
        quotes.push_back({.forward = in.forward,
                          .strike = in.strike,
                          .years = in.years,
                          .price = black76_price(in),
                          .type = in.type});
    }
    return quotes;
}

void ImpliedVolatilityCold(benchmark::State& state) {
    const std::vector<QuotedOption> quotes = quotes_of(Surface{});
    for (auto _ : state) {
        for (const QuotedOption& quote : quotes) benchmark::DoNotOptimize(implied_volatility(quote));
    }
    report(state);
}

// Whatever has a volatility at all: total deviations of 1e-6 to 50, strikes from the money to where the price leaves
// the normal numbers (37.5 deviations, or e^600 times the forward), stepped in deviations and in powers of ten.
std::vector<QuotedOption> domain() {
    constexpr int kSteps = 64;
    std::vector<QuotedOption> out;
    const auto add = [&](double deviation, double log_strike, OptionType type) {
        const OptionInputs in{.forward = 100.0,
                              .strike = 100.0 * std::exp(std::min(log_strike, 600.0)),
                              .years = 1.0,
                              .volatility = deviation,
                              .type = type};
        const QuotedOption quote{
            .forward = in.forward, .strike = in.strike, .years = 1.0, .price = black76_price(in), .type = type};
        if (implied_volatility(quote).status == ImpliedStatus::ok) out.push_back(quote);
    };
    for (int i = 0; i < kSteps; ++i) {
        const double deviation = 1e-6 * std::pow(5e7, i / (kSteps - 1.0));
        for (int j = 0; j < kSteps; ++j) {
            for (const OptionType type : {OptionType::call, OptionType::put}) {
                add(deviation, 37.5 * deviation * j / (kSteps - 1.0), type);
                add(deviation, std::pow(10.0, -12.0 + 14.7 * j / (kSteps - 1.0)), type);
            }
        }
    }
    return out;
}

// The thirty-two slowest options of the domain: found by the least time of several passes, then timed in turn.
void ImpliedVolatilityWorst(benchmark::State& state) {
    constexpr std::size_t kSlowest = 32;
    struct Timed {
        QuotedOption quote;
        double ns{std::numeric_limits<double>::infinity()};
    };
    std::vector<Timed> rows;
    int steps = 0;
    for (const QuotedOption& quote : domain()) {
        rows.push_back({.quote = quote});
        steps = std::max<int>(steps, implied_volatility(quote).steps);
    }
    constexpr int kPasses = 10;
    constexpr int kCalls = 16;
    for (int pass = 0; pass < kPasses; ++pass) {
        for (Timed& row : rows) {
            const auto start = std::chrono::steady_clock::now();
            for (int i = 0; i < kCalls; ++i) benchmark::DoNotOptimize(implied_volatility(row.quote));
            const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
            row.ns = std::min(row.ns, taken.count() / kCalls);
        }
    }
    std::ranges::sort(rows, std::ranges::greater{}, &Timed::ns);
    for (auto _ : state) {
        for (std::size_t i = 0; i < kSlowest; ++i) benchmark::DoNotOptimize(implied_volatility(rows[i].quote));
    }
    const double calls = static_cast<double>(state.iterations()) * kSlowest;
    state.counters["s_per_option"] =
        benchmark::Counter(calls, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    state.counters["steps_most"] = steps;
    state.counters["rows"] = static_cast<double>(rows.size());
    state.counters["slowest_deviations"] =
        std::log(rows[0].quote.strike / rows[0].quote.forward) / implied_volatility(rows[0].quote).volatility;
    state.counters["slowest_s"] = implied_volatility(rows[0].quote).volatility;
}

// One expiry of 512 out-of-the-money quotes, from last volatilities up to 2 % away or from none.
void ImpliedVolatilityBatch(benchmark::State& state) {
    const bool warm = state.range(0) != 0;
    std::vector<double> strike, sign, price, last;
    std::mt19937_64 engine{58};
    std::uniform_real_distribution<double> uniform{-1.0, 1.0};
    constexpr double kYears = 30.0 / 365.0;
    for (std::size_t i = 0; i < kOptions; ++i) {
        const double deviations = 4.0 * uniform(engine);
        OptionInputs in{.forward = kForward, .years = kYears, .volatility = 0.45 + 0.05 * deviations * deviations};
        in.strike = kForward * std::exp(deviations * 0.5 * std::sqrt(kYears));
        in.type = in.strike < kForward ? OptionType::put : OptionType::call;
        strike.push_back(in.strike);
        sign.push_back(in.type == OptionType::call ? 1.0 : -1.0);
        price.push_back(black76_price(in));
        last.push_back(warm ? in.volatility * (1.0 + kWarmRadius * uniform(engine)) : 0.0);
    }
    std::vector<double> volatility(kOptions);
    std::vector<ImpliedStatus> status(kOptions);
    std::size_t fallbacks = 0;
    for (auto _ : state) {
        volatility = last;
        fallbacks += implied_volatility_batch(
            {.forward = kForward, .years = kYears, .strike = strike, .sign = sign, .price = price}, volatility, status);
        benchmark::ClobberMemory();
    }
    state.counters["fallback_share"] = static_cast<double>(fallbacks) / per_option(state);
    report(state);
}

BENCHMARK(ScalarAllGreeks);
BENCHMARK(ChainFourGreeks);
BENCHMARK(ChainEightGreeks);
BENCHMARK(ImpliedVolatilityCold);
BENCHMARK(ImpliedVolatilityWorst);
BENCHMARK(ImpliedVolatilityBatch)->ArgName("warm")->Arg(1)->Arg(0);

}  // namespace
}  // namespace keel::risk
