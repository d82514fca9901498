#include "risk/limits/pretrade_gate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "engine/core/assert.hpp"
#include "risk/limits/order_probe.hpp"

namespace keel::risk {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kRoundingSlack = 1e-12;  // relative: what adding a contribution and taking it out may cost

// `*` stands for any run of characters, also an empty one.
bool matches(std::string_view pattern, std::string_view name) {
    std::size_t p = 0, n = 0, star = std::string_view::npos, resume = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = n;
        } else if (p < pattern.size() && pattern[p] == name[n]) {
            ++p;
            ++n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++resume;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

double seconds(std::chrono::nanoseconds span) { return std::chrono::duration<double>(span).count(); }

Quantity magnitude(Quantity quantity) { return quantity.count() < 0 ? -quantity : quantity; }

// Lots that an order may still trade; of a replace in flight, the larger of both quantities.
Quantity lots_at_work(const Order& order) {
    const bool replacing = order.state == OrderState::pending_replace || order.state == OrderState::unknown_replace;
    const Quantity total = replacing ? std::max(order.quantity, order.quantity_pending) : order.quantity;
    return std::max(Quantity{}, total - order.filled);
}

bool crosses(const OrderIntent& intent, Side side, const Order& order) {
    const auto meets = [&](Price other) { return side == Side::bid ? intent.price >= other : intent.price <= other; };
    if (meets(order.price)) return true;
    const bool replacing = order.state == OrderState::pending_replace || order.state == OrderState::unknown_replace;
    return replacing && meets(order.price_pending);
}

bool not_larger(double after, double before) { return std::abs(after) <= std::abs(before) * (1.0 + kRoundingSlack); }

}  // namespace

PretradeGate::PretradeGate(const GateConfig& config, const InstrumentTable& instruments)
    : config_{config}, budget_{config.messages_per_second_max, config.messages_burst_max, config.cancel_reserve_ratio} {
    KEEL_ASSERT(config.validate().empty());
    allowed_.resize(instruments.size());
    for (const Instrument& instrument : instruments) {
        for (const std::string& pattern : config.instruments_allowed) {
            if (matches(pattern, instrument.name_view())) allowed_[slot(instrument.id)] = true;
        }
    }
}

void PretradeGate::apply(const Event& event, const CoreView& view) {
    if (event.kind == EventKind::session) {
        const auto report = event.as<SessionReport>();
        if (report.role == SessionRole::orders && slot(event.venue) < session_ready_.size()) {
            session_ready_[slot(event.venue)] = report.state == SessionState::ready;
            budget_.grant(event.venue, report.messages_per_s.value(), report.messages_burst.value(), view.now);
        }
    } else if (event.kind == EventKind::order_not_sent) {
        // The gateway counts by the venue's own rules; where it finds the pool empty, so do we.
        if (event.as<OrderReport>().reason == own_reason(Errc::rate_limited)) budget_.drain(event.venue, view.now);
    } else if (event.kind == EventKind::operator_command) {
        const auto command = event.as<OperatorCommand>();
        if (command.action == OperatorAction::set_kill_level) kill_switch_.set(command.kill_level);
        if (command.action == OperatorAction::journal_unwritable) journal_writable_ = false;
        if (command.action == OperatorAction::journal_writable) journal_writable_ = true;
    }
}

bool PretradeGate::session_ready(VenueId venue) const {
    return slot(venue) < session_ready_.size() && session_ready_[slot(venue)];
}

std::optional<Refusal> PretradeGate::check(const OrderIntent& intent, const RiskEngine& risk, const CoreView& view) {
    if (intent.kind == CommandKind::cancel || intent.kind == CommandKind::cancel_all) {
        const Order* target = view.orders.find(intent.client_order_id);
        const InstrumentId instrument = target != nullptr ? target->instrument : intent.instrument;
        const bool known = slot(instrument) < view.instruments.size();
        budget_.take(known ? view.instruments[instrument].venue : VenueId::none, view.now);
        return std::nullopt;
    }
    Verdict verdict{.limit = GateLimit::instrument_not_allowed};
    if (slot(intent.instrument) < allowed_.size()) {
        const Probe probe = probe_of(intent, risk, view);
        verdict = judge(probe);
        if (verdict.limit == GateLimit::none) {
            budget_.take(probe.instrument.venue, view.now);
            remember(intent, view.now);
            ++passed_;
            return std::nullopt;
        }
    }
    ++refused_[static_cast<std::size_t>(verdict.limit)];
    return Refusal{.event_sequence = view.sequence,
                   .time = view.now,
                   .decision = intent.decision,
                   .instrument = intent.instrument,
                   .side = intent.side,
                   .kind = intent.kind,
                   .limit = verdict.limit,
                   .price = intent.price,
                   .quantity = intent.quantity,
                   .value = verdict.value,
                   .bound = verdict.bound};
}

PretradeGate::Probe PretradeGate::probe_of(const OrderIntent& intent, const RiskEngine& risk,
                                           const CoreView& view) const {
    const Order* target = intent.kind == CommandKind::replace ? view.orders.find(intent.client_order_id) : nullptr;
    const InstrumentId id = target != nullptr ? target->instrument : intent.instrument;
    const Instrument& instrument = view.instruments[id];
    Probe probe{.intent = intent,
                .instrument = instrument,
                .risk = risk,
                .view = view,
                .position = risk.position(id),
                .target = target,
                .side = target != nullptr ? target->side : intent.side,
                .lots = intent.quantity,
                .others = view.orders.reserved(id),
                .price = instrument.price_value(intent.price),
                .index = risk.index(instrument.underlying)};
    if (target != nullptr) {
        Quantity& reserved = target->side == Side::bid ? probe.others.bids : probe.others.asks;
        reserved -= std::min(reserved, lots_at_work(*target));
        probe.lots = std::max(Quantity{}, intent.quantity - target->filled);
    }
    const Quantity held = probe.position.quantity;
    const bool opposite = (held.count() > 0) != (probe.side == Side::bid);
    const Quantity left = probe.worst_position();
    probe.shrinks = held.count() != 0 && opposite && left.count() * (held.count() > 0 ? 1 : -1) >= 0;

    // The rest of the proof: the underlying's delta, gamma and vega, with the other orders of this
    // direction filled too. NaN proves nothing: each comparison with it is false.
    const UnderlyingId underlying = instrument.underlying;
    const DeltaRange range = risk.delta_worst_case(underlying, view);
    const double per_lot = risk.delta_per_lot(id);
    const double moved = static_cast<double>(probe.signed_lots().count()) * per_lot;
    const double target_move =
        target == nullptr ? 0.0 : static_cast<double>(lots_at_work(*target).count()) * sign(probe.side) * per_lot;
    const double worst = (moved < 0.0 ? range.low : range.high) - target_move + moved;
    const Sensitivities sums = risk.underlying(underlying).sums;
    const auto traded = static_cast<double>((left - held).count());
    const Sensitivities& unit = probe.position.unit.risk;
    probe.reducing = probe.shrinks && probe.position.valued &&
                     not_larger(worst, risk.metric(Metric::net_delta, underlying)) &&
                     not_larger(sums.gamma + traded * unit.gamma, sums.gamma) &&
                     not_larger(sums.vega + traded * unit.vega, sums.vega);
    return probe;
}

bool PretradeGate::reduces_risk(const OrderIntent& intent, const RiskEngine& risk, const CoreView& view) const {
    return slot(intent.instrument) < allowed_.size() && probe_of(intent, risk, view).reducing;
}

// In the order of what is cheapest to be sure of: permission, inputs, price, size, portfolio, conflicts.
PretradeGate::Verdict PretradeGate::judge(const Probe& probe) const {
    using Check = Verdict (PretradeGate::*)(const Probe&) const;
    constexpr std::array<Check, 3> kEveryOrder{&PretradeGate::judge_permission, &PretradeGate::judge_inputs,
                                               &PretradeGate::judge_price};
    for (const Check each : kEveryOrder) {
        if (const Verdict verdict = (this->*each)(probe); verdict.limit != GateLimit::none) return verdict;
    }
    if (!probe.reducing) {
        if (const Verdict verdict = judge_size(probe); verdict.limit != GateLimit::none) return verdict;
        if (const Verdict verdict = judge_portfolio(probe); verdict.limit != GateLimit::none) return verdict;
    }
    return judge_conflicts(probe);
}

PretradeGate::Verdict PretradeGate::judge_permission(const Probe& probe) const {
    if (const Verdict verdict = judge_kill_level(probe); verdict.limit != GateLimit::none) return verdict;
    if (!session_ready(probe.instrument.venue)) return {.limit = GateLimit::session_not_ready};
    if (!journal_writable_) return {.limit = GateLimit::journal_unwritable};
    const UnixNanos expiry = probe.instrument.expiry;
    const bool expiring = expiry.ns() != 0 && expiry - probe.view.now < config_.expiry_guard;
    if (!allowed_[slot(probe.instrument.id)] || expiring) return {.limit = GateLimit::instrument_not_allowed};
    const Price price = probe.intent.price;
    const Quantity quantity = probe.intent.quantity;
    if (price.count() <= 0 || !probe.instrument.on_tick(price)) {
        return {.limit = GateLimit::off_grid,
                .value = static_cast<double>(price.count()),
                .bound = static_cast<double>(probe.instrument.tick_at(price))};
    }
    if (quantity < probe.instrument.quantity_min || quantity.count() <= 0) {
        return {.limit = GateLimit::off_grid,
                .value = static_cast<double>(quantity.count()),
                .bound = static_cast<double>(probe.instrument.quantity_min.count())};
    }
    return {};
}

PretradeGate::Verdict PretradeGate::judge_kill_level(const Probe& probe) const {
    const KillLevel level = kill_switch_.level();
    bool allowed = true;
    if (level == KillLevel::strategy_paused || level == KillLevel::reduce_only) allowed = probe.reducing;
    if (level >= KillLevel::halt_new) allowed = false;
    if (level == KillLevel::flatten) {
        allowed =
            probe.intent.reduce_only && probe.shrinks && probe.intent.time_in_force == TimeInForce::immediate_or_cancel;
    }
    if (allowed) return {};
    return {.limit = GateLimit::kill_level, .value = static_cast<double>(level)};
}

const InputAgeMax& PretradeGate::ages_of(const Instrument& instrument) const {
    switch (instrument.kind) {
        case InstrumentKind::future: return config_.future_age_max;
        case InstrumentKind::option: return config_.option_age_max;
        case InstrumentKind::spot:
        case InstrumentKind::perpetual: break;
    }
    return config_.perpetual_age_max;
}

// Nothing is provable on old or missing inputs, so reducing orders are held to this too.
PretradeGate::Verdict PretradeGate::judge_inputs(const Probe& probe) const {
    const InputAgeMax& ages = ages_of(probe.instrument);
    const auto stale = [](std::chrono::nanoseconds age, std::chrono::nanoseconds max) {
        return Verdict{.limit = GateLimit::stale_input, .value = seconds(age), .bound = seconds(max)};
    };
    const Verdict absent{.limit = GateLimit::stale_input, .value = kUnknown};
    const OrderBook* book = probe.view.books.find(probe.instrument.id);
    if (book == nullptr || !book->valid()) return absent;
    const auto book_age = probe.view.now - book->updated();
    if (book_age > ages.book) return stale(book_age, ages.book);
    if (!probe.position.valued) return absent;
    const auto mark_age = probe.view.now - probe.position.inputs.time;
    if (mark_age > ages.mark) return stale(mark_age, ages.mark);
    if (!std::isfinite(probe.index)) return absent;
    const auto index_age = probe.view.now - probe.risk.index_time(probe.instrument.underlying);
    if (index_age > ages.index) return stale(index_age, ages.index);
    if ((probe.risk.underlying(probe.instrument.underlying).quality & kQualityUnvalued) != 0) return absent;
    return {};
}

PretradeGate::Verdict PretradeGate::judge_price(const Probe& probe) const {
    const MarketInputs& inputs = probe.position.inputs;
    const bool buy = probe.side == Side::bid;
    const double venue_bound = buy ? inputs.price_max : inputs.price_min;
    if (std::isfinite(venue_bound) && (buy ? probe.price > venue_bound : probe.price < venue_bound)) {
        return {.limit = GateLimit::price_band, .value = probe.price, .bound = venue_bound};
    }
    const PriceCollar collar =
        price_collar(probe.instrument, probe.position, probe.risk, probe.view, config_, ages_of(probe.instrument));
    const double bound = collar.reference + (buy ? collar.width : -collar.width);
    const bool inside = buy ? probe.price <= bound : probe.price >= bound;  // false where there is no reference
    if (!inside) return {.limit = GateLimit::price_collar, .value = probe.price, .bound = bound};
    return {};
}

PretradeGate::Verdict PretradeGate::judge_size(const Probe& probe) const {
    const double mark = probe.position.inputs.mark;
    const double coins = std::abs(probe.instrument.coins(probe.lots, mark));
    if (!(coins <= config_.order_coins_max)) {
        return {.limit = GateLimit::order_quantity, .value = coins, .bound = config_.order_coins_max};
    }
    const double price = std::max(mark, probe.price);
    const double notional_usd = probe.notional_usd(probe.lots, price);
    if (!(notional_usd <= config_.order_notional_usd_max)) {
        return {.limit = GateLimit::order_notional, .value = notional_usd, .bound = config_.order_notional_usd_max};
    }
    const Quantity worst = probe.worst_position();
    const bool grows = (worst.count() > 0) == (probe.side == Side::bid) && worst.count() != 0;
    const double bound = probe.side == Side::bid ? config_.position_long_usd_max : config_.position_short_usd_max;
    const double position_usd = grows ? probe.notional_usd(worst, mark) : 0.0;
    if (!(position_usd <= bound)) return {.limit = GateLimit::position_quantity, .value = position_usd, .bound = bound};
    return {};
}

// Delta with every order of this direction filled; gross notional with every order filled that adds to
// it. An order that lowers the delta's magnitude passes however high it stands.
PretradeGate::Verdict PretradeGate::judge_portfolio(const Probe& probe) const {
    const UnderlyingId underlying = probe.instrument.underlying;
    const double delta = probe.risk.metric(Metric::net_delta, underlying);
    const DeltaRange range = probe.risk.delta_worst_case(underlying, probe.view);
    const double per_lot = probe.risk.delta_per_lot(probe.instrument.id);
    const double moved = static_cast<double>(probe.signed_lots().count()) * per_lot;
    double side_end = moved < 0.0 ? range.low : range.high;
    if (probe.target != nullptr) {
        side_end -= static_cast<double>(lots_at_work(*probe.target).count()) * sign(probe.side) * per_lot;
    }
    const double worst = side_end + moved;
    const double worst_usd = std::abs(worst) * probe.index;
    if (!(worst_usd <= config_.portfolio_delta_usd_max) && !(std::abs(worst) <= std::abs(delta))) {
        return {.limit = GateLimit::portfolio_delta, .value = worst_usd, .bound = config_.portfolio_delta_usd_max};
    }

    const AccountRisk account = probe.risk.account();
    const auto added_usd = [&](const Position& position, const Instrument& instrument, Quantity after) {
        const Quantity grown = magnitude(after) - magnitude(position.quantity);
        if (grown.count() <= 0) return 0.0;
        return instrument.notional_usd(grown, position.inputs.mark, probe.risk.index(instrument.underlying));
    };
    double gross_usd = account.gross_notional_usd + added_usd(probe.position, probe.instrument, probe.worst_position());
    for (const ClientOrderId id : probe.view.orders.live()) {
        const Order* order = probe.view.orders.find(id);
        if (order == nullptr || order == probe.target) continue;
        if (order->instrument == probe.instrument.id && order->side == probe.side) continue;  // counted above
        // Its share of what all orders of its side add together.
        const Position& position = probe.risk.position(order->instrument);
        const Reserved reserved = probe.view.orders.reserved(order->instrument);
        const Quantity side_lots = order->side == Side::bid ? reserved.bids : reserved.asks;
        if (side_lots.count() <= 0) continue;
        const Quantity after = order->side == Side::bid ? position.quantity + side_lots : position.quantity - side_lots;
        const double share = static_cast<double>(lots_at_work(*order).count()) / static_cast<double>(side_lots.count());
        gross_usd += share * added_usd(position, probe.view.instruments[order->instrument], after);
    }
    const double leverage = gross_usd / account.equity_usd;
    if (!(account.equity_usd > 0.0 && leverage <= config_.leverage_gross_max)) {
        return {.limit = GateLimit::leverage, .value = leverage, .bound = config_.leverage_gross_max};
    }
    return {};
}

PretradeGate::Verdict PretradeGate::judge_conflicts(const Probe& probe) const {
    const OrderIntent& intent = probe.intent;
    if (intent.reduce_only && !probe.shrinks) {
        return {.limit = GateLimit::reduce_only,
                .value = static_cast<double>(probe.worst_position().count()),
                .bound = static_cast<double>(probe.position.quantity.count())};
    }
    const std::span<const ClientOrderId> live = probe.view.orders.live();
    if (probe.target == nullptr && live.size() >= config_.orders_open_max) {
        return {.limit = GateLimit::orders_open,
                .value = static_cast<double>(live.size() + 1),
                .bound = static_cast<double>(config_.orders_open_max)};
    }
    for (const ClientOrderId id : live) {
        const Order* order = probe.view.orders.find(id);
        if (order == nullptr || order == probe.target || order->instrument != probe.instrument.id) continue;
        if (order->side == probe.side || !crosses(intent, probe.side, *order)) continue;
        return {
            .limit = GateLimit::self_match, .value = probe.price, .bound = probe.instrument.price_value(order->price)};
    }
    for (const Recent& recent : recent_) {
        const bool same = recent.instrument == probe.instrument.id && recent.side == probe.side &&
                          recent.price == intent.price && recent.quantity == intent.quantity;
        if (!same || probe.target != nullptr) continue;
        const auto age = probe.view.now - recent.time;
        if (age >= config_.duplicate_window) continue;
        return {.limit = GateLimit::duplicate_order, .value = seconds(age), .bound = seconds(config_.duplicate_window)};
    }
    const double tokens = budget_.available(probe.instrument.venue, probe.view.now);
    if (tokens < 1.0) return {.limit = GateLimit::message_rate, .value = tokens, .bound = 1.0};
    return {};
}

void PretradeGate::remember(const OrderIntent& intent, UnixNanos now) {
    recent_[recent_next_] = {intent.instrument, intent.side, intent.price, intent.quantity, now};
    recent_next_ = (recent_next_ + 1) % recent_.size();
}

void PretradeGate::hash_into(StateHash& hash) const {
    kill_switch_.hash_into(hash);
    budget_.hash_into(hash);
    for (const bool ready : session_ready_) hash.add(static_cast<std::uint8_t>(ready));
    hash.add(static_cast<std::uint8_t>(journal_writable_));
    for (const std::uint64_t count : refused_) hash.add(count);
    hash.add(passed_);
}

}  // namespace keel::risk
