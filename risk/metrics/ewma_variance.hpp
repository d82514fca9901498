#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "engine/core/time.hpp"
#include "engine/journal/state_hash.hpp"
#include "risk/metrics/observation.hpp"

namespace keel::risk {

inline constexpr double kDecayDaily = 0.94;    // RiskMetrics Technical Document (1996), section 5.3.2
inline constexpr double kDecayMonthly = 0.97;  // the same

// Variance per step of returns that come at equal steps (bars, days): v <- lambda v + (1-lambda) r^2. The
// mean square of the first `seed_samples` returns starts it. Irregular time: EwmaVolatility.
// Thread: core. Allocates: never.
class EwmaVariance {
public:
    static constexpr std::uint32_t kSeedSamples = 50;

    // 0 < decay < 1.
    explicit EwmaVariance(double decay, std::uint32_t seed_samples = kSeedSamples);

    // Starts from a known variance per step instead of a seed. Not finite or negative: refused.
    Observation start(double variance);
    // One log return of one step.
    Observation on_return(double log_return);

    // Per step; none until seeded.
    [[nodiscard]] std::optional<double> variance() const;
    // Fraction per sqrt(year) for steps of this length; none until seeded.
    [[nodiscard]] std::optional<double> volatility(std::chrono::nanoseconds step) const;
    [[nodiscard]] double samples_effective() const { return effective_samples(decay_); }
    [[nodiscard]] bool warm() const;
    [[nodiscard]] std::uint64_t samples() const { return samples_; }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }
    void hash_into(StateHash& hash) const;

private:
    double decay_;
    std::uint32_t seed_samples_;
    double variance_{0.0};
    double seed_sum_{0.0};
    std::uint64_t samples_{0};
    std::uint64_t refused_{0};
};

}  // namespace keel::risk
