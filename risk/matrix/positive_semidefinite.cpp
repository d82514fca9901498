#include "risk/matrix/positive_semidefinite.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/core/assert.hpp"
#include "risk/matrix/symmetric_eigen.hpp"

namespace keel::risk {
namespace {

// A factor without variance can have no covariance.
bool clear_still_factors(std::span<double> matrix, std::size_t n) {
    bool changed = false;
    for (std::size_t i = 0; i < n; ++i) {
        if (matrix[i * n + i] != 0.0) continue;
        for (std::size_t j = 0; j < n; ++j) {
            changed = changed || matrix[i * n + j] != 0.0 || matrix[j * n + i] != 0.0;
            matrix[i * n + j] = matrix[j * n + i] = 0.0;
        }
    }
    return changed;
}

// Back to the variances that were there: a scaling of rows and columns keeps the sign of every eigenvalue.
void rescale(std::span<double> matrix, std::size_t n, std::span<const double> diagonal) {
    std::vector<double> scale(n);
    for (std::size_t i = 0; i < n; ++i) {
        const double raised = matrix[i * n + i];
        scale[i] = raised > 0.0 && diagonal[i] > 0.0 ? std::sqrt(diagonal[i] / raised) : 0.0;
    }
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            matrix[i * n + j] *= scale[i] * scale[j];
            matrix[j * n + i] = matrix[i * n + j];
        }
        matrix[i * n + i] = diagonal[i];
    }
}

}  // namespace

Repair repair_positive_semidefinite(std::span<double> matrix, std::size_t n, double floor_ratio) {
    KEEL_ASSERT(n > 0 && matrix.size() == n * n && floor_ratio >= 0.0 && floor_ratio < 1.0);
    Repair out;
    std::vector<double> diagonal(n);
    for (std::size_t i = 0; i < n; ++i) {
        diagonal[i] = matrix[i * n + i];
        for (std::size_t j = 0; j <= i; ++j) {
            if (!std::isfinite(matrix[i * n + j])) return out;
        }
        if (diagonal[i] < 0.0) return out;
    }
    std::vector<double> work(matrix.begin(), matrix.end());
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < i; ++j) work[j * n + i] = work[i * n + j];
    }
    const bool cleared = clear_still_factors(work, n);
    std::vector<double> values(n);
    std::vector<double> vectors(n * n);
    if (!symmetric_eigen(work, n, values, vectors)) return out;
    out.eigenvalue_min = values.front();
    out.eigenvalue_max = values.back();
    const double floor = floor_ratio * std::max(0.0, values.back());
    // S + sum (floor - lambda_k) v_k v_k' over the eigenvalues below: what is above keeps its digits.
    for (std::size_t k = 0; k < n && values[k] < floor; ++k) {
        ++out.clipped;
        const std::span<const double> vector{vectors.data() + k * n, n};
        for (std::size_t i = 0; i < n; ++i) {
            const double raise = (floor - values[k]) * vector[i];
            for (std::size_t j = 0; j <= i; ++j) work[i * n + j] += raise * vector[j];
        }
    }
    out.status = cleared || out.clipped > 0 ? RepairStatus::repaired : RepairStatus::unchanged;
    if (out.clipped > 0) rescale(work, n, diagonal);
    if (out.status == RepairStatus::repaired) std::ranges::copy(work, matrix.begin());
    return out;
}

}  // namespace keel::risk
