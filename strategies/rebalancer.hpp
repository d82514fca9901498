#pragma once

#include <array>
#include <span>

#include "engine/core/instrument_table.hpp"
#include "engine/journal/state_hash.hpp"
#include "engine/pipeline/ports.hpp"
#include "strategies/execution/marketable_limit.hpp"
#include "strategies/hedge/delta_hedge.hpp"
#include "strategies/hedge/hedge_config.hpp"
#include "strategies/hedge/hedge_view.hpp"

namespace keel::strategies {

// Solves of one underlying within one instant of the core's clock. With a settle time of nothing, the end of an order
// (not sent, expired) asks for the next solve at once, and both may carry the same time: without a bound the two would
// call each other for ever. Beyond it the next instant decides.
inline constexpr std::uint8_t kSolvesPerInstantMax = 4;

// The strategy of the engine: answers fired triggers, asks the no-trade band whether to trade, lets the
// solver choose the cheapest perpetuals and futures, and drives the orders until done or deadline.
//
// Every trigger that fires leaves one decision record. Net delta, realised and implied volatility ask
// for a hedge (volatility narrows the band); gamma, vega and leverage cannot be cured with delta-one
// contracts and are recorded as blocked. After a hedge trigger the underlying stays under watch for a
// while: what slips out of the band again is hedged without waiting for the trigger's cool-down.
//
// Risk enters through read_hedge, read_mark and read_metrics_after, found by argument lookup;
// strategies/hedge/risk_reading.hpp has them for risk::RiskEngine.
// Thread: core. Allocates: at construction only.
class Rebalancer {
public:
    // `instruments` must outlive it and not grow after this. The configuration must be valid.
    Rebalancer(const HedgeConfig& config, const InstrumentTable& instruments);

    // Strategy port.
    template <class R>
    void react(const Event& event, std::span<const FiredTrigger> fired, const R& risk, const CoreView& view,
               StrategyOutput& out) {
        execution_.observe(event, view);
        begin(fired, view, out);
        for (const UnderlyingId underlying : due_) {
            hedge_.list_instruments(underlying, view.now, reading_);
            read_hedge(risk, underlying, view, reading_);
            if (!decide(underlying, view)) continue;
            if (!trades_.empty())
                read_metrics_after(risk, underlying, std::span{trades_.begin(), trades_.size()}, record_.after);
            finish(underlying, view, out);
        }
        if (!execution_.empty()) {
            execution_.drive(
                view, [&](InstrumentId instrument) { return read_mark(risk, instrument); }, out);
        }
    }
    void hash_into(StateHash& hash) const;

    struct Counts {
        std::uint64_t decisions{0}, traded{0}, no_trade{0}, infeasible{0}, in_flight{0}, blocked{0};
        std::uint64_t records_dropped{0};  // more triggers at once than one event may explain
        std::uint64_t solves_deferred{0};  // looks put off to the next instant by kSolvesPerInstantMax
    };
    [[nodiscard]] const Counts& counts() const { return counts_; }
    [[nodiscard]] const MarketableLimit& execution() const { return execution_; }

private:
    // What one underlying is up to.
    struct Watch {
        FiredTrigger trigger{};  // the last one that asked for a hedge
        UnixNanos until{};       // under watch up to here
        UnixNanos settled{};     // no second solve earlier
        UnixNanos reported{};    // last record that followed from no fresh trigger
        UnixNanos solved{};      // instant of the last solve
        std::uint8_t solves{0};  // in that instant
        bool fresh{false};       // `trigger` fired at this event

        [[nodiscard]] bool exhausted(UnixNanos now) const { return solved == now && solves >= kSolvesPerInstantMax; }
        void count_solve(UnixNanos now) {
            solves = solved == now ? static_cast<std::uint8_t>(solves + 1) : std::uint8_t{1};
            solved = now;
        }
    };

    void begin(std::span<const FiredTrigger> fired, const CoreView& view, StrategyOutput& out);
    void take(const FiredTrigger& trigger, const CoreView& view, StrategyOutput& out);
    [[nodiscard]] bool decide(UnderlyingId underlying, const CoreView& view);
    void finish(UnderlyingId underlying, const CoreView& view, StrategyOutput& out);
    void start_record(const FiredTrigger& trigger, const CoreView& view);
    void write_record(StrategyOutput& out);

    HedgeConfig config_;
    DeltaHedge hedge_;
    MarketableLimit execution_;
    std::array<Watch, kUnderlyingsMax> watches_{};
    std::size_t underlyings_count_{0};
    FixedVector<UnderlyingId, kUnderlyingsMax> due_;
    HedgeView reading_;
    HedgeTrades trades_;
    DecisionRecord record_;
    std::uint64_t decisions_{0};
    Counts counts_;
};

}  // namespace keel::strategies
