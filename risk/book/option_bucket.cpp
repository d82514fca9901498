#include "risk/book/option_bucket.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"

namespace keel::risk {
namespace {

constexpr double kDriftCounted = 1e-9;
constexpr double kDriftFault = 1e-6;
constexpr double kPeakShare = 1e-3;  // of the largest holding since the sums were built

double power4(double x) { return (x * x) * (x * x); }

}  // namespace

void OptionBucket::Expansion::clear_sums() {
    terms = {};
    guard3 = guard4 = gross = net = margin = peak = 0.0;
}

OptionBucket::OptionBucket(const BucketRules& rules, const ExpiryMarket& market, UnixNanos now)
    : rules_{rules}, market_{market}, now_{now} {}

std::uint32_t OptionBucket::add_lane() {
    lanes_.emplace_back();
    return static_cast<std::uint32_t>(lanes_.size() - 1);
}

std::uint32_t OptionBucket::add_option(std::uint32_t lane, const Contract& contract, double volatility) {
    KEEL_ASSERT(lane < lanes_.size() && is_option(contract.kind) && contract.strike > 0.0);
    lane_.push_back(lane);
    in_coin_.push_back(settles_in_coin(contract.kind) ? 1 : 0);
    strike_.push_back(contract.strike);
    type_.push_back(contract.type);
    multiplier_.push_back(contract.multiplier);
    margin_rate_.push_back(contract.margin_rate);
    volatility_.push_back(volatility);
    quantity_.push_back(0.0);
    place_.push_back(Place::out);
    unit_epoch_.push_back(0);
    unit_.emplace_back();
    live_.reserve(lane_.size());
    if (std::isfinite(volatility)) widen(volatility);
    return static_cast<std::uint32_t>(lane_.size() - 1);
}

void OptionBucket::widen(double volatility) {
    volatility_low_ = std::min(volatility_low_, volatility);
    volatility_high_ = std::max(volatility_high_, volatility);
}

// An option leaves the expansion where s is too small for a useful radius, or beyond the table of the bound.
OptionBucket::Place OptionBucket::place_of(std::uint32_t option) const {
    if (quantity_[option] == 0.0 || !priced_ || !std::isfinite(volatility_[option])) return Place::out;
    const double deviation = volatility_[option] * anchor_root_;
    const bool expands = deviation >= rules_.deviation_min && deviation <= 0.9 * kDeviationMax;
    return expands ? Place::taylor : Place::live;
}

void OptionBucket::refresh_unit(std::uint32_t option) {
    if (unit_epoch_[option] == epoch_) return;
    unit_[option] = expand_black(anchor_forward_, strike_[option], volatility_[option], anchor_root_, type_[option]);
    unit_epoch_[option] = epoch_;
    ++work_.kernels;
}

// Adds (sign 1) or takes out (sign -1) what `quantity` contracts weigh in their sums.
void OptionBucket::weigh(std::uint32_t option, double quantity, double sign) {
    Expansion& sums = expansion_of(option);
    const double weight = quantity * multiplier_[option];
    const double gross = sign * std::abs(weight);
    sums.gross += gross;
    sums.peak = std::max(sums.peak, sums.gross);
    sums.net += sign * weight;
    sums.margin += gross * margin_rate_[option];
    if (place_[option] != Place::taylor) return;
    const double deviation = volatility_[option] * anchor_root_;
    const double cubed = gross / (deviation * deviation * deviation);
    sums.guard3 += cubed;
    sums.guard4 += cubed / deviation;
    sums.terms.add(unit_[option], sign * weight);
}

void OptionBucket::insert(std::uint32_t option) {
    const Place place = place_of(option);
    place_[option] = place;
    if (place == Place::out) {
        unvalued_ += quantity_[option] != 0.0 ? 1U : 0U;
        return;
    }
    if (place == Place::live) {
        live_.push_back(option);
    } else {
        refresh_unit(option);
        const double deviation = volatility_[option] * anchor_root_;
        deviation_low_ = std::min(deviation_low_, deviation);
        deviation_high_ = std::max(deviation_high_, deviation);
    }
    weigh(option, quantity_[option], 1.0);
}

void OptionBucket::remove(std::uint32_t option) {
    if (place_[option] == Place::out) {
        unvalued_ -= quantity_[option] != 0.0 ? 1U : 0U;
        return;
    }
    if (place_[option] == Place::live) std::erase(live_, option);
    weigh(option, quantity_[option], -1.0);
    place_[option] = Place::out;
}

// The sums that fills and volatilities were added to, against the same sums from nothing.
void OptionBucket::check_drift() {
    for (std::uint32_t l = 0; l < lanes_.size(); ++l) {
        for (std::uint8_t in_coin = 0; in_coin < 2; ++in_coin) {
            const Expansion& sums = lanes_[l].expansions[in_coin];
            if (sums.peak == 0.0) continue;
            double value = 0.0;
            double gross = 0.0;
            for (std::uint32_t i = 0; i < lane_.size(); ++i) {
                if (lane_[i] != l || in_coin_[i] != in_coin || place_[i] == Place::out) continue;
                const double weight = quantity_[i] * multiplier_[i];
                gross += std::abs(weight);
                if (place_[i] == Place::taylor) value += weight * unit_[i].term[0];
            }
            const double drift = std::max(std::abs(sums.terms.term[0] - value) / (anchor_forward_ * sums.peak),
                                          std::abs(sums.gross - gross) / sums.peak);
            if (drift > kDriftCounted) ++work_.drifts;
            if (drift > kDriftFault) work_.fault = true;
        }
    }
}

// Every sum from nothing, at the anchor that stands: no option is priced.
void OptionBucket::rebuild_sums() {
    check_drift();
    updates_ = 0;
    unvalued_ = 0;
    live_.clear();
    for (Lane& lane : lanes_) {
        lane.live = {};
        for (Expansion& sums : lane.expansions) sums.clear_sums();
    }
    for (std::uint32_t i = 0; i < lane_.size(); ++i) {
        place_[i] = Place::out;
        insert(i);
    }
}

// Sums that were added to often, or that a large holding has left, are built anew.
void OptionBucket::after_update(std::uint32_t option) {
    if (!priced_) return;
    bool rebuild = ++updates_ >= rules_.updates_max;
    for (const Lane& lane : lanes_) {
        for (const Expansion& sums : lane.expansions) rebuild = rebuild || sums.gross < kPeakShare * sums.peak;
    }
    if (rebuild) {
        rebuild_sums();
        collapse();
    } else {
        bound_move();
        Expansion& sums = expansion_of(option);
        sums.curve = forward_curve(sums.terms, moves_);
    }
    evaluate();
    if (overrun_) anchor();
}

void OptionBucket::anchor() {
    priced_ = std::isfinite(market_.forward) && market_.forward > 0.0;
    if (!priced_) return;
    if (updates_ > 0) check_drift();
    ++epoch_;
    ++work_.anchors;
    const DeliveryForward delivery = delivery_forward(market_, now_);
    anchor_time_ = now_;
    anchor_forward_ = market_.forward;
    // Inside an averaging window nothing is expanded: sqrt(years) = 0 makes every option live.
    anchor_root_ = delivery.averaging ? 0.0 : std::sqrt(delivery.years);
    root_ = anchor_root_;
    deviation_low_ = kDeviationMax;
    deviation_high_ = 0.0;
    volatility_low_ = std::numeric_limits<double>::infinity();
    volatility_high_ = 0.0;
    for (Lane& lane : lanes_) {
        for (Expansion& sums : lane.expansions) sums.peak = 0.0;  // nothing left to compare
    }
    for (std::uint32_t i = 0; i < lane_.size(); ++i) {
        volatility_[i] += shift_;
        if (std::isfinite(volatility_[i])) widen(volatility_[i]);
    }
    shift_ = 0.0;
    rebuild_sums();
    collapse();
    evaluate();
    at_anchor_ = true;
}

// How far s may have moved, and what that makes of the bound.
void OptionBucket::bound_move() {
    e_ = std::abs(root_ - anchor_root_) * volatility_high_ + std::abs(shift_ * root_);
    const double shrink = 1.0 - e_ / deviation_low_;
    overrun_ = shrink < 0.25 || deviation_high_ + e_ > kDeviationMax;
    s_margin_ = overrun_ ? 1.0 : 1.0 / power4(shrink);
    remainder_ = remainder_curve(deviation_high_ + e_, e_);
}

// Time and volatility moved, or all sums did: the polynomials in the forward alone are formed anew.
void OptionBucket::collapse() {
    bound_move();
    moves_ = move_monomials(root_ - anchor_root_, shift_ * root_);
    for (Lane& lane : lanes_) {
        for (Expansion& sums : lane.expansions) {
            if (sums.gross != 0.0) sums.curve = forward_curve(sums.terms, moves_);
        }
    }
}

void OptionBucket::set_forward(double forward, const BucketTolerance& tolerance) {
    market_.forward = forward;
    if (!priced_) return anchor();
    const double reach = rules_.radius * deviation_low_;
    const double low = std::min(forward, anchor_forward_);
    const double x = std::abs(forward - anchor_forward_);
    // |ln(F/F_a)| <= x / min(F, F_a): the logarithm is needed near the edge only.
    if (x > reach * low && std::abs(std::log1p((forward - anchor_forward_) / anchor_forward_)) > reach) return anchor();
    at_anchor_ = false;
    evaluate();
    if (!within(tolerance)) anchor();
}

void OptionBucket::set_volatility(std::uint32_t option, double volatility) {
    if (volatility == volatility_[option] + shift_) return;
    remove(option);
    volatility_[option] = volatility - shift_;
    unit_epoch_[option] = 0;
    widen(volatility_[option]);
    insert(option);
    if (quantity_[option] != 0.0) after_update(option);
}

bool OptionBucket::refuses_shift(double shift) const {
    const double low = volatility_low_ + shift_ + shift;
    const double high = volatility_high_ + shift_ + shift;
    return volatility_high_ > 0.0 && (low < rules_.volatility_floor || high > rules_.volatility_cap);
}

void OptionBucket::shift_volatility(double shift, const BucketTolerance& tolerance) {
    shift_ += shift;
    if (!priced_) return;
    at_anchor_ = false;
    if (std::abs(shift_) > rules_.volatility_move_max * volatility_low_) return anchor();
    collapse();
    evaluate();
    if (!within(tolerance)) anchor();
}

void OptionBucket::set_quantity(std::uint32_t option, double quantity) {
    const bool stays = place_[option] != Place::out && quantity != 0.0;
    if (stays) {
        // Bucket += dq times unit: what is held stays where it is.
        weigh(option, quantity_[option], -1.0);
        quantity_[option] = quantity;
        weigh(option, quantity, 1.0);
    } else {
        remove(option);
        quantity_[option] = quantity;
        insert(option);
    }
    after_update(option);
}

void OptionBucket::set_time(UnixNanos now, const BucketTolerance& tolerance) {
    now_ = now;
    if (!priced_) return;
    const double share = rules_.refresh_share * static_cast<double>((market_.expiry - anchor_time_).count());
    const double period = std::clamp(share, static_cast<double>(rules_.refresh_min.count()),
                                     static_cast<double>(rules_.refresh_max.count()));
    const DeliveryForward delivery = delivery_forward(market_, now_);
    const bool all_live = anchor_root_ == 0.0;
    if (!all_live && (delivery.averaging || delivery.years <= 0.0)) return anchor();
    if (!all_live && static_cast<double>((now_ - anchor_time_).count()) >= period) return anchor();
    if (!all_live) root_ = std::sqrt(delivery.years);
    at_anchor_ = false;
    if (!all_live) collapse();
    evaluate();
    if (!within(tolerance)) anchor();
}

void OptionBucket::set_settlement_average(double average) {
    market_.settlement_average = average;
    evaluate();
}

}  // namespace keel::risk
