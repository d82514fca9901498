#include "risk/metrics/factor_model.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"

namespace keel::risk {
namespace {

// Share of a market factor's variance that the factors before it must leave; less means a correlation beyond 0.999.
constexpr double kConditionalShareMin = 2e-3;

constexpr double kExposureMaxUsd = 1e15;  // beyond it the input is an error, and squares may overflow

bool usable_variance(double variance) { return variance > kStepVarianceMin && variance <= kStepVarianceMax; }
bool usable_covariance(double covariance) { return std::abs(covariance) <= kStepVarianceMax; }

}  // namespace

FactorModel::FactorModel(std::size_t assets, std::span<const std::size_t> markets)
    : markets_count_{markets.size()}, rows_(assets) {
    KEEL_ASSERT(!markets.empty() && markets.size() <= kMarketFactorsMax);
    for (std::size_t m = 0; m < markets.size(); ++m) {
        KEEL_ASSERT(markets[m] < assets);
        for (std::size_t k = 0; k < m; ++k) KEEL_ASSERT(markets[k] != markets[m]);
        markets_[m] = markets[m];
    }
}

// Cholesky factor of the market block; a factor that the ones before it explain is dropped.
bool FactorModel::factorise_market(std::span<const double> covariance) {
    const std::size_t n = rows_.size();
    for (std::size_t a = 0; a < markets_count_; ++a) {
        for (std::size_t b = 0; b < markets_count_; ++b) {
            market_[a][b] = covariance[std::max(markets_[a], markets_[b]) * n + std::min(markets_[a], markets_[b])];
            if (!usable_covariance(market_[a][b])) return false;
        }
        if (!usable_variance(market_[a][a])) return false;
    }
    for (std::size_t a = 0; a < markets_count_; ++a) {
        factor_[a] = {};
        for (std::size_t b = 0; b < a; ++b) {
            if (dropped_[b]) continue;
            double sum = market_[a][b];
            for (std::size_t k = 0; k < b; ++k) sum -= factor_[a][k] * factor_[b][k];
            factor_[a][b] = sum / factor_[b][b];
        }
        double left = market_[a][a];
        for (std::size_t k = 0; k < a; ++k) left -= factor_[a][k] * factor_[a][k];
        dropped_[a] = !(left > kConditionalShareMin * market_[a][a]);
        if (dropped_[a]) {
            factor_[a] = {};
        } else {
            factor_[a][a] = std::sqrt(left);
        }
    }
    return true;
}

// Solves S_MM x = rhs over the factors that were kept; 0 for the others.
FactorModel::Vector FactorModel::solve_market(Vector rhs) const {
    for (std::size_t a = 0; a < markets_count_; ++a) {
        if (dropped_[a]) {
            rhs[a] = 0.0;
            continue;
        }
        for (std::size_t k = 0; k < a; ++k) rhs[a] -= factor_[a][k] * rhs[k];
        rhs[a] /= factor_[a][a];
    }
    for (std::size_t a = markets_count_; a-- > 0;) {
        if (dropped_[a]) continue;
        for (std::size_t k = a + 1; k < markets_count_; ++k) rhs[a] -= factor_[k][a] * rhs[k];
        rhs[a] /= factor_[a][a];
    }
    return rhs;
}

void FactorModel::fit_asset(std::size_t asset, std::span<const double> covariance) {
    const std::size_t n = rows_.size();
    FactorBeta& row = rows_[asset];
    const double variance = covariance[asset * n + asset];
    if (!usable_variance(variance)) return;
    Vector crosses{};
    for (std::size_t m = 0; m < markets_count_; ++m) {
        crosses[m] = covariance[std::max(asset, markets_[m]) * n + std::min(asset, markets_[m])];
        if (!usable_covariance(crosses[m])) return;
    }
    row.known = true;
    row.variance = variance;
    row.beta_single = crosses[0] / market_[0][0];
    row.betas = solve_market(crosses);
    for (std::size_t m = 0; m < markets_count_; ++m) row.collinear = row.collinear || dropped_[m];
    const std::size_t own = static_cast<std::size_t>(
        std::find(markets_.begin(), markets_.begin() + markets_count_, asset) - markets_.begin());
    if (own < markets_count_ && !dropped_[own]) {
        row.betas = {};
        row.betas[own] = 1.0;
        row.r_squared = 1.0;
        return;
    }
    double explained = 0.0;
    for (std::size_t m = 0; m < markets_count_; ++m) explained += row.betas[m] * crosses[m];
    // A matrix that is not positive semidefinite may explain more than there is; rounding may explain less than
    // nothing.
    explained = std::clamp(explained, 0.0, variance);
    row.specific_variance = variance - explained;
    row.r_squared = explained / variance;
}

Observation FactorModel::fit(std::span<const double> covariance, std::span<const std::uint8_t> usable) {
    const std::size_t n = rows_.size();
    KEEL_ASSERT(covariance.size() == n * n && usable.size() == n);
    std::ranges::fill(rows_, FactorBeta{});
    for (const std::size_t market : markets()) {
        if (usable[market] == 0) return Observation::waiting;
    }
    if (!factorise_market(covariance)) return Observation::absurd;
    for (std::size_t i = 0; i < n; ++i) {
        if (usable[i] != 0) fit_asset(i, covariance);
    }
    return Observation::taken;
}

double FactorModel::covariance(std::size_t i, std::size_t j) const {
    const FactorBeta& first = rows_[i];
    const FactorBeta& second = rows_[j];
    if (!first.known || !second.known) return 0.0;
    double sum = i == j ? first.specific_variance : 0.0;
    for (std::size_t a = 0; a < markets_count_; ++a) {
        for (std::size_t b = 0; b < markets_count_; ++b) sum += first.betas[a] * market_[a][b] * second.betas[b];
    }
    return sum;
}

FactorRisk FactorModel::portfolio(std::span<const double> exposures_usd) const {
    KEEL_ASSERT(exposures_usd.size() == rows_.size());
    FactorRisk out{.known = true};
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        const double exposure = exposures_usd[i];
        if (exposure == 0.0) continue;
        const bool usable = std::abs(exposure) <= kExposureMaxUsd;
        if (!usable || !rows_[i].known) {
            out.known = false;
            if (usable) out.unknown_usd += std::abs(exposure);
            continue;
        }
        for (std::size_t m = 0; m < markets_count_; ++m) out.market_usd[m] += rows_[i].betas[m] * exposure;
        out.specific_variance += exposure * exposure * rows_[i].specific_variance;
    }
    for (std::size_t a = 0; a < markets_count_; ++a) {
        for (std::size_t b = 0; b < markets_count_; ++b) {
            out.market_variance += out.market_usd[a] * market_[a][b] * out.market_usd[b];
        }
    }
    out.market_variance = std::max(0.0, out.market_variance);
    return out;
}

}  // namespace keel::risk
