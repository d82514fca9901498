#pragma once

#include <string>
#include <string_view>

#include "engine/core/instrument_table.hpp"
#include "engine/events/command.hpp"
#include "engine/events/decision.hpp"
#include "engine/events/event.hpp"

namespace keel::app {

[[nodiscard]] const char* event_kind_name(EventKind kind);
[[nodiscard]] const char* command_kind_name(CommandKind kind);
[[nodiscard]] const char* time_in_force_name(TimeInForce time_in_force);
// Why an order came to this, of an event that carries an OrderReport: the name of our own error or the venue's of its
// code; empty where there is none or nobody knows one.
[[nodiscard]] std::string_view reason_name(const Event& event);
// The same in words, with the venue's code: "rate_limited: it never left this process". Empty where there is none.
std::string reason_text(const Event& event);

// "2026-01-05T08:00:31.123456789Z"; "never" for zero.
std::string time_text(UnixNanos time);
// Client order ids as the epoch and counter they are made of: "67a1b2c3-42".
std::string order_id_text(ClientOrderId id);
std::string instrument_text(const InstrumentTable& instruments, InstrumentId id);
// Prices and quantities in the venue's own numbers.
std::string price_text(const InstrumentTable& instruments, InstrumentId id, Price price);
std::string quantity_text(const InstrumentTable& instruments, InstrumentId id, Quantity quantity);

// One line of what a record says, for people.
std::string event_text(const Event& event, const InstrumentTable& instruments);
std::string command_text(const OrderCommand& command, const InstrumentTable& instruments);
std::string decision_text(const DecisionRecord& decision, const InstrumentTable& instruments);
std::string refusal_text(const Refusal& refusal, const InstrumentTable& instruments);

}  // namespace keel::app
