#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "engine/core/instrument.hpp"
#include "risk/book/contract.hpp"

namespace keel::app {

// What the name of a contract says, in Deribit's style: BTC-PERPETUAL, BTC-27MAR26, BTC-27MAR26-70000-C,
// BTC_USDC-PERPETUAL, SOL_USDC-27MAR26-150-P, XRP_USDC-27MAR26-0d65-C (d is the decimal point), BTC_USDC (spot).
// Without a second currency the contract settles in its coin.
struct ContractName {
    risk::ContractKind kind{risk::ContractKind::linear_future};
    std::string underlying;
    std::string stable;  // empty: settles in coin
    UnixNanos expiry{};  // 08:00 UTC of the day; 0: never
    double strike{0.0};  // of a share in a pool: the lower end of its range, 0 where it has none
    double upper{std::numeric_limits<double>::infinity()};
    OptionType type{OptionType::none};
};

// nullopt: not such a name.
[[nodiscard]] std::optional<ContractName> parse_contract_name(std::string_view name);

// Whether such a number of milliseconds since 1970 is of the years 2009 to 2100, when such prices are.
[[nodiscard]] bool is_market_time(double ms);

// "2026-03-27T08:00:00Z", "2026-03-27" (midnight UTC), or "27MAR26" (08:00 UTC). nullopt: none of these, or not from
// 2009 to 2100.
[[nodiscard]] std::optional<UnixNanos> parse_time(std::string_view text);

// 27MAR26; 1JAN26. nullopt: no such day.
[[nodiscard]] std::optional<UnixNanos> parse_expiry_day(std::string_view text);

}  // namespace keel::app
