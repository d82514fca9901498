#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "risk/margin/margin_amount.hpp"

namespace keel::risk {

inline constexpr std::size_t kTiersMax = 32;  // the longest table seen has 12

// One step of a venue's bracket table. A notional of exactly `notional_max` belongs to this tier.
struct MarginTier {
    double notional_max{0.0};
    double maintenance_rate{0.0};
    double deduction{0.0};     // the venue's `cum`; NaN: not published, computed
    double leverage_max{0.0};  // 0: not published
};

// What is wrong with a table.
enum class TierProblem : std::uint8_t { none, size, caps_not_ascending, rate_invalid, rate_falls, deduction_differs };

// maintenance = notional * rate - deduction, continuous at the edges because
// deduction_n = deduction_{n-1} + floor_n * (rate_n - rate_{n-1}). Binance `leverageBracket` (cum) and
// Bybit `risk-limit` (mmDeduction) share the law. Source: Binance, "Liquidation price" FAQ.
// Thread: any. Allocates: never.
class TierTable {
public:
    // Takes the tiers in ascending order of notional. Deductions are computed; where the venue's own
    // differ by more than `tolerance` (relative, at least one unit of the currency) the table is refused
    // and stays as it was.
    [[nodiscard]] TierProblem assign(std::span<const MarginTier> tiers, double tolerance);

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] const MarginTier& tier(std::size_t index) const;
    [[nodiscard]] double notional_floor(std::size_t index) const;
    // The tier of an unsigned notional; beyond the last cap, the last.
    [[nodiscard]] std::size_t index_of(double notional) const;

private:
    std::array<MarginTier, kTiersMax> tiers_{};
    std::size_t size_{0};
};

// Deduction of the tier that starts at `notional_floor`.
[[nodiscard]] double next_deduction(double deduction_before, double notional_floor, double rate_before, double rate);

// One cross position. `leverage` is the user's setting; the tier's own maximum caps it.
struct TieredPosition {
    const TierTable* tiers{nullptr};
    double notional{0.0};  // signed or not, at mark, settlement currency
    double leverage{0.0};
};

// initial = notional / leverage, maintenance = notional * rate - deduction.
// Errors: bad_input on a notional or leverage that is not finite, a leverage below 1, an empty table.
[[nodiscard]] MarginAmount tiered_margin(const TieredPosition& position);

// The sum over the cross positions of one account.
[[nodiscard]] MarginAmount tiered_cross_margin(std::span<const TieredPosition> positions);

}  // namespace keel::risk
