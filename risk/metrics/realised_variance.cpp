#include "risk/metrics/realised_variance.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/core/assert.hpp"

namespace keel::risk {
namespace {

constexpr std::size_t kReturnsMin = 3;  // the median and the tripower need three
// 2^(2/3) Gamma(7/6) / Gamma(1/2) to the power of -3: what makes the tripower sum unbiased for normal returns.
constexpr double kTripowerScale = 1.7434720745319836;
constexpr double kMedianScale =
    std::numbers::pi / (6.0 - 4.0 * std::numbers::sqrt3 + std::numbers::pi);  // the same for the squared median
constexpr double kHuangTauchen = std::numbers::pi * std::numbers::pi / 4.0 + std::numbers::pi - 5.0;

double median_of(double a, double b, double c) { return std::max(std::min(a, b), std::min(std::max(a, b), c)); }

}  // namespace

RealisedVariance::RealisedVariance(const RealisedVarianceConfig& config)
    : config_{config}, ring_(config.window), until_rebuild_{config.window} {
    KEEL_ASSERT(config.window >= kReturnsMin && config.jump_z > 0.0);
}

RealisedVariance::Entry& RealisedVariance::entry(std::size_t age) { return ring_[(first_ + age) % ring_.size()]; }
const RealisedVariance::Entry& RealisedVariance::entry(std::size_t age) const {
    return ring_[(first_ + age) % ring_.size()];
}

Observation RealisedVariance::on_return(double log_return) {
    const Observation judged = judge_return(log_return);
    if (judged != Observation::taken) {
        ++refused_;
        return judged;
    }
    zero_run_ = log_return == 0.0 ? zero_run_ + 1 : 0;
    if (zero_run_ > config_.zero_run_max) {
        zero_run_ = config_.zero_run_max + 1;  // stays there however long the feed stands
        ++frozen_;
        return Observation::frozen;
    }
    if (size_ == ring_.size()) drop_oldest();
    Entry& added = entry(size_);
    added = Entry{.magnitude = std::abs(log_return), .cube_root = std::cbrt(std::abs(log_return))};
    if (size_ >= 1) added.pair = added.magnitude * entry(size_ - 1).magnitude;
    if (size_ >= 2) {
        const Entry& last = entry(size_ - 1);
        const Entry& before = entry(size_ - 2);
        const double median = median_of(before.magnitude, last.magnitude, added.magnitude);
        const double root = before.cube_root * last.cube_root * added.cube_root;
        added.median_square = median * median;
        added.triple = (root * root) * (root * root);
    }
    ++size_;
    if (added.magnitude == 0.0) ++zeros_;
    squares_.add(added.magnitude * added.magnitude);
    pairs_.add(added.pair);
    medians_.add(added.median_square);
    triples_.add(added.triple);
    if (--until_rebuild_ == 0) rebuild();
    return judged;
}

// The terms that hold the oldest return stand in the two entries after it.
void RealisedVariance::drop_oldest() {
    if (size_ == 0) return;
    const double magnitude = entry(0).magnitude;
    squares_.add(-magnitude * magnitude);
    if (magnitude == 0.0) --zeros_;
    if (size_ >= 2) pairs_.add(-entry(1).pair);
    if (size_ >= 3) {
        medians_.add(-entry(2).median_square);
        triples_.add(-entry(2).triple);
    }
    first_ = (first_ + 1) % ring_.size();
    --size_;
    if (size_ == 0) rebuild();
}

void RealisedVariance::rebuild() {
    squares_ = pairs_ = medians_ = triples_ = CompensatedSum{};
    for (std::size_t i = 0; i < size_; ++i) {
        const Entry& row = entry(i);
        squares_.add(row.magnitude * row.magnitude);
        if (i >= 1) pairs_.add(row.pair);
        if (i >= 2) {
            medians_.add(row.median_square);
            triples_.add(row.triple);
        }
    }
    until_rebuild_ = ring_.size();
}

RealisedMeasures RealisedVariance::measures() const {
    RealisedMeasures out{.returns = size_};
    const double variance = squares_.value();
    if (size_ < kReturnsMin || zeros_ == size_ || !(variance > 0.0)) return out;
    const auto n = static_cast<double>(size_);
    out.known = true;
    out.full = size_ == ring_.size();
    out.thin = zeros_ * 2 > size_;
    out.variance = variance;
    out.bipower = std::max(0.0, std::numbers::pi / 2.0 * n / (n - 1.0) * pairs_.value());
    out.median = std::max(0.0, kMedianScale * n / (n - 2.0) * medians_.value());
    out.tripower = std::max(0.0, n * kTripowerScale * n / (n - 2.0) * triples_.value());
    out.jump_variance = std::max(0.0, out.variance - out.bipower);
    out.jump_ratio = (out.variance - out.bipower) / out.variance;
    const double bipower_square = out.bipower * out.bipower;
    const double quarticity =
        out.tripower > bipower_square && bipower_square > 0.0 ? out.tripower / bipower_square : 1.0;
    if (!std::isfinite(quarticity)) {
        out.thin = true;  // products so small that their ratio is no number
        return out;
    }
    out.jump_z = out.jump_ratio / std::sqrt(kHuangTauchen / n * quarticity);
    out.jump = !out.thin && out.jump_z > config_.jump_z;
    return out;
}

void RealisedVariance::hash_into(StateHash& hash) const {
    hash.add(size_);
    hash.add(zero_run_);
    hash.add_real(squares_.value());
    hash.add_real(pairs_.value());
    hash.add_real(medians_.value());
    hash.add_real(triples_.value());
    for (std::size_t i = 0; i < size_; ++i) hash.add_real(entry(i).magnitude);
}

}  // namespace keel::risk
