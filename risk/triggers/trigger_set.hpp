#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/core/fixed_vector.hpp"
#include "engine/core/instrument_table.hpp"
#include "engine/journal/state_hash.hpp"
#include "risk/triggers/trigger.hpp"

namespace keel::risk {

// One boundary in force, as the display, the report and the strategies see it.
struct BoundaryStatus {
    Metric metric{Metric::net_delta};
    UnderlyingId underlying{UnderlyingId::none};  // none: account
    TriggerState state{TriggerState::normal};
    TriggerSignal last_signal{TriggerSignal::none};
    BoundaryDirection direction{BoundaryDirection::above};
    bool outside{false};  // beyond soft at the last sample, debounced or not
    double target{0.0};   // net_delta: the centre
    double soft{0.0};
    double hard{0.0};
    double value{0.0};       // last sample, in the metric's unit, as compared (distance from the target); NaN unknown
    std::uint64_t fired{0};  // signals other than none and clear
    std::int64_t outside_ns{0};  // total event time beyond soft
    // Share of the hard level that is used, for bars; 0 where unknown.
    [[nodiscard]] double utilisation_ratio() const;
};

// Every boundary of the configuration, one trigger each, in slots that stay the same for the run.
// Thread: core. Allocates: never.
class TriggerSet {
public:
    // One trigger per boundary; boundaries without an underlying become one per underlying of the
    // table. More than kTriggersMax are a mistake of the caller: the configuration is validated first.
    TriggerSet(const RiskConfig& config, const InstrumentTable& instruments);

    // Begins a new evaluation: forgets what fired in the last one.
    void begin() { fired_.clear(); }
    // One observation of boundary `slot`. `value` as the metric defines it; NaN where unknown.
    void sample(std::size_t slot, double value, UnixNanos now, std::uint64_t risk_version);
    // What fired since begin(), most severe first.
    [[nodiscard]] std::span<const FiredTrigger> finish();

    [[nodiscard]] std::size_t size() const { return boundaries_.size(); }
    [[nodiscard]] const BoundaryStatus& operator[](std::size_t slot) const { return boundaries_[slot]; }
    [[nodiscard]] std::span<const BoundaryStatus> boundaries() const {
        return {boundaries_.begin(), boundaries_.end()};
    }
    // Boundary time outside soft up to `now`, the running spell included.
    [[nodiscard]] std::chrono::nanoseconds time_outside(std::size_t slot, UnixNanos now) const;
    void hash_into(StateHash& hash) const;

private:
    void add(const BoundaryConfig& config, UnderlyingId underlying);

    FixedVector<BoundaryStatus, kTriggersMax> boundaries_;
    std::vector<Trigger> triggers_;   // same slots
    std::vector<UnixNanos> sampled_;  // time of each slot's last sample
    FixedVector<FiredTrigger, kTriggersMax> fired_;
};

}  // namespace keel::risk
