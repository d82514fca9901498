// Margin of OKX's Futures and multi-currency modes from files to the report.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "app/failure.hpp"
#include "tests/app/risk_files/risk_files.hpp"

namespace keel::app {
namespace {

using risk::RiskReport;
using risk::RootStatus;

// Up to 100 contracts of 0.01 coins 0.4 %, to 500 1 % and at most 5x, beyond 3 %; the taker fee is 0.05 %.
constexpr const char* kTables = R"(
[tiers.BTC-USDT-SWAP]
contract_size = 0.01
contracts_max = [100, 500, 10000]
maintenance_rate = [0.004, 0.01, 0.03]
leverage_max = [100, 5, 2]
[tiers.BTC-USDT-FUTURES]
contract_size = 0.01
contracts_max = [50, 500]
maintenance_rate = [0.01, 0.02]
leverage_max = [20, 5]
)";
constexpr double kSize = 0.01, kMark = 50'000.0, kFee = 0.0005, kFirst = 0.004 + kFee, kSecond = 0.01 + kFee;
constexpr const char* kModel =
    R"("margin_model":"okx_cross","margin_tables":"tables.toml","leverage":10,"taker_fee_rate":0.0005)";

class OkxMarginFilesTest : public test::RiskFiles {
protected:
    OkxMarginFilesTest() { write("tables.toml", kTables); }
    static std::string perpetual(double contracts, double entry) {
        return R"({"instrument":"BTC-USDT-SWAP","kind":"perpetual","underlying":"BTC","settlement":"USDT",
          "multiplier":0.01,"quantity":)" +
               std::to_string(contracts) + R"(,"entry":)" + std::to_string(entry) + "}";
    }
    static std::string dated(const std::string& expiry, double contracts) {
        return R"({"instrument":"BTC-USDT-)" + expiry + R"(","kind":"future","underlying":"BTC","settlement":"USDT",
          "multiplier":0.01,"entry":50000,"expiry":")" +
               expiry + R"(","quantity":)" + std::to_string(contracts) + "}";
    }
    RiskReport held(const std::string& positions, double cash = 40'000.0, const std::string& model = kModel) {
        const std::string portfolio = R"({"venue":"okx","cash":[{"currency":"USDT","amount":)" + std::to_string(cash) +
                                      R"(}],"positions":[)" + positions + R"(],"venues":[{"name":"okx",)" + model +
                                      "}]}";
        return report(portfolio, {R"({"time":"2026-03-01T08:00:00Z","stablecoins":{"USDT":1},
          "underlyings":[{"name":"BTC","index":50000}],
          "expiries":[{"underlying":"BTC","expiry":"27MAR26","forward":50000}],
          "instruments":[{"name":"BTC-USDT-SWAP","mark":50000},{"name":"BTC-USDT-27MAR26","mark":50000},
           {"name":"BTC-USDT-26JUN26","mark":50000},{"name":"BTC-27MAR26-50000-C","mark":0.02}]})"});
    }
    static const risk::StressResult& stress(const RiskReport& report, const char* id) {
        return *std::ranges::find(report.stresses, id, &risk::StressResult::id);
    }
};

// The positions channel of the venue's documentation, an isolated position as an account of its own: one contract of
// ETH-USD-210430 (10 USD) bought at 2566.31; its profit and maintenance tell the mark of 2565.656. The published
// liquidation price has a tick of 0.01 on top.
TEST_F(OkxMarginFilesTest, ReproducesThePublishedPosition) {
    write("tables.toml",
          "[tiers.ETH-USD-FUTURES]\ncontract_size = 10\ncontracts_max = [1000]\nmaintenance_rate = [0.008]\n");
    const auto venue = [&](const std::string& fee) {
        return report(R"({"venue":"okx","cash":[{"currency":"ETH","amount":0.0003896645377994}],
          "positions":[{"instrument":"ETH-USD-210430","kind":"future","underlying":"ETH","expiry":"30APR21",
           "multiplier":10,"quantity":1,"entry":2566.31}],
          "venues":[{"name":"okx","margin_model":"okx_cross","margin_tables":"tables.toml","leverage":10,
           "taker_fee_rate":)" +
                          fee + "}]}",
                      {R"({"time":"2021-04-27T11:24:21Z","underlyings":[{"name":"ETH","index":2565.656}],
          "instruments":[{"name":"ETH-USD-210430","mark":2565.656}]})"})
            .venues.at(0);
    };
    EXPECT_NEAR(venue("0").maintenance_margin_usd / 2'565.656, 0.0000311811092368, 1e-15);
    const risk::VenueReport got = venue("0.0005");
    EXPECT_EQ(got.model, "okx cross");
    EXPECT_NEAR(got.margin_ratio, 11.731726509588816, 1e-9);
    EXPECT_NEAR(got.initial_margin_usd, 1.0, 1e-9) << "a tenth of 10 USD";
    ASSERT_EQ(got.liquidations.size(), 1U);
    EXPECT_NEAR(got.liquidations[0].still.down.price, 2'352.8496681818233 - 0.01, 1e-5 * 2'565.656);
}

// The edge of one coin lies, in USD at spot, between spot and liquidation: above for the short of exactly that size,
// below for a long that is just larger. Contracts choose the tier, so that the price on the way does not.
TEST_F(OkxMarginFilesTest, ATierEdgeBesideTheSpotMovesNoLiquidationPrice) {
    const double cash = 10'000.0;
    const RiskReport sold = held(perpetual(-100.0, kMark), cash);
    // 10,000 - q (P - 50,000) = r q P, and 10,000 + q (P - 50,000) = r q P.
    const double above = (cash + kMark) / (1.0 + kFirst);
    EXPECT_NEAR(sold.venues.at(0).liquidations.at(0).still.up.price, above, 1e-5 * kMark);
    EXPECT_EQ(sold.venues[0].liquidations[0].still.down.status, RootStatus::none);
    EXPECT_NEAR(sold.venues[0].liquidations[0].still.up.distance_ratio, above / kMark - 1.0, 1e-5);
    const double coins = 101.0 * kSize;
    const RiskReport bought = held(perpetual(101.0, kMark), cash);
    const double below = (coins * kMark - cash) / (coins * (1.0 - kSecond));
    EXPECT_NEAR(bought.venues.at(0).liquidations.at(0).still.down.price, below, 1e-5 * kMark);
    EXPECT_EQ(bought.venues[0].liquidations[0].still.up.status, RootStatus::none);
    EXPECT_NEAR(risk::find_metric(bought, "liq_distance", "okx")->value, 1.0 - below / kMark, 1e-5);
}

TEST_F(OkxMarginFilesTest, StressesKeepTheTierAndDeleveragingLowersIt) {
    const RiskReport got = held(perpetual(101.0, 49'000.0));
    const double coins = 101.0 * kSize, crashed = kMark * 0.6 * 0.98;  // futures 2 % below the spot
    const double equity = 40'000.0 + coins * (crashed - 49'000.0);
    EXPECT_NEAR(stress(got, "CRASH").venues.at(0).margin_ratio, equity / (coins * crashed * kSecond), 1e-6);
    // Half is taken at 2 % below the mark; 50.5 contracts are left.
    const double left = 40'000.0 + coins * 1'000.0 - 0.5 * 0.02 * coins * kMark;
    EXPECT_NEAR(stress(got, "ADL").venues.at(0).margin_ratio, left / (0.5 * coins * kMark * kFirst), 1e-6);
}

// 40 and -30 contracts of two expiries are 70, over the edge of 50; the perpetual has its own table. Cells of the
// exposure matrix have the tier of the whole.
TEST_F(OkxMarginFilesTest, ExpiriesOfOneFamilyShareTheirTier) {
    const double coin = kSize * kMark;
    const RiskReport one = held(dated("27MAR26", 40.0) + "," + perpetual(60.0, kMark));
    EXPECT_NEAR(one.venues.at(0).maintenance_margin_usd, coin * (40.0 * (0.01 + kFee) + 60.0 * kFirst), 1e-6);
    const RiskReport two = held(dated("27MAR26", 40.0) + "," + dated("26JUN26", -30.0) + "," + perpetual(60.0, kMark));
    EXPECT_NEAR(two.venues.at(0).maintenance_margin_usd, coin * (70.0 * (0.02 + kFee) + 60.0 * kFirst), 1e-6);
    EXPECT_NEAR(two.venues[0].initial_margin_usd, coin * (70.0 / 5.0 + 60.0 / 10.0), 1e-6);
    double cells = 0.0;
    for (const risk::ExposureRow& cell : two.exposures) {
        if (std::isfinite(cell.initial_margin_usd)) cells += cell.initial_margin_usd;
    }
    EXPECT_NEAR(cells, two.venues[0].initial_margin_usd, 1e-6);
}

// A table of the contract's own name goes before that of its family; another venue's form is not asked for.
TEST_F(OkxMarginFilesTest, TheContractsOwnTableGoesFirst) {
    const std::string own =
        "[tiers.BTC-USDT-27MAR26]\ncontract_size = 0.01\ncontracts_max = [500]\nmaintenance_rate = [0.1]\n";
    write("tables.toml", kTables + own);
    EXPECT_NEAR(held(dated("27MAR26", 40.0)).venues.at(0).maintenance_margin_usd, 40.0 * kSize * kMark * (0.1 + kFee),
                1e-6);
    EXPECT_NO_THROW((void)held(perpetual(10.0, kMark), 1e4, R"("margin_model":"none","margin_tables":"tables.toml")"));
}

TEST_F(OkxMarginFilesTest, WhatIsNotPublishedOrNotGivenIsUnknownAndSaysWhy) {
    const auto option = [](const char* quantity) {
        return perpetual(10.0, kMark) + R"(,{"instrument":"BTC-27MAR26-50000-C","quantity":)" + quantity + "}";
    };
    const std::string tables = R"("margin_model":"okx_cross","margin_tables":"tables.toml")";
    struct Case {
        std::string positions;
        std::string model;
        const char* lacks;
    };
    const char* unpublished = "BTC-27MAR26-50000-C: what OKX asks for an option in these modes is not published";
    for (const Case& item : {Case{option("-1"), kModel, unpublished}, Case{option("1"), kModel, unpublished},
                             Case{perpetual(10.0, kMark), tables + R"(,"leverage":10)", "no taker_fee_rate given"},
                             Case{perpetual(10.0, kMark), tables + R"(,"taker_fee_rate":0)", "no leverage given"},
                             Case{perpetual(10.0, kMark), R"("margin_model":"okx_cross","leverage":9)",
                                  "no tiers of BTC-USDT-SWAP in its tables"}}) {
        const RiskReport got = held(item.positions, 40'000.0, item.model);
        EXPECT_TRUE(std::isnan(got.venues.at(0).maintenance_margin_usd)) << item.lacks;
        EXPECT_TRUE(std::isnan(stress(got, "CRASH").venues.at(0).margin_ratio)) << item.lacks;
        EXPECT_EQ(got.venues[0].liquidations.at(0).still.down.status, RootStatus::unknown) << item.lacks;
        EXPECT_TRUE(has_note(got, std::string{"venue okx: margin unknown, "} + item.lacks)) << item.lacks;
    }
}

TEST_F(OkxMarginFilesTest, TablesThatCannotBeAreRefusedWithTheLine) {
    const std::string head = "[tiers.BTC-USDT-SWAP]\n", size = "contract_size = 0.01\n";
    const std::string caps = "contracts_max = [1, 2]\n", rates = "maintenance_rate = [0.1, 0.2]\n";
    struct Case {
        std::string tables;
        const char* says;
    };
    for (const Case& item :
         {Case{head + size + caps + "maintenance_rate = [0.2, 0.1]\n", "maintenance_rate must not fall"},
          Case{head + size + "contracts_max = [2, 2]\n" + rates, "contracts_max must ascend"},
          Case{head + size + caps + "maintenance_rate = [0.1]\n", "must hold 2 numbers"},
          Case{head + size + caps + rates + "leverage_max = [10, 0.5]\n", "a leverage be 1 at least"},
          Case{head + caps + rates, "\"contract_size\" is missing"},
          Case{head + "contract_size = 0\n" + caps + rates,
               "tables.toml:2: tiers.BTC-USDT-SWAP.contract_size: must be"},
          Case{head + size + "notional_max = [1, 2]\n" + rates,
               "tables.toml:3: tiers.BTC-USDT-SWAP.notional_max: is no key of this table"},
          Case{head + size + caps + rates + "deduction = [0, 0]\n",
               "tables.toml:5: tiers.BTC-USDT-SWAP.deduction: is no key of this table"}}) {
        write("tables.toml", item.tables);
        try {
            (void)held(perpetual(10.0, kMark));
            ADD_FAILURE() << "taken: " << item.tables;
        } catch (const ConfigError& error) {
            EXPECT_NE(std::string{error.what()}.find(item.says), std::string::npos) << error.what();
            EXPECT_NE(std::string{error.what()}.find("tables.toml:"), std::string::npos) << error.what();
        }
    }
    write("tables.toml", kTables);
    const std::string paid = R"("margin_model":"okx_cross","margin_tables":"tables.toml","leverage":10,)";
    EXPECT_THROW((void)held(perpetual(1.0, kMark), 1e4, paid + R"("taker_fee_rate":-0.0005)"), std::exception);
}

}  // namespace
}  // namespace keel::app
