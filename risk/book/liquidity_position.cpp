#include "risk/book/liquidity_position.hpp"

#include <cmath>

namespace keel::risk {

bool liquidity_position(const PriceRange& range, double price, LiquidityGreeks& out) {
    if (!std::isfinite(price) || price <= 0.0 || !(range.lower >= 0.0) || !(range.upper > range.lower)) return false;
    const double root_upper_inverse = std::isinf(range.upper) ? 0.0 : 1.0 / std::sqrt(range.upper);
    const double root_lower = std::sqrt(range.lower);
    if (price <= range.lower) {
        const double coins = 1.0 / root_lower - root_upper_inverse;
        out = {.value = price * coins, .delta = coins, .gamma = 0.0};
    } else if (price >= range.upper) {
        out = {.value = std::sqrt(range.upper) - root_lower, .delta = 0.0, .gamma = 0.0};
    } else {
        const double root = std::sqrt(price);
        out = {.value = 2.0 * root - root_lower - price * root_upper_inverse,
               .delta = 1.0 / root - root_upper_inverse,
               .gamma = -0.5 / (price * root)};
    }
    return true;
}

}  // namespace keel::risk
