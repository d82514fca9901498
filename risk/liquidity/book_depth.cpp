#include "risk/liquidity/book_depth.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "risk/liquidity/impact.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kBps = 1e4;

bool sound(const DepthLevel& level) {
    return std::isfinite(level.price) && level.price > 0.0 && std::isfinite(level.quantity) && level.quantity > 0.0;
}

// The side that an order of `side` trades against.
std::span<const DepthLevel> against(const VisibleBook& book, Side side) {
    return side == Side::bid ? book.asks : book.bids;
}

double mid_of(const VisibleBook& book) { return 0.5 * (book.bids.front().price + book.asks.front().price); }

}  // namespace

BookQuality book_quality(const VisibleBook& book) {
    if (book.bids.empty() || book.asks.empty()) return BookQuality::one_sided;
    if (!sound(book.bids.front()) || !sound(book.asks.front())) return BookQuality::absurd;
    return book.bids.front().price >= book.asks.front().price ? BookQuality::crossed : BookQuality::good;
}

TopMeasures top_measures(const VisibleBook& book) {
    if (book_quality(book) != BookQuality::good) return {kNaN, kNaN, kNaN, kNaN};
    const DepthLevel& bid = book.bids.front();
    const DepthLevel& ask = book.asks.front();
    const double both = bid.quantity + ask.quantity;
    const double mid = mid_of(book);
    return {.mid = mid,
            .spread_bps = (ask.price - bid.price) / mid * kBps,
            .imbalance = (bid.quantity - ask.quantity) / both,
            .weighted_mid = (bid.price * ask.quantity + ask.price * bid.quantity) / both};
}

double depth_within(const VisibleBook& book, Side side, double bps) {
    if (book_quality(book) != BookQuality::good) return kNaN;
    const double mid = mid_of(book);
    const double reach = mid * bps / kBps;
    double depth = 0.0;
    for (const DepthLevel& level : side == Side::bid ? book.bids : book.asks) {
        if (!sound(level) || std::abs(level.price - mid) > reach) break;
        depth += level.quantity;
    }
    return depth;
}

WalkCost walk_book(const VisibleBook& book, Side side, double quantity) {
    if (book_quality(book) != BookQuality::good || !std::isfinite(quantity) || quantity < 0.0) {
        return {kNaN, kNaN, kNaN, kNaN, kNaN};
    }
    const double mid = mid_of(book);
    double left = quantity;
    double paid = 0.0;
    double away = 0.0;  // summed from distances, for a small cost on a large price keeps its digits so
    for (const DepthLevel& level : against(book, side)) {
        if (!(left > 0.0) || !sound(level)) break;
        const double take = std::min(left, level.quantity);
        paid += take * level.price;
        away += take * std::abs(level.price - mid);
        left -= take;
    }
    const double filled = quantity - left;
    return {.filled = filled,
            .shortfall = left,
            .vwap = filled > 0.0 ? paid / filled : kNaN,
            .cost_bps = filled > 0.0 ? away / filled / mid * kBps : 0.0,
            .cost_quote = away};
}

double cost_to_trade(const VisibleBook& book, Side side, double quantity, double sigma_day, double daily_volume) {
    const WalkCost walk = walk_book(book, side, quantity);
    if (!(walk.shortfall > 0.0)) return walk.cost_quote;
    const double mid = mid_of(book);
    const double deepest = std::abs(against(book, side).back().price - mid);
    return walk.cost_quote +
           walk.shortfall * (deepest + mid * impact_relative(walk.shortfall, sigma_day, daily_volume));
}

}  // namespace keel::risk
