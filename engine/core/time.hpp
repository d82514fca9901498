#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace keel {

// Wall time, nanoseconds since 1970 UTC. A type of its own, so that it cannot be subtracted from a
// cycle stamp or mistaken for a duration.
class UnixNanos {
public:
    constexpr UnixNanos() = default;
    constexpr explicit UnixNanos(std::int64_t ns) : ns_{ns} {}
    [[nodiscard]] constexpr std::int64_t ns() const { return ns_; }
    [[nodiscard]] constexpr std::int64_t ms() const { return ns_ / 1'000'000; }

    friend constexpr auto operator<=>(const UnixNanos&, const UnixNanos&) = default;
    friend constexpr std::chrono::nanoseconds operator-(UnixNanos a, UnixNanos b) {
        return std::chrono::nanoseconds{a.ns_ - b.ns_};
    }
    friend constexpr UnixNanos operator+(UnixNanos a, std::chrono::nanoseconds d) {
        return UnixNanos{a.ns_ + d.count()};
    }

private:
    std::int64_t ns_{0};
};

constexpr UnixNanos unix_nanos_from_ms(std::int64_t ms) { return UnixNanos{ms * 1'000'000}; }

// ACT/365 without leap logic (the venue's own year).
inline constexpr double kYearNs = 365.0 * 86'400e9;

constexpr double years_between(UnixNanos from, UnixNanos to) {
    const auto span_ns = static_cast<double>((to - from).count());
    return span_ns > 0.0 ? span_ns / kYearNs : 0.0;
}

}  // namespace keel
