#pragma once

#include <string>
#include <string_view>

#include "connectors/binance_usdm/config.hpp"
#include "connectors/net/tls_context.hpp"
#include "engine/core/instrument_table.hpp"
#include "engine/core/result.hpp"

namespace keel::connectors::binance {

// Adds the contracts of an exchangeInfo body (followed by kPaddingBytes readable bytes) that
// `config.symbols` names, or all where it is empty. New orders keep to the tick of PRICE_FILTER, but old
// ones stay in the book on the finer grid of pricePrecision, so that is what prices are counted in; the
// lot is LOT_SIZE's step. Returns how many were added. Errors: malformed_message, number_out_of_range,
// quantity_off_lot, config_invalid, table_full, unknown_instrument (a symbol that the venue lacks).
Result<std::size_t> read_exchange_info(std::string_view body, const Config& config, InstrumentTable& table);

// Adds what the configuration describes. Errors: table_full, config_invalid.
Result<std::size_t> define_instruments(const Config& config, InstrumentTable& table);

// The configuration's definitions, or else the venue's exchangeInfo. Blocks; for start-up. Errors: as
// above, those of RestClient::call, and http_status.
Result<std::size_t> load_instruments(const Config& config, net::TlsContext context, InstrumentTable& table);

}  // namespace keel::connectors::binance
