#pragma once

#include "risk/report/report_inputs.hpp"
#include "risk/report/risk_report.hpp"

namespace keel::risk {

// The averaging windows that are open now, of the expiries that something is held of; a note on each.
[[nodiscard]] std::vector<SettlementRow> open_settlements(const Book& book, const MarketState& market,
                                                          std::span<const std::string> expiry_names,
                                                          std::vector<std::string>& notes);

}  // namespace keel::risk
