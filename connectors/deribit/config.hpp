#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace keel::connectors::deribit {

enum class OrderTransport : std::uint8_t { websocket, rest };

// How to reach Deribit and what to listen to. Names in the lists may end in '*' ("BTC-*"), which means
// every instrument of the table whose name begins so.
struct Config {
    std::string host{"test.deribit.com"};
    std::uint16_t port{443};
    std::string server_name;  // name in the certificate, where it differs from `host`
    std::string ca_file;      // PEM; empty: the system's roots

    std::vector<std::string> currencies{"BTC", "ETH"};  // whose instruments are loaded; "any" for all
    std::vector<std::string> books;                     // incremental books
    std::vector<std::string> trades;
    std::vector<std::string> tickers;
    std::vector<std::string> quotes;
    std::vector<std::string> price_indices{"btc_usd", "eth_usd"};
    std::vector<std::string> volatility_indices;
    std::vector<std::string> mark_indices;  // markprice.options.{index}
    std::string interval{"100ms"};          // raw (needs credentials), 100ms or agg2

    OrderTransport order_transport{OrderTransport::websocket};
    double matching_per_s{10.0};  // order messages that we allow ourselves; the account may grant fewer
    double matching_burst{20.0};
    double cancel_reserve_ratio{0.3};  // of the burst: the gate keeps it for cancels
    double subscribe_per_s{3.0};  // subscription calls, of up to 400 channels each
    double subscribe_burst{10.0};
    std::chrono::seconds heartbeat{10};  // the venue's minimum
    std::chrono::nanoseconds connect_deadline{std::chrono::seconds{10}};
    std::chrono::nanoseconds silence_max{std::chrono::seconds{25}};  // two heartbeats and a half
    std::chrono::nanoseconds answer_deadline{std::chrono::seconds{5}};
    std::chrono::nanoseconds backoff_first{std::chrono::milliseconds{100}};
    std::chrono::nanoseconds backoff_cap{std::chrono::seconds{30}};
    std::uint64_t seed{0};  // of the reconnect waits; 0: drawn from the system, so that processes differ
};

}  // namespace keel::connectors::deribit
