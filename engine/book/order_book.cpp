#include "engine/book/order_book.hpp"

#include <algorithm>

#include "engine/core/assert.hpp"

namespace keel {
namespace {

// Levels at the best end that are compared without a branch; most changes of a book are that near to
// its top, and a mispredicted branch costs more than all eight comparisons.
constexpr std::size_t kNearTop = 8;

// Orders prices of one side: the larger key is the better price. Complementing reverses the order.
constexpr std::int64_t key_of(Side side, Price price) { return side == Side::bid ? price.count() : ~price.count(); }

// How many levels are better than `price`. Levels lie from worst to best.
std::size_t count_better(std::span<const PriceLevel> levels, Side side, Price price) {
    const std::int64_t key = key_of(side, price);
    const std::int64_t flip = side == Side::bid ? 0 : -1;
    const auto is_better = [key, flip](const PriceLevel& level) {
        return (level.price.count() ^ flip) > key ? 1u : 0u;
    };
    std::size_t better = 0;
    if (levels.size() < kNearTop) {
        for (const PriceLevel& level : levels) better += is_better(level);
        return better;
    }
    const auto near = levels.last<kNearTop>();
    for (std::size_t at = 0; at < kNearTop; ++at) better += is_better(near[at]);
    if (better < kNearTop) return better;
    // Halving without branches: `first` ends as the number of levels that are not better.
    const PriceLevel* const data = levels.data();
    std::size_t first = 0;
    std::size_t left = levels.size() - kNearTop;
    while (left > 0) {
        const std::size_t half = (left + 1) / 2;
        first += is_better(data[first + half - 1]) != 0 ? 0 : half;
        left -= half;
    }
    return levels.size() - first;
}

}  // namespace

OrderBook::OrderBook(std::size_t levels_max) : levels_max_{levels_max}, bids_{levels_max}, asks_{levels_max} {
    KEEL_ASSERT(levels_max > 0);
}

OrderBook::Ladder::Ladder(std::size_t levels_max)
    : slots{2 * levels_max + 2}, levels{std::make_unique<PriceLevel[]>(slots)} {
    clear();
}

// Makes room before `at` (counted from the worst level) by moving the shorter part of the ladder.
PriceLevel* OrderBook::Ladder::open_gap(std::size_t at) {
    if (worst == 0 || worst + size == slots) {  // a side has walked through all its room: back to the middle
        const std::size_t middle = (slots - size) / 2;
        PriceLevel* const from = levels.get() + worst;
        PriceLevel* const to = levels.get() + middle;
        if (to < from) {
            std::copy(from, from + size, to);
        } else {
            std::copy_backward(from, from + size, to + size);
        }
        worst = middle;
    }
    PriceLevel* const begin = levels.get() + worst;
    if (at < size - at) {
        std::copy(begin, begin + at, begin - 1);
        --worst;
    } else {
        std::copy_backward(begin + at, begin + size, begin + size + 1);
    }
    ++size;
    return levels.get() + worst + at;
}

void OrderBook::Ladder::close_gap(std::size_t at) {
    PriceLevel* const begin = levels.get() + worst;
    if (at < size - at) {
        std::copy_backward(begin, begin + at, begin + at + 1);
        ++worst;
    } else {
        std::copy(begin + at + 1, begin + size, begin + at);
    }
    --size;
}

Result<bool> OrderBook::apply(const Event& event) {
    KEEL_ASSERT(event.kind == EventKind::book_snapshot || event.kind == EventKind::level_update);
    const auto level = event.as<Level>();
    updated_ = event.receive_time;
    if (event.has(kFirst)) {
        if (const auto begun = begin(event.kind, level.sequence, level.sequence_previous); !begun) return begun;
    } else if (state_ != BookState::building || level.sequence != sequence_pending_) {
        // The rest of a message whose start was refused or never came.
        return refuse(Errc::book_stale, level.sequence);
    }
    if (level.quantity.count() != 0 || level.price.count() != 0) {
        switch (set_level(event.side(), level.price, level.quantity)) {
            case Change::done: break;
            case Change::missing: ++missing_removals_; break;
            case Change::full: return refuse(Errc::book_full, levels_max_);
        }
    }
    if (!event.has(kLast)) return false;
    if (top().crossed()) return refuse(Errc::book_crossed, level.sequence);
    sequence_ = level.sequence;
    exchange_time_ = event.exchange_time;
    state_ = BookState::valid;
    return true;
}

Result<bool> OrderBook::begin(EventKind kind, std::uint64_t sequence, std::uint64_t previous) {
    if (kind == EventKind::book_snapshot) {
        bids_.clear();
        asks_.clear();
    } else if (state_ != BookState::valid) {
        return refuse(Errc::book_stale, sequence);
    } else if (previous != 0 ? previous != sequence_ : sequence <= sequence_) {
        return refuse(Errc::sequence_gap, previous != 0 ? previous : sequence);
    }
    state_ = BookState::building;
    sequence_pending_ = sequence;
    return false;
}

void OrderBook::mark_stale() { state_ = BookState::stale; }

Result<bool> OrderBook::refuse(Errc code, std::uint64_t detail) {
    mark_stale();
    return fail(code, detail);
}

OrderBook::Change OrderBook::set_level(Side side, Price price, Quantity quantity) {
    Ladder& ladder = side == Side::bid ? bids_ : asks_;
    const std::span<PriceLevel> levels = ladder.view();
    const std::size_t after = levels.size() - count_better(levels, side, price);
    const bool there = after > 0 && levels[after - 1].price == price;
    if (quantity.count() <= 0) {
        if (!there) return Change::missing;
        ladder.close_gap(after - 1);
        return Change::done;
    }
    if (there) {
        levels[after - 1].quantity = quantity;
        return Change::done;
    }
    if (ladder.size == levels_max_) return Change::full;
    *ladder.open_gap(after) = PriceLevel{price, quantity};
    return Change::done;
}

Top OrderBook::top() const {
    Top top;
    if (bids_.size > 0) top.bid = bids_.view().back();
    if (asks_.size > 0) top.ask = asks_.view().back();
    return top;
}

std::span<const PriceLevel> OrderBook::levels(Side side) const { return (side == Side::bid ? bids_ : asks_).view(); }

}  // namespace keel
