#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "engine/core/time.hpp"
#include "engine/journal/state_hash.hpp"
#include "risk/metrics/observation.hpp"

namespace keel::risk {

struct VolatilityRegimeConfig {
    std::chrono::nanoseconds sample_every{std::chrono::minutes{1}};  // implied vols of one second are quote noise
    std::chrono::nanoseconds gap_max{std::chrono::minutes{15}};      // a change over a longer gap is not one sample
    std::chrono::nanoseconds half_life{std::chrono::hours{6}};
    std::uint32_t seed_samples{50};
    double implied_min{0.05};  // fraction; outside this range it is an error of the quote
    double implied_max{5.0};
};

// How unsettled implied volatility is, and how unusual its level: the volatility of its logarithm,
// w <- a w + (1-a) (d ln iv)^2 / dt with a = exp(-dt/tau), and the score (ln iv - mean) / sd against the
// exponentially weighted mean and variance of what came before (West 1979).
// Thread: core. Allocates: never.
class VolatilityRegime {
public:
    explicit VolatilityRegime(const VolatilityRegimeConfig& config);

    // At-the-money implied volatility (fraction) of one constant tenor. A change of tenor: `restart`.
    Observation on_level(double implied, UnixNanos now);
    // The source of the level changed; the next level is a new base and no observation.
    void restart() { log_level_known_ = false; }

    // Of ln iv, per sqrt(year); none until seeded.
    [[nodiscard]] std::optional<double> volatility_of_volatility() const;
    // Of the latest sample, in standard deviations; none until seeded, or where the level has not moved at all.
    [[nodiscard]] std::optional<double> score() const;
    [[nodiscard]] bool warm() const;
    [[nodiscard]] std::uint64_t samples() const { return samples_; }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }
    void hash_into(StateHash& hash) const;

private:
    void take_sample(double log_level, double years);

    VolatilityRegimeConfig config_;
    double tau_years_;
    double log_level_{0.0};
    bool log_level_known_{false};
    UnixNanos time_{};
    double change_variance_{0.0};  // per year
    double mean_{0.0};
    double variance_{0.0};
    double score_{0.0};
    bool score_known_{false};
    double change_sum_{0.0};  // of the seed
    double years_sum_{0.0};
    std::uint64_t samples_{0};
    std::uint64_t refused_{0};
};

}  // namespace keel::risk
