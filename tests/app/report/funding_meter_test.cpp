#include "app/report/funding_meter.hpp"

#include <gtest/gtest.h>

#include "tests/risk/portfolio/risk_market.hpp"

namespace keel::app {
namespace {

using risk::test::RiskMarket;

class FundingMeterTest : public testing::Test {
protected:
    void on(const Event& event) {
        meter_.accrue(risk_, event.receive_time);
        risk_.apply(event, market_.view());
    }
    // A ticker of a perpetual with its 8-hour rate.
    void ticker(InstrumentId id, double mark, double funding_8h) {
        Event event = market_.ticker(id, {.mark = mark, .index = mark});
        auto ticker = event.as<Ticker>();
        ticker.funding_8h = funding_8h;
        Event told = Event::of(EventKind::ticker, event.venue, id, ticker);
        told.receive_time = event.receive_time;
        told.sequence = event.sequence;
        on(told);
    }
    void wait(std::chrono::seconds time) {
        market_.advance(time);
        meter_.accrue(risk_, market_.now());
    }

    RiskMarket market_;
    risk::RiskEngine risk_{risk::RiskConfig{}, market_.table()};
    FundingMeter meter_{market_.table()};
};

TEST_F(FundingMeterTest, KnowsNothingUntilAHeldPerpetualTellsItsRate) {
    on(market_.index(market_.underlying("BTC"), 90'000.0));
    wait(std::chrono::hours{1});
    EXPECT_TRUE(std::isnan(meter_.received_usd()));
}

// 90,000 USD short of the inverse perpetual at 0.08 % per 8 hours: 9 USD received an hour.
TEST_F(FundingMeterTest, PaysTheShortOfAnInversePerpetualByTime) {
    const InstrumentId perpetual = market_.perpetuals[0];
    on(market_.index(market_.underlying("BTC"), 90'000.0));
    on(market_.position(perpetual, -9'000, 90'000.0));  // lots of 10 USD
    ticker(perpetual, 90'000.0, 0.0008);
    const double before = std::isnan(meter_.received_usd()) ? 0.0 : meter_.received_usd();
    for (int minute = 0; minute < 60; ++minute) wait(std::chrono::minutes{1});
    EXPECT_NEAR(meter_.received_usd() - before, 9.0, 1e-9);
    // A USD notional stays the same at another price; the rate counts from when it was told.
    on(market_.index(market_.underlying("BTC"), 45'000.0));
    ticker(perpetual, 45'000.0, -0.0016);
    wait(std::chrono::minutes{30});
    EXPECT_NEAR(meter_.received_usd() - before, 0.0, 1e-9);
}

// 2 coins long of the linear one at 3,000 USD and 0.1 % per 8 hours: 6 USD paid in 8 hours.
TEST_F(FundingMeterTest, ChargesTheLongOfALinearPerpetual) {
    const InstrumentId perpetual = market_.linears[1];
    on(market_.index(market_.underlying("ETH"), 3'000.0));
    on(market_.position(perpetual, 20, 3'000.0));
    ticker(perpetual, 3'000.0, 0.001);
    wait(std::chrono::hours{8});
    EXPECT_NEAR(meter_.received_usd(), -6.0, 1e-9);
}

TEST_F(FundingMeterTest, FuturesPayNone) {
    const InstrumentId future = market_.futures[0];
    on(market_.index(market_.underlying("BTC"), 90'000.0));
    on(market_.position(future, 100, 90'000.0));
    ticker(future, 90'000.0, 0.001);
    wait(std::chrono::hours{8});
    EXPECT_TRUE(std::isnan(meter_.received_usd()));
}

}  // namespace
}  // namespace keel::app
