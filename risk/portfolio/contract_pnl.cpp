#include "risk/portfolio/contract_pnl.hpp"

#include <algorithm>
#include <cmath>

namespace keel::risk {

// Inverse profit is written with one subtraction of prices, not of reciprocals: nearby prices keep
// their digits.
double contract_pnl(ContractForm form, double face, double quantity, double entry, double mark) {
    if (form == ContractForm::linear) return quantity * face * (mark - entry);
    return quantity * face * ((mark - entry) / (entry * mark));
}

double contract_delta_coins(ContractForm form, double face, double quantity, double mark) {
    return form == ContractForm::linear ? quantity * face : quantity * face / mark;
}

double contract_convexity(ContractForm form, double face, double quantity, double mark) {
    return form == ContractForm::linear ? 0.0 : -2.0 * quantity * face / (mark * mark * mark);
}

double funding_cash(ContractForm form, double face, double quantity, double mark, double rate) {
    const double notional = form == ContractForm::linear ? quantity * face * mark : quantity * face / mark;
    return -rate * notional;
}

double apply_fill(Holding& holding, ContractForm form, double face, double quantity, double price) {
    if (quantity == 0.0) return 0.0;
    const double held = holding.quantity;
    if (held == 0.0) {
        holding = {.quantity = quantity, .entry = price};
        return 0.0;
    }
    if (std::signbit(held) == std::signbit(quantity)) {
        const double total = held + quantity;
        holding.entry = form == ContractForm::linear ? (held * holding.entry + quantity * price) / total
                                                     : total / (held / holding.entry + quantity / price);
        holding.quantity = total;
        return 0.0;
    }
    const double closed = std::copysign(std::min(std::abs(held), std::abs(quantity)), held);
    const double realised = contract_pnl(form, face, closed, holding.entry, price);
    const double left = held + quantity;
    if (left == 0.0) {
        holding = {};
    } else if (std::signbit(left) != std::signbit(held)) {
        holding = {.quantity = left, .entry = price};
    } else {
        holding.quantity = left;
    }
    return realised;
}

}  // namespace keel::risk
