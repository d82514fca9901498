#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace keel::connectors::binance {

// Control messages of a market-stream connection, which takes ten a second at most; the answer repeats
// `id`. Stream names that do not exist are accepted in silence, so an answer proves nothing.
[[nodiscard]] std::string encode_subscribe(std::span<const std::string> streams, std::uint64_t id);
[[nodiscard]] std::string encode_unsubscribe(std::span<const std::string> streams, std::uint64_t id);

}  // namespace keel::connectors::binance
