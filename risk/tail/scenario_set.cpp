#include "risk/tail/scenario_set.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"

namespace keel::risk {
namespace {

bool is_move(double log_move) { return std::abs(log_move) <= kLogMoveMax; }
bool is_volatility(double volatility) { return volatility > 0.0 && volatility <= kLogMoveMax; }

}  // namespace

ScenarioSet::ScenarioSet(std::size_t scenarios, std::size_t factors)
    : scenarios_{scenarios},
      standardized_(scenarios * factors, 0.0),
      log_moves_(scenarios * factors, 0.0),
      relative_moves_(scenarios * factors, 0.0),
      scale_(factors, 1.0),
      filtered_(factors, false) {
    KEEL_ASSERT(scenarios > 0 && scenarios <= kScenariosMax && factors > 0 && factors <= kScenarioFactorsMax);
}

// A rescaled move is bounded too: a calm day of the past times a storm of now stays a price.
void ScenarioSet::fill(std::size_t factor, std::size_t from, std::size_t to) {
    for (std::size_t s = from; s < to; ++s) {
        const std::size_t at = factor * scenarios_ + s;
        log_moves_[at] = std::clamp(standardized_[at] * scale_[factor], -kLogMoveMax, kLogMoveMax);
        relative_moves_[at] = std::expm1(log_moves_[at]);
    }
}

bool ScenarioSet::set_factor(std::size_t factor, std::span<const double> returns,
                             std::span<const double> volatility_then) {
    KEEL_ASSERT(factor < factors() && returns.size() == scenarios_);
    KEEL_ASSERT(volatility_then.empty() || volatility_then.size() == scenarios_);
    if (!std::ranges::all_of(returns, is_move) || !std::ranges::all_of(volatility_then, is_volatility)) {
        refused_ = true;
        return false;
    }
    const bool filtered = !volatility_then.empty();
    for (std::size_t s = 0; s < scenarios_; ++s) {
        standardized_[factor * scenarios_ + s] = filtered ? returns[s] / volatility_then[s] : returns[s];
    }
    // Until the first forecast of now the newest one of the past stands in.
    scale_[factor] = filtered ? volatility_then.back() : 1.0;
    filtered_[factor] = filtered;
    oldest_ = 0;
    fill(factor, 0, scenarios_);
    return true;
}

bool ScenarioSet::set_volatility(std::size_t factor, double volatility_now) {
    KEEL_ASSERT(factor < factors());
    if (!is_volatility(volatility_now)) {
        refused_ = true;
        return false;
    }
    if (!filtered_[factor] || std::abs(volatility_now / scale_[factor] - 1.0) <= kRescaleRatio) return false;
    scale_[factor] = volatility_now;
    fill(factor, 0, scenarios_);
    return true;
}

std::size_t ScenarioSet::replace_oldest(std::span<const double> returns, std::span<const double> volatility_then) {
    KEEL_ASSERT(returns.size() == factors() && volatility_then.size() == factors());
    for (std::size_t factor = 0; factor < factors(); ++factor) {
        if (is_move(returns[factor]) && (!filtered_[factor] || is_volatility(volatility_then[factor]))) continue;
        refused_ = true;
        return scenarios_;
    }
    const std::size_t row = oldest_;
    oldest_ = (oldest_ + 1) % scenarios_;
    for (std::size_t factor = 0; factor < factors(); ++factor) {
        const double then = filtered_[factor] ? volatility_then[factor] : 1.0;
        standardized_[factor * scenarios_ + row] = returns[factor] / then;
        fill(factor, row, row + 1);
    }
    return row;
}

}  // namespace keel::risk
