#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "simulator/exchange/views.hpp"

namespace keel::simulator {

enum class LevelAction : std::uint8_t { created, changed, deleted };  // "new", "change", "delete"

// One level of a book change. `amount` is absolute. `amount_before` lets a consumer merge changes into
// 100 ms batches: first before and last after decide the action.
struct LevelChange {
    Side side{Side::bid};
    LevelAction action{LevelAction::created};
    double price{0.0};
    double amount{0.0};
    double amount_before{0.0};
};

// One `book.*.raw` change: levels[first_level, first_level + level_count) of its log.
struct BookChange {
    InstrumentId instrument{InstrumentId::none};
    UnixNanos time{};
    std::uint64_t change_id{0};
    std::uint64_t prev_change_id{0};
    std::uint32_t first_level{0};
    std::uint32_t level_count{0};
};

struct IndexPrice {
    Currency currency{Currency::btc};
    UnixNanos time{};
    double price_usd{0.0};
};

struct VolatilityIndex {
    Currency currency{Currency::btc};
    UnixNanos time{};
    double percent{0.0};
};

struct InstrumentStateChange {
    InstrumentId instrument{InstrumentId::none};
    UnixNanos time{};
    ListingState state{ListingState::open};
};

// What `Change::slot` indexes: `books`, `trades`, ... of the ChangeLog.
enum class ChangeKind : std::uint8_t {
    book,
    trade,
    ticker,  // tickers: the whole view, as of that moment
    index_price,
    volatility_index,  // DVOL
    order,             // orders: an order of an account, after its change
    user_trade,
    position,
    portfolio,  // portfolios: once per second for each currency in use, and after fills
    instrument_state,
};
inline constexpr std::size_t kChangeKindCount = 10;

struct Change {
    ChangeKind kind{ChangeKind::book};
    std::uint32_t slot{0};
};

// What happened since the last drain, in the order in which it happened. Within one request or market
// step and one instrument the order is: public trades, user trades, orders, positions, book change.
struct ChangeLog {
    std::vector<Change> sequence;
    std::vector<BookChange> books;
    std::vector<LevelChange> levels;
    std::vector<PublicTrade> trades;
    std::vector<TickerView> tickers;
    std::vector<IndexPrice> index_prices;
    std::vector<VolatilityIndex> volatility_indices;
    std::vector<OrderView> orders;
    std::vector<UserTrade> user_trades;
    std::vector<PositionView> positions;
    std::vector<PortfolioView> portfolios;
    std::vector<InstrumentStateChange> instrument_states;

    void clear();
    [[nodiscard]] bool empty() const { return sequence.empty(); }
};

// Changes since start by kind, and the levels inside the book changes.
struct ChangeCounts {
    std::array<std::uint64_t, kChangeKindCount> by_kind{};
    std::uint64_t levels{0};
    [[nodiscard]] std::uint64_t of(ChangeKind kind) const { return by_kind[static_cast<std::size_t>(kind)]; }
};

}  // namespace keel::simulator
