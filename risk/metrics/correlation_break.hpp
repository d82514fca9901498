#pragma once

#include <cstdint>

#include "engine/journal/state_hash.hpp"
#include "risk/metrics/observation.hpp"

namespace keel::risk {

struct CorrelationBreakConfig {
    double decay_fast{0.85};  // per step
    double decay_slow{0.97};
    std::uint32_t seed_samples{50};
    double soft{3.0};  // |z|
    double hard{5.0};
};

enum class BreakLevel : std::uint8_t { none, soft, hard };

// Every number is finite; zero where `known` is false.
struct CorrelationBreakResult {
    double correlation_fast{0.0};
    double correlation_slow{0.0};
    double z{0.0};  // (atanh fast - atanh slow) sqrt(n_eff_fast - 3), Fisher (1915)
    bool known{false};
    bool warm{false};  // the slow average has forgotten its start
    BreakLevel level{BreakLevel::none};
};

// Has the correlation of two factors left what it was? Two exponentially weighted correlations of the same bars,
// compared after Fisher's transformation. Feed bars of a minute or more: shorter ones bias correlation to zero
// (Epps 1979).
// Thread: core. Allocates: never.
class CorrelationBreak {
public:
    struct Moments {
        double first{0.0};   // mean of r_i^2
        double second{0.0};  // mean of r_j^2
        double cross{0.0};   // mean of r_i r_j
    };

    explicit CorrelationBreak(const CorrelationBreakConfig& config);

    // Starts both averages from known moments instead of a seed. Refused where they are no moments.
    Observation start(const Moments& moments);
    // The returns of both factors over one bar in which both were live.
    Observation on_returns(double first, double second);

    [[nodiscard]] CorrelationBreakResult result() const;
    [[nodiscard]] std::uint64_t refused() const { return refused_; }
    void hash_into(StateHash& hash) const;

private:
    CorrelationBreakConfig config_;
    Moments fast_{};
    Moments slow_{};
    std::uint64_t samples_{0};
    std::uint64_t refused_{0};
};

}  // namespace keel::risk
