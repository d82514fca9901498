#include "risk/report/holding_profits.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tests/risk/book/random_book.hpp"

namespace keel::risk {
namespace {

// One holding revalued on its own: the definition.
double profit_usd(const Book& book, const MarketState& market, std::size_t row, double log_return,
                  double log_volatility) {
    const Contract& contract = book.contracts[row];
    if (contract.underlying == UnderlyingSlot::none) return 0.0;
    const auto u = static_cast<std::size_t>(contract.underlying);
    double volatility = 0.0;
    if (is_option(contract.kind)) {
        const UnixNanos expiry = market.expiries[static_cast<std::size_t>(contract.expiry)].expiry;
        const double weight = tenor_weight(VolatilityTenor::power, years_between(market.now, expiry));
        volatility = std::exp(log_volatility * weight) - 1.0;
    }
    std::vector<UnderlyingShock> moves(u + 1);
    moves[u] = {.spot = std::exp(log_return) - 1.0, .volatility = volatility};
    const Holding& holding = book.holdings[row];
    const double before = holding_value(contract, holding, market.quotes[row], market);
    const double after = holding_value(contract, holding, market.quotes[row], market, {.underlyings = moves});
    if (!settles_in_coin(contract.kind)) {
        return (after - before) * market.stables[static_cast<std::size_t>(contract.stable)];
    }
    return market.underlyings[u].index * (after * std::exp(log_return) - before);
}

TEST(HoldingProfitsTest, IsEachHoldingRevaluedOnItsOwn) {
    for (const std::uint64_t seed : {3U, 4U, 5U, 6U}) {
        test::RandomBook subject{seed, seed % 2 == 1};
        Book& book = subject.book;
        for (Holding& holding : book.holdings) {
            if (holding.quantity == 0.0) holding = {subject.uniform(-20.0, 20.0), subject.uniform(1'000.0, 50'000.0)};
        }
        HoldingProfits profits{book, subject.market};
        std::size_t moved = 0;
        for (int scenario = 0; scenario < 40; ++scenario) {
            const std::array log_returns{subject.uniform(-0.6, 0.5),
                                         scenario % 5 == 0 ? 0.0 : subject.uniform(-0.2, 0.2)};
            const std::array log_volatilities{subject.uniform(-0.8, 0.8), scenario % 7 == 0 ? 0.0 : 0.3};
            profits.move(log_returns, log_volatilities);
            for (std::size_t row = 0; row < book.contracts.size(); ++row) {
                const auto u = static_cast<std::size_t>(book.contracts[row].underlying);
                const bool moves = u < log_returns.size();
                const double want = profit_usd(book, subject.market, row, moves ? log_returns[u] : 0.0,
                                               moves ? log_volatilities[u] : 0.0);
                ASSERT_EQ(std::isnan(profits.usd(row)), std::isnan(want)) << "row " << row;
                if (std::isnan(want)) continue;
                EXPECT_NEAR(profits.usd(row), want, 1e-6) << "row " << row;  // of values up to a million USD
                moved += std::abs(want) > 1.0 ? 1U : 0U;
            }
        }
        EXPECT_GT(moved, 1'000U);
    }
}

// Where nothing moves nothing is gained, to the last bit; spans that are short mean the same.
TEST(HoldingProfitsTest, AStillMarketGainsNothing) {
    test::RandomBook subject{8};
    HoldingProfits profits{subject.book, subject.market};
    profits.move({}, {});
    for (std::size_t row = 0; row < subject.book.contracts.size(); ++row) EXPECT_EQ(profits.usd(row), 0.0);
}

}  // namespace
}  // namespace keel::risk
