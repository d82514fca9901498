#pragma once

#include "engine/core/instrument.hpp"
#include "risk/margin/margin_amount.hpp"
#include "risk/margin/margin_parameters.hpp"
#include "risk/margin/tiered_margin.hpp"

namespace keel::risk {

// A USDC option of a unified account in cross mode.
struct BybitOption {
    OptionType type{OptionType::call};
    double quantity{0.0};  // signed coins
    double index{0.0};     // USD per coin
    double strike{0.0};
    double entry{0.0};  // average premium, USD
    double mark{0.0};   // USD
};

// Short: maintenance = (max(r S, r mark) + mark + fee S) |q|,
// initial = max((max(r S - OTM, floor S) + max(entry, mark)) |q|, maintenance). Long: nothing.
// Source: Bybit help centre, "Comparison of Spread Strategies".
// Thread: any. Allocates: never.
[[nodiscard]] MarginAmount bybit_option_margin(const BybitOption& position, const BybitOptionMargin& rates);

// A perpetual or future. `value` is unsigned: size * mark (linear), size / mark (inverse).
struct BybitPosition {
    const TierTable* tiers{nullptr};
    Side side{Side::bid};
    double value{0.0};
    double leverage{0.0};
    double taker_fee_rate{0.0};  // 0: leave the fee to close out of it, as the isolated examples do
};

// initial = V/L + close fee, maintenance = V * rate - deduction + close fee, with the fee taken at the
// bankruptcy price: V (1 -/+ 1/L) * taker for a long / short. Source: Bybit help centre, "Initial and
// Maintenance Margin (UTA)".
[[nodiscard]] MarginAmount bybit_position_margin(const BybitPosition& position);

// Portfolio mode of one base coin: maintenance = largest loss of the grid (>= 0) + contingencies, each
// given in USD; initial = factor * maintenance. Grids and contingency coefficients are not documented
// by the venue: calibrate with GET /v5/asset/portfolio-margin.
struct BybitPortfolioTerms {
    double loss_max{0.0};
    double short_options{0.0};
    double vega_spread{0.0};
    double stablecoin_spread{0.0};
    double delta_spread{0.0};
    double futures{0.0};
    double close_fee{0.0};
};
[[nodiscard]] MarginAmount bybit_portfolio_margin(const BybitPortfolioTerms& terms, double initial_factor);

}  // namespace keel::risk
