#include "risk/matrix/sample_covariance.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/core/assert.hpp"

namespace keel::risk {

bool sample_covariance(std::span<const double> observations, std::size_t n, SampleMean mean, std::span<double> out) {
    KEEL_ASSERT(n > 0 && observations.size() % n == 0 && out.size() == n * n);
    const std::size_t rows = observations.size() / n;
    const std::size_t taken_off = mean == SampleMean::estimated ? 1 : 0;
    if (rows <= taken_off) return false;
    if (!std::ranges::all_of(observations, [](double value) { return std::isfinite(value); })) return false;
    std::vector<double> means(n, 0.0);
    if (mean == SampleMean::estimated) {
        for (std::size_t t = 0; t < rows; ++t) {
            for (std::size_t i = 0; i < n; ++i) means[i] += observations[t * n + i] / static_cast<double>(rows);
        }
    }
    std::ranges::fill(out, 0.0);
    const auto divisor = static_cast<double>(rows - taken_off);
    for (std::size_t t = 0; t < rows; ++t) {
        const auto row = observations.subspan(t * n, n);
        for (std::size_t i = 0; i < n; ++i) {
            const double deviation = row[i] - means[i];
            for (std::size_t j = 0; j <= i; ++j) out[i * n + j] += deviation * (row[j] - means[j]);
        }
    }
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j <= i; ++j) out[j * n + i] = out[i * n + j] /= divisor;
    }
    return std::ranges::all_of(out, [](double value) { return std::isfinite(value); });
}

}  // namespace keel::risk
