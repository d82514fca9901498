#pragma once

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "engine/core/instrument_table.hpp"
#include "engine/pipeline/event_queue.hpp"
#include "engine/pipeline/link.hpp"

namespace keel::test {

// One coin with an inverse perpetual, an inverse future and four inverse options, as a table and as a
// connection: books, tickers, an index that walks at random, and fills from elsewhere that push the
// delta about. It answers orders: mostly acknowledged and filled, at times in part, refused, or twice.
// Everything follows from the seed and from the orders; the clock is the market's own, 25 ms a step.
class SeededMarket final : public OrderLink {
public:
    static constexpr InstrumentId kPerpetualId{0};
    static constexpr InstrumentId kFutureId{1};
    static constexpr std::uint32_t kOptions = 4;

    SeededMarket(std::uint64_t seed, std::uint64_t steps) : random_{seed}, steps_{steps}, table_{instruments()} {
        waiting_.reserve(kCommandQueueMax);  // send() may be counted
    }

    static UnixNanos start() { return unix_nanos_from_ms(1'767'225'600'000); }

    static InstrumentTable instruments() {
        InstrumentTable table;
        Instrument row;
        row.venue = VenueId::deribit;
        row.underlying = table.underlying("BTC").value();
        row.base = table.currency("BTC").value();
        row.quote = table.currency("USD").value();
        row.settlement = row.base;
        row.payoff = Payoff::inverse;
        row.tick = Decimal{5, -1};
        row.lot = Decimal{10, 0};
        row.taker_fee = 0.0005;
        row.set_name("BTC-PERPETUAL");
        (void)table.add(row);
        row.kind = InstrumentKind::future;
        row.expiry = start() + std::chrono::hours{24 * 90};
        row.set_name("BTC-1APR26");
        (void)table.add(row);
        for (std::uint32_t at = 0; at < kOptions; ++at) {
            Instrument option = row;
            option.kind = InstrumentKind::option;
            option.option_type = at % 2 == 0 ? OptionType::call : OptionType::put;
            option.strike = 85'000.0 + 5'000.0 * at;
            option.expiry = start() + std::chrono::hours{24 * 30};
            option.tick = Decimal{1, -4};
            option.lot = Decimal{1, -1};
            option.set_name("BTC-31JAN26-" + std::to_string(85 + 5 * at) + "000-" + (at % 2 == 0 ? "C" : "P"));
            (void)table.add(option);
        }
        return table;
    }

    [[nodiscard]] VenueId venue() const override { return VenueId::deribit; }

    std::size_t poll(EventBatch& batch) override {
        const std::size_t before = batch.size();
        for (const OrderCommand& command : waiting_) answer(command, batch);
        answered_.fetch_add(waiting_.size());
        waiting_.clear();
        if (step_.load() < steps_) step(batch);
        return batch.size() - before;
    }
    void send(const OrderCommand& command) override {
        received_.fetch_add(1);
        waiting_.push_back(command);
    }

    // These may be asked from another thread.
    [[nodiscard]] bool done() const { return step_.load() == steps_ && answered_.load() == received_.load(); }
    [[nodiscard]] std::uint64_t received() const { return received_.load(); }
    [[nodiscard]] std::uint64_t events() const { return events_.load(); }

private:
    std::int64_t below(std::uint64_t bound) { return static_cast<std::int64_t>(random_() % bound); }

    template <class P>
    Event made(EventKind kind, InstrumentId id, const P& payload) const {
        return Event::of(kind, VenueId::deribit, id, payload);
    }
    void put(EventBatch& batch, Event event) {
        event.receive_time = start() + std::chrono::milliseconds{25 * static_cast<std::int64_t>(step_.load())};
        event.exchange_time = event.receive_time;
        event.receive_cycles = events_.fetch_add(1);
        (void)batch.push(event);
    }

    void step(EventBatch& batch) {
        if (step_.fetch_add(1) == 0) put_account(batch);
        spot_ *= 1.0 + 1e-5 * static_cast<double>(below(21) - 10);
        IndexPrice index;
        index.price = spot_;
        index.underlying = UnderlyingId{0};
        put(batch, made(EventKind::index_price, InstrumentId::none, index));
        put_ticker(batch, kPerpetualId, spot_, 0.0);
        put_ticker(batch, kFutureId, spot_ * 1.01, 0.0);
        const auto option = static_cast<std::uint32_t>(below(kOptions));
        put_ticker(batch, InstrumentId{2 + option}, 0.03 + 0.001 * static_cast<double>(below(10)), 0.6);
        put_book(batch, kPerpetualId, spot_, 1);
        put_book(batch, kFutureId, spot_ * 1.01, 4);
        if (below(12) == 0) put_shove(batch);
    }

    void put_account(EventBatch& batch) {
        for (const SessionRole role : {SessionRole::market_data, SessionRole::orders}) {
            SessionReport report;
            report.state = SessionState::ready;
            report.role = role;
            report.generation = 1;
            put(batch, made(EventKind::session, InstrumentId::none, report));
        }
        BalanceReport balance;
        balance.cash = Money{200'000'000'000};
        balance.equity = 200.0;
        balance.currency = CurrencyId{0};
        put(batch, made(EventKind::balance, InstrumentId::none, balance));
        for (std::uint32_t at = 0; at < kOptions; ++at) {
            put_ticker(batch, InstrumentId{2 + at}, 0.03, 0.6);
            PositionReport position;
            position.quantity = Quantity{-20};
            position.average_price = 0.03;
            put(batch, made(EventKind::position, InstrumentId{2 + at}, position));
        }
    }

    void put_ticker(EventBatch& batch, InstrumentId id, double mark, double iv) {
        const double absent = std::nan("");
        Ticker ticker;
        ticker.mark_price = mark;
        ticker.underlying_price = iv > 0.0 ? spot_ : absent;
        ticker.index_price = spot_;
        ticker.mark_iv = iv > 0.0 ? iv : absent;
        ticker.bid_iv = ticker.ask_iv = ticker.delta = absent;
        ticker.funding_8h = absent;
        ticker.price_min = ticker.price_max = absent;
        put(batch, made(EventKind::ticker, id, ticker));
    }

    // Most messages move one level a side; every so often the book is sent whole.
    void put_book(EventBatch& batch, InstrumentId id, double price, std::int64_t half_spread_ticks) {
        constexpr std::int64_t kLevels = 5;
        const auto middle = static_cast<std::int64_t>(std::floor(price / 0.5));
        std::uint64_t& sequence = sequences_[slot(id)];
        std::int64_t& built_at = middles_[slot(id)];
        const std::uint64_t previous = sequence;
        sequence += 1 + static_cast<std::uint64_t>(below(3));
        const bool whole = std::abs(middle - built_at) > 2 || previous == 0;
        if (whole) built_at = middle;
        const std::int64_t levels = whole ? kLevels : 1;
        for (std::int64_t at = 0; at < levels; ++at)
            for (const Side side : {Side::bid, Side::ask}) {
                const std::int64_t away = half_spread_ticks + (whole ? at : below(kLevels));
                Level level;
                level.price = Price{side == Side::bid ? built_at - away : built_at + 1 + away};
                level.quantity = Quantity{5'000 + below(50'000)};
                level.sequence = sequence;
                level.sequence_previous = whole ? 0 : previous;
                Event event = made(whole ? EventKind::book_snapshot : EventKind::level_update, id, level);
                event.set_side(side);
                if (at == 0 && side == Side::bid) event.set(kFirst);
                if (at + 1 == levels && side == Side::ask) event.set(kLast);
                put(batch, event);
            }
    }

    // A fill that is not ours by order but ours by account: somebody traded by hand.
    void put_shove(EventBatch& batch) {
        FillReport fill;
        fill.trade_id = ++trades_;
        fill.price = Price{static_cast<std::int64_t>(spot_ / 0.5)};
        fill.quantity = Quantity{5'000 + below(15'000)};
        fill.fee_currency = CurrencyId{0};
        fill.mark_price = spot_;
        Event event = made(EventKind::fill, kPerpetualId, fill);
        event.set_side(below(2) == 0 ? Side::bid : Side::ask);
        put(batch, event);
    }

    void answer(const OrderCommand& command, EventBatch& batch) {
        OrderReport report;
        report.client_order_id = command.client_order_id;
        report.venue_order_id = slot(command.client_order_id);
        report.price = command.price;
        report.quantity = command.quantity;
        report.venue_version = ++versions_;
        const auto tell = [&](EventKind kind) {
            Event event = made(kind, command.instrument, report);
            event.set(kOurs);
            event.set_side(command.side);
            put(batch, event);
        };
        if (command.kind == CommandKind::cancel) return tell(EventKind::order_canceled);
        const std::int64_t fate = below(12);
        if (fate == 0) return tell(EventKind::order_rejected);
        if (fate == 1) tell(EventKind::order_unknown);
        tell(EventKind::order_acked);
        FillReport fill;
        fill.client_order_id = command.client_order_id;
        fill.venue_order_id = report.venue_order_id;
        fill.trade_id = ++trades_;
        fill.price = command.price;
        fill.quantity =
            fate == 2 && command.quantity.count() > 1 ? Quantity{command.quantity.count() / 2} : command.quantity;
        fill.fee = Money{1'000};
        fill.fee_currency = CurrencyId{0};
        fill.mark_price = spot_;
        Event event = made(EventKind::fill, command.instrument, fill);
        event.set(kOurs);
        event.set_side(command.side);
        put(batch, event);
        if (fate == 3) put(batch, event);  // once more, as after a reconnect
        report.filled = fill.quantity;
        if (fate == 2) tell(EventKind::order_expired);
    }

    std::mt19937_64 random_;
    std::uint64_t steps_;
    InstrumentTable table_;
    std::atomic<std::uint64_t> step_{0};
    std::atomic<std::uint64_t> received_{0};
    std::atomic<std::uint64_t> answered_{0};
    std::atomic<std::uint64_t> events_{0};
    std::uint64_t trades_{0};
    std::uint64_t versions_{0};
    double spot_{90'000.0};
    std::array<std::uint64_t, 2> sequences_{};
    std::array<std::int64_t, 2> middles_{};
    std::vector<OrderCommand> waiting_;
};

}  // namespace keel::test
