#include <gtest/gtest.h>

#include <iostream>
#include <map>

#include "risk/margin/deribit_portfolio.hpp"
#include "tests/risk/margin/margin_tables.hpp"
#include "tests/risk/margin/margin_vectors.hpp"

namespace keel::risk {
namespace {

using nlohmann::json;
using test::expect_near_relative;

// A contract of the file's book, or nothing where it does not settle in coin: the standard cells of the
// file sum inverse instruments only.
bool contract_of(const json& item, const json& market, MatrixContract& out) {
    const std::string kind = item.at("kind");
    if (kind == "inverse_perp" || kind == "inverse_future") {
        out = {.multiplier = item.at("face"), .price = item.at("mark")};
        return true;
    }
    if (kind != "inv_opt") return false;
    const std::string expiry = item.at("exp");
    out = {.type = item.at("th").get<int>() > 0 ? OptionType::call : OptionType::put,
           .price = market.at("forwards").at(expiry),
           .strike = item.at("K"),
           .years = market.at("T").at(expiry),
           .volatility = item.at("iv")};
    return true;
}

DeribitMatrixParameters parameters_of(const json& section) {
    const json& params = section.at("params");
    DeribitMatrixParameters p = test::deribit_tables().matrices.at("btc_usd");
    p.price_range = params.at("price_range");
    p.buckets = params.at("buckets");
    p.volatility_range_up = params.at("volatility_range_up");
    p.volatility_range_down = params.at("volatility_range_down");
    p.short_term_vega_power = params.at("short_term_vega_power");
    p.long_term_vega_power = params.at("long_term_vega_power");
    p.volatility_shocked_up_min = params.at("min_volatility_for_shock_up");
    p.extended_factor = params.at("extended_table_factor");
    p.extended_dampener_usd = params.at("extended_dampener_usd");
    p.annualised_move_risk = params.at("annualised_move_risk");
    p.annualised_move_min = params.at("min_annualised_move");
    p.pnl_offset_ratio = params.at("pnl_offset");
    const std::vector<double> moves = section.at("extended_moves");
    // Six of the eight lose nothing and count as zero, whatever their move: the moves themselves are those of the
    // table.
    EXPECT_TRUE(std::ranges::equal(moves, std::span{p.extended_moves}.first(p.extended_count)));
    EXPECT_LE(moves.size(), kMatrixExtendedMax);
    std::copy(moves.begin(), moves.end(), p.extended_moves.begin());
    p.extended_count = static_cast<std::uint32_t>(moves.size());
    return p;
}

TEST(DeribitMatrixVectorsTest, RevaluesTheBookOnEveryCell) {
    const auto path = keel::test::vectors_path("portfolio_stress.json");
    KEEL_SKIP_WITHOUT(path);
    const json file = test::vectors_of("portfolio_stress.json");
    const json& section = file.at("deribit_spm_like");
    DeribitRiskMatrix matrix{parameters_of(section), Payoff::inverse};
    ASSERT_EQ(matrix.set_index(file.at("market").at("index")), MarginStatus::ok);

    std::map<std::string, std::uint32_t> slots{{"perp", 0}};
    std::map<std::uint32_t, double> deltas;
    double gross = 0.0;  // coin: what the file's acceptance is relative to
    int skipped = 0;
    for (const json& item : file.at("instruments")) {
        MatrixContract contract;
        if (!contract_of(item, file.at("market"), contract)) {
            ++skipped;
            continue;
        }
        const std::string expiry = item.value("exp", "perp");
        contract.expiry = slots.try_emplace(expiry, static_cast<std::uint32_t>(slots.size())).first->second;
        if (item.contains("exp")) {
            ASSERT_EQ(matrix.set_expiry(contract.expiry, file.at("market").at("T").at(expiry)), MarginStatus::ok);
        }
        const UnitCells unit = matrix.grid().unit_cells(contract);
        ASSERT_EQ(unit.status, MarginStatus::ok) << item.at("name");
        const double quantity = item.at("qty");
        ASSERT_EQ(matrix.add(quantity, unit), MarginStatus::ok);
        deltas[contract.expiry] += quantity * unit.relative_delta;
        gross += std::abs(quantity) * (contract.type == OptionType::none ? contract.multiplier / contract.price : 1.0);
    }
    ASSERT_GT(gross, 0.0);
    const double room = 1e-9 * gross;
    std::size_t values = 0;
    const MatrixCells sums = matrix.sums();
    const std::vector<double> standard = section.at("standard_coin");
    ASSERT_EQ(standard.size(), matrix.grid().standard_count());
    for (std::size_t i = 0; i < standard.size(); ++i, ++values) EXPECT_NEAR(sums[i], standard[i], room) << i;
    const std::vector<double> extended = section.at("extended_coin");
    const MatrixCells adjusted = matrix.adjusted();
    for (std::size_t i = 0; i < extended.size(); ++i, ++values) {
        EXPECT_NEAR(adjusted[matrix.grid().standard_count() + i], extended[i], room) << i;
    }
    for (const auto& [expiry, delta] : section.at("delta_per_expiry_coin").items()) {
        EXPECT_NEAR(deltas.at(slots.at(expiry)), delta.get<double>(), room) << expiry;
        ++values;
    }
    const DeribitPortfolioParameters general{.maintenance_ratio = section.at("params").at("mm_factor")};
    const DeribitPortfolioMargin got = matrix.margin(general, {});
    ASSERT_EQ(got.margin.status, MarginStatus::ok);
    expect_near_relative(got.worst_case, section.at("worst_case"), "worst case");
    expect_near_relative(got.roll_shock, section.at("roll_shock"), "roll shock");
    EXPECT_EQ(got.delta_shock, section.at("delta_shock").get<double>());
    expect_near_relative(got.margin.initial, section.at("initial_margin_coin"), "initial");
    expect_near_relative(got.margin.maintenance, section.at("maintenance_margin_coin"), "maintenance");
    EXPECT_NEAR(sums[got.worst_cell], -got.worst_case, 1e-15);
    std::cout << "[ vectors  ] portfolio_stress.json deribit_spm_like: " << values + 5 << " values, " << skipped
              << " holdings of another ledger left out\n";
}

}  // namespace
}  // namespace keel::risk
