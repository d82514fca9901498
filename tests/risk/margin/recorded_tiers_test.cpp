#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include "risk/margin/liquidation_price.hpp"
#include "risk/margin/tiered_margin.hpp"
#include "tests/risk/margin/margin_tables.hpp"
#include "tests/support/test_data.hpp"

namespace keel::risk {
namespace {

using nlohmann::json;

std::vector<MarginTier> tiers_of(const json& brackets) {
    std::vector<MarginTier> out;
    double floor = 0.0;
    for (const json& bracket : brackets) {
        EXPECT_EQ(bracket.at("minNotional").get<double>(), floor);
        floor = bracket.at("maxNotional");
        out.push_back({.cap = floor,
                       .maintenance_rate = bracket.at("maintenanceMarginRate"),
                       .deduction = std::strtod(bracket.at("info").at("cum").get<std::string>().c_str(), nullptr),
                       .leverage_max = bracket.at("maxLeverage")});
    }
    return out;
}

void check_edges(const TierTable& table, const std::string& symbol) {
    const auto maintenance = [&](double notional) {
        return tiered_margin({.tiers = &table, .notional = notional, .leverage = 1.0}).maintenance;
    };
    double before = 0.0;
    for (std::size_t i = 0; i < table.size(); ++i) {
        const double edge = table.tier(i).cap;
        const double here = maintenance(edge);
        EXPECT_GT(here, before) << symbol << " tier " << i;  // rises with the notional
        before = here;
        if (i + 1 == table.size()) continue;
        // From above: the same amount by the next tier's rate and deduction, to rounding.
        const MarginTier& next = table.tier(i + 1);
        EXPECT_NEAR(edge * next.maintenance_rate - next.deduction, here, 1e-12 * edge) << symbol << " tier " << i;
        const double beyond = std::nextafter(edge, 2.0 * edge);
        EXPECT_EQ(table.index_of(edge), i);
        EXPECT_EQ(table.index_of(beyond), i + 1);
        EXPECT_NEAR(maintenance(beyond), here, 1e-12 * edge) << symbol << " tier " << i;
    }
}

// A position whose liquidation falls near each edge is found in a consistent tier from either side.
std::size_t check_liquidations(const TierTable& table, const std::string& symbol) {
    std::size_t checked = 0;
    for (std::size_t i = 0; i + 1 < table.size(); ++i) {
        for (const double near : {0.999, 1.0, 1.001}) {
            for (const double side : {1.0, -1.0}) {
                const double price = 100.0;
                const double notional = table.tier(i).cap * near;
                const double size = side * notional / price;
                const double entry = price * (1.0 + side * 0.2);
                const double maintenance =
                    tiered_margin({.tiers = &table, .notional = notional, .leverage = 1.0}).maintenance;
                const CrossPosition position{
                    .wallet = maintenance - size * (price - entry), .amount = size, .entry = entry};
                const LiquidationPrice got = cross_linear_liquidation(position, table);
                EXPECT_EQ(got.status, LiquidationStatus::found) << symbol << " tier " << i;
                EXPECT_NEAR(got.price, price, 1e-9 * price) << symbol << " tier " << i << " near " << near;
                ++checked;
            }
        }
    }
    return checked;
}

TEST(RecordedTiersTest, EveryTableIsContinuousAndAgreesWithTheVenuesCum) {
    const auto path = keel::test::data_path("binance/freqtrade_binance_leverage_tiers.json.zst");
    KEEL_SKIP_WITHOUT(path);
    const json file = json::parse(keel::test::read_file(*path));
    std::size_t brackets = 0;
    std::size_t liquidations = 0;
    for (const auto& [symbol, rows] : file.items()) {
        TierTable table;
        ASSERT_EQ(table.assign(tiers_of(rows), 1e-9), TierProblem::none) << symbol;
        check_edges(table, symbol);
        liquidations += check_liquidations(table, symbol);
        brackets += table.size();
    }
    EXPECT_GE(file.size(), 300U);
    std::cout << "[ data     ] " << file.size() << " symbols, " << brackets << " brackets, " << liquidations
              << " liquidations at edges\n";
}

// What is shipped is what was recorded.
TEST(RecordedTiersTest, ShippedTablesAreTheRecordedOnes) {
    const auto path = keel::test::data_path("binance/freqtrade_binance_leverage_tiers.json.zst");
    KEEL_SKIP_WITHOUT(path);
    const json file = json::parse(keel::test::read_file(*path));
    for (const auto& [symbol, tiers] : test::binance_tables().tiers) {
        const std::string coin = symbol.substr(0, symbol.size() - 4);
        const std::vector<MarginTier> recorded = tiers_of(file.at(coin + "/USDT:USDT"));
        ASSERT_EQ(tiers.size(), recorded.size()) << symbol;
        for (std::size_t i = 0; i < tiers.size(); ++i) {
            EXPECT_EQ(tiers[i].cap, recorded[i].cap) << symbol;
            EXPECT_EQ(tiers[i].maintenance_rate, recorded[i].maintenance_rate) << symbol;
            EXPECT_EQ(tiers[i].deduction, recorded[i].deduction) << symbol;
            EXPECT_EQ(tiers[i].leverage_max, recorded[i].leverage_max) << symbol;
        }
    }
}

}  // namespace
}  // namespace keel::risk
