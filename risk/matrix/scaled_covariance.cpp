#include "risk/matrix/scaled_covariance.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"
#include "risk/matrix/four_doubles.hpp"

namespace keel::risk {
namespace {

constexpr double kCorrelationSlack = 1e-9;  // what rounding may leave of symmetry and of one
constexpr double kVolatilityMax = 1e3;      // a fraction: beyond it the input is an error

bool is_correlation(double value) { return std::isfinite(value) && std::abs(value) <= 1.0 + kCorrelationSlack; }

}  // namespace

ScaledCovariance::ScaledCovariance(std::size_t factors) : correlations_(factors * factors), volatilities_(factors) {
    KEEL_ASSERT(factors > 0);
    for (std::size_t i = 0; i < factors; ++i) correlations_[i * factors + i] = 1.0;
}

bool ScaledCovariance::refuse() {
    ++refused_;
    return false;
}

bool ScaledCovariance::set_correlations(std::span<const double> correlations) {
    const std::size_t n = factors();
    KEEL_ASSERT(correlations.size() == n * n);
    for (std::size_t i = 0; i < n; ++i) {
        if (!(std::abs(correlations[i * n + i] - 1.0) <= kCorrelationSlack)) return refuse();
        for (std::size_t j = 0; j < i; ++j) {
            const double value = correlations[i * n + j];
            if (!is_correlation(value)) return refuse();
            if (!(std::abs(value - correlations[j * n + i]) <= kCorrelationSlack)) return refuse();
        }
    }
    for (std::size_t i = 0; i < n; ++i) {
        correlations_[i * n + i] = 1.0;
        for (std::size_t j = 0; j < i; ++j) {
            correlations_[i * n + j] = correlations_[j * n + i] = std::clamp(correlations[i * n + j], -1.0, 1.0);
        }
    }
    return true;
}

bool ScaledCovariance::set_correlation_row(std::size_t i, std::span<const double> correlations) {
    const std::size_t n = factors();
    KEEL_ASSERT(i < n && correlations.size() == n);
    if (!std::ranges::all_of(correlations, is_correlation)) return refuse();
    for (std::size_t j = 0; j < n; ++j) {
        if (j == i) continue;
        correlations_[i * n + j] = correlations_[j * n + i] = std::clamp(correlations[j], -1.0, 1.0);
    }
    return true;
}

bool ScaledCovariance::set_volatility(std::size_t i, double volatility) {
    KEEL_ASSERT(i < factors());
    if (!(volatility >= 0.0 && volatility <= kVolatilityMax)) return refuse();
    volatilities_[i] = volatility;
    return true;
}

// The two volatilities are multiplied first: S_ij and S_ji have the same bits.
void ScaledCovariance::write_row(std::size_t i, std::span<double> out) const {
    const std::size_t n = factors();
    KEEL_ASSERT(i < n && out.size() == n);
    const double* const row = correlations_.data() + i * n;
    const double* const volatilities = volatilities_.data();
    const double own = volatilities[i];
    const FourDoubles owns{own, own, own, own};
    std::size_t j = 0;
    for (; j + kFour <= n; j += kFour) {
        store_four(out.data() + j, load_four(row + j) * (owns * load_four(volatilities + j)));
    }
    for (; j < n; ++j) out[j] = row[j] * (own * volatilities[j]);
}

void ScaledCovariance::add_row(std::size_t i, double amount, std::span<double> out) const {
    const std::size_t n = factors();
    KEEL_ASSERT(i < n && out.size() == n && std::isfinite(amount));
    const double* const row = correlations_.data() + i * n;
    const double* const volatilities = volatilities_.data();
    const double own = volatilities[i];
    const FourDoubles owns{own, own, own, own};
    const FourDoubles amounts{amount, amount, amount, amount};
    std::size_t j = 0;
    for (; j + kFour <= n; j += kFour) {
        const FourDoubles covariances = load_four(row + j) * (owns * load_four(volatilities + j));
        store_four(out.data() + j, load_four(out.data() + j) + amounts * covariances);
    }
    for (; j < n; ++j) out[j] += amount * (row[j] * (own * volatilities[j]));
}

void ScaledCovariance::write_matrix(std::span<double> out) const {
    const std::size_t n = factors();
    KEEL_ASSERT(out.size() == n * n);
    for (std::size_t i = 0; i < n; ++i) write_row(i, out.subspan(i * n, n));
}

}  // namespace keel::risk
