#include "strategies/hedge/risk_reading.hpp"

#include <algorithm>
#include <cmath>

namespace keel::risk {
namespace {

double or_zero(double value) { return std::isfinite(value) ? value : 0.0; }

}  // namespace

void read_hedge(const RiskEngine& risk, UnderlyingId underlying, const CoreView& view, strategies::HedgeView& out) {
    const UnderlyingRisk row = risk.underlying(underlying);
    out.delta_coin = risk.delta_with_working(underlying, view);
    out.gamma_coin_per_usd = or_zero(row.sums.gamma);
    out.underlying_price_usd = row.index;
    out.realised_vol = or_zero(row.volatility_fast);
    out.implied_vol = or_zero(row.implied_volatility);
    out.metrics = risk.metrics(underlying);
    out.soft_distance_coin = std::numeric_limits<double>::infinity();
    out.reduce_only = false;
    for (const BoundaryStatus& boundary : risk.boundaries()) {
        if (boundary.metric == Metric::leverage_gross) {
            out.reduce_only = out.reduce_only || boundary.state == TriggerState::hard;
        }
        if (boundary.metric != Metric::net_delta || boundary.underlying != underlying) continue;
        if (boundary.direction == BoundaryDirection::above) {
            out.soft_distance_coin = std::min(out.soft_distance_coin, boundary.soft);
        }
    }
    const bool unknown = (row.quality & (kQualityUnvalued | kQualityNoIndex)) != 0;
    out.valid = !unknown && std::isfinite(out.delta_coin) && out.underlying_price_usd > 0.0;
    for (strategies::HedgeInstrument& instrument : out.instruments) {
        instrument.mark = read_mark(risk, instrument.instrument);
        instrument.delta_per_lot = risk.delta_per_lot(instrument.instrument);
        instrument.position = risk.position(instrument.instrument).quantity;
    }
}

strategies::MarkBand read_mark(const RiskEngine& risk, InstrumentId instrument) {
    const MarketInputs& inputs = risk.position(instrument).inputs;
    return {.mark = inputs.mark, .price_min = inputs.price_min, .price_max = inputs.price_max};
}

void read_metrics_after(const RiskEngine& risk, UnderlyingId underlying, std::span<const strategies::HedgeTrade> trades,
                        std::array<Real, static_cast<std::size_t>(Metric::count)>& out) {
    FixedVector<TradeWhatIf, kCandidatesMax> asked;
    for (const strategies::HedgeTrade& trade : trades) {
        const Quantity lots = trade.side == Side::bid ? trade.quantity : -trade.quantity;
        static_cast<void>(asked.push(TradeWhatIf{.instrument = trade.instrument, .quantity = lots}));
    }
    const MetricArray after = risk.metrics_after(underlying, {asked.begin(), asked.size()});
    for (std::size_t at = 0; at < after.size(); ++at) out[at] = after[at];
}

}  // namespace keel::risk
