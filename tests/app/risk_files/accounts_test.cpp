// Several accounts at one venue: each its own positions, cash, orders and margin, one fate with the venue.
#include <filesystem>

#include "app/failure.hpp"
#include "tests/app/risk_files/risk_files.hpp"

namespace keel::test {
namespace {

using risk::find_metric;

// Deribit's answers of two accounts: the same contract, the same currency.
constexpr const char* kMainPositions = R"({"jsonrpc":"2.0","result":[{"instrument_name":"BTC-PERPETUAL",
  "direction":"buy","size":130000,"average_price":65000,"mark_price":65000,"index_price":65000}]})";
constexpr const char* kHedgePositions = R"({"jsonrpc":"2.0","result":[{"instrument_name":"BTC-PERPETUAL",
  "direction":"sell","size":-65000,"average_price":65000,"mark_price":65000,"index_price":65000}]})";
constexpr const char* kMarket = R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":65000}],
  "instruments":[{"name":"BTC-PERPETUAL","mark":65000}],"margin_tables":"tables.toml"})";
constexpr const char* kTables = R"([future.BTC]
initial_rate = 0.02
maintenance_rate = 0.01
rate_per_coin = 0.00005
)";
constexpr const char* kModels = R"({"venues":[{"name":"deribit/main","margin_model":"deribit_standard"},
  {"name":"deribit/hedge","margin_model":"deribit_standard"}])";

std::string summary(const char* balance) {
    return R"({"jsonrpc":"2.0","result":{"currency":"BTC","balance":)" + std::string{balance} + "}}";
}

class AccountsTest : public RiskFiles {
protected:
    // Portfolio files, each with its account, in one report.
    risk::RiskReport report_of(const std::vector<std::pair<std::string, std::string>>& files,
                               const std::string& market = kMarket) {
        write("tables.toml", kTables);
        app::InputsBuilder builder;
        std::string name = "p.json";
        for (const auto& [account, text] : files) {
            app::read_portfolio_file(write(name, text), builder, account);
            name.insert(0, "p");
        }
        app::read_market_file(write("market.json", market), builder);
        return make_risk_report(builder.finish("market.json"));
    }
    risk::RiskReport two_accounts(const std::string& models = std::string{kModels} + "}") {
        return report_of({{"deribit/main", kMainPositions},
                          {"deribit/main", summary("3")},
                          {"deribit/hedge", kHedgePositions},
                          {"deribit/hedge", summary("0.5")},
                          {"deribit", models}});
    }
    static double value(const risk::RiskReport& report, std::string_view metric, std::string_view scope) {
        const risk::ReportMetric* found = find_metric(report, metric, scope);
        return found == nullptr ? std::numeric_limits<double>::quiet_NaN() : found->value;
    }
    static const risk::StressResult* stressed(const risk::RiskReport& report, std::string_view id) {
        const auto found = std::ranges::find(report.stresses, id, &risk::StressResult::id);
        return found == report.stresses.end() ? nullptr : &*found;
    }
};

TEST_F(AccountsTest, TwoAnswersOfOneVenueAreTwoAccounts) {
    const risk::RiskReport report = two_accounts();
    ASSERT_EQ(report.positions.size(), 4U) << "two of them cash";
    EXPECT_EQ(report.positions[0].venue, "deribit/main");
    EXPECT_EQ(report.positions[0].quantity, 130'000.0);
    EXPECT_EQ(report.positions[1].venue, "deribit/hedge");
    EXPECT_EQ(report.positions[1].quantity, -65'000.0);
    EXPECT_NEAR(value(report, "delta_usd", "BTC"), 2.0 - 1.0 + 3.5, 1e-12) << "one portfolio";
    EXPECT_NEAR(value(report, "equity_usd", "deribit/main"), 3.0 * 65'000.0, 1e-6);
    EXPECT_NEAR(value(report, "equity_usd", "deribit/hedge"), 0.5 * 65'000.0, 1e-6);
    EXPECT_EQ(find_metric(report, "equity_usd", "deribit"), nullptr);
}

// 1 % and 0.005 % per coin of the position's size; long and short in two accounts are not netted.
TEST_F(AccountsTest, MarginIsEachAccountsOwn) {
    const risk::RiskReport both = two_accounts();
    EXPECT_NEAR(value(both, "maintenance_margin_usd", "deribit/main"), 130'000.0 * (0.01 + 0.00005 * 2.0), 1e-6);
    EXPECT_NEAR(value(both, "maintenance_margin_usd", "deribit/hedge"), 65'000.0 * (0.01 + 0.00005), 1e-6);
    const risk::RiskReport one =
        two_accounts(R"({"venues":[{"name":"deribit/main","margin_model":"deribit_standard"}]})");
    EXPECT_TRUE(std::isfinite(value(one, "margin_ratio", "deribit/main")));
    EXPECT_TRUE(std::isnan(value(one, "margin_ratio", "deribit/hedge")));
    EXPECT_EQ(quality(one, "leverage_margin", ""), "1 venue without a margin model");
}

TEST_F(AccountsTest, AVenueDefaultsAndIsMispricedWithAllOfItsAccounts) {
    const std::string limit = R"(,"limits":[{"metric":"equity_usd","scope":"deribit/hedge","soft":32000,"hard":1000,
      "below":true}]})";
    const risk::RiskReport report = two_accounts(kModels + limit);
    const risk::StressResult* gone = stressed(report, "VENUE:deribit");
    ASSERT_NE(gone, nullptr);
    EXPECT_EQ(stressed(report, "VENUE:deribit/hedge"), nullptr);
    EXPECT_NEAR(gone->pnl_usd, -3.5 * 65'000.0, 1e-6);
    EXPECT_NEAR(gone->equity_usd, 0.0, 1e-6);
    EXPECT_EQ(gone->delta_coin, std::vector<double>{0.0});
    EXPECT_EQ(gone->var_99_usd, 0.0) << "nothing is held elsewhere";
    EXPECT_NEAR(value(report, "venue_default_worst_usd", ""), -3.5 * 65'000.0, 1e-6);
    const risk::StressResult* believed = stressed(report, "ORACLE:deribit");
    ASSERT_NE(believed, nullptr);
    EXPECT_NEAR(believed->venues[0].equity_usd, 3.0 * 58'500.0 - 13'000.0, 1e-6);
    EXPECT_NEAR(believed->venues[1].equity_usd, 0.5 * 58'500.0 + 6'500.0, 1e-6);
    EXPECT_NEAR(believed->pnl_usd, -3.5 * 6'500.0 - 6'500.0, 1e-6);
    EXPECT_TRUE(believed->limits_fired.empty()) << "35,750 are left in the hedge's account";
    EXPECT_EQ(value(report, "concentration_venue", ""), 1.0);
}

TEST_F(AccountsTest, ALimitOfAnAccountFiresWhereItsVenueIsMispriced) {
    const std::string limit = R"(,"limits":[{"metric":"equity_usd","scope":"deribit/main","soft":170000,"hard":1000,
      "below":true}]})";
    const risk::RiskReport report = two_accounts(kModels + limit);
    const risk::StressResult* believed = stressed(report, "ORACLE:deribit");
    ASSERT_NE(believed, nullptr);
    ASSERT_EQ(believed->limits_fired.size(), 1U);
    EXPECT_EQ(believed->limits_fired[0].scope, "deribit/main");
}

TEST_F(AccountsTest, WhatIsGivenTwiceIsSoForEachAccount) {
    const auto refusal = [&](const std::vector<std::pair<std::string, std::string>>& files) -> std::string {
        try {
            (void)report_of(files);
        } catch (const app::UsageError& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_NE(refusal({{"deribit/hedge", kMainPositions}, {"deribit/hedge", kHedgePositions}})
                  .find("a second position in BTC-PERPETUAL at deribit/hedge; the first is "),
              std::string::npos);
    EXPECT_NE(refusal({{"deribit/hedge", summary("1")}, {"deribit/hedge", summary("2")}})
                  .find("a second balance of BTC at deribit/hedge; the first is "),
              std::string::npos);
}

// Its own rows keep the venues that they name; Deribit's orders are of the account.
TEST_F(AccountsTest, OwnFilesAndOrdersTakeTheName) {
    app::InputsBuilder builder;
    app::read_portfolio_file(write("own.json", R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":1000},
      {"instrument":"BTC-PERPETUAL","quantity":2000,"venue":"okx"}],"cash":[{"currency":"BTC","amount":1}]})"),
                             builder, "deribit/hedge");
    app::read_portfolio_file(write("named.json", R"({"venue":"desk","cash":[{"currency":"BTC","amount":1}]})"), builder,
                             "deribit/other");
    app::read_portfolio_file(write("orders.json", R"({"result":[{"order_id":"1","instrument_name":"BTC-PERPETUAL",
      "direction":"buy","amount":10}]})"),
                             builder, "deribit/orders");
    EXPECT_EQ(builder.inputs().book.venue_names,
              (std::vector<std::string>{"deribit/hedge", "okx", "desk", "deribit/orders"}));
    const auto row = static_cast<std::size_t>(builder.inputs().open_orders.at(0).contract);
    EXPECT_EQ(builder.inputs().book.contracts[row].venue, risk::VenueSlot{3});
}

TEST_F(AccountsTest, TheSettlementWindowIsTheVenuesUnlessTheAccountHasItsOwn) {
    const auto minutes = [&](const std::string& windows) {
        app::InputsBuilder builder;
        app::read_portfolio_file(write("own.json", R"({"positions":[{"instrument":"BTC-27MAR26","quantity":1000}]})"),
                                 builder, "deribit/hedge");
        app::read_market_file(write("market.json", R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC",
          "index":65000}])" + windows + "}"),
                              builder);
        return builder.finish("market.json").market.expiries.at(0).settlement_window / std::chrono::minutes{1};
    };
    EXPECT_EQ(minutes(""), 30);
    EXPECT_EQ(minutes(R"(,"settlement_windows":{"deribit":60})"), 60);
    EXPECT_EQ(minutes(R"(,"settlement_windows":{"deribit":60,"deribit/hedge":5})"), 5);
}

// Deribit has no hedge mode, whatever the account is called.
TEST_F(AccountsTest, LongAndShortOfOneContractAreNettedAsTheVenueDoes) {
    const risk::RiskReport report =
        report_of({{"deribit/hedge", R"({"cash":[{"currency":"BTC","amount":1}],"positions":[
      {"instrument":"BTC-PERPETUAL","quantity":2000,"entry":65000},
      {"instrument":"BTC-PERPETUAL","quantity":-1000,"entry":65000}]})"}});
    EXPECT_EQ(report.positions.at(0).quantity, 1'000.0);
    EXPECT_EQ(value(report, "gross_notional_usd", "BTC"), 1'000.0);
}

TEST_F(AccountsTest, ThePortfolioArgumentIsAPathOrANameAndOne) {
    const auto is = [](const std::string& text, const char* account, const std::string& path) {
        const app::PortfolioSource source = app::portfolio_source(text);
        EXPECT_EQ(source.account, account) << text;
        EXPECT_EQ(source.path, path) << text;
    };
    is("positions.json", "deribit", "positions.json");
    is("deribit/hedge=positions.json", "deribit/hedge", "positions.json");
    is("okx=/data/day=3/positions.json", "okx", "/data/day=3/positions.json");
    is("/data/day=3/positions.json", "deribit", "/data/day=3/positions.json");
    is("./day=3/positions.json", "deribit", "./day=3/positions.json");
    is("=positions.json", "deribit", "=positions.json");
    const std::filesystem::path before = std::filesystem::current_path();
    std::filesystem::current_path(folder_.path());
    write("day=3.json", "{}");
    is("day=3.json", "deribit", "day=3.json");
    is("day=4.json", "day", "4.json");
    std::filesystem::current_path(before);
}

}  // namespace
}  // namespace keel::test
