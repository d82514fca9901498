#include "simulator/exchange/matching_book.hpp"

#include "engine/core/assert.hpp"

namespace keel::simulator {

const RestingOrder* MatchingBook::front(Side taker_side, Price limit) const {
    const Side maker_side = opposite(taker_side);
    const Ladder& makers = ladder(maker_side);
    if (makers.empty() || makers.begin()->first > key_of(maker_side, limit)) return nullptr;
    return &makers.begin()->second.orders.front();
}

Quantity MatchingBook::available(Side taker_side, Price limit, Quantity enough, AccountId skip) const {
    const Side maker_side = opposite(taker_side);
    Quantity sum{};
    for (const auto& [key, level] : ladder(maker_side)) {
        if (key > key_of(maker_side, limit)) break;
        for (const RestingOrder& order : level.orders) {
            if (order.account != skip) sum += order.left;
            if (sum >= enough) return sum;
        }
    }
    return sum;
}

bool MatchingBook::meets_own(Side taker_side, Price limit, Quantity wanted, AccountId account) const {
    const Side maker_side = opposite(taker_side);
    for (const auto& [key, level] : ladder(maker_side)) {
        if (key > key_of(maker_side, limit)) return false;
        for (const RestingOrder& order : level.orders) {
            if (order.account == account) return true;
            wanted -= order.left;
            if (wanted.count() <= 0) return false;
        }
    }
    return false;
}

void MatchingBook::touch(Side side, std::int64_t key) {
    const Ladder& levels = ladder(side);
    const auto found = levels.find(key);
    auto& touched = side == Side::bid ? touched_bids_ : touched_asks_;
    touched.try_emplace(key, found == levels.end() ? Quantity{} : found->second.total);
}

void MatchingBook::rest(Side side, const RestingOrder& order) {
    KEEL_ASSERT(order.left.count() > 0);
    const std::int64_t key = key_of(side, order.price);
    touch(side, key);
    Level& level = ladder(side)[key];
    level.orders.push_back(order);
    level.total += order.left;
    const bool is_new = places_.emplace(order.number, Place{side, key, std::prev(level.orders.end())}).second;
    KEEL_ASSERT(is_new);
}

void MatchingBook::reduce(std::uint64_t number, Quantity lots) {
    const auto found = places_.find(number);
    KEEL_ASSERT(found != places_.end());
    const Place place = found->second;
    KEEL_ASSERT(lots.count() > 0 && lots <= place.order->left);
    touch(place.side, place.key);
    Ladder& levels = ladder(place.side);
    const auto level = levels.find(place.key);
    level->second.total -= lots;
    place.order->left -= lots;
    if (place.order->left.count() > 0) return;
    level->second.orders.erase(place.order);
    places_.erase(found);
    if (level->second.orders.empty()) levels.erase(level);
}

bool MatchingBook::remove(std::uint64_t number) {
    const auto found = places_.find(number);
    if (found == places_.end()) return false;
    reduce(number, found->second.order->left);
    return true;
}

const RestingOrder* MatchingBook::find(std::uint64_t number) const {
    const auto found = places_.find(number);
    return found == places_.end() ? nullptr : &*found->second.order;
}

std::vector<std::uint64_t> MatchingBook::numbers() const {
    std::vector<std::uint64_t> all;
    for (const Ladder* levels : {&bids_, &asks_}) {
        for (const auto& [key, level] : *levels) {
            for (const RestingOrder& order : level.orders) all.push_back(order.number);
        }
    }
    return all;
}

std::optional<Price> MatchingBook::best(Side side) const {
    const Ladder& levels = ladder(side);
    if (levels.empty()) return std::nullopt;
    const std::int64_t key = levels.begin()->first;
    return Price{side == Side::bid ? -key : key};
}

Quantity MatchingBook::level_total(Side side, Price price) const {
    const Ladder& levels = ladder(side);
    const auto found = levels.find(key_of(side, price));
    return found == levels.end() ? Quantity{} : found->second.total;
}

std::vector<std::pair<Price, Quantity>> MatchingBook::levels(Side side, std::size_t depth) const {
    std::vector<std::pair<Price, Quantity>> out;
    for (const auto& [key, level] : ladder(side)) {
        if (out.size() >= depth) break;
        out.emplace_back(Price{side == Side::bid ? -key : key}, level.total);
    }
    return out;
}

void MatchingBook::collect(const Instrument& contract, std::vector<LevelChange>& out) {
    for (const Side side : {Side::bid, Side::ask}) {
        auto& touched = side == Side::bid ? touched_bids_ : touched_asks_;
        for (const auto& [key, before] : touched) {
            const Price price{side == Side::bid ? -key : key};
            const Quantity after = level_total(side, price);
            if (after == before) continue;
            LevelAction action = LevelAction::changed;
            if (before.count() == 0) action = LevelAction::created;
            if (after.count() == 0) action = LevelAction::deleted;
            out.push_back(LevelChange{.side = side,
                                      .action = action,
                                      .price = contract.price_value(price),
                                      .amount = contract.amount_value(after),
                                      .amount_before = contract.amount_value(before)});
        }
        touched.clear();
    }
}

}  // namespace keel::simulator
