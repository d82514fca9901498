#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/core/instrument_table.hpp"
#include "engine/events/command.hpp"
#include "engine/events/decision.hpp"
#include "engine/events/event.hpp"

namespace keel::app {

// One order that a decision led to, and what became of it.
struct OrderStory {
    OrderCommand command{};
    std::vector<Event> events;  // acks, fills, cancels, in order; received when the core took them

    [[nodiscard]] Quantity filled() const;
    // Cycles from the event's arrival to the command's way out; 0 where not stamped.
    [[nodiscard]] std::uint64_t latency_cycles() const;
};

// A decision with everything that followed from it.
struct DecisionStory {
    DecisionRecord decision{};
    std::vector<OrderStory> orders;
    std::vector<Refusal> refusals;
};

// Every decision of a journal with its orders, in order. One pass. Throws OutsideError or JournalDamaged.
struct JournalStory {
    InstrumentTable instruments;
    std::vector<DecisionStory> decisions;
};
JournalStory read_story(const std::filesystem::path& path);

// The cheapest other candidate that could have met the whole need alone: what the choice was made against.
// nullptr where there was none.
const CandidateRecord* dearer_candidate(const DecisionRecord& decision);

// What a fill cost against the touch that the solver priced with, USD; positive = worse than it.
double slippage_usd(const Event& fill, const DecisionRecord& decision, const InstrumentTable& instruments);

}  // namespace keel::app
