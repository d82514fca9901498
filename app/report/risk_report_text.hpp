#pragma once

#include <string>
#include <vector>

#include "risk/report/risk_report.hpp"

namespace keel::app {

// A risk report for a terminal of 100 columns.
[[nodiscard]] std::string risk_report_text(const risk::RiskReport& report);
// The same numbers as one JSON object: metrics, contributions, stress cells, margin per venue (interface).
[[nodiscard]] std::string risk_report_json(const risk::RiskReport& report);

// One self-contained page with plots: surface, smiles, spot ladder, stress matrix, contributions, scenarios.
[[nodiscard]] std::string risk_report_html(const risk::RiskReport& report);

// Its tiles and the limits that are breached.
[[nodiscard]] std::string risk_summary_html(const risk::RiskReport& report);
// Its sections after these and the notes: stresses, margin, contributions, tails, plots, every
// metric; surface and smiles, which are many, last.
[[nodiscard]] std::string risk_sections_html(const risk::RiskReport& report);

// Whether a stress leaves another book: a venue's default, a leg that is deleveraged.
[[nodiscard]] bool takes_positions(const risk::StressResult& stress);

// What a stress leaves behind, item by item: deltas where legs are gone, limits that a manipulated price would fire.
[[nodiscard]] std::vector<std::string> aftermath(const risk::RiskReport& report, const risk::StressResult& stress);

// "  [stale]" of a known value whose quality is not good; else empty.
[[nodiscard]] std::string quality_mark(const risk::ReportMetric& metric);

// "inside", "soft" ...; empty without a limit.
[[nodiscard]] const char* limit_state_name(risk::LimitState state);

}  // namespace keel::app
