#include "risk/tail/scenario_vector.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"
#include "risk/options/lanes.hpp"
#include "risk/tail/historical.hpp"

namespace keel::risk {
namespace {

constexpr double kExposureMax = 1e15;  // USD; times the greatest move it is still far from overflow
constexpr double kPnlMax = 1e18;

// Four elements at a time, each by itself: the same bits as one by one. Written out because -O2 leaves such loops
// scalar.

// pnl += scale * column
void add_multiple(std::span<double> pnl, std::span<const double> column, double scale) {
    std::size_t s = 0;
    for (; s + kLanes <= pnl.size(); s += kLanes) {
        (Lanes::load(&pnl[s]) + Lanes{scale} * Lanes::load(&column[s])).store(&pnl[s]);
    }
    for (; s < pnl.size(); ++s) pnl[s] += scale * column[s];
}

// pnl += next - held, held = next
void exchange(std::span<double> pnl, std::span<double> held, std::span<const double> next) {
    std::size_t s = 0;
    for (; s + kLanes <= pnl.size(); s += kLanes) {
        const Lanes now = Lanes::load(&next[s]);
        (Lanes::load(&pnl[s]) + (now - Lanes::load(&held[s]))).store(&pnl[s]);
        now.store(&held[s]);
    }
    for (; s < pnl.size(); ++s) {
        pnl[s] += next[s] - held[s];
        held[s] = next[s];
    }
}

}  // namespace

ScenarioVector::ScenarioVector(const ScenarioSet& set, std::size_t buckets)
    : set_{&set},
      pnl_(set.scenarios(), 0.0),
      exposure_(set.factors(), 0.0),
      bucket_pnl_(buckets * set.scenarios(), 0.0),
      bucket_used_(buckets, false),
      scratch_(set.scenarios(), 0.0) {
    KEEL_ASSERT(buckets <= kScenarioBucketsMax);
}

void ScenarioVector::count_update() {
    if (++updates_ >= kExactEvery) rebuild();
}

bool ScenarioVector::add_exposure(std::size_t factor, double change_usd) {
    KEEL_ASSERT(factor < exposure_.size());
    const double next = exposure_[factor] + change_usd;
    if (!(std::abs(change_usd) <= kExposureMax && std::abs(next) <= kExposureMax)) {
        refused_ = true;
        return false;
    }
    exposure_[factor] = next;
    add_multiple(pnl_, set_->relative_moves(factor), change_usd);
    count_update();
    return true;
}

bool ScenarioVector::set_exposure(std::size_t factor, double exposure_usd) {
    KEEL_ASSERT(factor < exposure_.size());
    const double change = exposure_usd - exposure_[factor];
    return change == 0.0 || add_exposure(factor, change);
}

bool ScenarioVector::replace_bucket(std::size_t bucket, std::span<const double> pnl_usd) {
    KEEL_ASSERT(bucket < bucket_used_.size() && (pnl_usd.empty() || pnl_usd.size() == pnl_.size()));
    if (!std::ranges::all_of(pnl_usd, [](double pnl) { return std::abs(pnl) <= kPnlMax; })) {
        refused_ = true;
        return false;
    }
    if (pnl_usd.empty()) std::ranges::fill(scratch_, 0.0);
    const std::span<double> held{bucket_pnl_.data() + bucket * pnl_.size(), pnl_.size()};
    exchange(pnl_, held, pnl_usd.empty() ? std::span<const double>{scratch_} : pnl_usd);
    bucket_used_[bucket] = !pnl_usd.empty();
    count_update();
    return true;
}

void ScenarioVector::rebuild() {
    std::ranges::fill(pnl_, 0.0);
    for (std::size_t i = 0; i < exposure_.size(); ++i) {
        if (exposure_[i] != 0.0) add_multiple(pnl_, set_->relative_moves(i), exposure_[i]);
    }
    for (std::size_t b = 0; b < bucket_used_.size(); ++b) {
        if (bucket_used_[b]) add_multiple(pnl_, bucket_pnl_usd(b), 1.0);
    }
    updates_ = 0;
}

std::optional<TailMeasures> ScenarioVector::read(double alpha) {
    std::ranges::copy(pnl_, scratch_.begin());
    return historical_tail(scratch_, alpha);
}

}  // namespace keel::risk
