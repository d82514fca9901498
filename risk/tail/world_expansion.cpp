#include "risk/tail/world_expansion.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/core/assert.hpp"
#include "risk/options/normal_tail.hpp"
#include "risk/options/price_lanes.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
// The third derivative of a value by its forward is at most this over (F s)^2.
constexpr double kDensitySlopeMax = 0.2419707245191434;  // of the normal density, at 1

// Beyond the last of `of` the last one stands again.
Lanes load_padded(std::span<const double> of, std::size_t first) {
    if (first + kLanes <= of.size()) return Lanes::load(&of[first]);
    std::array<double, kLanes> padded{};
    for (std::size_t lane = 0; lane < kLanes; ++lane) padded[lane] = of[std::min(first + lane, of.size() - 1)];
    return Lanes::load(padded.data());
}

bool is_between(double value, double low, double high) { return value >= low && value <= high; }

bool all_within(Lanes values, double low, double high) {
    return ((Lanes{low} <= values) & (values <= Lanes{high})).bits() == kAllLanes;
}

// One option where the lanes would leave the normal numbers.
Lanes price_each(const OptionColumns& options, std::size_t i, Lanes forward, Lanes deviation) {
    std::array<double, kLanes> forwards{}, deviations{}, out{};
    forward.store(forwards.data());
    deviation.store(deviations.data());
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        out[lane] = black76_price({.forward = forwards[lane],
                                   .strike = options.strike[i],
                                   .years = 1.0,  // all of the deviation is in the volatility
                                   .volatility = options.volatility[i] * deviations[lane],
                                   .type = options.type[i]});
    }
    return Lanes::load(out.data());
}

}  // namespace

WorldExpansion::WorldExpansion(std::size_t worlds) : worlds_{worlds}, least_{kInfinity} {
    KEEL_ASSERT(worlds > 0);
    const std::size_t padded = (worlds + kLanes - 1) / kLanes * kLanes;
    for (std::vector<double>* column :
         {&deviation_, &anchor_, &reach_, &value_, &slope_, &half_curvature_, &by_deviation_}) {
        column->assign(padded, 0.0);
    }
    std::ranges::fill(anchor_, kNaN);
}

void WorldExpansion::build(std::span<const double> deviation) {
    KEEL_ASSERT(deviation.size() == worlds_);
    for (std::size_t w = 0; w < deviation_.size(); w += kLanes) load_padded(deviation, w).store(&deviation_[w]);
    std::ranges::fill(anchor_, kNaN);
    least_ = kInfinity;
    most_ = 0.0;
}

WorldExpansion::Terms WorldExpansion::terms_at(const OptionColumns& options, Lanes forward, Lanes deviation) {
    Terms sum{};
    const bool regular_forward = all_within(forward, kLanePriceMin, kLanePriceMax);
    const Lanes inverse_forward = Lanes{1.0} / forward;
    for (std::size_t i = 0; i < options.strike.size(); ++i) {
        const Lanes strike{options.strike[i]}, quantity{options.quantity_coin[i]}, sign{lane_sign(options.type[i])};
        const Lanes given = deviation * Lanes{options.volatility[i]};
        const Lanes own = select(given < Lanes{kLaneDeviationMin}, Lanes{kLaneDeviationMin}, given);
        const bool regular = regular_forward && all_within(strike, kLanePriceMin, kLanePriceMax) &&
                             all_within(given, 0.0, kLaneDeviationMax);
        const Lanes log_moneyness = regular ? log_ratio(forward, strike) : Lanes{};
        if (regular && is_intrinsic(own, log_moneyness)) {
            const Lanes exercised = sign * (forward - strike);
            sum.value = fused(quantity, intrinsic_lanes(forward, strike, sign), sum.value);
            sum.slope = fused(quantity, select(Lanes{0.0} < exercised, sign, Lanes{0.0}), sum.slope);
        } else if (regular) {
            const PricedLanes priced = priced_lanes(forward, strike, sign, own, log_moneyness);
            const Lanes density = quantity * Lanes{kInverseRoot2Pi} * priced.density;
            sum.value = fused(quantity, priced.value, sum.value);
            sum.slope = fused(quantity * sign * priced.asset, inverse_forward, sum.slope);
            sum.half_curvature = fused(Lanes{0.5} * density, inverse_forward / own, sum.half_curvature);
            sum.by_deviation = fused(density * forward, own, sum.by_deviation);
        } else {
            sum.value = fused(quantity, price_each(options, i, forward, deviation), sum.value);
        }
    }
    return sum;
}

bool WorldExpansion::widen(const OptionColumns& options) {
    const double least = least_, most = most_;
    for (std::size_t i = 0; i < options.strike.size(); ++i) {
        const bool regular = options.strike[i] >= kLanePriceMin && options.strike[i] <= kLanePriceMax;
        least_ = std::min(least_, regular ? options.volatility[i] : 0.0);
        most_ = std::max(most_, options.volatility[i]);
    }
    return least_ < least || most_ > most;
}

Lanes WorldExpansion::reach_at(std::size_t first) const {
    std::array<double, kLanes> out{};
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const double forward = anchor_[first + lane], deviation = deviation_[first + lane];
        const double s = least_ * deviation;
        const bool regular = s >= kLaneDeviationMin && most_ * deviation <= kLaneDeviationMax &&
                             forward >= kLanePriceMin && forward <= kLanePriceMax;
        if (regular) out[lane] = forward * std::min(s, std::cbrt(6.0 * kError / kDensitySlopeMax * s * s));
    }
    return Lanes::load(out.data());
}

void WorldExpansion::expand(const OptionColumns& options, std::size_t first, Lanes forward) {
    const Terms terms = terms_at(options, forward, Lanes::load(&deviation_[first]));
    forward.store(&anchor_[first]);
    terms.value.store(&value_[first]);
    terms.slope.store(&slope_[first]);
    terms.half_curvature.store(&half_curvature_[first]);
    terms.by_deviation.store(&by_deviation_[first]);
    reach_at(first).store(&reach_[first]);
}

void WorldExpansion::add_terms(std::size_t first, const Terms& terms) {
    (Lanes::load(&value_[first]) + terms.value).store(&value_[first]);
    (Lanes::load(&slope_[first]) + terms.slope).store(&slope_[first]);
    (Lanes::load(&half_curvature_[first]) + terms.half_curvature).store(&half_curvature_[first]);
    (Lanes::load(&by_deviation_[first]) + terms.by_deviation).store(&by_deviation_[first]);
}

bool WorldExpansion::shift(const OptionColumns& options, double by) {
    KEEL_ASSERT(std::abs(by) <= kShiftMax);
    // A reach of nought is of options that are priced each time.
    bool regular = std::ranges::min(reach_) > 0.0;
    for (std::size_t i = 0; i < options.strike.size(); ++i) {
        regular = regular && is_between(options.strike[i], kLanePriceMin, kLanePriceMax) &&
                  is_between(options.volatility[i], least_, most_);
    }
    if (!regular) return false;
    const double after = std::exp(by);
    for (std::size_t i = 0; i < options.strike.size(); ++i) {
        const double volatility = options.volatility[i];
        const bool wider = volatility * after < least_ || volatility * after > most_;
        least_ = std::min(least_, volatility * after);
        most_ = std::max(most_, volatility * after);
        const Lanes strike{options.strike[i]}, quantity{options.quantity_coin[i]};
        for (std::size_t w = 0; w < anchor_.size(); w += kLanes) {
            const Lanes forward = Lanes::load(&anchor_[w]);
            const Lanes deviation = Lanes::load(&deviation_[w]) * Lanes{volatility};
            const ShiftedLanes by_one = shift_lanes(forward, deviation, log_ratio(forward, strike), by);
            add_terms(w, {.value = quantity * by_one.value,
                          .slope = quantity * by_one.slope,
                          .half_curvature = quantity * by_one.half_curvature,
                          .by_deviation = quantity * by_one.by_deviation});
            if (wider) reach_at(w).store(&reach_[w]);
        }
    }
    return true;
}

void WorldExpansion::add(const OptionColumns& options) {
    const bool wider = widen(options);
    for (std::size_t w = 0; w < anchor_.size(); w += kLanes) {
        add_terms(w, terms_at(options, Lanes::load(&anchor_[w]), Lanes::load(&deviation_[w])));
        if (wider) reach_at(w).store(&reach_[w]);
    }
}

void WorldExpansion::values(const OptionColumns& options, std::span<const double> forwards, double log_deviation,
                            std::span<double> out) {
    KEEL_ASSERT(forwards.size() == worlds_ && out.size() == worlds_);
    KEEL_ASSERT(std::abs(log_deviation) <= kLogDeviationMax);
    if (std::isinf(least_)) widen(options);
    for (std::size_t w = 0; w < worlds_; w += kLanes) {
        const Lanes forward = load_padded(forwards, w);
        const Lanes moved = absolute(forward - Lanes::load(&anchor_[w]));
        // Not so for NaN: no anchor yet.
        if ((moved <= Lanes::load(&reach_[w])).bits() != kAllLanes) expand(options, w, forward);
        const Lanes move = forward - Lanes::load(&anchor_[w]);
        const Lanes slope = fused(Lanes::load(&half_curvature_[w]), move, Lanes::load(&slope_[w]));
        const Lanes value =
            fused(Lanes{log_deviation}, Lanes::load(&by_deviation_[w]), fused(slope, move, Lanes::load(&value_[w])));
        if (w + kLanes <= worlds_) {
            value.store(&out[w]);
            continue;
        }
        std::array<double, kLanes> last{};
        value.store(last.data());
        std::copy_n(last.begin(), worlds_ - w, &out[w]);
    }
}

}  // namespace keel::risk
