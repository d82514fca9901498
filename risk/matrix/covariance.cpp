#include "risk/matrix/covariance.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"
#include "risk/matrix/four_doubles.hpp"

namespace keel::risk {

EwmaCovariance::EwmaCovariance(const CovarianceConfig& config)
    : config_{config},
      packed_(packed_slot(config.factors, 0)),
      returns_(config.factors),
      decays_(config.factors),
      bars_(config.factors),
      bars_warm_{static_cast<std::uint32_t>(std::ceil(kWarmFactor * effective_samples(config.decay)))},
      bars_max_{std::max(bars_warm_, config.seed_bars + 1)} {
    KEEL_ASSERT(config.factors > 0 && config.decay > 0.0 && config.decay < 1.0 && config.seed_bars > 0);
}

Observation EwmaCovariance::start(std::span<const double> matrix) {
    const std::size_t n = config_.factors;
    KEEL_ASSERT(matrix.size() == n * n);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            if (!std::isfinite(matrix[i * n + j])) return Observation::not_finite;
            if (std::abs(matrix[i * n + j]) > kStepVarianceMax) return Observation::absurd;
        }
        if (matrix[i * n + i] < 0.0) return Observation::not_positive;
    }
    for (std::size_t i = 0; i < n; ++i) {
        std::copy_n(matrix.begin() + static_cast<std::ptrdiff_t>(i * n), i + 1,
                    packed_.begin() + static_cast<std::ptrdiff_t>(packed_slot(i, 0)));
    }
    std::ranges::fill(bars_, config_.seed_bars);
    ragged_ = false;
    return Observation::restarted;
}

// Judges the returns and sets the numbers of the bar.
void EwmaCovariance::prepare(std::span<const double> returns, std::span<const std::uint8_t> live) {
    live_count_ = 0;
    seeding_ = false;
    for (std::size_t i = 0; i < config_.factors; ++i) {
        bool counted = live[i] != 0;
        if (counted && judge_return(returns[i]) != Observation::taken) {
            ++refused_;
            counted = false;
        }
        returns_[i] = counted ? returns[i] : 0.0;
        decays_[i] = counted ? config_.decay : 1.0;
        if (!counted) continue;
        ++live_count_;
        if (bars_[i] < bars_max_) ++bars_[i];
        seeding_ = seeding_ || bars_[i] <= config_.seed_bars;
    }
}

Observation EwmaCovariance::on_bar(std::span<const double> returns, std::span<const std::uint8_t> live) {
    KEEL_ASSERT(returns.size() == config_.factors && live.size() == config_.factors);
    prepare(returns, live);
    ++bar_count_;
    if (live_count_ == 0) return Observation::waiting;
    ragged_ = ragged_ || live_count_ != config_.factors;
    for (std::size_t i = 0; i < config_.factors; ++i) {
        if (decays_[i] == 1.0) continue;
        if (seeding_) {
            fold_row_seeding(i);
        } else if (live_count_ == config_.factors) {
            fold_row_live(i);
        } else {
            fold_row(i);
        }
    }
    return Observation::taken;
}

// row[j] = decay[j] row[j] + ((1-lambda) x_i) x_j: where j is not live, 1 row[j] + 0.
void EwmaCovariance::fold_row(std::size_t i) {
    double* const row = packed_.data() + packed_slot(i, 0);
    const double weighted = (1.0 - config_.decay) * returns_[i];
    const FourDoubles weights{weighted, weighted, weighted, weighted};
    std::size_t j = 0;
    for (; j + kFour <= i + 1; j += kFour) {
        const FourDoubles kept = load_four(decays_.data() + j) * load_four(row + j);
        store_four(row + j, kept + weights * load_four(returns_.data() + j));
    }
    for (; j <= i; ++j) row[j] = decays_[j] * row[j] + weighted * returns_[j];
}

// The same where every factor is live.
void EwmaCovariance::fold_row_live(std::size_t i) {
    double* const row = packed_.data() + packed_slot(i, 0);
    const double* const returns = returns_.data();
    const double decay = config_.decay;
    const double weighted = (1.0 - decay) * returns[i];
    const FourDoubles decays{decay, decay, decay, decay};
    const FourDoubles weights{weighted, weighted, weighted, weighted};
    std::size_t j = 0;
    for (; j + 2 * kFour <= i + 1; j += 2 * kFour) {
        const FourDoubles first = decays * load_four(row + j) + weights * load_four(returns + j);
        const FourDoubles second = decays * load_four(row + j + kFour) + weights * load_four(returns + j + kFour);
        store_four(row + j, first);
        store_four(row + j + kFour, second);
    }
    for (; j + kFour <= i + 1; j += kFour) {
        store_four(row + j, decays * load_four(row + j) + weights * load_four(returns + j));
    }
    for (; j <= i; ++j) row[j] = decay * row[j] + weighted * returns[j];
}

// A pair is as old as its younger factor: the plain mean of its bars until it is seeded.
void EwmaCovariance::fold_row_seeding(std::size_t i) {
    double* const row = packed_.data() + packed_slot(i, 0);
    for (std::size_t j = 0; j <= i; ++j) {
        if (decays_[j] == 1.0) continue;
        const std::uint32_t bars = std::min(bars_[i], bars_[j]);
        const double weight = bars <= config_.seed_bars ? 1.0 / static_cast<double>(bars) : 1.0 - config_.decay;
        row[j] = (1.0 - weight) * row[j] + (weight * returns_[i]) * returns_[j];
    }
}

double EwmaCovariance::correlation(std::size_t i, std::size_t j) const {
    const double first = covariance(i, i);
    const double second = covariance(j, j);
    if (!(first > kStepVarianceMin) || !(second > kStepVarianceMin)) return 0.0;
    if (i == j) return 1.0;
    return std::clamp(covariance(i, j) / (std::sqrt(first) * std::sqrt(second)), -1.0, 1.0);
}

void EwmaCovariance::write_row(std::size_t i, std::span<double> out) const {
    const std::size_t n = config_.factors;
    KEEL_ASSERT(i < n && out.size() == n);
    std::copy_n(packed_.begin() + static_cast<std::ptrdiff_t>(packed_slot(i, 0)), i + 1, out.begin());
    for (std::size_t j = i + 1; j < n; ++j) out[j] = packed_[packed_slot(j, i)];
}

void EwmaCovariance::write_matrix(std::span<double> out) const {
    const std::size_t n = config_.factors;
    KEEL_ASSERT(out.size() == n * n);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j <= i; ++j) out[i * n + j] = out[j * n + i] = packed_[packed_slot(i, j)];
    }
}

bool EwmaCovariance::warm(std::size_t factor) const { return bars_[factor] >= std::max(bars_warm_, config_.seed_bars); }

void EwmaCovariance::hash_into(StateHash& hash) const {
    hash.add(bar_count_);
    for (const std::uint32_t bars : bars_) hash.add(bars);
    for (const double value : packed_) hash.add_real(value);
}

}  // namespace keel::risk
