#include <gtest/gtest.h>

#include <array>
#include <cmath>
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
        EXPECT_NEAR(got, want, 1e-9 * gross_usd_) << what;
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
}

TEST_F(StressVectorsTest, Greeks) {
    const Sensitivities sums = book_sensitivities(subject_.book, subject_.market, UnderlyingSlot{0}).sums;
    const json& want = file_.at("greeks").at("total");
    const auto near = [&](double got, const char* key) {
        const double value = want.at(key);
        EXPECT_NEAR(got, value, 1e-9 * std::max(1.0, std::abs(value))) << key;
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
    near(base_.coin[0] + sums.delta_inverse + sums.delta_linear_usd * subject_.market.stables[0] / index,
         "usd_delta_coin");
}

TEST_F(StressVectorsTest, Ladder) {
    const json& ladder = file_.at("ladder");
    for (std::size_t row = 0; row < ladder.at("spot").size(); ++row) {
        for (std::size_t column = 0; column < ladder.at("vol_rel").size(); ++column) {
            const std::array moves{
                UnderlyingShock{.spot = ladder.at("spot")[row], .volatility = ladder.at("vol_rel")[column]}};
            expect(pnl_usd({.underlyings = moves}), ladder.at("pnl_usd")[row][column],
                   "spot " + ladder.at("spot")[row].dump() + " vol " + ladder.at("vol_rel")[column].dump());
        }
    }
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
