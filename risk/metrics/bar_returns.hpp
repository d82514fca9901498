#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/core/time.hpp"
#include "engine/journal/state_hash.hpp"
#include "risk/metrics/observation.hpp"

namespace keel::risk {

// Log returns of many factors on one bar clock, by the previous tick. A factor without a price in a bar is not
// live in it and contributes nothing: a zero would pull its variance and every correlation towards zero. Its next
// return spans m bars and is scaled by 1/sqrt(m), so that its variance is of one bar again (correlations of such a
// bar are attenuated, never inflated); beyond `span_max` bars the factor starts anew.
// Thread: core. Allocates: at construction.
class BarReturns {
public:
    static constexpr std::uint32_t kSpanMax = 60;  // bars; ten minutes of 10 s bars

    explicit BarReturns(std::size_t factors, std::uint32_t span_max = kSpanMax);

    // One price of one factor. Refused prices are counted and change nothing.
    Observation on_price(std::size_t factor, double price, UnixNanos time);
    // Ends the bar: fills `returns` and `live` and opens the next. O(factors). Returns how many factors are live.
    std::size_t close_bar();

    // Of the bar that was closed last; 0 where not live.
    [[nodiscard]] std::span<const double> returns() const { return returns_; }
    // 1 live, 0 not.
    [[nodiscard]] std::span<const std::uint8_t> live() const { return live_; }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }
    void hash_into(StateHash& hash) const;

private:
    struct Factor {
        double price{0.0};         // latest; 0 before the first
        double price_closed{0.0};  // at the last bar in which it was live
        UnixNanos time{};
        std::uint32_t span{0};  // bars since then
        bool touched{false};    // priced within the open bar
    };
    double close(Factor& factor);

    std::uint32_t span_max_;
    std::vector<Factor> factors_;
    std::vector<double> returns_;
    std::vector<std::uint8_t> live_;
    std::uint64_t refused_{0};
};

}  // namespace keel::risk
