#pragma once

#include "risk/report/report_inputs.hpp"
#include "risk/report/risk_report.hpp"

namespace keel::risk {

inline constexpr AdlParameters kReportAdl{.scale = {}, .indicator_act = 4.0, .offset_ratio_act = 0.20};

// What auto-deleveraging may take from the book: a row per holding whose venue told its indicator. The leg offsets the
// other venues' dP/d lnS of its underlying as far as it points the other way; losing it costs a 99 % day of that.
// `sigma_day`: by UnderlyingSlot, NaN unknown.
[[nodiscard]] std::vector<AdlRow> report_adl(const ReportInputs& inputs, const MarketState& market,
                                             std::span<const double> sigma_day);

}  // namespace keel::risk
