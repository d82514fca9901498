#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "connectors/net/endpoint.hpp"
#include "connectors/net/tls_context.hpp"
#include "engine/core/result.hpp"

namespace keel::connectors::net {

struct RestOptions {
    Endpoint endpoint;  // its path is unused: every request names its own target
    std::chrono::nanoseconds connect_deadline{std::chrono::seconds{10}};
    std::chrono::nanoseconds answer_deadline{std::chrono::seconds{10}};
    std::size_t body_bytes_max{16U << 20U};  // get_instruments of every currency is about 5 MiB
};

struct RestHeader {
    std::string_view name;
    std::string_view value;
};

struct RestRequest {
    std::string_view method{"GET"};  // GET, POST, PUT or DELETE
    std::string_view target;         // path and query, already encoded
    std::string_view body;
    std::span<const RestHeader> headers;
};

// The body, and 64 readable bytes after it, stay until the next request on this client.
struct RestResponse {
    unsigned status{0};
    std::string_view body;
    std::uint64_t receive_cycles{0};
};

// How a polled request ended.
struct RestOutcome {
    std::uint64_t ticket{0};
    bool bytes_left{false};  // false: provably nothing of it reached the socket
    Errc error{Errc::none};  // none: `response` holds (of any status)
    RestResponse response;
};

// One persistent HTTPS connection, one request at a time. Two ways to use it, not mixed: call() blocks
// up to its deadline (start-up, reconciliation); start() and poll() never block (orders). Nothing is
// ever sent twice: a request that fails is reported, and the caller, who knows what it meant, decides.
// Thread: the one that uses it. Allocates: per connection and per answer as the library needs.
class RestClient {
public:
    RestClient(RestOptions options, TlsContext context);
    ~RestClient();
    RestClient(const RestClient&) = delete;
    RestClient& operator=(const RestClient&) = delete;

    // Errors: connect_failed, tls_refused, read_deadline, websocket_closed (cut before the answer).
    // An answer of any HTTP status is a value.
    Result<RestResponse> call(const RestRequest& request);

    // Begins connecting ahead of need.
    void warm();
    [[nodiscard]] bool is_connected() const;
    [[nodiscard]] bool is_busy() const;
    // Begins a request; it is sent as soon as the connection stands. Errors: queue_full (one is in
    // flight).
    Result<std::uint64_t> start(const RestRequest& request);
    [[nodiscard]] std::optional<RestOutcome> poll();

private:
    struct Core;
    std::unique_ptr<Core> core_;
};

}  // namespace keel::connectors::net
