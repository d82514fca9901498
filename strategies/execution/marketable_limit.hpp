#pragma once

#include <cstdint>

#include "engine/core/instrument_table.hpp"
#include "engine/pipeline/ports.hpp"
#include "strategies/hedge/hedge_config.hpp"
#include "strategies/hedge/hedge_view.hpp"

namespace keel::strategies {

inline constexpr std::size_t kChildrenMax = 64;  // trades of all decisions that still have orders out

enum class ChildState : std::uint8_t {
    ready,    // an order may be sent once `next` has come
    sent,     // an intent was written; the next event shows whether it became an order
    working,  // an order of ours is alive, or its fate is unknown
    done,
};

// One trade of a decision, on its way through one or more orders.
struct Child {
    DecisionId decision{DecisionId::none};
    InstrumentId instrument{InstrumentId::none};
    UnderlyingId underlying{UnderlyingId::none};
    Side side{Side::bid};
    ChildState state{ChildState::ready};
    bool abandoned{false};  // a newer decision covers what was not sent
    std::uint8_t attempts{0};
    Quantity quantity{};                       // wanted, lots
    Quantity filled{};                         // by orders that ended
    ClientOrderId order{ClientOrderId::none};  // the newest
    UnixNanos next{};
    UnixNanos sent{};
    UnixNanos cancel_sent{};  // 0: no cancel is out
    UnixNanos deadline{};
};

// Turns trades into marketable limit orders: a few basis points through the level at which the visible
// book covers them, never beyond the collar around the mark, priced again until done, out of attempts or
// past the deadline. At most one
// order per child is alive; one whose fate is unknown is waited for and never sent again (law 6).
// Thread: core. Allocates: never.
class MarketableLimit {
public:
    MarketableLimit(const HedgeConfig& config, const InstrumentTable& instruments)
        : config_{config}, instruments_{instruments} {}

    // False when kChildrenMax children are alive.
    [[nodiscard]] bool start(DecisionId decision, const HedgeTrade& trade, UnixNanos now);
    // Nothing more is sent for the children of this underlying; orders that are out stay watched.
    void abandon(UnderlyingId underlying);

    // Learns from the event which orders exist and how they end. Call for every event, before `drive`.
    void observe(const Event& event, const CoreView& view);
    // Writes the orders and cancels that are due. `mark_of(InstrumentId) -> MarkBand`.
    template <class MarkOf>
    void drive(const CoreView& view, const MarkOf& mark_of, StrategyOutput& out) {
        for (Child& child : children_) {
            if (child.state == ChildState::ready && child.next <= view.now)
                send(child, mark_of(child.instrument), view, out);
            if (child.state == ChildState::working) watch(child, view, out);
        }
        drop_done();
    }

    // Children that may still trade or whose order is alive.
    [[nodiscard]] std::size_t active(UnderlyingId underlying) const;
    [[nodiscard]] bool empty() const { return children_.empty(); }
    [[nodiscard]] std::span<const Child> children() const { return {children_.begin(), children_.size()}; }
    void hash_into(StateHash& hash) const;

private:
    void bind(Child& child, const CoreView& view);
    void settle(Child& child, const Order& order, UnixNanos now);
    void send(Child& child, const MarkBand& mark, const CoreView& view, StrategyOutput& out);
    void watch(Child& child, const CoreView& view, StrategyOutput& out);
    void drop_done();
    // Zero where no price can be given now.
    [[nodiscard]] Price price_of(const Child& child, const MarkBand& mark, const CoreView& view) const;

    HedgeConfig config_;
    const InstrumentTable& instruments_;
    FixedVector<Child, kChildrenMax> children_;
};

}  // namespace keel::strategies
