#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "connectors/net/endpoint.hpp"
#include "engine/core/clock.hpp"
#include "engine/core/decimal.hpp"
#include "engine/core/ids.hpp"
#include "engine/core/instrument.hpp"

namespace keel::connectors::binance {

// Which of the two futures venues: linear contracts margined in a stable coin (fapi, fstream), or
// inverse contracts of a fixed USD face margined in the coin (dapi, dstream).
enum class ContractFamily : std::uint8_t { usdm, coinm };

[[nodiscard]] constexpr VenueId venue_of(ContractFamily family) {
    return family == ContractFamily::usdm ? VenueId::binance_usdm : VenueId::binance_coinm;
}

// Levels that one side of a book may hold. The depth stream names levels beyond the snapshot's 1000 as
// they change, and five minutes of BTCUSDT leave 5,018.
inline constexpr std::size_t kBookLevelsMax = 16'384;

// Streams that one connection may carry (the venue's own bound).
inline constexpr std::size_t kStreamsMax = 1024;

// A contract as the configuration describes it, for venues that serve no reference data: most
// recordings. `contract_size` is USD per contract (coinm); linear contracts leave it at 1.
struct InstrumentDefinition {
    std::string symbol;        // "BTCUSDT", "BTCUSD_PERP"
    std::string base;          // "BTC"
    std::string quote;         // "USDT", "USD"
    std::string settlement;    // "USDT", "BTC"
    Decimal tick{1, -2};       // finest grid on which its prices are seen
    Decimal order_tick{0, 0};  // coarser grid that new orders keep to; 0: `tick`
    Decimal lot{1, 0};
    double contract_size{1.0};
    InstrumentKind kind{InstrumentKind::perpetual};
    UnixNanos expiry{};
};

// What trading costs, as fractions of the notional. The defaults are the venue's ordinary account.
struct Fees {
    double taker_ratio{0.0005};
    double maker_ratio{0.0002};
};

// One public market-data link.
struct Config {
    ContractFamily family{ContractFamily::usdm};
    net::Endpoint stream;  // its path is made from `routed`
    net::Endpoint rest;
    std::string ca_file;  // PEM roots; empty: the system's store
    std::vector<std::string> symbols;
    // What is subscribed for each symbol. One of them must begin with "depth" for a book to be kept.
    std::vector<std::string> streams{"depth@100ms", "bookTicker", "aggTrade", "markPrice@1s"};
    // Used instead of exchangeInfo where it is not empty.
    std::vector<InstrumentDefinition> instruments;
    // The venue's routed paths: order flow on /public, the rest on /market, a connection each. Recorded
    // venues and coinm serve every stream on one unrouted connection.
    bool routed{true};
    bool reconnect{true};  // false: the link ends with its connection, as a recording does
    std::uint32_t snapshot_levels{1000};
    std::uint32_t request_weight_per_minute{2400};
    std::chrono::nanoseconds snapshot_deadline{std::chrono::seconds{30}};
    // Longest silence of a stream connection; the venue pings every three minutes.
    std::chrono::nanoseconds read_deadline{std::chrono::minutes{4}};
    Fees fees{};
    EdgeClock::Source clock{EdgeClock::Source::host};
};

// The production hosts of a family.
[[nodiscard]] Config production_config(ContractFamily family);

}  // namespace keel::connectors::binance
