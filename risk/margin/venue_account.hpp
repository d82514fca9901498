#pragma once

#include <cstdint>
#include <span>

#include "risk/book/market_state.hpp"
#include "risk/margin/bybit_margin.hpp"
#include "risk/margin/deribit_portfolio.hpp"
#include "risk/margin/deribit_standard.hpp"
#include "risk/margin/tiered_margin.hpp"

namespace keel::risk {

// By which rules a venue account is margined. none: not modelled.
// okx_cross: the Futures and multi-currency modes.
enum class MarginLaw : std::uint8_t {
    none,
    deribit_standard,
    deribit_portfolio,
    binance_tiers,
    bybit_cross,
    okx_cross
};

[[nodiscard]] constexpr bool is_tiered(MarginLaw law) {
    return law == MarginLaw::binance_tiers || law == MarginLaw::bybit_cross || law == MarginLaw::okx_cross;
}

// The tables of one venue account, by contract; a law reads its own only. A holding that a span does not reach, or has
// no table there (null), makes the answer bad_input.
struct VenueMarginModel {
    MarginLaw law{MarginLaw::none};
    std::span<const DeribitFutureMargin* const> futures{};
    std::span<const DeribitOptionMargin* const> options{};
    std::span<const DeribitMatrixParameters* const> matrices{};  // the contracts of one pair share theirs
    DeribitPortfolioParameters portfolio{};
    std::span<const TierTable* const> tiers{};  // of futures; marginal: notional in settlement currency
    BybitOptionMargin bybit_option{};
    double leverage{0.0};        // of tiers: the account's setting
    double taker_fee_rate{0.0};  // Bybit, OKX
};

// A venue's account within the whole book.
struct VenueAccount {
    const Book& book;
    const MarketState& market;
    VenueSlot venue{VenueSlot::none};
    const VenueMarginModel& model;
};

[[nodiscard]] constexpr bool is_margined(ContractKind kind) { return !is_cash(kind) && kind != ContractKind::spot; }

// In which currency a contract is margined.
[[nodiscard]] constexpr Payoff payoff_of(const Contract& contract) {
    return settles_in_coin(contract.kind) ? Payoff::inverse : Payoff::linear;
}

// The move of an underlying; none where the shock does not reach it.
[[nodiscard]] inline UnderlyingShock shock_of(const Shock& shock, UnderlyingSlot underlying) {
    const auto slot = static_cast<std::size_t>(underlying);
    return slot < shock.underlyings.size() ? shock.underlyings[slot] : UnderlyingShock{};
}

// USD per unit of what a contract settles in; NaN where it has no price.
[[nodiscard]] double settlement_rate(const Contract& contract, const MarketState& market, const Shock& shock);

// What the world multiplies the volatilities of an expiry by.
[[nodiscard]] double volatility_factor(const ExpiryMarket& expiry, const MarketState& market, const Shock& shock);

// Years that an expiry has left in the world; 0 once it has passed.
[[nodiscard]] double years_left(const ExpiryMarket& expiry, const MarketState& market, const Shock& shock);

// A contract's table; null where there is none.
template <class Table>
[[nodiscard]] const Table* table_at(std::span<const Table* const> tables, std::size_t contract) {
    return contract < tables.size() ? tables[contract] : nullptr;
}

}  // namespace keel::risk
