#pragma once

#include "risk/book/revaluation.hpp"
#include "risk/report/report_tail.hpp"
#include "risk/report/risk_report.hpp"

namespace keel::risk {

// How a value stands against a limit; unknown where it is NaN.
[[nodiscard]] LimitState limit_state(const ReportLimit& limit, double value);

// Every metric of the report, by name and scope, judged against its limit. `so_far` holds the other sections.
[[nodiscard]] std::vector<ReportMetric> report_metrics(const ReportInputs& inputs, const MarketState& market,
                                                       const BookValue& value, const TailReport& tail,
                                                       const RiskReport& so_far);

}  // namespace keel::risk
