#pragma once

#include <string>

#include "risk/report/report_inputs.hpp"

namespace keel::app {

// Name of the currency that a contract pays in: its coin, or its stablecoin.
[[nodiscard]] const std::string& settlement_of(const risk::Contract& contract, const risk::Book& book);

// Adds `amount` of that currency to the cash at the contract's venue, a row of the book that is made where there is
// none. O(contracts).
void pay(risk::ReportInputs& inputs, const risk::Contract& contract, double amount);

}  // namespace keel::app
