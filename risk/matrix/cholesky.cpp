#include "risk/matrix/cholesky.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"
#include "risk/matrix/four_doubles.hpp"

namespace keel::risk {
namespace {

// to[i] -= factor from[i]
void subtract_scaled(double* to, const double* from, double factor, std::size_t count) {
    const FourDoubles factors{factor, factor, factor, factor};
    std::size_t i = 0;
    for (; i + kFour <= count; i += kFour) store_four(to + i, load_four(to + i) - factors * load_four(from + i));
    for (; i < count; ++i) to[i] -= factor * from[i];
}

// One column of the update below its diagonal: l = (root l + s v) / c, v = c v - s l.
void rotate(double* column, double* vector, double root, double c, double s, std::size_t count) {
    const FourDoubles roots{root, root, root, root};
    const FourDoubles cosines{c, c, c, c};
    const FourDoubles sines{s, s, s, s};
    std::size_t i = 0;
    for (; i + kFour <= count; i += kFour) {
        const FourDoubles before = load_four(vector + i);
        const FourDoubles moved = (roots * load_four(column + i) + sines * before) / cosines;
        store_four(column + i, moved);
        store_four(vector + i, cosines * before - sines * moved);
    }
    for (; i < count; ++i) {
        column[i] = (root * column[i] + s * vector[i]) / c;
        vector[i] = c * vector[i] - s * column[i];
    }
}

}  // namespace

CholeskyFactor::CholeskyFactor(std::size_t n) : n_{n}, columns_(n * (n + 1) / 2), vector_(n) { KEEL_ASSERT(n > 0); }

bool CholeskyFactor::factorise(std::span<const double> matrix) {
    KEEL_ASSERT(matrix.size() == n_ * n_);
    known_ = false;
    double diagonal_max = 0.0;
    for (std::size_t j = 0; j < n_; ++j) {
        for (std::size_t i = j; i < n_; ++i) {
            if (!std::isfinite(matrix[i * n_ + j])) return false;
            columns_[start(j) + i - j] = matrix[i * n_ + j];
        }
        diagonal_max = std::max(diagonal_max, matrix[j * n_ + j]);
    }
    const double pivot_min = kDiagonalRatioMin * std::sqrt(diagonal_max);
    for (std::size_t k = 0; k < n_; ++k) {
        double* const column = columns_.data() + start(k);
        if (!(column[0] > 0.0)) return false;
        const double pivot = std::sqrt(column[0]);
        if (!(pivot > pivot_min) || !std::isfinite(pivot)) return false;
        column[0] = pivot;
        for (std::size_t i = 1; i < n_ - k; ++i) column[i] /= pivot;
        for (std::size_t j = k + 1; j < n_; ++j) {
            subtract_scaled(columns_.data() + start(j), column + (j - k), column[j - k], n_ - j);
        }
    }
    updates_ = 0;
    known_ = true;
    return true;
}

Observation CholeskyFactor::update(double alpha, double beta, std::span<const double> x) {
    KEEL_ASSERT(x.size() == n_ && alpha > 0.0 && beta >= 0.0 && std::isfinite(alpha) && std::isfinite(beta));
    if (!known_) return Observation::waiting;
    for (const double value : x) {
        const Observation judged = judge_return(value);
        if (judged != Observation::taken) return judged;
    }
    const double root = std::sqrt(alpha);
    const double weight = std::sqrt(beta);
    for (std::size_t i = 0; i < n_; ++i) vector_[i] = weight * x[i];
    for (std::size_t k = 0; k < n_; ++k) {
        double* const column = columns_.data() + start(k);
        const double before = root * column[0];
        const double after = std::hypot(before, vector_[k]);
        column[0] = after;
        rotate(column + 1, vector_.data() + k + 1, root, after / before, vector_[k] / before, n_ - k - 1);
    }
    ++updates_;
    return Observation::taken;
}

void CholeskyFactor::solve(std::span<const double> rhs, std::span<double> out) const {
    KEEL_ASSERT(known_ && rhs.size() == n_ && out.size() == n_);
    std::ranges::copy(rhs, out.begin());
    for (std::size_t k = 0; k < n_; ++k) {
        const double* const column = columns_.data() + start(k);
        out[k] /= column[0];
        subtract_scaled(out.data() + k + 1, column + 1, out[k], n_ - k - 1);
    }
    for (std::size_t k = n_; k-- > 0;) {
        const double* const column = columns_.data() + start(k);
        double sum = out[k];
        for (std::size_t i = 1; i < n_ - k; ++i) sum -= column[i] * out[k + i];
        out[k] = sum / column[0];
    }
}

bool CholeskyFactor::rebuild_due() const {
    if (!known_ || updates_ >= kUpdatesMax) return true;
    double smallest = columns_[0];
    double largest = columns_[0];
    for (std::size_t k = 1; k < n_; ++k) {
        smallest = std::min(smallest, columns_[start(k)]);
        largest = std::max(largest, columns_[start(k)]);
    }
    return smallest < kDiagonalRatioMin * largest;
}

}  // namespace keel::risk
