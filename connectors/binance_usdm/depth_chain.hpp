#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "connectors/binance_usdm/parse.hpp"
#include "engine/events/event_batch.hpp"

namespace keel::connectors::binance {

// What became of one instrument's depth stream. applied + dropped + (those still waiting) = updates.
struct DepthCounters {
    std::uint64_t updates{0};
    std::uint64_t applied{0};
    std::uint64_t dropped{0};            // older than the snapshot, as the bootstrap rule asks
    std::uint64_t gaps{0};               // updates that do not follow the one before
    std::uint64_t snapshots{0};          // that the book was built from
    std::uint64_t snapshots_refused{0};  // older than every update that is still known
    std::uint64_t first_id{0};           // u of the first update applied to the last snapshot
    std::uint64_t last_id{0};            // u of the last update applied
    std::uint64_t snapshot_id{0};        // lastUpdateId of the last snapshot
};

// Joins the depth stream of one instrument to a snapshot, by the venue's rules: updates are kept until
// a snapshot comes; those older than it are dropped; the first applied must span its id; each later one
// must name its predecessor (spot: begin right behind it). Anything else is a gap: the book is stale
// from that very event, and the chain waits for a new snapshot with the update kept.
//
// An applied message leaves this with `sequence_previous` equal to the sequence of what it was applied
// to, so that the core can check the chain without knowing the bootstrap rule.
// Thread: the connection's. Allocates: while it waits for a snapshot.
class DepthChain {
public:
    // Events kept while a snapshot is on its way: half a minute of a busy book. More, and the oldest
    // are worthless anyway: the chain starts again.
    static constexpr std::size_t kPendingEventsMax = 40'960;

    DepthChain(VenueId venue, InstrumentId instrument) : venue_{venue}, instrument_{instrument} {}

    // A decoded depth_update whose events fill `batch` from `start`. Leaves there what the core shall
    // see of it: the levels, nothing, or a book_stale.
    void on_update(const Message& message, std::size_t start, EventBatch& batch);

    // A decoded snapshot, likewise. Afterwards the batch holds it and every kept update that follows,
    // or nothing where it is too old.
    void on_snapshot(const Message& message, std::size_t start, EventBatch& batch);

    // The connection is gone: what was kept says nothing any more. Appends a book_stale where a book stood.
    void reset(EventBatch& batch);

    // At least one update is kept, and no snapshot stands.
    [[nodiscard]] bool wants_snapshot() const { return state_ == State::waiting && !pending_.empty(); }
    // A snapshot stands, and nothing has contradicted it.
    [[nodiscard]] bool has_book() const { return state_ != State::waiting; }
    [[nodiscard]] InstrumentId instrument() const { return instrument_; }
    [[nodiscard]] const DepthCounters& counters() const { return counters_; }

private:
    enum class State : std::uint8_t { waiting, joining, following };
    struct Pending {
        Message message;
        std::size_t events_count;
    };
    enum class Place : std::uint8_t { before, joins, follows, gap };

    [[nodiscard]] Place place_of(const Message& message) const;
    void keep(const Message& message, std::size_t start, EventBatch& batch);
    void follow(const Message& message, std::span<Event> events);
    void break_off(EventBatch& batch);
    void forget_pending();

    VenueId venue_;
    InstrumentId instrument_;
    State state_{State::waiting};
    std::uint64_t applied_id_{0};  // u of the last update applied, or the snapshot's id: where the book stands
    std::deque<Pending> pending_;
    std::deque<Event> pending_events_;
    DepthCounters counters_;
};

}  // namespace keel::connectors::binance
