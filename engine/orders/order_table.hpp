#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/core/instrument_table.hpp"
#include "engine/core/result.hpp"
#include "engine/events/command.hpp"
#include "engine/events/event.hpp"
#include "engine/journal/state_hash.hpp"
#include "engine/orders/order.hpp"

namespace keel {

// Lots that working and unknown orders may still trade, per side: the worst case that limits use.
struct Reserved {
    Quantity bids{};
    Quantity asks{};
    friend bool operator==(const Reserved&, const Reserved&) = default;
};

// What an order event did.
enum class OrderEffect : std::uint8_t {
    changed,       // a transition or a first-seen fact
    fill_applied,  // a new fill: the portfolio must move
    ignored,       // duplicate or older than what is known; counted
    not_ours,      // external order or fill of one; a fill still moves the portfolio
};

// Every order of this run and its exposure. Registered before its bytes leave; a fill is applied once
// per (instrument, trade id); a terminal state needs positive evidence, never a timeout (law 6).
// docs/order-states.md has the table of transitions.
//
// Orders lie in a ring by the counter in their id, so that finding one is an index; a new one takes the
// oldest terminal row. Fills are remembered in a flat hash set that forgets the oldest first.
// Thread: core. Allocates: at construction only.
class OrderTable {
public:
    static constexpr std::size_t kOrdersMax = 16'384;  // per run, live and kept; the oldest terminal rows are reused
    static constexpr std::size_t kFillsMax = 65'536;   // trade ids remembered for de-duplication
    explicit OrderTable(std::uint32_t boot_epoch);

    // Registers a submit (pending_new) and returns its id; a replace or cancel moves its target to its
    // pending state and returns the target's id; a cancel_all moves every live order (of the intent's
    // instrument, where it names one) and returns ClientOrderId::none. A cancel may be repeated.
    // Errors: table_full, unknown_order, illegal_transition (a replace of an order that is not working,
    // a cancel of a terminal one).
    Result<ClientOrderId> open(const OrderIntent& intent, UnixNanos now, UnixNanos valid_until);

    // One order_* or fill event.
    OrderEffect apply(const Event& event);

    // Deadlines: pending_* older than `unknown_after` become unknown_* (reliability T_unk). Returns how
    // many did.
    std::size_t expire_acks(UnixNanos now, std::chrono::nanoseconds unknown_after);

    // The order connection of a venue is gone: its pending orders are unknown.
    void on_disconnect(VenueId venue, const InstrumentTable& instruments, UnixNanos now);

    // nullptr for an id that is not of this run, or whose row was reused.
    [[nodiscard]] const Order* find(ClientOrderId id) const;
    [[nodiscard]] Reserved reserved(InstrumentId instrument) const;
    // Non-terminal orders, oldest first.
    [[nodiscard]] std::span<const ClientOrderId> live() const { return live_; }
    [[nodiscard]] std::size_t unknown_count() const { return unknown_count_; }
    // Non-terminal orders of one instrument.
    [[nodiscard]] std::size_t live_count(InstrumentId instrument) const;

    struct Counts {
        std::uint64_t submitted{0}, acked{0}, rejected{0}, filled{0}, canceled{0}, expired{0};
        std::uint64_t not_sent{0};  // of the submitted, those of which no byte left
        std::uint64_t fills{0}, fills_duplicate{0}, fills_late{0}, unknown{0}, ignored{0}, overfilled{0};
        std::uint64_t revived{0};  // orders that a proof or a refusal had ended, and that turned up again
        [[nodiscard]] std::uint64_t sent() const { return submitted - not_sent; }
    };
    [[nodiscard]] const Counts& counts() const { return counts_; }

    // Live orders, counters and what is next.
    void hash_into(StateHash& hash) const;

private:
    // What one instrument's orders may still trade.
    struct Exposure {
        Quantity bids{};
        Quantity asks{};
        std::uint64_t live{0};
    };
    struct FillKey {
        std::uint64_t trade_id{0};
        InstrumentId instrument{InstrumentId::none};
        std::uint32_t used{0};
        friend bool operator==(const FillKey&, const FillKey&) = default;
    };

    [[nodiscard]] Order* row_of(ClientOrderId id);
    Result<ClientOrderId> submit(const OrderIntent& intent, UnixNanos now, UnixNanos valid_until);
    Result<ClientOrderId> change(const OrderIntent& intent, UnixNanos now, UnixNanos valid_until);
    void cancel_live(InstrumentId instrument, UnixNanos now);
    OrderEffect apply_report(Order& order, const Event& event);
    OrderEffect apply_fill(const Event& event);
    bool on_ack(Order& order, const OrderReport& report, bool found, UnixNanos now);
    void adopt(Order& order, const OrderReport& report, UnixNanos now);
    bool on_refusal(Order& order, const OrderReport& report, UnixNanos now);
    // Moves an order and all sums that depend on its state. Every change of state goes through here.
    void move_to(Order& order, OrderState state, UnixNanos now);
    void settle(Order& order, UnixNanos now);
    void count_in(const Order& order, std::int64_t sign);
    // False when the fill was seen before.
    bool remember_fill(InstrumentId instrument, std::uint64_t trade_id);
    void forget_fill(const FillKey& key);

    std::uint32_t boot_epoch_;
    std::uint32_t counter_{0};  // of the last id given
    std::vector<Order> rows_;   // by counter modulo kOrdersMax
    std::vector<ClientOrderId> live_;
    std::vector<Exposure> exposure_;  // by InstrumentId slot
    std::size_t unknown_count_{0};
    std::vector<FillKey> fill_set_;   // open addressing, at most half full
    std::vector<FillKey> fill_ring_;  // in order of arrival
    std::uint64_t fills_seen_{0};
    Counts counts_{};
};

}  // namespace keel
