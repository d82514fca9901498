#include "risk/limits/message_budget.hpp"

#include <algorithm>

namespace keel::risk {

MessageBudget::MessageBudget(double per_second, double burst, double reserve_ratio)
    : per_second_{per_second}, burst_{burst}, reserve_{burst * reserve_ratio} {
    for (Bucket& bucket : buckets_) bucket.tokens = burst;
}

double MessageBudget::level(const Bucket& bucket, UnixNanos now) const {
    const double seconds = now > bucket.filled ? static_cast<double>((now - bucket.filled).count()) * 1e-9 : 0.0;
    return std::min(burst_, bucket.tokens + seconds * per_second_);
}

double MessageBudget::available(VenueId venue, UnixNanos now) const {
    return level(buckets_[slot(venue)], now) - reserve_;
}

void MessageBudget::take(VenueId venue, UnixNanos now) {
    Bucket& bucket = buckets_[slot(venue)];
    bucket.tokens = std::max(0.0, level(bucket, now) - 1.0);
    bucket.filled = std::max(bucket.filled, now);
}

void MessageBudget::hash_into(StateHash& hash) const {
    for (const Bucket& bucket : buckets_) {
        hash.add_real(bucket.tokens);
        hash.add(bucket.filled);
    }
}

}  // namespace keel::risk
