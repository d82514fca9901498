#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "engine/pipeline/ports.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk::test {

using keel::test::kNaN;

// Where the index of BTC stands at the start of a case.
inline constexpr double kIndex = 90'000.0;

// What a ticker says, in plain numbers.
struct TickerOf {
    double mark{kNaN};
    double forward{kNaN};
    double iv{kNaN};
    double index{kNaN};
    double price_min{kNaN};
    double price_max{kNaN};
};

// A small made-up exchange: two coins with an inverse perpetual, an inverse future, a linear perpetual
// and options both inverse and linear. Builds events and the view that goes with them.
class RiskMarket {
public:
    explicit RiskMarket(std::size_t options_per_coin = 6, UnixNanos start = unix_nanos_from_ms(1'767'225'600'000))
        : orders_{1}, now_{start} {
        for (const char* coin : {"BTC", "ETH"}) {
            const double price = std::string_view{coin} == "BTC" ? 90'000.0 : 3'000.0;
            const UnderlyingId underlying = *table_.underlying(coin);
            perpetuals.push_back(add(coin, "-PERPETUAL", InstrumentKind::perpetual, Payoff::inverse, underlying));
            futures.push_back(add(coin, "-MAR26", InstrumentKind::future, Payoff::inverse, underlying, 80));
            linears.push_back(add(coin, "_USDC-PERPETUAL", InstrumentKind::perpetual, Payoff::linear, underlying));
            for (std::size_t i = 0; i < options_per_coin; ++i) {
                const double strike = price * (0.8 + 0.05 * static_cast<double>(i % 9));
                const int days = i % 2 == 0 ? 7 : 30 + static_cast<int>(i / 18);
                const OptionType type = i % 3 == 0 ? OptionType::put : OptionType::call;
                const Payoff payoff = i % 5 == 4 ? Payoff::linear : Payoff::inverse;
                const std::string name = "-O" + std::to_string(i);
                options.push_back(add(coin, name, InstrumentKind::option, payoff, underlying, days, type, strike));
            }
        }
    }

    [[nodiscard]] CoreView view() const { return {table_, books_, orders_, now_, sequence_}; }
    [[nodiscard]] const InstrumentTable& table() const { return table_; }
    [[nodiscard]] const Instrument& of(InstrumentId id) const { return table_[id]; }
    [[nodiscard]] UnderlyingId underlying(const char* name) const { return table_.find_underlying(name); }
    [[nodiscard]] CurrencyId currency(const char* name) const { return table_.find_currency(name); }
    [[nodiscard]] UnixNanos now() const { return now_; }
    OrderTable& orders() { return orders_; }
    void advance(std::chrono::nanoseconds span) { now_ = now_ + span; }

    [[nodiscard]] Event ticker(InstrumentId id, const TickerOf& t) {
        return stamped(Event::of(EventKind::ticker, VenueId::deribit, id,
                                 Ticker{.mark_price = t.mark,
                                        .underlying_price = t.forward,
                                        .index_price = t.index,
                                        .mark_iv = t.iv,
                                        .bid_iv = kNaN,
                                        .ask_iv = kNaN,
                                        .delta = kNaN,
                                        .funding_8h = kNaN,
                                        .price_min = t.price_min,
                                        .price_max = t.price_max}));
    }
    [[nodiscard]] Event index(UnderlyingId underlying, double price) {
        return stamped(Event::of(EventKind::index_price, VenueId::deribit, InstrumentId::none,
                                 IndexPrice{.price = price, .underlying = underlying}));
    }
    [[nodiscard]] Event fill(InstrumentId id, Side side, std::int64_t lots, double price, Money fee = {}) {
        const Instrument& row = table_[id];
        Event event = Event::of(EventKind::fill, VenueId::deribit, id,
                                FillReport{.trade_id = ++trades_,
                                           .price = row.price_floor(price),
                                           .quantity = Quantity{lots},
                                           .fee = fee,
                                           .fee_currency = row.settlement,
                                           .mark_price = kNaN});
        event.set_side(side);
        return stamped(event);
    }
    [[nodiscard]] Event position(InstrumentId id, std::int64_t lots, double average, std::uint8_t flags = 0) {
        Event event = Event::of(EventKind::position, VenueId::deribit, id,
                                PositionReport{.quantity = Quantity{lots}, .average_price = average});
        event.flags = flags;
        return stamped(event);
    }
    [[nodiscard]] Event balance(CurrencyId currency, double equity) {
        return stamped(Event::of(
            EventKind::balance, VenueId::deribit, InstrumentId::none,
            BalanceReport{.cash = Money{std::llround(equity * 1e9)}, .equity = equity, .currency = currency}));
    }
    [[nodiscard]] Event session(SessionState state, SessionRole role = SessionRole::orders) {
        return stamped(Event::of(EventKind::session, VenueId::deribit, InstrumentId::none,
                                 SessionReport{.state = state, .role = role}));
    }
    [[nodiscard]] Event order_not_sent(ClientOrderId id, std::int64_t reason) {
        return stamped(Event::of(EventKind::order_not_sent, VenueId::deribit, InstrumentId::none,
                                 OrderReport{.client_order_id = id, .reason = reason}));
    }
    [[nodiscard]] Event timer() {
        return stamped(Event::of(EventKind::timer, VenueId::none, InstrumentId::none, Timer{}));
    }
    [[nodiscard]] Event operator_command(OperatorAction action, std::uint8_t level = 0) {
        return stamped(Event::of(EventKind::operator_command, VenueId::none, InstrumentId::none,
                                 OperatorCommand{.action = action, .kill_level = level}));
    }

    // One level a side, fresh now.
    void set_book(InstrumentId id, double bid, double ask) {
        begin_book(id);
        add_level(id, Side::bid, table_[id].price_floor(bid), true, false);
        add_level(id, Side::ask, table_[id].price_ceil(ask), false, true);
    }
    // The asks are gone.
    void set_bid(InstrumentId id, double bid) {
        begin_book(id);
        add_level(id, Side::bid, table_[id].price_floor(bid), true, true);
    }
    BookSet& books() { return books_; }

    std::vector<InstrumentId> perpetuals, futures, linears, options;  // BTC's first, then ETH's

private:
    InstrumentId add(const std::string& coin, const std::string& suffix, InstrumentKind kind, Payoff payoff,
                     UnderlyingId underlying, int days = 0, OptionType type = OptionType::none, double strike = 0.0) {
        Instrument row;
        row.set_name(coin + suffix);
        row.venue = VenueId::deribit;
        row.kind = kind;
        row.payoff = payoff;
        row.option_type = type;
        row.underlying = underlying;
        row.base = *table_.currency(coin);
        row.quote = *table_.currency("USD");
        row.settlement = payoff == Payoff::inverse ? row.base : *table_.currency("USDC");
        const bool inverse_future = payoff == Payoff::inverse && kind != InstrumentKind::option;
        row.tick = kind == InstrumentKind::option && payoff == Payoff::inverse ? Decimal{1, -4} : Decimal{5, -1};
        row.lot = inverse_future ? Decimal{10, 0} : Decimal{1, -1};
        if (kind == InstrumentKind::option && payoff == Payoff::inverse) {
            row.tick_steps[0] = {.above = 50, .step = 5};  // as the venue's BTC options
            row.tick_steps_count = 1;
        }
        if (kind == InstrumentKind::future) row.quantity_min = Quantity{5};
        row.strike = strike;
        if (days > 0) row.expiry = now_ + std::chrono::hours{24 * days};
        return *table_.add(row);
    }
    void begin_book(InstrumentId id) {
        if (books_.find(id) == nullptr) books_.open(id, 16);
        ++book_sequence_;
    }
    void add_level(InstrumentId id, Side side, Price price, bool is_first, bool is_last) {
        Event level = Event::of(EventKind::book_snapshot, VenueId::deribit, id,
                                Level{.price = price, .quantity = Quantity{1000}, .sequence = book_sequence_});
        level.set_side(side);
        if (is_first) level.set(kFirst);
        if (is_last) level.set(kLast);
        (void)books_.find(id)->apply(stamped(level));
    }
    [[nodiscard]] Event stamped(Event event) {
        event.sequence = ++sequence_;
        event.receive_time = now_;
        event.exchange_time = now_;
        return event;
    }

    InstrumentTable table_;
    BookSet books_;
    OrderTable orders_;
    UnixNanos now_;
    std::uint64_t sequence_{0};
    std::uint64_t trades_{0};
    std::uint64_t book_sequence_{0};
};

}  // namespace keel::risk::test
