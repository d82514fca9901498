#include "strategies/execution/marketable_limit.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"

namespace keel::strategies {
namespace {

constexpr double kBps = 1e-4;

bool is_order_event(EventKind kind) { return kind >= EventKind::order_acked && kind <= EventKind::fill; }

ClientOrderId order_of(const Event& event) {
    if (event.kind == EventKind::fill) return event.as<FillReport>().client_order_id;
    return event.as<OrderReport>().client_order_id;
}

bool belongs(const Order& order, const Child& child) {
    return order.decision == child.decision && order.instrument == child.instrument && order.side == child.side &&
           order.id > child.order;  // ids rise: an older one is an earlier attempt
}

}  // namespace

bool MarketableLimit::start(DecisionId decision, const HedgeTrade& trade, UnixNanos now) {
    KEEL_ASSERT(trade.quantity.count() > 0);
    return children_.push(Child{.decision = decision,
                                .instrument = trade.instrument,
                                .underlying = instruments_[trade.instrument].underlying,
                                .side = trade.side,
                                .quantity = trade.quantity,
                                .next = now,
                                .deadline = now + config_.deadline});
}

void MarketableLimit::abandon(UnderlyingId underlying) {
    for (Child& child : children_) {
        if (child.underlying != underlying) continue;
        child.abandoned = true;
        if (child.state == ChildState::ready) child.state = ChildState::done;
    }
    drop_done();
}

void MarketableLimit::observe(const Event& event, const CoreView& view) {
    if (children_.empty()) return;
    if (is_order_event(event.kind)) {
        const Order* order = view.orders.find(order_of(event));
        for (Child& child : children_) {
            if (order == nullptr || child.state != ChildState::sent || !belongs(*order, child)) continue;
            child.order = order->id;
            child.state = ChildState::working;
        }
    }
    for (Child& child : children_) {
        if (child.state == ChildState::sent) bind(child, view);
        if (child.state != ChildState::working) continue;
        const Order* order = view.orders.find(child.order);
        if (order == nullptr) {
            child.state = ChildState::done;  // its row was reused; risk has its fills, the next check the rest
        } else if (is_terminal(order->state)) {
            settle(child, *order, view.now);
        }
    }
}

// The event after an intent: it is an order by now, or the gate refused it.
void MarketableLimit::bind(Child& child, const CoreView& view) {
    for (const ClientOrderId id : view.orders.live()) {
        const Order* order = view.orders.find(id);
        if (order == nullptr || !belongs(*order, child)) continue;
        child.order = id;
        child.state = ChildState::working;
        return;
    }
    child.state = child.abandoned ? ChildState::done : ChildState::ready;
    child.next = view.now + config_.retry_after;
}

void MarketableLimit::settle(Child& child, const Order& order, UnixNanos now) {
    child.filled += std::max(order.filled, order.filled_venue);  // its fills may still be on their way
    child.cancel_sent = UnixNanos{};
    const bool complete = child.filled >= child.quantity;
    child.state = complete || child.abandoned ? ChildState::done : ChildState::ready;
    // A partial fill shows a market: go on at once. Nothing filled, or refused: give it time.
    child.next = order.filled_venue.count() > 0 ? now : now + config_.retry_after;
}

void MarketableLimit::send(Child& child, const MarkBand& mark, const CoreView& view, StrategyOutput& out) {
    if (child.attempts >= config_.attempts_max || view.now >= child.deadline) {
        child.state = ChildState::done;
        return;
    }
    const Price price = price_of(child, mark, view);
    const Quantity left = child.quantity - child.filled;
    const Instrument& instrument = instruments_[child.instrument];
    if (left < instrument.quantity_min) {  // what is left is too small for an order; the next decision has it
        child.state = ChildState::done;
        return;
    }
    if (price.count() <= 0) {
        child.next = view.now + config_.retry_after;
        return;
    }
    const bool pushed = out.intents.push(OrderIntent{.kind = CommandKind::submit,
                                                     .instrument = child.instrument,
                                                     .side = child.side,
                                                     .time_in_force = config_.time_in_force,
                                                     .price = price,
                                                     .quantity = left,
                                                     .decision = child.decision});
    if (!pushed) return;  // the output is full: the next event takes it
    ++child.attempts;
    child.sent = view.now;
    child.state = ChildState::sent;
}

// A resting order is cancelled when its time is over; what it leaves is priced again once it has ended.
void MarketableLimit::watch(Child& child, const CoreView& view, StrategyOutput& out) {
    const Order* order = view.orders.find(child.order);
    if (order == nullptr || is_terminal(order->state) || is_unknown(order->state)) return;
    const bool resting = config_.time_in_force == TimeInForce::good_til_cancelled;
    const auto patience = resting ? config_.reprice_after : config_.deadline;
    if (view.now - child.sent < patience && view.now < child.deadline && !child.abandoned) return;
    if (child.cancel_sent.ns() != 0 && view.now - child.cancel_sent < config_.reprice_after) return;
    const bool pushed = out.intents.push(OrderIntent{.kind = CommandKind::cancel,
                                                     .instrument = child.instrument,
                                                     .side = child.side,
                                                     .client_order_id = child.order,
                                                     .decision = child.decision});
    if (pushed) child.cancel_sent = view.now;
}

void MarketableLimit::drop_done() {
    for (std::size_t at = children_.size(); at-- > 0;) {
        if (children_[at].state == ChildState::done) children_.erase_unordered(at);
    }
}

Price MarketableLimit::price_of(const Child& child, const MarkBand& mark, const CoreView& view) const {
    const OrderBook* book = view.books.find(child.instrument);
    if (book == nullptr || !book->valid() || view.now - book->updated() > config_.book_age_max) return Price{};
    if (!(mark.mark > 0.0)) return Price{};
    const Instrument& instrument = instruments_[child.instrument];
    const bool buys = child.side == Side::bid;
    const double outwards = buys ? 1.0 : -1.0;
    // The level at which the visible book covers what is left; all of it when it does not.
    double reference = mark.mark;
    std::int64_t covered = 0;
    const auto levels = book->levels(opposite(child.side));
    for (std::size_t at = levels.size(); at > 0 && covered < (child.quantity - child.filled).count(); --at) {
        covered += levels[at - 1].quantity.count();
        reference = instrument.price_value(levels[at - 1].price);
    }
    const double through = reference * (1.0 + outwards * config_.cross_bps * kBps);
    const double collar = mark.mark * (1.0 + outwards * config_.collar_bps * kBps);
    double limit = buys ? std::min(through, collar) : std::max(through, collar);
    if (buys && std::isfinite(mark.price_max)) limit = std::min(limit, mark.price_max);
    if (!buys && std::isfinite(mark.price_min)) limit = std::max(limit, mark.price_min);
    return buys ? instrument.price_floor(limit) : instrument.price_ceil(limit);
}

std::size_t MarketableLimit::active(UnderlyingId underlying) const {
    return static_cast<std::size_t>(std::count_if(children_.begin(), children_.end(),
                                                  [&](const Child& child) { return child.underlying == underlying; }));
}

void MarketableLimit::hash_into(StateHash& hash) const {
    hash.add(children_.size());
    for (const Child& child : children_) {
        hash.add(child.decision);
        hash.add(child.instrument);
        hash.add(child.side);
        hash.add(child.state);
        hash.add(child.attempts);
        hash.add(child.quantity);
        hash.add(child.filled);
        hash.add(child.order);
        hash.add(child.next);
        hash.add(child.deadline);
    }
}

}  // namespace keel::strategies
