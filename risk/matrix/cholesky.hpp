#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "risk/metrics/observation.hpp"

namespace keel::risk {

// Lower factor L of a positive definite matrix, S = L L', moved along with S by rank-1 updates: O(n^2) a bar instead
// of O(n^3). It is to be made anew (`rebuild_due`) after kUpdatesMax updates or when its smallest diagonal element
// falls below kDiagonalRatioMin of its largest; until then every answer is that of the last good factor.
// Thread: core. Allocates: at construction.
class CholeskyFactor {
public:
    static constexpr std::uint32_t kUpdatesMax = 1'000;  // rounding gathers with each
    static constexpr double kDiagonalRatioMin = 1e-12;   // below it the matrix is singular to rounding

    explicit CholeskyFactor(std::size_t n);

    // Of a row-major n x n matrix (the lower triangle is read). False where it is not positive definite to rounding or
    // not finite; there is no factor then. O(n^3).
    [[nodiscard]] bool factorise(std::span<const double> matrix);
    // L L' <- alpha L L' + beta x x', alpha > 0, beta >= 0 (RiskMetrics step: lambda, 1 - lambda). A return that is
    // none, or no factor to move: refused, the state stands. O(n^2).
    Observation update(double alpha, double beta, std::span<const double> x);
    // Solves S out = rhs; `out` may be `rhs`. O(n^2). There must be a factor.
    void solve(std::span<const double> rhs, std::span<double> out) const;

    [[nodiscard]] bool known() const { return known_; }
    [[nodiscard]] bool rebuild_due() const;
    [[nodiscard]] std::size_t size() const { return n_; }
    // L_ij; 0 above the diagonal.
    [[nodiscard]] double lower(std::size_t i, std::size_t j) const { return i >= j ? columns_[start(j) + i - j] : 0.0; }
    [[nodiscard]] std::uint32_t updates() const { return updates_; }

private:
    // Columns lie one after the other from their diagonal down, so that the inner loops run in one piece.
    [[nodiscard]] std::size_t start(std::size_t column) const { return column * (2 * n_ - column + 1) / 2; }

    std::size_t n_;
    std::vector<double> columns_;
    std::vector<double> vector_;  // x on its way through the columns
    std::uint32_t updates_{0};
    bool known_{false};
};

}  // namespace keel::risk
