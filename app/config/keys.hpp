#pragma once

#include "app/config/configuration.hpp"
#include "app/config/key_visitor.hpp"

namespace keel::app {

// Visits every key of the configuration with the field it fills.
void visit_keys(KeyVisitor& visitor, Configuration& configuration);

// The sections that fill a lower room's structs.
void visit_risk(KeyVisitor& visitor, risk::RiskConfig& risk);
void visit_boundary(KeyVisitor& visitor, risk::BoundaryConfig& boundary);
void visit_gate(KeyVisitor& visitor, risk::GateConfig& gate);
void visit_hedge(KeyVisitor& visitor, HedgeSettings& hedge);

inline constexpr const char* kModeWords[] = {"observe", "paper", "live"};
inline constexpr const char* kLayoutWords[] = {"inline", "pipeline"};
inline constexpr const char* kVenueWords[] = {"deribit", "binance_usdm", "binance_coinm"};

}  // namespace keel::app
