#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "engine/core/counted.hpp"
#include "engine/core/ids.hpp"
#include "engine/core/instrument.hpp"
#include "engine/core/time.hpp"

namespace keel {

enum class CommandKind : std::uint8_t { none = 0, submit, replace, cancel, cancel_all };
enum class TimeInForce : std::uint8_t { good_til_cancelled, immediate_or_cancel, fill_or_kill };

inline constexpr std::uint8_t kCommandVersion = 1;

// What the core asks a gateway to do. Same rules as Event: fixed size, no text, no padding. Only the
// loop makes one, from an intent that the gate approved.
struct alignas(64) OrderCommand {
    CommandKind kind{CommandKind::none};
    std::uint8_t version{kCommandVersion};
    VenueId venue{VenueId::none};
    Side side{Side::bid};
    InstrumentId instrument{InstrumentId::none};
    ClientOrderId client_order_id{ClientOrderId::none};
    Price price{};            // limit price; unused by cancels
    Quantity quantity{};      // total lots, unsigned
    UnixNanos valid_until{};  // fence: the venue must not match it later than this
    DecisionId decision{DecisionId::none};
    std::uint64_t trigger_sequence{0};  // Event::sequence that caused it: tick-to-trade is measured from there
    std::uint64_t trigger_cycles{0};    // receive_cycles of that event; latency only
    std::uint64_t emitted_cycles{0};    // latency only
    TimeInForce time_in_force{TimeInForce::good_til_cancelled};
    std::uint8_t reduce_only{0};
    std::uint8_t post_only{0};
    std::array<std::uint8_t, 5> unused8{};
    std::array<std::uint64_t, 6> unused{};
};
static_assert(sizeof(OrderCommand) == 128 && std::is_trivially_copyable_v<OrderCommand>);
static_assert(std::has_unique_object_representations_v<OrderCommand>);

// What a strategy wants, before the gate. `client_order_id` names the target of a replace or cancel.
struct OrderIntent {
    CommandKind kind{CommandKind::submit};
    InstrumentId instrument{InstrumentId::none};
    Side side{Side::bid};
    TimeInForce time_in_force{TimeInForce::good_til_cancelled};
    bool reduce_only{false};
    bool post_only{false};
    Price price{};
    Quantity quantity{};
    ClientOrderId client_order_id{ClientOrderId::none};
    DecisionId decision{DecisionId::none};
};

}  // namespace keel
