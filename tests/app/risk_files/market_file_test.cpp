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
// between its quotes, wherever between them its mark is.
TEST_F(MarketFileTest, AnOptionsSpreadIsOfItsUnderlyingsPriceInEitherKind) {
    const risk::ReportInputs inputs = load(R"({"positions":[
        {"instrument":"BTC_USDC-27MAR26-60000-P","quantity":10,"entry":1300},
        {"instrument":"BTC-27MAR26-60000-P","quantity":10,"entry":0.02},
        {"instrument":"BTC-27MAR26-180000-C","quantity":10,"entry":0.02}]})",
                                           {R"({"result":[
        {"instrument_name":"BTC_USDC-27MAR26-60000-P","mark_price":1285,"bid_price":1280,"ask_price":1320,"mark_iv":55,
         "underlying_price":65000,"estimated_delivery_price":64900,"creation_timestamp":1772352000000},
        {"instrument_name":"BTC-27MAR26-60000-P","mark_price":0.02,"bid_price":0.019,"ask_price":0.021,"mark_iv":55,
         "underlying_price":65000,"estimated_delivery_price":64900},
        {"instrument_name":"BTC-27MAR26-180000-C","mark_price":0.000179,"bid_price":0.0001,"ask_price":0.0145,
         "mark_iv":55,"underlying_price":65000,"estimated_delivery_price":64900}]})"});
    EXPECT_NEAR(inputs.liquidity[0].spread, 40.0 / 65'000.0, 1e-12);
    EXPECT_NEAR(inputs.liquidity[1].spread, 0.002, 1e-12);
    EXPECT_NEAR(inputs.liquidity[2].spread, 0.0144, 1e-12);
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

// What strikes and live prices may be, prices in files may: 1e300 would be printed in full.
TEST_F(MarketFileTest, APriceIsFromABillionthToABillion) {
    const std::string book = R"({"positions":[{"instrument":"BTC-27MAR26-60000-P","quantity":1},
        {"instrument":"BTC_USDC-PERPETUAL","quantity":1,"entry":65000}]})";
    const auto own = [&](const std::string& index, const std::string& forward, const std::string& mark,
                         const std::string& stable, const std::string& option) {
        return refusal(book, R"({"time":1772352000000,"underlyings":[{"name":"BTC","index":)" + index +
                                 R"(}],"expiries":[{"underlying":"BTC","expiry":"27MAR26","forward":)" + forward +
                                 R"(}],"instruments":[{"name":"BTC_USDC-PERPETUAL","mark":)" + mark +
                                 R"(},{"name":"BTC-27MAR26-60000-P","mark":)" + option +
                                 R"(}],"stablecoins":{"USDC":)" + stable + "}}");
    };
    EXPECT_EQ(own("65000", "65100", "65000", "1", "0.02"), "");
    for (const char* price : {"1e10", "1e300", "1e-320", "9e-10"}) {
        const std::string rule = ": is no price from 1e-09 to 1e+09: ";
        EXPECT_NE(own(price, "65100", "65000", "1", "0.02").find("underlyings[0].index" + rule), std::string::npos);
        EXPECT_NE(own("65000", price, "65000", "1", "0.02").find("expiries[0].forward" + rule), std::string::npos);
        EXPECT_NE(own("65000", "65100", price, "1", "0.02").find("instruments[0].mark" + rule), std::string::npos);
        EXPECT_NE(own("65000", "65100", "65000", price, "0.02").find("stablecoins.USDC" + rule), std::string::npos);
        EXPECT_NE(own("65000", "65100", "65000", "1", price).find("instruments[1].mark" + rule), std::string::npos);
        for (const std::string key :
             {"mark_price", "estimated_delivery_price", "underlying_price", "bid_price", "ask_price"}) {
            const std::string said = refusal(
                book,
                R"({"result":[{"instrument_name":"BTC-27MAR26-60000-P","mark_iv":50,"creation_timestamp":1772352000000,)" +
                    std::string{key == "mark_price" ? "" : R"("mark_price":0.02,)"} + "\"" + key + "\":" + price +
                    "}]}");
            EXPECT_NE(said.find("result[0]." + key + rule), std::string::npos) << said;
        }
        for (const std::string key : {"mark_price", "index_price"}) {
            const std::string said = refusal(
                R"({"result":[{"instrument_name":"BTC-PERPETUAL","size":10,")" + key + "\":" + price + "}]}", "{}");
            EXPECT_NE(said.find("result[0]." + key + rule), std::string::npos) << said;
        }
        const std::string entry = refusal(
            std::string{R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":1,"entry":)"} + price + "}]}", "{}");
        EXPECT_NE(entry.find("positions[0].entry" + rule), std::string::npos) << entry;
    }
    // A venue says so that there is no quote.
    EXPECT_EQ(refusal(book, R"({"result":[{"instrument_name":"BTC-27MAR26-60000-P","mark_iv":50,"mark_price":0.02,
        "underlying_price":65000,"estimated_delivery_price":65000,"bid_price":0,"ask_price":null,
        "creation_timestamp":1772352000000}]})"),
              "");
}

TEST_F(MarketFileTest, AFileOfTheOtherKindIsToldWhereItBelongs) {
    const std::string market = R"({"time":1772352000000,"underlyings":[{"name":"BTC","index":65000}]})";
    const auto ends = [](const std::string& said, const std::string& words) { return said.ends_with(words); };
    EXPECT_TRUE(ends(refusal(market, kPerpetual),
                     "portfolio.json: looks like a market file (it has \"time\"): give it as --market"));
    EXPECT_TRUE(ends(refusal(kPerpetual, kPerpetual),
                     "market.json: looks like a portfolio file (it has \"positions\"): give it as --portfolio"));
    EXPECT_TRUE(ends(refusal(R"({"time":1,"positions":[]})", market), "unknown key \"time\"; did you mean \"venue\"?"))
        << "one key too many is a slip";
    const std::string summary = R"({"result":[{"instrument_name":"BTC-PERPETUAL","mark_price":65000,
        "creation_timestamp":1772352000000}]})";
    EXPECT_TRUE(
        ends(refusal(summary, market), "result[0]: is a row of a book summary, no position: that is a --market file"));
    for (const char* cash : {R"({"result":{"currency":"BTC","balance":1}})", R"({"result":{"summaries":[]}})"}) {
        EXPECT_TRUE(ends(refusal(kPerpetual, cash),
                         "result: is an account summary, no book summary: that is a --portfolio file"));
    }
}

TEST_F(MarketFileTest, AnAnswerThatIsAnErrorIsRefusedWithItsWords) {
    const std::string answer = R"({"jsonrpc":"2.0","id":1,"error":{"code":13009,"message":"unauthorized"}})";
    const std::string says = "error: the venue's answer is an error: 13009 \"unauthorized\"";
    EXPECT_TRUE(refusal(answer, "{}").ends_with("portfolio.json: " + says)) << refusal(answer, "{}");
    EXPECT_TRUE(refusal(kPerpetual, answer).ends_with("market.json: " + says)) << refusal(kPerpetual, answer);
    EXPECT_TRUE(refusal(R"({"error":"busy"})", "{}").ends_with("error: the venue's answer is an error"));
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

TEST_F(MarketFileTest, WhatOneFileSaysTwiceIsRefusedAndBothPlacesNamed) {
    const std::string head = R"({"time":1772352000000,"underlyings":[{"name":"BTC","index":65000})";
    for (const auto& [market, says] :
         {std::pair{head + R"(,{"name":"ETH","index":3000},{"name":"BTC","index":1}]})",
                    "underlyings[2]: BTC is given twice, first at "},
          {head + R"(],"instruments":[{"name":"X","mark":1},{"name":"X","mark":2}]})",
           "instruments[1]: X is given twice, first at "},
          {head + R"(],"expiries":[{"underlying":"BTC","expiry":"27MAR26","forward":65300,"quotes":[
             {"strike":60000,"mark_iv":0.5},{"strike":6e4,"mark_iv":0.6}]}]})",
           "expiries[0].quotes[1]: the strike 60000 is given twice, first at "},
          {head + R"(],"expiries":[{"underlying":"BTC","expiry":"27MAR26","forward":65300},
             {"underlying":"BTC","expiry":"28MAR26","forward":65300},
             {"underlying":"BTC","expiry":"2026-03-27T08:00:00Z","forward":65400}]})",
           "expiries[2]: the expiry of BTC at 2026-03-27 08:00:00 UTC is given twice, first at "},
          {R"({"result":[{"instrument_name":"BTC-PERPETUAL","mark_price":1,"creation_timestamp":1772352000000},
             {"instrument_name":"BTC-PERPETUAL","mark_price":1}]})",
           "result[1]: BTC-PERPETUAL is given twice, first at "},
          {head + R"(],"stablecoins":{"USDC":1,"USDC":0.9}})", "stablecoins.USDC: is given twice in one object"},
          {R"({"time":1,"time":2})", "market.json: time: is given twice in one object"}}) {
        EXPECT_NE(refusal(kPerpetual, market).find(says), std::string::npos) << refusal(kPerpetual, market);
    }
}

TEST_F(MarketFileTest, PortfolioFilesGiveALimitAndAMarginModelOnce) {
    const auto said = [&](const std::string& first, const std::string& second) -> std::string {
        InputsBuilder builder;
        try {
            read_portfolio_file(write("one.json", first), builder);
            read_portfolio_file(write("two.json", second), builder);
        } catch (const UsageError& error) {
            return error.what();
        }
        return "";
    };
    const auto expect = [](const std::string& got, const std::string& place, const std::string& reason) {
        EXPECT_NE(got.find(place + reason), std::string::npos) << got;
        EXPECT_NE(got.find("one.json: ", got.find(reason)), std::string::npos) << got;
    };
    const auto limit = [](const char* scope) {
        return R"({"limits":[{"metric":"delta_net","scope":")" + std::string{scope} + R"(","soft":5,"hard":15}]})";
    };
    expect(said(limit("BTC"), limit("BTC")), "two.json: limits[0]: ", "the limit of delta_net BTC is given twice");
    EXPECT_EQ(said(limit("BTC"), limit("ETH")), "");
    const auto row = [](const char* leverage) {
        return R"({"name":"okx","margin_model":"bybit_cross","leverage":)" + std::string{leverage} + "}";
    };
    const auto venues = [](const std::string& rows) { return R"({"venues":[)" + rows + "]}"; };
    expect(said(venues(row("10") + "," + row("10")), "{}"), "one.json: venues[1]: ", "a second margin model of okx");
    expect(said(venues(row("10")), venues(row("20"))), "two.json: venues[0]: ", "a second margin model of okx");
    EXPECT_EQ(said(venues(row("10")), venues(row("10"))), "") << "both say the same";
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
    const std::string peg = "stablecoin far from a dollar";
    EXPECT_EQ(words(without), "mark from the index, " + peg) << "and not far from it";
    EXPECT_EQ(words(marked(R"({"name":"BTC_USDC-PERPETUAL","mark":72222})")), peg);
    EXPECT_EQ(words(marked(R"({"name":"BTC_USDC-PERPETUAL","mark":65000})")), "mark far from the index, " + peg);
}

}  // namespace
}  // namespace keel::app
