#pragma once

#include "app/risk_files/inputs_builder.hpp"
#include "app/risk_files/json_tree.hpp"

namespace keel::app {

// One row of `stresses`: other sizes of a named stress, or a further one `like` it. COMBO follows CRASH, DEPEG and
// LIQUIDITY until a row of its own. Errors: InputError, e.g. a size that stresses of its kind do not have.
void read_stress(const JsonTree& row, InputsBuilder& builder);

}  // namespace keel::app
