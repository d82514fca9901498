#pragma once

#include <string>

#include "app/risk_files/inputs_builder.hpp"

namespace keel::app {

// Adds one portfolio file to the inputs: Keel's own form (docs/risk-inputs.md), or Deribit's answers to
// private/get_positions and private/get_account_summary(ies) as they come.
// Errors: OutsideError, InputError with the place.
void read_portfolio_file(const std::string& path, InputsBuilder& builder);

}  // namespace keel::app
