#pragma once

#include "engine/core/instrument.hpp"
#include "engine/events/event.hpp"
#include "risk/portfolio/sensitivities.hpp"

namespace keel::risk {

// What an instrument's latest ticker said, and when it was received.
struct MarketInputs {
    double mark{0.0};        // price units of the instrument; NaN where the venue gave none
    double forward{0.0};     // options: forward of the expiry; others: the mark
    double volatility{0.0};  // options: mark iv, fraction
    double index{0.0};       // index at that ticker; NaN where the venue gave none
    double price_min{0.0};   // the venue's order price band; NaN where it gave none
    double price_max{0.0};
    double funding_8h{0.0};  // fraction; NaN where the venue gave none
    UnixNanos time{};        // receive time; 0: never
};

// Value and sensitivities of one lot held long.
struct UnitValue {
    double value{0.0};  // option premium per lot in the settlement currency; 0 for delta-one contracts,
                        // whose value depends on the entry
    Sensitivities risk{};
};

// Coin (linear, options, spot) or USD (inverse futures) that one lot stands for.
[[nodiscard]] double lot_face(const Instrument& instrument);

// Settles in the underlying coin: its profit belongs to the coin ledger.
[[nodiscard]] inline bool is_inverse(const Instrument& instrument) { return instrument.payoff == Payoff::inverse; }

// The inputs of a ticker, with mark standing in for the forward of delta-one contracts.
[[nodiscard]] MarketInputs inputs_from(const Ticker& ticker, const Instrument& instrument, UnixNanos received);

// Prices one lot at `inputs`, with the time to expiry counted from `inputs.time`. False (and `out`
// untouched) where the inputs cannot price it.
// Thread: any. Allocates: never.
[[nodiscard]] bool value_unit(const Instrument& instrument, const MarketInputs& inputs, UnitValue& out);

}  // namespace keel::risk
