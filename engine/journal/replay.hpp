#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "engine/core/fixed_vector.hpp"
#include "engine/core/result.hpp"
#include "engine/journal/journal_reader.hpp"

namespace keel {

// Where a replay first said something else than the record.
struct ReplayDifference {
    std::uint64_t sequence{0};  // of the event
    std::string what;           // "command 1 quantity"
    std::string expected;       // as recorded
    std::string got;
};

struct ReplayReport {
    std::uint64_t events{0};
    std::uint64_t commands{0};
    std::uint64_t decisions{0};
    std::uint64_t refusals{0};
    std::uint64_t checkpoints{0};
    std::uint64_t state_hash{0};  // of the replayed core after its last event
    bool closed{false};           // the journal was ended in order: its final hash was compared too
    bool verified{false};
    std::optional<ReplayDifference> first_difference;
};

// Compares what a core says with what a journal holds, event by event. It takes the place of the
// journal in a CoreHost, so that the same check runs in either layout; the core sees recorded events
// only, never the recorded commands.
// Thread: the core's. Allocates: when it finds a difference.
class ReplayVerifier {
public:
    // The reader is at its start, and is this verifier's alone from here on.
    explicit ReplayVerifier(JournalReader& reader);

    // The event that comes next, or nothing at the end. What a replay feeds.
    [[nodiscard]] const std::optional<Event>& next_event() const { return following_; }

    // The recorder's interface (see CoreHost). False from the first difference on.
    [[nodiscard]] bool event(const Event& event);
    [[nodiscard]] bool outputs(std::span<const DecisionRecord> decisions, std::span<const Refusal> refusals,
                               std::span<const OrderCommand> commands);
    [[nodiscard]] bool checkpoint(const CheckpointRecord& checkpoint);
    [[nodiscard]] static bool writable() { return true; }

    // Ends the comparison. Errors: those of JournalReader::next, met on the way.
    Result<ReplayReport> finish(std::uint64_t state_hash);

private:
    void load_following();
    bool differ(std::string what, std::string expected, std::string got);
    template <class T>
    bool compare(const char* name, std::span<const T> expected, std::span<const T> got);
    // Nothing is wrong with outputs that a killed writer did not get to write.
    [[nodiscard]] bool may_be_cut() const { return !following_.has_value() && reader_.tail() == JournalTail::unclosed; }

    JournalReader& reader_;
    std::optional<Event> following_;
    std::uint64_t sequence_{0};  // of the event being compared
    FixedVector<DecisionRecord, 64> decisions_;
    FixedVector<Refusal, 64> refusals_;
    FixedVector<OrderCommand, 64> commands_;
    std::optional<CheckpointRecord> checkpoint_;
    std::optional<Error> error_;
    ReplayReport report_;
};

// Feeds the recorded events to a fresh loop and compares. Errors: those of JournalReader::next. With
// another layout: give a CoreHost a ReplayVerifier and feed the events through its runner.
template <class Loop>
Result<ReplayReport> replay(JournalReader& reader, Loop& loop) {
    reader.rewind();
    ReplayVerifier verifier{reader};
    while (verifier.next_event().has_value()) {
        const Event event = *verifier.next_event();
        if (!verifier.event(event)) break;
        const auto& outbox = loop.on(event);
        if (!verifier.outputs({outbox.decisions.begin(), outbox.decisions.size()},
                              {outbox.refusals.begin(), outbox.refusals.size()},
                              {outbox.commands.begin(), outbox.commands.size()}))
            break;
        if (event.sequence % kCheckpointEvents == 0 && !verifier.checkpoint({event.sequence, loop.state_hash()})) break;
    }
    return verifier.finish(loop.state_hash());
}

}  // namespace keel
