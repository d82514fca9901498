#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "tests/risk/calculator/calculator_subject.hpp"
#include "tests/risk/calculator/full_revaluation.hpp"

// What is added to a standing ladder, and when it is built anew.
namespace keel::risk {
namespace {

using test::CalculatorSubject;
using test::difference;
using test::Difference;
using test::full_pnl;

void hold_nothing(CalculatorSubject& subject) {
    const Book book = subject.book_now();
    for (std::size_t i = 0; i < book.contracts.size(); ++i) {
        if (is_cash(book.contracts[i].kind) || book.holdings[i].quantity == 0.0) continue;
        const ContractSlot slot{static_cast<std::uint32_t>(i)};
        EXPECT_EQ(subject.calculator.book().on_fill(slot, -book.holdings[i].quantity, 0.01, 0.0), BookStatus::applied);
    }
}

// Holds every option of the expiry, and answers one that does not settle alone.
ContractSlot hold_all(CalculatorSubject& subject, ExpirySlot expiry) {
    ContractSlot held{};
    std::size_t inverse = 0;
    for (std::size_t i = 0; i < subject.source.book.contracts.size(); ++i) {
        const Contract& contract = subject.source.book.contracts[i];
        if (!is_option(contract.kind) || contract.expiry != expiry) continue;
        const ContractSlot slot{static_cast<std::uint32_t>(i)};
        EXPECT_EQ(subject.calculator.book().on_fill(slot, 4.0, 0.01, 0.0), BookStatus::applied);
        if (contract.kind != ContractKind::inverse_option) continue;
        held = slot;
        ++inverse;
    }
    EXPECT_GT(inverse, 1U);
    return held;
}

// All volatilities alike shift the query; one against the others, or a fill, is an option added; many are another
// ladder.
TEST(CalculatorLaddersTest, AFillOrOneVolatilityIsAddedToTheLadder) {
    CalculatorSubject subject{5};
    RiskCalculator& calculator = subject.calculator;
    const ContractSlot held = hold_all(subject, ExpirySlot{2});
    calculator.resync();
    CalculatorWork work = calculator.work();
    std::vector<StableSlot> stables;
    for (const Contract& contract : subject.source.book.contracts) {
        if (!is_option(contract.kind) || contract.expiry != ExpirySlot{2}) continue;
        if (std::ranges::find(stables, contract.stable) == stables.end()) stables.push_back(contract.stable);
    }
    std::vector<double> standing(calculator.scenario_pnl_usd().begin(), calculator.scenario_pnl_usd().end());
    const auto moved = [&](std::uint64_t ladders, std::uint64_t added) {
        calculator.publish();
        const CalculatorWork before = std::exchange(work, calculator.work());
        EXPECT_EQ(work.ladders - before.ladders, ladders);
        EXPECT_EQ(work.added - before.added, added);
        const std::vector<double> full = full_pnl(subject, test::random_scenarios(5));
        const Difference off = difference(calculator.scenario_pnl_usd(), full);
        EXPECT_LE(off.worst, 1e-3 * off.scale);
        EXPECT_GT(difference(calculator.scenario_pnl_usd(), standing).worst, 0.0);
        standing.assign(calculator.scenario_pnl_usd().begin(), calculator.scenario_pnl_usd().end());
    };
    ASSERT_EQ(calculator.book().on_volatility_shift(ExpirySlot{2}, 0.002), BookStatus::applied);
    moved(0, 0);
    ASSERT_EQ(calculator.book().on_volatility(held, 1.03 * calculator.book().volatility(held)), BookStatus::applied);
    moved(0, 2);
    ASSERT_EQ(calculator.book().on_fill(held, 1.0, 0.01, 0.0), BookStatus::applied);
    moved(0, 1);
    const double quantity = calculator.book().holding(held).quantity;
    ASSERT_EQ(calculator.book().on_fill(held, -quantity, 0.01, 0.0), BookStatus::applied);
    moved(0, 1);
    ASSERT_EQ(calculator.book().on_fill(held, 3.0, 0.01, 0.0), BookStatus::applied);
    moved(0, 1);
    ASSERT_EQ(calculator.book().on_volatility_shift(ExpirySlot{2}, 0.2), BookStatus::applied);
    moved(stables.size(), 0);
}

// Beyond the nodes of a ladder the options themselves are valued: those that were added and removed since, too.
TEST(CalculatorLaddersTest, OutsideTheNodesWhatWasAddedIsValuedInFull) {
    CalculatorSubject subject{5};
    RiskCalculator& calculator = subject.calculator;
    ScenarioSet set = test::random_scenarios(5);
    ASSERT_TRUE(set.set_volatility(0, 0.5));  // seventeen times what the moves were
    calculator.set_volatility(0, 0.5);
    hold_nothing(subject);
    const ContractSlot held = hold_all(subject, ExpirySlot{2});
    calculator.resync();
    const std::uint64_t ladders = calculator.work().ladders;
    const std::uint64_t added = calculator.work().added;
    const auto expect_full = [&](const char* what) {
        calculator.publish();
        const std::vector<double> full = full_pnl(subject, set);
        const double gross = calculator.book().account().value.usd.gross;
        // What the options are worth now is read between nodes, and is in every scenario alike: differences have none.
        std::vector<double> got;
        std::vector<double> want;
        for (std::size_t s = 0; s < set.scenarios(); ++s) {
            if (std::abs(set.log_moves(0)[s]) < 0.31) continue;
            got.push_back(calculator.scenario_pnl_usd()[s] - (got.empty() ? 0.0 : got.front()));
            want.push_back(full[s] - (want.empty() ? 0.0 : want.front()));
        }
        EXPECT_GT(got.size(), 100U);
        got.front() = want.front() = 0.0;
        EXPECT_LE(difference(got, want).worst, 1e-9 * gross) << what;
        EXPECT_EQ(calculator.work().ladders, ladders);
    };
    const std::vector<Contract>& contracts = subject.source.book.contracts;
    for (std::size_t i = 0; i < contracts.size(); ++i) {
        if (!is_option(contracts[i].kind) || contracts[i].expiry != ExpirySlot{2}) continue;
        const ContractSlot slot{static_cast<std::uint32_t>(i)};
        ASSERT_EQ(calculator.book().on_volatility(slot, 1.04 * calculator.book().volatility(slot)),
                  BookStatus::applied);
    }
    expect_full("all volatilities alike");
    EXPECT_EQ(calculator.work().added, added);
    ASSERT_EQ(calculator.book().on_volatility(held, 1.05 * calculator.book().volatility(held)), BookStatus::applied);
    expect_full("one volatility");
    EXPECT_EQ(calculator.work().added, added + 2);
    ASSERT_EQ(calculator.book().on_fill(held, -9.0, 0.01, 0.0), BookStatus::applied);
    expect_full("a fill through zero");
    ASSERT_EQ(calculator.book().on_fill(held, 5.0, 0.01, 0.0), BookStatus::applied);
    expect_full("nothing held");
    ASSERT_EQ(calculator.book().on_fill(held, 2.0, 0.01, 0.0), BookStatus::applied);
    expect_full("held again");
}

// An expiry of hours has a denser ladder; in its last ones every scenario is expanded by itself.
TEST(CalculatorLaddersTest, AnExpiryOfHoursStillHasOne) {
    CalculatorSubject subject{5};
    RiskCalculator& calculator = subject.calculator;
    hold_nothing(subject);
    (void)hold_all(subject, ExpirySlot{3});
    const UnixNanos expiry = subject.market().expiries[3].expiry;
    for (const int seconds : {72'000, 7'200, 30}) {
        (void)calculator.book().on_clock(expiry + std::chrono::seconds{-seconds});
        const std::uint64_t ladders = calculator.work().ladders;
        calculator.resync();
        EXPECT_EQ(calculator.work().ladders > ladders, seconds > 20'000) << seconds;
        const std::vector<double> full = full_pnl(subject, test::random_scenarios(5));
        const double gross = calculator.book().account().value.usd.gross;
        EXPECT_LE(difference(calculator.scenario_pnl_usd(), full).worst, seconds > 20'000 ? 2e-5 * gross : 1e-9 * gross)
            << seconds;
    }
}

// Until something is built anew: the forward walks, volatilities move alone and together, fills come in, and the
// scenarios' own volatilities are rescaled.
TEST(CalculatorLaddersTest, AnExpiryOfMinutesOrHoursStaysCloseToFullRevaluation) {
    // The second expiry delivers on an average, which moves too.
    for (const auto& [slot, seconds] : {std::pair{3, 14'400}, {3, 2'400}, {3, 120}, {2, 1'500}, {2, 120}}) {
        const ExpirySlot expiry{static_cast<std::uint16_t>(slot)};
        CalculatorSubject subject{5};
        RiskCalculator& calculator = subject.calculator;
        ScenarioSet set = test::random_scenarios(5);
        hold_nothing(subject);
        const ContractSlot held = hold_all(subject, expiry);
        const auto market = [&] -> const ExpiryMarket& {
            return subject.market().expiries[static_cast<std::size_t>(slot)];
        };
        const double strike = subject.source.book.contracts[static_cast<std::size_t>(held)].strike;
        ASSERT_EQ(calculator.book().on_forward(expiry, strike), BookStatus::applied);
        (void)calculator.book().on_clock(market().expiry + std::chrono::seconds{-seconds});
        calculator.resync();
        const CalculatorWork before = calculator.work();
        std::mt19937_64 random{7};
        std::normal_distribution<double> normal;
        double worst = 0.0;
        for (int event = 0; event < 300; ++event) {
            const double forward = market().forward;
            ASSERT_EQ(calculator.book().on_forward(expiry, forward * std::exp(1e-4 * normal(random))),
                      BookStatus::applied);
            if (event % 17 == 2) (void)calculator.book().on_settlement_average(expiry, forward);
            if (event % 7 == 3) {
                ASSERT_EQ(calculator.book().on_fill(held, event % 2 == 0 ? 2.0 : -2.0, 0.01, 0.0), BookStatus::applied);
            }
            if (event % 11 == 5) {
                ASSERT_EQ(calculator.book().on_volatility_shift(expiry, 0.004 * normal(random)), BookStatus::applied);
            }
            if (event % 13 == 9) {
                const double volatility = calculator.book().volatility(held) * std::exp(0.01 * normal(random));
                ASSERT_EQ(calculator.book().on_volatility(held, volatility), BookStatus::applied);
            }
            if (event == 150) {
                const auto coin = static_cast<std::size_t>(market().underlying);
                const std::size_t factor = subject.market().underlyings.size() + coin;
                calculator.set_volatility(factor, 0.09);
                EXPECT_TRUE(set.set_volatility(factor, 0.09));
            }
            calculator.publish();
            if (event % 5 != 0) continue;
            const double gross = calculator.book().account().value.usd.gross;
            const Difference off = difference(calculator.scenario_pnl_usd(), full_pnl(subject, set));
            worst = std::max(worst, off.worst / gross);
        }
        // What WorldExpansion leaves of a move of the forward, and of 2 % of volatility with it.
        const double deviation = 0.6 * std::sqrt(seconds / 31'557'600.0);
        const double reach = std::min(1.0, std::cbrt(6.0 * WorldExpansion::kError / 0.242 / deviation));
        EXPECT_LE(worst, 1.1 * WorldExpansion::kError + 0.02 * (0.242 * reach + 0.003) * deviation)
            << slot << ' ' << seconds;
        EXPECT_GT(worst, 0.0) << slot << ' ' << seconds;
        EXPECT_GT(calculator.work().added, before.added + 40) << slot << ' ' << seconds;
    }
}

// Inside a window the variance left goes with the forward and the average: what was built at prices that jumped away
// is not what stands when they are back.
TEST(CalculatorLaddersTest, AJumpInsideTheWindowAndBackIsForgotten) {
    for (const int seconds : {900, 300}) {
        CalculatorSubject subject{5};
        IncrementalBook& book = subject.calculator.book();
        const ExpirySlot expiry{2};
        const ContractSlot held = hold_all(subject, expiry);
        hold_nothing(subject);
        ASSERT_EQ(book.on_fill(held, 4.0, 0.01, 0.0), BookStatus::applied);  // alone, so that another fill builds
        const double strike = subject.source.book.contracts[static_cast<std::size_t>(held)].strike;
        ASSERT_EQ(book.on_forward(expiry, strike), BookStatus::applied);
        ASSERT_EQ(book.on_settlement_average(expiry, strike), BookStatus::applied);
        (void)book.on_clock(subject.market().expiries[2].expiry + std::chrono::seconds{-seconds});
        subject.calculator.resync();
        const auto off = [&] {
            subject.calculator.publish();
            const std::vector<double> full = full_pnl(subject, test::random_scenarios(5));
            return difference(subject.calculator.scenario_pnl_usd(), full).worst / book.account().value.usd.gross;
        };
        for (const double jump : {1.45, 0.7}) {
            ASSERT_EQ(book.on_forward(expiry, jump * strike), BookStatus::applied);
            ASSERT_EQ(book.on_fill(held, 1.0, 0.01, 0.0), BookStatus::applied);
            EXPECT_LE(off(), 4e-6) << jump;
            ASSERT_EQ(book.on_forward(expiry, strike), BookStatus::applied);
            EXPECT_LE(off(), 4e-6) << jump;
            ASSERT_EQ(book.on_settlement_average(expiry, jump * strike), BookStatus::applied);
            ASSERT_EQ(book.on_fill(held, 1.0, 0.01, 0.0), BookStatus::applied);
            EXPECT_LE(off(), 4e-6) << jump;
            ASSERT_EQ(book.on_settlement_average(expiry, strike), BookStatus::applied);
            EXPECT_LE(off(), 4e-6) << jump;
        }
    }
}

// Without a resynchronisation between, and time standing still.
TEST(CalculatorLaddersTest, AnOptionAddedAndTakenOutLeavesEveryScenarioAsItWas) {
    CalculatorSubject subject{5};
    RiskCalculator& calculator = subject.calculator;
    const ContractSlot held = hold_all(subject, ExpirySlot{2});
    calculator.resync();
    const std::vector<double> before(calculator.scenario_pnl_usd().begin(), calculator.scenario_pnl_usd().end());
    const CalculatorWork work = calculator.work();
    const double gross = calculator.book().account().value.usd.gross;
    // Beyond the bound of updates a ladder is built anew: at the same prices it is the same one.
    for (int turn = 0; turn < 300; ++turn) {
        for (const double quantity : {12.5, -12.5}) {
            ASSERT_EQ(calculator.book().on_fill(held, quantity, 0.01, 0.0), BookStatus::applied);
            calculator.publish();
        }
    }
    EXPECT_NEAR(static_cast<double>(calculator.work().added - work.added), 600.0, 5.0);
    EXPECT_GE(calculator.work().ladders, work.ladders + 2);
    EXPECT_LE(calculator.work().ladders, work.ladders + 6);
    EXPECT_LE(difference(calculator.scenario_pnl_usd(), before).worst, 1e-11 * gross);
}

}  // namespace
}  // namespace keel::risk
