#pragma once

#include <array>
#include <cstddef>
#include <limits>

#include "engine/core/counted.hpp"
#include "engine/core/fixed_vector.hpp"
#include "engine/core/ids.hpp"
#include "engine/events/decision.hpp"

namespace keel::strategies {

using MetricValues = std::array<double, static_cast<std::size_t>(Metric::count)>;

// Where an order of one instrument may be priced. Price units; NaN where unknown.
struct MarkBand {
    double mark{std::numeric_limits<double>::quiet_NaN()};
    double price_min{std::numeric_limits<double>::quiet_NaN()};  // the venue's own order band
    double price_max{std::numeric_limits<double>::quiet_NaN()};
};

// One instrument that may hedge, as risk sees it.
struct HedgeInstrument {
    InstrumentId instrument{InstrumentId::none};
    MarkBand mark{};
    double delta_per_lot{0.0};  // coin of the hedged delta per lot bought; NaN: no candidate
    Quantity position{};        // signed lots held
};

// What the hedge of one underlying needs from risk, copied at one moment.
struct HedgeView {
    UnderlyingId underlying{UnderlyingId::none};
    bool valid{false};                 // the numbers below are known
    bool reduce_only{false};           // leverage is beyond its hard boundary: holdings may only shrink
    double delta_coin{0.0};            // the hedged delta with working and unknown orders filled
    double gamma_coin_per_usd{0.0};    // dDelta/dF of the underlying's options
    double underlying_price_usd{0.0};  // per coin
    double realised_vol{0.0};          // fast estimate, fraction per sqrt(year); 0 where unknown
    double implied_vol{0.0};           // at the money, fraction; 0 where unknown
    double soft_distance_coin{std::numeric_limits<double>::infinity()};  // of the net_delta boundary
    MetricValues metrics{};
    FixedVector<HedgeInstrument, kCandidatesMax> instruments;
};

// A trade that the hedge chose.
struct HedgeTrade {
    InstrumentId instrument{InstrumentId::none};
    Side side{Side::bid};
    Quantity quantity{};  // lots, unsigned
};
using HedgeTrades = FixedVector<HedgeTrade, kCandidatesMax>;

}  // namespace keel::strategies
