#include "risk/surface/volatility_surface.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"

namespace keel::risk {
namespace {

constexpr double kMoneynessMax = 50.0;  // of |k|: e^50; beyond is no strike

SliceReading read(const SurfaceExpiry& expiry, double k, UnixNanos now) {
    const double years = expiry.years(now);
    const double share = years / expiry.years_fitted();
    const SviValue value = svi_value(expiry.slice(), k);
    return {.value = {.w = value.w * share, .w1 = value.w1 * share, .w2 = value.w2 * share},
            .years = years,
            .quality = expiry.quality(now)};
}

}  // namespace

VolatilitySurface::VolatilitySurface(const SurfaceConfig& config) : config_{config} {
    KEEL_ASSERT(is_in_ssvi_domain(config.prior));
    expiries_.reserve(kExpiriesMax);
}

std::size_t VolatilitySurface::find_or_add(UnixNanos expiry) {
    const auto at = std::lower_bound(expiries_.begin(), expiries_.end(), expiry,
                                     [](const SurfaceExpiry& e, UnixNanos time) { return e.expiry() < time; });
    const auto place = static_cast<std::size_t>(at - expiries_.begin());
    if (at != expiries_.end() && at->expiry() == expiry) return place;
    if (expiries_.size() == kExpiriesMax) return kExpiriesMax;
    expiries_.insert(at, SurfaceExpiry{expiry, config_});
    return place;
}

VolatilitySurface::Neighbours VolatilitySurface::neighbours_of(std::size_t at, UnixNanos now) const {
    Neighbours out;
    for (std::size_t i = at; i-- > 0 && !out.has_near;) {
        if (!expiries_[i].has_slice() || !expiries_[i].is_alive(now)) continue;
        out.near = expiries_[i].slice_now(now);
        out.has_near = true;
    }
    for (std::size_t i = at + 1; i < expiries_.size() && !out.has_far; ++i) {
        if (!expiries_[i].has_slice()) continue;
        out.far = expiries_[i].slice_now(now);
        out.has_far = true;
    }
    return out;
}

QuoteFlaw VolatilitySurface::on_quote(UnixNanos expiry, const SurfaceQuote& quote, UnixNanos now) {
    if (expiry <= now) return QuoteFlaw::bad_input;
    const std::size_t at = find_or_add(expiry);
    if (at == kExpiriesMax) return QuoteFlaw::no_room;
    const QuoteFlaw flaws = expiries_[at].on_quote(quote, now);
    if (expiries_[at].wants_increment()) {
        const Neighbours around = neighbours_of(at, now);
        expiries_[at].publish_increment(now, around.near_or_null(), around.far_or_null());
    }
    return flaws;
}

void VolatilitySurface::on_forward(UnixNanos expiry, double forward, UnixNanos now) {
    if (expiry <= now || !is_surface_price(forward)) return;
    const std::size_t at = find_or_add(expiry);
    if (at < kExpiriesMax) expiries_[at].on_forward(forward);
}

void VolatilitySurface::drop_expired(UnixNanos now) {
    const auto alive = std::find_if(expiries_.begin(), expiries_.end(),
                                    [&](const SurfaceExpiry& expiry) { return expiry.is_alive(now); });
    if (alive == expiries_.begin()) return;
    expiries_.erase(expiries_.begin(), alive);
    next_ = 0;
}

std::size_t VolatilitySurface::evaluate(UnixNanos now) {
    drop_expired(now);
    if (now - age_check_ >= config_.quote_age_max / 4) {
        age_check_ = now;
        for (SurfaceExpiry& expiry : expiries_) expiry.drop_stale_quotes(now);
    }
    const std::uint64_t before = fits_;
    std::size_t budget = config_.refits_per_evaluation;
    const std::size_t count = expiries_.size();
    for (std::size_t step = 0; step < count && budget > 0; ++step) {
        const std::size_t at = (next_ + step) % count;
        if (expiries_[at].refit_reason(now) != RefitReason::none) {
            refit(at, now);
            if (--budget == 0) next_ = (at + 1) % count;
        } else if (expiries_[at].wants_prior(now)) {
            take_prior(at, now);
        }
    }
    if (budget > 0) next_ = 0;
    return static_cast<std::size_t>(fits_ - before);
}

bool VolatilitySurface::refit(std::size_t at, UnixNanos now) {
    const Neighbours around = neighbours_of(at, now);
    std::array<SviParameters, kExpiriesMax> far;
    std::size_t count = 0;
    for (std::size_t i = at + 1; i < expiries_.size(); ++i) {
        if (expiries_[i].has_slice()) far[count++] = expiries_[i].slice_now(now);
    }
    ++fits_;
    if (!expiries_[at].refit(now, around.near_or_null(), {far.data(), count})) {
        ++fits_failed_;
        if (!expiries_[at].has_slice()) take_prior(at, now);
        return false;
    }
    lift_later(at, now);
    return true;
}

// A slice that rose may have met the next one: that one is fitted again above it, and so on until one is high enough.
// Where an expiry cannot be fitted, its last slice stands and says so.
void VolatilitySurface::lift_later(std::size_t at, UnixNanos now) {
    SviParameters near = expiries_[at].slice_now(now);
    for (std::size_t i = at + 1; i < expiries_.size(); ++i) {
        SurfaceExpiry& expiry = expiries_[i];
        if (!expiry.has_slice()) continue;
        if (svi_calendar(near, expiry.slice_now(now)).is_free()) return;
        ++fits_;
        if (!expiry.can_fit(now) || !expiry.refit(now, &near, {})) {
            ++fits_failed_;
            expiry.set_crossed();
            return;
        }
        near = expiry.slice_now(now);
    }
}

// The level at the money: the expiry before at its volatility, else the one after.
void VolatilitySurface::take_prior(std::size_t at, UnixNanos now) {
    SurfaceExpiry& expiry = expiries_[at];
    const Neighbours around = neighbours_of(at, now);
    double theta = 0.0;
    for (std::size_t i = 0; i < expiries_.size(); ++i) {
        if (!expiries_[i].has_slice()) continue;
        if (i > at && theta > 0.0) break;
        const double share = expiry.years(now) / expiries_[i].years_fitted();
        theta = share * svi_total_variance(expiries_[i].slice(), 0.0);
    }
    if (!(theta > 0.0)) theta = expiry.quoted_variance(now);
    if (theta > 0.0) expiry.take_prior(now, theta, around.near_or_null(), around.far_or_null());
}

double VolatilitySurface::forward(UnixNanos maturity, UnixNanos now) const {
    const SurfaceExpiry* before = nullptr;
    const SurfaceExpiry* after = nullptr;
    for (const SurfaceExpiry& expiry : expiries_) {
        if (!(expiry.forward() > 0.0) || !expiry.is_alive(now)) continue;
        if (expiry.expiry() <= maturity) before = &expiry;
        if (expiry.expiry() >= maturity && after == nullptr) after = &expiry;
    }
    if (before == nullptr || after == nullptr || before == after) {
        const SurfaceExpiry* nearest = before != nullptr ? before : after;
        return nearest != nullptr ? nearest->forward() : 0.0;
    }
    const double span = years_between(before->expiry(), after->expiry());
    const double share = years_between(before->expiry(), maturity) / span;
    return before->forward() * std::exp(share * std::log(after->forward() / before->forward()));
}

SurfacePoint VolatilitySurface::at_strike(double strike, UnixNanos maturity, UnixNanos now) const {
    const double forward_there = forward(maturity, now);
    if (!(strike > 0.0) || !std::isfinite(strike) || !(forward_there > 0.0)) return {};
    return at_moneyness(std::log(strike / forward_there), maturity, now);
}

SurfacePoint VolatilitySurface::at_moneyness(double k, UnixNanos maturity, UnixNanos now) const {
    const double years = years_between(now, maturity);
    if (!(years > 0.0) || !(std::abs(k) <= kMoneynessMax)) return {};
    const SurfaceExpiry* before = nullptr;
    const SurfaceExpiry* after = nullptr;
    for (const SurfaceExpiry& expiry : expiries_) {
        if (!expiry.has_slice() || !expiry.is_alive(now)) continue;
        if (expiry.expiry() <= maturity) before = &expiry;
        if (expiry.expiry() >= maturity) {
            after = &expiry;
            break;
        }
    }
    const SliceReading low = before != nullptr ? read(*before, k, now) : SliceReading{};
    const SliceReading high = after == before ? low : after != nullptr ? read(*after, k, now) : SliceReading{};
    return point_between(before != nullptr ? &low : nullptr, after != nullptr ? &high : nullptr, k, years);
}

}  // namespace keel::risk
