#include "tests/app/risk_files/risk_files.hpp"

namespace keel::test {
namespace {

using risk::ContractKind;
using risk::find_metric;

class CashFileTest : public RiskFiles {
protected:
    static double value(const risk::RiskReport& report, std::string_view metric, std::string_view scope = "") {
        const risk::ReportMetric* found = find_metric(report, metric, scope);
        return found == nullptr ? std::numeric_limits<double>::quiet_NaN() : found->value;
    }
};

std::string summary_row(const std::string& instrument, const std::string& price) {
    return R"({"instrument_name":")" + instrument + R"(","mark_price":)" + price + R"(,"estimated_delivery_price":)" +
           price + R"(,"creation_timestamp":1772352000000})";
}

// An account summary names a coin that nothing else of the portfolio does.
TEST_F(CashFileTest, DeribitsAnswerPricesACoinThatIsOnlyCash) {
    const std::string summaries = R"({"result":{"summaries":[{"currency":"BTC","balance":3},
        {"currency":"ETH","balance":2},{"currency":"SOL","balance":0},{"currency":"USDC","balance":7}]}})";
    const std::string pair = summary_row("ETH_BTC", "0.05");  // ETH in BTC: no index
    const risk::RiskReport out = report(
        summaries, {R"({"result":[)" + summary_row("BTC-PERPETUAL", "60000") + "]}",
                    R"({"result":[)" + pair + "," + summary_row("ETH-PERPETUAL", "3000") + "," +
                        summary_row("SOL_USDC-PERPETUAL", "150") + "," + summary_row("USDC_USDT", "0.97") + "]}"});
    EXPECT_DOUBLE_EQ(value(out, "equity_usd"), 3.0 * 60'000.0 + 2.0 * 3'000.0 + 7.0);
    EXPECT_EQ(quality(out, "equity_usd", ""), "good");
    EXPECT_EQ(find_metric(out, "equity_coin", "SOL"), nullptr) << "of a balance of nothing nothing is asked";
    EXPECT_EQ(find_metric(out, "equity_coin", "USDC"), nullptr) << "a dollar is no coin";
}

// Hyperliquid calls its perpetuals as their coin; another venue may call spot so.
TEST_F(CashFileTest, CashInACoinIsNoContractOfThatName) {
    const std::string market = R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"HYPE","index":32}],
        "stablecoins":{"USDC":1},"instruments":[{"name":"HYPE","mark":33}]})";
    const auto held = [](const std::string& kind) {
        return R"({"venue":"hyperliquid","positions":[{"instrument":"HYPE","kind":")" + kind +
               R"(","underlying":"HYPE","settlement":"USDC","quantity":-1000,"entry":30}],
               "cash":[{"currency":"USDC","amount":10000},{"currency":"HYPE","amount":900}]})";
    };
    const risk::RiskReport perpetual = report(held("perpetual"), {market});
    EXPECT_DOUBLE_EQ(value(perpetual, "equity_usd"), 10'000.0 - 1'000.0 * 3.0 + 900.0 * 32.0);
    EXPECT_DOUBLE_EQ(value(perpetual, "delta_net", "HYPE"), -1'000.0);
    EXPECT_DOUBLE_EQ(value(perpetual, "gross_notional_usd"), 33'000.0);
    const risk::RiskReport spot = report(held("spot"), {market});
    EXPECT_DOUBLE_EQ(value(spot, "equity_usd"), 10'000.0 + 900.0 * 32.0) << "the balance has them";
}

// A stablecoin that its name does not betray.
TEST_F(CashFileTest, CashInAStablecoinThatAMarketFilePrices) {
    const risk::ReportInputs inputs =
        load(R"({"cash":[{"currency":"DAI","amount":1000},{"currency":"EURR","amount":500},
               {"currency":"BTC","amount":1}]})",
             {R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":65000}],
               "stablecoins":{"DAI":0.999,"EURR":1.08}})"});
    ASSERT_EQ(inputs.book.contracts.size(), 3U);
    EXPECT_EQ(inputs.book.contracts[0].kind, ContractKind::stable_cash);
    EXPECT_EQ(inputs.book.contracts[1].kind, ContractKind::stable_cash);
    EXPECT_EQ(inputs.book.contracts[2].kind, ContractKind::coin_cash);
    EXPECT_NEAR(make_risk_report(inputs).equity_usd, 999.0 + 540.0 + 65'000.0, 1e-9);
}

// Held or not, priced or not: what is ordered in spot is coins, like a linear contract.
TEST_F(CashFileTest, AnOrderInSpotIsOfItsCoins) {
    for (const char* held : {"", R"({"instrument":"BTC_USDC","quantity":5})"}) {
        for (const char* coins : {"", R"(,{"currency":"BTC","amount":5})"}) {
            for (const char* mark : {"", R"({"name":"BTC_USDC","mark":65000})"}) {
                const std::string portfolio = std::string{R"({"positions":[)"} + held +
                                              R"(],"cash":[{"currency":"USDC","amount":1000})" + coins +
                                              R"(],"open_orders":[{"instrument":"BTC_USDC","side":"sell","quantity":3},
                                              {"instrument":"BTC_USDC","side":"buy","quantity":2}]})";
                const risk::RiskReport out =
                    report(portfolio, {std::string{R"({"time":"2026-03-01T08:00:00Z","stablecoins":{"USDC":1},
                      "underlyings":[{"name":"BTC","index":65000}],"instruments":[)"} +
                                       mark + "]}"});
                const std::string where = portfolio + mark;
                const bool any = *held != 0 || *coins != 0;
                EXPECT_DOUBLE_EQ(value(out, "delta_net", "BTC"), 0.0) << where;
                EXPECT_DOUBLE_EQ(value(out, "delta_usd", "BTC"), any ? 5.0 : 0.0) << where;
                EXPECT_DOUBLE_EQ(value(out, "equity_usd"), 1'000.0 + (any ? 5.0 * 65'000.0 : 0.0)) << where;
                EXPECT_DOUBLE_EQ(value(out, "order_delta_low", "BTC"), -3.0) << where;
                EXPECT_DOUBLE_EQ(value(out, "order_delta_high", "BTC"), 2.0) << where;
                EXPECT_DOUBLE_EQ(value(out, "order_notional_usd", "BTC"), 3.0 * 65'000.0) << where;
                EXPECT_EQ(quality(out, "order_delta_low", "BTC"), "good") << where;
            }
        }
    }
}

// Two pairs of one coin; cash in it is of another venue.
TEST_F(CashFileTest, CoinsBoughtInTwoPairsAreOneBalance) {
    const risk::ReportInputs inputs =
        load(R"({"positions":[{"instrument":"BTC_USDC","quantity":2},{"instrument":"BTC_USDT","quantity":1}],
               "cash":[{"currency":"BTC","amount":4,"venue":"okx"}]})",
             {R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":65000}]})"});
    ASSERT_EQ(inputs.book.contracts.size(), 4U);
    EXPECT_EQ(inputs.book.contracts[2].kind, ContractKind::coin_cash);
    EXPECT_DOUBLE_EQ(inputs.book.holdings[2].quantity, 4.0);
    EXPECT_DOUBLE_EQ(inputs.book.holdings[3].quantity, 3.0);
    EXPECT_DOUBLE_EQ(make_risk_report(inputs).equity_usd, 7.0 * 65'000.0);
}

}  // namespace
}  // namespace keel::test
