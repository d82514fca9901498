#pragma once

#include <limits>

#include "engine/core/instrument.hpp"
#include "risk/options/lanes.hpp"
#include "risk/options/normal_tail.hpp"

namespace keel::risk {

// Where nothing in price_lanes can overflow or leave the normal numbers; the rest goes through black76_price.
inline constexpr double kLanePriceMin = 1e-90;  // of forward and strike
inline constexpr double kLanePriceMax = 1e90;
inline constexpr double kLaneDeviationMin = 1e-12;
inline constexpr double kLaneDeviationMax = 1e6;

// Four undiscounted Black prices, and what their derivatives are made of.
struct PricedLanes {
    Lanes value;
    Lanes asset;    // forward Phi(sign d1): the forward's slope times sign and forward
    Lanes density;  // exp(-d1^2/2)
};

// Undiscounted Black prices at four forwards and deviations s = sigma sqrt(T); `sign` is 1 for calls and -1 for puts.
// With q = exp(-d1^2/2), Phi(-|d1|) = q Y(|d1|) and K Phi(-|d2|) = F q Y(|d2|): one exponential serves both
// distributions. Agrees with black76_price() to 1e-14 of the forward. `log_moneyness` is ln F/K.
inline PricedLanes priced_lanes(Lanes forward, Lanes strike, Lanes sign, Lanes deviation, Lanes log_moneyness) {
    const Lanes d1 = fused(Lanes{0.5}, deviation, log_moneyness / deviation);
    const Lanes d2 = d1 - deviation;
    const Lanes q = exp_of_negative(Lanes{-0.5} * d1 * d1);
    const Lanes tail1 = forward * q * scaled_normal_tail(absolute(d1));
    const Lanes tail2 = forward * q * scaled_normal_tail(absolute(d2));
    const Lanes asset = select(Lanes{0.0} < d1 * sign, forward - tail1, tail1);
    const Lanes cash = select(Lanes{0.0} < d2 * sign, strike - tail2, tail2);
    return {.value = sign * (asset - cash), .asset = asset, .density = q};
}
inline Lanes price_lanes(Lanes forward, Lanes strike, Lanes sign, Lanes deviation, Lanes log_moneyness) {
    return priced_lanes(forward, strike, sign, deviation, log_moneyness).value;
}
inline Lanes price_lanes(Lanes forward, Lanes strike, Lanes sign, Lanes deviation) {
    return price_lanes(forward, strike, sign, deviation, log_ratio(forward, strike));
}

// Beyond so many deviations, of both d1 and d2, what an option is worth besides its intrinsic value is less than
// s phi(8) / 64 of the forward: less than 1e-16.
inline constexpr double kIntrinsicReach = 8.0;

// Whether each of the four is that far from its strike. False for NaN.
inline bool is_intrinsic(Lanes deviation, Lanes log_moneyness) {
    const Lanes reach = deviation * fused(Lanes{0.5}, deviation, Lanes{kIntrinsicReach});
    return (reach < absolute(log_moneyness)).bits() == kAllLanes;
}

// Calls and puts alike: what an undiscounted Black price and its derivatives gain when ln s moves by `by`. With
// A = F s phi(d1), the first derivative by ln s, and d d1 / d ln s = -d2, d d2 / d ln s = -d1. Prices to third order,
// the others to second.
struct ShiftedLanes {
    Lanes value, slope, half_curvature, by_deviation;  // slope and curvature in the forward
};
inline constexpr double kShiftMax = 0.03;  // |by|; the fourth order is then below 2e-7 of s F
inline ShiftedLanes shift_lanes(Lanes forward, Lanes deviation, Lanes log_moneyness, double by) {
    const Lanes d1 = fused(Lanes{0.5}, deviation, log_moneyness / deviation);
    const Lanes d2 = d1 - deviation;
    const Lanes density = Lanes{kInverseRoot2Pi} * exp_of_negative(Lanes{-0.5} * d1 * d1);
    const Lanes first = forward * deviation * density;
    const Lanes more = fused(d1, d2, Lanes{1.0});  // d ln A / d ln s
    const Lanes less = more - Lanes{2.0};          // of the curvature
    const Lanes bend = fused(d1, d1, d2 * d2);     // -d (d1 d2) / d ln s
    const Lanes half{0.5 * by};
    const Lanes second = more * more - bend;
    return {.value = Lanes{by} * first * fused(half, fused(Lanes{by / 3.0}, second, more), Lanes{1.0}),
            .slope = Lanes{by} * density * fused(half * d1, Lanes{1.0} - d2 * d2, -d2),
            .half_curvature = half * density / (forward * deviation) * fused(half, less * less - bend, less),
            .by_deviation = Lanes{by} * first * fused(half, second, more)};
}

// 1 for calls, -1 for puts; NaN, and so is every price, of an option that is neither.
inline double lane_sign(OptionType type) {
    if (type == OptionType::none) return std::numeric_limits<double>::quiet_NaN();
    return type == OptionType::put ? -1.0 : 1.0;
}

// What price_lanes() then is; NaN where `sign` is.
inline Lanes intrinsic_lanes(Lanes forward, Lanes strike, Lanes sign) {
    const Lanes exercised = sign * (forward - strike);
    return select(exercised < Lanes{0.0}, Lanes{0.0}, exercised);
}

}  // namespace keel::risk
