#pragma once

#include <cstdint>
#include <span>

namespace keel::risk {

enum class RepairStatus : std::uint8_t {
    unchanged,  // was positive semidefinite
    repaired,
    refused,  // a number is not finite or a variance is negative; the matrix is unchanged
};

struct Repair {
    RepairStatus status{RepairStatus::refused};
    double eigenvalue_min{0.0};  // before the repair
    double eigenvalue_max{0.0};
    std::size_t clipped{0};  // how many were raised
};

inline constexpr double kEigenvalueFloor = 1e-10;  // of the largest; 0 clips at zero, as QuantLib's spectral salvage

// Nearest usable covariance or correlation matrix by the spectral method (Rebonato-Jaeckel 1999): eigenvalues below
// `floor_ratio` of the largest are raised to it and the result is scaled back to the diagonal that it had. Row-major
// n x n, in place; the lower triangle is read. A factor without variance loses its covariances. O(n^3).
// Thread: any. Allocates: yes; for slow bars and start-up, never between event and command.
[[nodiscard]] Repair repair_positive_semidefinite(std::span<double> matrix, std::size_t n,
                                                  double floor_ratio = kEigenvalueFloor);

}  // namespace keel::risk
