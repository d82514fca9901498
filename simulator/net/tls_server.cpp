#include "simulator/net/tls_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>

namespace keel::simulator {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

// A peer that does not finish its handshake, or does not answer a close, holds a slot no longer.
constexpr std::chrono::seconds kHandshakeTimeout{10};

// RST instead of FIN: the peer learns of a cut at its next read, as it does when a route dies.
void reset(beast::tcp_stream& stream) {
    error_code ignored;
    stream.socket().set_option(asio::socket_base::linger{true, 0}, ignored);
    stream.socket().close(ignored);
}

}  // namespace

class HttpConnection;
class WebSocketSession;

struct TlsServer::Core {
    Core(const Config& server_config, ServerHandler server_handler)
        : config{server_config}, handler{std::move(server_handler)} {}

    void accept_next();

    asio::io_context io;  // first member: its pending handlers outlive what they refer to
    Config config;
    ServerHandler handler;
    asio::ssl::context tls{asio::ssl::context::tls_server};
    tcp::acceptor acceptor{io};
    std::unordered_map<std::uint64_t, std::shared_ptr<WebSocketSession>> sessions;
    std::unordered_map<std::uint64_t, std::shared_ptr<HttpConnection>> requests;  // that wait for an answer
    std::uint64_t last_session{0};
    std::uint64_t last_request{0};
    std::size_t queued_bytes_peak{0};
};

// One upgraded connection. Kept alive by its pending operations and by the registry until it ends.
class WebSocketSession : public std::enable_shared_from_this<WebSocketSession> {
public:
    WebSocketSession(TlsServer::Core& core, TlsStream stream, ConnectionId id)
        : core_{core}, stream_{std::move(stream)}, id_{id} {}

    void accept(const http::request<http::string_body>& request) {
        websocket::stream_base::timeout timeouts{};
        timeouts.handshake_timeout = kHandshakeTimeout;
        timeouts.idle_timeout = websocket::stream_base::none();
        timeouts.keep_alive_pings = false;
        beast::get_lowest_layer(stream_).expires_never();
        stream_.set_option(timeouts);
        stream_.read_message_max(core_.config.message_bytes_max);
        stream_.auto_fragment(false);
        stream_.text(true);
        stream_.async_accept(request,
                             [self = shared_from_this(), target = std::string{request.target()}](error_code ec) {
                                 if (ec) return self->finish();
                                 self->open_ = true;
                                 if (self->core_.handler.on_open) self->core_.handler.on_open(self->id_, target);
                                 self->read_next();
                             });
    }

    bool send(std::shared_ptr<const std::string> message) {
        if (!open_ || closing_) return false;
        queued_bytes_ += message->size();
        core_.queued_bytes_peak = std::max(core_.queued_bytes_peak, queued_bytes_);
        queue_.push_back(std::move(message));
        if (queued_bytes_ > core_.config.queue_bytes_max) {
            cut();
            return false;
        }
        if (queue_.size() == 1) write_next();
        return true;
    }

    void close(std::uint16_t code, std::string_view reason) {
        if (!open_ || closing_) return;
        closing_ = websocket::close_reason{static_cast<websocket::close_code>(code),
                                           beast::string_view{reason.data(), reason.size()}};
        if (queue_.empty()) send_close();
    }

    // The owner's on_close comes from the next poll(), never from inside this call.
    void cut() {
        open_ = false;
        reset(beast::get_lowest_layer(stream_));
        asio::post(core_.io, [self = shared_from_this()] { self->finish(); });
    }

    [[nodiscard]] std::size_t queued_bytes() const { return queued_bytes_; }
    [[nodiscard]] bool is_open() const { return open_; }

private:
    void read_next() {
        stream_.async_read(buffer_, [self = shared_from_this()](error_code ec, std::size_t) {
            if (ec) return self->finish();
            const auto bytes = self->buffer_.cdata();
            // While it closes, what still comes in is read only to find the peer's close frame.
            if (self->open_ && !self->closing_ && self->core_.handler.on_text) {
                self->core_.handler.on_text(self->id_, {static_cast<const char*>(bytes.data()), bytes.size()});
            }
            self->buffer_.consume(bytes.size());
            if (self->open_) self->read_next();
        });
    }

    void write_next() {
        stream_.async_write(asio::buffer(*queue_.front()), [self = shared_from_this()](error_code ec, std::size_t) {
            if (ec) return self->finish();
            self->queued_bytes_ -= self->queue_.front()->size();
            self->queue_.pop_front();
            if (!self->queue_.empty()) return self->write_next();
            if (self->closing_) self->send_close();
        });
    }

    void send_close() {
        stream_.async_close(*closing_, [self = shared_from_this()](error_code) { self->finish(); });
    }

    void finish() {
        const bool was_registered = core_.sessions.erase(static_cast<std::uint64_t>(id_)) > 0;
        open_ = false;
        error_code ignored;
        beast::get_lowest_layer(stream_).socket().close(ignored);
        if (was_registered && core_.handler.on_close) core_.handler.on_close(id_);
    }

    TlsServer::Core& core_;
    websocket::stream<TlsStream> stream_;
    ConnectionId id_;
    beast::flat_buffer buffer_;
    std::deque<std::shared_ptr<const std::string>> queue_;
    std::size_t queued_bytes_{0};
    std::optional<websocket::close_reason> closing_;
    bool open_{false};
};

// One connection until it upgrades: TLS handshake, then requests one after the other.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
public:
    HttpConnection(TlsServer::Core& core, tcp::socket socket) : core_{core}, stream_{std::move(socket), core.tls} {}

    void start() {
        beast::get_lowest_layer(stream_).expires_after(kHandshakeTimeout);
        stream_.async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](error_code ec) {
            if (!ec) self->read_next();
        });
    }

    void respond(HttpResponse response) {
        answer_ = {};
        answer_.version(11);
        answer_.result(response.status);
        answer_.set(http::field::server, "keel-simulator");
        answer_.set(http::field::content_type, response.content_type);
        answer_.keep_alive(parser_->get().keep_alive());
        answer_.body() = std::move(response.body);
        answer_.prepare_payload();
        http::async_write(stream_, answer_, [self = shared_from_this()](error_code ec, std::size_t) {
            if (!ec && self->answer_.keep_alive()) return self->read_next();
            self->shut_down();
        });
    }

    void cut() { reset(beast::get_lowest_layer(stream_)); }

private:
    void read_next() {
        parser_.emplace();
        parser_->body_limit(core_.config.message_bytes_max);
        beast::get_lowest_layer(stream_).expires_never();
        http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code ec, std::size_t) {
            if (ec == http::error::body_limit) return self->respond({413, "request entity too large", "text/plain"});
            if (ec) return self->shut_down();
            self->dispatch();
        });
    }

    void dispatch() {
        const auto& request = parser_->get();
        if (websocket::is_upgrade(request)) return upgrade();
        if (!core_.handler.on_http) return respond({404, "", "text/plain"});
        const std::uint64_t id = ++core_.last_request;
        core_.requests.emplace(id, shared_from_this());
        const auto view = [](auto text) { return std::string_view{text.data(), text.size()}; };
        core_.handler.on_http(RequestId{id}, {view(request.method_string()), view(request.target()),
                                              view(request[http::field::authorization]), request.body()});
    }

    void upgrade() {
        const auto& request = parser_->get();
        const std::string_view target{request.target().data(), request.target().size()};
        if (core_.handler.accepts && !core_.handler.accepts(target)) return respond({404, "", "text/plain"});
        if (core_.sessions.size() >= core_.config.sessions_max) return respond({429, "", "text/plain"});
        const std::uint64_t id = ++core_.last_session;
        const auto session = std::make_shared<WebSocketSession>(core_, std::move(stream_), ConnectionId{id});
        core_.sessions.emplace(id, session);
        session->accept(request);
    }

    void shut_down() {
        beast::get_lowest_layer(stream_).expires_after(kHandshakeTimeout);
        stream_.async_shutdown([self = shared_from_this()](error_code) {});
    }

    TlsServer::Core& core_;
    TlsStream stream_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;  // one per request
    http::response<http::string_body> answer_;
};

void TlsServer::Core::accept_next() {
    acceptor.async_accept([this](error_code ec, tcp::socket socket) {
        if (ec == asio::error::operation_aborted) return;
        if (!ec) {
            error_code ignored;
            socket.set_option(tcp::no_delay{true}, ignored);
            std::make_shared<HttpConnection>(*this, std::move(socket))->start();
        }
        accept_next();
    });
}

TlsServer::TlsServer(std::unique_ptr<Core> core) : core_{std::move(core)} {}
TlsServer::~TlsServer() = default;

Result<std::unique_ptr<TlsServer>> TlsServer::open(const Config& config, ServerHandler handler) {
    auto core = std::make_unique<Core>(config, std::move(handler));
    core->tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                          asio::ssl::context::no_tlsv1_1);
    error_code ec;
    core->tls.use_certificate_chain_file(config.certificate, ec);
    if (!ec) core->tls.use_private_key_file(config.key, asio::ssl::context::pem, ec);
    if (ec) return fail(Errc::file_unreadable, static_cast<std::uint64_t>(ec.value()));

    const tcp::endpoint endpoint{asio::ip::address_v4::loopback(), config.port};
    core->acceptor.open(endpoint.protocol(), ec);
    if (!ec) core->acceptor.set_option(asio::socket_base::reuse_address{true}, ec);
    if (!ec) core->acceptor.bind(endpoint, ec);
    if (!ec) core->acceptor.listen(asio::socket_base::max_listen_connections, ec);
    if (ec) return fail(Errc::connect_failed, static_cast<std::uint64_t>(ec.value()));
    core->accept_next();
    return std::unique_ptr<TlsServer>{new TlsServer{std::move(core)}};
}

std::uint16_t TlsServer::port() const { return core_->acceptor.local_endpoint().port(); }

std::size_t TlsServer::poll() { return core_->io.poll(); }

std::size_t TlsServer::poll_for(std::chrono::nanoseconds limit) {
    const std::size_t ready = core_->io.poll();
    if (ready > 0) return ready;
    const std::size_t first = core_->io.run_one_for(limit);
    return first == 0 ? 0 : first + core_->io.poll();
}

void TlsServer::wake() {
    asio::post(core_->io, [] {});
}

bool TlsServer::send(ConnectionId session, std::string message) {
    return send(session, std::make_shared<const std::string>(std::move(message)));
}

bool TlsServer::send(ConnectionId session, std::shared_ptr<const std::string> message) {
    const auto found = core_->sessions.find(static_cast<std::uint64_t>(session));
    return found != core_->sessions.end() && found->second->send(std::move(message));
}

std::size_t TlsServer::queued_bytes(ConnectionId session) const {
    const auto found = core_->sessions.find(static_cast<std::uint64_t>(session));
    return found == core_->sessions.end() ? 0 : found->second->queued_bytes();
}

std::size_t TlsServer::queued_bytes_max() const {
    std::size_t most = 0;
    for (const auto& [id, session] : core_->sessions) {
        if (session->is_open()) most = std::max(most, session->queued_bytes());
    }
    return most;
}

std::size_t TlsServer::sessions() const { return core_->sessions.size(); }

std::size_t TlsServer::queued_bytes_peak() const { return core_->queued_bytes_peak; }

void TlsServer::close(ConnectionId session, std::uint16_t code, std::string_view reason) {
    const auto found = core_->sessions.find(static_cast<std::uint64_t>(session));
    if (found != core_->sessions.end()) found->second->close(code, reason);
}

void TlsServer::cut(ConnectionId session) {
    const auto found = core_->sessions.find(static_cast<std::uint64_t>(session));
    if (found != core_->sessions.end()) found->second->cut();
}

bool TlsServer::respond(RequestId request, HttpResponse response) {
    const auto found = core_->requests.extract(static_cast<std::uint64_t>(request));
    const auto connection = found.empty() ? nullptr : found.mapped();
    if (!connection) return false;
    connection->respond(std::move(response));
    return true;
}

void TlsServer::cut(RequestId request) {
    const auto found = core_->requests.extract(static_cast<std::uint64_t>(request));
    const auto connection = found.empty() ? nullptr : found.mapped();
    if (connection) connection->cut();
}

}  // namespace keel::simulator
