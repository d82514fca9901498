#include "risk/book/incremental_book.hpp"

#include <gtest/gtest.h>

#include "risk/book/expiring_option.hpp"
#include "tests/risk/book/small_book.hpp"

namespace keel::risk {
namespace {

using test::SmallBook;
constexpr UnderlyingSlot kCoin{0};
constexpr ExpirySlot kExpiry{0};

// Twenty coins of equity and thirty short straddles (strike and forward 65,000, 7 days, 60 %): the example of
// docs/risk-model.md ("Profit explained").
struct Straddles : SmallBook {
    Straddles() : SmallBook{65'000.0, 7.0, 21.98834} {
        call = add_option(ContractKind::inverse_option, OptionType::call, 65'000.0, 0.6, -30.0);
        put = add_option(ContractKind::inverse_option, OptionType::put, 65'000.0, 0.6, -30.0);
    }
    ContractSlot call{};
    ContractSlot put{};
};

TEST(IncrementalBookTest, WorkedExample) {
    const Straddles start;
    IncrementalBook book{start.book, start.market};
    const UnderlyingMetrics risk = book.underlying(kCoin).value;
    EXPECT_NEAR(risk.equity_coin, 20.0, 1e-5);
    EXPECT_NEAR(risk.greeks.delta_bs, -0.99417, 1e-5);
    EXPECT_NEAR(risk.greeks.delta_net, 0.99417, 1e-5) << "the opposite sign";
    EXPECT_NEAR(risk.greeks.gamma, -0.00442812, 1e-8);
    EXPECT_NEAR(risk.greeks.vega, -215'279.39, 0.01);
    EXPECT_NEAR(risk.greeks.theta, 3'367'584.8, 0.1);
    EXPECT_NEAR(risk.delta_usd, 20.99417, 1e-5);

    BookRules rules;
    rules.value_share = 1.0;  // hold the expansion to see its error
    IncrementalBook wide{start.book, start.market, rules};
    const std::uint64_t anchors = wide.work().anchors;
    EXPECT_EQ(wide.on_forward(kExpiry, 65'975.0), BookStatus::applied);
    EXPECT_EQ(wide.work().anchors, anchors) << "c = 0.18: inside the radius";
    const Bounded<UnderlyingMetrics> far = wide.underlying(kCoin);
    EXPECT_NEAR(far.value.greeks.delta_bs, -5.24092, far.bound.greeks.delta_bs + 1e-5);
    EXPECT_NEAR(far.value.greeks.gamma, -0.00426136, far.bound.greeks.gamma + 1e-8);
    EXPECT_LT(far.bound.greeks.delta_bs, 0.026) << "a tenth of what an expansion of second order would leave, 0.26";
    EXPECT_EQ(book.on_forward(kExpiry, 65'975.0), BookStatus::applied);
    book.resync();
    EXPECT_NEAR(book.underlying(kCoin).value.greeks.delta_bs, -5.24092, 1e-5);
    EXPECT_NEAR(book.underlying(kCoin).value.greeks.gamma, -0.00426136, 1e-8);
}

TEST(IncrementalBookTest, PricesABucketAnewWhenARuleSaysSo) {
    const Straddles start;
    const auto anchors_after = [&](const BookRules& rules, double band, auto event) {
        IncrementalBook book{start.book, start.market, rules};
        if (band > 0.0) book.set_hedge_band(kCoin, band);
        const std::uint64_t before = book.work().anchors;
        event(book);
        return book.work().anchors - before;
    };
    const auto forward = [](double price) {
        return [price](IncrementalBook& book) { (void)book.on_forward(kExpiry, price); };
    };
    const auto shift = [](double by) {
        return [by](IncrementalBook& book) { (void)book.on_volatility_shift(kExpiry, by); };
    };
    const auto wait = [](std::chrono::nanoseconds span) {
        return [span](IncrementalBook& book) { (void)book.on_clock(book.as_of() + span); };
    };
    BookRules loose;
    loose.value_share = 1.0;
    EXPECT_EQ(anchors_after(loose, 0.0, forward(66'300.0)), 0U);
    EXPECT_EQ(anchors_after(loose, 0.0, forward(66'400.0)), 1U) << "beyond 0.25 s = 0.0208";
    EXPECT_EQ(anchors_after(loose, 0.01, forward(66'000.0)), 1U) << "delta's bound beyond a share of the band";
    EXPECT_EQ(anchors_after({}, 0.0, forward(66'300.0)), 1U) << "value's bound beyond 1e-5 of equity";
    EXPECT_EQ(anchors_after(loose, 0.0, shift(0.0119)), 0U);
    EXPECT_EQ(anchors_after(loose, 0.0, shift(0.0121)), 1U) << "2 % of 60 %";
    loose.clock_jump = std::chrono::hours{1};
    EXPECT_EQ(anchors_after(loose, 0.0, wait(std::chrono::seconds{59})), 0U);
    EXPECT_EQ(anchors_after(loose, 0.0, wait(std::chrono::seconds{60})), 1U) << "the decay clock: at most a minute";
    EXPECT_EQ(anchors_after({}, 0.0, wait(std::chrono::seconds{6})), 1U) << "the clock jumped";
}

// Two coins for 65,000 stablecoins each beside 1,000 USD of face: the stablecoin's price moves the first alone.
TEST(IncrementalBookTest, ANotionalInAStablecoinMovesWithItsPrice) {
    SmallBook small{65'000.0, 10.0, 1.0, 100'000.0};
    for (const ContractSlot row : {small.add_perpetual(ContractKind::linear_future, 0.1, -20.0, 65'000.0),
                                   small.add_perpetual(ContractKind::inverse_future, 10.0, 100.0, 65'000.0)}) {
        small.book.contracts[static_cast<std::size_t>(row)].margin_rate = 0.02;
    }
    IncrementalBook book{small.book, small.market};
    for (const double price : {1.0, 0.9, 1.08}) {
        ASSERT_EQ(book.on_stable(StableSlot{0}, price), BookStatus::applied);
        small.market.stables[0] = price;
        const UnderlyingMetrics got = book.underlying(kCoin).value;
        EXPECT_NEAR(got.gross_usd, 130'000.0 * price + 1'000.0, 1e-6);
        EXPECT_NEAR(got.net_usd, -130'000.0 * price + 1'000.0, 1e-6);
        EXPECT_NEAR(got.margin_usd, 0.02 * got.gross_usd, 1e-6);
        const DollarSums full = book_sensitivities(small.book, small.market, kCoin).usd;
        EXPECT_NEAR(full.gross, got.gross_usd, 1e-6);
        EXPECT_NEAR(full.net, got.net_usd, 1e-6);
        EXPECT_NEAR(full.delta_linear, -130'000.0 * price, 1e-6);
    }
}

TEST(IncrementalBookTest, ClockNeverGoesBack) {
    const Straddles start;
    IncrementalBook book{start.book, start.market};
    const double theta_before = book.account().value.usd.equity;
    EXPECT_EQ(book.on_clock(book.as_of() + std::chrono::seconds{1}), BookStatus::applied);
    const double later = book.account().value.usd.equity;
    EXPECT_GT(later, theta_before) << "a short straddle earns its decay";
    EXPECT_EQ(book.on_clock(book.as_of() + std::chrono::seconds{-1}), BookStatus::refused);
    EXPECT_EQ(book.account().value.usd.equity, later);
    EXPECT_NE(book.quality() & kBookClock, 0);
}

TEST(IncrementalBookTest, FlagsDoubtAndTakesItBack) {
    Straddles start;
    const ContractSlot unpriced = start.add_option(ContractKind::inverse_option, OptionType::call, 70'000.0,
                                                   std::numeric_limits<double>::quiet_NaN(), 1.0);
    IncrementalBook book{start.book, start.market};
    EXPECT_EQ(book.quality(kCoin), kBookUnvalued);
    EXPECT_EQ(book.on_volatility(unpriced, 0.55), BookStatus::applied);
    EXPECT_EQ(book.quality(kCoin), kBookGood);
    const double delta = book.underlying(kCoin).value.greeks.delta_bs;
    EXPECT_EQ(book.on_volatility(unpriced, 5.01), BookStatus::refused);
    EXPECT_EQ(book.on_volatility(unpriced, 0.049), BookStatus::refused);
    EXPECT_EQ(book.on_volatility_shift(kExpiry, -0.56), BookStatus::refused);
    EXPECT_EQ(book.quality(kCoin), kBookRefused);
    EXPECT_EQ(book.underlying(kCoin).value.greeks.delta_bs, delta) << "the last good number stands";
    EXPECT_EQ(book.on_volatility(unpriced, 0.55), BookStatus::applied);
    EXPECT_EQ(book.on_forward(kExpiry, 65'000.0), BookStatus::applied);
    EXPECT_EQ(book.quality(kCoin), kBookGood);
    book.mark_stale(kCoin);
    EXPECT_EQ(book.quality(kCoin), kBookStale);
    EXPECT_EQ(book.on_index(kCoin, 65'001.0), BookStatus::applied);
    EXPECT_EQ(book.quality(), kBookGood);
}

// One absurd price changes a flag and nothing else; a market that really moved says so more than once.
TEST(IncrementalBookTest, AJumpWaitsForOthersLikeIt) {
    Straddles start;
    IncrementalBook book{start.book, start.market};
    const AccountMetrics before = book.account().value;
    for (const double absurd : {1e9, 1.0, 130'000.0, 650.0, 1e9}) {
        EXPECT_EQ(book.on_index(kCoin, absurd), BookStatus::refused) << absurd;
        EXPECT_EQ(book.on_forward(kExpiry, absurd), BookStatus::refused) << absurd;
        EXPECT_EQ(book.quality(kCoin), kBookRefused);
        EXPECT_EQ(book.account().value.usd.equity, before.usd.equity);
    }
    EXPECT_EQ(book.on_index(kCoin, 65'000.0), BookStatus::applied);
    EXPECT_EQ(book.on_forward(kExpiry, 65'000.0), BookStatus::applied);
    EXPECT_EQ(book.quality(kCoin), kBookGood);
    EXPECT_EQ(book.on_index(kCoin, 130'000.0), BookStatus::refused);
    EXPECT_EQ(book.on_index(kCoin, 131'000.0), BookStatus::refused);
    EXPECT_EQ(book.on_index(kCoin, 65'000.0), BookStatus::applied) << "one good price takes the doubt away";
    EXPECT_EQ(book.on_index(kCoin, 130'000.0), BookStatus::refused);
    EXPECT_EQ(book.on_index(kCoin, 131'000.0), BookStatus::refused);
    EXPECT_EQ(book.on_index(kCoin, 129'000.0), BookStatus::applied);
    EXPECT_EQ(book.quality(kCoin), kBookGood);
    EXPECT_EQ(book.on_index(kCoin, 130'000.0), BookStatus::applied);
    // Each near the one before is not the same price thrice; neither is one with nonsense between.
    EXPECT_EQ(book.on_index(kCoin, 260'000.0), BookStatus::refused);
    EXPECT_EQ(book.on_index(kCoin, 370'000.0), BookStatus::refused);
    EXPECT_EQ(book.on_index(kCoin, 520'000.0), BookStatus::refused);
    EXPECT_EQ(book.on_index(kCoin, 520'000.0), BookStatus::refused);
    EXPECT_EQ(book.on_index(kCoin, -1.0), BookStatus::refused);
    EXPECT_EQ(book.on_index(kCoin, 520'000.0), BookStatus::refused);
    EXPECT_EQ(book.on_index(kCoin, 195'000.0), BookStatus::applied) << "half as much again is no jump";
}

// A band that is none leaves the last one, which buckets are held to.
TEST(IncrementalBookTest, NonsenseNeverWidensABand) {
    const Straddles start;
    const auto anchors = [&](auto&& set_bands) {
        IncrementalBook book{start.book, start.market};
        set_bands(book);
        const std::uint64_t before = book.work().anchors;
        (void)book.on_forward(kExpiry, 65'100.0);
        return book.work().anchors - before;
    };
    const auto narrow = [](IncrementalBook& book) { book.set_hedge_band(kCoin, 1e-6); };
    EXPECT_EQ(anchors([](IncrementalBook&) {}), 0U);
    EXPECT_EQ(anchors(narrow), 1U);
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), -1.0}) {
        EXPECT_EQ(anchors([&](IncrementalBook& book) {
                      narrow(book);
                      book.set_hedge_band(kCoin, bad);
                  }),
                  1U)
            << bad;
    }
}

// What is delivered is paid out for good.
TEST(IncrementalBookTest, AnAbsurdDeliveryPaysNothing) {
    Straddles start;
    IncrementalBook book{start.book, start.market};
    const double equity = book.account().value.usd.equity;
    EXPECT_EQ(book.on_settlement_average(kExpiry, 1e9), BookStatus::refused);
    EXPECT_EQ(book.on_settlement(kExpiry, 1e9), BookStatus::refused);
    EXPECT_EQ(book.on_settlement(kExpiry, 1.0), BookStatus::refused);
    EXPECT_EQ(book.quality(kCoin), kBookRefused);
    EXPECT_EQ(book.account().value.usd.equity, equity);
    EXPECT_EQ(book.on_settlement(kExpiry, 65'500.0), BookStatus::applied);
    EXPECT_EQ(book.quality(kCoin), kBookGood);
}

// A book that begins without a price has no number from it, says so, and heals with the first good one.
TEST(IncrementalBookTest, APriceThatIsNoneAtTheStartIsInNoSum) {
    Straddles start;
    const double equity = IncrementalBook{start.book, start.market}.account().value.usd.equity;
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(), 0.0, -5.0, 1e12}) {
        for (const bool stable : {false, true}) {
            MarketState market = start.market;
            (stable ? market.stables[0] : market.underlyings[0].index) = bad;
            IncrementalBook book{start.book, market};
            EXPECT_TRUE(std::isfinite(book.account().value.usd.equity));
            EXPECT_NE(book.quality(), kBookGood);
            const BookStatus told = stable ? book.on_stable(StableSlot{0}, start.market.stables[0])
                                           : book.on_index(kCoin, start.market.underlyings[0].index);
            EXPECT_EQ(told, BookStatus::applied);
            EXPECT_NEAR(book.account().value.usd.equity, equity, 1e-9 * std::abs(equity));
            EXPECT_EQ(book.quality(), kBookGood);
        }
    }
}

TEST(IncrementalBookTest, AGoodFlowEndsTheDoubtAboutItsCash) {
    test::SmallBook source{65'000.0, 30.0, 10.0};
    IncrementalBook book{source.book, source.market};
    EXPECT_EQ(book.on_cash(source.coin_cash, std::numeric_limits<double>::quiet_NaN()), BookStatus::refused);
    book.mark_stale(source.coin_cash);
    EXPECT_EQ(book.quality(kCoin), kBookRefused | kBookStale);
    EXPECT_EQ(book.on_cash(source.coin_cash, 1.0), BookStatus::applied);
    EXPECT_EQ(book.quality(kCoin), kBookGood);
}

TEST(IncrementalBookTest, MarksWhatIsRecomputedWhenRead) {
    Straddles start;
    IncrementalBook book{start.book, start.market};
    book.clear_dirty();
    EXPECT_FALSE(book.dirty(kExpiry));
    EXPECT_EQ(book.on_index(kCoin, 65'010.0), BookStatus::applied);
    EXPECT_TRUE(book.dirty(kCoin));
    EXPECT_FALSE(book.dirty(kExpiry)) << "an index moves no option";
    EXPECT_EQ(book.on_forward(kExpiry, 65'010.0), BookStatus::applied);
    EXPECT_TRUE(book.dirty(kExpiry));
}

TEST(IncrementalBookTest, FundingIsForPerpetualsOnly) {
    SmallBook small{50'000.0, 30.0, 1.0, 1'000.0};
    const ContractSlot perpetual = small.add_perpetual(ContractKind::inverse_future, 10.0, 500.0, 50'000.0);
    const ContractSlot dated = small.add_perpetual(ContractKind::inverse_future, 10.0, 500.0, 50'000.0);
    small.book.contracts[static_cast<std::size_t>(dated)].expiry = kExpiry;
    IncrementalBook book{small.book, small.market};
    EXPECT_EQ(book.on_funding(dated, 1e-3), BookStatus::unknown_row);
    EXPECT_EQ(book.holding(small.coin_cash).quantity, 1.0);
    EXPECT_EQ(book.on_funding(perpetual, 1e-3), BookStatus::applied);
    EXPECT_NEAR(book.holding(small.coin_cash).quantity, 1.0 - 1e-3 * 0.1, 1e-15);
}

TEST(IncrementalBookTest, DepositsDoNotHideADrawdown) {
    SmallBook small{50'000.0, 30.0, 0.0, 100'000.0};
    const ContractSlot perpetual = small.add_perpetual(ContractKind::linear_future, 1.0, 1.0, 50'000.0);
    IncrementalBook book{small.book, small.market};
    EXPECT_EQ(book.on_mark(perpetual, 40'000.0), BookStatus::applied);
    EXPECT_NEAR(book.account().value.drawdown, 0.10, 1e-12);
    EXPECT_EQ(book.on_cash(small.stable_cash, 90'000.0), BookStatus::applied);
    EXPECT_NEAR(book.account().value.drawdown, 0.10, 1e-12) << "twice the money, the same loss";
    EXPECT_EQ(book.on_cash(small.stable_cash, -120'000.0), BookStatus::applied);
    EXPECT_NEAR(book.account().value.drawdown, 0.10, 1e-12) << "a withdrawal is no loss";
    EXPECT_EQ(book.on_mark(perpetual, 50'000.0), BookStatus::applied);
    EXPECT_NEAR(book.account().value.drawdown, 0.0, 1e-12);
}

TEST(IncrementalBookTest, LinearMarginIsAShareOfNotional) {
    SmallBook small{50'000.0, 30.0, 10.0, 100'000.0};
    const ContractSlot perpetual = small.add_perpetual(ContractKind::linear_future, 1.0, -2.0, 50'000.0);
    small.book.contracts[static_cast<std::size_t>(perpetual)].margin_rate = 0.02;
    const ContractSlot option = small.add_option(ContractKind::inverse_option, OptionType::put, 45'000.0, 0.7, -4.0);
    small.book.contracts[static_cast<std::size_t>(option)].margin_rate = 0.15;
    IncrementalBook book{small.book, small.market};
    EXPECT_NEAR(book.account().value.usd.margin, 0.02 * 100'000.0 + 0.15 * 4.0 * 50'000.0, 1e-9);
    EXPECT_EQ(book.on_index(kCoin, 60'000.0), BookStatus::applied);
    EXPECT_NEAR(book.account().value.usd.margin, 0.02 * 100'000.0 + 0.15 * 4.0 * 60'000.0, 1e-9);
}

// Through the window, to expiry and settlement: the incremental book is the definition at every minute.
TEST(SettlementWindowTest, BookFollowsTheDefinitionToDelivery) {
    SmallBook small{65'000.0, 40.0 / 1'440.0, 5.0, 1'000.0};
    small.market.expiries[0].settlement_window = std::chrono::minutes{30};
    small.add_option(ContractKind::inverse_option, OptionType::call, 65'050.0, 0.6, -7.0);
    small.add_option(ContractKind::linear_option, OptionType::put, 64'900.0, 0.62, 11.0);
    const ContractSlot future = small.add_perpetual(ContractKind::inverse_future, 10.0, 900.0, 65'000.0);
    small.book.contracts[static_cast<std::size_t>(future)].expiry = kExpiry;
    IncrementalBook book{small.book, small.market};
    MarketState market = small.market;
    for (int minute = 1; minute <= 40; ++minute) {
        market.now = test::kSmallBookStart + std::chrono::minutes{minute};
        market.expiries[0].forward = 65'000.0 + 60.0 * std::sin(minute);
        ASSERT_EQ(book.on_clock(market.now), BookStatus::applied);
        ASSERT_EQ(book.on_forward(kExpiry, market.expiries[0].forward), BookStatus::applied);
        if (minute > 10) {
            market.expiries[0].settlement_average = 65'000.0 + minute;
            ASSERT_EQ(book.on_settlement_average(kExpiry, 65'000.0 + minute), BookStatus::applied);
        }
        const Bounded<UnderlyingMetrics> got = book.underlying(kCoin);
        const Sensitivities want = book_sensitivities(small.book, market, kCoin).sums;
        const BookValue value = value_book(small.book, market);
        const auto near = [&](double number, double wanted, double bound, const char* what) {
            EXPECT_NEAR(number, wanted, bound + 1e-9 * std::max(1.0, std::abs(wanted))) << what << " minute " << minute;
        };
        near(got.value.equity_coin, value.coin[0], got.bound.equity_coin, "coin");
        near(book.equity_stable(StableSlot{0}).value, value.stable[0], book.equity_stable(StableSlot{0}).bound,
             "stable");
        near(got.value.greeks.delta_bs, want.delta_bs, got.bound.greeks.delta_bs, "delta_bs");
        near(got.value.greeks.delta_net, want.delta_net, got.bound.greeks.delta_net, "delta_net");
        near(got.value.greeks.gamma, want.gamma, got.bound.greeks.gamma, "gamma");
        near(got.value.greeks.theta, want.theta, got.bound.greeks.theta, "theta");
        near(got.value.greeks.vega, want.vega, got.bound.greeks.vega, "vega");
    }
    EXPECT_EQ(book.on_settlement(kExpiry, 65'040.0), BookStatus::applied);
    EXPECT_EQ(book.on_forward(kExpiry, 65'000.0), BookStatus::settled);
    EXPECT_EQ(book.on_fill(future, 1.0, 65'000.0, 0.0), BookStatus::settled);
    const UnderlyingMetrics flat = book.underlying(kCoin).value;
    EXPECT_NEAR(flat.greeks.delta_bs, 0.0, 1e-12);
    EXPECT_NEAR(flat.equity_coin, 5.0 + 9'000.0 * (1.0 / 65'000.0 - 1.0 / 65'040.0), 1e-12);
    EXPECT_NEAR(book.equity_stable(StableSlot{0}).value, 1'000.0, 1e-9);
}

TEST(IncrementalBookDeathTest, AStrikeBeyondReasonMakesNoBook) {
    for (const double strike : {1e31, 1.1e9, 1e-10, 0.0, std::numeric_limits<double>::quiet_NaN()}) {
        SmallBook small{60'000.0, 10.0, 1.0};
        (void)small.add_option(ContractKind::inverse_option, OptionType::call, strike, 0.6, 1.0);
        EXPECT_NE(contract_problem(small.book.contracts.back()), nullptr);
        EXPECT_DEATH(IncrementalBook(small.book, small.market), "contract_problem");
    }
    EXPECT_EQ(contract_problem({.kind = ContractKind::inverse_option, .strike = 1e9}), nullptr);
    EXPECT_EQ(contract_problem({.kind = ContractKind::linear_future}), nullptr) << "futures have none";
}

TEST(IncrementalBookDeathTest, ARangeThatIsNoneMakesNoBook) {
    for (const auto& [lower, upper] : {std::pair{2'000.0, 2'000.0}, {-1.0, 2'000.0}, {std::nan(""), 2'000.0}}) {
        SmallBook small{2'000.0, 10.0, 1.0};
        small.add({.kind = ContractKind::liquidity,
                   .underlying = UnderlyingSlot{0},
                   .stable = StableSlot{0},
                   .strike = lower,
                   .upper = upper},
                  1.0, {.mark = 2'000.0});
        EXPECT_NE(contract_problem(small.book.contracts.back()), nullptr);
        EXPECT_DEATH(IncrementalBook(small.book, small.market), "contract_problem");
    }
    EXPECT_EQ(contract_problem({.kind = ContractKind::liquidity}), nullptr) << "all prices";
}

}  // namespace
}  // namespace keel::risk
