#pragma once

#include <array>
#include <cstdint>

#include "engine/core/time.hpp"
#include "engine/journal/state_hash.hpp"

namespace keel::risk {

// Level of one volatility number and its change over a sliding window, in vol points. History is kept
// on a grid of window/kSlots, so memory is fixed and the window is exact to one grid step.
// Thread: core. Allocates: never.
class ImpliedVolatilityChange {
public:
    static constexpr std::size_t kSlots = 64;  // 1.6 % of the window: finer than the metric is steady

    explicit ImpliedVolatilityChange(std::chrono::nanoseconds window);

    // A new level (fraction). Not finite or not positive: ignored.
    void on_level(double volatility, UnixNanos now);
    // Lets old levels leave the window.
    void on_time(UnixNanos now);
    // The source of the level changed (another expiry): a jump between sources is not a move.
    void restart();

    [[nodiscard]] double level() const { return level_; }  // fraction; NaN before the first
    [[nodiscard]] UnixNanos updated() const { return updated_; }
    // Level minus the oldest one in the window, vol points (0.01 of volatility); NaN before the first.
    [[nodiscard]] double change_points() const;
    void hash_into(StateHash& hash) const;

private:
    struct Sample {
        std::int64_t time_ns{0};
        double level{0.0};
    };
    std::chrono::nanoseconds window_;
    std::chrono::nanoseconds step_;
    std::array<Sample, kSlots + 1> samples_{};
    std::size_t first_{0};
    std::size_t size_{0};
    double level_;
    UnixNanos updated_{};
};

}  // namespace keel::risk
