#pragma once

#include <concepts>
#include <optional>
#include <span>

#include "engine/book/book_set.hpp"
#include "engine/core/instrument_table.hpp"
#include "engine/events/decision.hpp"
#include "engine/events/event.hpp"
#include "engine/journal/state_hash.hpp"
#include "engine/orders/order_table.hpp"
#include "engine/pipeline/outbox.hpp"

namespace keel {

// A read-only look at the machine, handed to risk, strategy and gate. `now` is the receive time of the
// event being processed, never running backwards: the only clock the core has.
struct CoreView {
    const InstrumentTable& instruments;
    const BookSet& books;
    const OrderTable& orders;
    UnixNanos now{};
    std::uint64_t sequence{0};  // of the event being processed
};

// What the loop needs from risk: move what depends on an event, in O(what changed), and say which
// boundaries spoke. The loop has applied the event to books and orders already, and leaves out
// duplicate fills.
template <class R>
concept RiskModel = requires(R& risk, const R& look, const Event& event, const CoreView& view, StateHash& hash) {
    { risk.apply(event, view) } -> std::same_as<void>;
    { risk.evaluate(view) } -> std::same_as<std::span<const FiredTrigger>>;
    { look.hash_into(hash) } -> std::same_as<void>;
};

// What the loop needs from a strategy: on each event (with the triggers it fired, often none) write
// intents and the reasons for them. It also drives its working orders (re-price, deadline).
template <class S, class R>
concept Strategy = requires(S& strategy, const S& look, const Event& event, std::span<const FiredTrigger> fired,
                            const R& risk, const CoreView& view, StrategyOutput& out, StateHash& hash) {
    { strategy.react(event, fired, risk, view, out) } -> std::same_as<void>;
    { look.hash_into(hash) } -> std::same_as<void>;
};

// The last word before an order exists. `check` answers nothing when the intent passes, else which
// limit refused it. `apply` follows kill levels, sessions and journal state.
template <class G, class R>
concept Gate = requires(G& gate, const G& look, const Event& event, const OrderIntent& intent, const R& risk,
                        const CoreView& view, StateHash& hash) {
    { gate.apply(event, view) } -> std::same_as<void>;
    { gate.check(intent, risk, view) } -> std::same_as<std::optional<Refusal>>;
    { look.hash_into(hash) } -> std::same_as<void>;
};

}  // namespace keel
