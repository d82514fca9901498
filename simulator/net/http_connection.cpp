#include "simulator/net/http_connection.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <string_view>
#include <utility>

#include "simulator/net/websocket_session.hpp"

namespace keel::simulator {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

template <class Text>
std::string_view view_of(const Text& text) {
    return {text.data(), text.size()};
}

}  // namespace

HttpConnection::HttpConnection(TlsServer::Core& core, TcpSocket socket)
    : core_{core}, stream_{std::move(socket), core.tls}, limit_{core.io} {}

void HttpConnection::start() {
    limit_step();
    stream_.async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](error_code code) {
        self->limit_.cancel();
        if (!code) self->read_next();
    });
}

void HttpConnection::respond(HttpResponse response) {
    keep_alive_ = parser_->get().keep_alive();
    answer_.assign("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    answer_.append(view_of(http::obsolete_reason(http::int_to_status(response.status))));
    answer_.append("\r\nServer: keel-simulator\r\nContent-Type: ").append(response.content_type);
    if (!keep_alive_) answer_.append("\r\nConnection: close");
    answer_.append("\r\nContent-Length: ").append(std::to_string(response.body.size())).append("\r\n\r\n");
    answer_.append(response.body);
    asio::async_write(stream_, asio::buffer(answer_), [self = shared_from_this()](error_code code, std::size_t) {
        if (!code && self->keep_alive_) return self->read_next();
        self->shut_down();
    });
}

void HttpConnection::cut() { reset(stream_); }

void HttpConnection::limit_step() {
    limit_.expires_after(kHandshakeTimeout);
    limit_.async_wait([weak = weak_from_this()](error_code cancelled) {
        const auto self = weak.lock();
        if (cancelled || !self || self->limit_.expiry() > std::chrono::steady_clock::now()) return;
        error_code ignored;
        self->stream_.socket().close(ignored);
    });
}

void HttpConnection::read_next() {
    parser_.emplace();
    parser_->body_limit(core_.config.message_bytes_max);
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code code, std::size_t) {
        if (code == http::error::body_limit) return self->respond({413, "request entity too large", "text/plain"});
        if (code) return self->shut_down();
        self->dispatch();
    });
}

void HttpConnection::dispatch() {
    const auto& request = parser_->get();
    if (boost::beast::websocket::is_upgrade(request)) return upgrade();
    if (!core_.handler.on_http) return respond({404, "", "text/plain"});
    const std::uint64_t id = ++core_.last_request;
    core_.requests.emplace(id, shared_from_this());
    core_.handler.on_http(RequestId{id}, {view_of(request.method_string()), view_of(request.target()),
                                          view_of(request[http::field::authorization]), request.body()});
}

void HttpConnection::upgrade() {
    const auto& request = parser_->get();
    if (core_.handler.accepts && !core_.handler.accepts(view_of(request.target()))) {
        return respond({404, "", "text/plain"});
    }
    if (core_.sessions.size() >= core_.config.sessions_max) return respond({429, "", "text/plain"});
    const std::uint64_t id = ++core_.last_session;
    const auto session = std::make_shared<WebSocketSession>(core_, std::move(stream_), ConnectionId{id});
    core_.sessions.emplace(id, session);
    session->accept(request);
}

void HttpConnection::shut_down() {
    limit_step();
    stream_.async_shutdown([self = shared_from_this()](error_code) { self->limit_.cancel(); });
}

}  // namespace keel::simulator
