#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/core/result.hpp"
#include "simulator/exchange/listing.hpp"

namespace keel::simulator {

// A contract as its venue name spells it: "BTC-25DEC26" or "BTC-25DEC26-100000-C".
struct ContractName {
    Currency base{Currency::btc};
    std::chrono::sys_days expiry_day{};
    double strike{0.0};
    OptionType type{OptionType::none};  // none: a future
};
// nullopt for anything else, e.g. perpetuals, other coins, "SYN.BTC-16JAN26".
[[nodiscard]] std::optional<ContractName> parse_contract_name(std::string_view name);

// "2025-12-30T17:31:15.944181+00:00" (UTC only). Error: malformed_message.
Result<UnixNanos> parse_iso_time(std::string_view text);

// One option of one snapshot; prices in coin, 0: no quote.
struct ChainRow {
    std::uint32_t contract{0};  // slot in ChainHistory::contracts
    double bid{0.0};
    double ask{0.0};
    double mark{0.0};
    double iv_ratio{0.0};
    double underlying_usd{0.0};
};

struct FutureRow {
    std::uint32_t contract{0};
    double mark_usd{0.0};
};

// The whole venue at one recorded moment.
struct ChainSnapshot {
    UnixNanos time{};
    std::array<double, 2> index_usd{};      // BTC, ETH; median over the rows, which were read within seconds
    std::array<double, 2> perpetual_usd{};  // the index where no perpetual was recorded
    std::vector<ChainRow> options;
    std::vector<FutureRow> futures;  // marks that the options of their expiry name as underlying
};

struct ChainHistory {
    std::vector<ContractName> contracts;
    std::vector<ChainSnapshot> snapshots;  // in order of time
};

// Reads chain_snapshots_*.csv.zst of `folder`, and chain_perpetual_futures_prices.csv.zst where present,
// within [from, until] (0: open). Errors: file_unreadable (no file, or none decodes), malformed_message
// with the line, config_invalid (nothing in the span).
Result<ChainHistory> read_chains(const std::filesystem::path& folder, UnixNanos from, UnixNanos until);

}  // namespace keel::simulator
