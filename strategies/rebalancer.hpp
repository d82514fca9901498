#pragma once

#include <array>
#include <span>

#include "engine/core/instrument_table.hpp"
#include "engine/journal/state_hash.hpp"
#include "engine/pipeline/ports.hpp"
#include "strategies/hedge/hedge_config.hpp"
#include "strategies/hedge/hedge_view.hpp"

namespace keel::strategies {

// The strategy of the engine: listens to fired triggers, asks the no-trade band whether to trade, lets
// the solver choose the cheapest perpetuals and futures, and drives the orders until done or deadline.
// One decision record for each trigger that fired, also where nothing is traded.
// Risk enters through `read_hedge(risk, underlying, numeraire, view, out)`, found by argument lookup;
// strategies/hedge/risk_reading.hpp has it for risk::RiskEngine.
// Thread: core. Allocates: never.
class Rebalancer;

}  // namespace keel::strategies
