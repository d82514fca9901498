#pragma once

#include <map>

#include "engine/book/book_set.hpp"
#include "engine/orders/order_table.hpp"
#include "engine/pipeline/ports.hpp"
#include "strategies/rebalancer.hpp"

namespace keel::strategies::test {

// Risk that says what it is told.
struct ScriptedRisk {
    HedgeView hedge{};  // numbers of the one underlying
    std::map<InstrumentId, HedgeInstrument> instruments;
};

inline void read_hedge(const ScriptedRisk& risk, UnderlyingId underlying, const CoreView& view, HedgeView& out) {
    const auto listed = out.instruments;
    out = risk.hedge;
    out.underlying = underlying;
    out.instruments = listed;
    for (HedgeInstrument& instrument : out.instruments) instrument = risk.instruments.at(instrument.instrument);
    for (const ClientOrderId id : view.orders.live()) {  // as RiskEngine::delta_with_working
        const Order& order = *view.orders.find(id);
        out.delta_coin += sign(order.side) * static_cast<double>(order.leaves().count()) *
                          risk.instruments.at(order.instrument).delta_per_lot;
    }
}
inline MarkBand read_mark(const ScriptedRisk& risk, InstrumentId instrument) {
    return risk.instruments.at(instrument).mark;
}
inline void read_metrics_after(const ScriptedRisk&, UnderlyingId, std::span<const HedgeTrade>,
                               std::array<Real, static_cast<std::size_t>(Metric::count)>& out) {
    out[0] = 123.0;
}

// One underlying with linear contracts of 0.01 coin a lot and a tick of 0.5 USD, their books, an order
// table and a loop of its own that turns intents into orders, as EngineLoop does.
class ScriptedMarket {
public:
    explicit ScriptedMarket(std::size_t instruments_count) {
        underlying_ = table_.underlying("BTC").value();
        for (std::size_t at = 0; at < instruments_count; ++at) {
            Instrument instrument;
            instrument.set_name("I" + std::to_string(at));
            instrument.venue = VenueId::deribit;
            instrument.kind = at == 0 ? InstrumentKind::perpetual : InstrumentKind::future;
            instrument.expiry =
                at == 0 ? UnixNanos{} : UnixNanos{kStartNs + static_cast<std::int64_t>(at) * 86'400'000'000'000};
            instrument.underlying = underlying_;
            instrument.tick = Decimal{5, -1};
            instrument.lot = Decimal{1, -2};
            instrument.taker_fee = 0.0005;
            const InstrumentId id = table_.add(instrument).value();
            books_.open(id, 64);
            risk_.instruments[id] = {.instrument = id, .mark = {.mark = 60'000.0}, .delta_per_lot = 0.01};
            ids_.push_back(id);
        }
        risk_.hedge.valid = true;
        risk_.hedge.underlying_price_usd = 60'000.0;
        risk_.hedge.gamma_coin_per_usd = -1e-4;
        risk_.hedge.realised_vol = 0.5;
        risk_.hedge.soft_distance_coin = 1.0;
    }

    // A book of `levels` levels a side, `lots` each, the touch `half_spread_ticks` from 60,000.
    void book(std::size_t at, std::int64_t half_spread_ticks, std::int64_t lots, int levels = 5) {
        ++sequence_;  // one message
        for (int i = 0; i < levels; ++i) {
            for (const Side side : {Side::bid, Side::ask}) {
                const std::int64_t away = half_spread_ticks + 2 * i;
                Level level{.price = Price{120'000 + (side == Side::ask ? away : -away)}, .quantity = Quantity{lots}};
                level.sequence = sequence_;
                Event event = Event::of(EventKind::book_snapshot, VenueId::deribit, ids_[at], level);
                event.set_side(side);
                event.receive_time = now_;
                if (i == 0 && side == Side::bid) event.set(kFirst);
                if (i + 1 == levels && side == Side::ask) event.set(kLast);
                ASSERT_TRUE(books_.find(ids_[at])->apply(event).has_value());
            }
        }
    }

    [[nodiscard]] CoreView view() const { return {table_, books_, orders_, now_, sequence_}; }
    void advance(std::chrono::milliseconds by) { now_ = now_ + by; }

    // One event through the strategy; its intents become orders unless `refuse`.
    StrategyOutput& react(Rebalancer& rebalancer, std::span<const FiredTrigger> fired = {},
                          const Event& event = timer()) {
        out_.clear();
        rebalancer.react(event, fired, risk_, view(), out_);
        opened_.clear();
        for (const OrderIntent& intent : out_.intents) {
            if (refuse_) continue;
            const auto id = orders_.open(intent, now_, now_ + std::chrono::seconds{10});
            EXPECT_TRUE(id.has_value());
            if (intent.kind == CommandKind::submit) opened_.push_back(*id);
        }
        return out_;
    }
    // An order fact, applied to the table and then shown to the strategy.
    StrategyOutput& report(Rebalancer& rebalancer, EventKind kind, ClientOrderId id, std::int64_t filled_lots = 0) {
        const Order order = *orders_.find(id);
        Event event;
        if (kind == EventKind::fill) {
            event = Event::of(kind, VenueId::deribit, order.instrument,
                              FillReport{.client_order_id = id,
                                         .trade_id = ++sequence_,
                                         .price = order.price,
                                         .quantity = Quantity{filled_lots}});
            risk_.hedge.delta_coin += sign(order.side) * static_cast<double>(filled_lots) * 0.01;
        } else {
            event = Event::of(kind, VenueId::deribit, order.instrument,
                              OrderReport{.client_order_id = id,
                                          .price = order.price,
                                          .quantity = order.quantity,
                                          .filled = order.filled,
                                          .venue_version = ++sequence_});
        }
        event.set(kOurs);
        event.set_side(order.side);
        event.receive_time = now_;
        event.sequence = ++sequence_;
        static_cast<void>(orders_.apply(event));
        return react(rebalancer, {}, event);
    }

    static Event timer() { return Event::of(EventKind::timer, VenueId::none, InstrumentId::none, Timer{}); }
    [[nodiscard]] FiredTrigger trigger(Metric metric, TriggerSignal signal) const {
        return {.metric = metric,
                .signal = signal,
                .underlying = underlying_,
                .value = risk_.hedge.delta_coin,
                .soft = 1.0,
                .hard = 3.0};
    }

    static constexpr std::int64_t kStartNs = 1'700'000'000'000'000'000;
    InstrumentTable table_;
    UnderlyingId underlying_{};
    BookSet books_;
    OrderTable orders_{1};
    ScriptedRisk risk_;
    std::vector<InstrumentId> ids_;
    std::vector<ClientOrderId> opened_;  // by the last reaction
    StrategyOutput out_;
    UnixNanos now_{kStartNs};
    std::uint64_t sequence_{0};
    bool refuse_{false};
};

}  // namespace keel::strategies::test
