#include <array>
#include <vector>

#include "risk/matrix/cholesky.hpp"
#include "risk/matrix/covariance.hpp"
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
#include "tests/support/hot_path_guard.hpp"

namespace keel::risk {
namespace {

using namespace std::chrono_literals;

// Whole bars through every estimator: prices in, covariance, factor, shrinkage and betas out.
TEST(BarPathTest, TakesNothingFromTheHeapAndNoLockAfterConstruction) {
    constexpr std::size_t kFactors = 20;
    constexpr std::array<std::size_t, 2> kMarkets{0, 1};
    BarReturns bars{kFactors};
    EwmaCovariance covariance{{.factors = kFactors, .seed_bars = 5}};
    ScaledCovariance scaled{kFactors};
    CholeskyFactor factor{kFactors};
    FactorModel model{kFactors, kMarkets};
    EwmaVolatility volatility{{}};
    EwmaVariance average{kDecayDaily};
    RealisedVariance realised{{.window = 30}};
    JumpTest jumps{{}};
    Cusum cusum{{}};
    VolatilityRegime regime{{}};
    CorrelationBreak pair{{}};
    std::vector<double> matrix(kFactors * kFactors);
    std::vector<double> row(kFactors, 1.0);
    const std::vector<std::uint8_t> usable(kFactors, 1);
    for (std::size_t i = 0; i < kFactors; ++i) matrix[i * (kFactors + 1)] = 1e-4;
    ASSERT_TRUE(factor.factorise(matrix));
    UnixNanos now = unix_nanos_from_ms(1'767'225'600'000);
    std::size_t live = 0;
    bool good = true;
    keel::test::arm_hot_path();
    for (int bar = 0; bar < 200; ++bar) {
        now = now + 10s;
        for (std::size_t i = 0; i < kFactors; ++i) {
            if ((i + static_cast<std::size_t>(bar)) % 7 == 6) continue;
            bars.on_price(i, 100.0 + static_cast<double>((bar * 13 + static_cast<int>(i) * 7) % 11), now);
        }
        live += bars.close_bar();
        covariance.on_bar(bars.returns(), bars.live());
        factor.update(0.94, 0.06, bars.returns());
        factor.solve(bars.returns(), row);
        covariance.write_matrix(matrix);
        good = (bar < 10 || shrink_correlations(matrix, kFactors, covariance.samples_effective()).has_value()) && good;
        (void)model.fit(matrix, usable);
        good = scaled.set_volatility(3, 0.01) && good;
        scaled.write_row(3, row);
        const double value = bars.returns()[0];
        volatility.on_price(100.0 + value, now);
        realised.on_return(value);
        jumps.on_return(value);
        cusum.on_return(value, average.variance().value_or(1e-4));
        average.on_return(value);
        regime.on_level(0.6 + 0.001 * (bar % 9), now);
        pair.on_returns(value, bars.returns()[1]);
        good = good && realised.measures().variance >= 0.0 && pair.result().z < 1e9;
    }
    keel::test::disarm_hot_path();
    EXPECT_TRUE(good);
    EXPECT_GT(live, 3'000U);
    EXPECT_EQ(keel::test::hot_path_counts(), keel::test::HotPathCounts{});
}

}  // namespace
}  // namespace keel::risk
