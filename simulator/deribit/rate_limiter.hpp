#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <unordered_map>

#include "simulator/deribit/config.hpp"

namespace keel::simulator::deribit {

// Which pool a method draws from.
enum class CreditPool : std::uint8_t { non_matching, matching, cancel_all, subscribe, instruments };
inline constexpr std::size_t kCreditPoolCount = 5;

// The venue's credits: each pool of each owner (an account, or a connection before login) starts full
// and refills with wall time.
// Thread: the server's. Allocates: per owner.
class RateLimiter {
public:
    using Clock = std::chrono::steady_clock;

    explicit RateLimiter(const RateLimits& limits)
        : enforced_{limits.enforced},
          pools_{limits.non_matching, limits.matching, limits.cancel_all, limits.subscribe, limits.instruments} {}

    // Takes one request's credits; false where the pool is short.
    bool take(std::uint64_t owner, CreditPool pool, Clock::time_point now) {
        if (!enforced_) return true;
        const RatePool& rule = pools_[static_cast<std::size_t>(pool)];
        Bucket& bucket = buckets_.try_emplace(owner, full(now)).first->second[static_cast<std::size_t>(pool)];
        const double elapsed_s = std::chrono::duration<double>(now - bucket.updated).count();
        bucket.requests = std::min(rule.burst, bucket.requests + elapsed_s * rule.per_s);
        bucket.updated = now;
        if (bucket.requests < 1.0) return false;
        bucket.requests -= 1.0;
        return true;
    }

private:
    struct Bucket {
        double requests{0.0};
        Clock::time_point updated;
    };
    using Buckets = std::array<Bucket, kCreditPoolCount>;

    [[nodiscard]] Buckets full(Clock::time_point now) const {
        Buckets buckets;
        for (std::size_t i = 0; i < kCreditPoolCount; ++i) buckets[i] = {pools_[i].burst, now};
        return buckets;
    }

    bool enforced_;
    std::array<RatePool, kCreditPoolCount> pools_;
    std::unordered_map<std::uint64_t, Buckets> buckets_;
};

}  // namespace keel::simulator::deribit
