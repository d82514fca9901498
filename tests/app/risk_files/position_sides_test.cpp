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

// Nothing was made yet by a lot without an entry: the same as one entered at the mark, first or last, in a file whose
// lots average and net.
TEST_F(SidesTest, ALotWithoutEntryIsEnteredAtTheMark) {
    const auto is_same = [&](const std::string& instrument, std::initializer_list<std::pair<int, const char*>> lots,
                             const std::string& venue) {
        std::string without, at_mark;
        for (const auto& [quantity, entry] : lots) {
            const std::string terms = R"({"instrument":")" + instrument + R"(","venue":")" + venue +
                                      R"(","quantity":)" + std::to_string(quantity);
            const std::string told = R"(,"entry":)" + std::string{*entry == '\0' ? "65000" : entry};
            without += (without.empty() ? "" : ",") + terms + (*entry == '\0' ? "" : told) + "}";
            at_mark += (at_mark.empty() ? "" : ",") + terms + told + "}";
        }
        const risk::RiskReport out = report(held(without), {kMarket}), expected = report(held(at_mark), {kMarket});
        EXPECT_TRUE(std::isfinite(out.equity_usd));
        EXPECT_NEAR(out.equity_usd, expected.equity_usd, 1e-6) << without;
        for (const char* metric : {"gross_notional_usd", "equity_usd"}) {
            EXPECT_NEAR(find_metric(out, metric, "")->value, find_metric(expected, metric, "")->value, 1e-6) << without;
            EXPECT_EQ(quality(out, metric, ""), quality(expected, metric, "")) << without;
        }
        return out;
    };
    for (const char* venue : {"deribit", "binance"}) {
        const risk::RiskReport linear = is_same("BTC_USDC-PERPETUAL", {{1, "50000"}, {1, ""}}, venue);
        EXPECT_NEAR(linear.equity_usd, 100'000.0 + 10.0 * 65'000.0 + 15'000.0, 1e-6);
        EXPECT_TRUE(has_note(linear, "BTC_USDC-PERPETUAL: no entry given of 1 of 2, its profit counts from the mark"));
        const risk::RiskReport inverse = is_same("BTC-PERPETUAL", {{65000, ""}, {65000, "50000"}}, venue);
        EXPECT_NEAR(inverse.equity_usd, 100'000.0 + 10.0 * 65'000.0 + 0.3 * 65'000.0, 1e-6);
        is_same("BTC_USDC-PERPETUAL", {{-2, ""}, {-1, "70000"}, {-3, ""}, {2, "60000"}, {1, ""}}, venue);
        EXPECT_TRUE(has_note(is_same("BTC-PERPETUAL", {{-65000, ""}, {-13000, ""}}, venue),
                             "BTC-PERPETUAL: no entry given, its profit counts from the mark"));
    }
    const risk::RiskReport longer = is_same("BTC-PERPETUAL", {{60000, "58000"}, {-20000, ""}}, "deribit");
    EXPECT_NEAR(find_metric(longer, "gross_notional_usd", "")->value, 40'000.0, 1e-6);
    const risk::RiskReport turned = is_same("BTC-PERPETUAL", {{60000, ""}, {-80000, "70000"}}, "deribit");
    EXPECT_NEAR(find_metric(turned, "gross_notional_usd", "")->value, 20'000.0, 1e-6);
    const risk::RiskReport flat = is_same("BTC-PERPETUAL", {{-60000, ""}, {60000, ""}}, "deribit");
    EXPECT_NEAR(find_metric(flat, "gross_notional_usd", "")->value, 0.0, 1e-6);
    EXPECT_TRUE(
        has_note(flat, "BTC-PERPETUAL at deribit: 60000 long and 60000 short, netted: 0 BTC of profit went to cash"));
    const risk::RiskReport apart = is_same("BTC-PERPETUAL", {{60000, "58000"}, {-20000, ""}}, "binance");
    EXPECT_NEAR(find_metric(apart, "gross_notional_usd", "")->value, 80'000.0, 1e-6);
}

// The indicator is of the position that the venue holds: that of the side which is left, if it has one.
TEST_F(SidesTest, IndicatorIsOfTheSideThatIsLeft) {
    struct Case {
        const char *first, *second;
        const char *one, *two;  // indicators
        double left;            // NaN: none
    };
    const double none = std::numeric_limits<double>::quiet_NaN();
    for (const Case& one : {Case{"60000", "-80000", "1", "5", 5.0}, Case{"-60000", "80000", "1", "5", 5.0},
                            Case{"80000", "-60000", "1", "5", 1.0}, Case{"60000", "-80000", "1", "", none},
                            Case{"80000", "-60000", "", "5", none}, Case{"60000", "-80000", "", "5", 5.0}}) {
        const auto side = [](const char* quantity, const std::string& indicator) {
            return lot("BTC-PERPETUAL", quantity, "60000") +
                   (indicator.empty() ? "" : R"(,"adl_indicator":)" + indicator) + "}";
        };
        const risk::ReportInputs inputs =
            load(held(side(one.first, one.one) + "," + side(one.second, one.two)), {kMarket});
        std::vector<double> told;
        for (std::size_t row = 0; row < inputs.adl_indicators.size(); ++row) {
            const bool is_held = inputs.book.holdings[row].quantity != 0.0;
            if (is_held && !std::isnan(inputs.adl_indicators[row])) told.push_back(inputs.adl_indicators[row]);
        }
        EXPECT_EQ(told, std::isnan(one.left) ? std::vector<double>{} : std::vector<double>{one.left})
            << one.first << " " << one.one << ", " << one.second << " " << one.two;
    }
}

// The premium was paid in cash: nothing is made by closing.
// Futures and options of one expiry have one forward: long call, short put and short future are dollars in any world.
TEST_F(SidesTest, AConversionStandsStillInItsAveragingWindow) {
    const risk::RiskReport out = report(
        R"({"positions":[{"instrument":"BTC_USDC-27MAR26-67000-C","quantity":10},
          {"instrument":"BTC_USDC-27MAR26-67000-P","quantity":-10},
          {"instrument":"BTC_USDC-27MAR26","quantity":-10,"entry":66694.25}],
          "cash":[{"currency":"USDC","amount":100000}]})",
        {R"({"time":"2026-03-27T07:45:00Z","underlyings":[{"name":"BTC","index":67388.5}],"stablecoins":{"USDC":1},
          "expiries":[{"underlying":"BTC","expiry":"27MAR26","forward":67388.5,"settlement_average":66000}],
          "instruments":[{"name":"BTC_USDC-27MAR26","mark":66694.25},{"name":"BTC_USDC-27MAR26-67000-C","iv":0.5},
          {"name":"BTC_USDC-27MAR26-67000-P","iv":0.5}]})"});
    EXPECT_NEAR(find_metric(out, "delta_net", "BTC")->value, 0.0, 1e-9);
    for (const double pnl : out.underlyings.at(0).matrix.pnl_usd) EXPECT_NEAR(pnl, 0.0, 1e-6);
    const auto crash = std::ranges::find(out.stresses, "CRASH", &risk::StressResult::id);
    ASSERT_NE(crash, out.stresses.end());
    EXPECT_NEAR(crash->pnl_usd, -0.01 * out.equity_usd, 1e-6) << "the stablecoin's";
}

// Cash that closing made is as doubtful as the stablecoin that it is in.
TEST_F(SidesTest, CashOfWhatIsClosedHasTheDoubtOfItsStablecoin) {
    std::string market = kMarket;
    market.replace(market.find(R"("USDC":1)"), 8, R"("USDC":0.9)");
    const risk::RiskReport out =
        report(R"({"positions":[)" + lot("BTC_USDC-PERPETUAL", "1", "60000}") + "," +
                   lot("BTC_USDC-PERPETUAL", "-1", "65000}") + R"(],"cash":[{"currency":"BTC","amount":1}]})",
               {market});
    EXPECT_NEAR(out.equity_usd, 65'000.0 + 0.9 * 5'000.0, 1e-6);
    EXPECT_EQ(find_metric(out, "equity_usd", "")->quality, "stablecoin far from a dollar");
}

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
