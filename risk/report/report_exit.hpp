#pragma once

#include <span>
#include <string>
#include <vector>

#include "risk/report/report_inputs.hpp"

namespace keel::risk {

// How each contract trades, with the daily volatility of its underlying where its own is not given: `sigma_day`, by
// UnderlyingSlot, that of the tails, else own_daily_volatility(). An option's price moves by |delta| of it. As long as
// the book. `market`: with every option's volatility filled where it can be.
[[nodiscard]] std::vector<ContractLiquidity> exit_liquidity(const ReportInputs& inputs, const MarketState& market,
                                                            std::span<const double> sigma_day);

// Whether the daily volatility of an underlying stands in for that of something held.
[[nodiscard]] bool leans_on_history(const ReportInputs& inputs);
// Of the closes that these volatilities are from.
[[nodiscard]] InputDoubt exit_doubts(const ReportInputs& inputs);

// What is missing of how the positions trade, a note for each combination of fields: whom leaving is not charged for.
[[nodiscard]] std::vector<std::string> exit_notes(const ReportInputs& inputs,
                                                  std::span<const ContractLiquidity> liquidity);

}  // namespace keel::risk
