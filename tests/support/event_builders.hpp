#pragma once

#include <cstdint>

#include "engine/events/event.hpp"

namespace keel::test {

inline constexpr InstrumentId kPerpetual{0};

inline UnixNanos at_ms(std::int64_t ms) { return unix_nanos_from_ms(1'700'000'000'000 + ms); }

// One level of a book message; `flags` from EventFlag.
inline Event level_event(EventKind kind, Side side, std::int64_t price, std::int64_t quantity, std::uint64_t sequence,
                         std::uint64_t previous, unsigned flags, InstrumentId instrument = kPerpetual) {
    Level level;
    level.price = Price{price};
    level.quantity = Quantity{quantity};
    level.sequence = sequence;
    level.sequence_previous = previous;
    Event event = Event::of(kind, VenueId::deribit, instrument, level);
    event.flags = static_cast<std::uint8_t>(flags);
    event.set_side(side);
    event.receive_time = at_ms(static_cast<std::int64_t>(sequence));
    event.exchange_time = event.receive_time;
    return event;
}

inline Event order_event(EventKind kind, ClientOrderId id, std::int64_t price = 0, std::int64_t quantity = 0,
                         std::uint64_t venue_version = 0, InstrumentId instrument = kPerpetual) {
    OrderReport report;
    report.client_order_id = id;
    report.venue_order_id = slot(id) * 7 + 1;
    report.price = Price{price};
    report.quantity = Quantity{quantity};
    report.venue_version = venue_version;
    Event event = Event::of(kind, VenueId::deribit, instrument, report);
    event.set(kOurs);
    event.receive_time = at_ms(1);
    return event;
}

inline Event fill_event(ClientOrderId id, std::uint64_t trade_id, std::int64_t quantity, std::int64_t price = 100,
                        InstrumentId instrument = kPerpetual) {
    FillReport fill;
    fill.client_order_id = id;
    fill.trade_id = trade_id;
    fill.price = Price{price};
    fill.quantity = Quantity{quantity};
    Event event = Event::of(EventKind::fill, VenueId::deribit, instrument, fill);
    event.set(kOurs);
    event.receive_time = at_ms(1);
    return event;
}

}  // namespace keel::test
