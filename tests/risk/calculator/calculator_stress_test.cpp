#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <string>
#include <string_view>

#include "risk/stress/named_stress.hpp"
#include "tests/risk/calculator/calculator_subject.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

// Everything that a stress of prices can do at once.
const StressDefinition kAll{.id = "ALL",
                            .spot = 0.2,
                            .alt_beta = 1.5,
                            .volatility = 0.5,
                            .basis = 0.03,
                            .stable = -0.2,
                            .funding_8h = 0.005,
                            .days = 2.0};

std::vector<StressDefinition> price_stresses() {
    std::vector<StressDefinition> out = default_stresses();
    std::erase_if(out, [](const StressDefinition& definition) { return !is_price_stress(definition); });
    return out;
}

// The greatest difference from run_stresses() of the same holdings in the same market, over gross.
double worst_difference(const RiskCalculator& calculator, const Book& book, const MarketState& market,
                        std::span<const StressDefinition> definitions) {
    const std::vector<StressResult> want = run_stresses({.book = book, .market = market}, definitions);
    const NamedStresses& got = calculator.named_stresses();
    EXPECT_EQ(got.size(), want.size());
    double worst = 0.0;
    for (std::size_t i = 0; i < want.size(); ++i) {
        EXPECT_EQ(got.id(i), want[i].id);
        worst = std::max(worst, std::abs(got.pnl_usd(i) - want[i].pnl_usd));
    }
    return worst / std::max(1.0, calculator.book().account().value.usd.gross);
}

TEST(CalculatorStressTest, KeptAreTheStressesOfPrices) {
    std::string ids;
    for (const StressDefinition& definition : price_stresses()) ids += definition.id + " ";
    EXPECT_EQ(ids, "CRASH MELTUP IVSPIKE IVCRUSH DEPEG ");
}

// Half of the streams hold the clock: what is published is of this very moment then. Otherwise up to 30 s old.
TEST(CalculatorStressTest, NamedStressesEqualFullRevaluation) {
    const std::vector<StressDefinition> definitions = price_stresses();
    double worst_still = 0.0, worst_aged = 0.0;
    for (std::uint64_t seed = 1; seed <= 24 && !HasFailure(); ++seed) {
        test::CalculatorSubject subject{seed, seed % 4 == 3, seed % 3 == 0};
        subject.tell_all();
        subject.clock_stands = seed % 2 == 0;
        for (int event = 1; event <= 400 && !HasFailure(); ++event) {
            subject.step();
            if (!subject.source.one_in(4)) continue;
            subject.calculator.publish();
            const double off =
                worst_difference(subject.calculator, subject.book_now(), subject.market_now(), definitions);
            EXPECT_LE(off, subject.clock_stands ? 1e-9 : 1e-4) << "seed " << seed << " event " << event;
            double& worst = subject.clock_stands ? worst_still : worst_aged;
            worst = std::max(worst, off);
        }
        subject.calculator.resync();
        EXPECT_LE(worst_difference(subject.calculator, subject.book_now(), subject.market_now(), definitions), 1e-9)
            << "seed " << seed;
    }
    std::cout << "[ property ] named stresses against full revaluation: worst " << worst_still << " of gross, "
              << worst_aged << " as the clock runs\n";
}

TEST(CalculatorStressTest, EveryMoveOfAStressCounts) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        test::RandomBook source{seed};
        source.book.underlying_names[0] = "BTC";
        source.book.stable_names[1] = "USD";
        for (std::size_t i = 0; i < source.book.contracts.size(); ++i) {
            if (is_cash(source.book.contracts[i].kind)) continue;
            source.book.holdings[i] = {.quantity = i % 2 == 0 ? 30.0 : -20.0, .entry = source.market.quotes[i].mark};
            if (source.book.contracts[i].kind == ContractKind::liquidity) source.book.holdings[i].quantity = 5.0;
        }
        const RiskCalculator calculator{source.book, source.market, test::random_scenarios(seed), {}, {}, {kAll}};
        EXPECT_LE(worst_difference(calculator, source.book, source.market, std::span{&kAll, 1}), 1e-12)
            << "seed " << seed;
    }
}

TEST(CalculatorStressTest, WhatHasNoNameStandsStill) {
    test::RandomBook source{3};
    source.book.underlying_names.clear();
    source.book.stable_names.clear();
    const RiskCalculator calculator{source.book, source.market, test::random_scenarios(3), {}, {}, {kAll}};
    EXPECT_EQ(calculator.named_stresses().pnl_usd(0), 0.0);
}

// What cannot be priced yet is left out, as the definition leaves it out.
TEST(CalculatorStressTest, ACoinWithoutAnIndexIsLeftOut) {
    test::RandomBook source{8};
    source.market.underlyings[1].index = keel::test::kNaN;
    const RiskCalculator calculator{source.book, source.market, test::random_scenarios(8)};
    EXPECT_LE(worst_difference(calculator, source.book, source.market, price_stresses()), 1e-9);
}

}  // namespace
}  // namespace keel::risk
