#include <benchmark/benchmark.h>

#include "risk/limits/pretrade_gate.hpp"
#include "risk/options/inverse_option.hpp"
#include "risk/portfolio/risk_engine.hpp"
#include "tests/risk/portfolio/risk_market.hpp"

namespace keel::risk {
namespace {

using test::RiskMarket;

constexpr double kIndex = 90'000.0;

void Black76AllGreeks(benchmark::State& state) {
    OptionInputs inputs{.forward = kIndex, .strike = 95'000.0, .years = 0.08, .volatility = 0.6};
    OptionGreeks out;
    for (auto _ : state) {
        inputs.forward += 1.0;
        benchmark::DoNotOptimize(black76(inputs, out));
        benchmark::DoNotOptimize(out);
    }
}
BENCHMARK(Black76AllGreeks);

void InverseOptionBothLedgers(benchmark::State& state) {
    OptionInputs inputs{.forward = kIndex, .strike = 95'000.0, .years = 0.08, .volatility = 0.6};
    OptionGreeks usd;
    InverseGreeks coin;
    for (auto _ : state) {
        inputs.forward += 1.0;
        benchmark::DoNotOptimize(inverse_option(inputs, usd, coin));
        benchmark::DoNotOptimize(coin);
    }
}
BENCHMARK(InverseOptionBothLedgers);

RiskConfig four_boundaries() {
    RiskConfig config;
    for (const Metric metric : {Metric::net_delta, Metric::gamma_1pct_usd, Metric::vega_usd, Metric::leverage_gross}) {
        config.boundaries.push_back({.metric = metric, .soft = 1e12, .hard = 2e12});
    }
    return config;
}

// A portfolio of options with a price each, all held.
struct Portfolio {
    explicit Portfolio(std::size_t positions) : market{positions / 2}, risk{four_boundaries(), market.table()} {
        apply(market.balance(market.currency("BTC"), 100.0));
        for (const InstrumentId id : market.options) {
            apply(ticker_of(id, 0.6));
            apply(market.fill(id, Side::ask, 3, is_inverse(market.of(id)) ? 0.03 : 2'700.0));
        }
    }
    Event ticker_of(InstrumentId id, double iv) {
        const double mark = is_inverse(market.of(id)) ? 0.03 : 2'700.0;
        return market.ticker(id, {.mark = mark, .forward = kIndex, .iv = iv, .index = kIndex});
    }
    void apply(const Event& event) {
        risk.apply(event, market.view());
        benchmark::DoNotOptimize(risk.evaluate(market.view()));
    }
    RiskMarket market;
    RiskEngine risk;
};

// One option ticker: priced, summed, four boundaries per underlying judged.
void OptionTicker(benchmark::State& state) {
    Portfolio portfolio{static_cast<std::size_t>(state.range(0))};
    std::vector<Event> tickers;
    for (const InstrumentId id : portfolio.market.options) tickers.push_back(portfolio.ticker_of(id, 0.61));
    std::size_t next = 0;
    const CoreView view = portfolio.market.view();
    for (auto _ : state) {
        portfolio.risk.apply(tickers[next], view);
        benchmark::DoNotOptimize(portfolio.risk.evaluate(view));
        next = next + 1 == tickers.size() ? 0 : next + 1;
    }
    state.counters["work_per_event"] =
        benchmark::Counter(static_cast<double>(portfolio.risk.work()), benchmark::Counter::kAvgIterations);
}
BENCHMARK(OptionTicker)->Arg(10)->Arg(10'000);

void IndexTicker(benchmark::State& state) {
    Portfolio portfolio{static_cast<std::size_t>(state.range(0))};
    const Event event = portfolio.market.index(portfolio.market.underlying("BTC"), kIndex);
    const CoreView view = portfolio.market.view();
    for (auto _ : state) {
        portfolio.risk.apply(event, view);
        benchmark::DoNotOptimize(portfolio.risk.evaluate(view));
    }
}
BENCHMARK(IndexTicker)->Arg(10)->Arg(10'000);

// One order through every check of the gate.
void GateCheck(benchmark::State& state) {
    Portfolio portfolio{10};
    const InstrumentId perpetual = portfolio.market.perpetuals.front();
    GateConfig config;
    config.instruments_allowed = {"*"};
    config.portfolio_delta_usd_max = 1e9;
    config.duplicate_window = std::chrono::nanoseconds{0};
    config.messages_per_second_max = config.messages_burst_max = 1e12;
    PretradeGate gate{config, portfolio.market.table()};
    gate.apply(portfolio.market.session(SessionState::ready), portfolio.market.view());
    portfolio.apply(portfolio.market.index(portfolio.market.underlying("BTC"), kIndex));
    portfolio.apply(portfolio.market.ticker(perpetual, {.mark = kIndex, .index = kIndex}));
    portfolio.market.set_book(perpetual, kIndex - 0.5, kIndex + 0.5);
    const OrderIntent intent{.instrument = perpetual,
                             .side = Side::bid,
                             .price = portfolio.market.of(perpetual).price_floor(kIndex),
                             .quantity = Quantity{10}};
    const CoreView view = portfolio.market.view();
    for (auto _ : state) {
        const auto refusal = gate.check(intent, portfolio.risk, view);
        if (refusal.has_value()) return state.SkipWithError(gate_limit_name(refusal->limit));
    }
}
BENCHMARK(GateCheck);

}  // namespace
}  // namespace keel::risk
