#pragma once

#include "risk/report/report_tail.hpp"
#include "risk/report/risk_report.hpp"

namespace keel::risk {

// The inputs' stresses of the report's book, then CORR1 for the parts that it takes and CORR_AGAINST, of the
// underlyings that the book is exposed to; where one of these has no volatility, a note instead. `market` has every
// option's volatility filled where it can be, `liquidity` is exit_liquidity().
[[nodiscard]] std::vector<StressResult> report_stresses(const ReportInputs& inputs, const MarketState& market,
                                                        std::span<const ContractLiquidity> liquidity,
                                                        const TailReport& tail, double equity_usd,
                                                        std::vector<std::string>& notes);

// reverse_stress_scale() of CRASH.
[[nodiscard]] double report_reverse_crash(const ReportInputs& inputs, const MarketState& market,
                                          std::span<const ContractLiquidity> liquidity);

// Which limits each ORACLE stress would fire, for who believes that venue's prices: what is held there at the moved
// prices, the rest as it is. Judged are sums, leverage, drawdown and the venue's own margin; tails, concentrations and
// stress losses are not recomputed. A limit that is at or beyond that state without the stress is not told again.
void mark_fired_limits(const ReportInputs& inputs, const MarketState& market, RiskReport& report);

}  // namespace keel::risk
