#pragma once

#include "risk/options/black76.hpp"

namespace keel::risk {

// Deribit delivers at the average of its index over the last 30 minutes.
inline constexpr double kSettlementWindowYears = 1'800.0 / (365.0 * 86'400.0);
inline constexpr double kSettlementFreezeYears = 5.0 / (365.0 * 86'400.0);

// How far the average that will be the delivery price is known.
struct SettlementEstimate {
    double elapsed{0.0};           // share of the window that has passed, 0..1
    double underlying{0.0};        // elapsed x average so far + (1 - elapsed) x forward: what is priced
    double delta_multiplier{1.0};  // 1 - elapsed: delta left of a future, or of an option's own
};

// `remaining` and `window` in years; `average_so_far` is not read before the window opens.
// Thread: any. Allocates: never.
[[nodiscard]] SettlementEstimate settlement_estimate(double forward, double average_so_far, double remaining,
                                                     double window = kSettlementWindowYears);

// Standard deviation that is left in the delivery price, relative to `underlying`: of an average over the window, so
// s^2 = sigma^2 (T - 2W/3) before it opens and sigma^2 tau (1-f)^2 (F/U)^2 / 3 inside, which agree at its start.
[[nodiscard]] double settlement_deviation(const SettlementEstimate& estimate, double forward, double volatility,
                                          double remaining, double window = kSettlementWindowYears);

// An option that is delivered against an average of the index. Values in USD per coin, as OptionGreeks.
struct SettlementGreeks {
    double price{0.0};
    double delta_bs{0.0};   // (1-f) V_U
    double delta_net{0.0};  // (1-f) (V_U - V/U), coin
    double gamma{0.0};      // (1-f)^2 V_UU
    double vega{0.0};       // of the option's own volatility
    double theta{0.0};      // per year, the index standing still
    SettlementEstimate estimate{};
    bool frozen{false};  // fewer than five seconds left: intrinsic value, (1-f) of its delta, no curvature
};

// `inputs.forward`, `years` (time to expiry) and `volatility` are the option's own; the rate is 0 for coin-settled
// ones. Leaves `out` untouched on bad_input, which includes an average that is not a positive price once the window is
// open. Thread: any. Allocates: never.
[[nodiscard]] PricingStatus settlement_greeks(const OptionInputs& inputs, double average_so_far, SettlementGreeks& out,
                                              double window = kSettlementWindowYears);

}  // namespace keel::risk
