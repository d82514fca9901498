#include "connectors/net/rate_limiter.hpp"

#include <algorithm>

namespace keel::connectors::net {

void RateLimiter::refill(Monotonic now) {
    if (now <= updated_) return;
    const std::chrono::duration<double> elapsed = now - updated_;
    tokens_ = std::min(budget_.tokens_max, tokens_ + elapsed.count() * budget_.tokens_per_s);
    updated_ = now;
}

bool RateLimiter::take(double cost, Monotonic now) {
    refill(now);
    if (tokens_ - cost < budget_.tokens_max * budget_.reserve_ratio) return false;
    tokens_ -= cost;
    return true;
}

bool RateLimiter::take_reserved(double cost, Monotonic now) {
    refill(now);
    if (tokens_ < cost) return false;
    tokens_ -= cost;
    return true;
}

void RateLimiter::drain(Monotonic now) {
    refill(now);
    tokens_ = 0.0;
}

void RateLimiter::set_budget(Budget budget, Monotonic now) {
    refill(now);
    budget_ = budget;
    tokens_ = std::min(tokens_, budget.tokens_max);
}

double RateLimiter::tokens(Monotonic now) {
    refill(now);
    return tokens_;
}

}  // namespace keel::connectors::net
