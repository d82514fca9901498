#include "risk/exposure/leverage.hpp"

#include <cmath>

namespace keel::risk {
namespace {

double over(double amount, double equity) {
    if (std::isnan(amount) || std::isnan(equity)) return std::numeric_limits<double>::quiet_NaN();
    if (amount == 0.0) return 0.0;
    if (!(equity > 0.0)) return kLeverageWithoutEquity;
    return std::abs(amount) / equity;
}

}  // namespace

Leverage leverage(const LeverageInputs& inputs) {
    return {.gross = over(inputs.gross_notional_usd, inputs.equity_usd),
            .net = over(inputs.dollar_delta_usd, inputs.equity_usd),
            .risk = over(inputs.value_at_risk_usd, inputs.equity_usd),
            .margin = over(inputs.initial_margin_usd, inputs.equity_usd)};
}

}  // namespace keel::risk
