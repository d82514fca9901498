#pragma once

namespace keel::risk {

// Prices between which a share of a pool is active, USD per coin. [0, infinity): a constant-product pool.
struct PriceRange {
    double lower{0.0};
    double upper{0.0};
};

// One unit of liquidity L = sqrt(k).
struct LiquidityGreeks {
    double value{0.0};  // stablecoin
    double delta{0.0};  // dV/dP: the coin that the share holds
    double gamma{0.0};  // never positive: a share is short volatility
};

// Value of a share in an automated market maker's pool at price P, by closed form:
//     constant product x y = L^2   V = 2 L sqrt(P)                                       (Uniswap v2 whitepaper)
//     range [a, b], P inside       V = L (2 sqrt(P) - sqrt(a) - P/sqrt(b))               (Uniswap v3
//     whitepaper, 6.29-30) P below a: coin only         V = L P (1/sqrt(a) - 1/sqrt(b));   above b: dollars only   V =
//     L (sqrt(b) - sqrt(a))
// Delta is the coin held, L (1/sqrt(P) - 1/sqrt(b)); gamma -L/2 P^(-3/2) inside the range, zero outside. Fees that
// the pool pays are cash when collected, not part of this value. False on a price or range that is not positive
// or not a range.
// Thread: any. Allocates: never.
[[nodiscard]] bool liquidity_position(const PriceRange& range, double price, LiquidityGreeks& out);

}  // namespace keel::risk
