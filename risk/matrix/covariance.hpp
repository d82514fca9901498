#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/journal/state_hash.hpp"
#include "risk/metrics/observation.hpp"

namespace keel::risk {

// Slot of (i, j), i >= j, in the lower triangle of a symmetric matrix, row after row.
[[nodiscard]] constexpr std::size_t packed_slot(std::size_t i, std::size_t j) { return i * (i + 1) / 2 + j; }

struct CovarianceConfig {
    std::size_t factors{0};
    double decay{0.94};           // per bar
    std::uint32_t seed_bars{50};  // live bars of a factor before its numbers count
};

// Exponentially weighted covariance per bar of n factors: S <- lambda S + (1-lambda) x x' (RiskMetrics 1996), mean
// zero, in place, once per bar, never on ticks. The first `seed_bars` bars of a pair are averaged plainly. A factor
// that is not live in a bar contributes nothing: its row and column stand. With every factor live in every bar the
// matrix is positive semidefinite; once live masks differ it need not be (`ragged`), and readers repair it
// (positive_semidefinite.hpp).
// This is the definition, a bar at a time. It has no update of one row: a covariance needs both factors in the same
// bar, so that a bar of one live factor moves its variance and nothing else. What follows a single factor between bars
// is ScaledCovariance, with the correlations and volatilities of this matrix.
// Thread: core. Allocates: at construction.
class EwmaCovariance {
public:
    explicit EwmaCovariance(const CovarianceConfig& config);

    // Starts from a known matrix, row-major n x n (the lower triangle is read), as if every factor had seen
    // `seed_bars` bars. Refused (state unchanged) where a number is not finite or beyond kStepVarianceMax, or a
    // variance negative.
    Observation start(std::span<const double> matrix);
    // One bar of n returns; live[i] == 0 leaves factor i out, and so does a return that is none. O(n^2 / 2).
    // `taken` where at least one factor was counted, else `waiting`.
    Observation on_bar(std::span<const double> returns, std::span<const std::uint8_t> live);

    [[nodiscard]] std::size_t factors() const { return config_.factors; }
    [[nodiscard]] double covariance(std::size_t i, std::size_t j) const {
        return i >= j ? packed_[packed_slot(i, j)] : packed_[packed_slot(j, i)];
    }
    // In [-1, 1]; 0 where a variance is zero.
    [[nodiscard]] double correlation(std::size_t i, std::size_t j) const;
    // Lower triangle, row after row.
    [[nodiscard]] std::span<const double> packed() const { return packed_; }
    // The covariances of factor i with all, n values.
    void write_row(std::size_t i, std::span<double> out) const;
    // Row-major n x n. O(n^2).
    void write_matrix(std::span<double> out) const;

    [[nodiscard]] bool seeded(std::size_t factor) const { return bars_[factor] >= config_.seed_bars; }
    [[nodiscard]] bool warm(std::size_t factor) const;
    [[nodiscard]] std::size_t live_count() const { return live_count_; }  // of the latest bar
    [[nodiscard]] std::uint64_t bars() const { return bar_count_; }
    [[nodiscard]] double samples_effective() const { return effective_samples(config_.decay); }
    // Some factor missed a bar that another had.
    [[nodiscard]] bool ragged() const { return ragged_; }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }
    void hash_into(StateHash& hash) const;

private:
    void prepare(std::span<const double> returns, std::span<const std::uint8_t> live);
    void fold_row(std::size_t i);
    void fold_row_live(std::size_t i);
    void fold_row_seeding(std::size_t i);

    CovarianceConfig config_;
    std::vector<double> packed_;
    std::vector<double> returns_;      // of the bar, 0 where not counted
    std::vector<double> decays_;       // of the bar, 1 where not counted
    std::vector<std::uint32_t> bars_;  // live bars per factor, up to bars_max_
    std::uint32_t bars_warm_;
    std::uint32_t bars_max_;  // counting ends here: seeded and warm
    bool seeding_{false};     // a factor of the bar is not seeded
    std::size_t live_count_{0};
    std::uint64_t bar_count_{0};
    std::uint64_t refused_{0};
    bool ragged_{false};
};

}  // namespace keel::risk
