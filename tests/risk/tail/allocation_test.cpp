#include <gtest/gtest.h>

#include <algorithm>

#include "risk/tail/contributions.hpp"
#include "risk/tail/delta_gamma.hpp"
#include "risk/tail/parametric.hpp"
#include "risk/tail/scenario_vector.hpp"
#include "risk/tail/value_ladder.hpp"
#include "risk/tail/world_expansion.hpp"
#include "tests/support/allocation_counter.hpp"

namespace keel::risk {
namespace {

TEST(TailAllocationTest, NothingIsTakenFromTheHeapAfterConstruction) {
    constexpr std::size_t kN = kScenariosDefault;
    ScenarioSet set{kN, 2};
    ScenarioVector vector{set, 2};
    ParametricTail parametric{2};
    std::vector<double> returns(kN), pnl(kN), weights(kN);
    const std::vector<double> then(kN, 0.03);
    std::vector<std::size_t> order(kN);
    for (std::size_t s = 0; s < kN; ++s) returns[s] = 0.05 * std::sin(static_cast<double>(s * s));
    const std::array strike{65'000.0};
    const std::array volatility{0.6};
    const std::array quantity{-2.0};
    const std::array type{OptionType::call};
    const OptionColumns options{
        .strike = strike, .volatility = volatility, .quantity_coin = quantity, .type = type, .years = 0.1};
    const std::array omega{0.001, 0.0005, 0.0005, 0.002};
    const std::array delta{1e5, -1e5};
    const std::array gamma{-1e5, 0.0, 0.0, 1e5};
    ValueLadder ladder;
    WorldExpansion expansion{kN};
    expansion.build(std::vector<double>(kN, 0.01));
    std::vector<double> forwards(kN);
    const std::size_t before = allocations;
    bool good = set.set_factor(0, returns, then) && set.set_factor(1, returns, {});
    good = good && parametric.set_covariance(omega) && ladder.build(options, 65'000.0, UnixNanos{0});
    for (int i = 0; i < 2'000 && good; ++i) {
        good = vector.add_exposure(static_cast<std::size_t>(i % 2), 100.0) && parametric.add_exposure(0, 100.0);
        const auto position = ladder.position(65'000.0 + i % 100, 0.0);
        good =
            good && position && ladder.shock_all(*position, set.log_moves(0), set.log_moves(1), 1.0, options, pnl) == 0;
        good = good && vector.replace_bucket(0, pnl) && vector.read(0.99);
        std::ranges::fill(forwards, 65'000.0 + 10.0 * i);
        expansion.values(options, forwards, 0.001, pnl);
        expansion.add(options);
        good = good && expansion.shift(options, 0.001) && ladder.shift(options, 0.001);
    }
    set.set_volatility(0, 0.05);
    vector.rebuild();
    good = good && set.replace_oldest(std::array{0.01, 0.02}, std::array{0.03, 0.03}) == 0;
    good = good && es_weights(vector.pnl_usd(), 0.99, order, weights) &&
           var_weights(vector.pnl_usd(), 0.99, order, weights);
    const auto cumulants = profit_cumulants({.theta = 0.0, .delta = delta, .gamma = gamma, .omega = omega});
    good = good && cumulants && cornish_fisher_tail(*cumulants, 0.99).var_usd > 0.0;
    const QuadraticForm form{.factors = 2, .linear = {100.0, 20.0}, .curvature = {-50.0, 40.0}};
    good = good && saddlepoint_tail(form, 0.99);
    EXPECT_EQ(allocations, before);
    EXPECT_TRUE(good);
}

}  // namespace
}  // namespace keel::risk
