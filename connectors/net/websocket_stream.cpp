#include "connectors/net/websocket_stream.hpp"

#include <utility>

namespace keel::connectors::net {

void start_read(WebSocketStream& stream, boost::beast::flat_buffer& buffer, Completion<std::size_t> done) {
    stream.async_read(buffer, std::move(done));
}

void start_write(WebSocketStream& stream, boost::asio::const_buffer message, Completion<std::size_t> done) {
    stream.async_write(message, std::move(done));
}

void start_close(WebSocketStream& stream, const boost::beast::websocket::close_reason& reason, Completion<> done) {
    stream.async_close(reason, std::move(done));
}

}  // namespace keel::connectors::net
