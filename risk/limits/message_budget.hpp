#pragma once

#include <array>

#include "engine/core/ids.hpp"
#include "engine/core/time.hpp"
#include "engine/journal/state_hash.hpp"

namespace keel::risk {

// Token bucket per venue: the configured one, or the venue's own where that is smaller. New orders leave
// the reserve untouched; cancels take from it and are never refused (an empty bucket stays empty). Time
// comes from the events.
// Thread: core. Allocates: never.
class MessageBudget {
public:
    static constexpr std::size_t kVenuesMax = 8;  // VenueId values, with room

    MessageBudget(double per_second, double burst, double reserve_ratio);

    // Tokens that a new order could still take at `now`; below one: refuse.
    [[nodiscard]] double available(VenueId venue, UnixNanos now) const;
    void take(VenueId venue, UnixNanos now);
    // What the venue grants the account; both finite and above zero, else the call changes nothing.
    void grant(VenueId venue, double per_second, double burst, UnixNanos now);
    // The venue's own count is spent, whatever ours says.
    void drain(VenueId venue, UnixNanos now);
    void hash_into(StateHash& hash) const;

private:
    struct Bucket {
        double tokens{0.0};
        double per_second{0.0};
        double burst{0.0};
        UnixNanos filled{};
    };
    [[nodiscard]] static double level(const Bucket& bucket, UnixNanos now);

    double per_second_;
    double burst_;
    double reserve_ratio_;
    std::array<Bucket, kVenuesMax> buckets_{};
};

}  // namespace keel::risk
