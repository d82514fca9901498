#include "risk/margin/insurance_fund.hpp"

#include <algorithm>
#include <cmath>

namespace keel::risk {
namespace {

constexpr std::int64_t kMinuteNs = 60'000'000'000;
constexpr std::int64_t kHalfHourNs = 30 * kMinuteNs;
constexpr double kGapHalfLifeNs = 3'600e9;
constexpr double kGapShareMin = 1e-6;  // of a contract: what is left of old fills no longer speaks

bool is_positive(double value) { return std::isfinite(value) && value > 0.0; }

double fallen(double highest, double now) { return highest > 0.0 ? std::max((highest - now) / highest, 0.0) : 0.0; }

}  // namespace

template <std::size_t N>
void InsuranceFundWatch::Window<N>::take(double value, std::int64_t number) {
    const auto at = static_cast<std::size_t>(number) % N;
    highest[at] = slot[at] == number ? std::max(highest[at], value) : value;
    slot[at] = number;
}

template <std::size_t N>
double InsuranceFundWatch::Window<N>::max(std::int64_t number) const {
    double out = 0.0;
    for (std::size_t i = 0; i < N; ++i) {
        const std::int64_t age = number - slot[i];
        if (age >= 0 && age < static_cast<std::int64_t>(N)) out = std::max(out, highest[i]);
    }
    return out;
}

void InsuranceFundWatch::on_balance(double balance, UnixNanos now) {
    if (!std::isfinite(balance) || balance < 0.0 || now.ns() <= 0) {
        ++refused_;
        return;
    }
    if (has_balance_ && now < balance_time_) return;
    hour_.take(balance, now.ns() / kMinuteNs);
    day_.take(balance, now.ns() / kHalfHourNs);
    balance_ = balance;
    balance_time_ = now;
    has_balance_ = true;
}

void InsuranceFundWatch::on_liquidation(Side side, double quantity, double bankruptcy, double fill, UnixNanos now) {
    if (!is_positive(quantity) || !is_positive(bankruptcy) || !is_positive(fill)) {
        ++refused_;
        return;
    }
    const double beyond = sign(side) * (fill - bankruptcy) / bankruptcy;  // a sale below, a purchase above
    const auto span_ns = static_cast<double>((now - gap_time_).count());
    const double kept = std::exp2(-std::max(span_ns, 0.0) / kGapHalfLifeNs);
    const double sum = gap_sum_ * kept + std::max(beyond, 0.0) * quantity;
    const double weight = gap_quantity_ * kept + quantity;
    if (!std::isfinite(sum) || !std::isfinite(weight)) {
        ++refused_;
        return;
    }
    gap_sum_ = sum;
    gap_quantity_ = weight;
    gap_time_ = std::max(gap_time_, now);
}

double InsuranceFundWatch::drop_hour_ratio(UnixNanos now) const {
    return has_balance_ ? fallen(hour_.max(now.ns() / kMinuteNs), balance_) : 0.0;
}

double InsuranceFundWatch::drop_day_ratio(UnixNanos now) const {
    return has_balance_ ? fallen(day_.max(now.ns() / kHalfHourNs), balance_) : 0.0;
}

double InsuranceFundWatch::bankruptcy_gap_ratio(UnixNanos now) const {
    const auto span_ns = static_cast<double>((now - gap_time_).count());
    const double kept = std::exp2(-std::max(span_ns, 0.0) / kGapHalfLifeNs);
    return gap_quantity_ * kept > kGapShareMin ? gap_sum_ / gap_quantity_ : 0.0;
}

std::uint8_t InsuranceFundWatch::stress(UnixNanos now) const {
    unsigned bits = kVenueCalm;
    if (drop_hour_ratio(now) > parameters_.drop_hour_ratio_max) bits |= kVenueFundHour;
    if (drop_day_ratio(now) > parameters_.drop_day_ratio_max) bits |= kVenueFundDay;
    if (bankruptcy_gap_ratio(now) > parameters_.bankruptcy_gap_ratio_max) bits |= kVenueBankruptcyGap;
    if (!has_balance_ || now - balance_time_ > parameters_.balance_age_max) bits |= kVenueFundUnknown;
    return static_cast<std::uint8_t>(bits);
}

}  // namespace keel::risk
