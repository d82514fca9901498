#pragma once

// For the sources of this folder only: heavy headers of the transport libraries.

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "simulator/net/tls_server_core.hpp"

namespace keel::simulator {

// One connection until it upgrades: TLS handshake, then requests one after the other.
// Thread: the one that calls poll(). Allocates: per request.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
public:
    HttpConnection(TlsServer::Core& core, TcpSocket socket);

    void start();
    void respond(HttpResponse response);
    // Without an answer.
    void cut();

private:
    void limit_step();
    void read_next();
    void dispatch();
    void upgrade();
    void shut_down();

    TlsServer::Core& core_;
    TlsStream stream_;
    boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                      TlsStream::executor_type>
        limit_;  // of the handshake and of the close
    boost::beast::flat_buffer buffer_;
    std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;  // one per request
    std::string answer_;
    bool keep_alive_{false};
};

}  // namespace keel::simulator
