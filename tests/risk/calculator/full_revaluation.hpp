#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "risk/report/holding_profits.hpp"
#include "tests/risk/calculator/calculator_subject.hpp"

// What a RiskCalculator publishes, computed anew from all that is held: the definition it is compared with.
namespace keel::risk::test {

// Every holding revalued in every scenario.
inline std::vector<double> full_pnl(const CalculatorSubject& subject, const ScenarioSet& set) {
    const Book book = subject.book_now();
    const MarketState market = subject.market_now();
    HoldingProfits profits{book, market};
    std::vector<double> out(set.scenarios());
    for (std::size_t s = 0; s < out.size(); ++s) {
        std::array<double, 2 * kCoins> moves{};
        for (std::size_t f = 0; f < moves.size(); ++f) moves[f] = set.log_moves(f)[s];
        profits.move(std::span{moves}.first(kCoins), std::span{moves}.subspan(kCoins));
        for (std::size_t row = 0; row < book.contracts.size(); ++row) {
            if (std::isfinite(profits.usd(row))) out[s] += profits.usd(row);
        }
    }
    return out;
}

struct Difference {
    double worst{0.0};
    double scale{0.0};
};
inline Difference difference(std::span<const double> got, std::span<const double> want) {
    Difference out;
    for (std::size_t i = 0; i < want.size(); ++i) {
        out.worst = std::max(out.worst, std::abs(got[i] - want[i]));
        out.scale = std::max(out.scale, std::abs(want[i]));
    }
    return out;
}

}  // namespace keel::risk::test
