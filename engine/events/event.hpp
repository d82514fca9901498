#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "engine/core/counted.hpp"
#include "engine/core/ids.hpp"
#include "engine/core/instrument.hpp"
#include "engine/core/result.hpp"
#include "engine/core/time.hpp"

namespace keel {

// A double stored as its bits, so that a struct that holds it has one representation per value and may
// be hashed, compared and journalled as bytes.
struct Real {
    std::uint64_t bits{0};
    Real() = default;
    constexpr Real(double value) : bits{std::bit_cast<std::uint64_t>(value)} {}  // NOLINT: a plain value
    [[nodiscard]] constexpr double value() const { return std::bit_cast<double>(bits); }
};

inline constexpr std::uint8_t kEventVersion = 1;

// What happened. Market facts first, then our orders, our account, and the engine's own inputs.
enum class EventKind : std::uint8_t {
    none = 0,
    // Market. Payloads: Level, Level, Trade, Quote, Ticker, IndexPrice, VolatilityIndex, BookMark.
    book_snapshot,  // one level of a full book; kFirst clears the book, kLast completes it
    level_update,   // absolute quantity of one level; zero removes it
    trade,
    quote,   // best bid and ask without a book
    ticker,  // mark, index, implied volatility, greeks, funding of one instrument
    index_price,
    volatility_index,
    book_stale,  // the feed saw a gap: the book is not to be trusted from this very event
    // Orders. Payload: OrderReport, except fill: FillReport.
    order_acked,     // working at the venue
    order_rejected,  // definite refusal; reason = venue's code
    order_unknown,   // fate unknown: ambiguous answer, timeout, connection cut with bytes written
    order_not_sent,  // no byte left this process: absence is proven
    order_canceled,
    order_expired,    // IOC/FOK remainder, valid_until, settlement
    cancel_rejected,  // reason = venue's code; not terminal
    fill,
    external_order,  // an open order that is not ours; shown, never touched
    // Account. Payloads: PositionReport, BalanceReport, SessionReport.
    position,  // a position as the venue reports it; kFirst/kLast bracket a full snapshot
    balance,
    session,  // state of one connection
    // Inputs of the engine itself. Payloads: Timer, OperatorOrder.
    timer,  // the edge's clock tick: debounce and deadlines expire without market data
    operator_command,
};

// What an event's `flags` say.
enum EventFlag : std::uint8_t {
    kFirst = 1,    // first event of one venue message or snapshot
    kLast = 2,     // last one: the book is whole again and may be judged
    kAskSide = 4,  // side of a level, a trade's taker, or an order; unset = bid
    kOurs = 8,     // our own order or trade
    kLiquidation = 16,
    kMaker = 32,
    kConflated = 64,  // stands for more than one update of the venue
    kFound = 128,     // an order_acked that answers a query or lists open orders: what the venue holds now
};

// A message without levels is one event with price and quantity 0: only its sequence counts.
struct Level {
    Price price{};
    Quantity quantity{};                // absolute, lots
    std::uint64_t sequence{};           // the venue's id of the message this level came in
    std::uint64_t sequence_previous{};  // the id it must follow; 0 in snapshots
    std::array<std::uint64_t, 6> unused{};
};
struct Trade {
    Price price{};
    Quantity quantity{};
    std::uint64_t trade_sequence{};  // consecutive per instrument where the venue has one
    std::uint64_t trade_id{};
    Real mark_price{};
    Real index_price{};
    std::array<std::uint64_t, 4> unused{};
};
struct Quote {
    Price bid{};
    Quantity bid_quantity{};
    Price ask{};
    Quantity ask_quantity{};
    std::uint64_t sequence{};
    std::array<std::uint64_t, 5> unused{};
};
// Absent numbers are NaN. iv are fractions (0.63 = 63 %). Greeks as the venue publishes them
// (Deribit: USD terms for one coin; vega per vol point, theta per day).
struct Ticker {
    Real mark_price{};        // price units of the instrument (coin for inverse options)
    Real underlying_price{};  // forward for the expiry; options only
    Real index_price{};
    Real mark_iv{};
    Real bid_iv{};
    Real ask_iv{};
    Real delta{};
    Real funding_8h{};  // current 8-hour rate, fraction; perpetuals only
    Real price_min{};   // venue's order price band
    Real price_max{};
};
struct IndexPrice {  // underlying in the header's instrument slot is none; see `underlying`
    Real price{};
    UnderlyingId underlying{UnderlyingId::none};
    std::array<std::uint8_t, 7> unused8{};
    std::array<std::uint64_t, 8> unused{};
};
struct VolatilityIndex {
    Real volatility{};  // fraction per sqrt(year)
    UnderlyingId underlying{UnderlyingId::none};
    std::array<std::uint8_t, 7> unused8{};
    std::array<std::uint64_t, 8> unused{};
};
// OrderReport::reason where the cause is ours: negative, so that no code of a venue looks like one.
constexpr std::int64_t own_reason(Errc code) { return -static_cast<std::int64_t>(code); }
// The code behind such a reason; none where it is the venue's, whose negative ones (JSON-RPC) lie far below.
constexpr Errc own_errc(std::int64_t reason) {
    return reason < 0 && reason >= own_reason(Errc::queue_full) ? static_cast<Errc>(-reason) : Errc::none;
}

struct OrderReport {
    ClientOrderId client_order_id{ClientOrderId::none};
    std::uint64_t venue_order_id{};  // hash of the venue's text id; the gateway keeps the text
    Price price{};                   // working price
    Quantity quantity{};             // total
    Quantity filled{};               // cumulative as the venue says
    std::int64_t reason{};           // venue's error code, own_reason(), or 0
    std::uint64_t venue_version{};   // the venue's last update stamp, for idempotence
    std::array<std::uint64_t, 3> unused{};
};
struct FillReport {
    ClientOrderId client_order_id{ClientOrderId::none};  // none: not ours
    std::uint64_t venue_order_id{};
    std::uint64_t trade_id{};  // hash of the venue's text id; dedupe key with the instrument
    Price price{};
    Quantity quantity{};  // unsigned; side in the flags is our own side
    Money fee{};          // paid, in the instrument's fee currency; negative = rebate
    CurrencyId fee_currency{CurrencyId::none};
    std::array<std::uint8_t, 7> unused8{};
    Real mark_price{};
    std::array<std::uint64_t, 2> unused{};
};
struct PositionReport {
    Quantity quantity{};  // signed lots
    Real average_price{};
    Real realized_pnl{};
    Real initial_margin{};
    Real maintenance_margin{};
    std::array<std::uint64_t, 5> unused{};
};
struct BalanceReport {
    Money cash{};
    Real equity{};
    Real margin_balance{};
    Real initial_margin{};
    Real maintenance_margin{};
    Real delta_total{};
    CurrencyId currency{CurrencyId::none};
    std::array<std::uint8_t, 7> unused8{};
    std::array<std::uint64_t, 3> unused{};
};
enum class SessionState : std::uint8_t { down, connecting, syncing, ready };
enum class SessionRole : std::uint8_t { market_data, orders };
struct SessionReport {
    SessionState state{SessionState::down};
    SessionRole role{SessionRole::market_data};
    std::array<std::uint8_t, 6> unused8{};
    std::uint64_t generation{};    // +1 at each connect
    std::uint64_t reason{};        // Errc of what ended the last one
    std::int64_t clock_skew_ns{};  // venue minus host at the last measurement
    Real messages_per_s{};         // order messages that the venue grants this account; 0: not told
    Real messages_burst{};
    std::array<std::uint64_t, 4> unused{};
};
struct Timer {
    std::array<std::uint64_t, 10> unused{};
};
enum class OperatorAction : std::uint8_t { none, set_kill_level, journal_unwritable, journal_writable };
struct OperatorCommand {
    OperatorAction action{OperatorAction::none};
    std::uint8_t kill_level{0};
    std::array<std::uint8_t, 6> unused8{};
    std::array<std::uint64_t, 9> unused{};
};

// One fact, two cache lines: queued, journalled, hashed and replayed as these same bytes. No pointer,
// no text, no hidden padding. (128 rather than 64 bytes, so that a ticker or a fill is one event and
// the receive stamps travel with it; x86 prefetches lines in adjacent pairs.)
// Thread: crosses them by value.
struct alignas(64) Event {
    EventKind kind{EventKind::none};
    std::uint8_t version{kEventVersion};
    VenueId venue{VenueId::none};
    std::uint8_t flags{0};
    InstrumentId instrument{InstrumentId::none};
    std::uint64_t sequence{0};        // global ingress order, stamped by the core's host, from 1
    UnixNanos receive_time{};         // the edge's clock when the frame left the socket: the core's now
    UnixNanos exchange_time{};        // the venue's clock; never used for ordering
    std::uint64_t receive_cycles{0};  // latency only: hashed and compared by nobody
    std::uint64_t decoded_cycles{0};
    std::array<std::uint64_t, 10> payload{};

    template <class P>
    static Event of(EventKind kind, VenueId venue, InstrumentId instrument, const P& payload) {
        Event event;
        event.kind = kind;
        event.venue = venue;
        event.instrument = instrument;
        event.put(payload);
        return event;
    }
    template <class P>
    void put(const P& as) {
        static_assert(sizeof(P) == sizeof(Event::payload) && std::is_trivially_copyable_v<P>);
        static_assert(std::has_unique_object_representations_v<P>);
        std::memcpy(payload.data(), &as, sizeof as);
    }
    template <class P>
    [[nodiscard]] P as() const {
        static_assert(sizeof(P) == sizeof(Event::payload) && std::is_trivially_copyable_v<P>);
        P out;
        std::memcpy(static_cast<void*>(&out), payload.data(), sizeof out);
        return out;
    }
    [[nodiscard]] Side side() const { return (flags & kAskSide) != 0 ? Side::ask : Side::bid; }
    void set_side(Side side) {
        flags = static_cast<std::uint8_t>(side == Side::ask ? flags | kAskSide : flags & ~kAskSide);
    }
    [[nodiscard]] bool has(EventFlag flag) const { return (flags & flag) != 0; }
    void set(EventFlag flag) { flags = static_cast<std::uint8_t>(flags | flag); }
};
static_assert(sizeof(Event) == 128 && std::is_trivially_copyable_v<Event>);
static_assert(std::has_unique_object_representations_v<Event>);

}  // namespace keel
