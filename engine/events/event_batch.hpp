#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "engine/core/assert.hpp"
#include "engine/events/event.hpp"

namespace keel {

// Where a decoder puts what it read from one frame: allocated once, reused for every frame. The owner
// drains it into the core (inline) or into the core's queue (pipeline) after each poll.
// Thread: the connection's. Allocates: at construction only.
class EventBatch {
public:
    static constexpr std::size_t kEventsMax = 65'536;  // a 1000-level snapshot of 30 books; Binance sends 2,000

    EventBatch() : events_{std::make_unique<Event[]>(kEventsMax)} {}

    // False when full: the decoder drops the message with Errc::table_full and the book goes stale.
    [[nodiscard]] bool push(const Event& event) {
        if (size_ == kEventsMax) return false;
        events_[size_++] = event;
        return true;
    }
    // Takes back everything after `size`: a message that turns out malformed leaves no half of itself.
    void truncate(std::size_t size) {
        KEEL_ASSERT(size <= size_);
        size_ = size;
    }
    void clear() { size_ = 0; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::span<Event> events() { return {events_.get(), size_}; }
    [[nodiscard]] std::span<const Event> events() const { return {events_.get(), size_}; }

private:
    std::unique_ptr<Event[]> events_;
    std::size_t size_{0};
};

}  // namespace keel
