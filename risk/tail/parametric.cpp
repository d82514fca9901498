#include "risk/tail/parametric.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"
#include "risk/options/black76.hpp"
#include "risk/tail/distributions.hpp"

namespace keel::risk {
namespace {

constexpr double kExposureMax = 1e15;   // USD; beyond it is a mistake, and its square must stay finite
constexpr double kCovarianceMax = 1e6;  // of log returns
constexpr double kSymmetryTolerance = 1e-9;

}  // namespace

std::optional<TailMultiples> normal_tail(double alpha) {
    if (!is_confidence(alpha)) return std::nullopt;
    const double z = -normal_quantile(1.0 - alpha);
    return TailMultiples{.var = z, .es = normal_pdf(z) / (1.0 - alpha)};
}

std::optional<TailMultiples> student_t_tail(double alpha, double nu) {
    if (!is_confidence(alpha) || !(nu > 2.0) || !std::isfinite(nu)) return std::nullopt;
    const double scale = std::sqrt((nu - 2.0) / nu);
    const double q = -student_t_quantile(1.0 - alpha, nu);
    const double tail_mean = student_t_pdf(q, nu) / (1.0 - alpha) * (nu + q * q) / (nu - 1.0);
    return TailMultiples{.var = scale * q, .es = scale * tail_mean};
}

ParametricTail::ParametricTail(std::size_t factors)
    : exposure_(factors, 0.0), covariance_(factors * factors, 0.0), product_(factors, 0.0) {
    KEEL_ASSERT(factors > 0 && factors <= kFactorsMax);
}

bool ParametricTail::set_covariance(std::span<const double> covariance) {
    const std::size_t n = exposure_.size();
    KEEL_ASSERT(covariance.size() == n * n);
    double scale = 0.0;
    for (std::size_t i = 0; i < n; ++i) scale = std::max(scale, covariance[i * n + i]);
    bool good = scale <= kCovarianceMax;
    for (std::size_t i = 0; i < n && good; ++i) {
        good = covariance[i * n + i] >= 0.0;
        for (std::size_t j = 0; j < i && good; ++j) {
            const double lower = covariance[i * n + j];
            const double upper = covariance[j * n + i];
            good = std::abs(lower) <= kCovarianceMax && std::abs(lower - upper) <= kSymmetryTolerance * scale;
        }
    }
    if (!good) {
        refused_ = true;
        return false;
    }
    std::ranges::copy(covariance, covariance_.begin());
    recompute();
    return true;
}

bool ParametricTail::add_exposure(std::size_t factor, double change_usd) {
    KEEL_ASSERT(factor < exposure_.size());
    const double next = exposure_[factor] + change_usd;
    if (!(std::abs(change_usd) <= kExposureMax && std::abs(next) <= kExposureMax)) {
        refused_ = true;
        return false;
    }
    const std::size_t n = exposure_.size();
    exposure_[factor] = next;
    if (++updates_ >= kExactEvery) {
        recompute();
        return true;
    }
    const double* column = covariance_.data() + factor * n;  // symmetric: the row is the column
    variance_ += change_usd * (2.0 * product_[factor] + column[factor] * change_usd);
    for (std::size_t i = 0; i < n; ++i) product_[i] += column[i] * change_usd;
    return true;
}

bool ParametricTail::set_exposure(std::size_t factor, double exposure_usd) {
    KEEL_ASSERT(factor < exposure_.size());
    return add_exposure(factor, exposure_usd - exposure_[factor]);
}

void ParametricTail::recompute() {
    const std::size_t n = exposure_.size();
    variance_ = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        double sum = 0.0;
        for (std::size_t j = 0; j < n; ++j) sum += covariance_of(i, j) * exposure_[j];
        product_[i] = sum;
        variance_ += exposure_[i] * sum;
    }
    updates_ = 0;
}

double ParametricTail::sigma_usd() const { return std::sqrt(std::max(variance_, 0.0)); }

TailMeasures ParametricTail::measures(TailMultiples multiples, double drift_usd) const {
    const double sigma = sigma_usd();
    return {.var_usd = multiples.var * sigma - drift_usd, .es_usd = multiples.es * sigma - drift_usd};
}

double ParametricTail::marginal(std::size_t factor, double multiple) const {
    const double sigma = sigma_usd();
    return sigma > 0.0 ? multiple * product_[factor] / sigma : 0.0;
}

double ParametricTail::component_usd(std::size_t factor, double multiple) const {
    return exposure_[factor] * marginal(factor, multiple);
}

double ParametricTail::incremental_usd(std::size_t factor, double trade_usd, double multiple) const {
    const double change = trade_usd * (2.0 * product_[factor] + covariance_of(factor, factor) * trade_usd);
    return multiple * (std::sqrt(std::max(variance_ + change, 0.0)) - sigma_usd());
}

double ParametricTail::incremental_first_order_usd(std::size_t factor, double trade_usd, double multiple) const {
    return trade_usd * marginal(factor, multiple);
}

double ParametricTail::best_hedge_usd(std::size_t factor) const {
    const double own = covariance_of(factor, factor);
    return own > 0.0 ? -product_[factor] / own : 0.0;
}

}  // namespace keel::risk
