#pragma once

#include <cstdint>
#include <vector>

#include "engine/journal/state_hash.hpp"
#include "risk/metrics/observation.hpp"
#include "risk/portfolio/sensitivities.hpp"

namespace keel::risk {

struct RealisedVarianceConfig {
    std::size_t window{300};        // returns; five hours of one-minute bars
    std::uint32_t zero_run_max{3};  // unchanged prices in a row beyond which the feed counts as frozen
    double jump_z{3.09};            // one-sided 0.1 %
};

// Variance over the window and its part without jumps. All variances are sums over the window (fraction squared),
// not annual. Every number is finite; what is not known is zero and its flag is down.
struct RealisedMeasures {
    std::size_t returns{0};
    double variance{0.0};       // sum of r^2
    double bipower{0.0};        // pi/2 n/(n-1) sum |r_i||r_{i-1}|: robust to jumps (Barndorff-Nielsen-Shephard 2004)
    double median{0.0};         // MedRV of Andersen-Dobrev-Schaumburg (2012): robust to jumps and zeros
    double tripower{0.0};       // tripower quarticity
    double jump_variance{0.0};  // max(0, variance - bipower)
    double jump_ratio{0.0};     // (variance - bipower) / variance
    double jump_z{0.0};         // Huang-Tauchen (2005) ratio statistic
    bool known{false};          // at least three returns, one of them not zero
    bool full{false};           // the window is full
    bool thin{false};           // more than half of the returns are zero: the jump test says nothing
    bool jump{false};           // known, not thin, and z beyond the level
};

// Realised variance, bipower variation, MedRV, tripower quarticity and the Huang-Tauchen jump test over the last
// n returns. Each return adds its terms and takes out those of the one that leaves: O(1), on compensated sums,
// which are summed anew once per window. Returns must not come from stale prices: see BarReturns.
// Thread: core. Allocates: at construction.
class RealisedVariance {
public:
    explicit RealisedVariance(const RealisedVarianceConfig& config);

    Observation on_return(double log_return);
    // Takes out the oldest return, where the window is one of time. No effect on an empty window.
    void drop_oldest();

    [[nodiscard]] RealisedMeasures measures() const;
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }
    [[nodiscard]] std::uint64_t frozen() const { return frozen_; }
    void hash_into(StateHash& hash) const;

private:
    struct Entry {
        double magnitude{0.0};      // |r|
        double cube_root{0.0};      // |r|^(1/3)
        double pair{0.0};           // |r_i||r_{i-1}|
        double median_square{0.0};  // med(|r_{i-2}|,|r_{i-1}|,|r_i|)^2
        double triple{0.0};         // (|r_{i-2}||r_{i-1}||r_i|)^(4/3)
    };
    [[nodiscard]] Entry& entry(std::size_t age);
    [[nodiscard]] const Entry& entry(std::size_t age) const;
    void rebuild();

    RealisedVarianceConfig config_;
    std::vector<Entry> ring_;
    std::size_t first_{0};  // oldest
    std::size_t size_{0};
    std::size_t zeros_{0};  // returns of the window that are exactly zero
    std::size_t until_rebuild_;
    std::uint32_t zero_run_{0};
    CompensatedSum squares_;
    CompensatedSum pairs_;
    CompensatedSum medians_;
    CompensatedSum triples_;
    std::uint64_t refused_{0};
    std::uint64_t frozen_{0};
};

}  // namespace keel::risk
