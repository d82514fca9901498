#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "tests/risk/book/vector_book.hpp"
#include "tests/support/test_data.hpp"
#include "tests/support/vector_cases.hpp"

namespace keel::risk {
namespace {

using nlohmann::json;

class StressVectorsTest : public testing::Test {
protected:
    void SetUp() override {
        const auto path = keel::test::vectors_path("portfolio_stress.json");
        KEEL_SKIP_WITHOUT(path);
        file_ = json::parse(keel::test::read_file(*path));
        subject_ = test::vector_book(file_);
        base_ = value_book(subject_.book, subject_.market);
        ASSERT_EQ(base_.left_out, 0U);
        for (const auto& [name, value] : file_.at("base").at("per_instrument_usd").items()) {
            gross_usd_ += std::abs(value.get<double>());
        }
    }
    double pnl_usd(const Shock& shock) const {
        const BookValue moved = value_book(subject_.book, subject_.market, shock);
        EXPECT_EQ(moved.left_out, 0U);
        return moved.usd - base_.usd;
    }
    void expect(double got, double want, const std::string& what) const {
        EXPECT_NEAR(got, want, 1e-10 * gross_usd_) << what;  // the file's own acceptance
    }

    json file_;
    test::VectorBook subject_;
    BookValue base_;
    double gross_usd_{0.0};
};

// deribit_spm_like is compared in tests/risk/margin/, scenarios.hs in tests/risk/tail/.
TEST_F(StressVectorsTest, EverySectionIsKnown) {
    keel::test::VectorCases cases{"portfolio_stress.json"};
    cases.sections(file_, {"market", "instruments", "conventions", "base", "greeks", "ladder", "named",
                           "deribit_spm_like", "scenarios"});
    cases.report();
}

TEST_F(StressVectorsTest, Base) {
    expect(base_.usd, file_.at("base").at("usd"), "usd");
    EXPECT_NEAR(base_.coin[0], file_.at("base").at("coin").get<double>(), 1e-9);
    EXPECT_NEAR(base_.stable[0], file_.at("base").at("usdc").get<double>(), 1e-9 * gross_usd_);
    const json& each = file_.at("base").at("per_instrument_usd");
    ASSERT_EQ(each.size(), subject_.book.names.size());
    for (std::size_t i = 0; i < subject_.book.names.size(); ++i) {
        const Contract& contract = subject_.book.contracts[i];
        const double value =
            holding_value(contract, subject_.book.holdings[i], subject_.market.quotes[i], subject_.market);
        const double price =
            settles_in_coin(contract.kind) ? subject_.market.underlyings[0].index : subject_.market.stables[0];
        expect(value * price, each.at(subject_.book.names[i]), subject_.book.names[i]);
    }
}

TEST_F(StressVectorsTest, GreeksOfEachInstrument) {
    keel::test::VectorCases cases{"portfolio_stress.json greeks.per_instrument"};
    const std::map<std::string, double Sensitivities::*> members{{"delta_bs_coin", &Sensitivities::delta_bs},
                                                                 {"delta_net_coin", &Sensitivities::delta_net},
                                                                 {"gamma_bs_per_usd", &Sensitivities::gamma},
                                                                 {"vega_usd", &Sensitivities::vega},
                                                                 {"theta_usd", &Sensitivities::theta},
                                                                 {"vanna", &Sensitivities::vanna},
                                                                 {"volga", &Sensitivities::volga}};
    std::size_t compared = 0;
    for (const json& row : file_.at("greeks").at("per_instrument")) {
        const auto found = std::ranges::find(subject_.book.names, row.at("name").get<std::string>());
        ASSERT_NE(found, subject_.book.names.end()) << row;
        const auto i = static_cast<std::size_t>(found - subject_.book.names.begin());
        Sensitivities unit;
        ASSERT_TRUE(
            contract_sensitivities(subject_.book.contracts[i], subject_.market.quotes[i], subject_.market, unit));
        const Sensitivities held = scaled(unit, subject_.book.holdings[i].quantity);
        for (const auto& [name, want] : row.items()) {
            if (name == "name") continue;
            const auto member = members.find(name);
            if (member == members.end()) {
                cases.skip(*found + ' ' + name);
                continue;
            }
            const double value = want;
            EXPECT_NEAR(held.*member->second, value, 1e-9 * std::abs(value)) << *found << ' ' << name;
            ++compared;
        }
    }
    EXPECT_GT(compared, subject_.book.names.size());
    cases.report();
}

TEST_F(StressVectorsTest, Greeks) {
    const Sensitivities sums = book_sensitivities(subject_.book, subject_.market, UnderlyingSlot{0}).sums;
    const json& want = file_.at("greeks").at("total");
    const auto near = [&](double got, const char* key) {
        const double value = want.at(key);
        EXPECT_NEAR(got, value, 1e-9 * std::abs(value)) << key;
    };
    near(sums.delta_bs, "delta_bs_coin");
    near(sums.delta_net, "delta_net_coin");
    near(sums.gamma, "gamma_bs_per_usd");
    near(sums.vega, "vega_usd");
    near(sums.theta, "theta_usd");
    near(sums.vanna, "vanna");
    near(sums.volga, "volga");
    near(sums.delta_inverse, "delta_total_inverse_coin");
    const double index = subject_.market.underlyings[0].index;
    near(base_.coin[0] + sums.delta_inverse + sums.delta_linear_stable * subject_.market.stables[0] / index,
         "usd_delta_coin");
}

TEST_F(StressVectorsTest, Ladder) {
    const json& ladder = file_.at("ladder");
    double worst = std::numeric_limits<double>::infinity();
    std::size_t worst_row = 0;
    std::size_t worst_column = 0;
    for (std::size_t row = 0; row < ladder.at("spot").size(); ++row) {
        for (std::size_t column = 0; column < ladder.at("vol_rel").size(); ++column) {
            const std::array moves{
                UnderlyingShock{.spot = ladder.at("spot")[row], .volatility = ladder.at("vol_rel")[column]}};
            const double pnl = pnl_usd({.underlyings = moves});
            expect(pnl, ladder.at("pnl_usd")[row][column],
                   "spot " + ladder.at("spot")[row].dump() + " vol " + ladder.at("vol_rel")[column].dump());
            if (pnl >= worst) continue;
            worst = pnl;
            worst_row = row;
            worst_column = column;
        }
    }
    expect(worst, ladder.at("worst").at("pnl_usd"), "worst");
    EXPECT_EQ(ladder.at("spot")[worst_row], ladder.at("worst").at("spot"));
    EXPECT_EQ(ladder.at("vol_rel")[worst_column], ladder.at("worst").at("vol_rel"));
}

TEST_F(StressVectorsTest, Named) {
    const std::set<std::string> known{"sp", "iv_rel", "depeg", "dt", "pnl_usd"};
    keel::test::VectorCases cases{"portfolio_stress.json named"};
    for (const auto& [name, cell] : file_.at("named").items()) {
        const int before = cases.skipped();
        for (const auto& [field, value] : cell.items()) {
            if (!known.contains(field)) cases.skip(name + ", for its field " + field);
        }
        if (cases.skipped() > before) continue;
        const std::array moves{UnderlyingShock{.spot = cell.value("sp", 0.0), .volatility = cell.value("iv_rel", 0.0)}};
        const std::array stables{cell.value("depeg", 0.0)};
        expect(pnl_usd({.underlyings = moves, .stables = stables, .years = cell.value("dt", 0.0)}), cell.at("pnl_usd"),
               name);
    }
    cases.report();
}

TEST_F(StressVectorsTest, Scenarios) {
    const json& scenarios = file_.at("scenarios");
    for (std::size_t s = 0; s < scenarios.at("rv").size(); ++s) {
        const std::array moves{UnderlyingShock{.spot = std::expm1(scenarios.at("rv")[s][0].get<double>()),
                                               .volatility = std::expm1(scenarios.at("rv")[s][1].get<double>())}};
        expect(pnl_usd({.underlyings = moves}), scenarios.at("pnl_usd")[s], "scenario " + std::to_string(s));
    }
}

}  // namespace
}  // namespace keel::risk
