#pragma once

#include <string>

#include "app/config/toml_document.hpp"
#include "risk/report/report_inputs.hpp"

namespace keel::app {

// Reads a file of margin tables (examples/margin/*.toml). Errors: OutsideError, ConfigError with the line.
[[nodiscard]] TomlValue read_margin_tables(const std::string& path);

// Takes what the document says of the coins and contracts of one venue. Tables of coins go by coin (btc) or pair:
// btc_usd settles in coin, btc_usdc in USDC, and goes before btc; tiers by a contract's own name or, for perpetuals, by
// coin and settlement currency (BTCUSDT; BTCUSD settles in coin). What no table names stays as it was. Errors:
// ConfigError with the line.
void take_margin_tables(const TomlValue& document, const risk::Book& book, risk::VenueSlot venue,
                        risk::VenueMarginTables& out);

}  // namespace keel::app
