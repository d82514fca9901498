#include "risk/surface/surface_expiry.hpp"

#include <algorithm>
#include <cmath>

namespace keel::risk {
namespace {

constexpr double kPriorStep = 1.05;      // of the level, until the prior clears the expiry before
constexpr int kPriorSteps = 60;          // 1.05^60 = 18
constexpr double kResidualFloor = 1e-4;  // of volatility: growth below this is no reason to fit

bool is_calendar_free(const SviParameters* near, const SviParameters* far) {
    return near == nullptr || far == nullptr || svi_calendar(*near, *far).is_free();
}

}  // namespace

SurfaceExpiry::Option* SurfaceExpiry::find_or_add(double strike, OptionType type) {
    const auto before = [&](std::uint16_t slot, const std::pair<double, OptionType>& key) {
        const Option& option = options_[slot];
        return option.strike != key.first ? option.strike < key.first : option.type < key.second;
    };
    const auto end = order_.begin() + static_cast<std::ptrdiff_t>(option_count_);
    const auto at = std::lower_bound(order_.begin(), end, std::pair{strike, type}, before);
    if (at != end && options_[*at].strike == strike && options_[*at].type == type) return &options_[*at];
    if (option_count_ == kOptionsMax) return nullptr;
    std::copy_backward(at, end, end + 1);
    *at = static_cast<std::uint16_t>(option_count_);
    Option& option = options_[option_count_++];
    option = {.strike = strike, .type = type, .point = {}, .counted = {}, .time = {}};
    return &option;
}

// A quote far off the last fit enters with Huber's weight, which then stands until the next fit.
void SurfaceExpiry::count(Option& option) {
    if (!has_sums_ || !(option.point.weight > 0.0)) return;
    option.counted = option.point;
    const double w = svi_total_variance(fitted_, option.point.k);
    const double error = std::sqrt(std::max(w, 0.0) / years_fitted_) - option.point.volatility;
    option.counted.weight *= svi_huber_weight(error, option.point.half_spread);
    sums_.add(vertex(), option.counted, years_fitted_);
    weight_sum_ += option.counted.weight;
}

void SurfaceExpiry::uncount(Option& option) {
    if (option.counted.weight > 0.0) {
        sums_.remove(vertex(), option.counted, years_fitted_);
        weight_sum_ -= option.counted.weight;
    }
    option.counted = {};
}

void SurfaceExpiry::mark_changed(Option& option) {
    if (!option.is_changed) ++changed_;
    option.is_changed = true;
}

QuoteFlaw SurfaceExpiry::on_quote(const SurfaceQuote& quote, UnixNanos now) {
    if (!is_surface_price(quote.strike)) return QuoteFlaw::bad_input;
    Option* option = find_or_add(quote.strike, quote.type);
    if (option == nullptr) return QuoteFlaw::no_room;
    on_forward(quote.forward);
    const JudgedQuote judged = judge_quote(quote, years(now));
    const bool was_usable = option->point.weight > 0.0;
    const bool is_usable = judged.point.weight > 0.0;
    option->time = now;
    if (!was_usable && !is_usable) return judged.flaws;
    const SviPoint& old = option->point;
    const bool is_same = old.k == judged.point.k && old.volatility == judged.point.volatility &&
                         old.half_spread == judged.point.half_spread && was_usable == is_usable;
    if (is_same) return judged.flaws;
    uncount(*option);
    option->point = judged.point;
    count(*option);
    usable_ = usable_ + (is_usable ? 1U : 0U) - (was_usable ? 1U : 0U);
    mark_changed(*option);
    return judged.flaws;
}

void SurfaceExpiry::drop_stale_quotes(UnixNanos now) {
    for (std::size_t i = 0; i < option_count_; ++i) {
        Option& option = options_[i];
        if (!(option.point.weight > 0.0) || now - option.time <= config_.quote_age_max) continue;
        uncount(option);
        option.point.weight = 0.0;
        --usable_;
        mark_changed(option);
    }
}

void SurfaceExpiry::on_forward(double forward) {
    if (is_surface_price(forward)) forward_ = forward;
}

std::size_t SurfaceExpiry::points(std::span<SviPoint> out) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < option_count_ && count < out.size(); ++i) {
        const Option& option = options_[order_[i]];
        if (option.counted.weight > 0.0) out[count++] = option.counted;
    }
    return count;
}

bool SurfaceExpiry::least_squares(Vector3& coefficients) const {
    if (!has_sums_) return false;
    double variance_max = 0.0;
    for (const double k : {-1.0, 0.0, 1.0}) variance_max = std::max(variance_max, svi_total_variance(fitted_, k));
    std::array<HalfSpace, kSviFaces + kSviVertexCuts> rows{};
    svi_faces(vertex(), variance_max, std::span<HalfSpace, kSviFaces>{rows.data(), kSviFaces});
    const double floor = 1e-4 * svi_total_variance(fitted_, 0.0);
    return svi_solve(sums_, rows, kSviFaces, floor, variance_max, coefficients);
}

RefitReason SurfaceExpiry::refit_reason(UnixNanos now) const {
    if (!can_fit(now) || now - try_time_ < config_.refit_gap_min) return RefitReason::none;
    if (!has_sums_) return changed_ > 0 ? RefitReason::first : RefitReason::none;
    if (is_offending_) return RefitReason::arbitrage;
    const double deviation = std::sqrt(std::max(svi_total_variance(fitted_, 0.0), 0.0));
    if (std::abs(std::log(forward_ / forward_fitted_)) > config_.forward_move_max * deviation) {
        return RefitReason::forward;
    }
    if (changed_ == 0) return RefitReason::none;
    const auto usable = static_cast<double>(usable_);
    if (static_cast<double>(changed_) > config_.changed_share_max * usable) return RefitReason::changed;
    const double error = std::sqrt(sums_.error(svi_coefficients(fitted_)) / weight_sum_);
    if (error > config_.residual_growth_max * std::max(error_fitted_, kResidualFloor)) return RefitReason::residual;
    return now - fit_time_ >= config_.refit_period ? RefitReason::period : RefitReason::none;
}

// The sums start anew with each fit, so that what rank-1 updates round away never lasts.
void SurfaceExpiry::start_sums(UnixNanos now) {
    sums_.clear();
    weight_sum_ = 0.0;
    has_sums_ = true;
    for (std::size_t i = 0; i < option_count_; ++i) {
        options_[i].counted = {};
        options_[i].is_changed = false;
        count(options_[i]);
    }
    changed_ = 0;
    is_offending_ = false;
    forward_fitted_ = forward_;
    fit_time_ = now;
    if (!least_squares(at_fit_)) at_fit_ = svi_coefficients(fitted_);
    error_fitted_ = std::sqrt(sums_.error(svi_coefficients(fitted_)) / weight_sum_);
}

bool SurfaceExpiry::refit(UnixNanos now, const SviParameters* near, std::span<const SviParameters> far) {
    std::array<SviPoint, kSviPointsMax> points;
    std::size_t count = 0;
    for (std::size_t i = 0; i < option_count_ && count < kSviPointsMax; ++i) {
        const Option& option = options_[order_[i]];
        if (option.point.weight > 0.0) points[count++] = option.point;
    }
    try_time_ = now;
    const bool had_fit = has_sums_;
    const SviParameters previous = had_fit ? scaled(fitted_, years(now) / years_fitted_) : SviParameters{};
    const SviFitRequest request{.points = {points.data(), count},
                                .years = years(now),
                                .previous = had_fit ? &previous : nullptr,
                                .near = near,
                                .far = far};
    SviFit fit;
    const SviFitStatus status = svi_fit(request, fit);
    if (!is_fitted(status)) {
        has_failed_ = true;
        return false;
    }
    fit_ = fit;
    fit_status_ = status;
    has_failed_ = false;
    is_prior_ = false;
    fitted_ = fit.svi;
    publish(fit.svi, now);
    start_sums(now);
    return true;
}

double SurfaceExpiry::quoted_variance(UnixNanos now) const {
    double sum = 0.0;
    double weights = 0.0;
    for (std::size_t i = 0; i < option_count_; ++i) {
        const SviPoint& point = options_[i].point;
        sum += point.weight * point.volatility * point.volatility * years(now);
        weights += point.weight;
    }
    return weights > 0.0 ? sum / weights : 0.0;
}

bool SurfaceExpiry::wants_prior(UnixNanos now) const {
    if (has_sums_ || expiry_ - now < config_.life_min || usable_ >= kSviQuotesMin) return false;
    // One that crosses its neighbours whatever its level is not tried again on every tick: a try costs as much as a
    // fit.
    if (!has_slice()) return now - try_time_ >= config_.refit_gap_min;
    return changed_ > 0 && now - try_time_ >= config_.refit_period;
}

bool SurfaceExpiry::take_prior(UnixNanos now, double theta, const SviParameters* near, const SviParameters* far) {
    try_time_ = now;
    if (has_sums_ || !(theta > 0.0) || !std::isfinite(theta) || !is_in_ssvi_domain(config_.prior)) return false;
    if (usable_ > 0) {  // the level that the quotes there are say, by their weights
        double sum = 0.0;
        double weights = 0.0;
        for (std::size_t i = 0; i < option_count_; ++i) {
            const SviPoint& point = options_[i].point;
            if (!(point.weight > 0.0)) continue;
            const double w = point.volatility * point.volatility * years(now);
            sum += point.weight * theta * w / ssvi_total_variance(config_.prior, theta, point.k);
            weights += point.weight;
        }
        theta = sum / weights;
    }
    for (int step = 0; step < kPriorSteps; ++step, theta *= kPriorStep) {
        if (!ssvi_butterfly_conditions(config_.prior, theta).are_met()) return false;
        const SviParameters svi = ssvi_to_raw(config_.prior, theta);
        if (!svi_butterfly(svi).is_free()) return false;
        if (!is_calendar_free(near, &svi)) continue;
        if (!is_calendar_free(&svi, far)) return false;
        is_prior_ = true;
        publish(svi, now);
        return true;
    }
    return false;
}

double SurfaceExpiry::moved_most(const SviParameters& a, const SviParameters& b) const {
    const double deviation = std::sqrt(std::max(svi_total_variance(b, 0.0), 0.0));
    double most = 0.0;
    for (const double places : {-2.0, -1.0, 0.0, 1.0, 2.0}) {
        const double k = places * deviation;
        const double before = std::sqrt(std::max(svi_total_variance(a, k), 0.0) / years_fitted_);
        const double after = std::sqrt(std::max(svi_total_variance(b, k), 0.0) / years_fitted_);
        most = std::max(most, std::abs(after - before));
    }
    return most;
}

// Increments move the last fit by what the least squares have moved since, so that a fit whose arbitrage was barred
// does not fall back to the unbarred one at the first quote.
bool SurfaceExpiry::publish_increment(UnixNanos now, const SviParameters* near, const SviParameters* far) {
    if (!wants_increment()) return false;
    Vector3 x{};
    if (!least_squares(x)) return false;
    Vector3 moved = svi_coefficients(fitted_);
    for (std::size_t i = 0; i < 3; ++i) moved[i] += x[i] - at_fit_[i];
    const SviParameters svi = svi_from_coefficients(vertex(), moved);
    if (moved_most(published_, svi) <= config_.publish_step_min) return false;
    const SviParameters svi_now = scaled(svi, years(now) / years_fitted_);
    if (!svi_butterfly(svi).is_free() || !is_calendar_free(near, &svi_now) || !is_calendar_free(&svi_now, far)) {
        is_offending_ = true;
        return false;
    }
    published_ = svi;
    ++version_;
    return true;
}

void SurfaceExpiry::publish(const SviParameters& svi, UnixNanos now) {
    published_ = svi;
    years_fitted_ = years(now);
    is_crossed_ = false;
    ++version_;
}

SurfaceQuality SurfaceExpiry::quality(UnixNanos now) const {
    if (!has_slice()) return SurfaceQuality::missing;
    SurfaceQuality out = SurfaceQuality::good;
    if (usable_ < kSviQuotesMin) out = out | SurfaceQuality::thin;
    if (is_prior_) out = out | SurfaceQuality::prior;
    const bool is_old = !is_prior_ && changed_ > 0 && now - fit_time_ > config_.fit_age_max;
    if (has_failed_ || is_old || (!is_prior_ && usable_ < kSviQuotesMin)) out = out | SurfaceQuality::stale;
    if (!is_prior_ && fit_status_ != SviFitStatus::ok) out = out | SurfaceQuality::constrained;
    if (is_crossed_) out = out | SurfaceQuality::crossed;
    return out;
}

}  // namespace keel::risk
