#include "connectors/binance_usdm/depth_chain.hpp"

#include <cstring>

#include "engine/core/assert.hpp"

namespace keel::connectors::binance {

DepthChain::Place DepthChain::place_of(const Message& message) const {
    if (state_ == State::following) {
        return message.previous_id == applied_id_ ? Place::follows : Place::gap;
    }
    // The first update spans the snapshot's id; spot's may also begin right behind it. Quantities are
    // absolute, so that what the snapshot holds already may be applied again.
    if (message.last_id < applied_id_) return Place::before;
    const std::uint64_t latest_first = applied_id_ + (message.has_previous_id ? 0 : 1);
    return message.first_id <= latest_first ? Place::joins : Place::gap;
}

void DepthChain::on_update(const Message& message, std::size_t start, EventBatch& batch) {
    KEEL_ASSERT(message.kind == MessageKind::depth_update && message.instrument == instrument_);
    ++counters_.updates;
    if (state_ == State::waiting) {
        keep(message, start, batch);
        return;
    }
    switch (place_of(message)) {
        case Place::before:
            ++counters_.dropped;
            batch.truncate(start);
            return;
        case Place::joins:
        case Place::follows: follow(message, batch.events().subspan(start)); return;
        case Place::gap:
            ++counters_.gaps;
            state_ = State::waiting;
            keep(message, start, batch);
            break_off(batch);
            return;
    }
}

void DepthChain::on_snapshot(const Message& message, std::size_t start, EventBatch& batch) {
    KEEL_ASSERT(message.kind == MessageKind::depth_snapshot && message.instrument == instrument_);
    state_ = State::joining;
    applied_id_ = message.last_id;
    while (!pending_.empty() && place_of(pending_.front().message) == Place::before) {
        ++counters_.dropped;
        const auto count = static_cast<std::ptrdiff_t>(pending_.front().events_count);
        pending_events_.erase(pending_events_.begin(), pending_events_.begin() + count);
        pending_.pop_front();
    }
    if (!pending_.empty() && place_of(pending_.front().message) == Place::gap) {
        ++counters_.snapshots_refused;
        state_ = State::waiting;
        batch.truncate(start);
        return;
    }
    ++counters_.snapshots;
    counters_.snapshot_id = message.last_id;

    while (!pending_.empty()) {
        const Pending next = pending_.front();
        if (place_of(next.message) == Place::gap) {
            ++counters_.gaps;
            state_ = State::waiting;
            break_off(batch);
            return;
        }
        const std::size_t first = batch.size();
        bool fits = true;
        for (std::size_t i = 0; i < next.events_count; ++i) {
            fits = fits && batch.push(pending_events_.front());
            pending_events_.pop_front();
        }
        pending_.pop_front();
        KEEL_ASSERT(fits);  // the feed leaves room for a snapshot and kPendingEventsMax
        follow(next.message, batch.events().subspan(first));
    }
}

void DepthChain::reset(EventBatch& batch) {
    const bool stood = state_ != State::waiting;
    state_ = State::waiting;
    forget_pending();
    if (stood) break_off(batch);
}

void DepthChain::keep(const Message& message, std::size_t start, EventBatch& batch) {
    const std::span<const Event> events = batch.events().subspan(start);
    if (pending_events_.size() + events.size() > kPendingEventsMax) forget_pending();
    if (events.size() <= kPendingEventsMax) {
        pending_events_.insert(pending_events_.end(), events.begin(), events.end());
        pending_.push_back({message, events.size()});
    }
    batch.truncate(start);
}

void DepthChain::follow(const Message& message, std::span<Event> events) {
    if (state_ == State::joining) counters_.first_id = message.last_id;
    state_ = State::following;
    ++counters_.applied;
    counters_.last_id = message.last_id;
    for (Event& event : events) {
        Level level = event.as<Level>();
        level.sequence_previous = applied_id_;
        std::memcpy(event.payload.data(), &level, sizeof level);
    }
    applied_id_ = message.last_id;
}

void DepthChain::break_off(EventBatch& batch) {
    Event event = Event::of(EventKind::book_stale, venue_, instrument_, Level{.sequence = applied_id_});
    event.flags = kFirst | kLast;
    KEEL_ASSERT(batch.push(event));  // the feed stops reading long before the batch is full
}

void DepthChain::forget_pending() {
    pending_.clear();
    pending_events_.clear();
}

}  // namespace keel::connectors::binance
