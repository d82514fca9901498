#pragma once

#include <cstddef>

#include "engine/core/ids.hpp"
#include "engine/events/command.hpp"
#include "engine/events/event_batch.hpp"

namespace keel {

// A connection as the runners see it: polled, never blocking. One virtual call a turn, none per event.
// Thread: the one that polls it; in the pipeline layout each link has its own.
class Link {
public:
    virtual ~Link() = default;
    // Appends what was decoded and returns the work done; zero lets the thread idle.
    virtual std::size_t poll(EventBatch& batch) = 0;
};

// A connection that also carries orders of one venue.
class OrderLink : public Link {
public:
    [[nodiscard]] virtual VenueId venue() const = 0;
    // Encodes, signs and writes, or reports the order's fate by events of the next poll. Never blocks.
    virtual void send(const OrderCommand& command) = 0;
};

}  // namespace keel
