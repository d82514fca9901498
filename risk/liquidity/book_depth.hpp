#pragma once

#include <span>

#include "engine/core/instrument.hpp"

namespace keel::risk {

// One level of a visible book in price units and coin (or contracts), best first.
struct DepthLevel {
    double price{0.0};
    double quantity{0.0};
};

// Both sides of a book, best level first. Invalid (quality below) where a side is empty or they cross.
struct VisibleBook {
    std::span<const DepthLevel> bids{};
    std::span<const DepthLevel> asks{};
};

enum class BookQuality : std::uint8_t { good, one_sided, crossed, absurd };
// crossed: also locked. absurd: a price or quantity of a best level that is not finite and positive.
[[nodiscard]] BookQuality book_quality(const VisibleBook& book);

// Measures of the top. All NaN unless the book is good.
struct TopMeasures {
    double mid{0.0};
    double spread_bps{0.0};
    double imbalance{0.0};     // (qb - qa) / (qb + qa)
    double weighted_mid{0.0};  // (Pb qa + Pa qb) / (qb + qa)
};
[[nodiscard]] TopMeasures top_measures(const VisibleBook& book);

// Quantity resting within `bps` of mid on one side. O(levels touched). NaN unless the book is good.
[[nodiscard]] double depth_within(const VisibleBook& book, Side side, double bps);

// What buying (bid) or selling (ask) `quantity` by walking the visible book costs against mid.
struct WalkCost {
    double filled{0.0};
    double shortfall{0.0};   // what the visible book does not hold
    double vwap{0.0};        // NaN where nothing was filled
    double cost_bps{0.0};    // |vwap - mid| / mid
    double cost_quote{0.0};  // |vwap - mid| times filled
};
// All NaN unless the book is good and quantity is finite and not negative. O(levels touched).
[[nodiscard]] WalkCost walk_book(const VisibleBook& book, Side side, double quantity);

// As above in quote currency, with the part that the book does not hold priced at the last level walked plus
// square-root impact of that part (impact.hpp).
[[nodiscard]] double cost_to_trade(const VisibleBook& book, Side side, double quantity, double sigma_day,
                                   double daily_volume);

}  // namespace keel::risk
