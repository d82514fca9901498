#include "risk/margin/okx_margin.hpp"

#include <algorithm>
#include <cmath>

namespace keel::risk {

MarginAmount okx_position_margin(const OkxPosition& position) {
    const bool by_size = position.tiers != nullptr && position.tiers->rule() == TierRule::whole;
    if (!by_size || !(position.taker_fee_rate >= 0.0)) return kMarginUnknown;
    const MarginAmount plain = tiered_margin(
        {.tiers = position.tiers, .notional = position.notional, .leverage = position.leverage, .size = position.size});
    if (plain.status != MarginStatus::ok) return plain;
    return finite_margin(plain.initial, plain.maintenance + std::abs(position.notional) * position.taker_fee_rate);
}

TierFamilies::TierFamilies(std::span<const Contract> contracts)
    : contracts_{contracts}, family_(contracts.size(), contracts.size()) {}

void TierFamilies::add(std::size_t row) {
    const Contract& contract = contracts_[row];
    if (contract.kind != ContractKind::linear_future && contract.kind != ContractKind::inverse_future) return;
    const auto found = std::ranges::find_if(families_, [&](const std::vector<std::size_t>& family) {
        const Contract& other = contracts_[family.front()];
        return other.venue == contract.venue && other.kind == contract.kind &&
               other.underlying == contract.underlying && other.stable == contract.stable &&
               (other.expiry == ExpirySlot::none) == (contract.expiry == ExpirySlot::none);
    });
    family_[row] = static_cast<std::size_t>(found - families_.begin());
    if (found == families_.end()) families_.emplace_back();
    families_[family_[row]].push_back(row);
}

double TierFamilies::size(std::size_t row, std::span<const Holding> holdings) const {
    double sum = 0.0;
    if (family_[row] >= families_.size()) return sum;
    for (const std::size_t member : families_[family_[row]]) {
        sum += std::abs(holdings[member].quantity) * contracts_[member].multiplier;
    }
    return sum;
}

}  // namespace keel::risk
