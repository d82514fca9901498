#pragma once

#include <cstdint>
#include <span>

#include "engine/events/decision.hpp"

namespace keel::risk {

// How urgent a signal is; a higher one is served first and decides the urgency of what is merged with it.
[[nodiscard]] constexpr std::uint8_t severity(TriggerSignal signal) {
    switch (signal) {
        case TriggerSignal::hard_repeat: return 4;
        case TriggerSignal::hard: return 3;
        case TriggerSignal::escalate: return 2;
        case TriggerSignal::soft: return 1;
        case TriggerSignal::clear:
        case TriggerSignal::none: return 0;
    }
    return 0;
}

// Orders what fired in one evaluation: severity first, account before underlyings, then slot. The
// strategy answers the first of each scope and treats the rest of that scope as its constraints, so
// that two triggers never send opposite trades.
void arbitrate(std::span<FiredTrigger> fired);

}  // namespace keel::risk
