#include "risk/margin/account_margin.hpp"

#include <algorithm>
#include <cmath>

namespace keel::risk {
namespace {

bool is_charge(double value) { return std::isfinite(value) && value >= 0.0; }

bool is_margin(const MarginAmount& amount) {
    return amount.status == MarginStatus::ok && is_charge(amount.initial) && is_charge(amount.maintenance);
}

double ratio_of(double equity, double maintenance) {
    if (maintenance <= 0.0) return equity > 0.0 ? kMarginRatioMax : 0.0;
    return std::clamp(equity / maintenance, -kMarginRatioMax, kMarginRatioMax);
}

double usage_of(double equity, double initial) {
    if (initial <= 0.0) return 0.0;
    return equity > 0.0 ? std::min(initial / equity, kMarginRatioMax) : kMarginRatioMax;
}

AccountMarginState refuse(AccountMarginState out) {
    out.quality = static_cast<std::uint8_t>(out.quality | kMarginBadInput);
    out.ratio = 0.0;
    out.usage_ratio = kMarginRatioMax;
    out.available = 0.0;
    return out;
}

}  // namespace

void AccountMargin::on_equity(double equity) {
    has_equity_ = std::isfinite(equity);
    if (has_equity_) equity_ = equity;
}

void AccountMargin::on_model(const MarginAmount& model) {
    model_good_ = is_margin(model);
    if (!model_good_) return;
    model_ = model;
    has_model_ = true;
    // A report that came before the first model is compared with that one.
    if (has_report_ && !has_anchor_) compare();
}

void AccountMargin::on_venue_report(const VenueMarginReport& report) {
    if (!is_charge(report.initial) || !is_charge(report.maintenance) || (has_report_ && report.time < report_.time)) {
        ++refused_;
        return;
    }
    report_ = report;
    has_report_ = true;
    has_anchor_ = false;
    difference_ratio_ = 0.0;
    if (has_model_ && model_good_) compare();
}

double AccountMargin::difference(double model, double venue) const {
    const double scale = std::max({model, venue, parameters_.difference_scale_min});
    return scale > 0.0 ? (model - venue) / scale : 0.0;
}

void AccountMargin::compare() {
    model_at_report_ = model_;
    has_anchor_ = true;
    const double initial = difference(model_.initial, report_.initial);
    const double maintenance = difference(model_.maintenance, report_.maintenance);
    difference_ratio_ = std::abs(initial) > std::abs(maintenance) ? initial : maintenance;
}

AccountMarginState AccountMargin::state(UnixNanos now) const {
    AccountMarginState out;
    unsigned quality = kMarginGood;
    const bool stale = has_report_ && now - report_.time > parameters_.report_age_max;
    if (!has_equity_) quality |= kMarginNoEquity;
    if (!has_report_) quality |= kMarginNoVenue;
    if (stale) quality |= kMarginVenueStale;
    if (!model_good_) quality |= kMarginNoModel;
    if (std::abs(difference_ratio_) > parameters_.difference_ratio_max) quality |= kMarginDiffers;

    if (has_report_) {
        out.initial = report_.initial;
        out.maintenance = report_.maintenance;
        if (has_anchor_) {
            out.initial = std::max(out.initial + model_.initial - model_at_report_.initial, 0.0);
            out.maintenance = std::max(out.maintenance + model_.maintenance - model_at_report_.maintenance, 0.0);
        }
    }
    if (has_model_ && (!has_report_ || stale)) {
        out.initial = std::max(out.initial, model_.initial);
        out.maintenance = std::max(out.maintenance, model_.maintenance);
    }
    out.equity = has_equity_ ? equity_ : 0.0;
    out.quality = static_cast<std::uint8_t>(quality);
    finish(out);
    return out;
}

// Ratios from amounts. Without equity, or without any margin, nothing may look safe.
void AccountMargin::finish(AccountMarginState& out) const {
    out.available = out.equity - out.initial;
    out.ratio = ratio_of(out.equity, out.maintenance);
    out.usage_ratio = usage_of(out.equity, out.initial);
    if (has_equity_ && (has_report_ || has_model_)) return;
    out.ratio = std::min(out.ratio, 0.0);
    out.usage_ratio = kMarginRatioMax;
    out.available = std::min(out.available, 0.0);
}

AccountMarginState AccountMargin::after_trade(const MarginAmount& model_after, double equity_change,
                                              UnixNanos now) const {
    AccountMarginState out = state(now);
    if (!is_margin(model_after) || !std::isfinite(equity_change) || !model_good_) return refuse(out);
    out.equity += equity_change;
    out.initial = std::max(out.initial + model_after.initial - model_.initial, 0.0);
    out.maintenance = std::max(out.maintenance + model_after.maintenance - model_.maintenance, 0.0);
    finish(out);
    return out;
}

AccountMarginState AccountMargin::under_stress(double equity_shocked, const MarginAmount& model_shocked,
                                               UnixNanos now) const {
    AccountMarginState out = state(now);
    if (!is_margin(model_shocked) || !std::isfinite(equity_shocked) || !model_good_) return refuse(out);
    out.equity = equity_shocked;
    out.initial = model_shocked.initial + std::max(out.initial - model_.initial, 0.0);
    out.maintenance = model_shocked.maintenance + std::max(out.maintenance - model_.maintenance, 0.0);
    finish(out);
    return out;
}

}  // namespace keel::risk
