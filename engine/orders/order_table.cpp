#include "engine/orders/order_table.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>

#include "engine/core/assert.hpp"

namespace keel {
namespace {

constexpr std::size_t kFillSlots = 2 * OrderTable::kFillsMax;  // at most half full: short probes
static_assert((kFillSlots & (kFillSlots - 1)) == 0);

constexpr bool is_pending(OrderState state) {
    return state == OrderState::pending_new || state == OrderState::pending_replace ||
           state == OrderState::pending_cancel;
}

constexpr OrderState doubt_of(OrderState pending) {
    switch (pending) {
        case OrderState::pending_new: return OrderState::unknown_new;
        case OrderState::pending_replace: return OrderState::unknown_replace;
        case OrderState::pending_cancel: return OrderState::unknown_cancel;
        default: return pending;
    }
}

constexpr bool is_new(OrderState state) { return state == OrderState::pending_new || state == OrderState::unknown_new; }
constexpr bool is_replacing(OrderState state) {
    return state == OrderState::pending_replace || state == OrderState::unknown_replace;
}
constexpr bool is_canceling(OrderState state) {
    return state == OrderState::pending_cancel || state == OrderState::unknown_cancel;
}

std::uint64_t hash_of(InstrumentId instrument, std::uint64_t trade_id) {
    const std::array<std::uint64_t, 2> key{slot(instrument), trade_id};
    return XXH3_64bits(key.data(), sizeof key);
}

// A venue that names no trade still gives the same facts twice for the same fill (reliability: O10).
std::uint64_t trade_key(const Event& event, const FillReport& fill) {
    if (fill.trade_id != 0) return fill.trade_id;
    const std::array<std::uint64_t, 5> facts{
        slot(fill.client_order_id), fill.venue_order_id, static_cast<std::uint64_t>(fill.price.count()),
        static_cast<std::uint64_t>(fill.quantity.count()), static_cast<std::uint64_t>(event.exchange_time.ns())};
    return XXH3_64bits(facts.data(), sizeof facts);
}

constexpr std::uint32_t epoch_of(ClientOrderId id) { return static_cast<std::uint32_t>(slot(id) >> 32); }
constexpr std::uint32_t counter_of(ClientOrderId id) { return static_cast<std::uint32_t>(slot(id)); }

}  // namespace

const char* order_state_name(OrderState state) {
    switch (state) {
        case OrderState::none: return "none";
        case OrderState::pending_new: return "pending_new";
        case OrderState::working: return "working";
        case OrderState::pending_replace: return "pending_replace";
        case OrderState::pending_cancel: return "pending_cancel";
        case OrderState::unknown_new: return "unknown_new";
        case OrderState::unknown_replace: return "unknown_replace";
        case OrderState::unknown_cancel: return "unknown_cancel";
        case OrderState::suspect_gone: return "suspect_gone";
        case OrderState::quarantined: return "quarantined";
        case OrderState::filled: return "filled";
        case OrderState::canceled: return "canceled";
        case OrderState::expired: return "expired";
        case OrderState::rejected: return "rejected";
        case OrderState::absent: return "absent";
    }
    return "unknown";
}

OrderTable::OrderTable(std::uint32_t boot_epoch)
    : boot_epoch_{boot_epoch},
      rows_(kOrdersMax),
      exposure_(kInstrumentsMax),
      fill_set_(kFillSlots),
      fill_ring_(kFillsMax) {
    live_.reserve(kOrdersMax);
}

Order* OrderTable::row_of(ClientOrderId id) {
    if (epoch_of(id) != boot_epoch_ || counter_of(id) == 0) return nullptr;
    Order& row = rows_[counter_of(id) % kOrdersMax];
    return row.id == id ? &row : nullptr;
}

const Order* OrderTable::find(ClientOrderId id) const {
    return const_cast<OrderTable*>(this)->row_of(id);  // the same search; nothing is changed by it
}

Result<ClientOrderId> OrderTable::open(const OrderIntent& intent, UnixNanos now, UnixNanos valid_until) {
    switch (intent.kind) {
        case CommandKind::submit: return submit(intent, now, valid_until);
        case CommandKind::replace:
        case CommandKind::cancel: return change(intent, now, valid_until);
        case CommandKind::cancel_all: cancel_live(intent.instrument, now); return ClientOrderId::none;
        case CommandKind::none: break;
    }
    return fail(Errc::illegal_transition);
}

Result<ClientOrderId> OrderTable::submit(const OrderIntent& intent, UnixNanos now, UnixNanos valid_until) {
    KEEL_ASSERT(slot(intent.instrument) < exposure_.size());
    KEEL_ASSERT(intent.quantity.count() > 0);
    if (live_.size() == kOrdersMax) return fail(Errc::table_full, kOrdersMax);
    // A live order keeps its row however old it is: its number's turn is passed over.
    do {
        ++counter_;
    } while (counter_ == 0 || (rows_[counter_ % kOrdersMax].id != ClientOrderId::none &&
                               !is_terminal(rows_[counter_ % kOrdersMax].state)));
    Order& order = rows_[counter_ % kOrdersMax];
    order = Order{};
    order.id = static_cast<ClientOrderId>((std::uint64_t{boot_epoch_} << 32) | counter_);
    order.instrument = intent.instrument;
    order.side = intent.side;
    order.time_in_force = intent.time_in_force;
    order.reduce_only = intent.reduce_only ? 1 : 0;
    order.price = intent.price;
    order.quantity = intent.quantity;
    order.decision = intent.decision;
    order.created = now;
    order.changed = now;
    order.valid_until = valid_until;
    order.state = OrderState::pending_new;
    live_.push_back(order.id);
    count_in(order, 1);
    ++counts_.submitted;
    return order.id;
}

Result<ClientOrderId> OrderTable::change(const OrderIntent& intent, UnixNanos now, UnixNanos valid_until) {
    Order* const order = row_of(intent.client_order_id);
    if (order == nullptr) return fail(Errc::unknown_order, slot(intent.client_order_id));
    if (is_terminal(order->state)) return fail(Errc::illegal_transition, slot(order->id));
    if (intent.kind == CommandKind::cancel) {
        move_to(*order, OrderState::pending_cancel, now);
        return order->id;
    }
    if (order->state != OrderState::working || intent.quantity.count() <= 0)
        return fail(Errc::illegal_transition, slot(order->id));
    count_in(*order, -1);
    order->price_pending = intent.price;
    order->quantity_pending = intent.quantity;
    order->valid_until = valid_until;
    count_in(*order, 1);
    move_to(*order, OrderState::pending_replace, now);
    return order->id;
}

void OrderTable::cancel_live(InstrumentId instrument, UnixNanos now) {
    // From the back: an order that turns out to be done leaves the list behind the one looked at.
    for (std::size_t at = live_.size(); at-- > 0;) {
        Order& order = *row_of(live_[at]);
        if (instrument == InstrumentId::none || order.instrument == instrument)
            move_to(order, OrderState::pending_cancel, now);
    }
}

OrderEffect OrderTable::apply(const Event& event) {
    if (event.kind == EventKind::fill) return apply_fill(event);
    if (event.kind == EventKind::external_order) return OrderEffect::not_ours;
    Order* const order = row_of(event.as<OrderReport>().client_order_id);
    if (order == nullptr) return OrderEffect::not_ours;
    const OrderEffect effect = apply_report(*order, event);
    if (effect == OrderEffect::ignored) ++counts_.ignored;
    return effect;
}

OrderEffect OrderTable::apply_report(Order& order, const Event& event) {
    const auto report = event.as<OrderReport>();
    const UnixNanos now = event.receive_time;
    if (order.venue_order_id == 0) order.venue_order_id = report.venue_order_id;
    order.filled_venue = std::max(order.filled_venue, report.filled);
    bool changed = false;
    switch (event.kind) {
        case EventKind::order_acked: changed = on_ack(order, report, event.has(kFound), now); break;
        case EventKind::order_rejected: changed = on_refusal(order, report, now); break;
        case EventKind::order_unknown:
            changed = is_pending(order.state);
            if (changed) move_to(order, doubt_of(order.state), now);
            break;
        case EventKind::order_not_sent:
            changed = is_new(order.state) || is_replacing(order.state) || is_canceling(order.state);
            if (changed) {
                // Nothing is known to be there unless the venue acknowledged the submit before.
                const OrderState before = order.acknowledged != 0 ? OrderState::working : OrderState::unknown_new;
                if (is_new(order.state)) ++counts_.not_sent;
                move_to(order, is_new(order.state) ? OrderState::absent : before, now);
            }
            break;
        case EventKind::order_canceled:
        case EventKind::order_expired:
            changed = !is_terminal(order.state);
            if (changed)
                move_to(order, event.kind == EventKind::order_canceled ? OrderState::canceled : OrderState::expired,
                        now);
            break;
        case EventKind::cancel_rejected:
            // Too late, unknown or limited: the order may be filled, gone or working (reliability: O12).
            changed = order.state == OrderState::pending_cancel;
            if (changed) {
                order.reason = report.reason;
                move_to(order, OrderState::unknown_cancel, now);
            }
            break;
        default: KEEL_ASSERT(false);
    }
    if (report.venue_version > order.venue_version) order.venue_version = report.venue_version;
    return changed ? OrderEffect::changed : OrderEffect::ignored;
}

bool OrderTable::on_ack(Order& order, const OrderReport& report, bool found, UnixNanos now) {
    const bool newer = report.venue_version > order.venue_version;
    const bool replaced = order.quantity_pending.count() > 0 && report.price == order.price_pending &&
                          report.quantity == order.quantity_pending;
    order.acknowledged = 1;
    switch (order.state) {
        case OrderState::absent:  // the proof was wrong: the worst kind of news, and counted apart
            ++counts_.revived;
            [[fallthrough]];
        case OrderState::pending_new:
        case OrderState::unknown_new:
        case OrderState::suspect_gone:
        case OrderState::quarantined:
            ++counts_.acked;
            adopt(order, report, now);
            move_to(order, OrderState::working, now);
            return true;
        case OrderState::pending_replace:
        case OrderState::unknown_replace:
            if (!replaced && !(found && order.state == OrderState::unknown_replace)) return false;
            adopt(order, report, now);
            move_to(order, OrderState::working, now);
            return true;
        case OrderState::pending_cancel:
            if (replaced) adopt(order, report, now);
            return replaced;
        case OrderState::unknown_cancel:
            if (found || replaced) adopt(order, report, now);
            if (found) move_to(order, OrderState::working, now);
            return found || replaced;
        case OrderState::working:
            // The venue may shrink or re-price what rests (reliability: O22).
            if (newer) adopt(order, report, now);
            return newer;
        default: return false;
    }
}

// Takes price and quantity as the venue has them; no replace is open after that.
void OrderTable::adopt(Order& order, const OrderReport& report, UnixNanos now) {
    count_in(order, -1);
    if (report.price.count() != 0) order.price = report.price;
    if (report.quantity.count() > 0) order.quantity = report.quantity;
    order.price_pending = Price{};
    order.quantity_pending = Quantity{};
    count_in(order, 1);
    if (order.state == OrderState::working || is_canceling(order.state)) settle(order, now);
}

bool OrderTable::on_refusal(Order& order, const OrderReport& report, UnixNanos now) {
    if (is_replacing(order.state)) {  // the old order stands
        order.reason = report.reason;
        move_to(order, OrderState::working, now);
        return true;
    }
    if (!is_new(order.state) && !is_canceling(order.state)) return false;
    order.reason = report.reason;
    if (order.acknowledged == 0) {  // a refused submit, perhaps already under a cancel of ours
        move_to(order, OrderState::rejected, now);
        return true;
    }
    if (order.quantity_pending.count() == 0) return false;
    count_in(order, -1);  // a refused replace under a cancel of ours
    order.price_pending = Price{};
    order.quantity_pending = Quantity{};
    count_in(order, 1);
    settle(order, now);
    return true;
}

OrderEffect OrderTable::apply_fill(const Event& event) {
    const auto fill = event.as<FillReport>();
    if (!remember_fill(event.instrument, trade_key(event, fill))) {
        ++counts_.fills_duplicate;
        return OrderEffect::ignored;
    }
    Order* const order = row_of(fill.client_order_id);
    if (order == nullptr) return OrderEffect::not_ours;
    ++counts_.fills;
    if (order->venue_order_id == 0) order->venue_order_id = fill.venue_order_id;
    order->acknowledged = 1;
    count_in(*order, -1);
    order->filled += fill.quantity;
    count_in(*order, 1);
    order->filled_venue = std::max(order->filled_venue, order->filled);
    if (order->filled > std::max(order->quantity, order->quantity_pending)) ++counts_.overfilled;
    const UnixNanos now = event.receive_time;
    if (is_terminal(order->state)) {
        ++counts_.fills_late;
        // Refused or proven absent, and yet it traded: it is there.
        if (order->state == OrderState::rejected || order->state == OrderState::absent) {
            ++counts_.revived;
            move_to(*order, OrderState::working, now);
        } else if (order->filled >= order->quantity && order->state != OrderState::filled) {
            move_to(*order, OrderState::filled, now);
        }
    } else if (is_new(order->state) || order->state == OrderState::suspect_gone) {
        move_to(*order, OrderState::working, now);
    } else {
        settle(*order, now);
    }
    return OrderEffect::fill_applied;
}

void OrderTable::move_to(Order& order, OrderState state, UnixNanos now) {
    const bool was_live = !is_terminal(order.state);
    count_in(order, -1);
    order.state = state;
    order.changed = now;
    if (state == OrderState::working || is_terminal(state)) {
        order.price_pending = Price{};
        order.quantity_pending = Quantity{};
    }
    count_in(order, 1);
    const bool is_live = !is_terminal(state);
    if (was_live && !is_live) {
        live_.erase(std::ranges::lower_bound(live_, order.id));
    } else if (!was_live && is_live) {
        live_.insert(std::ranges::lower_bound(live_, order.id), order.id);
    }
    switch (state) {
        case OrderState::rejected: ++counts_.rejected; break;
        case OrderState::filled: ++counts_.filled; break;
        case OrderState::canceled: ++counts_.canceled; break;
        case OrderState::expired: ++counts_.expired; break;
        default:
            if (is_unknown(state)) ++counts_.unknown;
            settle(order, now);
    }
}

// A live order whose quantity is filled is done, whatever it was waiting for; a replace that asked for
// more may still win.
void OrderTable::settle(Order& order, UnixNanos now) {
    if (!is_terminal(order.state) && order.leaves().count() == 0) move_to(order, OrderState::filled, now);
}

void OrderTable::count_in(const Order& order, std::int64_t sign) {
    if (is_terminal(order.state)) return;
    Exposure& exposure = exposure_[slot(order.instrument)];
    const Quantity reserve{sign * order.leaves().count()};
    (order.side == Side::bid ? exposure.bids : exposure.asks) += reserve;
    if (sign > 0) {
        ++exposure.live;
        if (is_unknown(order.state)) ++unknown_count_;
    } else {
        --exposure.live;
        if (is_unknown(order.state)) --unknown_count_;
    }
}

std::size_t OrderTable::expire_acks(UnixNanos now, std::chrono::nanoseconds unknown_after) {
    std::size_t expired = 0;
    for (std::size_t at = live_.size(); at-- > 0;) {
        Order& order = *row_of(live_[at]);
        if (!is_pending(order.state) || now - order.changed < unknown_after) continue;
        move_to(order, doubt_of(order.state), now);
        ++expired;
    }
    return expired;
}

void OrderTable::on_disconnect(VenueId venue, const InstrumentTable& instruments, UnixNanos now) {
    for (std::size_t at = live_.size(); at-- > 0;) {
        Order& order = *row_of(live_[at]);
        if (is_pending(order.state) && instruments[order.instrument].venue == venue)
            move_to(order, doubt_of(order.state), now);
    }
}

Reserved OrderTable::reserved(InstrumentId instrument) const {
    if (slot(instrument) >= exposure_.size()) return {};
    return {exposure_[slot(instrument)].bids, exposure_[slot(instrument)].asks};
}

std::size_t OrderTable::live_count(InstrumentId instrument) const {
    return slot(instrument) < exposure_.size() ? exposure_[slot(instrument)].live : 0;
}

bool OrderTable::remember_fill(InstrumentId instrument, std::uint64_t trade_id) {
    const FillKey key{trade_id, instrument, 1};
    std::size_t at = hash_of(instrument, trade_id) & (kFillSlots - 1);
    while (fill_set_[at].used != 0) {
        if (fill_set_[at] == key) return false;
        at = (at + 1) & (kFillSlots - 1);
    }
    fill_set_[at] = key;
    FillKey& turn = fill_ring_[fills_seen_ % kFillsMax];
    if (fills_seen_ >= kFillsMax) forget_fill(turn);
    turn = key;
    ++fills_seen_;
    return true;
}

// Open addressing without tombstones: what follows the gap moves back into it where its own place
// allows.
void OrderTable::forget_fill(const FillKey& key) {
    std::size_t gap = hash_of(key.instrument, key.trade_id) & (kFillSlots - 1);
    while (fill_set_[gap] != key) gap = (gap + 1) & (kFillSlots - 1);
    for (std::size_t at = (gap + 1) & (kFillSlots - 1); fill_set_[at].used != 0; at = (at + 1) & (kFillSlots - 1)) {
        const std::size_t home = hash_of(fill_set_[at].instrument, fill_set_[at].trade_id) & (kFillSlots - 1);
        if (((at - home) & (kFillSlots - 1)) < ((at - gap) & (kFillSlots - 1))) continue;
        fill_set_[gap] = fill_set_[at];
        gap = at;
    }
    fill_set_[gap] = FillKey{};
}

void OrderTable::hash_into(StateHash& hash) const {
    hash.add(counter_);
    hash.add(fills_seen_);
    hash.add(counts_);
    for (const ClientOrderId id : live_) {
        const Order& order = *find(id);
        hash.add(order.id);
        hash.add(order.state);
        hash.add(order.price);
        hash.add(order.quantity);
        hash.add(order.filled);
        hash.add(order.venue_version);
    }
}

}  // namespace keel
