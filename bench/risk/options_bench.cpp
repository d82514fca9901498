#include <benchmark/benchmark.h>

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

BENCHMARK(ScalarAllGreeks)->Repetitions(10)->ReportAggregatesOnly();
BENCHMARK(ChainFourGreeks)->Repetitions(10)->ReportAggregatesOnly();
BENCHMARK(ChainEightGreeks)->Repetitions(10)->ReportAggregatesOnly();
BENCHMARK(ImpliedVolatilityCold)->Repetitions(10)->ReportAggregatesOnly();
BENCHMARK(ImpliedVolatilityBatch)->ArgName("warm")->Arg(1)->Arg(0)->Repetitions(10)->ReportAggregatesOnly();

}  // namespace
}  // namespace keel::risk
