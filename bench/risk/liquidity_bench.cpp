// Cost per event of the signals, guards and limits that are kept current.
#include <benchmark/benchmark.h>

#include "risk/exposure/concentration.hpp"
#include "risk/exposure/drawdown.hpp"
#include "risk/liquidity/book_depth.hpp"
#include "risk/liquidity/index_guard.hpp"
#include "risk/liquidity/order_flow.hpp"
#include "risk/stress/stress_grid.hpp"

namespace keel::risk {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;

// A deterministic number in [0, 1): the benches want movement, not randomness.
double wave(std::int64_t i) { return static_cast<double>(i * 7'919 % 1'000) / 1'000.0; }

void OrderFlowTop(benchmark::State& state) {
    OrderFlowImbalance flow;
    std::int64_t i = 0;
    for (auto _ : state) {
        ++i;
        flow.on_top(UnixNanos{i * kMillisecond}, {100.0 + 0.1 * wave(i), 1.0 + wave(i), 100.2, 2.0 - wave(i)});
        benchmark::DoNotOptimize(flow.sum(1));
    }
}
BENCHMARK(OrderFlowTop);

void VpinTrade(benchmark::State& state) {
    Vpin vpin{100.0, 50};
    std::int64_t i = 0;
    for (auto _ : state) {
        ++i;
        vpin.on_trade(1.0 + wave(i), i % 3 == 0 ? -1 : 1);
    }
    benchmark::DoNotOptimize(vpin.completed());
}
BENCHMARK(VpinTrade);

void JumpGuardPrice(benchmark::State& state) {
    JumpGuard guard{{}};
    std::int64_t i = 0;
    for (auto _ : state) {
        ++i;
        benchmark::DoNotOptimize(guard.on_price(UnixNanos{i * kMillisecond}, 50'000.0 + wave(i), 1e-4,
                                                std::numeric_limits<double>::quiet_NaN()));
    }
}
BENCHMARK(JumpGuardPrice);

void DrawdownEquity(benchmark::State& state) {
    Drawdown drawdown;
    std::int64_t i = 0;
    for (auto _ : state) {
        ++i;
        drawdown.on_equity(UnixNanos{i * kMillisecond}, 1e6 + 1e3 * wave(i));
        benchmark::DoNotOptimize(drawdown.loss_5m());
    }
}
BENCHMARK(DrawdownEquity);

void ConcentrationPart(benchmark::State& state) {
    ConcentrationState parts{64};
    std::int64_t i = 0;
    for (auto _ : state) {
        ++i;
        benchmark::DoNotOptimize(parts.set(static_cast<std::size_t>(i) % 64, 1e4 * wave(i)));
        benchmark::DoNotOptimize(parts.hhi());
    }
}
BENCHMARK(ConcentrationPart);

void BookWalk(benchmark::State& state) {
    std::array<DepthLevel, 50> bids{}, asks{};
    for (std::size_t level = 0; level < bids.size(); ++level) {
        bids[level] = {100.0 - 0.1 * static_cast<double>(level + 1), 1.0};
        asks[level] = {100.0 + 0.1 * static_cast<double>(level + 1), 1.0};
    }
    for (auto _ : state) benchmark::DoNotOptimize(walk_book({bids, asks}, Side::bid, 20.0));
}
BENCHMARK(BookWalk);

void StressGridBucketAndRead(benchmark::State& state) {
    StressGrid grid{40};
    StressCells cells;
    std::int64_t i = 0;
    for (auto _ : state) {
        ++i;
        cells.coin[static_cast<std::size_t>(i) % kGridCells] = wave(i);
        grid.replace_bucket(static_cast<std::size_t>(i) % 40, cells);
        benchmark::DoNotOptimize(grid.read(50'000.0).worst.pnl_usd);
    }
}
BENCHMARK(StressGridBucketAndRead);

}  // namespace
}  // namespace keel::risk
