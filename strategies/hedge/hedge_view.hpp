#pragma once

#include <array>
#include <cstddef>

#include "engine/core/counted.hpp"
#include "engine/core/fixed_vector.hpp"
#include "engine/core/ids.hpp"
#include "engine/events/decision.hpp"

namespace keel::strategies {

// One instrument that may hedge, as risk sees it.
struct HedgeInstrument {
    InstrumentId instrument{InstrumentId::none};
    double mark_price{0.0};  // price units; <= 0 or NaN: unknown, not a candidate
    Quantity position{};     // signed lots held
};

// What the hedge of one underlying needs from risk, copied at one moment.
struct HedgeView {
    UnderlyingId underlying{UnderlyingId::none};
    bool valid{false};               // every input of the numbers below is known and fresh
    double delta_coin{0.0};          // in the policy's numeraire, positions only (no working orders)
    double gamma_coin_per_usd{0.0};  // of the options of this underlying, dDelta/dF
    double underlying_price{0.0};    // USD per coin
    double volatility{0.0};          // realised or implied, the larger; fraction per sqrt(year)
    double realised_vol{0.0};
    std::uint64_t risk_version{0};
    std::array<double, static_cast<std::size_t>(Metric::count)> metrics{};
    FixedVector<HedgeInstrument, kCandidatesMax> instruments;
};

}  // namespace keel::strategies
