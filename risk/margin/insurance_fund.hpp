#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "engine/core/instrument.hpp"
#include "engine/core/time.hpp"

namespace keel::risk {

// What makes a venue suspect. Bits.
enum VenueAlarm : std::uint8_t {
    kVenueCalm = 0,
    kVenueFundHour = 1,       // the fund fell too far within an hour
    kVenueFundDay = 2,        // or within a day
    kVenueBankruptcyGap = 4,  // liquidations filled beyond the bankruptcy price: the fund pays
    kVenueFundUnknown = 8,    // no balance, or none for too long; says nothing of the fund itself
};

struct InsuranceFundParameters {
    double drop_hour_ratio_max{0.0};       // 0.05
    double drop_day_ratio_max{0.0};        // 0.10
    double bankruptcy_gap_ratio_max{0.0};  // mean loss of a fill beyond bankruptcy, relative to that price
    std::chrono::nanoseconds balance_age_max{};
};

// Watches one insurance fund: how far its balance is below the highest of the last hour and day, and
// whether liquidation fills are worse than the bankruptcy price (then the fund pays the difference).
// Maxima are kept per slot of one minute and of half an hour, so a window is at most one slot longer than
// its name and never shorter.
// Thread: core. Allocates: never.
class InsuranceFundWatch {
public:
    explicit InsuranceFundWatch(const InsuranceFundParameters& parameters) : parameters_{parameters} {}

    // Not finite or negative: ignored and counted. Older than the last: ignored.
    void on_balance(double balance, UnixNanos now);
    // A liquidation order of `side` (ask closes a long) filled at `fill` against its bankruptcy price.
    // Gaps decay with a half-life of an hour, weighted by quantity.
    void on_liquidation(Side side, double quantity, double bankruptcy, double fill, UnixNanos now);

    [[nodiscard]] double drop_hour_ratio(UnixNanos now) const;
    [[nodiscard]] double drop_day_ratio(UnixNanos now) const;
    // Quantity-weighted mean of how far fills were beyond bankruptcy, 0 where they were better.
    [[nodiscard]] double bankruptcy_gap_ratio(UnixNanos now) const;
    // Bits of VenueAlarm. Anything but calm and unknown alone is the VENUE_STRESS input of the triggers.
    [[nodiscard]] std::uint8_t stress(UnixNanos now) const;
    [[nodiscard]] std::uint64_t refused() const { return refused_; }

private:
    static constexpr std::size_t kHourSlots = 61;  // a minute each, one more than the hour has
    static constexpr std::size_t kDaySlots = 49;   // half an hour each
    template <std::size_t N>
    struct Window {
        std::array<double, N> highest{};
        std::array<std::int64_t, N> slot{};  // number of the slot that `highest` belongs to
        void take(double value, std::int64_t number);
        [[nodiscard]] double max(std::int64_t number) const;
    };

    InsuranceFundParameters parameters_;
    Window<kHourSlots> hour_{};
    Window<kDaySlots> day_{};
    double balance_{0.0};
    UnixNanos balance_time_{};
    bool has_balance_{false};
    double gap_sum_{0.0};  // ratio * quantity, decayed
    double gap_quantity_{0.0};
    UnixNanos gap_time_{};
    std::uint64_t refused_{0};
};

}  // namespace keel::risk
