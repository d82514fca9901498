#pragma once

#include <array>
#include <string>
#include <vector>

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

// "1,000 positions and 8 balances".
std::string holdings_words(const risk::RiskReport& report);

// The limits that are breached, then those that cannot be judged: hard, soft, unknown.
std::vector<const risk::ReportMetric*> limits_to_tell(const risk::RiskReport& report);
// "1 hard, 2 soft, 5 inside"; "none breached, 5 inside"; "none given".
std::string limits_words(const risk::RiskReport& report);
// "1 hard limit breached: margin_ratio deribit 0.9000 (hard 1.200)": why a command ends with code 1; empty: none is.
std::string breach_words(const risk::RiskReport& report);

// "-1,234"; "unknown".
std::string money(double usd);

// Whether implied volatility moves it: options on it are held.
bool moves_with_volatility(const risk::UnderlyingReport& underlying);

// The venues, by VenueSlot, whose margin ratio is known under any of the stresses.
std::vector<std::size_t> margined_venues(const std::vector<risk::StressResult>& stresses, std::size_t venues);

// "stale", "doubtful", "incomplete": what the quality of a known value comes to; empty: it is good.
const char* doubt_word(const risk::ReportMetric& metric);

// "found", "none", "breached", "unknown".
const char* root_status_name(risk::RootStatus status);
// "27,017 (-58.4 %)", else how the search ended.
std::string liquidation_words(const risk::LiquidationSide& side, bool up);
// Whether there is a price on any side, the others still or moving.
bool has_liquidation_price(const risk::VenueReport::Liquidation& row);
// Whether its search ended without a price on both sides, the others still; else none of it may just be known.
bool liquidates_nowhere(const risk::VenueReport::Liquidation& row);
// The underlyings of a venue without one, those that have none and those of which none is known: "11 underlyings: no
// liquidation price", "SOL: liquidation price unknown".
std::vector<std::string> without_liquidation_price(const risk::VenueReport& venue);
// The parts of a profit that two markets tell, in order: their names in each form of the report.
struct ProfitPartName {
    const char* name;
    double risk::ProfitParts::*part;
};
inline constexpr std::array<ProfitPartName, 8> kProfitParts{{{"delta", &risk::ProfitParts::delta},
                                                             {"gamma", &risk::ProfitParts::gamma},
                                                             {"vega", &risk::ProfitParts::vega},
                                                             {"theta", &risk::ProfitParts::theta},
                                                             {"vanna", &risk::ProfitParts::vanna},
                                                             {"volga", &risk::ProfitParts::volga},
                                                             {"conversion", &risk::ProfitParts::conversion},
                                                             {"residual", &risk::ProfitParts::residual}}};
// "Profit since 2026-03-01 08:00:00 UTC, holdings and cash unchanged, USD".
std::string profit_title(const risk::ProfitExplained& profit);

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
