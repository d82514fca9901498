#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "risk/book/revaluation.hpp"

namespace keel::risk {

// Relative moves of one expiry's forward and of its options' volatilities.
struct ExpiryMove {
    double spot{0.0};
    double volatility{0.0};
    bool operator==(const ExpiryMove&) const = default;
};

// The options of a book, priced in one world after another: what a world does to an expiry is worked out once for all
// of its options, and these go four at a time through price_lanes(). A price is that of holding_value() to 1e-14 of
// the forward; where price_lanes() does not reach it is black76_price() itself, as there. An expiry that the world
// before moved alike is not priced again. The market and the contracts stand still meanwhile; holdings may change.
// Thread: one. Allocates: in the constructor only.
class ShockedOptions {
public:
    ShockedOptions(const Book& book, const MarketState& market);
    // Those among `rows`.
    ShockedOptions(const Book& book, const MarketState& market, std::span<const std::size_t> rows);

    void price(const Shock& shock);
    void price(std::span<const ExpiryMove> moves);  // by ExpirySlot

    // Of one coin of the option at `row` in its own ledger, in the world priced last: V, or V/F where it settles in
    // coin. NaN where the row is no option or has no usable input.
    [[nodiscard]] double price_of(std::size_t row) const { return price_[slot_[row]]; }
    // holding_value() of so much of `row` in the world priced last, which is `shock`.
    [[nodiscard]] double value_of(std::size_t row, const Holding& holding, const Shock& shock) const;

private:
    static constexpr double kNotPriced = std::numeric_limits<double>::quiet_NaN();

    // The options of one expiry lie in one piece, the last of them repeated up to whole lanes.
    struct Chain {
        ExpirySlot expiry{ExpirySlot::none};
        UnderlyingSlot underlying{UnderlyingSlot::none};
        double tenor_weight{1.0};  // of the power law
        std::size_t first{0};
        std::size_t end{0};
        ExpiryMove move{kNotPriced, kNotPriced};  // priced last at
        double years_passed{kNotPriced};
    };

    void add(Chain chain, std::span<const std::size_t> rows);
    void price(Chain& chain, ExpiryMove move, double years_passed);
    void price_one(std::size_t at, ExpiryMove move, double forward, double years);

    const Book& book_;
    const MarketState& market_;
    std::vector<Chain> chains_;
    std::vector<std::uint32_t> slot_;  // by row; 0: not priced here
    std::vector<std::size_t> row_;     // by slot, as the columns
    std::vector<double> strike_, volatility_, sign_, in_coin_, price_;
};

// value_book() through `options`, which are those of this book or of one with the same contracts; prices them first.
[[nodiscard]] BookValue value_book(const Book& book, const MarketState& market, const Shock& shock,
                                   ShockedOptions& options);

}  // namespace keel::risk
