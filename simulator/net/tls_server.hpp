#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/core/result.hpp"

namespace keel::simulator {

// Numbers the WebSocket connections of one server from 1; never reused.
enum class ConnectionId : std::uint64_t { none = 0 };

// Numbers the HTTP requests of one server from 1; never reused.
enum class RequestId : std::uint64_t { none = 0 };

// One HTTP request. The views live as long as the call that hands them over.
struct HttpRequest {
    std::string_view method;         // "GET", "POST"
    std::string_view target;         // path and query, exactly as sent
    std::string_view authorization;  // header value; empty where absent
    std::string_view body;
};

// Answer to one HTTP request.
struct HttpResponse {
    unsigned status{200};
    std::string body;
    std::string content_type{"application/json"};
};

// What the owner of a TlsServer is told. Every function is called from inside poll(), and may call
// any function of the server. Unset ones mean: do nothing; an unset on_http answers 404.
struct ServerHandler {
    // May a WebSocket open at this target? Unset: every target may. Refusals answer 404.
    std::function<bool(std::string_view target)> accepts;
    std::function<void(ConnectionId, std::string_view target)> on_open;
    std::function<void(ConnectionId, std::string_view message)> on_text;  // one whole message
    std::function<void(ConnectionId)> on_close;                           // cut, closed or too slow; once
    std::function<void(RequestId, const HttpRequest&)> on_http;           // answer with respond(), now or later
};

// A TLS listener on the loopback address that speaks WebSocket and HTTP on one port.
// Invariant: a message is queued whole or not at all, and leaves in the order it was queued. A session
// whose queue passes `queue_bytes_max` is cut: the venue's rule for a client that does not read.
// Thread: the one that calls poll(); port() from any. Allocates: per connection and per message.
class TlsServer {
public:
    struct Config {
        std::uint16_t port{0};  // 0: any free one
        std::filesystem::path certificate;
        std::filesystem::path key;
        std::size_t sessions_max{64};                   // WebSocket sessions; more are answered 429
        std::size_t queue_bytes_max{64 * 1024 * 1024};  // unsent bytes of one session
        std::size_t message_bytes_max{64 * 1024};       // inbound message or HTTP body
    };

    // Binds, listens and loads the certificate. Errors: connect_failed where the port cannot be
    // bound (detail: errno), file_unreadable for the certificate or key.
    static Result<std::unique_ptr<TlsServer>> open(const Config& config, ServerHandler handler);
    ~TlsServer();
    TlsServer(const TlsServer&) = delete;
    TlsServer& operator=(const TlsServer&) = delete;

    [[nodiscard]] std::uint16_t port() const;

    // Runs what is ready, without waiting. Returns the number of handlers run.
    std::size_t poll();
    // Waits up to `limit` for something to do, then runs what is ready.
    std::size_t poll_for(std::chrono::nanoseconds limit);
    // Ends a poll_for() that waits. From any thread.
    void wake();

    // Queues one text message. False where the session is gone, closing, or was cut for its backlog.
    bool send(ConnectionId session, std::string message);
    // The same for a message that many sessions get.
    bool send(ConnectionId session, std::shared_ptr<const std::string> message);
    // Bytes that `session` has not taken yet; 0 where it is gone. Feeds that must not outrun their
    // readers pause on this.
    [[nodiscard]] std::size_t queued_bytes(ConnectionId session) const;
    [[nodiscard]] std::size_t queued_bytes_max() const;  // over all sessions
    [[nodiscard]] std::size_t sessions() const;          // open WebSockets
    // Largest queue that any session ever had.
    [[nodiscard]] std::size_t queued_bytes_peak() const;

    // Sends what is queued, then a close frame with `code`.
    void close(ConnectionId session, std::uint16_t code, std::string_view reason);
    // Cuts the TCP connection at once, without a close frame; what is queued is lost.
    void cut(ConnectionId session);

    // Answers an HTTP request once; false where the connection is gone.
    bool respond(RequestId request, HttpResponse response);
    // Cuts the connection of an HTTP request without an answer.
    void cut(RequestId request);

    struct Core;  // the .cpp's own

private:
    explicit TlsServer(std::unique_ptr<Core> core);
    std::unique_ptr<Core> core_;
};

}  // namespace keel::simulator
