#pragma once

// For the sources of this folder only: what the server's connections share.

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>

#include "connectors/net/tls_stream.hpp"
#include "simulator/net/tls_server.hpp"

namespace keel::simulator {

using boost::system::error_code;
using connectors::net::Tcp;
using connectors::net::TcpSocket;
using connectors::net::TlsStream;

// A peer that does not finish its handshake, or does not answer a close, holds a slot no longer.
inline constexpr std::chrono::seconds kHandshakeTimeout{10};

class HttpConnection;
class WebSocketSession;

struct TlsServer::Core {
    Core(const Config& server_config, ServerHandler server_handler)
        : config{server_config}, handler{std::move(server_handler)} {}

    void accept_next();

    boost::asio::io_context io;  // first member: its pending handlers outlive what they refer to
    Config config;
    ServerHandler handler;
    boost::asio::ssl::context tls{boost::asio::ssl::context::tls_server};
    boost::asio::basic_socket_acceptor<Tcp, boost::asio::io_context::executor_type> acceptor{io};
    std::unordered_map<std::uint64_t, std::shared_ptr<WebSocketSession>> sessions;
    std::unordered_map<std::uint64_t, std::shared_ptr<HttpConnection>> requests;  // that wait for an answer
    std::uint64_t last_session{0};
    std::uint64_t last_request{0};
    std::size_t queued_bytes_peak{0};
};

// RST instead of FIN: the peer learns of a cut at its next read, as it does when a route dies.
inline void reset(TlsStream& stream) {
    error_code ignored;
    stream.socket().set_option(boost::asio::socket_base::linger{true, 0}, ignored);
    stream.socket().close(ignored);
}

}  // namespace keel::simulator
