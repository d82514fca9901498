#include "app/risk_files/settlement_cash.hpp"

#include <limits>

namespace keel::app {

const std::string& settlement_of(const risk::Contract& contract, const risk::Book& book) {
    return risk::settles_in_coin(contract.kind) ? book.underlying_names[static_cast<std::size_t>(contract.underlying)]
                                                : book.stable_names[static_cast<std::size_t>(contract.stable)];
}

void pay(risk::ReportInputs& inputs, const risk::Contract& contract, double amount) {
    const bool in_coin = risk::settles_in_coin(contract.kind);
    const risk::ContractKind kind = in_coin ? risk::ContractKind::coin_cash : risk::ContractKind::stable_cash;
    for (std::size_t row = 0; row < inputs.book.contracts.size(); ++row) {
        const risk::Contract& cash = inputs.book.contracts[row];
        const bool same = in_coin ? cash.underlying == contract.underlying : cash.stable == contract.stable;
        if (cash.kind != kind || cash.venue != contract.venue || !same) continue;
        inputs.book.holdings[row].quantity += amount;
        return;
    }
    inputs.book.contracts.push_back({.kind = kind,
                                     .underlying = in_coin ? contract.underlying : risk::UnderlyingSlot::none,
                                     .stable = in_coin ? risk::StableSlot::none : contract.stable,
                                     .venue = contract.venue});
    inputs.book.holdings.push_back({.quantity = amount});
    inputs.book.names.push_back(settlement_of(contract, inputs.book));
    inputs.market.quotes.emplace_back();
    inputs.liquidity.emplace_back();
    inputs.input_age_seconds.push_back(std::numeric_limits<double>::quiet_NaN());
}

}  // namespace keel::app
