#include <gtest/gtest.h>

#include <limits>

#include "risk/margin/bybit_margin.hpp"
#include "risk/margin/deribit_portfolio.hpp"
#include "risk/margin/deribit_standard.hpp"
#include "risk/margin/liquidation_price.hpp"
#include "risk/margin/okx_portfolio.hpp"
#include "tests/risk/margin/margin_tables.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

using keel::test::kNaN;

MarginTier tier(double cap, double rate) { return {.cap = cap, .maintenance_rate = rate, .deduction = kNaN}; }

// Answers of the venue's what-if, POST /account/position-builder (docs.okx.com, January 2025): -10 contracts of
// BTC-USDT-SWAP and 10 of LTC-USDT-SWAP.
TEST(OkxPortfolioTest, ReproducesThePositionBuilder) {
    const test::OkxTables tables = test::okx_tables();
    // The answer's own grid, volatility unchanged; the doubled shock is 24 %.
    EXPECT_EQ(tables.spot_shock.at("BTC"), 0.12);
    const std::array profits{0.0,
                             -388.1369748240002,
                             388.1369748240002,
                             -776.2739496480004,
                             776.2739496480004,
                             -1164.4109244719994,
                             1164.4109244719994};
    EXPECT_EQ(okx_largest_loss(profits), 1164.4109244719994);
    EXPECT_NEAR(okx_extreme_move(-2328.8218489440005, tables.portfolio), 1164.4109244720003, 1e-12);
    const MarginAmount btc = okx_risk_unit_margin({.spot_shock = 1164.4109244719994,
                                                   .basis = 19.4098073796,
                                                   .extreme_move = 1164.4109244720004,
                                                   .minimum_charge = 43.67206660410001},
                                                  tables.portfolio);
    EXPECT_NEAR(btc.maintenance, 1183.8207318516002, 1e-9);
    EXPECT_NEAR(btc.initial, 1538.9669514070802, 1e-9);
    const MarginAmount ltc = okx_risk_unit_margin(
        {.spot_shock = 183.5067, .basis = 8.15625, .extreme_move = 183.5067, .minimum_charge = 7.1367},
        tables.portfolio);
    EXPECT_NEAR(ltc.maintenance, 191.66297, 5e-5);
    EXPECT_NEAR(ltc.initial, 249.16187, 5e-5);
    const double borrow = 1571.064377796;
    EXPECT_NEAR(btc.maintenance + ltc.maintenance + borrow, 2946.5480841048, 5e-5);
}

// The venue's example of the scaling: 30,000 of raw charge is 10,000 x 1 + 20,000 x 2.
TEST(OkxPortfolioTest, ScalesTheMinimumChargeByStep) {
    const OkxPortfolioParameters p = test::okx_tables().portfolio;
    EXPECT_DOUBLE_EQ(okx_minimum_charge(30'000.0, p), 50'000.0);
    EXPECT_DOUBLE_EQ(okx_minimum_charge(10'000.0, p), 10'000.0);
    EXPECT_DOUBLE_EQ(okx_minimum_charge(0.0, p), 0.0);
    // 10 x 1 + 60 x 2 + 100 x 4 + 130 x 6 + 170 x 8 + 230 x 10 + 300 x 12, thousands.
    EXPECT_DOUBLE_EQ(okx_minimum_charge(1'000'000.0, p), 8'570'000.0);
    EXPECT_TRUE(std::isnan(okx_minimum_charge(-1.0, p)));
}

// The announcement's example: MR4 8,053.32 and MR7 3,020.17 alone.
TEST(OkxPortfolioTest, TakesTheLargerOfSumAndCharge) {
    const OkxPortfolioParameters p = test::okx_tables().portfolio;
    EXPECT_EQ(okx_risk_unit_margin({.basis = 8053.32, .minimum_charge = 3020.17}, p).maintenance, 8053.32);
    EXPECT_EQ(okx_risk_unit_margin({.basis = 80.0, .minimum_charge = 3020.17}, p).maintenance, 3020.17);
    EXPECT_EQ(okx_risk_unit_margin({.basis = -1.0}, p).status, MarginStatus::bad_input);
}

// An isolated inverse position of the venue's documentation: 1 contract of ETH-USD-210430, average 2566.31, 10x,
// maintenance 0.8 %, taker 0.05 %; the published price carries one tick of 0.01.
TEST(LiquidationPriceTest, ReproducesOkxIsolatedInverse) {
    const double face = 10.0;
    const double margin = face / 2566.31 / 10.0;
    EXPECT_NEAR(margin, 0.0003896645377994, 1e-16);
    const LiquidationPrice got =
        cross_inverse_liquidation({.wallet = margin, .amount = face, .entry = 2566.31}, 0.008 + 0.0005, 0.0);
    ASSERT_EQ(got.status, LiquidationStatus::found);
    EXPECT_NEAR(got.price + 0.01, 2352.8496681818233, 1e-9);
}

// Bybit's fixture of XRPUSDT: 75 at 0.3615, 10x, taker 0.06 %, maintenance 1 %.
TEST(BybitMarginTest, AddsTheFeeToCloseAtBankruptcy) {
    TierTable table;
    ASSERT_EQ(table.assign(std::array{tier(1e6, 0.01)}, 1e-12), TierProblem::none);
    const MarginAmount got =
        bybit_position_margin({.tiers = &table, .value = 75 * 0.3615, .leverage = 10.0, .taker_fee_rate = 0.0006});
    EXPECT_NEAR(got.initial, 2.72589075, 1e-12);
    EXPECT_NEAR(got.maintenance, 0.28576575, 1e-12);
    const MarginAmount sold = bybit_position_margin(
        {.tiers = &table, .side = Side::ask, .value = 75 * 0.3615, .leverage = 10.0, .taker_fee_rate = 0.0006});
    EXPECT_GT(sold.initial, got.initial);  // a short's bankruptcy price is higher, and so is its fee
}

// Bybit's page on maintenance margin: 1000 at 2 %, 2000 at 2.5 %, 3000 at 3 %, 4000 at 3.5 %.
TEST(TieredMarginTest, DeductionEqualsTheSumOverSlices) {
    TierTable table;
    ASSERT_EQ(table.assign(std::array{tier(1e3, 0.02), tier(2e3, 0.025), tier(3e3, 0.03), tier(4e3, 0.035)}, 1e-12),
              TierProblem::none);
    EXPECT_NEAR(table.tier(1).deduction, 5.0, 1e-12);
    EXPECT_NEAR(table.tier(2).deduction, 15.0, 1e-12);
    EXPECT_NEAR(table.tier(3).deduction, 30.0, 1e-12);
    const double slices = 1e3 * 0.02 + 1e3 * 0.025 + 1e3 * 0.03 + 500.0 * 0.035;
    EXPECT_NEAR(tiered_margin({.tiers = &table, .notional = -3500.0, .leverage = 1.0}).maintenance, slices, 1e-12);
}

// Binance's position sample: 30 ADA at mark 0.4104759, 20x, maintenance 0.65 %.
TEST(TieredMarginTest, ReproducesBinancePositionSample) {
    TierTable table;
    ASSERT_EQ(table.assign(std::array{tier(1e4, 0.0065)}, 1e-12), TierProblem::none);
    const MarginAmount got = tiered_margin({.tiers = &table, .notional = 30 * 0.4104759, .leverage = 20.0});
    EXPECT_NEAR(got.initial, 0.61571385, 1e-12);
    EXPECT_NEAR(got.maintenance, 0.08004280, 5e-9);
}

TEST(TieredMarginTest, RefusesTablesThatCannotBeRight) {
    TierTable table;
    const auto assign = [&](std::vector<MarginTier> tiers) { return table.assign(tiers, 1e-9); };
    EXPECT_EQ(assign({}), TierProblem::size);
    EXPECT_EQ(assign(std::vector<MarginTier>(kTiersMax + 1, tier(1.0, 0.1))), TierProblem::size);
    EXPECT_EQ(assign({tier(2.0, 0.1), tier(1.0, 0.2)}), TierProblem::caps_not_ascending);
    EXPECT_EQ(assign({tier(kNaN, 0.1)}), TierProblem::caps_not_ascending);
    EXPECT_EQ(assign({tier(1.0, 0.0)}), TierProblem::rate_invalid);
    EXPECT_EQ(assign({tier(1.0, kNaN)}), TierProblem::rate_invalid);
    EXPECT_EQ(assign({tier(1.0, 1.0)}), TierProblem::rate_invalid);
    EXPECT_EQ(assign({tier(1.0, 0.2), tier(2.0, 0.1)}), TierProblem::rate_falls);
    MarginTier wrong = tier(2.0, 0.2);
    wrong.deduction = 0.3;  // continuity gives 0.1
    EXPECT_EQ(assign({tier(1.0, 0.1), wrong}), TierProblem::deduction_differs);
    EXPECT_EQ(table.size(), 0U);
    EXPECT_EQ(tiered_margin({.tiers = &table, .notional = 1.0, .leverage = 1.0}).status, MarginStatus::bad_input);
}

TEST(TieredMarginTest, CapsLeverageAtTheTiersMaximum) {
    TierTable table;
    MarginTier one = tier(1e6, 0.01);
    one.leverage_max = 50.0;
    ASSERT_EQ(table.assign(std::array{one}, 1e-9), TierProblem::none);
    EXPECT_EQ(tiered_margin({.tiers = &table, .notional = 1e5, .leverage = 100.0}).initial, 2e3);
    EXPECT_EQ(tiered_margin({.tiers = &table, .notional = 1e5, .leverage = 20.0}).initial, 5e3);
    EXPECT_EQ(tiered_margin({.tiers = &table, .notional = 1e5, .leverage = 0.5}).status, MarginStatus::bad_input);
}

// docs.deribit.com, private/get_positions, when the base rates were 2.95 % and 2.15 %.
TEST(DeribitStandardTest, ReproducesTheDocumentedPositions) {
    const DeribitFutureMargin rates{.initial_rate = 0.0295, .maintenance_rate = 0.0215, .rate_per_coin = 0.00005};
    const MarginAmount small = deribit_future_margin({.coins = 0.006687487}, rates);
    EXPECT_NEAR(small.initial, 0.000197283, 5e-10);
    EXPECT_NEAR(small.maintenance, 0.000143783, 5e-10);
    const MarginAmount large = deribit_future_margin({.coins = -10.646886321}, rates);
    EXPECT_NEAR(large.initial / 10.646886321, 0.0300323, 5e-8);
    EXPECT_NEAR(large.maintenance / 10.646886321, 0.0220323, 5e-8);
}

TEST(DeribitStandardTest, AnAccountIsTheSumOfItsRows) {
    const test::DeribitTables tables = test::deribit_tables();
    const std::array futures{DeribitFuture{.coins = 25.0}, DeribitFuture{.coins = -3.0}};
    const std::array options{DeribitOption{.quantity = -2.0, .underlying = 65e3, .strike = 70e3, .mark = 0.02},
                             DeribitOption{.quantity = 5.0, .underlying = 65e3, .strike = 70e3, .mark = 0.02}};
    const MarginAmount all =
        deribit_standard_margin(futures, options, tables.futures.at("BTC"), tables.options.at("BTC"));
    ASSERT_EQ(all.status, MarginStatus::ok);
    EXPECT_NEAR(all.initial, 25 * 0.02125 + 3 * 0.02015 + 2 * (0.10 + 0.02), 1e-12);
    auto broken = options;
    broken[0].mark = kNaN;
    const MarginAmount partial =
        deribit_standard_margin(futures, broken, tables.futures.at("BTC"), tables.options.at("BTC"));
    EXPECT_EQ(partial.status, MarginStatus::bad_input);
    EXPECT_TRUE(std::isfinite(partial.initial));
}

TEST(BybitMarginTest, PortfolioModeAddsContingenciesToTheLargestLoss) {
    const double factor = test::bybit_tables().portfolio_factor;
    // GET /v5/asset/portfolio-margin: assetMM 1062.3492..., assetIM 1274.8190...: factor 1.2 exactly.
    const MarginAmount got = bybit_portfolio_margin({.loss_max = 1062.3492095114727}, factor);
    EXPECT_NEAR(got.initial, 1274.8190514137673, 1e-9);
    EXPECT_EQ(bybit_portfolio_margin({.loss_max = -50.0, .delta_spread = 7.0}, factor).maintenance, 7.0);
    EXPECT_EQ(bybit_portfolio_margin({.loss_max = 1.0, .futures = -1.0}, factor).status, MarginStatus::bad_input);
}

}  // namespace
}  // namespace keel::risk
