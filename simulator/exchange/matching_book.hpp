#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "simulator/exchange/change_log.hpp"

namespace keel::simulator {

// One order resting in a book.
struct RestingOrder {
    std::uint64_t number{0};
    AccountId account{AccountId::none};
    Price price{};
    Quantity left{};
};

// Price-time priority of one instrument: best price first, within a price the oldest first. Knows
// nothing of accounts' money. Remembers which levels were touched, so that one change can be published
// for a whole request or market step.
// Invariant: no bid at or above an ask once a request is done; every level's total is the sum of its orders.
// Thread: the exchange's. Allocates: per order.
class MatchingBook {
public:
    // The order that a taker on `taker_side` with `limit` would meet first; nullptr: none.
    [[nodiscard]] const RestingOrder* front(Side taker_side, Price limit) const;
    // Lots that a taker could get, stopping at `enough`; orders of `skip` do not count.
    [[nodiscard]] Quantity available(Side taker_side, Price limit, Quantity enough, AccountId skip) const;
    // Whether a taker of `wanted` lots would meet an order of `account` on its way.
    [[nodiscard]] bool meets_own(Side taker_side, Price limit, Quantity wanted, AccountId account) const;

    // Adds at the back of its price. The number must be new.
    void rest(Side side, const RestingOrder& order);
    // Takes `lots` off an order, wherever it stands; at zero it leaves. Keeps its place otherwise.
    void reduce(std::uint64_t number, Quantity lots);
    // False: not in the book.
    bool remove(std::uint64_t number);
    [[nodiscard]] const RestingOrder* find(std::uint64_t number) const;
    // Numbers of all resting orders, for delivery and settlement.
    [[nodiscard]] std::vector<std::uint64_t> numbers() const;

    [[nodiscard]] std::optional<Price> best(Side side) const;
    [[nodiscard]] Quantity level_total(Side side, Price price) const;
    // Best first; at most `depth` levels.
    [[nodiscard]] std::vector<std::pair<Price, Quantity>> levels(Side side, std::size_t depth) const;

    // Appends the net change of every touched level since the last call, bids then asks, and forgets them.
    void collect(const Instrument& contract, std::vector<LevelChange>& out);

private:
    struct Level {
        std::list<RestingOrder> orders;
        Quantity total{};
    };
    struct Place {
        Side side{Side::bid};
        std::int64_t key{0};
        std::list<RestingOrder>::iterator order;
    };
    // Keys grow away from the best on both sides: -price for bids, +price for asks.
    using Ladder = std::map<std::int64_t, Level>;
    static std::int64_t key_of(Side side, Price price) { return side == Side::bid ? -price.count() : price.count(); }
    [[nodiscard]] Ladder& ladder(Side side) { return side == Side::bid ? bids_ : asks_; }
    [[nodiscard]] const Ladder& ladder(Side side) const { return side == Side::bid ? bids_ : asks_; }
    void touch(Side side, std::int64_t key);

    Ladder bids_;
    Ladder asks_;
    std::unordered_map<std::uint64_t, Place> places_;
    std::map<std::int64_t, Quantity> touched_bids_;  // key -> total before
    std::map<std::int64_t, Quantity> touched_asks_;
};

}  // namespace keel::simulator
