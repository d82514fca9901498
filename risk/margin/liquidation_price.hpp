#pragma once

#include <cstddef>
#include <cstdint>

#include "risk/margin/tiered_margin.hpp"

namespace keel::risk {

// none: no positive price liquidates this position (a short covered by coin, a long with cash enough).
enum class LiquidationStatus : std::uint8_t { found, none, bad_input };

// `price` at which equity meets maintenance. Where the status is none it is 0 for a long and infinity for
// a short; on bad_input it is 0 and means nothing.
struct LiquidationPrice {
    double price{0.0};
    LiquidationStatus status{LiquidationStatus::bad_input};
    std::size_t tier{0};           // that holds at the price; 0 where no table was used
    double bankruptcy_price{0.0};  // equity is zero there; Bybit's cross form only
};

// One position of a cross account, everything else held still. Amounts in settlement currency; the
// others' maintenance and unrealised profit are those of the other cross positions.
struct CrossPosition {
    double wallet{0.0};
    double maintenance_other{0.0};
    double unrealised_other{0.0};
    double amount{0.0};  // signed: coins (linear), USD face q*c (inverse)
    double entry{0.0};   // average entry price
};

// Linear: LP = (WB - TMM + UPNL + cum - side q EP) / (q rate - side q). Source: Binance, "How to
// calculate liquidation price of USD-M futures". The tier is the one of the notional AT the price; with
// ascending rates below 1 at most one is consistent. Under TierRule::whole it is the one of the amount, at any price.
// The second form takes a fixed tier.
// Thread: any. Allocates: never.
[[nodiscard]] LiquidationPrice cross_linear_liquidation(const CrossPosition& position, const TierTable& tiers);
[[nodiscard]] LiquidationPrice cross_linear_liquidation(const CrossPosition& position, double rate, double deduction);

// Inverse: LP = q c (rate + side) / (WB - TMM + UPNL + cum + side q c / EP), amounts in coin; tiers are
// of the notional in coin.
[[nodiscard]] LiquidationPrice cross_inverse_liquidation(const CrossPosition& position, const TierTable& tiers);
[[nodiscard]] LiquidationPrice cross_inverse_liquidation(const CrossPosition& position, double rate, double deduction);

// A position with its own margin (Bybit isolated). Fees are left out, as in the venue's examples.
struct IsolatedPosition {
    double amount{0.0};  // signed: coins (linear), USD face (inverse)
    double entry{0.0};
    double initial{0.0};      // margin put up, extra margin included, settlement currency
    double maintenance{0.0};  // settlement currency
};

// Linear: entry -/+ (IM - MM) / amount. Inverse: Q / (Q/EP +/- (IM - MM)). Source: Bybit help centre,
// "Liquidation Price (USDT Contract)" and "Liquidation Price under Isolated Mode (UTA)".
[[nodiscard]] LiquidationPrice isolated_linear_liquidation(const IsolatedPosition& position);
[[nodiscard]] LiquidationPrice isolated_inverse_liquidation(const IsolatedPosition& position);

// Bybit, inverse contract in cross mode: the maintenance margin stands at entry value, and the closing
// fee is that of the bankruptcy price. Long: BK = Q (1+fee) / (Q/EP + balance),
// LP = Q / (Q/EP + balance - mmr Q/EP - fee Q/BK); a short mirrors the signs (its own derivation, not a
// published example). The price is rounded to the tick against the holder: up for a long.
// Source: Bybit help centre, "How to calculate Liquidation Price (Inverse Contract)".
struct BybitCrossInverse {
    double balance{0.0};  // coin
    double amount{0.0};   // signed USD
    double entry{0.0};
    double maintenance_rate{0.0};
    double taker_fee_rate{0.0};
    double tick{0.0};  // 0: not rounded
};
[[nodiscard]] LiquidationPrice bybit_cross_inverse_liquidation(const BybitCrossInverse& position);

}  // namespace keel::risk
