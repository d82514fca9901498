#pragma once

namespace keel::risk {

// Value at risk and expected shortfall of one book at one confidence level. Both are losses: positive
// numbers of USD where money is lost.
struct TailMeasures {
    double var_usd{0.0};
    double es_usd{0.0};
};

// A confidence level that every tail function accepts: strictly inside (0, 1); false for NaN.
[[nodiscard]] constexpr bool is_confidence(double alpha) { return alpha > 0.0 && alpha < 1.0; }

}  // namespace keel::risk
