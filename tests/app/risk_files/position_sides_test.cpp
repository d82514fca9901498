#include "tests/app/risk_files/risk_files.hpp"

namespace keel::test {
namespace {

using risk::find_metric;

// Long and short of one future at venues whose accounts have a hedge mode, and at Deribit.
class SidesTest : public RiskFiles {
protected:
    static constexpr const char* kMarket = R"({"time":"2026-03-01T08:00:00Z",
      "underlyings":[{"name":"BTC","index":65000}],"stablecoins":{"USDT":1,"USDC":1},
      "instruments":[{"name":"BTCUSDT","mark":65000},{"name":"BTC-PERPETUAL","mark":65000},
      {"name":"BTC_USDC-PERPETUAL","mark":65000},{"name":"BTC-27MAR26-70000-C","iv":0.6}]})";
    static std::string lot(const std::string& instrument, const std::string& quantity, const std::string& entry) {
        return R"({"instrument":")" + instrument + R"(","quantity":)" + quantity + R"(,"entry":)" + entry;
    }
    static std::string linear(const std::string& quantity, const std::string& entry) {
        return lot("BTCUSDT", quantity, entry) + R"(,"kind":"perpetual","underlying":"BTC","settlement":"USDT",
            "venue":"binance"})";
    }
    static std::string held(const std::string& rows, const std::string& more = "") {
        return R"({"positions":[)" + rows + R"(],"cash":[{"currency":"USDT","amount":100000,"venue":"binance"},
            {"currency":"BTC","amount":10}])" +
               more + "}";
    }
};

TEST_F(SidesTest, BothSidesKeepTheirProfitAndTheirMargin) {
    write("tiers.toml", "[tiers.BTCUSDT]\nnotional_max = [100000000.0]\nmaintenance_rate = [0.01]\n");
    const std::string law =
        R"(,"venues":[{"name":"binance","margin_model":"binance_tiers","leverage":20,"margin_tables":"tiers.toml"}])";
    struct Case {
        std::string rows;
        double profit, gross, net;
    };
    const Case cases[] = {
        {linear("10", "60000") + "," + linear("-9", "70000"), 95'000.0, 19.0, 1.0},
        {linear("-10", "70000") + "," + linear("10", "60000"), 100'000.0, 20.0, 0.0},
        {linear("10", "60000") + "," + linear("-4", "70000") + "," + linear("5", "63000") + "," +
             linear("-5", "68000") + "," + linear("0", "1"),
         50'000.0 + 20'000.0 + 10'000.0 + 15'000.0, 24.0, 6.0},
    };
    for (const Case& one : cases) {
        const risk::RiskReport out = report(held(one.rows, law), {kMarket});
        EXPECT_NEAR(out.equity_usd, 100'000.0 + one.profit + 10.0 * 65'000.0, 1e-6) << one.rows;
        EXPECT_NEAR(find_metric(out, "gross_notional_usd", "")->value, one.gross * 65'000.0, 1e-6) << one.rows;
        EXPECT_NEAR(find_metric(out, "delta_net", "BTC")->value, one.net, 1e-9) << one.rows;
        ASSERT_EQ(out.venues.size(), 2U);
        EXPECT_NEAR(out.venues[0].maintenance_margin_usd, 0.01 * one.gross * 65'000.0, 1e-6) << one.rows;
        EXPECT_EQ(quality(out, "equity_usd", ""), "good");
    }
    EXPECT_TRUE(has_note(report(held(cases[0].rows), {kMarket}),
                         "BTCUSDT at binance: 10 long and 9 short, kept apart as in hedge mode"));
}

// One contract has one rate: where it is not known it is against what is left, not against both sides.
TEST_F(SidesTest, FundingOfBothSidesIsAtOneRate) {
    const risk::RiskReport out = report(held(linear("10", "60000") + "," + linear("-9", "70000")), {kMarket});
    EXPECT_NEAR(find_metric(out, "funding_8h_usd", "BTC")->value, -0.5 * 0.0075 * 65'000.0, 1e-9);
}

// Each side has the venue's own indicator; a second file may not add a side.
TEST_F(SidesTest, ASideIsARowOfItsOwn) {
    std::string longs = linear("10", "60000"), shorts = linear("-9", "70000");
    longs.insert(longs.size() - 1, R"(,"adl_indicator":1)");
    shorts.insert(shorts.size() - 1, R"(,"adl_indicator":4)");
    const risk::ReportInputs inputs = load(held(longs + "," + shorts), {kMarket});
    ASSERT_EQ(inputs.adl_indicators.size(), 2U);
    EXPECT_EQ(inputs.adl_indicators[0], 1.0);
    EXPECT_EQ(inputs.adl_indicators[1], 4.0);
    app::InputsBuilder builder;
    app::read_portfolio_file(write("long.json", held(longs)), builder);
    EXPECT_THROW(app::read_portfolio_file(write("short.json", R"({"positions":[)" + shorts + "]}"), builder),
                 app::InputError);
}

TEST_F(SidesTest, DeribitNetsAndWhatIsClosedIsCash) {
    const auto netted = [&](const std::string& first, const std::string& second, const std::string& more = "") {
        return report(held(first + "}," + second + "}", more), {kMarket});
    };
    const double before = 100'000.0 + 10.0 * 65'000.0;
    // 60,000 USD at 60,000 sold at 50,000: 1 - 1.2 coins; what is left gains 60,000 (1/60,000 - 1/65,000).
    const risk::RiskReport inverse =
        netted(lot("BTC-PERPETUAL", "120000", "60000"), lot("BTC-PERPETUAL", "-60000", "50000"));
    EXPECT_NEAR(inverse.equity_usd, before + (-0.2 + 1.0 - 60.0 / 65.0) * 65'000.0, 1e-6);
    EXPECT_NEAR(find_metric(inverse, "gross_notional_usd", "")->value, 60'000.0, 1e-6);
    EXPECT_NEAR(find_metric(inverse, "equity_coin", "BTC")->value, 10.0 - 0.2 + 1.0 - 60.0 / 65.0, 1e-9);
    EXPECT_TRUE(has_note(inverse,
                         "BTC-PERPETUAL at deribit: 120000 long and 60000 short, netted: -0.2 BTC of profit went to "
                         "cash"));
    const risk::RiskReport turned =
        netted(lot("BTC_USDC-PERPETUAL", "1", "60000"), lot("BTC_USDC-PERPETUAL", "-3", "66000"));
    EXPECT_NEAR(turned.equity_usd, before + 6'000.0 + 2.0 * 1'000.0, 1e-6);
    EXPECT_NEAR(find_metric(turned, "delta_net", "BTC")->value, -2.0, 1e-9);
    EXPECT_NEAR(find_metric(turned, "gross_notional_usd", "")->value, 2.0 * 65'000.0, 1e-6);
}

// The premium was paid in cash: nothing is made by closing.
TEST_F(SidesTest, OptionsAreOnePosition) {
    for (const auto& [first, second, entry] :
         {std::tuple{"3", "-1", 0.02}, std::tuple{"1", "-3", 0.05}, std::tuple{"-3", "1", 0.02}}) {
        const risk::ReportInputs inputs = load(
            held(lot("BTC-27MAR26-70000-C", first, "0.02") + "}," + lot("BTC-27MAR26-70000-C", second, "0.05") + "}"),
            {kMarket});
        ASSERT_EQ(inputs.book.contracts.size(), 3U);
        EXPECT_DOUBLE_EQ(inputs.book.holdings[0].quantity, std::stod(first) + std::stod(second));
        EXPECT_DOUBLE_EQ(inputs.book.holdings[0].entry, entry);
        EXPECT_DOUBLE_EQ(inputs.book.holdings[2].quantity, 10.0);
    }
}

}  // namespace
}  // namespace keel::test
