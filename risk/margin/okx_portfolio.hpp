#pragma once

#include <span>

#include "risk/margin/margin_amount.hpp"
#include "risk/margin/margin_parameters.hpp"

namespace keel::risk {

// The parts of OKX's portfolio margin of one risk unit, each a positive number of USD. How the venue
// arrives at each of them changes often: take them from POST /account/position-builder, or compute MR1,
// MR6 and MR7 with the functions below.
struct OkxRiskUnit {
    double spot_shock{0.0};        // MR1: largest loss of spot moves x volatility moves
    double theta_decay{0.0};       // MR2
    double vega_term{0.0};         // MR3: volatility term structure
    double basis{0.0};             // MR4
    double interest_rate{0.0};     // MR5
    double extreme_move{0.0};      // MR6
    double minimum_charge{0.0};    // MR7, after okx_minimum_charge
    double stablecoin_hedge{0.0};  // MR9: USDT, USDC and USD against each other
};

// MMR = max(max(MR1, MR2, MR6) + MR3 + MR4 + MR5 + MR9, MR7), IMR = factor * MMR.
// Source: OKX help centre, "Portfolio margin mode: risk unit merge". Borrowing (MR8) is added by account.
// Thread: any. Allocates: never.
[[nodiscard]] MarginAmount okx_risk_unit_margin(const OkxRiskUnit& unit, const OkxPortfolioParameters& parameters);

// MR1 from the profits of the grid: the largest loss, never below zero. NaN where a profit is not finite,
// which the composition refuses.
[[nodiscard]] double okx_largest_loss(std::span<const double> profits_usd);

// MR6 from the profit at the doubled shock.
[[nodiscard]] double okx_extreme_move(double profit_usd, const OkxPortfolioParameters& parameters);

// MR7 from the raw slippage charge: each slice of it counts with its step's factor; beyond the last step,
// with the last factor. 30,000 raw is 10,000 x 1 + 20,000 x 2 in the venue's example.
[[nodiscard]] double okx_minimum_charge(double charge_usd, const OkxPortfolioParameters& parameters);

}  // namespace keel::risk
