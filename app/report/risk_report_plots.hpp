#pragma once

#include <string>

#include "risk/report/risk_report.hpp"

namespace keel::app {

// The plots of the risk report's page, each a figure that stands alone; empty where there is nothing to show.

// Profit over spot, a line per volatility move.
[[nodiscard]] std::string spot_ladder_plot(const risk::UnderlyingReport& underlying);
// How often each profit happens among the scenarios, and where the VaR lies.
[[nodiscard]] std::string scenario_histogram(const risk::RiskReport& report);
// The smiles of each underlying, and beside them what they say.
[[nodiscard]] std::string smile_plots(const risk::RiskReport& report);
// Term structure and skew at a glance: volatility by expiry and moneyness, a section of its own.
[[nodiscard]] std::string surface_table(const risk::RiskReport& report);

// "+40 %", a dash where it is not known.
[[nodiscard]] std::string signed_percent(double ratio, int decimals = 0);

}  // namespace keel::app
