// What market files say, and what of it no market says.
#include "app/failure.hpp"
#include "tests/app/risk_files/risk_files.hpp"

namespace keel::app {
namespace {

class MarketFileTest : public test::RiskFiles {};

// A linear option is marked and quoted in its currency, an inverse one in coin; leaving either costs half of what lies
// between its quotes.
TEST_F(MarketFileTest, AnOptionsSpreadIsOfItsUnderlyingsPriceInEitherKind) {
    const risk::ReportInputs inputs = load(R"({"positions":[
        {"instrument":"BTC_USDC-27MAR26-60000-P","quantity":10,"entry":1300},
        {"instrument":"BTC-27MAR26-60000-P","quantity":10,"entry":0.02}]})",
                                           {R"({"result":[
        {"instrument_name":"BTC_USDC-27MAR26-60000-P","mark_price":1300,"bid_price":1280,"ask_price":1320,"mark_iv":55,
         "underlying_price":65000,"estimated_delivery_price":64900,"creation_timestamp":1772352000000},
        {"instrument_name":"BTC-27MAR26-60000-P","mark_price":0.02,"bid_price":0.019,"ask_price":0.021,"mark_iv":55,
         "underlying_price":65000,"estimated_delivery_price":64900}]})"});
    EXPECT_NEAR(inputs.liquidity[0].spread, 40.0 / 65'000.0, 1e-12);
    EXPECT_NEAR(inputs.liquidity[1].spread, 0.002, 1e-12);
    const risk::ReportInputs without = load(R"({"positions":[
        {"instrument":"BTC_USDC-27MAR26-60000-P","quantity":10,"entry":1300}]})",
                                            {R"({"result":[
        {"instrument_name":"BTC_USDC-27MAR26-60000-P","mark_price":1300,"bid_price":1280,"ask_price":1320,"mark_iv":55,
         "estimated_delivery_price":64900,"creation_timestamp":1772352000000}]})"});
    EXPECT_TRUE(std::isnan(without.liquidity[0].spread)) << "no forward, no fraction of it";
}

}  // namespace
}  // namespace keel::app
