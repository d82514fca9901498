#include <gtest/gtest.h>

#include <functional>
#include <iostream>
#include <map>
#include <set>

#include "risk/margin/adl_rank.hpp"
#include "risk/margin/bybit_margin.hpp"
#include "risk/margin/deribit_portfolio.hpp"
#include "risk/margin/deribit_standard.hpp"
#include "risk/margin/liquidation_price.hpp"
#include "tests/risk/margin/margin_tables.hpp"
#include "tests/risk/margin/margin_vectors.hpp"
#include "tests/support/vector_cases.hpp"

namespace keel::risk {
namespace {

using nlohmann::json;
using test::expect_near_relative;

std::vector<double> numbers(const json& array) { return array.get<std::vector<double>>(); }

// The file's parameters; what it does not give is that of examples/margin/deribit.toml.
DeribitMatrixParameters matrix_parameters(const json& params, const DeribitMatrixParameters& table) {
    DeribitMatrixParameters p = table;
    p.price_range = params.at("price_range");
    p.extended_factor = params.at("extended_table_factor");
    p.extended_dampener_usd = params.at("extended_dampener_usd");
    p.annualised_move_risk = params.at("annualised_move_risk");
    p.annualised_move_min = params.at("min_annualised_move");
    p.pnl_offset_ratio = params.at("pnl_offset");
    p.offsetable_pnl_usd_max = params.value("max_offsetable_pnl", p.offsetable_pnl_usd_max);
    return p;
}

// One future per coin of position: face = price makes q*c/P = q.
UnitCells coin_unit(const DeribitGrid& grid, double index, double years, std::uint32_t slot) {
    return grid.unit_cells({.multiplier = index, .price = index, .years = years, .expiry = slot});
}

void check_cells(const json& row, const char* key, const MatrixCells& cells, std::size_t first, std::size_t step) {
    const std::vector<double> want = numbers(row.at(key));
    for (std::size_t i = 0; i < want.size(); ++i) {
        expect_near_relative(cells[first + i * step], want[i], row.at("name").get<std::string>() + ' ' + key, 1e-6);
    }
}

void check_deribit_simulation(const json& row) {
    const test::DeribitTables tables = test::deribit_tables();
    const bool btc = row.at("name") == "deribit_pm_simulate_btc";
    const DeribitMatrixParameters p =
        matrix_parameters(row.at("params"), tables.matrices.at(btc ? "btc_usd" : "eth_usd"));
    DeribitPortfolioParameters portfolio = tables.portfolio;
    portfolio.maintenance_ratio = row.at("params").at("mm_factor");
    DeribitRiskMatrix matrix{p, Payoff::inverse};
    const double index = row.at("index");
    ASSERT_EQ(matrix.set_index(index), MarginStatus::ok);
    std::uint32_t slot = 0;
    for (const auto& [name, coins] : row.at("positions_coin").items()) {
        const double years = row.at("T_years").at(name);
        ASSERT_EQ(matrix.set_expiry(slot, years), MarginStatus::ok);
        const UnitCells unit = coin_unit(matrix.grid(), index, years, slot++);
        ASSERT_EQ(matrix.add(coins.get<double>(), unit), MarginStatus::ok);
        MatrixCells own = unit.cells;
        for (double& cell : own) cell *= coins.get<double>();
        const std::vector<double> same = numbers(row.at("standard_same_vol").at(name));
        for (std::size_t i = 0; i < same.size(); ++i) expect_near_relative(own[i * 3 + 1], same[i], name, 1e-6);
        if (!row.at("extended").contains(name)) continue;
        const std::vector<double> extended = numbers(row.at("extended").at(name));
        for (std::size_t i = 0; i < extended.size(); ++i) expect_near_relative(own[27 + i], extended[i], name);
    }
    check_cells(row, "aggregated_standard_same_vol", matrix.adjusted(), 1, 3);
    check_cells(row, "aggregated_extended", matrix.adjusted(), 27, 1);

    MatrixAddOns add_ons;
    if (row.contains("mmp_margin")) {
        add_ons.market_maker_protection = row.at("mmp_margin");
        add_ons.open_orders = row.at("open_orders_margin");
    }
    const DeribitPortfolioMargin got = matrix.margin(portfolio, add_ons);
    ASSERT_EQ(got.margin.status, MarginStatus::ok);
    EXPECT_NEAR(got.worst_case, row.at("worst_case").get<double>(), 1e-15);
    EXPECT_NEAR(got.roll_shock, row.at("roll_shock").get<double>(), 1e-15);
    EXPECT_EQ(got.delta_shock, row.at("delta_shock").get<double>());
    EXPECT_NEAR(got.risk_matrix_margin, row.at("risk_matrix_margin").get<double>(), 1e-15);
    EXPECT_NEAR(got.margin.maintenance, row.at("maintenance_margin").get<double>(), 1e-15);
    // Printed to nine decimals.
    if (row.contains("initial_margin")) {
        EXPECT_NEAR(got.margin.initial, row.at("initial_margin").get<double>(), 5e-10);
    }
}

void check_deribit_linear(const json& row, const std::string& coin) {
    const DeribitFutureMargin rates = test::deribit_tables().futures.at(coin);
    for (const json& line : row.at("rows")) {
        const double size = line.at("size_coin");
        const double mark = line.at("im_usdc").get<double>() / (line.at("im_rate").get<double>() * size);
        for (const double side : {1.0, -1.0}) {
            const MarginAmount got =
                deribit_future_margin({.payoff = Payoff::linear, .coins = side * size, .mark = mark}, rates);
            expect_near_relative(got.initial, line.at("im_usdc"), "initial");
            expect_near_relative(got.initial / (size * mark), line.at("im_rate"), "rate");
            if (!line.contains("mm_usdc")) continue;
            expect_near_relative(got.maintenance, line.at("mm_usdc"), "maintenance");
            expect_near_relative(got.maintenance / (size * mark), line.at("mm_rate"), "rate");
        }
    }
}

void check_delta_decay(const json& row) {
    const double window = row.at("window_min").get<double>() / (365.0 * 1440.0);
    const double left = window - row.at("minutes_into_window").get<double>() / (365.0 * 1440.0);
    const double open = unsettled_ratio(left, window);
    expect_near_relative(open * row.at("delta").get<double>(), row.at("call_delta_decayed"), "delta");
    const double net = row.at("delta").get<double>() - row.at("mark_coin").get<double>();
    expect_near_relative(open * net, row.at("net_delta"), "net delta");
}

void check_bybit_isolated_linear(const json& row) {
    const double size = row.at("qty");
    const double entry = row.at("entry");
    const double initial = size * entry / row.at("leverage").get<double>();
    const double maintenance = size * entry * row.at("mmr").get<double>();
    expect_near_relative(initial, row.at("im"), "im");
    expect_near_relative(maintenance, row.at("mm"), "mm");
    const LiquidationPrice got =
        isolated_linear_liquidation({.amount = size, .entry = entry, .initial = initial, .maintenance = maintenance});
    ASSERT_EQ(got.status, LiquidationStatus::found);
    expect_near_relative(got.price, row.at("liq_price"), "price");
}

void check_bybit_inverse_isolated(const json& row) {
    const double face = row.at("qty_usd");
    const double value = face / row.at("entry").get<double>();
    const double initial = value / row.at("leverage").get<double>();
    expect_near_relative(value, row.at("position_value"), "value");
    expect_near_relative(initial, row.at("im"), "im");
    const LiquidationPrice got = isolated_inverse_liquidation({.amount = row.at("side").get<double>() * face,
                                                               .entry = row.at("entry"),
                                                               .initial = initial,
                                                               .maintenance = value * row.at("mmr").get<double>()});
    ASSERT_EQ(got.status, LiquidationStatus::found);
    expect_near_relative(got.price, row.at("liq_price"), "price");
}

void check_bybit_inverse_cross(const json& row) {
    BybitCrossInverse position{.balance = row.at("balance"),
                               .amount = row.at("qty_usd"),
                               .entry = row.at("entry"),
                               .maintenance_rate = row.at("mmr"),
                               .taker_fee_rate = row.at("taker_fee")};
    const LiquidationPrice exact = bybit_cross_inverse_liquidation(position);
    ASSERT_EQ(exact.status, LiquidationStatus::found);
    expect_near_relative(exact.bankruptcy_price, row.at("bankruptcy"), "bankruptcy");
    expect_near_relative(exact.price, row.at("liq_unrounded"), "liquidation");
    position.tick = 0.5;  // BTCUSD
    EXPECT_EQ(bybit_cross_inverse_liquidation(position).price, row.at("liq_published").get<double>());
}

void check_bybit_option(const json& row) {
    const MarginAmount got = bybit_option_margin({.type = OptionType::put,
                                                  .quantity = row.at("qty"),
                                                  .index = row.at("S"),
                                                  .strike = row.at("K"),
                                                  .entry = row.at("entry"),
                                                  .mark = row.at("mark")},
                                                 test::bybit_tables().option);
    EXPECT_NEAR(got.maintenance, row.at("mm").get<double>(), row.at("tol").get<double>());
    // 15 % of 20,250 less 1,750 out of the money is 1,287.50, below the floor of 2,025: 2,025 + 290.
    EXPECT_NEAR(got.initial, row.at("im").get<double>(), row.at("tol").get<double>());
}

void check_binance_tier(const json& row) {
    for (const json& line : row.at("rows")) {
        const double notional = line.at("notional");
        // The published tier as the only one of a table that starts below it.
        TierTable table;
        const double rate = line.at("mmr");
        const double deduction = line.at("cum");
        const double floor = deduction / (rate - rate / 2.0);
        const std::array tiers{MarginTier{.cap = floor, .maintenance_rate = rate / 2.0, .deduction = 0.0},
                               MarginTier{.cap = 2.0 * notional, .maintenance_rate = rate, .deduction = deduction}};
        ASSERT_LT(floor, notional);
        ASSERT_EQ(table.assign(tiers, 1e-12), TierProblem::none);
        const MarginAmount got = tiered_margin({.tiers = &table, .notional = notional, .leverage = 1.0});
        EXPECT_NEAR(got.maintenance, line.at("mm").get<double>(), 5e-4);  // as printed
    }
}

void check_binance_cross(const json& row) {
    const LiquidationPrice got =
        cross_linear_liquidation({.wallet = row.at("WB"),
                                  .maintenance_other = row.at("TMM"),
                                  .unrealised_other = row.at("UPNL"),
                                  .amount = row.at("side").get<double>() * row.at("qty").get<double>(),
                                  .entry = row.at("entry")},
                                 row.at("mmr"), row.at("cum"));
    ASSERT_EQ(got.status, LiquidationStatus::found);
    expect_near_relative(got.price, row.at("liq_price"), "price");
}

void check_binance_cum(const json& row) {
    EXPECT_NEAR(next_deduction(row.at("cum_n1"), row.at("floor"), row.at("mmr_n1"), row.at("mmr_n")),
                row.at("cum_n").get<double>(), 1e-12);
}

void check_adl_ranks(const json& row) {
    std::vector<AdlAccount> accounts;
    for (const json& account : row.at("accounts")) {
        accounts.push_back({.id = account.at("id"), .quantity = account.at("qty"), .score = account.at("score")});
    }
    std::vector<AdlPlace> places(accounts.size());
    adl_rank(accounts, row.at("liquidated_short"), places);
    json order = json::array();
    for (const AdlPlace& place : places) {
        order.push_back(place.id);
        const std::string id = std::to_string(place.id);
        EXPECT_DOUBLE_EQ(place.percentile_ratio * 100.0, row.at("percentile").at(id).get<double>()) << id;
        EXPECT_EQ(place.deleveraged, row.at("filled").value(id, 0.0)) << id;
    }
    EXPECT_EQ(order, row.at("order"));
}

TEST(PublishedMarginTest, ReproducesEveryPublishedExample) {
    const auto path = keel::test::vectors_path("margin.json");
    KEEL_SKIP_WITHOUT(path);
    // What checks a row, and the members of one that are read or only explain.
    struct Check {
        std::function<void(const json&)> run;
        std::set<std::string> members;
    };
    const std::set<std::string> simulation{"params",
                                           "index",
                                           "positions_coin",
                                           "T_years",
                                           "standard_same_vol",
                                           "extended",
                                           "aggregated_standard_same_vol",
                                           "aggregated_extended",
                                           "worst_case",
                                           "roll_shock",
                                           "delta_shock",
                                           "risk_matrix_margin",
                                           "mmp_margin",
                                           "open_orders_margin",
                                           "initial_margin",
                                           "maintenance_margin",
                                           "rounding"};
    const std::set<std::string> cross{"WB", "TMM", "UPNL", "cum", "side", "qty", "entry", "mmr", "liq_price"};
    const std::map<std::string, Check> checks{
        {"deribit_pm_simulate_btc", {check_deribit_simulation, simulation}},
        {"deribit_pm_simulate_eth_offset", {check_deribit_simulation, simulation}},
        {"deribit_linear_perp_standard_margin",
         {[](const json& row) { check_deribit_linear(row, "BTC"); }, {"rows", "formula"}}},
        {"deribit_linear_perp_standard_margin_sol",
         {[](const json& row) { check_deribit_linear(row, "SOL"); }, {"rows", "formula"}}},
        {"deribit_delta_decay",
         {check_delta_decay,
          {"delta", "mark_coin", "minutes_into_window", "window_min", "call_delta_decayed", "net_delta"}}},
        {"bybit_isolated_linear",
         {check_bybit_isolated_linear, {"qty", "entry", "leverage", "mmr", "im", "mm", "liq_price"}}},
        {"bybit_option_short_put", {check_bybit_option, {"S", "K", "entry", "mark", "qty", "mm", "im", "tol"}}},
        {"bybit_inverse_cross",
         {check_bybit_inverse_cross,
          {"balance", "qty_usd", "entry", "mmr", "taker_fee", "bankruptcy", "liq_unrounded", "liq_published"}}},
        {"bybit_inverse_isolated_short",
         {check_bybit_inverse_isolated,
          {"qty_usd", "entry", "leverage", "mmr", "side", "position_value", "im", "liq_price"}}},
        {"binance_tier_mm", {check_binance_tier, {"rows"}}},
        {"binance_cross_liq_1", {check_binance_cross, cross}},
        {"binance_cross_liq_2", {check_binance_cross, cross}},
        {"binance_coinm_cum", {check_binance_cum, {"floor", "mmr_n", "mmr_n1", "cum_n1", "cum_n"}}},
        {"bitmex_adl_rank", {check_adl_ranks, {"accounts", "order", "percentile", "liquidated_short", "filled"}}},
    };
    int checked = 0;
    keel::test::VectorCases cases{"margin.json published"};
    const json file = test::vectors_of("margin.json");
    for (const json& row : file.at("published")) {
        const std::string name = row.at("name");
        const auto check = checks.find(name);
        if (check == checks.end()) {
            cases.skip(name);
            continue;
        }
        SCOPED_TRACE(name);
        std::set<std::string> known = check->second.members;
        known.insert({"name", "venue", "source"});
        cases.members(row, known);
        check->second.run(row);
        ++checked;
    }
    EXPECT_GT(checked, 0);
    std::cout << "[ vectors  ] margin.json published: " << checked << " rows\n";
    cases.report();
}

}  // namespace
}  // namespace keel::risk
