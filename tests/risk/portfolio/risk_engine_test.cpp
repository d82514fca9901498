#include "risk/portfolio/risk_engine.hpp"

#include <gtest/gtest.h>

#include "risk/options/inverse_option.hpp"
#include "tests/risk/portfolio/risk_market.hpp"

namespace keel::risk {
namespace {

using namespace std::chrono_literals;
using test::kIndex;
using test::kNaN;
using test::RiskMarket;

class RiskEngineTest : public ::testing::Test {
protected:
    void start(RiskConfig config = {}) { risk_ = std::make_unique<RiskEngine>(config, market_.table()); }
    std::vector<FiredTrigger> apply(const Event& event) {
        risk_->apply(event, market_.view());
        const auto fired = risk_->evaluate(market_.view());
        return {fired.begin(), fired.end()};
    }
    void tick(InstrumentId id, double mark) { apply(market_.ticker(id, {.mark = mark, .index = kIndex})); }
    void tick_option(InstrumentId id, double iv, double forward = kIndex) {
        apply(market_.ticker(id, {.mark = kNaN, .forward = forward, .iv = iv, .index = kIndex}));
    }
    UnderlyingRisk btc() { return risk_->underlying(market_.underlying("BTC")); }

    RiskMarket market_;
    CurrencyId coin_ = market_.currency("BTC");
    InstrumentId perpetual_ = market_.perpetuals.front();
    InstrumentId linear_ = market_.linears.front();
    InstrumentId option_ = market_.options[1];
    std::unique_ptr<RiskEngine> risk_;
};

TEST_F(RiskEngineTest, KeepsTheThreeDeltasApart) {
    start();
    apply(market_.balance(coin_, 20.0));
    apply(market_.index(market_.underlying("BTC"), kIndex));
    tick(perpetual_, kIndex);
    tick(linear_, kIndex);
    tick_option(option_, 0.6);
    apply(market_.fill(option_, Side::bid, 50, 0.04));  // five coins of a call
    const OptionInputs inputs{.forward = kIndex,
                              .strike = market_.of(option_).strike,
                              .years = years_between(market_.now(), market_.of(option_).expiry),
                              .volatility = 0.6,
                              .type = market_.of(option_).option_type};
    OptionGreeks usd;
    InverseGreeks coin;
    ASSERT_EQ(inverse_option(inputs, usd, coin), PricingStatus::ok);
    EXPECT_NEAR(btc().delta_bs, 5.0 * usd.delta, 1e-12);
    EXPECT_NEAR(btc().delta_net, 5.0 * coin.delta_net, 1e-12);
    const double equity = 20.0 - 5.0 * 0.04 + 5.0 * coin.value;
    EXPECT_NEAR(risk_->equity(coin_), equity, 1e-9);
    EXPECT_NEAR(btc().delta_usd, equity + 5.0 * coin.delta_net, 1e-9);
    EXPECT_NEAR(btc().gamma_1pct_usd, 5.0 * usd.gamma * kIndex * kIndex / 100.0, 1e-6);
    EXPECT_NEAR(btc().vega_point_usd, 5.0 * usd.vega / 100.0, 1e-9);

    apply(market_.fill(perpetual_, Side::ask, 9'000, kIndex));  // one coin short
    apply(market_.fill(linear_, Side::bid, 20, kIndex));        // two coins long, in USDC
    EXPECT_NEAR(btc().delta_net, 5.0 * coin.delta_net - 1.0 + 2.0, 1e-12);
    EXPECT_NEAR(btc().delta_usd, equity + 5.0 * coin.delta_net - 1.0 + 2.0, 1e-9);
    EXPECT_NEAR(btc().gross_notional_usd, 5.0 * kIndex + 90'000.0 + 180'000.0, 1e-6);
}

// Four coins short for 90,000 USDC each: at par, whatever USDC is worth, so that a depeg does not lower the leverage.
TEST_F(RiskEngineTest, ANotionalInAStablecoinIsCountedAtPar) {
    start({.stablecoin_usd = 0.9});
    apply(market_.balance(coin_, 10.0));
    apply(market_.index(market_.underlying("BTC"), kIndex));
    tick(perpetual_, kIndex);
    tick(linear_, kIndex);
    apply(market_.fill(perpetual_, Side::bid, 9'000, kIndex));
    apply(market_.fill(linear_, Side::ask, 40, kIndex));
    EXPECT_DOUBLE_EQ(btc().gross_notional_usd, 90'000.0 + 360'000.0);
    EXPECT_DOUBLE_EQ(btc().net_notional_usd, 90'000.0 - 360'000.0);
    const AccountRisk account = risk_->account();
    EXPECT_DOUBLE_EQ(account.gross_notional_usd, btc().gross_notional_usd);
    EXPECT_DOUBLE_EQ(account.net_notional_usd, btc().net_notional_usd);
    EXPECT_DOUBLE_EQ(account.leverage_gross, account.gross_notional_usd / account.equity_usd);
    const std::array trade{
        TradeWhatIf{linear_, Quantity{40}}
    };
    const MetricArray after = risk_->metrics_after(market_.underlying("BTC"), trade);
    EXPECT_DOUBLE_EQ(after[static_cast<std::size_t>(Metric::leverage_gross)], 90'000.0 / account.equity_usd);
}

// (d USD equity / d lnS) / S by finite difference: the index, the perpetual's mark and the option's
// forward move together by one relative bump.
TEST_F(RiskEngineTest, DeltaUsdIsTheDerivativeOfUsdEquity) {
    start();
    apply(market_.balance(coin_, 20.0));
    const auto move_to = [&](double price) {
        apply(market_.index(market_.underlying("BTC"), price));
        apply(market_.ticker(perpetual_, {.mark = price, .index = price}));
        apply(market_.ticker(option_, {.mark = kNaN, .forward = price, .iv = 0.6, .index = price}));
        return risk_->account().equity_usd;
    };
    move_to(kIndex);
    apply(market_.fill(option_, Side::ask, 300, 0.05));
    apply(market_.fill(perpetual_, Side::bid, 40'000, kIndex));
    const double bump = 1e-4;
    const double up = move_to(kIndex * std::exp(bump));
    const double down = move_to(kIndex * std::exp(-bump));
    move_to(kIndex);
    EXPECT_NEAR((up - down) / (2.0 * bump) / kIndex, btc().delta_usd, 1e-5 * std::abs(btc().delta_usd));
}

TEST_F(RiskEngineTest, RescalesWithTheIndexWithoutTouchingPositions) {
    start();
    apply(market_.balance(coin_, 1.0));
    apply(market_.index(market_.underlying("BTC"), kIndex));
    tick_option(option_, 0.6);
    apply(market_.fill(option_, Side::ask, 10, 0.04));
    const UnderlyingRisk before = btc();
    apply(market_.index(market_.underlying("BTC"), 2.0 * kIndex));
    EXPECT_EQ(btc().delta_bs, before.delta_bs);
    EXPECT_DOUBLE_EQ(btc().gross_notional_usd, 2.0 * before.gross_notional_usd);
    EXPECT_DOUBLE_EQ(btc().gamma_1pct_usd, 4.0 * before.gamma_1pct_usd);
    EXPECT_DOUBLE_EQ(risk_->account().equity_usd, risk_->equity(coin_) * 2.0 * kIndex);
}

TEST_F(RiskEngineTest, BooksFillsFeesAndRealisedProfitExactly) {
    start();
    apply(market_.balance(coin_, 10.0));
    tick(perpetual_, kIndex);
    apply(market_.fill(perpetual_, Side::bid, 9'000, 90'000.0, Money{50'000}));
    tick(perpetual_, 100'000.0);
    EXPECT_NEAR(risk_->equity(coin_), 10.0 - 0.00005 + 90'000.0 * (1 / 90'000.0 - 1 / 100'000.0), 1e-9);
    apply(market_.fill(perpetual_, Side::ask, 12'000, 100'000.0, Money{-10'000}));  // closes and turns short
    const Position& position = risk_->position(perpetual_);
    EXPECT_EQ(position.quantity, Quantity{-3'000});
    EXPECT_EQ(position.average_price, 100'000.0);
    EXPECT_NEAR(position.realised, 0.1, 1e-12);
    EXPECT_EQ(position.fees, Money{40'000});
    EXPECT_NEAR(risk_->equity(coin_), 10.1 - 0.00004, 1e-9);
    EXPECT_NEAR(btc().delta_net, -0.3, 1e-12);
}

// A position that the venue reported is in its equity already, before we ever saw a price.
TEST_F(RiskEngineTest, DoesNotCountAReportedPositionTwice) {
    start();
    apply(market_.position(perpetual_, 9'000, 80'000.0, kFirst));
    apply(market_.position(option_, -10, 0.03, kLast));
    apply(market_.balance(coin_, 5.0));
    EXPECT_NE(btc().quality & kQualityUnvalued, 0);
    tick(perpetual_, kIndex);
    tick_option(option_, 0.6);
    EXPECT_EQ(btc().quality & kQualityUnvalued, 0);
    EXPECT_NEAR(risk_->equity(coin_), 5.0, 1e-12);
    tick(perpetual_, 100'000.0);
    EXPECT_NEAR(risk_->equity(coin_), 5.0 + 90'000.0 * (1 / 90'000.0 - 1 / 100'000.0), 1e-12);
    EXPECT_EQ(btc().positions, 2U);
}

TEST_F(RiskEngineTest, ForgetsWhatAWholeSnapshotDoesNotName) {
    start();
    apply(market_.position(perpetual_, 9'000, 80'000.0, kFirst));
    apply(market_.position(option_, -10, 0.03, kLast));
    EXPECT_EQ(risk_->held().size(), 2U);
    Event only = market_.position(perpetual_, 8'000, 80'000.0);
    only.set(kFirst);
    only.set(kLast);
    apply(only);
    ASSERT_EQ(risk_->held().size(), 1U);
    EXPECT_EQ(risk_->position(option_).quantity, Quantity{0});
    EXPECT_EQ(risk_->position(perpetual_).quantity, Quantity{8'000});
}

TEST_F(RiskEngineTest, BelievesADisagreeingReportOnlyWhenItIsRepeated) {
    start();
    apply(market_.session(SessionState::ready));
    tick(perpetual_, kIndex);
    apply(market_.fill(perpetual_, Side::bid, 100, kIndex));
    apply(market_.position(perpetual_, 50, kIndex));
    EXPECT_EQ(risk_->position(perpetual_).quantity, Quantity{100});
    EXPECT_NE(btc().quality & kQualityMismatch, 0);
    apply(market_.position(perpetual_, 100, kIndex));
    EXPECT_EQ(btc().quality & kQualityMismatch, 0);
    apply(market_.position(perpetual_, 50, kIndex));
    apply(market_.position(perpetual_, 50, kIndex));
    EXPECT_EQ(risk_->position(perpetual_).quantity, Quantity{50});
    EXPECT_EQ(btc().quality & kQualityMismatch, 0);
}

TEST_F(RiskEngineTest, KeepsTheLastGoodNumbersAndSaysSoWhenATickerCannotBePriced) {
    start();
    apply(market_.balance(coin_, 5.0));
    tick_option(option_, 0.6);
    apply(market_.fill(option_, Side::bid, 10, 0.04));
    const UnderlyingRisk good = btc();
    for (const double bad : {kNaN, -1.0, std::numeric_limits<double>::infinity()}) {
        tick_option(option_, bad);
        EXPECT_EQ(btc().delta_bs, good.delta_bs);
        EXPECT_NE(btc().quality & kQualityStale, 0);
    }
    tick_option(option_, 0.6);
    EXPECT_EQ(btc().quality & kQualityStale, 0);
}

TEST_F(RiskEngineTest, FlagsInputsThatGrewOld) {
    RiskConfig config;
    config.ticker_age_max = 10s;
    start(config);
    tick(perpetual_, kIndex);
    apply(market_.fill(perpetual_, Side::bid, 10, kIndex));
    market_.advance(9s);
    apply(market_.index(market_.underlying("BTC"), kIndex));
    apply(market_.timer());
    EXPECT_EQ(btc().quality & kQualityStale, 0);
    market_.advance(2s);
    apply(market_.timer());
    EXPECT_NE(btc().quality & kQualityStale, 0);
    tick(perpetual_, kIndex);
    EXPECT_EQ(btc().quality & kQualityStale, 0);
}

TEST_F(RiskEngineTest, SettlesExpiredContractsInCash) {
    start();
    apply(market_.balance(coin_, 5.0));
    apply(market_.index(market_.underlying("BTC"), kIndex));
    tick_option(option_, 0.6);
    const Instrument& row = market_.of(option_);
    ASSERT_EQ(row.option_type, OptionType::call);
    ASSERT_LT(row.strike, kIndex);
    apply(market_.fill(option_, Side::ask, 10, 0.2));
    market_.advance(row.expiry - market_.now() + 1s);
    apply(market_.timer());
    EXPECT_TRUE(risk_->held().empty());
    EXPECT_EQ(btc().delta_bs, 0.0);
    EXPECT_NEAR(risk_->equity(coin_), 5.0 + 0.2 - (kIndex - row.strike) / kIndex, 1e-9);
}

TEST_F(RiskEngineTest, FiresBoundariesOnEventsAndOnTimers) {
    RiskConfig config;
    config.hedge_numeraire = HedgeNumeraire::coin;
    config.boundaries = {
        {.metric = Metric::net_delta,
         .underlying = "BTC",
         .target = 1.0,
         .soft = 0.5,
         .hard = 2.0,
         .debounce_soft = 100ms},
        {.metric = Metric::leverage_gross,      .soft = 1.0, .hard = 2.0, .debounce_soft = 0ns}
    };
    start(config);
    apply(market_.balance(coin_, 1.0));
    tick(perpetual_, kIndex);
    EXPECT_TRUE(apply(market_.fill(perpetual_, Side::bid, 8'100, kIndex)).empty()) << "0.9 coins: inside";
    auto fired =
        apply(market_.fill(perpetual_, Side::bid, 6'300, kIndex));  // 1.6 coins: 0.6 from the target, 1.6 x equity
    ASSERT_EQ(fired.size(), 1U);
    EXPECT_EQ(fired[0].metric, Metric::leverage_gross);
    EXPECT_NEAR(fired[0].value.value(), 1.6, 1e-9);
    market_.advance(100ms);
    fired = apply(market_.timer());
    ASSERT_EQ(fired.size(), 1U) << "the debounce ends without market data";
    EXPECT_EQ(fired[0].metric, Metric::net_delta);
    EXPECT_NEAR(fired[0].value.value(), 0.6, 1e-9);
    EXPECT_NEAR(risk_->breach_seconds(Metric::net_delta, market_.now()), 0.1, 1e-9);
    const RiskSnapshot snapshot = risk_->snapshot();
    EXPECT_EQ(snapshot.boundaries_count, 2U);
    EXPECT_TRUE(snapshot.boundaries[0].outside);
    EXPECT_EQ(snapshot.version, risk_->version());
}

// Half a portfolio looks like a breach; so does one whose second half has no price yet.
TEST_F(RiskEngineTest, JudgesNoBoundaryOnAnIncompletePortfolio) {
    RiskConfig config;
    config.hedge_numeraire = HedgeNumeraire::coin;
    config.boundaries = {
        {.metric = Metric::net_delta, .underlying = "BTC", .soft = 0.5,              .hard = 0.9},
        {.metric = Metric::leverage_gross,                           .soft = 0.05,               .hard = 0.05}
    };
    start(config);
    apply(market_.balance(coin_, 10.0));
    tick(perpetual_, kIndex);
    EXPECT_TRUE(apply(market_.position(perpetual_, 9'000, kIndex, kFirst)).empty());
    EXPECT_TRUE(apply(market_.position(linear_, -10, kIndex, kLast)).empty()) << "the hedge has no ticker yet";
    EXPECT_TRUE(std::isnan(risk_->boundaries()[1].value));
    tick(linear_, kIndex);
    EXPECT_NEAR(risk_->boundaries()[1].value, 0.2, 1e-9);
    EXPECT_EQ(risk_->boundaries()[0].fired, 0U);
    EXPECT_NEAR(risk_->boundaries()[0].value, 0.0, 1e-12);
    EXPECT_EQ(apply(market_.fill(perpetual_, Side::bid, 9'000, kIndex)).size(), 1U);
}

TEST_F(RiskEngineTest, CountsWorkingAndUnknownOrdersTowardsDelta) {
    RiskConfig config;
    config.hedge_numeraire = HedgeNumeraire::coin;
    start(config);
    tick(perpetual_, kIndex);
    apply(market_.fill(perpetual_, Side::bid, 9'000, kIndex));
    const UnderlyingId btc_id = market_.underlying("BTC");
    const auto open = [&](Side side, std::int64_t lots) {
        const OrderIntent intent{
            .instrument = perpetual_, .side = side, .price = Price{180'000}, .quantity = Quantity{lots}};
        return *market_.orders().open(intent, market_.now(), market_.now() + 10s);
    };
    (void)open(Side::ask, 4'500);
    (void)open(Side::bid, 900);
    EXPECT_NEAR(risk_->delta_with_working(btc_id, market_.view()), 1.0 - 0.5 + 0.1, 1e-12);
    market_.orders().expire_acks(market_.now() + 1h, 1s);
    EXPECT_EQ(market_.orders().unknown_count(), 2U);
    EXPECT_NEAR(risk_->delta_with_working(btc_id, market_.view()), 0.6, 1e-12) << "unknown orders keep their exposure";
    const DeltaRange range = risk_->delta_worst_case(btc_id, market_.view());
    EXPECT_NEAR(range.low, 0.5, 1e-12);
    EXPECT_NEAR(range.high, 1.1, 1e-12);
}

TEST_F(RiskEngineTest, AnswersWhatATradeWouldDo) {
    start();
    apply(market_.balance(coin_, 2.0));
    tick(perpetual_, kIndex);
    apply(market_.fill(perpetual_, Side::bid, 9'000, kIndex));
    const UnderlyingId btc_id = market_.underlying("BTC");
    const TradeWhatIf sell{.instrument = perpetual_, .quantity = Quantity{-18'000}};
    const MetricArray after = risk_->metrics_after(btc_id, {&sell, 1});
    const MetricArray now = risk_->metrics(btc_id);
    EXPECT_NEAR(now[0], 3.0, 1e-9);
    EXPECT_NEAR(after[0], 1.0, 1e-9);
    EXPECT_NEAR(now[3], 0.5, 1e-9);
    EXPECT_NEAR(after[3], 0.5, 1e-9) << "turned around: as much notional as before";
    EXPECT_NEAR(risk_->delta_per_lot(perpetual_), 10.0 / kIndex, 1e-15);
    EXPECT_TRUE(std::isnan(risk_->delta_per_lot(linear_))) << "no ticker yet";
}

TEST_F(RiskEngineTest, FollowsTheImpliedVolatilityOfTheNearestUsefulExpiry) {
    RiskConfig config;
    config.implied_volatility = {.window = 64s, .tenor_min = 24h, .moneyness_max = 2.0};
    config.boundaries = {
        {.metric = Metric::implied_vol_change, .underlying = "BTC", .soft = 5.0, .hard = 10.0, .debounce_soft = 0ns}
    };
    start(config);
    const InstrumentId near_money = market_.options[2];  // 7 days, strike 0.9 of the index
    apply(market_.ticker(near_money, {.mark = kNaN, .forward = 81'000.0, .iv = 0.50, .index = kIndex}));
    market_.advance(10s);
    EXPECT_TRUE(
        apply(market_.ticker(near_money, {.mark = kNaN, .forward = 81'000.0, .iv = 0.54, .index = kIndex})).empty());
    market_.advance(10s);
    const auto fired =
        apply(market_.ticker(near_money, {.mark = kNaN, .forward = 81'000.0, .iv = 0.61, .index = kIndex}));
    ASSERT_EQ(fired.size(), 1U);
    EXPECT_EQ(fired[0].signal, TriggerSignal::hard);
    EXPECT_NEAR(fired[0].value.value(), 11.0, 1e-9);
    EXPECT_NEAR(btc().implied_volatility, 0.61, 1e-12);
}

TEST(LedgerTest, TurnsAmountsIntoTheNearestBillionthAndSurvivesAbsurdOnes) {
    EXPECT_EQ(money_from(0.1), Money{100'000'000});
    EXPECT_EQ(money_from(-1.23456789e-9), Money{-1});
    EXPECT_EQ(money_from(1e300), money_from(9.2e9));
    EXPECT_EQ(money_from(kNaN), Money{});
}

TEST_F(RiskEngineTest, HashesEqualStatesEquallyAndDifferentOnesDifferently) {
    const auto digest = [](std::int64_t lots) {
        RiskMarket market;
        RiskEngine risk{{}, market.table()};
        risk.apply(market.ticker(market.perpetuals.front(), {.mark = kIndex, .index = kIndex}), market.view());
        risk.apply(market.fill(market.perpetuals.front(), Side::bid, lots, kIndex), market.view());
        StateHash hash;
        risk.hash_into(hash);
        return hash.digest();
    };
    EXPECT_EQ(digest(10), digest(10));
    EXPECT_NE(digest(10), digest(11));
}

}  // namespace
}  // namespace keel::risk
