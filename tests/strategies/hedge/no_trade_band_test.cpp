#include "strategies/hedge/no_trade_band.hpp"

namespace keel::strategies {
namespace {

BandInputs calm() {
    return {.cost_ratio = 5e-4,
            .underlying_price_usd = 60'000.0,
            .gamma_coin_per_usd = -2e-4,
            .volatility = 0.5,
            .lot_coin = 1e-4,
            .soft_distance_coin = std::numeric_limits<double>::infinity()};
}

TEST(NoTradeBandTest, IsWhalleyWilmottWhereNothingElseBinds) {
    HedgeConfig config;
    config.delta_risk_limit_usd = 1e9;
    const double expected = std::cbrt(1.5 * 5e-4 * 60'000.0 * 4e-8 / config.risk_aversion_per_usd);
    EXPECT_NEAR(band_half_width(calm(), config), expected, 1e-12 * expected);
}

TEST(NoTradeBandTest, NarrowsWhenVolatilityRises) {
    HedgeConfig config;
    config.delta_risk_limit_usd = 100.0;
    BandInputs inputs = calm();
    const double hour_years = 3'600e9 / kYearNs;
    const double before = band_half_width(inputs, config);
    EXPECT_NEAR(before * 60'000.0 * 0.5 * std::sqrt(hour_years), 100.0, 1e-9);
    inputs.volatility = 1.5;
    EXPECT_NEAR(band_half_width(inputs, config), before / 3.0, 1e-12);
}

TEST(NoTradeBandTest, StaysInsideTheSoftBoundary) {
    HedgeConfig config;
    BandInputs inputs = calm();
    inputs.soft_distance_coin = 0.01;
    EXPECT_NEAR(band_half_width(inputs, config), 0.01 * (1.0 - config.boundary_buffer_ratio), 1e-15);
}

TEST(NoTradeBandTest, IsNeverNarrowerThanOneOrder) {
    HedgeConfig config;
    BandInputs inputs = calm();
    inputs.soft_distance_coin = 0.01;
    inputs.lot_coin = 0.5;
    EXPECT_EQ(band_half_width(inputs, config), 0.5);
    inputs.gamma_coin_per_usd = 0.0;
    inputs.lot_coin = 1e-4;
    EXPECT_EQ(band_half_width(inputs, config), 1e-4);
}

TEST(NoTradeBandTest, CoversTheNoiseOfOneSecond) {
    HedgeConfig config;
    config.delta_risk_limit_usd = 1e9;
    config.risk_aversion_per_usd = 1e9;  // the formula alone would be tiny
    const double noise = 2e-4 * 60'000.0 * 0.5 * std::sqrt(1e9 / kYearNs);
    EXPECT_NEAR(band_half_width(calm(), config), noise, 1e-12);
}

// Of what is not a number, or no price, nothing follows but the smallest order: never the formula without its ceiling.
TEST(NoTradeBandTest, IsOneOrderWhereAnInputIsNotUsable) {
    HedgeConfig config;
    config.delta_risk_limit_usd = 100.0;
    const double known = band_half_width(calm(), config);
    ASSERT_GT(known, calm().lot_coin);
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    for (double BandInputs::*field : {&BandInputs::cost_ratio, &BandInputs::underlying_price_usd,
                                      &BandInputs::gamma_coin_per_usd, &BandInputs::volatility}) {
        for (const double bad : {std::nan(""), kInfinity}) {
            BandInputs inputs = calm();
            inputs.*field = bad;
            EXPECT_EQ(band_half_width(inputs, config), inputs.lot_coin) << bad;
        }
    }
    for (const double bad : {std::nan(""), -1.0}) {
        BandInputs inputs = calm();
        inputs.soft_distance_coin = bad;
        EXPECT_EQ(band_half_width(inputs, config), inputs.lot_coin) << bad;
        inputs = calm();
        inputs.underlying_price_usd = bad;
        EXPECT_EQ(band_half_width(inputs, config), inputs.lot_coin) << bad;
    }
}

// A volatility that is absurdly low widens no further than the configured floor.
TEST(NoTradeBandTest, HasAFloorOfVolatility) {
    HedgeConfig config;
    config.delta_risk_limit_usd = 1.0;
    BandInputs inputs = calm();
    inputs.volatility = config.volatility_floor_ratio;
    const double widest = band_half_width(inputs, config);
    for (const double low : {0.0, -1.0, 1e-300}) {
        inputs.volatility = low;
        EXPECT_EQ(band_half_width(inputs, config), widest) << low;
    }
}

TEST(HedgeConfigTest, DefaultsAreValidAndEachBadFieldIsNamed) {
    EXPECT_TRUE(HedgeConfig{}.validate().has_value());
    const auto refused_at = [](auto&& change) {
        HedgeConfig config;
        change(config);
        const Result<void> result = config.validate();
        return result.has_value() ? -1 : static_cast<int>(result.error().detail);
    };
    EXPECT_EQ(refused_at([](HedgeConfig& c) { c.risk_aversion_per_usd = 0.0; }), 1);
    EXPECT_EQ(refused_at([](HedgeConfig& c) { c.delta_risk_limit_usd = std::nan(""); }), 2);
    EXPECT_EQ(refused_at([](HedgeConfig& c) { c.boundary_buffer_ratio = 1.0; }), 4);
    EXPECT_EQ(refused_at([](HedgeConfig& c) { c.cross_bps = c.collar_bps + 1.0; }), 14);
    EXPECT_EQ(refused_at([](HedgeConfig& c) { c.attempts_max = 0; }), 18);
}

}  // namespace
}  // namespace keel::strategies
