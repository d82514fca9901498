#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>

#include "risk/exposure/concentration.hpp"
#include "risk/exposure/exposure_matrix.hpp"
#include "risk/exposure/leverage.hpp"
#include "tests/risk/stress/stress_book.hpp"

namespace keel::risk {
namespace {

TEST(LeverageTest, UnknownStaysUnknownAndNoEquityIsTheWorst) {
    const Leverage got = leverage({.equity_usd = 50.0, .gross_notional_usd = 200.0, .dollar_delta_usd = -25.0});
    EXPECT_DOUBLE_EQ(got.gross, 4.0);
    EXPECT_DOUBLE_EQ(got.net, 0.5);
    EXPECT_TRUE(std::isnan(got.risk));
    EXPECT_TRUE(std::isnan(got.margin));
    EXPECT_DOUBLE_EQ(leverage({.equity_usd = -1.0, .gross_notional_usd = 1.0}).gross, kLeverageWithoutEquity);
}

TEST(ConcentrationTest, DiversifiersCountNothing) {
    const std::array parts{6.0, 3.0, 1.0, -5.0, std::nan("")};
    const Concentration got = concentration(parts);
    EXPECT_DOUBLE_EQ(got.hhi, 0.46);
    EXPECT_DOUBLE_EQ(got.top1, 0.6);
    EXPECT_DOUBLE_EQ(got.top3, 1.0);
    EXPECT_TRUE(std::isnan(concentration(std::array{-1.0, 0.0}).hhi));
}

TEST(ConcentrationTest, TheStateEqualsTheDefinition) {
    constexpr std::uint64_t kSeed = 7;
    std::mt19937_64 random{kSeed};
    std::uniform_real_distribution value{-1e3, 1e4};
    ConcentrationState state{12};
    std::array<double, 12> parts{};
    for (int i = 0; i < 20'000; ++i) {
        const std::size_t part = random() % 12;
        ASSERT_TRUE(state.set(part, parts[part] = value(random)));
        const double want = concentration(parts).hhi;
        if (std::isnan(want)) continue;
        ASSERT_NEAR(state.hhi(), want, 1e-9) << "seed " << kSeed << " at " << i;
    }
    EXPECT_FALSE(state.set(0, std::nan("")));
}

// What rounding left of a large part would outweigh small ones.
TEST(ConcentrationTest, TheStateForgetsALargePartThatHasLeft) {
    ConcentrationState state{3};
    ASSERT_TRUE(state.set(0, 1e9 / 3.0) && state.set(1, 0.1) && state.set(2, 0.1));
    ASSERT_TRUE(state.set(0, 0.0));
    EXPECT_NEAR(state.hhi(), 0.5, 1e-12);
    ASSERT_TRUE(state.set(1, 0.0) && state.set(2, 0.0));
    EXPECT_TRUE(std::isnan(state.hhi()));
}

TEST(ExposureMatrixTest, SumsToTheBook) {
    const auto [book, market] = test::stress_book();
    const auto rows = exposure_matrix(book, market);
    EXPECT_EQ(rows.size(), 3U);  // alpha perpetual, alpha options, beta perpetual
    const Sensitivities sums = book_sensitivities(book, market, UnderlyingSlot{0}).sums;
    double delta = 0.0, vega = 0.0;
    for (const ExposureRow& row : rows) {
        delta += row.delta_net;
        vega += row.vega_usd;
        EXPECT_EQ(row.left_out, 0U);
        EXPECT_GT(row.notional_usd, 0.0);
        if (row.expiry == ExpirySlot::none) continue;
        EXPECT_NEAR(row.vega_w30_usd / row.vega_usd, std::sqrt(30.0 / 20.0), 1e-12);
    }
    EXPECT_NEAR(delta, sums.delta_net, 1e-12);
    EXPECT_NEAR(vega, sums.vega / 100.0, 1e-9);
}

TEST(ExposureMatrixTest, ANotionalInAStablecoinIsCountedAtItsPrice) {
    auto [book, market] = test::stress_book();
    market.stables = {0.9};
    const auto rows = exposure_matrix(book, market);
    EXPECT_DOUBLE_EQ(rows.at(1).notional_usd, 20'000.0) << "inverse: dollars already";
    EXPECT_DOUBLE_EQ(rows.at(2).notional_usd, 0.9 * 4.0 * 50'050.0);
    const std::array orders{OpenOrder{ContractSlot{0}, 2.0}};
    EXPECT_DOUBLE_EQ(open_order_exposure(book, market, UnderlyingSlot{0}, orders).notional_usd, 0.9 * 2.0 * 50'050.0);
}

TEST(OpenOrderExposureTest, EachSideAlone) {
    const auto [book, market] = test::stress_book();
    const double held = book_sensitivities(book, market, UnderlyingSlot{0}).sums.delta_net;
    const std::array orders{OpenOrder{ContractSlot{0}, 2.0}, OpenOrder{ContractSlot{0}, -1.0},
                            OpenOrder{ContractSlot{99}, 1.0}};
    const OpenOrderExposure got = open_order_exposure(book, market, UnderlyingSlot{0}, orders);
    EXPECT_NEAR(got.delta_high, held + 2.0, 1e-12);
    EXPECT_NEAR(got.delta_low, held - 1.0, 1e-12);
    EXPECT_NEAR(got.notional_usd, 2.0 * 50'050.0, 1e-9);
}

}  // namespace
}  // namespace keel::risk
