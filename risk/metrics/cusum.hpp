#pragma once

#include <cstdint>

#include "engine/journal/state_hash.hpp"
#include "risk/metrics/observation.hpp"

namespace keel::risk {

struct CusumConfig {
    double drift{0.5};  // k: what a step may exceed the mean by without counting, in standard deviations
    double level{5.0};  // h: where the sum alarms; k 0.5 and h 5 alarm about once in 465 normal steps, h 4 in 168
};

enum class CusumAlarm : std::uint8_t { none, up, down };

struct CusumResult {
    Observation observation{Observation::taken};
    CusumAlarm alarm{CusumAlarm::none};
    double statistic{0.0};  // the sum that alarmed, before the reset; 0 without an alarm
};

// Two-sided cumulative sum (Page 1954): S+ = max(0, S+ + x - k), S- = max(0, S- - x - k); an alarm above h sets
// both back to zero. On squared returns over their forecast it tells a change of the volatility regime.
// Crypto returns have heavy tails: set h on a replay so that it alarms at most once a day.
// Thread: core. Allocates: never.
class Cusum {
public:
    explicit Cusum(const CusumConfig& config);

    // One standardised value.
    CusumResult on_value(double value);
    // x = (r^2 / v - 1) / sqrt(2), where v is the variance per step that was forecast before r. A forecast too
    // small to divide by is refused.
    CusumResult on_return(double log_return, double variance_forecast);

    [[nodiscard]] double up() const { return up_; }
    [[nodiscard]] double down() const { return down_; }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }
    void hash_into(StateHash& hash) const;

private:
    CusumResult refuse(Observation why);

    CusumConfig config_;
    double up_{0.0};
    double down_{0.0};
    std::uint64_t refused_{0};
};

}  // namespace keel::risk
