#pragma once

#include <chrono>
#include <cstdint>

#include "engine/core/fixed_vector.hpp"
#include "engine/core/ids.hpp"
#include "engine/core/result.hpp"
#include "engine/events/command.hpp"

namespace keel::strategies {

// Which delta a hedge drives to its target: the coin value of the account, or its USD value.
enum class HedgeNumeraire : std::uint8_t { coin, usd };

inline constexpr std::size_t kHedgeInstrumentsMax = 64;  // perpetuals and futures of all underlyings together

// What the hedge of one underlying aims at.
struct HedgeTarget {
    UnderlyingId underlying{UnderlyingId::none};
    double delta_target_coin{0.0};
};

// Everything a user may set about hedging. Defaults suit a book of some ten BTC of options.
struct HedgeConfig {
    bool send_orders{true};  // false: decide and explain only (observe)
    HedgeNumeraire numeraire{HedgeNumeraire::coin};
    FixedVector<HedgeTarget, kUnderlyingsMax> targets;  // an underlying without a row aims at zero
    FixedVector<InstrumentId, kHedgeInstrumentsMax>
        instruments;  // allowed for hedging; empty: every perpetual and future

    // No-trade band.
    double risk_aversion_per_usd{2e-5};        // Whalley-Wilmott's ra
    double delta_risk_limit_usd{5'000.0};      // one-sigma P&L of the band over `band_horizon` stays below it
    std::chrono::seconds band_horizon{3'600};  // the spec's one hour
    double boundary_buffer_ratio{0.15};        // the band ends this far inside the soft boundary, past its clear level
    double volatility_floor_ratio{0.05};       // per sqrt(year); a band needs some volatility while the estimate starts

    // Cost model.
    double half_spread_fallback_bps{5.0};           // where the book is thin or missing a side: mark +- this
    double book_share_ratio{0.5};                   // of the visible quantity within the collar that one trade may take
    std::chrono::milliseconds book_age_max{2'000};  // an older book is stale: its instrument is no candidate
    double order_notional_max_usd{2'000'000.0};     // per child order; the gate has its own
    double order_coins_max{1e6};                    // the same in coin, where the gate limits coins
    double position_notional_max_usd{20'000'000.0};  // per hedging instrument

    // Execution.
    TimeInForce time_in_force{TimeInForce::immediate_or_cancel};
    double cross_bps{2.0};                             // a marketable limit goes this far through the level it needs
    double collar_bps{50.0};                           // and never further than this from the mark
    std::chrono::milliseconds reprice_after{500};      // a resting child is cancelled and priced again
    std::chrono::milliseconds retry_after{300};        // longer than the gate's duplicate window
    std::chrono::milliseconds deadline{5'000};         // then what is left is solved again
    std::uint8_t attempts_max{8};                      // orders per child and decision
    std::chrono::milliseconds settle_time{300};        // no second solve earlier while orders work
    std::chrono::milliseconds report_interval{1'000};  // at most one no-trade record per underlying and interval

    // Errors: config_invalid; detail is the slot of the first bad field in declaration order.
    [[nodiscard]] Result<void> validate() const;
};

}  // namespace keel::strategies
