#pragma once

#include <cstdint>

#include "engine/core/counted.hpp"
#include "risk/portfolio/valuation.hpp"

namespace keel::risk {

// One holding and everything that its last ticker made of it.
struct Position {
    Quantity quantity{};            // signed lots
    double average_price{0.0};      // entry, price units; harmonic for inverse futures; 0 while flat
    double realised{0.0};           // settlement currency, since start, before fees
    Money fees{};                   // paid since start, fee currency
    MarketInputs inputs{};          // of the latest ticker that could be priced
    UnitValue unit{};               // per lot, from `inputs`
    Quantity reported{};            // quantity of the last report of the venue that disagreed
    Quantity filled_unvalued{};     // lots traded since the last balance report, while not valued
    std::uint32_t anchor{0};        // number of the balance report that filled_unvalued counts from
    std::uint32_t report{0};        // number of the position snapshot that named it last
    std::uint8_t disagreements{0};  // consecutive reports that named `reported`
    bool known{false};              // a fill or a report has been seen
    bool valued{false};             // `unit` means something
    bool stale{false};              // inputs too old, or the latest ticker could not be priced
};

}  // namespace keel::risk
