#pragma once

// For the sources of this folder only: heavy headers of the transport libraries.

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "connectors/net/websocket_stream.hpp"
#include "simulator/net/tls_server_core.hpp"

namespace keel::simulator {

// One upgraded connection. Kept alive by its pending operations and by the registry until it ends.
// Thread: the one that calls poll(). Allocates: per message.
class WebSocketSession : public std::enable_shared_from_this<WebSocketSession> {
public:
    WebSocketSession(TlsServer::Core& core, TlsStream stream, ConnectionId id);

    void accept(const boost::beast::http::request<boost::beast::http::string_body>& request);
    bool send(std::shared_ptr<const std::string> message);
    void close(std::uint16_t code, std::string_view reason);
    // The owner's on_close comes from the next poll(), never from inside this call.
    void cut();

    [[nodiscard]] std::size_t queued_bytes() const { return queued_bytes_; }
    [[nodiscard]] bool is_open() const { return open_; }

private:
    void read_next();
    void write_next();
    void send_close();
    void finish();

    TlsServer::Core& core_;
    connectors::net::WebSocketStream stream_;
    ConnectionId id_;
    boost::beast::flat_buffer buffer_;
    std::deque<std::shared_ptr<const std::string>> queue_;
    std::size_t queued_bytes_{0};
    std::optional<boost::beast::websocket::close_reason> closing_;
    bool open_{false};
};

}  // namespace keel::simulator
