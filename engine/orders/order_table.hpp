#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/core/result.hpp"
#include "engine/events/command.hpp"
#include "engine/events/event.hpp"
#include "engine/orders/order.hpp"

namespace keel {

// Lots that working and unknown orders may still trade, per side: the worst case that limits use.
struct Reserved {
    Quantity bids{};
    Quantity asks{};
};

// What an order event did.
enum class OrderEffect : std::uint8_t {
    changed,      // a transition or a first-seen fact
    fill_applied, // a new fill: the portfolio must move
    ignored,      // duplicate or older than what is known; counted
    not_ours,     // external order or fill of one; a fill still moves the portfolio
};

// Every order of this run and its exposure. Registered before its bytes leave; a fill is applied once
// per (instrument, trade id); a terminal state needs positive evidence, never a timeout (law 6).
// Thread: core. Allocates: at construction only.
class OrderTable {
public:
    static constexpr std::size_t kOrdersMax = 16'384;   // per run, live and kept; the oldest terminal rows are reused
    static constexpr std::size_t kFillsMax = 65'536;    // trade ids remembered for de-duplication
    explicit OrderTable(std::uint32_t boot_epoch);

    // Registers a submit (pending_new) and returns its id; a replace or cancel moves its target to its
    // pending state. Errors: table_full, unknown_order, illegal_transition.
    Result<ClientOrderId> open(const OrderIntent& intent, UnixNanos now, UnixNanos valid_until);

    // One order_* or fill event.
    OrderEffect apply(const Event& event);

    // Deadlines: pending_* older than `unknown_after` become unknown_* (reliability T_unk). Returns how
    // many did.
    std::size_t expire_acks(UnixNanos now, std::chrono::nanoseconds unknown_after);

    // The order connection is gone: every pending order is unknown.
    void on_disconnect(UnixNanos now);

    [[nodiscard]] const Order* find(ClientOrderId id) const;
    [[nodiscard]] Reserved reserved(InstrumentId instrument) const;
    // Non-terminal orders, oldest first.
    [[nodiscard]] std::span<const ClientOrderId> live() const { return live_; }
    [[nodiscard]] std::size_t unknown_count() const;
    // Non-terminal orders of one instrument.
    [[nodiscard]] std::size_t live_count(InstrumentId instrument) const;

    struct Counts {
        std::uint64_t submitted{0}, acked{0}, rejected{0}, filled{0}, canceled{0}, expired{0};
        std::uint64_t fills{0}, fills_duplicate{0}, fills_late{0}, unknown{0}, ignored{0}, overfilled{0};
    };
    [[nodiscard]] const Counts& counts() const { return counts_; }

private:
    struct Storage;
    std::uint32_t boot_epoch_;
    std::vector<ClientOrderId> live_;
    Counts counts_{};
};

}  // namespace keel
