#pragma once

#include "risk/book/contract.hpp"

namespace keel::risk {

// The most that a perpetual's rate per 8 h is taken to be where nobody gives a cap (risk-model.md, "Stress").
inline constexpr double kFundingCap8h = 0.0075;
inline constexpr double kFundingsPerDay = 3.0;

// A future without an expiry: the one contract that pays and is paid funding.
[[nodiscard]] constexpr bool is_perpetual(const Contract& contract) {
    const bool future = contract.kind == ContractKind::linear_future || contract.kind == ContractKind::inverse_future;
    return future && contract.expiry == ExpirySlot::none;
}

}  // namespace keel::risk
