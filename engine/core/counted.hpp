#pragma once

#include <compare>
#include <cstdint>

namespace keel {

// A whole number of something: instrument ticks (Price), instrument lots (Quantity) or billionths of
// a currency unit (Money). Counts compare and add exactly, and the compiler refuses a Price where a
// Quantity is meant, or a double where either is meant.
template <class Tag>
class Counted {
public:
    constexpr Counted() = default;
    constexpr explicit Counted(std::int64_t count) : count_{count} {}

    [[nodiscard]] constexpr std::int64_t count() const { return count_; }

    friend constexpr auto operator<=>(const Counted&, const Counted&) = default;
    friend constexpr Counted operator+(Counted a, Counted b) { return Counted{a.count_ + b.count_}; }
    friend constexpr Counted operator-(Counted a, Counted b) { return Counted{a.count_ - b.count_}; }
    constexpr Counted operator-() const { return Counted{-count_}; }
    constexpr Counted& operator+=(Counted other) { return *this = *this + other; }
    constexpr Counted& operator-=(Counted other) { return *this = *this - other; }

private:
    std::int64_t count_{0};
};

using Price = Counted<struct PriceTag>;        // ticks of one instrument (its finest tick)
using Quantity = Counted<struct QuantityTag>;  // lots of one instrument; signed where it is a holding
using Money = Counted<struct MoneyTag>;        // billionths of one currency unit

inline constexpr double kMoneyUnit = 1e-9;  // one Money count; Deribit books 8 decimals, one to spare

}  // namespace keel
