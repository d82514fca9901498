#pragma once

#include <string>
#include <string_view>

#include "connectors/binance_usdm/config.hpp"

namespace keel::connectors::binance {

// The connections between which the venue splits its streams.
enum class Route : std::uint8_t { all, order_flow, market };

// Upgrade target of a combined-stream connection, e.g. "/public/stream"; subscriptions follow as messages.
[[nodiscard]] std::string stream_path(Route route);

// The route that carries a stream, named without its symbol ("depth@100ms").
[[nodiscard]] Route route_of(std::string_view stream);

// "btcusdt@depth@100ms": the venue's stream names are in lower case.
[[nodiscard]] std::string stream_name(std::string_view symbol, std::string_view stream);

// REST targets, with their request weight beside.
[[nodiscard]] std::string exchange_info_target(ContractFamily family);
[[nodiscard]] std::string depth_target(ContractFamily family, std::string_view symbol, std::uint32_t levels);
[[nodiscard]] double depth_weight(std::uint32_t levels);

// RFC 3986 §2.3: everything but unreserved characters becomes %XX. Symbols may hold UTF-8.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace keel::connectors::binance
