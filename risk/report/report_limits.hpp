#pragma once

#include <span>
#include <string>
#include <vector>

#include "risk/report/report_inputs.hpp"
#include "risk/report/risk_report.hpp"

namespace keel::risk {

// A limit of a metric that the report does not have is no limit that holds: it becomes a row of `metrics`, last of its
// scope, without a value and unknown. Returns a note for each, with the metric that may have been meant.
[[nodiscard]] std::vector<std::string> add_unjudged_limits(std::span<const ReportLimit> limits,
                                                           std::vector<ReportMetric>& metrics);

// A note for each limit that is judged on stale or doubtful inputs.
[[nodiscard]] std::vector<std::string> doubtful_limit_notes(std::span<const ReportMetric> metrics);

}  // namespace keel::risk
