#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "engine/core/instrument.hpp"
#include "risk/portfolio/contract_pnl.hpp"

namespace keel::risk {

// Places in the tables of a MarketState.
enum class UnderlyingSlot : std::uint16_t { none = 0xffff };
enum class ExpirySlot : std::uint16_t { none = 0xffff };
enum class StableSlot : std::uint16_t { none = 0xffff };
enum class VenueSlot : std::uint16_t { none = 0xffff };
enum class ContractSlot : std::uint32_t { none = 0xffffffff };

// The index of a slot in its table.
template <class Slot>
[[nodiscard]] constexpr std::size_t at(Slot slot) {
    return static_cast<std::size_t>(slot);
}

// How a holding is valued. A perpetual is a future without an expiry. Cash is a holding like any other, so
// that a venue's equity is the sum over its rows.
enum class ContractKind : std::uint8_t {
    coin_cash,       // quantity in coin
    stable_cash,     // quantity in a dollar or a stablecoin
    spot,            // coin bought for stablecoins: profit q m (P - entry)
    linear_future,   // stablecoin: q m (P - entry)
    inverse_future,  // coin: q c (1/entry - 1/P)
    linear_option,   // stablecoin: q m V(F)
    inverse_option,  // coin: q m V(F)/F
    liquidity,       // stablecoin: q m V(P) of a share in an automated market maker's pool
};

[[nodiscard]] constexpr bool is_option(ContractKind kind) {
    return kind == ContractKind::linear_option || kind == ContractKind::inverse_option;
}
[[nodiscard]] constexpr bool is_cash(ContractKind kind) {
    return kind == ContractKind::coin_cash || kind == ContractKind::stable_cash;
}
// Its value is a straight line in the price, or in one over the price where it settles in coin: neither an option nor a
// share in a pool.
[[nodiscard]] constexpr bool is_linear(ContractKind kind) {
    return !is_option(kind) && kind != ContractKind::liquidity;
}
// Its value belongs to the coin ledger; every other kind's to the ledger of its stablecoin.
[[nodiscard]] constexpr bool settles_in_coin(ContractKind kind) {
    return kind == ContractKind::coin_cash || kind == ContractKind::inverse_future ||
           kind == ContractKind::inverse_option;
}

// What is held of a contract is a `Holding` (risk/portfolio/contract_pnl.hpp): signed contracts and the average
// entry of futures and spot. The premium of an option and the price of a share in a pool were paid in cash.

// What the risk formulas need of a contract, at one venue. The same contract at two venues is two rows.
struct Contract {
    ContractKind kind{ContractKind::linear_future};
    OptionType type{OptionType::none};
    UnderlyingSlot underlying{UnderlyingSlot::none};  // none: stable_cash
    ExpirySlot expiry{ExpirySlot::none};              // none: perpetual, spot, cash
    StableSlot stable{StableSlot::none};              // none where it settles in coin
    VenueSlot venue{VenueSlot::none};
    double multiplier{1.0};  // coin per contract; USD of face for inverse futures
    double strike{0.0};      // USD per coin; options. Liquidity: lower end of the range, 0 = none
    double upper{std::numeric_limits<double>::infinity()};  // liquidity: upper end of the range
    double margin_rate{0.0};                                // of |notional|; the linear part of a margin rule
};

// A future without an expiry: the one contract that pays and is paid funding, and that has a basis of its own.
[[nodiscard]] constexpr bool is_perpetual(const Contract& contract) {
    const bool future = contract.kind == ContractKind::linear_future || contract.kind == ContractKind::inverse_future;
    return future && contract.expiry == ExpirySlot::none;
}

inline constexpr double kStrikeMin = 1e-9;  // USD per coin: what prices may be (BookRules)
inline constexpr double kStrikeMax = 1e9;

// Why a contract cannot be taken into a book; nullptr: nothing. Whoever reads contracts from outside asks first.
[[nodiscard]] constexpr const char* contract_problem(const Contract& contract) {
    if (is_option(contract.kind) && !(contract.strike >= kStrikeMin && contract.strike <= kStrikeMax)) {
        return "its strike is not between 1e-9 and 1e9 USD per coin";
    }
    if (contract.kind == ContractKind::liquidity && !(contract.strike >= 0.0 && contract.upper > contract.strike)) {
        return "its prices are no range: the lower end is not below the upper";
    }
    return nullptr;
}

// What the venue or the surface last said of a contract.
struct ContractQuote {
    double mark{std::numeric_limits<double>::quiet_NaN()};  // USD per coin; all but options and cash
    // Of the index, fraction per sqrt(year); options. What a venue quotes is this over index_volatility_ratio()
    // (expiring_option.hpp) where delivery is on an average, and moves with the clock against it.
    double volatility{std::numeric_limits<double>::quiet_NaN()};
};

}  // namespace keel::risk
