#pragma once

#include <string>
#include <string_view>

#include "connectors/binance_usdm/config.hpp"
#include "connectors/net/rest_client.hpp"
#include "engine/core/instrument_table.hpp"
#include "engine/core/result.hpp"

namespace keel::connectors::binance {

// Adds the contracts of an exchangeInfo body (followed by kPaddingBytes readable bytes) that
// `config.symbols` names, or all where it is empty. The grid is that of the filters PRICE_FILTER and LOT_SIZE; the
// precisions beside them are not grids. Returns how many were added. Errors: malformed_message, number_out_of_range,
// table_full, unknown_instrument (a symbol that the venue does not list).
Result<std::size_t> read_exchange_info(std::string_view body, const Config& config, InstrumentTable& table);

// Adds what the configuration describes. Errors: table_full, config_invalid.
Result<std::size_t> define_instruments(const Config& config, InstrumentTable& table);

// The configuration's definitions, or else the venue's exchangeInfo. Blocks; for start-up. Errors: as
// above, those of RestClient::call, and http_status.
Result<std::size_t> load_instruments(const Config& config, net::TlsContext context, InstrumentTable& table);

}  // namespace keel::connectors::binance
