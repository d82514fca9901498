#pragma once

#include <string>

#include "risk/report/risk_report.hpp"

namespace keel::app {

// How a risk report writes its numbers and times.

inline constexpr int kReportColumns = 100;

// Four significant digits, small ones too; "never" for what no price brings about.
std::string number(double value);
// A cell of `columns`, right-aligned by what is seen and not by bytes.
std::string right(const std::string& text, int columns);
// Lines beyond `columns` go on below, indented, broken where there is a blank.
std::string wrapped(const std::string& text, int columns);

// "found", "none", "breached", "unknown".
const char* root_status_name(risk::RootStatus status);
// "27,017 (-58.4 %)", else how the search ended.
std::string liquidation_words(const risk::LiquidationSide& side, bool up);
// "33.22", "none" or "unknown".
std::string liquidation_sigmas(double sigmas);

// "2026-03-01 08:00:00 UTC".
std::string utc_text(UnixNanos time);
// "40 s", "12 min", "3.5 h", "2.0 days".
std::string age_text(double seconds);
// Age of the oldest input that told its age; NaN: none did.
double oldest_input_seconds(const risk::RiskReport& report);
// "Prices of 2026-03-01 08:00:00 UTC, oldest input 40 s older".
std::string as_of_words(const risk::RiskReport& report);

}  // namespace keel::app
