#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/core/instrument_table.hpp"
#include "engine/events/event.hpp"
#include "engine/journal/state_hash.hpp"
#include "risk/portfolio/valuation.hpp"

namespace keel::risk {

// One holding and everything that its last ticker made of it.
struct Position {
    Quantity quantity{};            // signed lots
    double average_price{0.0};      // entry, price units; harmonic for inverse contracts
    double realised{0.0};           // settlement currency, since start; option premium is cash, not here
    Money fees{};                   // paid since start, fee currency
    MarketInputs inputs{};          // of the latest ticker
    UnitValue unit{};               // per lot, from `inputs`
    bool valued{false};             // `unit` means something
    bool stale{false};              // inputs too old, or the latest ticker could not be priced
    std::uint8_t disagreements{0};  // consecutive reports of the venue that name the same other quantity
    Quantity reported{};            // that other quantity
};

}  // namespace keel::risk
