#pragma once

// For sources that speak WebSocket: heavy headers of the transport libraries.

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstddef>
#include <string_view>

#include "connectors/net/completion.hpp"
#include "connectors/net/tls_stream.hpp"

namespace keel::connectors::net {

// The library's WebSocket without compression. Its operations are templates that take seconds each to compile: use the
// functions below, which start what the library calls async_handshake and so on, and are compiled once.
using WebSocketStream = boost::beast::websocket::stream<TlsStream, false>;

// The client's and the server's half of the opening handshake. `response` must stay until `done`.
void start_handshake(WebSocketStream& stream, boost::beast::websocket::response_type& response, std::string_view host,
                     std::string_view target, Completion<> done);
void start_accept(WebSocketStream& stream, const boost::beast::http::request<boost::beast::http::string_body>& request,
                  Completion<> done);

// One whole message; `buffer` and the bytes of `message` must stay until `done`.
void start_read(WebSocketStream& stream, boost::beast::flat_buffer& buffer, Completion<std::size_t> done);
void start_write(WebSocketStream& stream, boost::asio::const_buffer message, Completion<std::size_t> done);
void start_close(WebSocketStream& stream, const boost::beast::websocket::close_reason& reason, Completion<> done);

}  // namespace keel::connectors::net
