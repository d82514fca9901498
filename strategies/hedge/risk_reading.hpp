#pragma once

#include <span>

#include "engine/pipeline/ports.hpp"
#include "risk/portfolio/risk_engine.hpp"
#include "strategies/hedge/hedge_view.hpp"

// What the rebalancer reads from the risk engine. In the engine's own namespace, where argument lookup
// finds it.
namespace keel::risk {

// Fills numbers and the instruments already listed in `out`.
void read_hedge(const RiskEngine& risk, UnderlyingId underlying, const CoreView& view, strategies::HedgeView& out);
[[nodiscard]] strategies::MarkBand read_mark(const RiskEngine& risk, InstrumentId instrument);
// Every metric of the underlying with `trades` filled at their marks.
void read_metrics_after(const RiskEngine& risk, UnderlyingId underlying, std::span<const strategies::HedgeTrade> trades,
                        std::array<Real, static_cast<std::size_t>(Metric::count)>& out);

}  // namespace keel::risk
