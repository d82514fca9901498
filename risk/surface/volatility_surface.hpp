#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "risk/surface/surface_expiry.hpp"
#include "risk/surface/surface_point.hpp"

namespace keel::risk {

// Implied volatilities of one underlying for any strike and maturity. Quotes come in one at a time; each moves the
// slice of its expiry by O(9) arithmetic, and evaluate() fits anew what is due. What can be read is free of butterflies
// in each expiry and of calendar arbitrage between them (or says `crossed`), linear in total variance at constant
// ln(K/F) between expiries, and never NaN. A moving forward carries the smile along (sticky in k).
// Thread: core. Allocates: at construction only.
class VolatilitySurface {
public:
    static constexpr std::size_t kExpiriesMax = 32;  // Deribit lists about a dozen

    explicit VolatilitySurface(const SurfaceConfig& config = {});

    // One option's market. An expiry is made room for at its first quote; beyond kExpiriesMax the answer is no_room.
    QuoteFlaw on_quote(UnixNanos expiry, const SurfaceQuote& quote, UnixNanos now);
    void on_forward(UnixNanos expiry, double forward, UnixNanos now);
    // Drops expired expiries and old quotes and fits what is due, at most `refits_per_evaluation` and what those drag
    // along. Answers the number of fits.
    std::size_t evaluate(UnixNanos now);

    // Maturity later than now; strike in the forward's price units.
    [[nodiscard]] SurfacePoint at_strike(double strike, UnixNanos maturity, UnixNanos now) const;
    [[nodiscard]] SurfacePoint at_moneyness(double k, UnixNanos maturity, UnixNanos now) const;
    // Linear in ln F between expiries, the nearest one's outside; 0 where none is known.
    [[nodiscard]] double forward(UnixNanos maturity, UnixNanos now) const;

    [[nodiscard]] std::span<const SurfaceExpiry> expiries() const { return expiries_; }  // nearest first
    [[nodiscard]] std::uint64_t fits() const { return fits_; }
    [[nodiscard]] std::uint64_t fits_failed() const { return fits_failed_; }

private:
    struct Neighbours {
        SviParameters near;
        SviParameters far;
        bool has_near{false};
        bool has_far{false};
        [[nodiscard]] const SviParameters* near_or_null() const { return has_near ? &near : nullptr; }
        [[nodiscard]] const SviParameters* far_or_null() const { return has_far ? &far : nullptr; }
    };
    [[nodiscard]] Neighbours neighbours_of(std::size_t at, UnixNanos now) const;
    std::size_t find_or_add(UnixNanos expiry);  // kExpiriesMax: no room
    void drop_expired(UnixNanos now);
    bool refit(std::size_t at, UnixNanos now);
    void lift_later(std::size_t at, UnixNanos now);
    void take_prior(std::size_t at, UnixNanos now);

    SurfaceConfig config_;
    std::vector<SurfaceExpiry> expiries_;
    std::size_t next_{0};  // where evaluate() goes on
    UnixNanos age_check_{};
    std::uint64_t fits_{0};
    std::uint64_t fits_failed_{0};
};

}  // namespace keel::risk
