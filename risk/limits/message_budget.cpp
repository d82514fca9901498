#include "risk/limits/message_budget.hpp"

#include <algorithm>
#include <cmath>

namespace keel::risk {

MessageBudget::MessageBudget(double per_second, double burst, double reserve_ratio)
    : per_second_{per_second}, burst_{burst}, reserve_ratio_{reserve_ratio} {
    buckets_.fill({.tokens = burst, .per_second = per_second, .burst = burst});
}

double MessageBudget::level(const Bucket& bucket, UnixNanos now) {
    const double seconds = now > bucket.filled ? static_cast<double>((now - bucket.filled).count()) * 1e-9 : 0.0;
    return std::min(bucket.burst, bucket.tokens + seconds * bucket.per_second);
}

double MessageBudget::available(VenueId venue, UnixNanos now) const {
    const Bucket& bucket = buckets_[slot(venue)];
    // However much is reserved, a full bucket has room for one order.
    return level(bucket, now) - std::min(bucket.burst * reserve_ratio_, std::max(0.0, bucket.burst - 1.0));
}

void MessageBudget::take(VenueId venue, UnixNanos now) {
    Bucket& bucket = buckets_[slot(venue)];
    bucket.tokens = std::max(0.0, level(bucket, now) - 1.0);
    bucket.filled = std::max(bucket.filled, now);
}

void MessageBudget::grant(VenueId venue, double per_second, double burst, UnixNanos now) {
    if (!(std::isfinite(per_second) && std::isfinite(burst) && per_second > 0.0 && burst > 0.0)) return;
    Bucket& bucket = buckets_[slot(venue)];
    const double tokens = level(bucket, now);
    bucket.per_second = std::min(per_second_, per_second);
    bucket.burst = std::min(burst_, burst);
    bucket.tokens = std::min(tokens, bucket.burst);
    bucket.filled = std::max(bucket.filled, now);
}

void MessageBudget::drain(VenueId venue, UnixNanos now) {
    Bucket& bucket = buckets_[slot(venue)];
    bucket.tokens = 0.0;
    bucket.filled = std::max(bucket.filled, now);
}

void MessageBudget::hash_into(StateHash& hash) const {
    for (const Bucket& bucket : buckets_) {
        hash.add_real(bucket.tokens);
        hash.add_real(bucket.per_second);
        hash.add_real(bucket.burst);
        hash.add(bucket.filled);
    }
}

}  // namespace keel::risk
