#pragma once

#include <cstdint>
#include <map>

#include "engine/book/order_book.hpp"

namespace keel::test {

// The obvious order book, on ordered maps: what the flat one must agree with.
class NaiveBook {
public:
    void apply(const Event& event) {
        const auto level = event.as<Level>();
        if (event.kind == EventKind::book_snapshot && event.has(kFirst)) {
            bids_.clear();
            asks_.clear();
        }
        auto& side = event.side() == Side::bid ? bids_ : asks_;
        if (level.quantity.count() == 0) {
            if (side.erase(level.price) == 0) ++missing_removals_;
        } else {
            side[level.price] = level.quantity;
        }
    }

    // From worst to best, as OrderBook::levels.
    [[nodiscard]] std::vector<PriceLevel> levels(Side side) const {
        std::vector<PriceLevel> out;
        for (const auto& [price, quantity] : side == Side::bid ? bids_ : asks_) out.push_back({price, quantity});
        if (side == Side::ask) std::ranges::reverse(out);
        return out;
    }
    [[nodiscard]] std::uint64_t missing_removals() const { return missing_removals_; }
    [[nodiscard]] const std::map<Price, Quantity>& bids() const { return bids_; }
    [[nodiscard]] const std::map<Price, Quantity>& asks() const { return asks_; }

private:
    std::map<Price, Quantity> bids_;
    std::map<Price, Quantity> asks_;
    std::uint64_t missing_removals_{0};
};

}  // namespace keel::test
