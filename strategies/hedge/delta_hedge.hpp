#pragma once

#include <array>

#include "engine/core/instrument_table.hpp"
#include "engine/pipeline/ports.hpp"
#include "strategies/hedge/hedge_config.hpp"
#include "strategies/hedge/hedge_view.hpp"
#include "strategies/rebalance/cost_model.hpp"
#include "strategies/rebalance/rebalance_solver.hpp"

namespace keel::strategies {

// How far a hedge goes: to the edge of the no-trade band for proportional costs, to its centre when
// the hard boundary is crossed.
enum class HedgeDepth : std::uint8_t { edge, centre };

// Decides the hedge of one underlying: no-trade band around the target, then the cheapest perpetuals and
// futures that bring delta back to it. Never trades inside the band, never moves delta further from its
// target.
// Thread: core. Allocates: never.
class DeltaHedge {
public:
    DeltaHedge(const HedgeConfig& config, const InstrumentTable& instruments);

    // What may hedge `underlying`, perpetuals first, then by expiry.
    void list_instruments(UnderlyingId underlying, UnixNanos now, HedgeView& hedge) const;

    // Writes numbers, candidates and outcome into `record` and the chosen trades into `trades`. The
    // outcome is `traded` where there are trades, whether or not orders are sent. Delta counts as outside
    // from `leave_ratio` half-widths on: above 1, a hedge that just ended at the edge is not followed by
    // one of a few lots at the next tick.
    void decide(const HedgeView& hedge, HedgeDepth depth, double leave_ratio, const CoreView& view,
                DecisionRecord& record, HedgeTrades& trades);

    [[nodiscard]] double target_of(UnderlyingId underlying) const;

private:
    struct Priced {
        const HedgeInstrument* seen{nullptr};
        TradingCost cost;
        double unit_cost_usd{0.0};  // per coin, of the smallest order in the needed direction
        double smallest_coin{0.0};  // |delta| of the smallest order
    };
    void price_candidates(const HedgeView& hedge, bool delta_rises, const CoreView& view);
    [[nodiscard]] Candidate candidate_of(const Priced& priced, bool reduce_only, const CoreView& view) const;
    void record_candidates(const RebalanceSolution& solution, double need_coin, double room_coin,
                           DecisionRecord& record) const;
    void choose(const RebalanceSolution& solution, DecisionRecord& record, HedgeTrades& trades) const;

    HedgeConfig config_;
    const InstrumentTable& instruments_;
    CostModel cost_model_;
    RebalanceSolver solver_;
    RebalanceProblem problem_;
    RebalanceSolution solution_;
    FixedVector<Priced, kCandidatesMax> priced_;
    // By underlying slot: what may hedge it, in order of preference.
    std::array<FixedVector<InstrumentId, kCandidatesMax>, kUnderlyingsMax> allowed_{};
};

}  // namespace keel::strategies
