#include <utility>

#include "connectors/net/websocket_stream.hpp"

namespace keel::connectors::net {

void start_handshake(WebSocketStream& stream, boost::beast::websocket::response_type& response, std::string_view host,
                     std::string_view target, Completion<> done) {
    stream.async_handshake(response, {host.data(), host.size()}, {target.data(), target.size()}, std::move(done));
}

void start_accept(WebSocketStream& stream, const boost::beast::http::request<boost::beast::http::string_body>& request,
                  Completion<> done) {
    stream.async_accept(request, std::move(done));
}

}  // namespace keel::connectors::net
