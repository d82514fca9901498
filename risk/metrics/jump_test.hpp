#pragma once

#include <cstdint>
#include <vector>

#include "engine/journal/state_hash.hpp"
#include "risk/metrics/observation.hpp"
#include "risk/portfolio/sensitivities.hpp"

namespace keel::risk {

struct JumpTestConfig {
    std::size_t window{60};         // K: the local variance is the mean of the K-2 products before the return
    std::size_t tests{500};         // returns that one level is meant for, e.g. the bars of a day
    double significance{0.01};      // chance that any of `tests` returns without a jump is called one
    std::uint32_t zero_run_max{3};  // as RealisedVarianceConfig
};

// The judgement of one return. Every number is finite; zero where `known` is false.
struct JumpTestResult {
    Observation observation{Observation::waiting};
    double standardised{0.0};  // L = r / sigma_local
    double score{0.0};         // (|L| - C_n) / S_n, Gumbel distributed where there is no jump
    bool known{false};         // the window before the return is full and not still
    bool jump{false};
};

// Is this return a jump? Lee-Mykland (2008): the return over the square root of the local bipower variance, against
// the largest value that `tests` returns without jumps would show. The local variance is the mean product of
// neighbouring magnitudes, not scaled by pi/2; the constants carry sqrt(2/pi) instead.
// Thread: core. Allocates: at construction.
class JumpTest {
public:
    explicit JumpTest(const JumpTestConfig& config);

    // Judges the return by the window before it, then adds it.
    JumpTestResult on_return(double log_return);

    [[nodiscard]] double centre() const { return centre_; }        // C_n
    [[nodiscard]] double scale() const { return scale_; }          // S_n
    [[nodiscard]] double threshold() const { return threshold_; }  // of the score
    [[nodiscard]] std::uint64_t refused() const { return refused_; }
    [[nodiscard]] std::uint64_t frozen() const { return frozen_; }
    void hash_into(StateHash& hash) const;

private:
    void add_product(double product);

    std::vector<double> products_;  // ring of K-2
    std::size_t next_{0};
    std::size_t size_{0};
    CompensatedSum sum_;
    double magnitude_last_{-1.0};  // none yet
    std::uint32_t zero_run_max_;
    std::uint32_t zero_run_{0};
    double centre_;
    double scale_;
    double threshold_;
    std::uint64_t refused_{0};
    std::uint64_t frozen_{0};
};

}  // namespace keel::risk
