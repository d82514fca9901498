#pragma once

#include <vector>

#include "app/config/configuration.hpp"
#include "simulator/exchange/exchange.hpp"

namespace keel::app {

// The portfolio's rules ("a call 14 days out, 5 % above the money") as holdings in what a simulated
// market lists. Throws ConfigError where nothing listed satisfies a rule.
std::vector<simulator::InitialPosition> opening_positions(const PortfolioSettings& portfolio,
                                                          const simulator::Exchange& exchange);

}  // namespace keel::app
