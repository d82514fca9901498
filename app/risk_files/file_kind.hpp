#pragma once

#include "app/risk_files/json_tree.hpp"

namespace keel::app {

// Refuse, with InputError, a document of the other kind with the option that it belongs to, and unknown keys.
void refuse_unless_portfolio(const JsonTree& root);
void refuse_unless_market(const JsonTree& root);
// Refuses a venue's answer that is an error, with what it says of it.
void refuse_error(const JsonTree& root);

}  // namespace keel::app
