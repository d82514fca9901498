#include <gtest/gtest.h>

#include <iostream>
#include <map>

#include "risk/margin/adl_rank.hpp"
#include "risk/margin/bybit_margin.hpp"
#include "risk/margin/deribit_portfolio.hpp"
#include "risk/margin/deribit_standard.hpp"
#include "risk/margin/liquidation_price.hpp"
#include "risk/margin/okx_portfolio.hpp"
#include "tests/risk/margin/margin_tables.hpp"
#include "tests/risk/margin/margin_vectors.hpp"
#include "tests/support/vector_cases.hpp"

namespace keel::risk {
namespace {

using nlohmann::json;
using test::expect_near_relative;

class MarginVectorsTest : public testing::Test {
protected:
    void SetUp() override {
        const auto path = keel::test::vectors_path("margin.json");
        KEEL_SKIP_WITHOUT(path);
        file_ = test::vectors_of("margin.json");
    }
    void report(const char* section, std::size_t rows) {
        EXPECT_GT(rows, 0U);
        std::cout << "[ vectors  ] margin.json " << section << ": " << rows << " rows\n";
    }
    std::vector<MarginTier> tiers() const {
        std::vector<MarginTier> out;
        for (const json& tier : file_.at("binance_tiers").at("tiers")) {
            out.push_back({.cap = tier.at("cap"), .maintenance_rate = tier.at("mmr"), .deduction = tier.at("cum")});
        }
        return out;
    }
    json file_;
};

OptionType type_of(const json& row) { return row.at("type") == "C" ? OptionType::call : OptionType::put; }

TEST_F(MarginVectorsTest, HoldsNoSectionThatNobodyReads) {
    keel::test::VectorCases cases{"margin.json"};
    cases.sections(file_, {"published", "binance_tiers", "liq_linear", "liq_inverse", "bybit_option",
                           "deribit_inverse_option_standard", "adl_score", "settlement_twap", "okx_composition"});
    const std::map<std::string, std::set<std::string>> known{
        {"liq_linear",
         {"WB", "TMM_other", "UPNL_other", "side", "qty", "entry", "tiers", "mmr", "cum", "liq_price", "note"}},
        {"liq_inverse", {"WB_coin", "contracts", "face", "side", "entry", "mmr", "cum", "liq_price", "note"}},
        {"bybit_option", {"type", "qty", "S", "K", "entry", "mark", "im_usdc", "mm_usdc"}},
        {"deribit_inverse_option_standard", {"type", "qty", "F", "K", "mark_coin", "im_coin", "mm_coin"}},
        {"adl_score",
         {"side", "qty", "face", "inverse", "entry", "mark", "bankrupt", "effective_leverage", "pnl_pct", "score",
          "rule"}},
        {"settlement_twap",
         {"minutes", "window", "twap_so_far", "forward", "underlying_mark", "delta_multiplier", "net_delta_example"}}};
    for (const auto& [section, members] : known) {
        for (const json& row : file_.at(section)) cases.members(row, members);
    }
    const json& tiers = file_.at("binance_tiers");
    cases.members(tiers, {"tiers", "source", "rows"});
    for (const json& row : tiers.at("tiers")) cases.members(row, {"cap", "mmr", "cum"});
    for (const json& row : tiers.at("rows")) cases.members(row, {"notional", "mm", "mmr", "cum"});
    const json& okx = file_.at("okx_composition");
    cases.members(okx, {"inputs", "mmr", "imr", "source"});
    cases.members(okx.at("inputs"), {"MR1", "MR2", "MR3", "MR4", "MR5", "MR6", "MR7", "MR9"});
    cases.report();
}

TEST_F(MarginVectorsTest, BinanceTiersComputeTheirOwnDeduction) {
    TierTable table;
    ASSERT_EQ(table.assign(tiers(), 1e-9), TierProblem::none);
    std::size_t rows = 0;
    for (const json& row : file_.at("binance_tiers").at("rows")) {
        const MarginAmount got = tiered_margin({.tiers = &table, .notional = row.at("notional"), .leverage = 1.0});
        ASSERT_EQ(got.status, MarginStatus::ok);
        expect_near_relative(got.maintenance, row.at("mm"), "mm");
        const MarginTier& tier = table.tier(table.index_of(row.at("notional")));
        EXPECT_EQ(tier.maintenance_rate, row.at("mmr"));
        expect_near_relative(tier.deduction, row.at("cum"), "cum");
        ++rows;
    }
    report("binance_tiers", rows);
}

TEST_F(MarginVectorsTest, LinearCrossLiquidationTakesTheTierAtThePrice) {
    TierTable table;
    ASSERT_EQ(table.assign(tiers(), 1e-9), TierProblem::none);
    std::size_t rows = 0;
    for (const json& row : file_.at("liq_linear")) {
        ASSERT_EQ(row.at("tiers"), "binance_tiers");
        const CrossPosition position{.wallet = row.at("WB"),
                                     .maintenance_other = row.at("TMM_other"),
                                     .unrealised_other = row.at("UPNL_other"),
                                     .amount = row.at("side").get<double>() * row.at("qty").get<double>(),
                                     .entry = row.at("entry")};
        const LiquidationPrice got = cross_linear_liquidation(position, table);
        ++rows;
        if (row.at("liq_price").is_null()) {
            EXPECT_EQ(got.status, LiquidationStatus::none);
            continue;
        }
        ASSERT_EQ(got.status, LiquidationStatus::found);
        expect_near_relative(got.price, row.at("liq_price"), "price");
        EXPECT_EQ(table.tier(got.tier).maintenance_rate, row.at("mmr"));
        expect_near_relative(table.tier(got.tier).deduction, row.at("cum"), "cum");
    }
    report("liq_linear", rows);
}

TEST_F(MarginVectorsTest, InverseCrossLiquidation) {
    std::size_t rows = 0;
    for (const json& row : file_.at("liq_inverse")) {
        const double size =
            row.at("side").get<double>() * row.at("contracts").get<double>() * row.at("face").get<double>();
        const LiquidationPrice got = cross_inverse_liquidation(
            {.wallet = row.at("WB_coin"), .amount = size, .entry = row.at("entry")}, row.at("mmr"), row.at("cum"));
        ++rows;
        if (row.at("liq_price").is_null()) {
            EXPECT_EQ(got.status, LiquidationStatus::none);
            continue;
        }
        ASSERT_EQ(got.status, LiquidationStatus::found);
        expect_near_relative(got.price, row.at("liq_price"), "price");
    }
    report("liq_inverse", rows);
}

TEST_F(MarginVectorsTest, DeribitStandardOptions) {
    const DeribitOptionMargin rates = test::deribit_tables().options.at("BTC");
    std::size_t rows = 0;
    for (const json& row : file_.at("deribit_inverse_option_standard")) {
        DeribitOption option{.type = type_of(row),
                             .quantity = row.at("qty"),
                             .underlying = row.at("F"),
                             .strike = row.at("K"),
                             .mark = row.at("mark_coin")};
        const MarginAmount got = deribit_option_margin(option, rates);
        ASSERT_EQ(got.status, MarginStatus::ok);
        expect_near_relative(got.initial, row.at("im_coin"), "im");
        expect_near_relative(got.maintenance, row.at("mm_coin"), "mm");
        // The linear form of the same contract asks the same, told in the stablecoin.
        option.payoff = Payoff::linear;
        option.mark *= option.underlying;
        const MarginAmount linear = deribit_option_margin(option, rates);
        expect_near_relative(linear.maintenance / option.underlying, row.at("mm_coin"), "linear mm");
        ++rows;
    }
    report("deribit_inverse_option_standard", rows);
}

TEST_F(MarginVectorsTest, BybitOptions) {
    const BybitOptionMargin rates = test::bybit_tables().option;
    std::size_t rows = 0;
    for (const json& row : file_.at("bybit_option")) {
        const MarginAmount got = bybit_option_margin({.type = type_of(row),
                                                      .quantity = row.at("qty"),
                                                      .index = row.at("S"),
                                                      .strike = row.at("K"),
                                                      .entry = row.at("entry"),
                                                      .mark = row.at("mark")},
                                                     rates);
        ASSERT_EQ(got.status, MarginStatus::ok);
        expect_near_relative(got.initial, row.at("im_usdc"), "im");
        expect_near_relative(got.maintenance, row.at("mm_usdc"), "mm");
        ++rows;
    }
    report("bybit_option", rows);
}

TEST_F(MarginVectorsTest, AdlScores) {
    std::size_t rows = 0;
    for (const json& row : file_.at("adl_score")) {
        const double size = row.at("side").get<double>() * row.at("qty").get<double>() * row.at("face").get<double>();
        const AdlScore got = adl_score({.payoff = row.at("inverse").get<bool>() ? Payoff::inverse : Payoff::linear,
                                        .amount = size,
                                        .entry = row.at("entry"),
                                        .mark = row.at("mark"),
                                        .bankruptcy = row.at("bankrupt")});
        ASSERT_EQ(got.status, MarginStatus::ok);
        expect_near_relative(got.leverage, row.at("effective_leverage"), "leverage");
        expect_near_relative(got.profit_ratio, row.at("pnl_pct"), "profit");
        expect_near_relative(got.score, row.at("score"), "score");
        ++rows;
    }
    report("adl_score", rows);
}

// Inside the delivery window a contract weighs (1 - f) in every cell and in the roll shock.
TEST_F(MarginVectorsTest, SettlementWindowShrinksTheMatrix) {
    const test::DeribitTables tables = test::deribit_tables();
    std::size_t rows = 0;
    for (const json& row : file_.at("settlement_twap")) {
        const double year = 365.0 * 1440.0;
        const double window = row.at("window").get<double>() / year;
        const double left = window - row.at("minutes").get<double>() / year;
        const double open = unsettled_ratio(left, window);
        EXPECT_NEAR(open, row.at("delta_multiplier").get<double>(), 1e-12);
        EXPECT_NEAR((1.0 - open) * row.at("twap_so_far").get<double>() + open * row.at("forward").get<double>(),
                    row.at("underlying_mark").get<double>(), 1e-7);
        const json& net = row.at("net_delta_example");
        EXPECT_NEAR(open * (net.at("delta").get<double>() - net.at("mark_coin").get<double>()),
                    net.at("net").get<double>(), 1e-12);

        const MatrixContract whole{.multiplier = 10.0, .price = row.at("forward"), .expiry = 1};
        MatrixContract expiring = whole;
        expiring.unsettled_ratio = open;
        DeribitRiskMatrix matrix{tables.matrices.at("btc_usd"), Payoff::inverse};
        DeribitRiskMatrix reference = matrix;
        ASSERT_EQ(matrix.set_index(row.at("forward")), MarginStatus::ok);
        ASSERT_EQ(reference.set_index(row.at("forward")), MarginStatus::ok);
        ASSERT_EQ(matrix.add(1'000.0, matrix.grid().unit_cells(expiring)), MarginStatus::ok);
        ASSERT_EQ(reference.add(1'000.0, matrix.grid().unit_cells(whole)), MarginStatus::ok);
        const double multiplier = row.at("delta_multiplier");
        const DeribitPortfolioParameters exact{.maintenance_ratio = tables.portfolio.maintenance_ratio};
        EXPECT_NEAR(matrix.margin(exact, {}).margin.maintenance,
                    multiplier * reference.margin(exact, {}).margin.maintenance, 1e-12);
        ++rows;
    }
    report("settlement_twap", rows);
}

TEST_F(MarginVectorsTest, OkxComposition) {
    const json& row = file_.at("okx_composition");
    const json& in = row.at("inputs");
    const OkxRiskUnit unit{.spot_shock = in.at("MR1"),
                           .theta_decay = in.at("MR2"),
                           .vega_term = in.at("MR3"),
                           .basis = in.at("MR4"),
                           .interest_rate = in.at("MR5"),
                           .extreme_move = in.at("MR6"),
                           .minimum_charge = in.at("MR7"),
                           .stablecoin_hedge = in.at("MR9")};
    const MarginAmount got = okx_risk_unit_margin(unit, test::okx_tables().portfolio);
    ASSERT_EQ(got.status, MarginStatus::ok);
    expect_near_relative(got.maintenance, row.at("mmr"), "mmr");
    expect_near_relative(got.initial, row.at("imr"), "imr");
    report("okx_composition", 1);
}

}  // namespace
}  // namespace keel::risk
