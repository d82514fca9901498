#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace keel::risk {

// Covariance of n factors as slow correlations times fast volatilities: S_ij = rho_ij s_i s_j. Correlations of short
// bars are biased to zero (Epps 1979), so they come from bars of a minute or more, shrunk or repaired; volatilities
// move with every second. If the correlations are positive semidefinite so is S, whatever the volatilities. Nothing
// but the correlations is stored: a new volatility costs O(1), a row of S is made where it is read.
// Thread: core. Allocates: at construction.
class ScaledCovariance {
public:
    // No correlation and no volatility yet: the zero matrix.
    explicit ScaledCovariance(std::size_t factors);

    // Row-major n x n. Refused (false, state unchanged) unless finite, symmetric, one on the diagonal and within
    // [-1, 1], each to 1e-9. O(n^2).
    [[nodiscard]] bool set_correlations(std::span<const double> correlations);
    // The correlations of one factor with all, n values, into its row and its column; the others stand. Refused as
    // above. The matrix may lose its definiteness. O(n), along the column not in one piece.
    [[nodiscard]] bool set_correlation_row(std::size_t i, std::span<const double> correlations);
    // Fraction per sqrt(the horizon that S shall have). Refused unless finite and not negative. O(1).
    [[nodiscard]] bool set_volatility(std::size_t i, double volatility);

    [[nodiscard]] std::size_t factors() const { return volatilities_.size(); }
    [[nodiscard]] double correlation(std::size_t i, std::size_t j) const { return correlations_[i * factors() + j]; }
    [[nodiscard]] double volatility(std::size_t i) const { return volatilities_[i]; }
    [[nodiscard]] double covariance(std::size_t i, std::size_t j) const {
        return correlation(i, j) * (volatilities_[i] * volatilities_[j]);
    }
    // out[j] = S_ij, n values. O(n).
    void write_row(std::size_t i, std::span<double> out) const;
    // out[j] += amount S_ij, n values: what a change of exposure i does to S e. O(n).
    void add_row(std::size_t i, double amount, std::span<double> out) const;
    // Row-major n x n. O(n^2).
    void write_matrix(std::span<double> out) const;
    [[nodiscard]] std::uint64_t refused() const { return refused_; }

private:
    [[nodiscard]] bool refuse();

    std::vector<double> correlations_;  // both triangles, so that a row lies in one piece
    std::vector<double> volatilities_;
    std::uint64_t refused_{0};
};

}  // namespace keel::risk
