#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/events/command.hpp"

namespace keel {

// Life of an order (docs/order-states.md). Terminal states are soft: a late fill is still applied.
// There is no "partially filled": that is filled > 0.
enum class OrderState : std::uint8_t {
    none = 0,
    pending_new,  // intent journalled, reserved, bytes on their way
    working,
    pending_replace,
    pending_cancel,
    unknown_new,  // fate unknown: exposure is kept until absence is proven
    unknown_replace,
    unknown_cancel,
    suspect_gone,  // missing from the venue's open orders
    quarantined,   // doubt that only an operator or evidence ends
    filled,        // terminal from here on
    canceled,
    expired,
    rejected,  // positive refusal of the venue
    absent,    // proven never accepted
};
[[nodiscard]] const char* order_state_name(OrderState state);
constexpr bool is_terminal(OrderState state) { return state >= OrderState::filled; }
constexpr bool is_unknown(OrderState state) {
    return state == OrderState::unknown_new || state == OrderState::unknown_replace ||
           state == OrderState::unknown_cancel || state == OrderState::suspect_gone || state == OrderState::quarantined;
}

// One order of ours. All quantities in lots.
struct Order {
    ClientOrderId id{ClientOrderId::none};
    InstrumentId instrument{InstrumentId::none};
    OrderState state{OrderState::none};
    Side side{Side::bid};
    TimeInForce time_in_force{TimeInForce::good_til_cancelled};
    std::uint8_t reduce_only{0};
    std::uint8_t acknowledged{0};  // the venue has said that it is there
    Price price{};
    Quantity quantity{};
    Price price_pending{};  // of a replace whose outcome is open
    Quantity quantity_pending{};
    Quantity filled{};        // sum of accepted fills
    Quantity filled_venue{};  // the highest cumulative fill that the venue told; ahead of `filled`: fills are owed
    DecisionId decision{DecisionId::none};
    UnixNanos created{};
    UnixNanos changed{};  // last transition
    UnixNanos valid_until{};
    std::uint64_t venue_order_id{0};
    std::uint64_t venue_version{0};
    std::int64_t reason{0};  // venue's code of the last refusal

    // What may still trade; a replace in flight counts with the larger of old and new.
    [[nodiscard]] Quantity leaves() const {
        const Quantity total = std::max(quantity, quantity_pending);
        return total > filled ? total - filled : Quantity{};
    }
};

}  // namespace keel
