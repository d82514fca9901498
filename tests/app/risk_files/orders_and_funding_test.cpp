#include "tests/app/risk_files/risk_files.hpp"

namespace keel::test {
namespace {

using risk::find_metric;

class OrdersAndFundingTest : public RiskFiles {
protected:
    static double value(const risk::RiskReport& report, std::string_view metric, std::string_view scope = "BTC") {
        const risk::ReportMetric* found = find_metric(report, metric, scope);
        return found == nullptr ? std::numeric_limits<double>::quiet_NaN() : found->value;
    }
    // What these portfolio files, 0.json and on, are refused with; empty where they are not.
    std::string refusal(const std::vector<std::string>& portfolios) {
        app::InputsBuilder builder;
        try {
            for (std::size_t i = 0; i < portfolios.size(); ++i)
                app::read_portfolio_file(write(std::to_string(i) + ".json", portfolios[i]), builder);
        } catch (const app::UsageError& error) {
            return error.what();
        }
        return "";
    }
};

constexpr const char* kPortfolio = R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":-13000,"entry":64000},
  {"instrument":"BTC_USDC-PERPETUAL","quantity":0.5,"entry":64000}],
  "cash":[{"currency":"BTC","amount":3},{"currency":"USDC","amount":5}]})";
constexpr const char* kMarket = R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":65000}],
  "stablecoins":{"USDC":1},"instruments":[{"name":"BTC-PERPETUAL","mark":65000,"funding_8h":0.0001},
  {"name":"BTC_USDC-PERPETUAL","mark":65000,"funding_8h":0.02,"funding_cap_8h":0.005}]})";

TEST_F(OrdersAndFundingTest, FundingIsReadWithItsCap) {
    const risk::RiskReport out = report(kPortfolio, {kMarket});
    EXPECT_NEAR(value(out, "funding_8h_usd"), 0.0001 * 13'000.0 - 0.005 * 0.5 * 65'000.0, 1e-9);
    EXPECT_EQ(quality(out, "funding_8h_usd", "BTC"), "1 rate beyond its cap");
}

// The newer file knows prices only: the rates are of the older one, an hour ago.
TEST_F(OrdersAndFundingTest, ARateStaysUntilANewerOneAndIsAsOldAsItsFile) {
    constexpr const char* kNewer = R"({"time":"2026-03-01T09:00:00Z","underlyings":[{"name":"BTC","index":65000}],
      "instruments":[{"name":"BTC-PERPETUAL","mark":65000},{"name":"BTC_USDC-PERPETUAL","mark":65000,"funding_8h":0}],
      "stablecoins":{"USDC":1}})";
    for (const auto& markets : {std::initializer_list<std::string>{kMarket, kNewer}, {kNewer, kMarket}}) {
        const risk::RiskReport out = report(kPortfolio, markets);
        EXPECT_NEAR(value(out, "funding_8h_usd"), 0.0001 * 13'000.0, 1e-9);
        EXPECT_EQ(find_metric(out, "funding_8h_usd", "BTC")->age_seconds, 3'600.0);
        EXPECT_EQ(quality(out, "delta_net", "BTC"), "good");
    }
}

// A cap, too, is of the newest file that gives one.
TEST_F(OrdersAndFundingTest, TheNewestCapCountsWhateverTheOrderOfTheFiles) {
    constexpr const char* kHeld = R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":1000,"entry":64000}]})";
    const auto file = [](const std::string& time, const std::string& rates) {
        return "{" + time + R"("underlyings":[{"name":"BTC","index":65000}],"instruments":[
          {"name":"BTC-PERPETUAL","mark":65000)" +
               rates + "}]}";
    };
    const std::string older = file(R"("time":"2026-03-01T07:00:00Z",)", R"(,"funding_cap_8h":0.001)");
    const std::string newer =
        file(R"("time":"2026-03-01T08:00:00Z",)", R"(,"funding_8h":0.004,"funding_cap_8h":0.005)");
    const std::string newest = file(R"("time":"2026-03-01T09:00:00Z",)", "");
    for (const auto& files : {std::initializer_list<std::string>{older, newer, newest}, {newest, newer, older}}) {
        const risk::RiskReport out = report(kHeld, files);
        EXPECT_NEAR(value(out, "funding_8h_usd"), -4.0, 1e-9) << "longs pay";
        EXPECT_EQ(quality(out, "funding_8h_usd", "BTC"), "good");
    }
    EXPECT_NEAR(value(report(kHeld, {newer, file("", R"(,"funding_cap_8h":0.002)")}), "funding_8h_usd"), -2.0, 1e-9);
}

TEST_F(OrdersAndFundingTest, TheAgeOfARowWithoutAPriceIsOfWhatItGives) {
    constexpr const char* kHeld = R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":1000,"entry":64000}],
      "cash":[{"currency":"BTC","amount":1}]})";
    constexpr const char* kPrices = R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":65000}],
      "instruments":[{"name":"BTC-PERPETUAL","mark":65000}]})";
    const auto row = [](const std::string& gives) {
        return R"({"instruments":[{"name":"BTC-PERPETUAL")" + gives + R"(,"age_seconds":3600}]})";
    };
    for (const bool first : {false, true}) {
        const auto beside = [&](const std::string& gives) {
            return first ? report(kHeld, {row(gives), kPrices}) : report(kHeld, {kPrices, row(gives)});
        };
        const risk::RiskReport funding = beside(R"(,"funding_8h":0.0001)");
        EXPECT_EQ(quality(funding, "delta_net", "BTC"), "good");
        EXPECT_EQ(find_metric(funding, "funding_8h_usd", "BTC")->age_seconds, 3'600.0);
        EXPECT_EQ(quality(beside(R"(,"spread":0.001)"), "delta_net", "BTC"), "good") << "a setting has no age";
        EXPECT_EQ(quality(beside(R"(,"funding_8h":null)"), "delta_net", "BTC"), "stale") << "of the quote, then";
    }
}

// Percent for a fraction, of what is held and of what is not.
TEST_F(OrdersAndFundingTest, ARateThatIsNoFractionIsRefused) {
    const auto says = [&](const std::string& members) -> std::string {
        const std::string market = R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":65000}],
          "stablecoins":{"USDC":1},"instruments":[{"name":)" +
                                   members + "}]}";
        try {
            (void)load(kPortfolio, {market});
        } catch (const app::UsageError& error) {
            return error.what();
        }
        return "";
    };
    for (const char* name : {"\"BTC-PERPETUAL\"", "\"ETH-PERPETUAL\""}) {
        const std::string row = name;
        for (const char* rate : {"5", "-1.01"}) {
            const std::string said = says(row + R"(,"funding_8h":)" + rate);
            EXPECT_NE(said.find("instruments[0].funding_8h: must be a fraction"), std::string::npos) << row << said;
        }
        for (const char* cap : {"0", "-0.01", "1.5"}) {
            const std::string said = says(row + R"(,"funding_cap_8h":)" + cap);
            EXPECT_NE(said.find("instruments[0].funding_cap_8h: must be"), std::string::npos) << row << cap << said;
        }
        EXPECT_EQ(says(row + R"(,"funding_8h":-1,"funding_cap_8h":1)"), "");
    }
}

TEST_F(OrdersAndFundingTest, DeribitsSummaryTellsTheRateOfNow) {
    constexpr const char* kSummary = R"({"jsonrpc":"2.0","result":[{"instrument_name":"BTC-PERPETUAL",
      "mark_price":65000,"bid_price":64990,"ask_price":65010,"volume":10,"estimated_delivery_price":65000,
      "current_funding":-0.0003,"funding_8h":0.0009,"creation_timestamp":1772352000000}]})";
    const risk::RiskReport out = report(
        R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":1000,"entry":64000}],
            "cash":[{"currency":"BTC","amount":1}]})",
        {kSummary});
    EXPECT_NEAR(value(out, "funding_8h_usd"), 0.3, 1e-9) << "a long is paid a negative rate";
}

TEST_F(OrdersAndFundingTest, OpenOrdersOfOurFormAndOfDeribit) {
    const std::string own = kPortfolio;
    const std::string with =
        own.substr(0, own.rfind('}')) +
        R"(,"open_orders":[{"instrument":"BTC-PERPETUAL","side":"sell","quantity":6500,"price":66000},
                             {"instrument":"BTC_USDC-PERPETUAL","side":"buy","quantity":2}]})";
    const risk::RiskReport out = report(with, {kMarket});
    const double delta = value(out, "delta_net");
    EXPECT_NEAR(value(out, "order_delta_low"), delta - 0.1, 1e-12);
    EXPECT_NEAR(value(out, "order_delta_high"), delta + 2.0, 1e-12);

    app::InputsBuilder builder;
    app::read_portfolio_file(write("own.json", kPortfolio), builder);
    app::read_portfolio_file(write("orders.json", R"({"jsonrpc":"2.0","result":[
      {"order_id":"1","instrument_name":"BTC-PERPETUAL","direction":"sell","amount":13000,"filled_amount":6500,
       "price":66000,"order_state":"open"},
      {"order_id":"2","instrument_name":"BTC-PERPETUAL","direction":"buy","amount":13000,"order_state":"cancelled"},
      {"order_id":"3","instrument_name":"BTC_USDC-PERPETUAL","direction":"buy","amount":2,"price":"market_price",
       "order_state":"untriggered"}]})"),
                             builder);
    app::read_market_file(write("market.json", kMarket), builder);
    const risk::RiskReport deribit = make_risk_report(builder.finish("market.json"));
    EXPECT_EQ(value(deribit, "order_delta_low"), value(out, "order_delta_low"));
    EXPECT_EQ(value(deribit, "order_delta_high"), value(out, "order_delta_high"));
    EXPECT_EQ(value(deribit, "delta_net"), delta) << "an order is no position";
}

// Held is a perpetual in order; each order is for something that is not held.
TEST_F(OrdersAndFundingTest, AnOrderIsAsOldAndAsDoubtfulAsWhatItIsFor) {
    const auto quality_with = [&](const std::string& ordered, const std::string& instrument) {
        const risk::RiskReport out =
            report(R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":-13000,"entry":64000}],
                "cash":[{"currency":"BTC","amount":3}],"open_orders":[{"side":"buy","quantity":2,"instrument":")" +
                       ordered + "\"}]}",
                   {R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":65000}],
                "stablecoins":{"USDC":1},"instruments":[{"name":"BTC-PERPETUAL","mark":65000},)" +
                    instrument + "]}"});
        for (const char* name : {"order_delta_low", "order_notional_usd"})
            EXPECT_EQ(quality(out, name, "BTC"), quality(out, "order_delta_high", "BTC")) << name;
        EXPECT_EQ(quality(out, "delta_net", "BTC"), "good") << ordered;
        return quality(out, "order_delta_high", "BTC");
    };
    const std::string perpetual = R"({"name":"BTC_USDC-PERPETUAL","mark":)";
    EXPECT_EQ(quality_with("BTC_USDC-PERPETUAL", perpetual + "65010}"), "good");
    EXPECT_EQ(quality_with("BTC_USDC-PERPETUAL", perpetual + R"(80000,"age_seconds":9000})"),
              "stale, mark far from the index");
    EXPECT_EQ(quality_with("BTC-27MAR26-70000-C", R"({"name":"BTC-27MAR26-70000-C","iv":0.6})"),
              "forward from the index");
    EXPECT_EQ(quality_with("BTC-27FEB26", R"({"name":"BTC-27FEB26","mark":65000})"), "1 order of a passed expiry");
}

TEST_F(OrdersAndFundingTest, WhatIsNoOrderIsRefused) {
    const auto says = [&](const std::string& order, const char* words) {
        const std::string said = refusal({R"({"open_orders":[)" + order + "]}"});
        EXPECT_NE(said.find(words), std::string::npos) << said;
    };
    says(R"({"instrument":"BTC-PERPETUAL","side":"long","quantity":1})", "open_orders[0].side: must be buy or sell");
    says(R"({"instrument":"BTC-PERPETUAL","side":"buy","quantity":-1})", "open_orders[0].quantity: must be positive");
    says(R"({"instrument":"BTC-PERPETUAL","side":"buy","quantity":1,"price":0})", "open_orders[0].price: must be");
    says(R"({"instrument":"L","kind":"pool","underlying":"ETH","settlement":"USDC","side":"buy","quantity":1})",
         "open_orders[0].kind: shares in a pool are not ordered");
}

// A name at a venue is of one contract, whoever calls it.
TEST_F(OrdersAndFundingTest, AnOrderIsOfTheContractThatItSpellsOut) {
    const auto refusal_of = [&](const std::string& terms) {
        return refusal({R"({"venue":"okx","positions":[{"instrument":"X","kind":"perpetual","underlying":"BTC",
          "settlement":"USDC","multiplier":0.01,"quantity":5,"entry":65000},{"instrument":"L","kind":"pool",
          "underlying":"BTC","settlement":"USDC","liquidity":5,"venue":"okx"}],"open_orders":[{"side":"buy",
          "quantity":5,"settlement":"USDC",)" +
                        terms + "}]}"});
    };
    for (const char* other :
         {R"("instrument":"X","kind":"perpetual","underlying":"ETH","multiplier":0.01)",
          R"("instrument":"X","kind":"call","underlying":"BTC","strike":60000,"expiry":"27MAR26","multiplier":0.01)",
          R"("instrument":"X","kind":"perpetual","underlying":"BTC","multiplier":1)",
          R"("instrument":"L","kind":"perpetual","underlying":"BTC")"}) {
        const std::string said = refusal_of(other);
        EXPECT_NE(said.find("0.json: open_orders[0]: "), std::string::npos) << other << said;
        EXPECT_NE(said.find(" at okx has other terms in a row before"), std::string::npos) << other << said;
    }
    EXPECT_EQ(refusal_of(R"("instrument":"X","kind":"perpetual","underlying":"BTC","multiplier":0.01)"), "");
    const std::string answer = refusal(
        {R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":5,"multiplier":10}]})",
         R"([{"order_id":"1","instrument_name":"BTC-PERPETUAL","direction":"sell","amount":10,"order_state":"open"}])"});
    EXPECT_NE(answer.find("1.json: [0]: BTC-PERPETUAL at deribit has other terms"), std::string::npos) << answer;
}

// A combination and pairs that have no price do not keep the rest from being told.
TEST_F(OrdersAndFundingTest, DeribitsOrdersInWhatNoReportValuesAreLeftOutAndCounted) {
    const auto told = [&](const std::string& orders) {
        app::InputsBuilder builder;
        app::read_portfolio_file(write("own.json", kPortfolio), builder);
        app::read_portfolio_file(write("orders.json", "[" + orders + "]"), builder);
        app::read_market_file(write("market.json", kMarket), builder);
        return make_risk_report(builder.finish("market.json"));
    };
    const auto order = [](const std::string& id, const std::string& name, const std::string& state = "open") {
        return R"({"order_id":")" + id + R"(","instrument_name":")" + name +
               R"(","direction":"sell","amount":6500,"order_state":")" + state + "\"}";
    };
    const std::string known = order("1", "BTC-PERPETUAL");
    const risk::RiskReport before = told(known);
    EXPECT_EQ(quality(before, "order_delta_low", "BTC"), "good");
    const risk::RiskReport out = told(known + "," + order("2", "BTC-FS-19MAY26_PERP") + "," + order("3", "ETH_BTC") +
                                      "," + order("4", "ETH_USDC-CS-19MAY26-3000_3500") + "," +
                                      order("5", "USDC_USDT") + "," + order("6", "BTC-FS-26MAY26_PERP", "cancelled"));
    EXPECT_EQ(value(out, "order_delta_low"), value(before, "order_delta_low"));
    for (const char* name : {"order_delta_low", "order_delta_high", "order_notional_usd"})
        EXPECT_EQ(quality(out, name, "BTC"), "2 orders left out") << name;
    EXPECT_TRUE(has_note(out,
                         "BTC-FS-19MAY26_PERP, ETH_BTC, ETH_USDC-CS-19MAY26-3000_3500 and 1 more: orders in what no "
                         "report values (a combination, a pair of coins), left out of the worst case of open "
                         "orders"))
        << testing::PrintToString(out.notes);
    const risk::RiskReport alone = told(order("1", "BTC-FS-19MAY26_PERP"));
    EXPECT_EQ(quality(alone, "order_delta_low", "BTC"), "1 order left out");
    EXPECT_EQ(value(alone, "order_delta_low"), value(alone, "delta_net"));
    const std::string position = R"([{"instrument_name":"BTC-FS-19MAY26_PERP","size":10,"direction":"buy"}])";
    EXPECT_NE(refusal({position}).find("is a contract that this report does not know"), std::string::npos);
}

TEST_F(OrdersAndFundingTest, OneOfDeribitsOrdersGivenTwiceIsRefused) {
    const auto orders = [](const std::string& id) {
        return R"({"result":[{"order_id":")" + id +
               R"(","instrument_name":"BTC-PERPETUAL","direction":"sell","amount":10,"order_state":"open"}]})";
    };
    const std::string said = refusal({orders("BTC-7"), orders("BTC-7")});
    EXPECT_NE(said.find("1.json: result[0]: order BTC-7 a second time; the first is "), std::string::npos) << said;
    EXPECT_NE(said.find("0.json: result[0]", said.find("the first is")), std::string::npos) << said;
    EXPECT_EQ(refusal({orders("BTC-7"), orders("BTC-8")}), "");
}

}  // namespace
}  // namespace keel::test
