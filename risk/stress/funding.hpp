#pragma once

namespace keel::risk {

// The most that a perpetual's rate per 8 h is taken to be where nobody gives a cap (risk-model.md, "Stress").
inline constexpr double kFundingCap8h = 0.0075;
inline constexpr double kFundingsPerDay = 3.0;

}  // namespace keel::risk
