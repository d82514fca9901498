#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "risk/matrix/cholesky.hpp"
#include "risk/matrix/covariance.hpp"
#include "risk/matrix/positive_semidefinite.hpp"
#include "risk/matrix/sample_covariance.hpp"
#include "risk/matrix/scaled_covariance.hpp"
#include "risk/matrix/shrinkage.hpp"
#include "risk/metrics/bar_returns.hpp"
#include "risk/metrics/correlation_break.hpp"
#include "risk/metrics/cusum.hpp"
#include "risk/metrics/ewma_variance.hpp"
#include "risk/metrics/ewma_volatility.hpp"
#include "risk/metrics/factor_model.hpp"
#include "risk/metrics/jump_test.hpp"
#include "risk/metrics/realised_variance.hpp"
#include "risk/metrics/volatility_regime.hpp"

namespace keel::risk {
namespace {

constexpr std::size_t kReturns = 4'096;

std::vector<double> seeded_returns(std::size_t count) {
    std::mt19937_64 random{7};
    std::normal_distribution<double> normal{0.0, 0.001};
    std::vector<double> out(count);
    for (double& value : out) value = normal(random);
    return out;
}

// Rows of n returns that share one factor, so that the matrix is positive definite and correlated.
std::vector<double> common_returns(std::size_t rows, std::size_t n) {
    std::vector<double> out = seeded_returns(rows * n);
    for (std::size_t t = 0; t < rows; ++t) {
        const double common = out[t * n];
        for (std::size_t i = 1; i < n; ++i) out[t * n + i] += common;
    }
    return out;
}

// One return through one estimator: the cost of a bar or of a sample, on data that changes.
template <class Body>
void per_return(benchmark::State& state, Body body) {
    const std::vector<double> returns = seeded_returns(kReturns);
    std::size_t at = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(body(returns[at]));
        at = (at + 1) % kReturns;
    }
}

void EwmaVarianceReturn(benchmark::State& state) {
    EwmaVariance average{kDecayDaily};
    per_return(state, [&](double value) { return average.on_return(value); });
}
BENCHMARK(EwmaVarianceReturn);

// Three horizons, one sample a call, the logarithm and the three exponentials included.
void EwmaVolatilitySample(benchmark::State& state) {
    EwmaVolatility volatility{{}};
    UnixNanos now = unix_nanos_from_ms(1'767'225'600'000);
    per_return(state, [&](double value) {
        now = now + std::chrono::seconds{1};
        volatility.on_price(60'000.0 * (1.0 + value), now);
        return volatility.on_time(now);
    });
}
BENCHMARK(EwmaVolatilitySample);

// A price between two grid points: what most ticks cost.
void EwmaVolatilityTick(benchmark::State& state) {
    EwmaVolatility volatility{{}};
    UnixNanos now = unix_nanos_from_ms(1'767'225'600'000);
    per_return(state, [&](double value) { return volatility.on_price(60'000.0 * (1.0 + value), now); });
}
BENCHMARK(EwmaVolatilityTick);

// Window full: one return enters, one leaves, four sums move.
void RealisedVarianceReturn(benchmark::State& state) {
    RealisedVariance realised{{.window = static_cast<std::size_t>(state.range(0))}};
    per_return(state, [&](double value) { return realised.on_return(value); });
}
BENCHMARK(RealisedVarianceReturn)->ArgName("window")->Arg(60)->Arg(300)->Arg(3'000);

void RealisedVarianceRead(benchmark::State& state) {
    RealisedVariance realised{{}};
    for (const double value : seeded_returns(300)) realised.on_return(value);
    for (auto _ : state) benchmark::DoNotOptimize(realised.measures());
}
BENCHMARK(RealisedVarianceRead);

void JumpTestReturn(benchmark::State& state) {
    JumpTest jumps{{}};
    per_return(state, [&](double value) { return jumps.on_return(value); });
}
BENCHMARK(JumpTestReturn);

void CusumReturn(benchmark::State& state) {
    Cusum cusum{{}};
    per_return(state, [&](double value) { return cusum.on_return(value, 1e-6); });
}
BENCHMARK(CusumReturn);

void VolatilityRegimeSample(benchmark::State& state) {
    VolatilityRegime regime{{}};
    UnixNanos now = unix_nanos_from_ms(1'767'225'600'000);
    per_return(state, [&](double value) {
        now = now + std::chrono::minutes{1};
        return regime.on_level(0.6 * (1.0 + value), now);
    });
}
BENCHMARK(VolatilityRegimeSample);

void CorrelationBreakBarAndRead(benchmark::State& state) {
    CorrelationBreak pair{{}};
    per_return(state, [&](double value) {
        pair.on_returns(value, 0.5 * value + 0.0001);
        return pair.result();
    });
}
BENCHMARK(CorrelationBreakBarAndRead);

// A bar of n factors, each with a price: returns by the previous tick.
void BarReturnsClose(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    BarReturns bars{n};
    UnixNanos now = unix_nanos_from_ms(1'767'225'600'000);
    double price = 100.0;
    for (auto _ : state) {
        now = now + std::chrono::seconds{10};
        price = price > 200.0 ? 100.0 : price * 1.0001;
        for (std::size_t i = 0; i < n; ++i) bars.on_price(i, price, now);
        benchmark::DoNotOptimize(bars.close_bar());
    }
}
BENCHMARK(BarReturnsClose)->ArgName("factors")->Arg(16)->Arg(500);

// The bar of the covariance; `stale` percent of the factors are not live.
void CovarianceBar(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    EwmaCovariance covariance{{.factors = n, .seed_bars = 1}};
    constexpr std::size_t kRows = 16;
    const std::vector<double> returns = common_returns(kRows, n);
    std::vector<std::uint8_t> live(n, 1);
    covariance.on_bar(std::span{returns}.first(n), live);
    covariance.on_bar(std::span{returns}.first(n), live);
    for (std::size_t i = 0; i < n; ++i) live[i] = (i * 7) % 100 >= static_cast<std::size_t>(state.range(1)) ? 1 : 0;
    std::size_t row = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(covariance.on_bar(std::span{returns}.subspan(row * n, n), live));
        row = (row + 1) % kRows;
    }
    state.counters["bytes"] = static_cast<double>(covariance.packed().size_bytes());
}
BENCHMARK(CovarianceBar)
    ->ArgNames({"factors", "stale_pct"})
    ->Args({16, 0})
    ->Args({64, 0})
    ->Args({500, 0})
    ->Args({500, 30});

// The same arithmetic over a full square by a plain loop: what the packed triangle and the lanes are worth.
void CovarianceBarPlainSquare(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    std::vector<double> matrix(n * n, 1e-6);
    const std::vector<double> x = common_returns(1, n);
    for (auto _ : state) {
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) matrix[i * n + j] = 0.94 * matrix[i * n + j] + 0.06 * x[i] * x[j];
        }
        benchmark::DoNotOptimize(matrix.data());
        benchmark::ClobberMemory();
    }
}
BENCHMARK(CovarianceBarPlainSquare)->ArgName("factors")->Arg(500);

ScaledCovariance seeded_scaled(std::size_t n) {
    ScaledCovariance scaled{n};
    std::vector<double> correlations(n * n, 0.5);
    for (std::size_t i = 0; i < n; ++i) correlations[i * (n + 1)] = 1.0;
    bool good = scaled.set_correlations(correlations);
    for (std::size_t i = 0; i < n; ++i) good = scaled.set_volatility(i, 0.01 + 0.0001 * static_cast<double>(i)) && good;
    if (!good) std::abort();
    return scaled;
}

// A fast volatility moved: its row of the covariance anew. The same row each time (in cache), then each in turn.
void CovarianceRow(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    ScaledCovariance scaled = seeded_scaled(n);
    std::vector<double> out(n);
    std::size_t row = n / 2;
    double volatility = 0.02;
    for (auto _ : state) {
        volatility = volatility > 0.1 ? 0.02 : volatility * 1.001;
        if (!scaled.set_volatility(row, volatility)) state.SkipWithError("refused");
        scaled.write_row(row, out);
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
        if (state.range(1) != 0) row = (row + 1) % n;
    }
}
BENCHMARK(CovarianceRow)->ArgNames({"factors", "walk"})->Args({500, 0})->Args({500, 1});

// An exposure moved: u += Sigma_i de.
void CovarianceRowAdd(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    const ScaledCovariance scaled = seeded_scaled(n);
    std::vector<double> out(n);
    double amount = 1.0;
    for (auto _ : state) {
        amount = -amount;
        scaled.add_row(n / 2, amount, out);
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
    }
}
BENCHMARK(CovarianceRowAdd)->ArgName("factors")->Arg(500);

// A row of the packed triangle: half of it lies in one piece, half is gathered down a column.
void CovarianceRowPacked(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    EwmaCovariance covariance{{.factors = n}};
    std::vector<double> out(n);
    for (auto _ : state) {
        covariance.write_row(n / 2, out);
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
    }
}
BENCHMARK(CovarianceRowPacked)->ArgName("factors")->Arg(500);

std::vector<double> seeded_covariance(std::size_t n) {
    std::vector<double> matrix(n * n);
    if (!sample_covariance(common_returns(2 * n + 10, n), n, SampleMean::zero, matrix)) std::abort();
    return matrix;
}

void CholeskyUpdate(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    const std::vector<double> matrix = seeded_covariance(n);
    CholeskyFactor factor{n};
    if (!factor.factorise(matrix)) state.SkipWithError("not positive definite");
    constexpr std::size_t kRows = 64;
    const std::vector<double> returns = common_returns(kRows, n);
    std::size_t row = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(factor.update(0.999, 0.001, std::span{returns}.subspan(row * n, n)));
        row = (row + 1) % kRows;
    }
}
BENCHMARK(CholeskyUpdate)->ArgName("factors")->Arg(16)->Arg(64)->Arg(500);

void CholeskyFactorise(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    const std::vector<double> matrix = seeded_covariance(n);
    CholeskyFactor factor{n};
    for (auto _ : state) {
        if (!factor.factorise(matrix)) state.SkipWithError("not positive definite");
    }
}
BENCHMARK(CholeskyFactorise)->ArgName("factors")->Arg(16)->Arg(64)->Arg(500);

// The shrinkage of the bar, on a copy of the state.
void ShrinkCorrelations(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    const std::vector<double> matrix = seeded_covariance(n);
    std::vector<double> work(n * n);
    for (auto _ : state) {
        std::ranges::copy(matrix, work.begin());
        benchmark::DoNotOptimize(shrink_correlations(work, n, 32.3));
    }
}
BENCHMARK(ShrinkCorrelations)->ArgName("factors")->Arg(16)->Arg(64)->Arg(500);

void RepairPositiveSemidefinite(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    std::vector<double> matrix = seeded_covariance(n);
    for (std::size_t i = 1; i < n; i += 3) matrix[i * n + i - 1] *= 3.0;  // no longer a covariance
    std::vector<double> work(n * n);
    for (auto _ : state) {
        std::ranges::copy(matrix, work.begin());
        if (repair_positive_semidefinite(work, n).status == RepairStatus::refused) state.SkipWithError("refused");
    }
}
BENCHMARK(RepairPositiveSemidefinite)->ArgName("factors")->Arg(16)->Arg(64)->Arg(500)->Unit(benchmark::kMicrosecond);

// All betas anew, then a portfolio through them.
void FactorModelFit(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    const std::vector<double> matrix = seeded_covariance(n);
    const std::vector<std::uint8_t> usable(n, 1);
    const std::vector<double> exposures(n, 1'000.0);
    constexpr std::array<std::size_t, 2> kMarkets{0, 1};
    FactorModel model{n, kMarkets};
    for (auto _ : state) {
        if (model.fit(matrix, usable) != Observation::taken) state.SkipWithError("refused");
        benchmark::DoNotOptimize(model.portfolio(exposures));
    }
}
BENCHMARK(FactorModelFit)->ArgName("assets")->Arg(16)->Arg(500);

}  // namespace
}  // namespace keel::risk
