#pragma once

#include <string>

#include "app/risk_files/inputs_builder.hpp"

namespace keel::app {

// One portfolio file, and the account that it is of: a venue, or VENUE/ACCOUNT; Deribit's unless the command line says.
struct PortfolioSource {
    std::string path;
    std::string account{kDeribit};
};

// What --portfolio says: FILE, or NAME=FILE. A text that is an existing file as a whole, or has nothing before its
// first '=' that begins with a letter or a digit, is a path.
[[nodiscard]] PortfolioSource portfolio_source(const std::string& text);

// Adds one portfolio file to the inputs: Keel's own form (docs/risk-inputs.md), whose rows without a venue are of the
// account, or Deribit's answers to private/get_positions, private/get_account_summary(ies) and private/get_open_orders,
// which are of it, as they come.
// Errors: OutsideError, InputError with the place.
void read_portfolio_file(const std::string& path, InputsBuilder& builder, const std::string& account = kDeribit);

}  // namespace keel::app
