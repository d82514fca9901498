#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/core/time.hpp"

namespace keel::risk {

// Best level of each side at one moment, price units and quantity.
struct QuotePair {
    double bid_price{0.0};
    double bid_quantity{0.0};
    double ask_price{0.0};
    double ask_quantity{0.0};
};

// Contribution of one change of the top to order-flow imbalance (Cont, Kukanov and Stoikov 2014, eq. 3).
[[nodiscard]] double order_flow_event(const QuotePair& before, const QuotePair& after);

// Order-flow imbalance over the last 100 ms, 1 s and 10 s, in units of quantity: sums over rings of one
// hundred slots per window, so that a top costs O(1) and time passing at most one sweep of a ring. A gap, a
// one-sided or crossed top starts over and says so.
// Thread: core. Allocates: never.
class OrderFlowImbalance {
public:
    static constexpr std::array<std::int64_t, 3> kWindowsNs{100'000'000, 1'000'000'000, 10'000'000'000};

    void on_top(UnixNanos time, const QuotePair& top);
    void on_gap();
    // Sum of events in window `i` of kWindowsNs, to the hundredth part of the window, up to the last time seen.
    [[nodiscard]] double sum(std::size_t window) const { return windows_[window].sum; }
    [[nodiscard]] bool valid() const { return has_last_; }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }

private:
    static constexpr std::size_t kSlots = 100;
    struct Window {
        std::array<double, kSlots> slots{};
        std::int64_t head{0};  // number of the slot that is being filled
        double sum{0.0};
    };
    void advance(std::size_t window, UnixNanos time);

    std::array<Window, kWindowsNs.size()> windows_{};
    QuotePair last_{};
    bool has_last_{false};
    UnixNanos now_{};
    std::uint64_t refused_{0};
};

// Volume-synchronised probability of informed trading (Easley, Lopez de Prado and O'Hara 2012) with trade
// signs from the venue: mean of |buys - sells| / V over the last n buckets of V traded each. A trade that
// overfills a bucket goes on in the next.
// Thread: core. Allocates: at construction only.
class Vpin {
public:
    // Takes positive sizes; the window holds at most kBucketsMax buckets.
    static constexpr std::size_t kBucketsMax = 512;
    Vpin(double bucket_volume, std::size_t buckets);

    // sign > 0: the buyer took.
    void on_trade(double quantity, int sign);
    [[nodiscard]] double value() const;  // NaN until the first window is full
    [[nodiscard]] bool warm() const { return filled_ == imbalances_.size(); }
    // Buckets completed since construction.
    [[nodiscard]] std::uint64_t completed() const { return completed_; }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }

private:
    double bucket_volume_;
    std::vector<double> imbalances_;  // |buys - sells| of the last buckets, a ring
    std::size_t next_{0};
    std::size_t filled_{0};
    double buys_{0.0};
    double sells_{0.0};
    std::uint64_t completed_{0};
    std::uint64_t refused_{0};
};

// Stoikov's (2018) micro-price: the expected mid after many changes, given the state of the top (imbalance
// class by spread class). `transitions_calm` (n x n): probability of moving between states without a mid
// change; `transitions_jump` (n x m): of a mid change of each of `mid_changes` (m); `transitions_after` (n x n):
// state after a mid change, times its probability. Solves G1 = (I-Q)^-1 R K, B = (I-Q)^-1 T,
// G = (I-B)^-1 G1. Empty on a singular system or sizes that disagree.
// Allocates: yes; estimated at rest, looked up live.
[[nodiscard]] std::vector<double> microprice_adjustments(std::span<const double> transitions_calm,
                                                         std::span<const double> transitions_jump,
                                                         std::span<const double> mid_changes,
                                                         std::span<const double> transitions_after);

}  // namespace keel::risk
