#pragma once

#include <string>

#include "risk/report/risk_report.hpp"

namespace keel::app {

// A risk report for a terminal of 100 columns.
[[nodiscard]] std::string risk_report_text(const risk::RiskReport& report);
// The same numbers as one JSON object: metrics, contributions, stress cells, margin per venue (interface).
[[nodiscard]] std::string risk_report_json(const risk::RiskReport& report);

// One self-contained page with plots: surface, smiles, spot ladder, stress matrix, contributions, scenarios.
[[nodiscard]] std::string risk_report_html(const risk::RiskReport& report);

// Its sections without header and notes.
[[nodiscard]] std::string risk_sections_html(const risk::RiskReport& report);

// "inside", "soft" ...; empty without a limit.
[[nodiscard]] const char* limit_state_name(risk::LimitState state);

}  // namespace keel::app
