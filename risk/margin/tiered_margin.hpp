#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "risk/margin/margin_amount.hpp"

namespace keel::risk {

inline constexpr std::size_t kTiersMax = 32;  // the longest table seen has 12

// How a table is read. marginal: the notional chooses the tier, and what lies below its floor keeps the lower rates.
// whole: the size chooses it (coins; USD of what settles in coin), and its rate is that of all, a step at the edge.
enum class TierRule : std::uint8_t { marginal, whole };

// One step of a venue's bracket table. A notional, or size, of exactly `cap` belongs to this tier.
struct MarginTier {
    double cap{0.0};
    double maintenance_rate{0.0};
    double deduction{0.0};     // the venue's `cum`; NaN: not published, computed; whole: 0
    double leverage_max{0.0};  // 0: not published
};

// What is wrong with a table.
enum class TierProblem : std::uint8_t { none, size, caps_not_ascending, rate_invalid, rate_falls, deduction_differs };

// maintenance = notional * rate - deduction, continuous at the edges because
// deduction_n = deduction_{n-1} + floor_n * (rate_n - rate_{n-1}). Binance `leverageBracket` (cum) and
// Bybit `risk-limit` (mmDeduction) share the law. Source: Binance, "Liquidation price" FAQ. Under TierRule::whole
// there is no deduction: OKX `public/position-tiers`.
// Thread: any. Allocates: never.
class TierTable {
public:
    // Takes the tiers in ascending order of their caps. Deductions are computed; where the venue's own
    // differ by more than `tolerance` (relative, at least one unit of the currency) the table is refused
    // and stays as it was.
    [[nodiscard]] TierProblem assign(std::span<const MarginTier> tiers, double tolerance,
                                     TierRule rule = TierRule::marginal);

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] TierRule rule() const { return rule_; }
    [[nodiscard]] const MarginTier& tier(std::size_t index) const;
    [[nodiscard]] double floor(std::size_t index) const;
    // The tier of an unsigned notional, or size; beyond the last cap, the last.
    [[nodiscard]] std::size_t index_of(double measure) const;

private:
    std::array<MarginTier, kTiersMax> tiers_{};
    std::size_t size_{0};
    TierRule rule_{TierRule::marginal};
};

// Deduction of the tier that starts at `floor`.
[[nodiscard]] double next_deduction(double deduction_before, double floor, double rate_before, double rate);

// One cross position. `leverage` is the user's setting; the tier's own maximum caps it.
struct TieredPosition {
    const TierTable* tiers{nullptr};
    double notional{0.0};  // signed or not, at mark, settlement currency
    double leverage{0.0};
    double size{std::numeric_limits<double>::quiet_NaN()};  // of all that shares the tier; TierRule::whole
};

// initial = notional / leverage, maintenance = notional * rate - deduction.
// Errors: bad_input on a notional, size or leverage that is not finite, a leverage below 1, an empty table.
[[nodiscard]] MarginAmount tiered_margin(const TieredPosition& position);

// The sum over the cross positions of one account.
[[nodiscard]] MarginAmount tiered_cross_margin(std::span<const TieredPosition> positions);

}  // namespace keel::risk
