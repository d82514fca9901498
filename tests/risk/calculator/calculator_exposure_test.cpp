#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "risk/exposure/concentration.hpp"
#include "tests/risk/calculator/calculator_subject.hpp"

namespace keel::risk {
namespace {

using test::CalculatorSubject;
using test::kCoins;

constexpr std::uint64_t kStreams = 12;
constexpr int kEvents = 400;

// Gross notional of each part that a contract's key tells, from unit greeks as the report takes them.
std::vector<double> gross_by(const CalculatorSubject& subject, std::size_t parts, auto key) {
    const Book book = subject.book_now();
    const MarketState market = subject.market_now();
    std::vector<double> out(parts);
    for (std::size_t row = 0; row < book.contracts.size(); ++row) {
        const Contract& contract = book.contracts[row];
        Sensitivities unit;
        if (contract.underlying == UnderlyingSlot::none ||
            !contract_sensitivities(contract, market.quotes[row], market, unit)) {
            continue;
        }
        const double index = market.underlyings[static_cast<std::size_t>(contract.underlying)].index;
        out[key(contract)] += std::abs(book.holdings[row].quantity) * (unit.gross_usd + unit.gross_coins * index);
    }
    return out;
}

void expect_same(const ConcentrationState& got, const std::vector<double>& parts, const std::string& place) {
    const Concentration want = concentration(parts);
    const Concentration read = got.read();
    EXPECT_NEAR(got.hhi(), want.hhi, 1e-9) << place;
    EXPECT_NEAR(read.hhi, want.hhi, 1e-9) << place;
    EXPECT_NEAR(read.effective_bets, want.effective_bets, 1e-8) << place;
    EXPECT_NEAR(read.top1, want.top1, 1e-9) << place;
}

TEST(CalculatorExposureTest, ConcentrationIsThatOfEveryHolding) {
    for (std::uint64_t seed = 1; seed <= kStreams && !HasFailure(); ++seed) {
        CalculatorSubject subject{seed, seed % 4 == 3};
        for (int event = 1; event <= kEvents && !HasFailure(); ++event) {
            subject.step();
            if (!subject.source.one_in(4)) continue;
            subject.calculator.publish();
            const std::string place = "seed " + std::to_string(seed) + " event " + std::to_string(event);
            const auto coin = [](const Contract& c) { return static_cast<std::size_t>(c.underlying); };
            const auto venue = [](const Contract& c) { return static_cast<std::size_t>(c.venue); };
            expect_same(subject.calculator.by_underlying(), gross_by(subject, kCoins, coin), place);
            expect_same(subject.calculator.by_venue(), gross_by(subject, 2, venue), place);
        }
    }
}

}  // namespace
}  // namespace keel::risk
