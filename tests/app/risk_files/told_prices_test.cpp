#include "tests/app/risk_files/risk_files.hpp"

namespace keel::test {
namespace {

using risk::find_metric;

// Prices in Deribit's answer about positions, beside market files.
class ToldPricesTest : public RiskFiles {
protected:
    static constexpr const char* kSummary = R"({"jsonrpc":"2.0","result":[
      {"instrument_name":"BTC-PERPETUAL","mark_price":66000,"estimated_delivery_price":66005,
       "creation_timestamp":1772352000000},
      {"instrument_name":"BTC-27MAR26","mark_price":66500,"estimated_delivery_price":66005,
       "creation_timestamp":1772352000000},
      {"instrument_name":"BTC-27MAR26-70000-C","mark_price":0.03,"mark_iv":50,"underlying_price":66500,
       "estimated_delivery_price":66005,"creation_timestamp":1772352000000}]})";
    static constexpr const char* kIndexOnly =
        R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":66005}]})";

    static bool says(const std::vector<std::string>& notes, const std::string& words) {
        return std::ranges::any_of(notes, [&](const std::string& note) { return note.find(words) != note.npos; });
    }
    // Of before: what it says of the market is old, what it says of the positions stands.
    static std::string positions(const std::string& envelope = "") {
        return R"({"jsonrpc":"2.0","result":[
          {"instrument_name":"BTC-PERPETUAL","size":100000,"direction":"buy","mark_price":64500,"index_price":64400,
           "average_price":61000,"floating_profit_loss":0.01,"kind":"future"},
          {"instrument_name":"BTC-27MAR26","size":100000,"direction":"buy","mark_price":65000,"index_price":64400,
           "average_price":61000,"floating_profit_loss":0.01,"kind":"future"},
          {"instrument_name":"BTC-27MAR26-70000-C","size":-10,"direction":"sell","mark_price":0.02,
           "index_price":64400,"average_price":0.02,"floating_profit_loss":0,"kind":"option"}])" +
               envelope + "}";
    }
};

TEST_F(ToldPricesTest, WhatAMarketFileSaysGoesBefore) {
    const risk::ReportInputs inputs = load(positions(), {kSummary});
    EXPECT_EQ(inputs.market.underlyings[0].index, 66'005.0);
    EXPECT_EQ(inputs.market.expiries[0].forward, 66'500.0);
    EXPECT_EQ(inputs.market.quotes[0].mark, 66'000.0);
    EXPECT_EQ(inputs.market.quotes[1].mark, 66'500.0);
    EXPECT_EQ(inputs.market.quotes[2].volatility, 0.5);
    EXPECT_FALSE(says(inputs.notes, "its own prices"));
    EXPECT_EQ(inputs.option_prices.at(2), 0.03) << "an old price contradicts no volatility of now";
    // Profit goes on from what the answer left open.
    EXPECT_NEAR(100'000.0 / inputs.book.holdings[0].entry, 0.01 + 100'000.0 / 64'500.0, 1e-12);
}

// The market file gives the option's own price; the answer's is another.
TEST_F(ToldPricesTest, AnOptionsPriceInAMarketFileGoesBefore) {
    const risk::ReportInputs inputs =
        load(positions(), {R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":66005}],
          "expiries":[{"underlying":"BTC","expiry":"27MAR26","forward":66500}],"instruments":[
          {"name":"BTC-27MAR26-70000-C","mark":0.05},{"name":"BTC-PERPETUAL","mark":66000}]})"});
    EXPECT_NEAR(holding_value(inputs.book.contracts[2], {.quantity = 1.0}, test::quote_of(inputs, 2), inputs.market),
                0.05, 1e-12);
    EXPECT_EQ(inputs.market.quotes[1].mark, 65'000.0) << "which nobody else gives";
}

TEST_F(ToldPricesTest, WhatOnlyTheAnswerGivesIsUsedAndSaid) {
    const std::string path = (folder_.path() / "portfolio.json").string();
    const risk::ReportInputs inputs = load(positions(), {kIndexOnly});
    EXPECT_EQ(inputs.market.underlyings[0].index, 66'005.0);
    EXPECT_EQ(inputs.market.expiries[0].forward, 65'000.0) << "the future's";
    EXPECT_EQ(inputs.market.quotes[0].mark, 64'500.0);
    EXPECT_NEAR(holding_value(inputs.book.contracts[2], {.quantity = 1.0}, test::quote_of(inputs, 2), inputs.market),
                0.02, 1e-12);
    const risk::RiskReport out = make_risk_report(inputs);
    EXPECT_TRUE(has_note(out, path + ": its own prices of BTC-PERPETUAL, BTC-27MAR26 and BTC-27MAR26-70000-C are used, "
                                     "which no market file gives; it does not say when they were taken"));
    const risk::ReportInputs alone = load(positions(), {R"({"time":"2026-03-01T08:00:00Z"})"});
    EXPECT_EQ(alone.market.underlyings[0].index, 64'400.0);
    EXPECT_TRUE(
        says(alone.notes, "its own prices of the index of BTC, BTC-PERPETUAL, BTC-27MAR26 and 1 more are used"));
}

// usOut, when Deribit sent the answer: ten seconds before the market file's time.
TEST_F(ToldPricesTest, AnAnswerThatSaysItsTimeIsAsOld) {
    const std::string path = (folder_.path() / "portfolio.json").string();
    const risk::RiskReport old = report(positions(R"(,"usOut":1772351990000000)"), {kIndexOnly});
    EXPECT_EQ(find_metric(old, "delta_net", "BTC")->age_seconds, 10.0);
    EXPECT_NE(quality(old, "delta_net", "BTC").find("stale"), std::string::npos);
    EXPECT_TRUE(has_note(old, path + ": its own prices of BTC-PERPETUAL, BTC-27MAR26 and BTC-27MAR26-70000-C are used, "
                                     "which no market file gives; they are of 2026-03-01 07:59:50 UTC"));
    for (const char* sent : {"1772351999000000", "1772352003000000"}) {
        const risk::RiskReport young = report(positions(std::string{R"(,"usOut":)"} + sent), {kIndexOnly});
        EXPECT_EQ(quality(young, "delta_net", "BTC").find("stale"), std::string::npos) << sent;
    }
    const risk::RiskReport unused = report(positions(R"(,"usOut":1772351990000000)"), {kSummary});
    EXPECT_EQ(quality(unused, "delta_net", "BTC"), "good");
    EXPECT_THROW((void)report(positions(R"(,"usOut":1772351990)"), {kSummary}), app::InputError);
}

// Another venue's future of the same expiry has a mark in the market file.
TEST_F(ToldPricesTest, AForwardIsOfAFutureThatAMarketFileMarks) {
    app::InputsBuilder builder;
    app::read_portfolio_file(write("okx.json", R"({"venue":"okx","positions":[{"instrument":"BTC-260327",
      "kind":"future","underlying":"BTC","expiry":"27MAR26","quantity":1000,"entry":60000}]})"),
                             builder);
    app::read_portfolio_file(write("deribit.json", positions()), builder);
    app::read_market_file(write("market.json", R"({"time":"2026-03-01T08:00:00Z",
      "underlyings":[{"name":"BTC","index":66005}],"instruments":[{"name":"BTC-260327","mark":66400}]})"),
                          builder);
    EXPECT_EQ(builder.finish("market.json").market.expiries[0].forward, 66'400.0);
}

// One answer per currency that contracts settle in, each with the index of the same coin.
TEST_F(ToldPricesTest, OfTwoAnswersTheNewerGoesBefore) {
    const auto index_with = [&](const std::string& first, const std::string& second) {
        app::InputsBuilder builder;
        const auto answer = [](const std::string& name, const std::string& index, const std::string& sent) {
            return R"({"result":[{"instrument_name":")" + name + R"(","size":1,"index_price":)" + index + "}]" + sent +
                   "}";
        };
        app::read_portfolio_file(write("0.json", answer("BTC-PERPETUAL", "65000", first)), builder);
        app::read_portfolio_file(write("1.json", answer("BTC_USDC-PERPETUAL", "64000", second)), builder);
        app::read_market_file(write("market.json", R"({"time":"2026-03-01T08:00:00Z"})"), builder);
        return builder.finish("market.json").market.underlyings[0].index;
    };
    const std::string early = R"(,"usOut":1772351990000000)", late = R"(,"usOut":1772351991000000)";
    EXPECT_EQ(index_with(early, late), 64'000.0);
    EXPECT_EQ(index_with(late, early), 65'000.0);
    EXPECT_EQ(index_with("", ""), 65'000.0);
}

// A settlement between the two moves profit to the balance, which one of them has and the other has not.
TEST_F(ToldPricesTest, PositionsAndCashOfTwoMomentsAreDoubted) {
    const auto with_cash_sent = [&](const std::string& sent) {
        app::InputsBuilder builder;
        app::read_portfolio_file(write("positions.json", positions(R"(,"usOut":1772351990000000)")), builder);
        app::read_portfolio_file(
            write("cash.json", R"({"result":{"currency":"BTC","balance":3},"usOut":)" + sent + "}"), builder);
        app::read_market_file(write("market.json", kSummary), builder);
        return make_risk_report(builder.finish("market.json"));
    };
    const risk::RiskReport together = with_cash_sent("1772351990500000");
    EXPECT_EQ(quality(together, "equity_usd", ""), "good");
    const risk::RiskReport torn = with_cash_sent("1772265590000000");
    EXPECT_EQ(quality(torn, "equity_usd", ""), "account of two moments");
    EXPECT_TRUE(says(torn.notes, "cash.json is of 2026-02-28"));
}

// Positions of now at prices of before are worth neither; between two markets that is what is asked for.
TEST_F(ToldPricesTest, AnAccountAfterTheNewestPriceIsDoubted) {
    const std::string cash_path =
        write("cash.json", R"({"result":{"currency":"BTC","balance":3},"usOut":1772355600000000})");
    const auto account_sent = [&](const std::string& sent) {
        return report(positions(R"(,"usOut":)" + sent), {kSummary});
    };
    EXPECT_EQ(quality(account_sent("1772352059000000"), "delta_net", "BTC"), "good");
    const risk::RiskReport late = account_sent("1772355600000000");
    EXPECT_EQ(quality(late, "delta_net", "BTC"), "account newer than the prices");
    EXPECT_TRUE(
        has_note(late, (folder_.path() / "portfolio.json").string() +
                           " is of 2026-03-01 09:00:00 UTC, 60 min after the newest price: the account is valued at "
                           "prices of before"));
    app::InputsBuilder cash, earlier;
    for (app::InputsBuilder* builder : {&cash, &earlier}) {
        app::read_portfolio_file(cash_path, *builder);
        app::read_market_file(write("market.json", kIndexOnly), *builder);
    }
    EXPECT_EQ(quality(make_risk_report(cash.finish("market.json")), "equity_usd", ""), "account newer than the prices");
    const risk::ReportInputs before = earlier.finish_earlier("market.json");
    EXPECT_FALSE(says(before.notes, "after the newest price"));
    EXPECT_EQ(before.contract_doubts, std::vector{risk::InputDoubt::none});
}

}  // namespace
}  // namespace keel::test
