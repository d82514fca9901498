#include "simulator/net/tls_server.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "simulator/net/http_connection.hpp"
#include "simulator/net/tls_server_core.hpp"
#include "simulator/net/websocket_session.hpp"

namespace keel::simulator {
namespace {

namespace asio = boost::asio;

}  // namespace

void TlsServer::Core::accept_next() {
    acceptor.async_accept([this](error_code ec, TcpSocket socket) {
        if (ec == asio::error::operation_aborted) return;
        if (!ec) {
            error_code ignored;
            socket.set_option(Tcp::no_delay{true}, ignored);
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

    const Tcp::endpoint endpoint{asio::ip::address_v4::loopback(), config.port};
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
