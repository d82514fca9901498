#pragma once

#include <cstdint>
#include <string_view>

namespace keel::connectors::deribit {

// What an error code of the venue asks of the client; the classes of its error table.
enum class ErrorAction : std::uint8_t {
    reauthenticate,     // once, then stop and alarm
    stop_credentials,   // wrong key or missing right: never loop
    retry_later,        // the venue could not; the fate of an order is open
    not_processed,      // too late by its own valid_until: provably not matched
    throttle,           // the budget is spent, and the session will be dropped
    reject,             // size, price or semantics: never unchanged again
    reject_funds,       // margin, funds or limits: risk must react
    gone,               // the order is over or was never there
    superseded,         // a later edit or a cancel_all took its place
    label_ambiguous,    // more than one open order carries the label
    instrument_closed,  // book closed, delivered or unknown: stop trading it
    account_blocked,    // halt trading
    protocol_bug,       // our request was wrong
    subscription,       // a channel was refused
    unknown,            // a code that the table does not hold
};

[[nodiscard]] ErrorAction action_of(std::int64_t code);
// What the venue calls it ("not_enough_funds"); empty for a code that the table does not hold.
[[nodiscard]] std::string_view error_name(std::int64_t code);
[[nodiscard]] std::string_view action_name(ErrorAction action);

// Whether an error answer to a submit proves that no order exists. An ambiguous one leaves it unknown.
[[nodiscard]] bool is_definite_refusal(ErrorAction action);

}  // namespace keel::connectors::deribit
