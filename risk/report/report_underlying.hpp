#pragma once

#include <span>
#include <string>
#include <vector>

#include "risk/report/report_age.hpp"
#include "risk/report/report_inputs.hpp"
#include "risk/report/risk_report.hpp"

namespace keel::risk {

inline constexpr double kFundingIntervalSeconds = 28'800.0;
// Where the skew stickiness of an underlying is not given: a strike keeps its volatility.
inline constexpr double kStickinessDefault = 1.0;

// A number of one underlying beside the sums of its greeks. docs/risk-model.md, "Names in `keel risk`".
struct UnderlyingMetric {
    const char* name;
    double value{std::numeric_limits<double>::quiet_NaN()};
    const char* unit;
    std::string lack{};                   // what it is without; empty: nothing
    InputAge age{};                       // of what it rests on beside what is held
    InputDoubt doubts{InputDoubt::none};  // likewise
};

// Delta in coin where volatilities move with the forward along the curves (smile_dynamics.hpp), at the stickiness given
// and at fixed ones; as doubtful as those curves at the strikes held. Empty where no option of the underlying is held.
// `market` has every option's volatility.
[[nodiscard]] std::vector<UnderlyingMetric> smile_deltas(const ReportInputs& inputs, const MarketState& market,
                                                         std::span<const SmileReport> smiles,
                                                         UnderlyingSlot underlying);

// What funding pays over the next eight hours to the perpetuals of one underlying (none: of all), USD: -rate N each, N
// the signed notional at the mark (risk/portfolio/contract_pnl.hpp). A rate that is not known, or older than two
// intervals, is half the cap against the position. Empty where no perpetual is held.
[[nodiscard]] std::vector<UnderlyingMetric> funding_metrics(const ReportInputs& inputs, const MarketState& market,
                                                            UnderlyingSlot underlying);

// What the open orders could make of one underlying (exposure_matrix.hpp), as old and as doubtful as what they are for.
// `doubts`: by contract. Orders of expiries that have passed are left out and counted. Empty where it has none.
[[nodiscard]] std::vector<UnderlyingMetric> order_metrics(const ReportInputs& inputs, const MarketState& market,
                                                          std::span<const InputDoubt> doubts,
                                                          UnderlyingSlot underlying);

}  // namespace keel::risk
