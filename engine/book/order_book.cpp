#include "engine/book/order_book.hpp"

#include <algorithm>

#include "engine/core/assert.hpp"

namespace keel {
namespace {

// Levels that are looked at one by one from the best before searching by halves: most changes of a
// book are that near to its top.
constexpr std::size_t kNearTop = 8;

// True when `price` lies nearer to the best end of a side than `than` does.
bool better(Side side, Price price, Price than) { return side == Side::bid ? price > than : price < than; }

// Slot of the first level (from the worst) that is not worse than `price`: where it is or belongs.
std::size_t find_slot(std::span<const PriceLevel> levels, Side side, Price price) {
    std::size_t at = levels.size();
    const std::size_t near_end = at > kNearTop ? at - kNearTop : 0;
    while (at > near_end && !better(side, price, levels[at - 1].price)) {
        if (levels[at - 1].price == price) return at - 1;
        --at;
    }
    if (at > near_end || at == 0) return at;
    const auto far = levels.first(at);
    const auto found = std::ranges::lower_bound(
        far, price, [side](Price a, Price b) { return better(side, b, a); }, &PriceLevel::price);
    return static_cast<std::size_t>(found - far.begin());
}

}  // namespace

OrderBook::OrderBook(std::size_t levels_max) : levels_max_{levels_max} {
    KEEL_ASSERT(levels_max > 0);
    bids_.levels = std::make_unique<PriceLevel[]>(levels_max);
    asks_.levels = std::make_unique<PriceLevel[]>(levels_max);
}

Result<bool> OrderBook::apply(const Event& event) {
    KEEL_ASSERT(event.kind == EventKind::book_snapshot || event.kind == EventKind::level_update);
    const auto level = event.as<Level>();
    updated_ = event.receive_time;
    if (event.has(kFirst)) {
        if (const auto begun = begin(event, level); !begun) return begun;
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

Result<bool> OrderBook::begin(const Event& event, const Level& level) {
    if (event.kind == EventKind::book_snapshot) {
        bids_.size = 0;
        asks_.size = 0;
    } else if (state_ != BookState::valid) {
        return refuse(Errc::book_stale, level.sequence);
    } else if (level.sequence_previous != 0 ? level.sequence_previous != sequence_ : level.sequence <= sequence_) {
        return refuse(Errc::sequence_gap, level.sequence_previous != 0 ? level.sequence_previous : level.sequence);
    }
    state_ = BookState::building;
    sequence_pending_ = level.sequence;
    return false;
}

void OrderBook::mark_stale() { state_ = BookState::stale; }

Result<bool> OrderBook::refuse(Errc code, std::uint64_t detail) {
    mark_stale();
    return fail(code, detail);
}

OrderBook::Change OrderBook::set_level(Side side, Price price, Quantity quantity) {
    Ladder& ladder = side == Side::bid ? bids_ : asks_;
    PriceLevel* const begin = ladder.levels.get();
    PriceLevel* const end = begin + ladder.size;
    PriceLevel* const at = begin + find_slot({begin, ladder.size}, side, price);
    const bool there = at != end && at->price == price;
    if (quantity.count() <= 0) {
        if (!there) return Change::missing;
        std::copy(at + 1, end, at);
        --ladder.size;
        return Change::done;
    }
    if (there) {
        at->quantity = quantity;
        return Change::done;
    }
    if (ladder.size == levels_max_) return Change::full;
    std::copy_backward(at, end, end + 1);
    *at = PriceLevel{price, quantity};
    ++ladder.size;
    return Change::done;
}

Top OrderBook::top() const {
    Top top;
    if (bids_.size > 0) top.bid = bids_.levels[bids_.size - 1];
    if (asks_.size > 0) top.ask = asks_.levels[asks_.size - 1];
    return top;
}

std::span<const PriceLevel> OrderBook::levels(Side side) const {
    const Ladder& ladder = side == Side::bid ? bids_ : asks_;
    return {ladder.levels.get(), ladder.size};
}

}  // namespace keel
