#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectors/deribit/config.hpp"
#include "connectors/net/endpoint.hpp"
#include "engine/core/instrument_table.hpp"

namespace keel::connectors::deribit {

inline constexpr std::string_view kApiPath = "/api/v2";
inline constexpr std::string_view kWebSocketPath = "/ws/api/v2";

[[nodiscard]] net::Endpoint websocket_endpoint(const Config& config);
[[nodiscard]] net::Endpoint rest_endpoint(const Config& config);

// "/api/v2/public/get_instruments?currency=BTC&expired=false"
[[nodiscard]] std::string instruments_target(std::string_view currency);

// Every public channel that the configuration asks for, with its patterns expanded over the table, in a
// fixed order and without repetitions.
[[nodiscard]] std::vector<std::string> public_channels(const Config& config, const InstrumentTable& table);

// "book.BTC-PERPETUAL.raw"
[[nodiscard]] std::string book_channel(const Config& config, std::string_view instrument);

// The private channels of an order session.
[[nodiscard]] std::vector<std::string> private_channels();

}  // namespace keel::connectors::deribit
