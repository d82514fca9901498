#pragma once

#include <chrono>
#include <cstdint>

#include "engine/core/time.hpp"
#include "engine/events/decision.hpp"
#include "risk/config/risk_config.hpp"

namespace keel::risk {

enum class TriggerState : std::uint8_t { normal, soft, hard };
[[nodiscard]] const char* trigger_state_name(TriggerState state);

// What one boundary is judged by. `clear` lies strictly inside `soft`: hysteresis.
struct TriggerParameters {
    BoundaryDirection direction{BoundaryDirection::above};
    double soft{0.0};
    double hard{0.0};
    double clear{0.0};
    std::chrono::nanoseconds debounce_soft{0};
    std::chrono::nanoseconds debounce_hard{0};
    std::chrono::nanoseconds cooldown{0};
    std::chrono::nanoseconds refire_hard{0};
    std::chrono::nanoseconds escalate_after{0};
};

// Hysteresis, debounce, cool-down and escalation of one boundary. Soft waits for its debounce and for
// the cool-down; hard waits for its own debounce only and repeats while it stands; a value that is not
// a number keeps the state and restarts the debounce; time running backwards is ignored and counted.
// Thread: core. Allocates: never.
class Trigger {
public:
    explicit Trigger(const TriggerParameters& parameters) : parameters_{parameters} {}

    // One observation; times must not fall.
    [[nodiscard]] TriggerSignal sample(UnixNanos now, double value);

    [[nodiscard]] TriggerState state() const { return state_; }
    [[nodiscard]] const TriggerParameters& parameters() const { return parameters_; }
    // Since when the metric has been beyond soft (hard while it is beyond hard); 0 while inside.
    [[nodiscard]] UnixNanos first_seen() const { return UnixNanos{first_seen_ns_}; }
    [[nodiscard]] std::uint64_t clock_backs() const { return clock_backs_; }

    template <class Hash>
    void hash_into(Hash& hash) const {
        hash.add(state_);
        hash.add(soft_since_ns_);
        hash.add(hard_since_ns_);
        hash.add(last_soft_fire_ns_);
        hash.add(last_hard_fire_ns_);
        hash.add(last_ns_);
    }

private:
    static constexpr std::int64_t kNever = INT64_MIN;
    [[nodiscard]] static bool elapsed(std::int64_t now_ns, std::int64_t since_ns, std::chrono::nanoseconds span) {
        return since_ns == kNever || now_ns - since_ns >= span.count();
    }
    [[nodiscard]] TriggerSignal sample_hard(std::int64_t now_ns, double value, double hard);
    [[nodiscard]] TriggerSignal sample_soft(std::int64_t now_ns, double value, double soft);

    TriggerParameters parameters_;
    TriggerState state_{TriggerState::normal};
    std::int64_t soft_since_ns_{kNever};
    std::int64_t hard_since_ns_{kNever};
    std::int64_t last_soft_fire_ns_{kNever};
    std::int64_t last_hard_fire_ns_{kNever};
    std::int64_t last_ns_{kNever};
    std::int64_t first_seen_ns_{0};
    std::uint64_t clock_backs_{0};
};

}  // namespace keel::risk
