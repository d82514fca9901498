// What market files say, and what of it no market says.
#include "app/failure.hpp"
#include "tests/app/risk_files/risk_files.hpp"

namespace keel::app {
namespace {

class MarketFileTest : public test::RiskFiles {
protected:
    // What two files are refused with; empty where they are not.
    std::string refusal(const std::string& portfolio, const std::string& market) {
        try {
            (void)load(portfolio, {market});
        } catch (const UsageError& error) {
            return error.what();
        }
        return "";
    }
};

constexpr const char* kPerpetual =
    R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":10,"entry":65000}],"cash":[{"currency":"BTC","amount":1}]})";

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

TEST_F(MarketFileTest, ATimeIsFrom2009To2100) {
    const auto said = [&](const std::string& time, const std::string& history_end) {
        return refusal(kPerpetual, R"({"time":)" + time +
                                       R"(,"underlyings":[{"name":"BTC","index":65000,"daily_volatility":0.03,
                                       "history_end":)" +
                                       history_end + "}]}");
    };
    EXPECT_EQ(said("1772352000000", "1772352000000"), "");
    EXPECT_TRUE(said("1772352000", "1772352000000")
                    .ends_with("market.json: time: is not from 2009 to 2100: "
                               "1772352000; seconds? write ms"))
        << said("1772352000", "1772352000000");
    for (const char* time : {"1e300", "-1e18", "0", "9e15", "1772352000000000"}) {
        EXPECT_NE(said(time, "1772352000000").find("market.json: time: is not from 2009 to 2100"), std::string::npos);
        EXPECT_NE(said("1772352000000", time).find("underlyings[0].history_end: is not from 2009 to 2100"),
                  std::string::npos);
    }
    EXPECT_NE(said(R"("9999-01-01")", "1772352000000").find("time: is no time"), std::string::npos);
    EXPECT_NE(refusal(kPerpetual, R"({"result":[{"instrument_name":"BTC-PERPETUAL","mark_price":65000,
                                   "creation_timestamp":1772352000}]})")
                  .find("result[0].creation_timestamp: is not from 2009 to 2100"),
              std::string::npos);
}

TEST_F(MarketFileTest, ASpreadIsTwoAtMost) {
    const auto said = [&](const std::string& spread) {
        return refusal(kPerpetual, R"({"time":1772352000000,"underlyings":[{"name":"BTC","index":65000}],
            "instruments":[{"name":"BTC-PERPETUAL","mark":65000,"spread":)" +
                                       spread + "}]}");
    };
    EXPECT_EQ(said("2"), "");
    EXPECT_NE(said("7").find("instruments[0].spread: is a fraction of the price, 2 at most, is 7"), std::string::npos);
}

// Of several portfolio files the highest equity so far is the greatest that one tells.
TEST_F(MarketFileTest, TheEquityPeakIsPositiveAndTheGreatestOfTheFiles) {
    for (const char* peak : {"0", "-5"}) {
        EXPECT_NE(refusal(R"({"equity_peak_usd":)" + std::string{peak} + "}", "{}")
                      .find("portfolio.json: equity_peak_usd: must be positive"),
                  std::string::npos);
    }
    for (const auto& [first, second] : {std::pair{"300", "200"}, std::pair{"200", "300"}}) {
        InputsBuilder builder;
        read_portfolio_file(write("one.json", R"({"equity_peak_usd":)" + std::string{first} + "}"), builder);
        read_portfolio_file(write("two.json", R"({"equity_peak_usd":)" + std::string{second} + "}"), builder);
        read_portfolio_file(write("three.json", "{}"), builder);
        EXPECT_EQ(builder.inputs().equity_peak_usd, 300.0);
    }
}

// At 0.90 USD a coin of 65,000 USD is 72,222 of the stablecoin.
TEST_F(MarketFileTest, APerpetualInAStablecoinIsMarkedInIt) {
    const auto marked = [&](const std::string& instruments) {
        return load(R"({"positions":[{"instrument":"BTC_USDC-PERPETUAL","quantity":1,"entry":65000}],
                     "cash":[{"currency":"USDC","amount":100000}]})",
                    {R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":65000}],
                      "stablecoins":{"USDC":0.9},"instruments":[)" +
                     instruments + "]}"});
    };
    const risk::ReportInputs without = marked("");
    EXPECT_NEAR(without.market.quotes[0].mark, 65'000.0 / 0.9, 1e-9);
    const auto words = [](const risk::ReportInputs& inputs) {
        return quality(make_risk_report(inputs), "equity_usd", "deribit");
    };
    EXPECT_EQ(words(without), "mark from the index") << "and not far from it";
    EXPECT_EQ(words(marked(R"({"name":"BTC_USDC-PERPETUAL","mark":72222})")), "good");
    EXPECT_EQ(words(marked(R"({"name":"BTC_USDC-PERPETUAL","mark":65000})")), "mark far from the index");
}

}  // namespace
}  // namespace keel::app
