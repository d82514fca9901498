#pragma once

#include <limits>

namespace keel::risk {

// Four readings of leverage against one equity (the account's, or a stressed one: the caller chooses).
struct Leverage {
    double gross{0.0};   // sum |notional| / equity
    double net{0.0};     // |delta_usd| S / equity
    double risk{0.0};    // value at risk (99 %, one day) / equity
    double margin{0.0};  // initial margin / equity
};

// At equity that is not positive a leverage reads this, so that every boundary on it fires.
inline constexpr double kLeverageWithoutEquity = 1'000'000.0;

struct LeverageInputs {
    double equity_usd{0.0};
    double gross_notional_usd{0.0};
    double dollar_delta_usd{0.0};  // signed
    double value_at_risk_usd{std::numeric_limits<double>::quiet_NaN()};
    double initial_margin_usd{std::numeric_limits<double>::quiet_NaN()};
};

// NaN where an input is unknown.
// Thread: any. Allocates: never.
[[nodiscard]] Leverage leverage(const LeverageInputs& inputs);

}  // namespace keel::risk
