#include "risk/book/profit_explain.hpp"

#include <gtest/gtest.h>

#include "tests/risk/book/random_book.hpp"
#include "tests/risk/book/small_book.hpp"

namespace keel::risk {
namespace {

using test::SmallBook;

MarketState moved(const MarketState& market, double forward_share, double volatility, double days) {
    MarketState out = market;
    for (ExpiryMarket& expiry : out.expiries) expiry.forward *= 1.0 + forward_share;
    for (ContractQuote& quote : out.quotes) {
        quote.mark *= 1.0 + forward_share;
        quote.volatility += volatility;
    }
    out.now = market.now + std::chrono::nanoseconds{std::llround(days * test::kDayNs)};
    return out;
}

// The example of docs/risk-model.md ("Profit explained"): thirty short straddles of 7 days at 60 %, forward 65,000 to
// 65,975. Second order -3,074.06, exact -3,052.84; the 21.2 between them is the residual.
TEST(ProfitExplainTest, ShortStraddlesThroughAMoveOfOnePointFivePercent) {
    SmallBook small{65'000.0, 7.0};
    small.add_option(ContractKind::linear_option, OptionType::call, 65'000.0, 0.6, -30.0);
    small.add_option(ContractKind::linear_option, OptionType::put, 65'000.0, 0.6, -30.0);
    const ProfitParts parts = explain_market_move(small.book, small.market, moved(small.market, 0.015, 0.0, 0.0));
    EXPECT_NEAR(parts.delta, -0.99417 * 975.0, 0.01);
    EXPECT_NEAR(parts.gamma, -0.5 * 0.00442812 * 975.0 * 975.0, 0.01);
    EXPECT_NEAR(parts.delta + parts.gamma, -3'074.06, 0.01);
    EXPECT_NEAR(parts.profit(), -3'052.84, 0.01);
    EXPECT_NEAR(parts.residual, 21.2, 0.05);
    EXPECT_EQ(parts.vega, 0.0);
    EXPECT_EQ(parts.theta, 0.0);
}

TEST(ProfitExplainTest, EachPartHasItsSign) {
    SmallBook small{65'000.0, 30.0, 2.0, 10'000.0};
    small.add_option(ContractKind::linear_option, OptionType::call, 70'000.0, 0.6, 5.0);
    const auto explain = [&](double forward, double volatility, double days) {
        return explain_market_move(small.book, small.market, moved(small.market, forward, volatility, days));
    };
    EXPECT_GT(explain(0.01, 0.0, 0.0).delta, 0.0) << "a call gains with its forward";
    EXPECT_GT(explain(-0.01, 0.0, 0.0).gamma, 0.0) << "and loses less than its delta says";
    EXPECT_GT(explain(0.0, 0.01, 0.0).vega, 0.0);
    EXPECT_GT(explain(0.0, 0.01, 0.0).volga, 0.0) << "out of the money";
    EXPECT_LT(explain(0.0, 0.0, 1.0).theta, 0.0);
    EXPECT_GT(explain(0.01, 0.01, 0.0).vanna, 0.0) << "above the money vega grows with the forward";
    MarketState after = small.market;
    after.underlyings[0].index *= 1.01;
    after.stables[0] = 0.99;
    const ProfitParts parts = explain_market_move(small.book, small.market, after);
    const double premium =
        holding_value(small.book.contracts[2], small.book.holdings[2], small.market.quotes[2], small.market);
    EXPECT_NEAR(parts.conversion, 2.0 * 650.0 - 0.01 * (10'000.0 + premium), 1e-9);
    EXPECT_NEAR(parts.profit(), parts.conversion, 1e-9);

    SmallBook pool{2'000.0, 30.0};
    pool.add({.kind = ContractKind::liquidity, .underlying = UnderlyingSlot{0}, .stable = StableSlot{0}}, 10.0,
             {.mark = 2'000.0});
    EXPECT_LT(explain_market_move(pool.book, pool.market, moved(pool.market, 0.05, 0.0, 0.0)).gamma, 0.0);
    EXPECT_LT(explain_market_move(pool.book, pool.market, moved(pool.market, -0.05, 0.0, 0.0)).gamma, 0.0);

    SmallBook futures{50'000.0, 30.0};
    futures.add_perpetual(ContractKind::inverse_future, 10.0, 1'000.0, 50'000.0);
    const ProfitParts inverse =
        explain_market_move(futures.book, futures.market, moved(futures.market, 0.01, 0.0, 0.0));
    EXPECT_NEAR(inverse.delta, 0.2 * 0.01 * 50'000.0, 1e-9);
    EXPECT_NEAR(inverse.gamma, -0.2 * 0.01 * 0.01 * 50'000.0, 1e-9)
        << "long inverse futures are short convexity in coin";
}

TEST(ProfitExplainTest, AccountEventsGoWhereTheyBelong) {
    SmallBook small{50'000.0, 30.0, 1.0, 1'000.0};
    const ContractSlot perpetual = small.add_perpetual(ContractKind::linear_future, 1.0, 0.0, 50'000.0);
    IncrementalBook book{small.book, small.market};
    ProfitExplain explain;
    const auto equity = [&] { return book.account().value.usd.equity; };
    double before = equity();
    const double start = before;
    EXPECT_EQ(book.on_fill(perpetual, 2.0, 49'990.0, 5.0), BookStatus::applied);
    explain.on_account(before, equity(), {.fees_paid_usd = 5.0});
    before = equity();
    EXPECT_EQ(book.on_funding(perpetual, 1e-4), BookStatus::applied);
    explain.on_account(before, equity(), {.funding_usd = book.tally(small.stable_cash).funding.value()});
    before = equity();
    EXPECT_EQ(book.on_cash(small.stable_cash, -300.0), BookStatus::applied);
    explain.on_account(before, equity(), {.flows_usd = -300.0});
    const ProfitParts& parts = explain.parts();
    EXPECT_NEAR(parts.trading, 20.0, 1e-9) << "bought two at ten below the mark";
    EXPECT_EQ(parts.fees, -5.0);
    EXPECT_NEAR(parts.funding, -10.0, 1e-9) << "longs pay a positive rate";
    EXPECT_EQ(parts.flows, -300.0);
    EXPECT_NEAR(parts.profit(), 5.0, 1e-9);
    EXPECT_NEAR(parts.change(), equity() - start, 1e-9);
}

// A day before its expiry a greek times a move says nothing of what an option pays two days later.
TEST(ProfitExplainTest, AnOptionDeliveredWithinTheStepIsResidual) {
    SmallBook small{65'000.0, 1.0};
    const ContractSlot call = small.add_option(ContractKind::linear_option, OptionType::call, 64'000.0, 0.6, 2.0);
    MarketState after = moved(small.market, 0.02, 0.0, 2.0);
    const std::size_t row = static_cast<std::size_t>(call);
    after.quotes[row].volatility = 0.0;
    EXPECT_TRUE(is_delivered(small.book.contracts[row], small.market, after));
    const double worth =
        holding_value(small.book.contracts[row], small.book.holdings[row], small.market.quotes[row], small.market);
    const ProfitParts parts = explain_market_move(small.book, small.market, after);
    EXPECT_NEAR(parts.residual, 2.0 * 2'300.0 - worth, 1e-9);
    EXPECT_EQ(parts.residual, parts.profit()) << "no greek takes part";
    EXPECT_FALSE(is_delivered(small.book.contracts[row], small.market, moved(small.market, 0.02, 0.0, 0.5)));
    EXPECT_FALSE(is_delivered(small.book.contracts[row], after, moved(after, 0.02, 0.0, 1.0))) << "it was before";
}

// The parts add up to the change of a random book, and what is left over is of third order: half the step, an eighth
// of the residual.
TEST(ProfitExplainTest, SumsExactlyAndLeavesThirdOrder) {
    double whole = 0.0;
    double half = 0.0;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        test::RandomBook source{seed};
        for (std::size_t i = 0; i < source.book.contracts.size(); ++i) {
            if (is_cash(source.book.contracts[i].kind)) continue;
            source.book.holdings[i] = {.quantity = std::round(source.uniform(-9.0, 9.0)),
                                       .entry = source.market.underlyings[0].index};
        }
        const auto residual = [&](double scale) {
            const MarketState after = moved(source.market, 0.002 * scale, 0.002 * scale, 0.0);
            const ProfitParts parts = explain_market_move(source.book, source.market, after);
            const double change = value_book(source.book, after).usd - value_book(source.book, source.market).usd;
            EXPECT_NEAR(parts.change(), change, 1e-9 * std::abs(value_book(source.book, after).usd)) << "seed " << seed;
            EXPECT_LT(std::abs(parts.residual),
                      0.02 * (std::abs(parts.delta) + std::abs(parts.gamma) + std::abs(parts.vega)))
                << "seed " << seed;
            return parts.residual;
        };
        (void)residual(1.0);
        whole += std::abs(residual(0.1));
        half += std::abs(residual(0.05));
    }
    EXPECT_NEAR(whole / half, 8.0, 0.5);
}

// Along a path the residual shrinks with the step: a hundred steps leave far less than one.
TEST(ProfitExplainTest, APathLeavesLessThanAJump) {
    SmallBook small{65'000.0, 7.0};
    small.add_option(ContractKind::inverse_option, OptionType::call, 65'000.0, 0.6, -30.0);
    ProfitExplain path;
    MarketState before = small.market;
    for (int i = 1; i <= 100; ++i) {
        MarketState after = moved(small.market, 0.0002 * i, 0.0005 * i, 0.01 * i);
        path.on_market(small.book, before, after);
        before = after;
    }
    const ProfitParts jump = explain_market_move(small.book, small.market, before);
    EXPECT_NEAR(path.parts().change(), jump.change(), 1e-7);
    EXPECT_LT(std::abs(path.parts().residual), 0.05 * std::abs(jump.residual));
    EXPECT_LT(path.residual_share(), 0.01);
}

}  // namespace
}  // namespace keel::risk
