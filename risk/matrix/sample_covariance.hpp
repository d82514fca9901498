#pragma once

#include <cstdint>
#include <span>

namespace keel::risk {

enum class SampleMean : std::uint8_t {
    zero,       // known to be zero: divided by the number of rows
    estimated,  // the rows' own mean is taken off: divided by one less
};

// Covariance of `observations` (rows of n returns) into `out`, row-major n x n. False, and `out` in no state, where a
// number is not finite or there are too few rows. O(rows n^2).
// Thread: any. Allocates: yes; for start-up, slow bars and reports.
[[nodiscard]] bool sample_covariance(std::span<const double> observations, std::size_t n, SampleMean mean,
                                     std::span<double> out);

}  // namespace keel::risk
