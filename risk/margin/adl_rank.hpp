#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/core/instrument.hpp"
#include "risk/margin/margin_amount.hpp"

namespace keel::risk {

// A position as auto-deleveraging ranks it.
struct AdlPosition {
    Payoff payoff{Payoff::linear};
    double amount{0.0};  // signed: coins (linear) or USD face (inverse)
    double entry{0.0};
    double mark{0.0};
    double bankruptcy{0.0};  // price at which the position's own margin is gone
};

struct AdlScore {
    double score{0.0};     // higher is deleveraged sooner
    double leverage{0.0};  // effective: |mark value| / (mark value - bankruptcy value)
    double profit_ratio{0.0};
    MarginStatus status{MarginStatus::bad_input};
};

// score = profit * leverage where profit > 0, else profit / leverage, with
// profit = (mark value - entry value) / |entry value|. A value is amount * price (linear) or -amount / price
// (inverse). Source: BitMEX, "Auto-Deleveraging Explained". bad_input where the bankruptcy price is
// passed already: leverage has no meaning there.
// Thread: any. Allocates: never.
[[nodiscard]] AdlScore adl_score(const AdlPosition& position);

// One account of a venue's queue.
struct AdlAccount {
    std::uint32_t id{0};
    double quantity{0.0};  // unsigned
    double score{0.0};
};

// Place in the queue: the share of all quantity at or above, rounded up to a fifth; 0.2 is first.
struct AdlPlace {
    std::uint32_t id{0};
    double percentile_ratio{0.0};
    double deleveraged{0.0};  // of the quantity, when `quantity_to_close` runs down the queue
};

// Ranks `accounts` by score, highest first (equal scores by id), into `places` (same length). A score or
// quantity that is not finite ranks last with no quantity. `accounts` is reordered. O(n log n).
void adl_rank(std::span<AdlAccount> accounts, double quantity_to_close, std::span<AdlPlace> places);

// A venue's own indicator, and the range it uses (Binance 0..4, Bybit and OKX 1..5, 0 unknown).
struct AdlIndicatorScale {
    double lowest{0.0};
    double highest{0.0};
};

struct AdlParameters {
    AdlIndicatorScale scale{};
    double indicator_act{0.0};     // of five: from here on, 4
    double offset_ratio_act{0.0};  // share of another venue's risk that the leg offsets, 0.20
};

struct AdlRisk {
    double indicator{0.0};  // 1..5; 0 unknown
    double risk_usd{0.0};   // indicator / 5 * what losing the hedge would cost
    bool act{false};        // shrink both legs before the venue does
    MarginStatus status{MarginStatus::bad_input};
};

// `hedge_loss_usd`: cost of losing the leg (its offset of risk elsewhere); `offset_ratio`: share of
// another venue's risk that it offsets. An indicator outside of its scale is bad input; its risk is then
// the whole loss.
[[nodiscard]] AdlRisk adl_risk(double venue_indicator, double hedge_loss_usd, double offset_ratio,
                               const AdlParameters& parameters);

}  // namespace keel::risk
