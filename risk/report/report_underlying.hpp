#pragma once

#include <span>
#include <string>
#include <vector>

#include "risk/report/report_inputs.hpp"
#include "risk/report/risk_report.hpp"

namespace keel::risk {

// Where the skew stickiness of an underlying is not given: a strike keeps its volatility.
inline constexpr double kStickinessDefault = 1.0;

// A number of one underlying beside the sums of its greeks. docs/risk-model.md, "Names in `keel risk`".
struct UnderlyingMetric {
    const char* name;
    double value{std::numeric_limits<double>::quiet_NaN()};
    const char* unit;
    std::string lack;  // what it is without; empty: nothing
};

// Delta in coin where volatilities move with the forward along the curves (smile_dynamics.hpp), at the stickiness given
// and at fixed ones. Empty where no option of the underlying is held. `market` has every option's volatility.
[[nodiscard]] std::vector<UnderlyingMetric> smile_deltas(const ReportInputs& inputs, const MarketState& market,
                                                         std::span<const SmileReport> smiles,
                                                         UnderlyingSlot underlying);

}  // namespace keel::risk
