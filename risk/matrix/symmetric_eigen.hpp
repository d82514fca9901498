#pragma once

#include <cstddef>
#include <span>

namespace keel::risk {

// Eigenvalues and eigenvectors of a symmetric n x n matrix, row-major (the lower triangle is read).
// `values` (n) come out ascending; row k of `vectors` (n x n) is the unit eigenvector of values[k].
// False, and the outputs in no state, where the matrix holds a number that is not finite.
// Thread: any. Allocates: yes; for start-up, bars and reports, never between event and command.
[[nodiscard]] bool symmetric_eigen(std::span<const double> matrix, std::size_t n, std::span<double> values,
                                   std::span<double> vectors);

}  // namespace keel::risk
