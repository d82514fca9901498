#pragma once

#include <string>

#include "app/risk_files/inputs_builder.hpp"

namespace keel::app {

// Adds one market file to the inputs: Keel's own form (docs/risk-inputs.md), or Deribit's answer to
// public/get_book_summary_by_currency as it comes. Read after the portfolio: contracts that are not held are skipped.
// Errors: OutsideError, InputError with the place.
void read_market_file(const std::string& path, InputsBuilder& builder);

}  // namespace keel::app
