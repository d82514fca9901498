#pragma once

#include "risk/report/report_inputs.hpp"
#include "risk/report/risk_report.hpp"

namespace keel::risk {

// Adds to `report`, the report of `after`, where its equity came from since the market of `before` with the holdings
// of `after` (risk-model.md, "Profit explained"), and notes of what is wrong with that market. Both inputs are read
// from the same portfolio files: all that is no cash stands in the same rows of both books. O(holdings x underlyings).
void explain_profit(const ReportInputs& before, const ReportInputs& after, RiskReport& report);

}  // namespace keel::risk
