#pragma once

#include "engine/core/fixed_vector.hpp"
#include "engine/events/command.hpp"
#include "engine/events/decision.hpp"

namespace keel {

// What one event made the core say, in order. Cleared at each event; the host journals it, then hands
// the commands to the gateways.
struct Outbox {
    FixedVector<OrderCommand, 64> commands;    // a cancel-all of 32 orders and 32 new ones
    FixedVector<DecisionRecord, 8> decisions;  // one per underlying that fired at once
    FixedVector<Refusal, 64> refusals;

    void clear() {
        commands.clear();
        decisions.clear();
        refusals.clear();
    }
};

// What a strategy may write: intents for the gate, and why.
struct StrategyOutput {
    FixedVector<OrderIntent, 64> intents;
    FixedVector<DecisionRecord, 8> decisions;

    void clear() {
        intents.clear();
        decisions.clear();
    }
};

}  // namespace keel
