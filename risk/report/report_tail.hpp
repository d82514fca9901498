#pragma once

#include "risk/report/report_inputs.hpp"
#include "risk/report/risk_report.hpp"

namespace keel::risk {

inline constexpr double kReportVarAlpha = 0.99;
inline constexpr double kReportEsAlpha = 0.975;
inline constexpr double kReportStudentFreedom = 5.0;  // degrees of freedom of the heavy-tailed parametric figure

// The tails of the book over one day: instantaneous shocks, no decay but in the rows delta_gamma and
// filtered_historical_one_day.
struct TailReport {
    std::vector<TailRow> rows;
    std::vector<double> scenario_pnl_usd;  // of scenario_method; empty where there is no history
    std::string scenario_method;
    InputDoubt doubts{InputDoubt::none};                          // of the past days that all of it is made from
    std::vector<double> var_component_usd;                        // by contract; sums to the VaR of scenario_method
    std::vector<double> es_component_usd;                         // likewise
    std::vector<double> sigma_day;                                // by UnderlyingSlot; NaN unknown
    std::vector<double> exposure_usd;                             // by UnderlyingSlot: dP/d lnS
    std::vector<double> covariance_day;                           // of ln S, underlyings x underlyings
    double var_99_usd{std::numeric_limits<double>::quiet_NaN()};  // of the best method there is
    double es_975_usd{std::numeric_limits<double>::quiet_NaN()};
};

// `market` has every option's volatility filled where it can be. Rows that cannot be computed carry the reason.
[[nodiscard]] TailReport report_tail(const ReportInputs& inputs, const MarketState& market,
                                     std::vector<std::string>& notes);

// `var_99_usd` of report_tail() alone, in a part of its time; NaN where there is none.
[[nodiscard]] double report_var_99_usd(const ReportInputs& inputs, const MarketState& market);

}  // namespace keel::risk
