#include "strategies/rebalance/cost_model.hpp"

#include "tests/strategies/hedge/scripted_market.hpp"

namespace keel::strategies {
namespace {

using test::ScriptedMarket;

TradingCost price_now(const ScriptedMarket& market, const HedgeConfig& config, double mark = 60'000.0) {
    const CostModel model{config};
    const InstrumentId id = market.ids_[0];
    return model.price(market.table_[id], market.books_.find(id), mark, 60'000.0, market.now_);
}

TEST(CostModelTest, PricesHalfSpreadAndFeePerLot) {
    ScriptedMarket market{1};
    market.book(0, 2, 100);  // 59,999 / 60,001
    const TradingCost cost = price_now(market, {});
    ASSERT_TRUE(cost.usable);
    EXPECT_FALSE(cost.thin);
    EXPECT_DOUBLE_EQ(cost.notional_usd, 600.0);
    EXPECT_NEAR(cost.buy.cost_usd(1), 0.01 * 1.0 + 600.0 * 0.0005, 1e-9);
    EXPECT_NEAR(cost.sell.cost_usd(1), cost.buy.cost_usd(1), 1e-9);
    EXPECT_EQ(cost.ask.count(), 120'002);
    EXPECT_EQ(cost.bid.count(), 119'998);
}

TEST(CostModelTest, WalksTheVisibleShareOfEachLevel) {
    ScriptedMarket market{1};
    market.book(0, 2, 100, 3);  // asks at 60,001, 60,002, 60,003: 50 lots of each count
    const TradingCost cost = price_now(market, {});
    EXPECT_EQ(cost.buy_lots_max, 150);
    const double fee = 0.3;
    EXPECT_NEAR(cost.buy.cost_usd(60), 50 * (0.01 + fee) + 10 * (0.02 + fee), 1e-9);
    EXPECT_NEAR(cost.buy.cost_usd(150), 50 * (0.01 + 0.02 + 0.03) + 150 * fee, 1e-9);
}

TEST(CostModelTest, DeepBooksShareTheLastStep) {
    ScriptedMarket market{1};
    market.book(0, 2, 100, 20);
    const TradingCost cost = price_now(market, {});
    EXPECT_EQ(cost.buy_lots_max, 20 * 50);
    double exact = 0.0;
    for (int level = 0; level < 20; ++level) exact += 50 * (0.01 * (1.0 + level) + 0.3);
    EXPECT_NEAR(cost.buy.cost_usd(1'000), exact, 1e-6);
}

TEST(CostModelTest, StopsAtTheCollar) {
    ScriptedMarket market{1};
    market.book(0, 2, 100, 3);
    HedgeConfig config;
    config.cross_bps = 0.1;
    config.collar_bps = 0.3;  // 60,001.8
    EXPECT_EQ(price_now(market, config).buy_lots_max, 50);
}

TEST(CostModelTest, FallsBackToTheMarkWhereTheBookIsThin) {
    ScriptedMarket market{1};
    market.book(0, 4'000, 100);  // the touch lies 2,000 USD away, beyond the collar
    const HedgeConfig config;
    const TradingCost cost = price_now(market, config);
    EXPECT_TRUE(cost.usable);
    EXPECT_TRUE(cost.thin);
    EXPECT_EQ(cost.buy_lots_max, 1);
    EXPECT_NEAR(cost.buy.cost_usd(1), 600.0 * (config.half_spread_fallback_bps * 1e-4 + 0.0005), 1e-9);
}

TEST(CostModelTest, RefusesAStaleOrMissingBook) {
    ScriptedMarket market{1};
    EXPECT_FALSE(price_now(market, {}).usable);  // never built
    market.book(0, 2, 100);
    EXPECT_TRUE(price_now(market, {}).usable);
    EXPECT_FALSE(price_now(market, {}, std::nan("")).usable);
    market.advance(std::chrono::milliseconds{2'001});
    EXPECT_FALSE(price_now(market, {}).usable);
    market.book(0, 2, 100);
    market.books_.find(market.ids_[0])->mark_stale();
    EXPECT_FALSE(price_now(market, {}).usable);
    const CostModel model{HedgeConfig{}};
    EXPECT_FALSE(model.price(market.table_[market.ids_[0]], nullptr, 60'000.0, 60'000.0, market.now_).usable);
}

TEST(CostModelTest, InverseContractsCostTheSameShareOfTheirFace) {
    ScriptedMarket market{1};
    Instrument inverse = market.table_[market.ids_[0]];
    inverse.payoff = Payoff::inverse;
    inverse.lot = Decimal{10, 0};  // USD
    market.book(0, 2, 100);
    const CostModel model{HedgeConfig{}};
    const TradingCost cost = model.price(inverse, market.books_.find(market.ids_[0]), 60'000.0, 60'000.0, market.now_);
    EXPECT_DOUBLE_EQ(cost.notional_usd, 10.0);
    EXPECT_NEAR(cost.buy.cost_usd(1), 10.0 * (1.0 / 60'000.0 + 0.0005), 1e-12);
}

}  // namespace
}  // namespace keel::strategies
