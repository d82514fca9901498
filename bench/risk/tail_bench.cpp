#include <benchmark/benchmark.h>

#include <cmath>
#include <random>
#include <vector>

#include "risk/tail/delta_gamma.hpp"
#include "risk/tail/parametric.hpp"
#include "risk/tail/scenario_set.hpp"
#include "risk/tail/scenario_vector.hpp"
#include "risk/tail/value_ladder.hpp"

namespace keel::risk {
namespace {

constexpr double kForward = 65'000.0;
constexpr std::size_t kOptionsPerExpiry = 20;
constexpr std::size_t kExpiries = 10;  // of one underlying
constexpr UnixNanos kNow{1'700'000'000'000'000'000};

std::vector<double> normals(std::size_t count, double sigma, std::uint64_t seed) {
    std::mt19937_64 random{seed};
    std::normal_distribution<double> normal{0.0, sigma};
    std::vector<double> values(count);
    for (double& value : values) value = normal(random);
    return values;
}

struct Expiry {
    explicit Expiry(double days) : years{days / 365.0} {
        for (std::size_t i = 0; i < kOptionsPerExpiry; ++i) {
            strike.push_back(45'000.0 + 2'000.0 * static_cast<double>(i));
            volatility.push_back(0.6);
            quantity.push_back(i % 2 == 0 ? 5.0 : -4.0);
            type.push_back(i % 3 == 0 ? OptionType::put : OptionType::call);
        }
        if (!ladder.build(columns(), kForward, kNow)) std::abort();
    }
    [[nodiscard]] OptionColumns columns() const {
        return {.strike = strike, .volatility = volatility, .quantity_coin = quantity, .type = type, .years = years};
    }
    std::vector<double> strike, volatility, quantity;
    std::vector<OptionType> type;
    double years;
    ValueLadder ladder;
};

// One account: ten expiries of one underlying, 16 linear factors, 500 scenarios.
struct Account {
    explicit Account(std::size_t scenarios) : set{scenarios, 16}, vector{set, kExpiries}, pnl(scenarios) {
        for (std::size_t i = 0; i < set.factors(); ++i) {
            const std::vector<double> then(scenarios, 0.03);
            if (!set.set_factor(i, normals(scenarios, 0.03, i + 1), then)) std::abort();
        }
        volatility_changes = normals(scenarios, 0.08, 99);
        for (std::size_t e = 0; e < kExpiries; ++e) expiries.emplace_back(7.0 * static_cast<double>(e + 1));
    }
    void refresh(std::size_t expiry, double forward) {
        const Expiry& of = expiries[expiry];
        const LadderPosition position = *of.ladder.position(forward, 0.01);
        of.ladder.shock_all(position, set.log_moves(0), volatility_changes, 1.2, of.columns(), pnl);
        vector.replace_bucket(expiry, pnl);
    }
    ScenarioSet set;
    ScenarioVector vector;
    std::vector<double> volatility_changes, pnl;
    std::vector<Expiry> expiries;
};

std::size_t scenarios_of(const benchmark::State& state) { return static_cast<std::size_t>(state.range(0)); }

void ScenarioExposure(benchmark::State& state) {
    Account account{scenarios_of(state)};
    double change = 1'000.0;
    for (auto _ : state) {
        change = -change;
        benchmark::DoNotOptimize(account.vector.add_exposure(3, change));
    }
}
BENCHMARK(ScenarioExposure)->Arg(500)->Arg(1000);

void ScenarioRead(benchmark::State& state) {
    Account account{scenarios_of(state)};
    for (std::size_t e = 0; e < kExpiries; ++e) account.refresh(e, kForward);
    for (auto _ : state) benchmark::DoNotOptimize(account.vector.read(0.99));
}
BENCHMARK(ScenarioRead)->Arg(500)->Arg(1000);

// One linear factor moved: the new VaR and ES.
void LinearFactorToTail(benchmark::State& state) {
    Account account{scenarios_of(state)};
    double change = 1'000.0;
    for (auto _ : state) {
        change = -change;
        benchmark::DoNotOptimize(account.vector.add_exposure(3, change));
        benchmark::DoNotOptimize(account.vector.read(0.99));
    }
}
BENCHMARK(LinearFactorToTail)->Arg(500);

// The forward of one expiry moved: the new VaR and ES.
void DirtyBucketToTail(benchmark::State& state) {
    Account account{scenarios_of(state)};
    double forward = kForward;
    for (auto _ : state) {
        forward = forward < kForward + 500.0 ? forward + 0.5 : kForward;
        account.refresh(4, forward);
        benchmark::DoNotOptimize(account.vector.read(0.99));
    }
}
BENCHMARK(DirtyBucketToTail)->Arg(500)->Arg(1000);

// The index moved: all ten expiries and the linear leg.
void UnderlyingToTail(benchmark::State& state) {
    Account account{scenarios_of(state)};
    double forward = kForward;
    for (auto _ : state) {
        forward = forward < kForward + 500.0 ? forward + 0.5 : kForward;
        for (std::size_t e = 0; e < kExpiries; ++e) account.refresh(e, forward);
        account.vector.set_exposure(0, forward);
        benchmark::DoNotOptimize(account.vector.read(0.99));
    }
}
BENCHMARK(UnderlyingToTail)->Arg(500);

// What the ladder saves: the same underlying, each option priced in each scenario.
void UnderlyingFullRevaluation(benchmark::State& state) {
    Account account{scenarios_of(state)};
    for (auto _ : state) {
        for (std::size_t e = 0; e < kExpiries; ++e) {
            const OptionColumns options = account.expiries[e].columns();
            for (std::size_t s = 0; s < account.pnl.size(); ++s) {
                account.pnl[s] = black76_book_value(options, kForward * std::exp(account.set.log_moves(0)[s]),
                                                    std::exp(account.volatility_changes[s]));
            }
            account.vector.replace_bucket(e, account.pnl);
        }
        benchmark::DoNotOptimize(account.vector.read(0.99));
    }
}
BENCHMARK(UnderlyingFullRevaluation)->Arg(500);

void LadderBuild(benchmark::State& state) {
    Expiry expiry{30.0};
    const auto density = static_cast<std::size_t>(state.range(0));
    for (auto _ : state) benchmark::DoNotOptimize(expiry.ladder.build(expiry.columns(), kForward, kNow, density));
}
BENCHMARK(LadderBuild)->ArgName("density")->DenseRange(0, 2);

// A fill: one option more.
void LadderFill(benchmark::State& state) {
    Expiry expiry{30.0};
    for (auto _ : state) benchmark::DoNotOptimize(expiry.ladder.add(expiry.columns().part(7, 1)));
}
BENCHMARK(LadderFill);

void FilteredRescaleColumn(benchmark::State& state) {
    Account account{scenarios_of(state)};
    double volatility = 0.03;
    for (auto _ : state) {
        volatility = volatility > 0.05 ? 0.03 : volatility * 1.03;
        benchmark::DoNotOptimize(account.set.set_volatility(2, volatility));
        account.vector.rebuild();
    }
}
BENCHMARK(FilteredRescaleColumn)->Arg(500);

std::vector<double> covariance_of(std::size_t n) {
    std::vector<double> covariance(n * n, 0.0005);
    for (std::size_t i = 0; i < n; ++i) covariance[i * n + i] = 0.0010 + 0.00001 * static_cast<double>(i);
    return covariance;
}

void ParametricExposure(benchmark::State& state) {
    const std::size_t n = scenarios_of(state);
    ParametricTail tail{n};
    if (!tail.set_covariance(covariance_of(n))) std::abort();
    double change = 1'000.0;
    for (auto _ : state) {
        change = -change;
        benchmark::DoNotOptimize(tail.add_exposure(n / 2, change));
        benchmark::DoNotOptimize(tail.sigma_usd());
    }
}
BENCHMARK(ParametricExposure)->Arg(16)->Arg(64);

struct SecondOrder {
    explicit SecondOrder(std::size_t n) : delta(n), gamma(n * n, 1e4), omega(covariance_of(n)) {
        for (std::size_t i = 0; i < n; ++i) {
            delta[i] = 1e5 * (i % 2 == 0 ? 1.0 : -0.7);
            gamma[i * n + i] = i % 3 == 0 ? 4e6 : -2e6;
        }
    }
    [[nodiscard]] DeltaGammaBook book() const {
        return {.theta = 100.0, .delta = delta, .gamma = gamma, .omega = omega};
    }
    std::vector<double> delta, gamma, omega;
};

void CornishFisher(benchmark::State& state) {
    const SecondOrder second{scenarios_of(state)};
    for (auto _ : state) benchmark::DoNotOptimize(cornish_fisher_tail(*profit_cumulants(second.book()), 0.99));
}
BENCHMARK(CornishFisher)->Arg(8)->Arg(32);

void SaddlepointQuantile(benchmark::State& state) {
    const SecondOrder second{scenarios_of(state)};
    const QuadraticForm form = *quadratic_form(100.0, second.delta, second.gamma, second.omega);
    for (auto _ : state) benchmark::DoNotOptimize(saddlepoint_quantile(form, 0.01));
}
BENCHMARK(SaddlepointQuantile)->Arg(8)->Arg(32);

void ExactQuantile(benchmark::State& state) {
    const SecondOrder second{scenarios_of(state)};
    const QuadraticForm form = *quadratic_form(100.0, second.delta, second.gamma, second.omega);
    for (auto _ : state) benchmark::DoNotOptimize(quadratic_quantile(form, 0.01));
}
BENCHMARK(ExactQuantile)->Arg(8);

}  // namespace
}  // namespace keel::risk
