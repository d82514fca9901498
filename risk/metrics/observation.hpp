#pragma once

#include <cmath>
#include <cstdint>

namespace keel::risk {

// What became of one input of an estimator. Only `taken` and `restarted` changed its state.
enum class Observation : std::uint8_t {
    taken,         // counted
    waiting,       // good, but too early for the estimator's clock
    restarted,     // good, but after a gap or a step of the clock: a new base, no observation
    not_finite,    // NaN or infinite
    not_positive,  // a price or a volatility at or below zero
    absurd,        // finite, and beyond what a market does
    out_of_order,  // older than what was counted before
    frozen,        // one of a run of unchanged prices: a feed that stands still is not a calm market
};

// A factor of 148 within one bar is a broken price, not a move.
inline constexpr double kLogReturnMax = 5.0;

// Variance of one step below which a ratio to it says nothing (a volatility of 1e-12 per step).
inline constexpr double kStepVarianceMin = 1e-24;
// No average of squares of accepted returns exceeds it.
inline constexpr double kStepVarianceMax = kLogReturnMax * kLogReturnMax;

[[nodiscard]] inline Observation judge_return(double log_return) {
    if (!std::isfinite(log_return)) return Observation::not_finite;
    return std::abs(log_return) > kLogReturnMax ? Observation::absurd : Observation::taken;
}

[[nodiscard]] inline Observation judge_price(double price) {
    if (!std::isfinite(price)) return Observation::not_finite;
    return price <= 0.0 ? Observation::not_positive : Observation::taken;
}

// Samples that an exponential average with this decay is worth: (1+lambda)/(1-lambda).
[[nodiscard]] constexpr double effective_samples(double decay) { return (1.0 + decay) / (1.0 - decay); }

// Times the effective number of samples after which a start is forgotten: exp(-6), a quarter of a percent.
inline constexpr double kWarmFactor = 3.0;

}  // namespace keel::risk
