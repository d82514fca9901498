#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "engine/core/time.hpp"
#include "engine/journal/state_hash.hpp"
#include "risk/config/risk_config.hpp"
#include "risk/metrics/observation.hpp"

namespace keel::risk {

enum class VolatilityHorizon : std::uint8_t { fast, medium, slow };
inline constexpr std::size_t kVolatilityHorizons = 3;

// Annualised volatility of one price as an exponentially weighted average of squared returns at
// irregular times: a = exp(-dt/tau), v <- a v + (1-a) r^2/dt. Prices are sampled on a grid (previous
// tick), because ticks a few milliseconds apart carry the bid-ask bounce; where no fresh price falls
// on a grid point the point is skipped and dt grows. The first `seed_samples` returns give the
// starting value by their mean square.
// Thread: core. Allocates: never.
class EwmaVolatility {
public:
    explicit EwmaVolatility(const VolatilityConfig& config);

    // One price, in event order. Not finite, not positive, or older than the latest: ignored and counted. Older by
    // more than `price_age_max` the clock was set: the grid starts anew at this price.
    Observation on_price(double price, UnixNanos now);
    // Closes the grid points up to `now`; called by the timer too, so that a quiet market still samples.
    // Returns true when a sample was taken.
    bool on_time(UnixNanos now);

    // Fraction per sqrt(year); NaN until seeded.
    [[nodiscard]] double volatility(VolatilityHorizon horizon) const;
    [[nodiscard]] bool seeded() const { return samples_ >= seed_samples_; }
    // Enough samples for the start to be forgotten: three times the effective number of the horizon.
    [[nodiscard]] bool warm(VolatilityHorizon horizon) const;
    [[nodiscard]] std::uint64_t samples() const { return samples_; }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }
    void hash_into(StateHash& hash) const;

private:
    void take_sample(UnixNanos at);
    void restart(double price, UnixNanos now);

    std::chrono::nanoseconds sample_every_;
    std::chrono::nanoseconds price_age_max_;
    std::uint32_t seed_samples_;
    std::array<double, kVolatilityHorizons> tau_years_{};
    std::array<double, kVolatilityHorizons> variance_{};  // per year
    double seed_sum_{0.0};
    double price_{0.0};  // latest
    UnixNanos price_time_{};
    double sampled_price_{0.0};  // at the last sample
    UnixNanos sampled_time_{};
    UnixNanos grid_next_{};
    std::uint64_t samples_{0};
    std::uint64_t refused_{0};
};

}  // namespace keel::risk
