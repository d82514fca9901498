#pragma once

#include <chrono>

namespace keel::connectors::net {

// Monotonic time of this host; deadlines and budgets are measured in it whatever day the venue lives in.
using Monotonic = std::chrono::steady_clock::time_point;

// A token bucket that mirrors one pool of a venue. Ordinary requests may not touch the last
// `reserve_ratio` of it: that part belongs to cancels.
// Thread: one. Allocates: never.
class RateLimiter {
public:
    struct Budget {
        double tokens_max{1.0};
        double tokens_per_s{1.0};
        double reserve_ratio{0.2};  // of tokens_max
    };
    RateLimiter(Budget budget, Monotonic now) : budget_{budget}, tokens_{budget.tokens_max}, updated_{now} {}

    // Takes `cost` tokens, or none and answers false.
    [[nodiscard]] bool take(double cost, Monotonic now);
    // The same for cancels, down to the last token.
    [[nodiscard]] bool take_reserved(double cost, Monotonic now);
    // The venue says that its pool is empty: so is ours.
    void drain(Monotonic now);
    // The account's real numbers, once they are known.
    void set_budget(Budget budget, Monotonic now);
    [[nodiscard]] double tokens(Monotonic now);

private:
    void refill(Monotonic now);
    Budget budget_;
    double tokens_;
    Monotonic updated_;
};

}  // namespace keel::connectors::net
