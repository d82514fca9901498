#include "risk/limits/pretrade_gate.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/risk/portfolio/risk_market.hpp"

namespace keel::risk {
namespace {

using namespace std::chrono_literals;
using test::kIndex;
using test::kNaN;
using test::RiskMarket;

// A market in which every input is fresh: 10 coins of equity, a perpetual at 90,000 one tick wide, and
// a gate that allows everything reasonable. One lot of the perpetual is 10 USD.
class PretradeGateTest : public ::testing::Test {
protected:
    PretradeGateTest() {
        config_.instruments_allowed = {"*"};
        config_.messages_burst_max = 1'000.0;
        risk_config_.hedge_numeraire = HedgeNumeraire::coin;
    }

    void start() {
        risk_ = std::make_unique<RiskEngine>(risk_config_, market_.table());
        gate_ = std::make_unique<PretradeGate>(config_, market_.table());
        apply(market_.balance(market_.currency("BTC"), 10.0));
        apply(market_.session(SessionState::ready));
        refresh();
    }
    void apply(const Event& event) {
        risk_->apply(event, market_.view());
        gate_->apply(event, market_.view());
        (void)risk_->evaluate(market_.view());
    }
    void refresh() {
        apply(market_.index(market_.underlying("BTC"), kIndex));
        for (const InstrumentId id : {perpetual_, future_, linear_}) {
            apply(
                market_.ticker(id, {.mark = kIndex, .index = kIndex, .price_min = band_min_, .price_max = band_max_}));
            market_.set_book(id, kIndex - 0.5, kIndex + 0.5);
        }
        apply(market_.ticker(option_, {.mark = kNaN, .forward = kIndex, .iv = 0.6, .index = kIndex}));
        option_price_ = risk_->position(option_).unit.value / lot_face(market_.of(option_));
        apply(market_.ticker(option_, {.mark = option_price_, .forward = kIndex, .iv = 0.6, .index = kIndex}));
        market_.set_book(option_, option_price_ - 0.0005, option_price_ + 0.0005);
    }
    void hold(InstrumentId id, std::int64_t lots) {
        const double price = market_.of(id).is_option() ? option_price_ : kIndex;
        apply(market_.fill(id, lots > 0 ? Side::bid : Side::ask, std::abs(lots), price));
    }
    [[nodiscard]] OrderIntent order(InstrumentId id, Side side, std::int64_t lots, double price = kIndex) const {
        return {.instrument = id, .side = side, .price = market_.of(id).price_floor(price), .quantity = Quantity{lots}};
    }
    [[nodiscard]] OrderIntent buy(std::int64_t lots, double price = kIndex) const {
        return order(perpetual_, Side::bid, lots, price);
    }
    [[nodiscard]] OrderIntent sell(std::int64_t lots, double price = kIndex) const {
        return order(perpetual_, Side::ask, lots, price);
    }
    GateLimit verdict(const OrderIntent& intent) {
        const std::optional<Refusal> refusal = gate_->check(intent, *risk_, market_.view());
        if (!refusal) return GateLimit::none;
        EXPECT_EQ(refusal->instrument, intent.instrument);
        EXPECT_EQ(refusal->time, market_.now());
        return refusal->limit;
    }
    ClientOrderId open(const OrderIntent& intent) {
        return *market_.orders().open(intent, market_.now(), market_.now() + 10s);
    }
    // One just inside passes, one just outside is refused with its name.
    void expect_edge(const OrderIntent& inside, const OrderIntent& outside, GateLimit limit) {
        EXPECT_STREQ(gate_limit_name(verdict(outside)), gate_limit_name(limit));
        EXPECT_STREQ(gate_limit_name(verdict(inside)), "none");
        EXPECT_EQ(gate_->refused(limit), 1U);
    }

    RiskMarket market_;
    RiskConfig risk_config_;
    GateConfig config_;
    double band_min_{kNaN};
    double band_max_{kNaN};
    double option_price_{0.0};
    InstrumentId perpetual_ = market_.perpetuals.front();
    InstrumentId future_ = market_.futures.front();
    InstrumentId linear_ = market_.linears.front();
    InstrumentId option_ = market_.options[1];
    std::unique_ptr<RiskEngine> risk_;
    std::unique_ptr<PretradeGate> gate_;
};

// The whole table: kill level x {reducing, increasing, cancel}.
TEST_F(PretradeGateTest, FollowsTheKillTable) {
    struct Row {
        std::uint8_t level;
        bool reducing, increasing, cancel;
    };
    constexpr Row kTable[] = {
        {0, true,  true,  true},
        {1, true,  false, true},
        {2, true,  false, true},
        {3, false, false, true},
        {4, false, false, true},
        {5, true,  false, true},
        {6, false, false, true},
    };
    static_assert(std::size(kTable) == kKillLevelMax + 1);
    start();
    hold(perpetual_, 9'000);
    const ClientOrderId working = open(buy(10, kIndex - 100));
    for (const Row& row : kTable) {
        SCOPED_TRACE("level " + std::to_string(row.level));
        market_.advance(300ms);  // beyond the duplicate window
        apply(market_.operator_command(OperatorAction::set_kill_level, row.level));
        EXPECT_EQ(gate_->kill_level(), static_cast<KillLevel>(row.level));
        OrderIntent reducing = sell(100);
        reducing.reduce_only = true;
        reducing.time_in_force = TimeInForce::immediate_or_cancel;
        ASSERT_TRUE(gate_->reduces_risk(reducing, *risk_, market_.view()));
        ASSERT_FALSE(gate_->reduces_risk(buy(100), *risk_, market_.view()));
        EXPECT_EQ(verdict(reducing), row.reducing ? GateLimit::none : GateLimit::kill_level);
        EXPECT_EQ(verdict(buy(100)), row.increasing ? GateLimit::none : GateLimit::kill_level);
        OrderIntent cancel{.kind = CommandKind::cancel, .client_order_id = working};
        EXPECT_EQ(verdict(cancel) == GateLimit::none, row.cancel);
        cancel.kind = CommandKind::cancel_all;
        EXPECT_EQ(verdict(cancel) == GateLimit::none, row.cancel);
        // A replace is an order: here one that grows the holding.
        OrderIntent replace = buy(20, kIndex - 99);
        replace.kind = CommandKind::replace;
        replace.client_order_id = working;
        EXPECT_EQ(verdict(replace), row.increasing ? GateLimit::none : GateLimit::kill_level);
    }
}

TEST_F(PretradeGateTest, FlattensInReduceOnlySlicesThatDoNotRest) {
    start();
    hold(perpetual_, 9'000);
    gate_->raise_kill_level(KillLevel::flatten);
    OrderIntent slice = sell(100);
    EXPECT_EQ(verdict(slice), GateLimit::kill_level);
    slice.reduce_only = true;
    EXPECT_EQ(verdict(slice), GateLimit::kill_level);
    slice.time_in_force = TimeInForce::immediate_or_cancel;
    EXPECT_EQ(verdict(slice), GateLimit::none);
    slice.quantity = Quantity{9'001};
    EXPECT_EQ(verdict(slice), GateLimit::kill_level);
}

TEST_F(PretradeGateTest, LatchesAutomaticKillLevelsUpwardsOnly) {
    KillSwitch kill;
    EXPECT_TRUE(kill.raise(KillLevel::halt_new));
    EXPECT_FALSE(kill.raise(KillLevel::reduce_only));
    EXPECT_EQ(kill.level(), KillLevel::halt_new);
    kill.set(0);
    EXPECT_EQ(kill.level(), KillLevel::active);
    kill.set(200);
    EXPECT_EQ(kill.level(), KillLevel::dead);
}

TEST_F(PretradeGateTest, NeedsAReadyOrderSession) {
    start();
    EXPECT_EQ(verdict(buy(1)), GateLimit::none);
    apply(market_.session(SessionState::syncing, SessionRole::market_data));
    EXPECT_EQ(verdict(buy(2)), GateLimit::none) << "the other role is not the order session";
    for (const SessionState state : {SessionState::down, SessionState::connecting, SessionState::syncing}) {
        apply(market_.session(state));
        EXPECT_EQ(verdict(buy(3)), GateLimit::session_not_ready);
    }
}

TEST_F(PretradeGateTest, NeedsAWritableJournal) {
    start();
    apply(market_.operator_command(OperatorAction::journal_unwritable));
    EXPECT_EQ(verdict(buy(1)), GateLimit::journal_unwritable);
    EXPECT_EQ(verdict({.kind = CommandKind::cancel_all}), GateLimit::none);
    apply(market_.operator_command(OperatorAction::journal_writable));
    EXPECT_EQ(verdict(buy(1)), GateLimit::none);
}

TEST_F(PretradeGateTest, AllowsListedInstrumentsOnly) {
    config_.instruments_allowed = {"BTC-PERPETUAL", "BTC-M*"};
    start();
    expect_edge(buy(1), order(linear_, Side::bid, 1), GateLimit::instrument_not_allowed);
    EXPECT_EQ(verdict(order(future_, Side::bid, 5)), GateLimit::none);
    OrderIntent nowhere = buy(1);
    nowhere.instrument = InstrumentId::none;
    EXPECT_EQ(verdict(nowhere), GateLimit::instrument_not_allowed);
    config_.instruments_allowed = {};
    start();
    EXPECT_EQ(verdict(buy(1)), GateLimit::instrument_not_allowed);
}

TEST_F(PretradeGateTest, RefusesContractsAboutToExpire) {
    config_.expiry_guard = 5min;
    start();
    const UnixNanos expiry = market_.of(option_).expiry;
    const OrderIntent intent = order(option_, Side::bid, 1, option_price_);
    market_.advance(expiry - market_.now() - 5min);
    refresh();
    OrderIntent at_edge = intent;
    at_edge.price = market_.of(option_).price_floor(option_price_);
    EXPECT_EQ(verdict(at_edge), GateLimit::none);
    market_.advance(1ns);
    EXPECT_EQ(verdict(at_edge), GateLimit::instrument_not_allowed);
}

// Each input alone, to the nanosecond, for each kind of instrument.
TEST_F(PretradeGateTest, RefusesStaleInputsByKind) {
    config_.perpetual_age_max = {3s, 4s, 5s};
    config_.future_age_max = {6s, 7s, 8s};
    config_.option_age_max = {9s, 10s, 11s};
    const struct {
        InstrumentId instrument;
        InputAgeMax ages;
    } kinds[] = {
        {perpetual_, config_.perpetual_age_max},
        {future_,    config_.future_age_max   },
        {option_,    config_.option_age_max   }
    };
    enum Input { kBook, kMark, kIndexPrice };
    for (const auto& kind : kinds) {
        for (const Input old : {kBook, kMark, kIndexPrice}) {
            SCOPED_TRACE(std::string{market_.of(kind.instrument).name_view()} + " input " + std::to_string(old));
            start();
            const std::chrono::nanoseconds limit = old == kBook   ? kind.ages.book
                                                   : old == kMark ? kind.ages.mark
                                                                  : kind.ages.index;
            const auto renew_others = [&] {
                const bool is_option = kind.instrument == option_;
                const double price = is_option ? option_price_ : kIndex;
                const double half = is_option ? 0.0005 : 0.5;
                if (old != kBook) market_.set_book(kind.instrument, price - half, price + half);
                if (old != kMark)
                    apply(market_.ticker(kind.instrument,
                                         {.mark = price, .forward = kIndex, .iv = 0.6, .index = kIndex}));
                if (old != kIndexPrice) apply(market_.index(market_.underlying("BTC"), kIndex));
            };
            const OrderIntent intent =
                order(kind.instrument, Side::bid, 5, kind.instrument == option_ ? option_price_ : kIndex);
            market_.advance(limit);
            renew_others();
            EXPECT_EQ(verdict(intent), GateLimit::none);
            market_.advance(1ns);
            renew_others();
            EXPECT_EQ(verdict(intent), GateLimit::stale_input);
        }
    }
}

TEST_F(PretradeGateTest, RefusesWithoutABookATickerAnIndexOrAPositionsPrice) {
    start();
    market_.books().find(perpetual_)->mark_stale();
    EXPECT_EQ(verdict(buy(1)), GateLimit::stale_input);
    refresh();
    EXPECT_EQ(verdict(buy(1)), GateLimit::none);
    EXPECT_EQ(verdict(order(market_.perpetuals[1], Side::bid, 1, 3'000.0)), GateLimit::stale_input) << "nothing known";
    apply(market_.fill(market_.options[3], Side::bid, 1, 0.03));
    EXPECT_EQ(verdict(buy(2)), GateLimit::stale_input) << "a holding without a price";
}

TEST_F(PretradeGateTest, KeepsPricesAndQuantitiesOnTheGrid) {
    start();
    OrderIntent off_tick = order(option_, Side::bid, 1, option_price_);
    ASSERT_GT(off_tick.price.count(), 50);
    const OrderIntent on_tick = off_tick;
    off_tick.price += Price{1};
    expect_edge(on_tick, off_tick, GateLimit::off_grid);
    EXPECT_EQ(verdict(order(future_, Side::bid, 4)), GateLimit::off_grid) << "below the venue's minimum";
    EXPECT_EQ(verdict(order(future_, Side::bid, 5)), GateLimit::none);
    EXPECT_EQ(verdict(buy(0)), GateLimit::off_grid);
    EXPECT_EQ(verdict(buy(-5)), GateLimit::off_grid);
    EXPECT_EQ(verdict(buy(1, 0.0)), GateLimit::off_grid);
}

TEST_F(PretradeGateTest, HoldsPricesInsideTheCollar) {
    config_.price_collar_bps = 100.0;  // 900 USD
    start();
    expect_edge(buy(1, 90'900.0), buy(1, 90'900.5), GateLimit::price_collar);
    EXPECT_EQ(verdict(sell(1, 89'099.5)), GateLimit::price_collar);
    EXPECT_EQ(verdict(sell(1, 89'100.0)), GateLimit::none);
    EXPECT_EQ(verdict(buy(1, 50'000.0)), GateLimit::none) << "only the adverse side is bounded";
}

TEST_F(PretradeGateTest, TakesTheMedianOfMarkIndexAndOwnMid) {
    config_.price_collar_bps = 10.0;
    start();
    apply(market_.ticker(perpetual_, {.mark = 99'000.0, .index = kIndex}));
    market_.set_book(perpetual_, 90'100.0 - 0.5, 90'100.0 + 0.5);
    EXPECT_EQ(verdict(buy(1, 90'190.0)), GateLimit::none) << "the median is our own mid, 90,100";
    EXPECT_EQ(verdict(buy(1, 90'190.5)), GateLimit::price_collar);
}

TEST_F(PretradeGateTest, HoldsOptionPricesInsideVolPointsOrTicks) {
    config_.option_collar_vol_points = 5.0;
    config_.option_collar_ticks = 1.0;
    start();
    const double vega_coin = risk_->position(option_).unit.risk.vega_coin / lot_face(market_.of(option_));
    const double bound = option_price_ + 0.05 * vega_coin;
    expect_edge(order(option_, Side::bid, 1, bound), order(option_, Side::bid, 1, bound + 0.0005),
                GateLimit::price_collar);
    config_.option_collar_vol_points = 0.0;
    config_.option_collar_ticks = 10.0;
    start();
    expect_edge(order(option_, Side::bid, 1, option_price_ + 10e-4),
                order(option_, Side::bid, 1, option_price_ + 15e-4), GateLimit::price_collar);
}

TEST_F(PretradeGateTest, RespectsTheVenuesPriceBand) {
    band_min_ = 89'800.0;
    band_max_ = 90'200.0;
    start();
    expect_edge(buy(1, 90'200.0), buy(1, 90'200.5), GateLimit::price_band);
    EXPECT_EQ(verdict(sell(1, 89'799.5)), GateLimit::price_band);
    EXPECT_EQ(verdict(sell(1, 89'800.0)), GateLimit::none);
}

TEST_F(PretradeGateTest, LimitsTheQuantityOfOneOrder) {
    config_.order_coins_max = 0.5;  // 45,000 USD at the mark
    start();
    expect_edge(buy(4'500), buy(4'501), GateLimit::order_quantity);
}

TEST_F(PretradeGateTest, LimitsTheNotionalOfOneOrder) {
    config_.order_notional_usd_max = 50'000.0;
    start();
    expect_edge(buy(5'000), buy(5'001), GateLimit::order_notional);
    EXPECT_EQ(verdict(order(linear_, Side::bid, 5)), GateLimit::none) << "half a coin is 45,000 USD";
    EXPECT_EQ(verdict(order(linear_, Side::bid, 6)), GateLimit::order_notional);
}

TEST_F(PretradeGateTest, LimitsPositionsWithEveryOrderThatMayStillFill) {
    config_.position_long_usd_max = 100'000.0;
    config_.position_short_usd_max = 60'000.0;
    start();
    hold(perpetual_, 2'000);
    (void)open(buy(3'000, kIndex - 100));
    expect_edge(buy(5'000), buy(5'001), GateLimit::position_quantity);
    market_.orders().expire_acks(market_.now() + 1h, 1s);
    ASSERT_EQ(market_.orders().unknown_count(), 1U);
    EXPECT_EQ(verdict(buy(5'001)), GateLimit::position_quantity) << "an unknown order still counts";
    EXPECT_EQ(verdict(sell(8'001)), GateLimit::position_quantity) << "2,000 long to 6,001 short";
    EXPECT_EQ(verdict(sell(8'000)), GateLimit::none);
}

TEST_F(PretradeGateTest, CountsAReplacedOrderOnce) {
    config_.position_long_usd_max = 100'000.0;
    start();
    const ClientOrderId id = open(buy(9'000, kIndex - 100));
    OrderIntent replace = buy(10'000, kIndex - 99);
    replace.kind = CommandKind::replace;
    replace.client_order_id = id;
    EXPECT_EQ(verdict(replace), GateLimit::none);
    replace.quantity = Quantity{10'001};
    EXPECT_EQ(verdict(replace), GateLimit::position_quantity);
}

TEST_F(PretradeGateTest, LimitsThePortfoliosDelta) {
    config_.portfolio_delta_usd_max = 180'000.0;
    start();
    hold(linear_, 10);                     // one coin long
    (void)open(buy(4'500, kIndex - 100));  // and half a coin that may fill
    expect_edge(buy(4'500), buy(4'501), GateLimit::portfolio_delta);
    EXPECT_EQ(verdict(sell(27'000)), GateLimit::none) << "to two coins short";
    EXPECT_EQ(verdict(sell(27'001)), GateLimit::portfolio_delta);
}

TEST_F(PretradeGateTest, LetsAHedgeThroughThatLowersADeltaBeyondItsLimit) {
    config_.portfolio_delta_usd_max = 100'000.0;
    start();
    hold(linear_, 30);  // three coins long: far beyond
    EXPECT_EQ(verdict(sell(9'000)), GateLimit::none) << "to two coins: better";
    EXPECT_EQ(verdict(buy(1)), GateLimit::portfolio_delta);
    EXPECT_EQ(verdict(sell(54'001)), GateLimit::portfolio_delta) << "turned into a larger one";
}

TEST_F(PretradeGateTest, LimitsGrossLeverage) {
    config_.leverage_gross_max = 0.2;  // of 900,000 USD
    start();
    hold(linear_, 10);
    (void)open(sell(3'000, kIndex + 100));
    expect_edge(buy(6'000, kIndex - 1), buy(6'001, kIndex - 1), GateLimit::leverage);
}

// A coin at 90,000 USDC is held at par, and a lot of it adds 9,000.
TEST_F(PretradeGateTest, LimitsGrossLeverageAtParWhereAStablecoinIsOffItsDollar) {
    risk_config_.stablecoin_usd = 0.9;
    config_.leverage_gross_max = 0.2;  // of 900,000 USD
    start();
    hold(linear_, 10);
    (void)open(sell(3'000, kIndex + 100));
    expect_edge(buy(6'000, kIndex - 1), buy(6'001, kIndex - 1), GateLimit::leverage);
    EXPECT_EQ(verdict(order(linear_, Side::bid, 6)), GateLimit::none);
    EXPECT_EQ(verdict(order(linear_, Side::bid, 7)), GateLimit::leverage);
}

TEST_F(PretradeGateTest, RefusesLeverageOnEquityThatIsNotKnown) {
    risk_ = std::make_unique<RiskEngine>(risk_config_, market_.table());
    gate_ = std::make_unique<PretradeGate>(config_, market_.table());
    apply(market_.session(SessionState::ready));
    refresh();
    EXPECT_EQ(verdict(buy(1)), GateLimit::leverage);
}

TEST_F(PretradeGateTest, KeepsAReserveOfMessagesForCancels) {
    config_.messages_per_second_max = 2.0;
    config_.messages_burst_max = 10.0;
    config_.cancel_reserve_ratio = 0.3;
    start();
    for (int i = 0; i < 7; ++i) EXPECT_EQ(verdict(buy(1 + i)), GateLimit::none) << i;
    EXPECT_EQ(verdict(buy(8)), GateLimit::message_rate);
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(verdict({.kind = CommandKind::cancel, .instrument = perpetual_}), GateLimit::none);
    market_.advance(1'999ms);
    refresh();
    EXPECT_EQ(verdict(buy(8)), GateLimit::message_rate) << "cancels drew on the bucket: 3.998 of 4 tokens";
    market_.advance(1ms);
    EXPECT_EQ(verdict(buy(8)), GateLimit::none);
}

TEST_F(PretradeGateTest, AFullBucketHasRoomForOneOrderHoweverMuchIsReserved) {
    config_.messages_per_second_max = 1.0;
    config_.messages_burst_max = 1.0;
    config_.cancel_reserve_ratio = 0.9;
    start();
    EXPECT_EQ(verdict(buy(1)), GateLimit::none);
    EXPECT_EQ(verdict(buy(2)), GateLimit::message_rate);
}

// The venue's own tier binds where it is the smaller one; a larger one does not loosen the configured limit.
TEST_F(PretradeGateTest, TakesTheVenuesMessageRateWhereItIsSmaller) {
    config_.messages_per_second_max = 2.0;
    config_.messages_burst_max = 10.0;
    config_.cancel_reserve_ratio = 0.5;
    const auto passed = [&](double per_s, double burst) {
        start();
        Event ready = market_.session(SessionState::ready);
        auto report = ready.as<SessionReport>();
        report.messages_per_s = Real{per_s};
        report.messages_burst = Real{burst};
        ready.put(report);
        apply(ready);
        int orders = 0;
        while (orders < 20 && verdict(buy(1 + orders)) == GateLimit::none) ++orders;
        return orders;
    };
    EXPECT_EQ(passed(0.0, 0.0), 5) << "not told";
    EXPECT_EQ(passed(200.0, 250.0), 5);
    EXPECT_EQ(passed(1.0, 4.0), 2);
    market_.advance(500ms);
    refresh();
    EXPECT_EQ(verdict(buy(9)), GateLimit::message_rate) << "refills at 1 per second, not 2";
    market_.advance(500ms);
    EXPECT_EQ(verdict(buy(9)), GateLimit::none);
}

// The gateway counts by the venue's rules: when it finds the pool empty, the gate stops passing orders to it.
TEST_F(PretradeGateTest, AnOrderThatTheGatewayHadNoBudgetForEmptiesTheGatesToo) {
    config_.messages_per_second_max = 2.0;
    config_.messages_burst_max = 10.0;
    config_.cancel_reserve_ratio = 0.0;
    start();
    const ClientOrderId id = open(buy(1));
    apply(market_.order_not_sent(id, own_reason(Errc::websocket_closed)));
    EXPECT_EQ(verdict(buy(2)), GateLimit::none) << "another cause says nothing of the budget";
    apply(market_.order_not_sent(id, own_reason(Errc::rate_limited)));
    EXPECT_EQ(verdict(buy(3)), GateLimit::message_rate);
    market_.advance(500ms);
    refresh();
    EXPECT_EQ(verdict(buy(3)), GateLimit::none);
}

TEST_F(PretradeGateTest, LimitsOpenOrders) {
    config_.orders_open_max = 3;
    start();
    (void)open(buy(1, kIndex - 100));
    (void)open(buy(1, kIndex - 101));
    EXPECT_EQ(verdict(buy(1)), GateLimit::none);
    const ClientOrderId last = open(buy(1, kIndex - 102));
    EXPECT_EQ(verdict(buy(2)), GateLimit::orders_open);
    OrderIntent replace = buy(2, kIndex - 103);
    replace.kind = CommandKind::replace;
    replace.client_order_id = last;
    EXPECT_EQ(verdict(replace), GateLimit::none) << "a replace opens nothing";
}

TEST_F(PretradeGateTest, RefusesTheSameOrderTwiceInAQuarterSecond) {
    start();
    EXPECT_EQ(verdict(buy(1)), GateLimit::none);
    market_.advance(250ms - 1ns);
    EXPECT_EQ(verdict(buy(1)), GateLimit::duplicate_order);
    EXPECT_EQ(verdict(buy(2)), GateLimit::none);
    EXPECT_EQ(verdict(buy(1, kIndex - 1)), GateLimit::none);
    EXPECT_EQ(verdict(sell(1)), GateLimit::none);
    market_.advance(1ns);
    EXPECT_EQ(verdict(buy(1)), GateLimit::none);
}

TEST_F(PretradeGateTest, NeverCrossesOurOwnOrders) {
    start();
    (void)open(sell(5, kIndex + 50));
    expect_edge(buy(1, kIndex + 49.5), buy(1, kIndex + 50), GateLimit::self_match);
    market_.orders().expire_acks(market_.now() + 1h, 1s);
    EXPECT_EQ(verdict(buy(3, kIndex + 51)), GateLimit::self_match) << "an unknown order may rest there";
    EXPECT_EQ(verdict(order(future_, Side::bid, 5, kIndex + 51)), GateLimit::none) << "another instrument";
}

TEST_F(PretradeGateTest, ChecksReduceOnlyAgainstOurOwnPosition) {
    start();
    OrderIntent reduce = sell(100);
    reduce.reduce_only = true;
    EXPECT_EQ(verdict(reduce), GateLimit::reduce_only) << "nothing is held";
    hold(perpetual_, 150);
    const OrderIntent inside = reduce;
    reduce.quantity = Quantity{151};
    EXPECT_EQ(verdict(reduce), GateLimit::reduce_only);
    EXPECT_EQ(verdict(inside), GateLimit::none);
    (void)open(sell(60, kIndex + 100));
    reduce.quantity = Quantity{91};
    EXPECT_EQ(verdict(reduce), GateLimit::reduce_only) << "60 more may be sold already";
    reduce.quantity = Quantity{90};
    EXPECT_EQ(verdict(reduce), GateLimit::none);
}

// Law 5, from both sides: what may never stop a reducing order, and what may.
TEST_F(PretradeGateTest, ExcusesProvenReductionsFromSizeAndPortfolioLimitsOnly) {
    start();
    hold(perpetual_, 90'000);  // ten coins long
    config_.order_coins_max = config_.order_notional_usd_max = 0.0;
    config_.position_long_usd_max = config_.position_short_usd_max = 0.0;
    config_.portfolio_delta_usd_max = config_.leverage_gross_max = 0.0;
    gate_ = std::make_unique<PretradeGate>(config_, market_.table());
    apply(market_.session(SessionState::ready));
    EXPECT_EQ(verdict(sell(90'000)), GateLimit::none);
    EXPECT_EQ(verdict(sell(90'001)), GateLimit::order_quantity) << "turns the holding: proves nothing";
    EXPECT_EQ(verdict(buy(1)), GateLimit::order_quantity);

    EXPECT_EQ(verdict(sell(1, 80'000.0)), GateLimit::price_collar);
    apply(market_.session(SessionState::down));
    EXPECT_EQ(verdict(sell(1)), GateLimit::session_not_ready);
    apply(market_.session(SessionState::ready));
    market_.advance(1h);
    EXPECT_EQ(verdict(sell(1)), GateLimit::stale_input) << "nothing is provable on old inputs";
    refresh();
    gate_->raise_kill_level(KillLevel::halt_new);
    EXPECT_EQ(verdict(sell(1)), GateLimit::kill_level);
}

TEST_F(PretradeGateTest, DoesNotCallItReducingWhenTheHedgeOfSomethingElseIsClosed) {
    start();
    hold(linear_, -30);        // three coins short
    hold(perpetual_, 27'000);  // hedged by three coins
    EXPECT_FALSE(gate_->reduces_risk(sell(9'000), *risk_, market_.view())) << "net delta grows from zero to one";
    hold(linear_, 10);
    EXPECT_TRUE(gate_->reduces_risk(sell(9'000), *risk_, market_.view())) << "one coin too many";
    (void)open(sell(9'000, kIndex + 100));
    EXPECT_TRUE(gate_->reduces_risk(sell(9'000), *risk_, market_.view())) << "with the other: one coin the other way";
    (void)open(sell(9'000, kIndex + 200));
    EXPECT_FALSE(gate_->reduces_risk(sell(9'000), *risk_, market_.view()));
}

TEST(GateConfigTest, NamesTheKeyThatIsWrong) {
    EXPECT_TRUE(GateConfig{}.validate().empty());
    const auto expect_key = [](const char* key, auto change) {
        GateConfig config;
        change(config);
        const ConfigProblems problems = config.validate();
        ASSERT_EQ(problems.size(), 1U) << key;
        EXPECT_EQ(problems[0].key, key);
    };
    expect_key("order_notional_usd_max", [](GateConfig& c) { c.order_notional_usd_max = -1.0; });
    expect_key("leverage_gross_max", [](GateConfig& c) { c.leverage_gross_max = kNaN; });
    expect_key("cancel_reserve_ratio", [](GateConfig& c) { c.cancel_reserve_ratio = 1.0; });
    expect_key("price_collar_bps", [](GateConfig& c) { c.price_collar_bps = 10'000.0; });
    expect_key("future_age_max.mark", [](GateConfig& c) { c.future_age_max.mark = 0s; });
    expect_key("duplicate_window", [](GateConfig& c) { c.duplicate_window = -1ns; });
}

}  // namespace
}  // namespace keel::risk
