#include "connectors/net/reconnect_backoff.hpp"

#include <algorithm>

#include "engine/core/assert.hpp"

namespace keel::connectors::net {
namespace {

constexpr unsigned kDoublingsMax = 20;  // 2^20 times any first wait is beyond every sensible cap

// SplitMix64 (Steele, Lea, Flood 2014): one 64-bit state, good enough to spread waits.
std::uint64_t next_random(std::uint64_t& state) {
    state += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
}

}  // namespace

std::chrono::nanoseconds ReconnectBackoff::bound() const {
    const auto doubled = options_.first * (std::int64_t{1} << std::min(failures_, kDoublingsMax));
    return std::min<std::chrono::nanoseconds>(options_.cap, doubled);
}

std::chrono::nanoseconds ReconnectBackoff::next() {
    const auto upper = static_cast<std::uint64_t>(bound().count());
    if (failures_ < kDoublingsMax) ++failures_;
    return std::chrono::nanoseconds{static_cast<std::int64_t>(next_random(state_) % (upper + 1))};
}

ConnectBudget::ConnectBudget(std::size_t attempts_max, std::chrono::nanoseconds window)
    : attempts_(attempts_max), window_{window} {
    KEEL_ASSERT(attempts_max > 0);
}

bool ConnectBudget::take(Monotonic now) {
    const std::scoped_lock lock{mutex_};
    // The slot about to be reused holds the oldest attempt: only its age matters.
    if (count_ == attempts_.size() && now - attempts_[next_] < window_) return false;
    attempts_[next_] = now;
    next_ = (next_ + 1) % attempts_.size();
    count_ = std::min(count_ + 1, attempts_.size());
    return true;
}

}  // namespace keel::connectors::net
