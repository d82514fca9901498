#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "risk/book/market_state.hpp"
#include "risk/margin/margin_amount.hpp"
#include "risk/margin/tiered_margin.hpp"

namespace keel::risk {

// A perpetual or future of a cross account in the Futures or the multi-currency mode.
struct OkxPosition {
    const TierTable* tiers{nullptr};  // TierRule::whole
    double notional{0.0};             // signed or not, at mark, settlement currency
    double size{0.0};                 // of all that shares the tier: TierFamilies
    double leverage{0.0};
    double taker_fee_rate{0.0};
};

// initial = N / L, maintenance = N (rate + taker fee), with the rate of the tier for all of N. The venue's own
// maintenance is without the fee; its margin ratio is equity over both, and so is ours. bad_input as tiered_margin, on
// a fee that is negative or not finite, and on a table of another rule. Source: OKX, position tiers and `mgnRatio` of
// the positions channel.
// Thread: any. Allocates: never.
[[nodiscard]] MarginAmount okx_position_margin(const OkxPosition& position);

// Which contracts share a tier: at one venue, the perpetuals or else the futures that expire, of one coin and
// settlement currency (an instType and instFamily). Long and short add: whether the venue nets them is not published.
// Thread: one writer. Allocates: in add().
class TierFamilies {
public:
    explicit TierFamilies(std::span<const Contract> contracts);  // which outlive this
    // The contract at `row` is one of them, where it is a perpetual or future.
    void add(std::size_t row);

    // What is held of the contract and what shares its tier: coins (linear), USD (inverse). 0 where it was not added.
    // O(those contracts).
    [[nodiscard]] double size(std::size_t row, std::span<const Holding> holdings) const;

private:
    std::span<const Contract> contracts_;
    std::vector<std::vector<std::size_t>> families_;
    std::vector<std::size_t> family_;  // by contract; beyond families_: none
};

}  // namespace keel::risk
