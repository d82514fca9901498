#pragma once

#include <cstdint>

namespace keel::risk {

// How a contract's price turns into money. For linear and spot `face` is coin per contract and money
// is in the quote currency; for inverse futures `face` is USD per contract and money is coin.
enum class ContractForm : std::uint8_t { linear, inverse };

// Profit of `quantity` signed contracts from `entry` to `mark`: quantity*face*(mark - entry), or
// quantity*face*(1/entry - 1/mark) in coin.
[[nodiscard]] double contract_pnl(ContractForm form, double face, double quantity, double entry, double mark);

// Coins of underlying that the contracts stand for at `mark`: quantity*face, or quantity*face/mark.
[[nodiscard]] double contract_delta_coins(ContractForm form, double face, double quantity, double mark);

// Second derivative of the settlement-currency profit in the mark: 0, or -2*quantity*face/mark^3.
[[nodiscard]] double contract_convexity(ContractForm form, double face, double quantity, double mark);

// Cash to us at one funding event: -rate * notional at mark (quote currency, or coin). Longs pay a
// positive rate. Perpetuals only.
[[nodiscard]] double funding_cash(ContractForm form, double face, double quantity, double mark, double rate);

// Quantity and average entry of one holding. Entry is an arithmetic average for linear contracts and a
// harmonic one for inverse, so that profit is additive over fills.
struct Holding {
    double quantity{0.0};  // signed contracts
    double entry{0.0};     // price units; 0 while flat
};

// Applies one fill of `quantity` signed contracts at `price` and returns the realised profit in the
// settlement currency: an increase averages, a partial close keeps the entry, a flip closes and
// reopens at `price`.
double apply_fill(Holding& holding, ContractForm form, double face, double quantity, double price);

}  // namespace keel::risk
