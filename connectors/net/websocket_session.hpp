#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "connectors/net/endpoint.hpp"
#include "connectors/net/tls_context.hpp"
#include "engine/core/result.hpp"

namespace keel::connectors::net {

inline constexpr std::size_t kPublicFrameBytesMax = 4U << 20U;   // a whole option chain's snapshot is below 1 MiB
inline constexpr std::size_t kPrivateFrameBytesMax = 1U << 20U;  // open orders and trades of one account
inline constexpr std::size_t kFramePaddingBytes = 64;            // readable bytes after a frame, for the JSON parser

struct WebSocketOptions {
    Endpoint endpoint;
    std::chrono::nanoseconds connect_deadline{std::chrono::seconds{10}};  // resolve to upgrade, all together
    std::chrono::nanoseconds read_deadline{std::chrono::seconds{30}};     // longest silence, control frames included
    std::size_t frame_bytes_max{kPublicFrameBytesMax};
};

// One text message. The bytes, and kFramePaddingBytes readable bytes after them, stay until the next
// call of next_frame() or connect().
struct Frame {
    std::string_view text;
    std::uint64_t receive_cycles{0};  // when its last byte had left the socket
};

enum class WebSocketState : std::uint8_t { closed, connecting, open };

// One WebSocket over verified TLS, driven by its owner's polling: nothing blocks, nothing runs between
// calls (names that are not address literals are resolved by the library's own helper thread). At most
// one read is outstanding, into one reused buffer; pings are answered inside poll; a message is written
// whole. When it is closed, `close_reason` says why, and connect() may be called again.
// Thread: the one that polls. Allocates: per connection; per message only what the library needs.
class WebSocketSession {
public:
    static constexpr std::size_t kSendQueueMax = 256;  // messages waiting behind one being written

    WebSocketSession(WebSocketOptions options, TlsContext context);
    ~WebSocketSession();
    WebSocketSession(const WebSocketSession&) = delete;
    WebSocketSession& operator=(const WebSocketSession&) = delete;

    // Drops any present connection and begins a new one.
    void connect();
    // Runs what is ready: connecting, writes, control frames, deadlines. Also called by next_frame().
    void poll();
    // The next whole message, if one has arrived.
    [[nodiscard]] std::optional<Frame> next_frame();

    // Queues a copy; written at once when nothing else is being written. Returns the message's number,
    // from 1 in each connection. Errors, after each of which no byte has left: websocket_closed,
    // queue_full.
    Result<std::uint64_t> send(std::string_view text);
    // Messages numbered up to this have had bytes handed to the socket in this connection (or the one
    // that just closed); higher ones provably have not.
    [[nodiscard]] std::uint64_t sends_started() const;

    // Asks the peer to close, waiting for nothing.
    void close();
    // Cuts the socket at once.
    void drop(Errc reason);

    [[nodiscard]] WebSocketState state() const;
    [[nodiscard]] bool is_open() const { return state() == WebSocketState::open; }
    // connect_failed, tls_refused (detail: the library's verification code), http_status (detail: the
    // status), websocket_closed (detail: close code), read_deadline, malformed_message (frame too long).
    [[nodiscard]] Error close_reason() const;
    [[nodiscard]] std::uint64_t bytes_received() const;

private:
    struct Core;
    std::unique_ptr<Core> core_;
};

}  // namespace keel::connectors::net
