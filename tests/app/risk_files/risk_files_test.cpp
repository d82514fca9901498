#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <fstream>
#include <numeric>

#include "app/risk_files/market_file.hpp"
#include "app/risk_files/portfolio_file.hpp"
#include "risk/report/risk_report.hpp"
#include "tests/app/risk_files/risk_files.hpp"
#include "tests/support/temporary_directory.hpp"

namespace keel::app {
namespace {

using risk::find_metric;
using test::TemporaryDirectory;

class RiskFilesTest : public testing::Test {
protected:
    std::string write(const std::string& name, const std::string& text) {
        const std::string path = (folder_.path() / name).string();
        std::ofstream{path} << text;
        return path;
    }
    risk::ReportInputs load(const std::string& portfolio, const std::string& market) {
        InputsBuilder builder;
        read_portfolio_file(write("portfolio.json", portfolio), builder);
        read_market_file(write("market.json", market), builder);
        return builder.finish("market.json");
    }
    // What the files are refused with; empty where they are not.
    std::string refusal(const std::string& portfolio, const std::string& market) {
        try {
            (void)load(portfolio, market);
        } catch (const UsageError& error) {
            return error.what();
        }
        return "";
    }
    TemporaryDirectory folder_;
};

constexpr const char* kMarket = R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":65000}],
  "expiries":[{"underlying":"BTC","expiry":"27MAR26","forward":65300}],
  "instruments":[{"name":"BTC-PERPETUAL","mark":65010},{"name":"BTC-27MAR26-70000-C","iv":0.6}]})";
constexpr const char* kPortfolio = R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":-13000,"entry":64000},
  {"instrument":"BTC-27MAR26-70000-C","quantity":2}],"cash":[{"currency":"BTC","amount":3},{"currency":"USDC","amount":5}]})";

TEST_F(RiskFilesTest, ReadsOurOwnForm) {
    const risk::ReportInputs inputs = load(kPortfolio, kMarket);
    ASSERT_EQ(inputs.book.contracts.size(), 4U);
    EXPECT_EQ(inputs.book.contracts[0].kind, risk::ContractKind::inverse_future);
    EXPECT_DOUBLE_EQ(inputs.book.holdings[0].quantity, -13'000.0);
    EXPECT_DOUBLE_EQ(inputs.market.quotes[0].mark, 65'010.0);
    EXPECT_DOUBLE_EQ(inputs.market.quotes[1].volatility, 0.6);
    EXPECT_EQ(inputs.book.contracts[2].kind, risk::ContractKind::coin_cash);
    EXPECT_EQ(inputs.book.contracts[3].kind, risk::ContractKind::stable_cash);
    EXPECT_EQ(inputs.notes, std::vector<std::string>{"USDC: no price given, taken as 1 USD"});
    const risk::RiskReport report = make_risk_report(inputs);
    EXPECT_TRUE(std::isfinite(report.equity_usd));
    EXPECT_EQ(find_metric(report, "delta_bs", "BTC")->quality, "good");
}

TEST_F(RiskFilesTest, RefusalsNameFileAndPlace) {
    struct Case {
        const char* portfolio;
        const char* market;
        const char* says;
    };
    const Case cases[] = {
        {"{", kMarket, "portfolio.json: line 1: not a JSON document"},
        {"{\n\"positions\": [\n{\"instrument\": \"BTC-PERPETUAL\"\n\"quantity\": 5}]}", kMarket,
         "portfolio.json: line 4: not a JSON document"},
        {"[1,\n2,\n3,,4]", kMarket, "portfolio.json: line 3: not a JSON document"},
        {"{\"a\":1,\n\"b\":tru}", kMarket, "portfolio.json: line 2: not a JSON document"},
        {R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":1e300}]})", kMarket,
         "positions[0].quantity: must be 1e+15 at most, is 1e+300"},
        {R"({"positions":[{"instrument":"BTCUSDT","kind":"perpetual","underlying":"BTC","quantity":-3}]})", kMarket,
         "positions[0]: BTCUSDT without \"settlement\" would settle in coin"},
        {R"({"positions":[{"instrument":"BTC-27MAR26-60000-C","kind":"put","underlying":"BTC","expiry":"27MAR26",
           "strike":50000,"quantity":1}]})",
         kMarket, "positions[0]: the name BTC-27MAR26-60000-C says another thing than the terms beside it"},
        {R"({"result":[{"instrument_name":"BTC-PERPETUAL","size":-50,"direction":"buy","mark_price":65000}]})", kMarket,
         "result[0].direction: is buy of a size of -50"},
        {R"({"result":[{"instrument_name":"BTC-PERPETUAL","size":50,"direction":"zero","mark_price":65000}]})", kMarket,
         "result[0].direction: is zero of a size of 50"},
        {R"({"result":[{"order_id":"1","instrument_name":"BTC-PERPETUAL","amount":10,"filled_amount":20,
           "direction":"buy"}]})",
         kMarket, "result[0]: is an order whose filled_amount"},
        {kPortfolio, R"({"result":[{"instrument_name":"BTC-PERPETUAL","tick_size":0.5,"creation_timestamp":1}]})",
         "result[0]: is no row of a book summary: \"mark_price\" is missing"},
        {kPortfolio, R"({"result":[{"instrument_name":"BTC-PERPETUAL","size":5,"direction":"buy","mark_price":6}]})",
         "result[0]: is a position or an order"},
        {kPortfolio, R"({"time":1772352000000,"underlyings":[{"name":"BTC","index":65000,"daily_volatility":25}]})",
         "underlyings[0].daily_volatility: must be a fraction, 5 at most, is 25"},
        {R"({"cash":[{"currency":"BTC","amount":-1e16}]})", kMarket, "cash[0].amount: must be 1e+15 at most"},
        {R"({"open_orders":[{"instrument":"BTC-PERPETUAL","side":"buy","quantity":1e16}]})", kMarket,
         "open_orders[0].quantity: must be 1e+15 at most"},
        {R"({"position":[]})", kMarket, "unknown key \"position\"; did you mean \"positions\"?"},
        {R"({"positions":[{"instrument":"BTC-PERPETUAL"}]})", kMarket, "positions[0]: \"quantity\" is missing"},
        {R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":"5"}]})", kMarket,
         "positions[0].quantity: must be a number, is a text"},
        {R"({"positions":[{"instrument":"BTC-PERP","quantity":5}]})", kMarket, "positions[0].instrument: \"BTC-PERP\""},
        {R"({"positions":[{"instrument":"X","kind":"swap","underlying":"BTC","expiry":"27MAR26","quantity":5}]})",
         kMarket, "positions[0].kind: must be spot"},
        {R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":5,"entry":-1}]})", kMarket,
         "positions[0].entry: must be positive"},
        {R"({"limits":[{"metric":"delta_net","soft":5,"hard":2}]})", kMarket, "limits[0]: soft lies beyond hard"},
        {R"({"venues":[{"name":"deribit","margin_model":"magic"}]})", kMarket, "margin_model: must be"},
        {kPortfolio, "[1", "market.json: line 1: not a JSON document"},
        {kPortfolio, R"({"underlyings":[{"name":"BTC","index":65000}]})", "market.json: time: is missing"},
        {kPortfolio, R"({"time":1772352000000,"underlyings":[{"name":"BTC","index":-5}]})",
         "underlyings[0].index: must be positive"},
        {kPortfolio, R"({"time":"noon","underlyings":[]})", "time: is no time"},
        {kPortfolio, R"({"time":1772352000000,"underlyings":[{"name":"BTC","index":1,"skew_stickiness":3}]})",
         "underlyings[0].skew_stickiness: must be 0 to 2, is 3"},
        {kPortfolio, R"({"time":1772352000000,"instruments":[{"name":"BTC-PERPETUAL","mark":1,"age_seconds":-5}]})",
         "instruments[0].age_seconds: must not be negative, is -5"},
        {kPortfolio, R"({"time":1772352000000,"instruments":[{"name":"BTC-PERPETUAL","mark":1,"age_seconds":1e999}]})",
         "market.json: "},
        {kPortfolio, R"({"time":1772352000000,"underlyings":[{"name":"BTC","index":1,"age_seconds":-1}]})",
         "underlyings[0].age_seconds: must not be negative"},
        {kPortfolio, R"({"time":1772352000000,"ages_max_seconds":{"option":0}})",
         "ages_max_seconds.option: must be positive"},
        {kPortfolio, R"({"time":1772352000000})", "no index price of BTC"},
        {kPortfolio, R"({"time":1772352000000,"expiries":[{"underlying":"BTC","expiry":"27MAR26","forward":65300,
           "svi":{"a":0.1,"b":-1,"rho":0,"m":0,"sigma":0.1}}]})",
         "expiries[0].svi: is no curve"},
        {kPortfolio, R"({"jsonrpc":"2.0","error":{"code":13009,"message":"unauthorized"}})", "answer is an error"},
    };
    for (const Case& item : cases) {
        const std::string said = refusal(item.portfolio, item.market);
        EXPECT_NE(said.find(item.says), std::string::npos) << "wanted: " << item.says << "\nsaid: " << said;
    }
    EXPECT_THROW(JsonTree::read("/nowhere/at/all.json"), OutsideError);
}

TEST_F(RiskFilesTest, AgesBeyondTheirKindsLimitAreStaleAndTheLimitSaysSo) {
    const std::string limits = R"(,"limits":[{"metric":"delta_net","scope":"BTC","soft":5,"hard":15}]})";
    const std::string portfolio = std::string{kPortfolio}.substr(0, std::string{kPortfolio}.size() - 1) + limits;
    const auto report_at = [&](const std::string& perpetual, const std::string& option, const std::string& index,
                               const std::string& more) {
        return make_risk_report(load(
            portfolio,
            R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":65000,"age_seconds":)" + index +
                R"(}],"expiries":[{"underlying":"BTC","expiry":"27MAR26","forward":65300}],"instruments":[
                {"name":"BTC-PERPETUAL","mark":65010,"age_seconds":)" +
                perpetual + R"(},{"name":"BTC-27MAR26-70000-C","iv":0.6,"age_seconds":)" + option + "}]" + more + "}"));
    };
    const risk::RiskReport fresh = report_at("2", "5", "60", "");
    EXPECT_EQ(find_metric(fresh, "delta_net", "BTC")->quality, "good");
    EXPECT_DOUBLE_EQ(find_metric(fresh, "delta_net", "BTC")->age_seconds, 60.0);
    for (const auto& [perpetual, option, index] :
         {std::array{"2.1", "5", "60"}, std::array{"2", "5.1", "60"}, std::array{"2", "5", "60.1"}}) {
        const risk::RiskReport report = report_at(perpetual, option, index, "");
        const risk::ReportMetric* delta = find_metric(report, "delta_net", "BTC");
        EXPECT_EQ(delta->quality, "stale");
        EXPECT_TRUE(delta->stale);
        EXPECT_EQ(delta->state, find_metric(fresh, "delta_net", "BTC")->state) << "age moves no boundary";
        EXPECT_EQ(find_metric(report, "equity_usd", "")->quality, "stale");
        EXPECT_EQ(find_metric(report, "equity_usd", "deribit")->quality, "stale");
        EXPECT_EQ(std::ranges::count(report.notes, "the limit of delta_net BTC is judged on stale inputs"), 1);
    }
    EXPECT_EQ(
        std::ranges::count(report_at("3600", "5", "60", "").notes, "BTC-PERPETUAL is stale: 3600 s old, 2 s allowed"),
        1);
    const risk::RiskReport allowed = report_at("3600", "5", "60", R"(,"ages_max_seconds":{"future":7200})");
    EXPECT_EQ(find_metric(allowed, "delta_net", "BTC")->quality, "good");
}

// An account summary names every coin of the venue, most of them with nothing.
TEST_F(RiskFilesTest, ABalanceOfNothingNeedsNoPrice) {
    const std::string with = R"({"result":{"summaries":[{"currency":"BTC","balance":3},{"currency":"SOL","balance":0},
        {"currency":"USDC","balance":0}]}})";
    const risk::ReportInputs inputs = load(with, kMarket);
    EXPECT_EQ(inputs.book.underlying_names, std::vector<std::string>{"BTC"});
    EXPECT_TRUE(inputs.venues_without_cash.empty());
    const std::string some =
        R"({"result":{"summaries":[{"currency":"BTC","balance":3},{"currency":"SOL","balance":1}]}})";
    EXPECT_NE(refusal(some, kMarket).find("no index price of SOL"), std::string::npos);
}

// What two portfolio files are refused with; empty where they are not.
TEST_F(RiskFilesTest, WhatIsGivenTwiceIsRefusedAndBothPlacesNamed) {
    const auto refused = [&](const std::string& first, const std::string& second) -> std::string {
        InputsBuilder builder;
        try {
            read_portfolio_file(write("one.json", first), builder);
            read_portfolio_file(write("two.json", second), builder);
        } catch (const UsageError& error) {
            return error.what();
        }
        return "";
    };
    const auto has_all = [](const std::string& said, std::initializer_list<const char*> parts) {
        return std::ranges::all_of(parts, [&](const char* part) { return said.find(part) != std::string::npos; });
    };
    const std::string positions =
        R"({"result":[{"instrument_name":"BTC-PERPETUAL","size":50,"mark_price":7476.65,"average_price":7440.18}]})";
    std::string said = refused(positions, positions);
    EXPECT_TRUE(has_all(said, {"two.json: result[0]: ", "BTC-PERPETUAL", "one.json: result[0]"})) << said;
    const std::string one = R"({"result":{"currency":"BTC","balance":30.5}})";
    said =
        refused(one, R"({"result":{"summaries":[{"currency":"ETH","balance":1},{"currency":"BTC","balance":30.5}]}})");
    EXPECT_TRUE(has_all(said, {"two.json: result.summaries[1]: ", "BTC at deribit", "one.json: result"})) << said;
    const std::string lots = R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":10,"entry":50000},
        {"instrument":"BTC-PERPETUAL","quantity":10,"entry":50000}]})";
    EXPECT_EQ(refused(lots, R"({"cash":[{"currency":"BTC","amount":1}]})"), "") << "rows of one file are lots";
    EXPECT_NE(refused(lots, lots), "");
    EXPECT_NE(refused("{}", R"({"cash":[{"currency":"BTC","amount":1},{"currency":"BTC","amount":1}]})"), "");
    EXPECT_EQ(refused(one, R"({"venue":"okx","cash":[{"currency":"BTC","amount":1}]})"), "") << "another venue's";
}

TEST_F(RiskFilesTest, PositionsWithoutCashLeaveEquityInDoubt) {
    const std::string positions = R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":-13000,"entry":64000}])";
    const risk::RiskReport bare = make_risk_report(load(positions + "}", kMarket));
    for (const char* name : {"equity_usd", "leverage_gross", "dollar_delta_usd"}) {
        EXPECT_EQ(find_metric(bare, name, "")->quality, "no cash given") << name;
    }
    EXPECT_EQ(find_metric(bare, "equity_usd", "deribit")->quality, "no cash given");
    EXPECT_EQ(find_metric(bare, "delta_net", "BTC")->quality, "good");
    const risk::RiskReport full =
        make_risk_report(load(positions + R"(,"cash":[{"currency":"BTC","amount":1}]})", kMarket));
    EXPECT_EQ(find_metric(full, "equity_usd", "")->quality, "good");
}

// risk.md 3.1: spot is worth quantity times price, in the coin's own ledger.
TEST_F(RiskFilesTest, SpotIsCoinsAndCountedOnce) {
    const std::string spot = R"({"positions":[{"instrument":"BTC_USDC","quantity":2,"entry":50000}],"cash":[)";
    const risk::RiskReport held = make_risk_report(load(spot + R"({"currency":"USDC","amount":5}]})", kMarket));
    EXPECT_DOUBLE_EQ(held.equity_usd, 2.0 * 65'000.0 + 5.0);
    EXPECT_DOUBLE_EQ(find_metric(held, "delta_usd", "BTC")->value, 2.0);
    EXPECT_EQ(std::ranges::count(held.notes, "BTC_USDC: 2 BTC at deribit, in equity at the index"), 1);
    const risk::RiskReport balance = make_risk_report(load(spot + R"({"currency":"BTC","amount":3}]})", kMarket));
    EXPECT_DOUBLE_EQ(balance.equity_usd, 3.0 * 65'000.0) << "the venue's balance has them";
    EXPECT_EQ(std::ranges::count(balance.notes, "BTC_USDC: its coins are in deribit's balance of BTC, counted there"),
              1);
    const risk::RiskReport elsewhere =
        make_risk_report(load(spot + R"({"currency":"BTC","amount":3,"venue":"okx"}]})", kMarket));
    EXPECT_DOUBLE_EQ(elsewhere.equity_usd, 5.0 * 65'000.0);
}

// Deribit's example answers: shape and numbers of docs.deribit.com, private/get_positions.
constexpr const char* kPositions = R"({"jsonrpc":"2.0","id":2236,"result":[{"average_price":7440.18,"delta":0.006687487,
 "direction":"buy","estimated_liquidation_price":1.74,"floating_profit_loss":0,"index_price":7466.79,
 "initial_margin":0.000197283,"instrument_name":"BTC-PERPETUAL","kind":"future","leverage":34,
 "maintenance_margin":0.000143783,"mark_price":7476.65,"open_orders_margin":0.000197288,"realized_funding":-1e-08,
 "realized_profit_loss":-9e-09,"settlement_price":7476.65,"size":50,"size_currency":0.006687487,
 "total_profit_loss":3.2781e-05}]})";

TEST_F(RiskFilesTest, TakesDeribitsPositionsAsTheyCome) {
    const risk::ReportInputs inputs = load(kPositions, R"({"time":"2020-05-22T08:00:00Z"})");
    ASSERT_EQ(inputs.book.contracts.size(), 1U);
    EXPECT_DOUBLE_EQ(inputs.market.underlyings[0].index, 7'466.79);
    const risk::RiskReport report = make_risk_report(inputs);
    EXPECT_NEAR(find_metric(report, "delta_net", "BTC")->value, 0.006687487, 1e-9) << "the venue's own delta";
    EXPECT_NEAR(report.equity_usd, 0.0, 1e-9) << "floating profit is 0: what was made before is in the balance";
}

TEST_F(RiskFilesTest, TakesDeribitsBookSummaryAndAccountSummary) {
    InputsBuilder builder;
    read_portfolio_file(write("positions.json", R"({"result":[
      {"instrument_name":"BTC-27MAR26-70000-C","direction":"sell","size":-10,"average_price":0.03,"mark_price":0.0211,
       "index_price":65000,"kind":"option","floating_profit_loss":0.089}]})"),
                        builder);
    read_portfolio_file(write("summary.json", R"({"result":{"currency":"BTC","balance":30.5,"equity":30.2}})"),
                        builder);
    std::string rows;
    for (const int strike : {50'000, 55'000, 60'000, 65'000}) {
        rows += R"({"instrument_name":"BTC-27MAR26-)" + std::to_string(strike) + R"(-P","mark_iv":)" +
                std::to_string(55.0 + (65'000 - strike) / 2'000.0) +
                R"(,"underlying_price":65310,"mark_price":0.01,"creation_timestamp":1772352000000},)";
    }
    for (const int strike : {70'000, 75'000, 80'000}) {
        rows += R"({"instrument_name":"BTC-27MAR26-)" + std::to_string(strike) + R"(-C","mark_iv":)" +
                std::to_string(54.0 + (strike - 65'000) / 3'000.0) +
                R"(,"underlying_price":65310,"mark_price":0.0211,"bid_price":0.0205,"ask_price":0.0215,"volume":25,)" +
                R"("estimated_delivery_price":65001,"creation_timestamp":1772352000000},)";
    }
    rows += R"({"instrument_name":"SOL_USDC-27MAR26-150-C","mark_iv":80,"underlying_price":140,"mark_price":9})";
    read_market_file(write("summaries.json", R"({"jsonrpc":"2.0","result":[)" + rows + "]}"), builder);
    const risk::ReportInputs inputs = builder.finish("summaries.json");
    EXPECT_EQ(inputs.book.underlying_names, std::vector<std::string>{"BTC"}) << "chains of other coins are passed over";
    EXPECT_DOUBLE_EQ(inputs.market.expiries[0].forward, 65'310.0);
    EXPECT_NEAR(inputs.market.quotes[0].volatility, 0.54 + 5.0 / 300.0, 1e-6);
    EXPECT_EQ(inputs.smiles[0].quotes.size(), 7U);
    const risk::RiskReport report = make_risk_report(inputs);
    EXPECT_TRUE(report.smiles[0].svi.has_value()) << report.smiles[0].note;
    EXPECT_LT(find_metric(report, "vega_usd", "BTC")->value, 0.0);
}

// The report's order is that in which things are first named: the portfolio's.
TEST_F(RiskFilesTest, CorrelationsAreOfTheUnderlyingsOfTheirFileInItsOrder) {
    const std::string portfolio = R"({"positions":[{"instrument":"SOL_USDC-PERPETUAL","quantity":1,"entry":150},
      {"instrument":"ETH-PERPETUAL","quantity":3000,"entry":3000},{"instrument":"BTC-PERPETUAL","quantity":65000,
      "entry":65000}]})";
    const auto market = [](const std::string& correlations, const std::string& more = "") {
        return R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":65000},
          {"name":"ETH","index":3000})" +
               more + R"(],"correlations":)" + correlations + "}";
    };
    const std::string sol = R"(,{"name":"SOL","index":150})";
    const risk::ReportInputs inputs = load(portfolio, market("[[1,0.8,0.3],[0.8,1,0.5],[0.3,0.5,1]]", sol));
    ASSERT_EQ(inputs.book.underlying_names, (std::vector<std::string>{"SOL", "ETH", "BTC"}));
    EXPECT_EQ(inputs.correlations, (std::vector<double>{1.0, 0.5, 0.3, 0.5, 1.0, 0.8, 0.3, 0.8, 1.0}));
    for (const char* wrong : {"[[1,0.8],[0.8,1]]", "[[1,0.8,0.3],[0.8,1,0.5]]", "[[1,0.8,0.3],[0.8,1],[0.3,0.5,1]]"}) {
        const std::string said = refusal(portfolio, market(wrong, sol));
        EXPECT_NE(said.find("correlations: must be 3 rows of 3: the underlyings of this file"), std::string::npos)
            << said;
    }
    for (const char* none : {"[[1,0.8],[0.7,1]]", "[[1,1.2],[1.2,1]]", "[[0.9,0.8],[0.8,0.9]]"}) {
        const std::string said = refusal(portfolio, market(none));
        EXPECT_NE(said.find("market.json: correlations: are no correlations"), std::string::npos) << said;
    }
}

TEST_F(RiskFilesTest, AnOptionWithoutVolatilityIsSolvedFromItsPrice) {
    const risk::ReportInputs inputs =
        load(R"({"positions":[{"instrument":"BTC-27MAR26-70000-C","quantity":1}]})",
             R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":65000}],
               "expiries":[{"underlying":"BTC","expiry":"27MAR26","forward":65300}],
               "instruments":[{"name":"BTC-27MAR26-70000-C","mark":0.0397}]})");
    const risk::ContractQuote quote = test::quote_of(inputs, 0);
    EXPECT_NEAR(holding_value(inputs.book.contracts[0], {.quantity = 1.0}, quote, inputs.market), 0.0397, 1e-12);
}

// Deribit's own example: a call with delta 1 and mark 0.3 has delta 0.5 and net delta 0.35 after half of the window.
TEST_F(RiskFilesTest, GreeksDecayInDeribitsSettlementWindow) {
    const std::string held = R"({"venue":"VENUE","positions":[{"instrument":"BTC-27MAR26-70000-C","quantity":1},
      {"instrument":"BTC-27MAR26","quantity":100000,"entry":100000}]})";
    const auto report_of = [&](const std::string& venue, const std::string& expiry_keys, const std::string& keys = "") {
        std::string portfolio = held;
        portfolio.replace(portfolio.find("VENUE"), 5, venue);
        return make_risk_report(load(portfolio, R"({"time":"2026-03-27T07:45:00Z",
          "underlyings":[{"name":"BTC","index":100000,"daily_volatility":0.03}],
          "expiries":[{"underlying":"BTC","expiry":"27MAR26","forward":100000)" +
                                                    expiry_keys + R"(}],
          "instruments":[{"name":"BTC-27MAR26-70000-C","iv":0.3},{"name":"BTC-27MAR26","mark":100000}])" +
                                                    keys + "}"));
    };
    struct Case {
        const char* venue;
        const char* expiry_keys;
        const char* keys;
        double left;  // share of the delivery price that is open
        const char* quality;
    };
    const Case cases[] = {
        {"deribit", R"(,"settlement_average":100000)", "", 0.5, "good"},
        {"deribit", "", "", 0.5, "settlement average unknown"},
        {"deribit", R"(,"settlement_window_minutes":0)", "", 1.0, "good"},
        {"deribit", "", R"(,"settlement_windows":{"deribit":10})", 1.0, "good"},
        {"elsewhere", "", "", 1.0, "good"},
        {"elsewhere", R"(,"settlement_average":100000)", R"(,"settlement_windows":{"elsewhere":60})", 0.25, "good"},
    };
    for (const Case& one : cases) {
        const risk::RiskReport report = report_of(one.venue, one.expiry_keys, one.keys);
        const std::string where = std::string{one.venue} + one.expiry_keys + one.keys;
        EXPECT_NEAR(find_metric(report, "delta_bs", "BTC")->value, one.left * 2.0, 1e-9) << where;
        EXPECT_NEAR(find_metric(report, "delta_net", "BTC")->value, one.left * 1.7, 1e-9) << where;
        EXPECT_EQ(find_metric(report, "delta_bs", "BTC")->quality, one.quality) << where;
        EXPECT_EQ(find_metric(report, "gross_notional_usd", "")->quality, one.quality) << where;
        const std::string doubted = one.quality == std::string{"good"} ? "" : one.quality + std::string{", "};
        EXPECT_EQ(find_metric(report, "equity_usd", one.venue)->quality, doubted + "no cash given") << where;
        EXPECT_EQ(report.settlements.size(), one.left < 1.0 ? 1U : 0U) << where;
        EXPECT_NEAR(report.equity_usd, 30'000.0, 1e-6) << where;
        // A future whose price is fixed to a half loses a half of a fall.
        const double spot = risk::kGridSpotMoves[0];
        const double fall = spot * one.left;
        const double want = 100'000.0 * (1.0 - 1.0 / (1.0 + fall)) * (1.0 + spot) +
                            100'000.0 * (std::max(0.0, 1.0 + fall - 0.7) / (1.0 + fall) * (1.0 + spot) - 0.3);
        EXPECT_NEAR(report.underlyings[0].matrix.pnl_usd[2], want, 1e-6) << where;
    }
    EXPECT_NE(
        refusal(kPortfolio, R"({"time":1772352000000,"settlement_windows":{"deribit":-1}})").find("must be 0 to 1440"),
        std::string::npos);
}

// 25 of 30 minutes are left: a sixth of the delivery price is the average, which the mark of a future has in it.
TEST_F(RiskFilesTest, InTheWindowAFutureWithoutAMarkHasTheAverageInIt) {
    const auto held = [&](const std::string& average, const std::string& quote) {
        return make_risk_report(load(R"({"positions":[{"instrument":"BTC-27MAR26","quantity":60000,"entry":60000}]})",
                                     R"({"time":"2026-03-27T07:35:00Z","underlyings":[{"name":"BTC","index":60000}],
                   "expiries":[{"underlying":"BTC","expiry":"27MAR26","forward":60600,"settlement_average":)" +
                                         average + R"(}],"instruments":[{"name":"BTC-27MAR26")" + quote + "}]}"));
    };
    const double delivered = 57'000.0 / 6.0 + 60'600.0 * 5.0 / 6.0;
    EXPECT_NEAR(held("57000", "").equity_usd, 60'000.0 * (1.0 - 60'000.0 / delivered), 1e-6);
    EXPECT_EQ(find_metric(held("57000", ""), "delta_bs", "BTC")->quality, "mark from the forward");
    // Where the average is far from the forward a mark is near what is delivered, not near the forward.
    const std::string far = "40000", near = R"(,"mark":57166.7)";
    EXPECT_EQ(find_metric(held(far, near), "delta_bs", "BTC")->quality, "good");
    EXPECT_EQ(find_metric(held(far, R"(,"mark":60600)"), "delta_bs", "BTC")->quality, "mark far from the index");
}

TEST_F(RiskFilesTest, AnAccountOfDollarsAloneHasAReport) {
    const char* const market = R"({"time":"2026-03-01T08:00:00Z","stablecoins":{"USDC":1}})";
    const risk::RiskReport dollars = make_risk_report(load(R"({"cash":[{"currency":"USDC","amount":1000}]})", market));
    EXPECT_EQ(dollars.equity_usd, 1'000.0);
    EXPECT_EQ(find_metric(dollars, "dollar_delta_usd", "")->value, 0.0);
    EXPECT_EQ(make_risk_report(load(R"({"positions":[],"cash":[]})", market)).equity_usd, 0.0);
}

// What Deribit quotes Deribit delivers, whatever the account is called; an expiry's own word goes before.
TEST_F(RiskFilesTest, ExpiriesOfDeribitsAnswersHaveItsWindow) {
    const auto window = [&](const std::string& own) {
        InputsBuilder builder;
        read_portfolio_file(write("portfolio.json", R"({"venue":"desk","positions":[{"instrument":"BTC-27MAR26-70000-C",
          "quantity":1}]})"),
                            builder);
        read_market_file(write("summaries.json", R"({"result":[{"instrument_name":"BTC-27MAR26-70000-C","mark_iv":60,
          "mark_price":0.02,"underlying_price":65000,"estimated_delivery_price":65001,"creation_timestamp":1774597800000}]})"),
                         builder);
        if (!own.empty()) read_market_file(write("own.json", own), builder);
        return builder.finish("summaries.json").market.expiries[0].settlement_window;
    };
    EXPECT_EQ(window(""), std::chrono::minutes{30});
    EXPECT_EQ(window(R"({"expiries":[{"underlying":"BTC","expiry":"27MAR26","forward":65000,
                         "settlement_window_minutes":0.5}]})"),
              std::chrono::seconds{30});
}

// The price says what is left of the variance, not what was there before the average began.
TEST_F(RiskFilesTest, InTheWindowVolatilityIsSolvedOnTheAverage) {
    const risk::ReportInputs inputs =
        load(R"({"positions":[{"instrument":"BTC-27MAR26-65000-C","quantity":1}]})",
             R"({"time":"2026-03-27T07:50:00Z","underlyings":[{"name":"BTC","index":65000}],
               "expiries":[{"underlying":"BTC","expiry":"27MAR26","forward":65000,"settlement_average":65100}],
               "instruments":[{"name":"BTC-27MAR26-65000-C","mark":0.00105}]})");
    EXPECT_NEAR(holding_value(inputs.book.contracts[0], {.quantity = 1.0}, test::quote_of(inputs, 0), inputs.market),
                0.00105, 1e-12);
}

TEST_F(RiskFilesTest, AStrikeBeyondReasonIsRefusedByName) {
    for (const char* strike : {"1e31", "1000000001", "0.0000000001"}) {
        const std::string name = std::string{"BTC-27MAR26-"} + strike + "-C";
        EXPECT_EQ(
            refusal(R"({"positions":[{"instrument":")" + name + R"(","quantity":1}]})", R"({"time":1772352000000})"),
            name + ": its strike is not between 1e-9 and 1e9 USD per coin");
        EXPECT_NE(refusal(std::string{R"({"positions":[{"instrument":"X","kind":"put","underlying":"BTC","strike":)"} +
                              strike + R"(,"expiry":"27MAR26","quantity":1}]})",
                          R"({"time":1772352000000})")
                      .find("its strike"),
                  std::string::npos);
    }
}

// As some editors save a file.
TEST_F(RiskFilesTest, AByteOrderMarkIsNoPartOfADocument) {
    EXPECT_EQ(load("\xef\xbb\xbf" + std::string{kPortfolio}, kMarket).book.contracts.size(), 4U);
}

TEST_F(RiskFilesTest, OtherVenuesSpellTheirContractsOut) {
    const risk::ReportInputs inputs = load(
        R"({"positions":[{"instrument":"BTCUSDT","kind":"perpetual","underlying":"BTC","settlement":"USDT","quantity":2,
          "entry":64000,"venue":"binance","multiplier":1},
          {"instrument":"BTCUSDT","kind":"perpetual","underlying":"BTC","settlement":"USDT","quantity":-1,"entry":66000,
          "venue":"okx"}]})",
        R"({"time":1772352000000,"underlyings":[{"name":"BTC","index":65000}],"stablecoins":{"USDT":0.999},
          "instruments":[{"name":"BTCUSDT","mark":65000}]})");
    EXPECT_EQ(inputs.book.contracts.size(), 2U) << "the same name at two venues is two rows";
    const risk::RiskReport report = make_risk_report(inputs);
    EXPECT_NEAR(report.equity_usd, 3'000.0 * 0.999, 1e-9);
    EXPECT_EQ(report.venue_names, (std::vector<std::string>{"binance", "okx"}));
}

TEST_F(RiskFilesTest, TheExamplesAreRead) {
    const std::string examples = std::string{KEEL_SOURCE_DIR} + "/examples/";
    InputsBuilder builder;
    read_portfolio_file(examples + "risk-portfolio.json", builder);
    read_portfolio_file(examples + "risk-venues.json", builder);
    read_market_file(examples + "risk-market.json", builder);
    const risk::RiskReport report = make_risk_report(builder.finish("risk-market.json"));
    for (const risk::ReportMetric& metric : report.metrics) EXPECT_FALSE(std::isnan(metric.value)) << metric.name;
    for (const risk::SmileReport& smile : report.smiles) EXPECT_TRUE(smile.arbitrage_free) << smile.note;
    EXPECT_EQ(report.tails.size(), 7U);
    ASSERT_EQ(report.venues.size(), 3U);
    for (const risk::VenueReport& venue : report.venues) {
        EXPECT_TRUE(std::isfinite(venue.margin_ratio)) << venue.name;
        EXPECT_FALSE(venue.liquidations.empty()) << venue.name;
    }
}

}  // namespace
}  // namespace keel::app
