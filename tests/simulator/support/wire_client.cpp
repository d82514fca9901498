#include "tests/simulator/support/wire_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

namespace keel::test {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;
constexpr std::chrono::seconds kDeadline{10};

}  // namespace

struct WireClient::Core {
    asio::io_context io;
    asio::ssl::context tls{asio::ssl::context::tls_client};
    std::optional<websocket::stream<beast::ssl_stream<beast::tcp_stream>>> stream;
    beast::flat_buffer buffer;
    std::string host;
    std::string error;
    bool reading{false};
    bool closed{false};
    std::optional<std::string> message;

    beast::ssl_stream<beast::tcp_stream>& transport() { return stream->next_layer(); }

    // Runs until `done`; what is still open then is cut.
    bool wait(const bool& done, std::chrono::milliseconds limit = kDeadline) {
        io.restart();
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!done && std::chrono::steady_clock::now() < end && io.run_one_until(end) > 0) {
        }
        return done;
    }

    void connect(std::uint16_t port) {
        bool done = false;
        error_code result;
        const asio::ip::tcp::endpoint server{asio::ip::address_v4::loopback(), port};
        beast::get_lowest_layer(*stream).async_connect(server, [&](error_code ec) {
            if (ec) {
                result = ec;
                done = true;
                return;
            }
            transport().async_handshake(asio::ssl::stream_base::client, [&](error_code handshake) {
                result = handshake;
                done = true;
            });
        });
        if (!wait(done)) error = "deadline";
        if (result) error = result.message();
    }

    void start_read() {
        reading = true;
        stream->async_read(buffer, [this](error_code ec, std::size_t) {
            reading = false;
            if (ec) {
                closed = true;
                return;
            }
            message = beast::buffers_to_string(buffer.data());
            buffer.consume(buffer.size());
        });
    }
};

WireClient::WireClient(std::uint16_t port, const std::filesystem::path& authority, std::string_view host)
    : core_{std::make_unique<Core>()} {
    core_->host = host;
    core_->tls.load_verify_file(authority);
    core_->tls.set_verify_mode(asio::ssl::verify_peer);
    core_->tls.set_verify_callback(asio::ssl::host_name_verification{core_->host});
    core_->stream.emplace(core_->io, core_->tls);
    core_->connect(port);
}

WireClient::~WireClient() = default;

const std::string& WireClient::error() const { return core_->error; }
bool WireClient::closed() const { return core_->closed; }

std::uint16_t WireClient::close_code() const {
    const auto code = core_->stream->reason().code;
    return code == websocket::close_code::none ? static_cast<std::uint16_t>(websocket::close_code::abnormal)
                                               : static_cast<std::uint16_t>(code);
}

unsigned WireClient::upgrade(std::string_view target) {
    bool done = false;
    websocket::response_type response;
    core_->stream->async_handshake(response, core_->host, beast::string_view{target.data(), target.size()},
                                   [&](error_code) { done = true; });
    core_->wait(done);
    return response.result_int();
}

void WireClient::send(std::string_view message) {
    bool done = false;
    core_->stream->text(true);
    core_->stream->async_write(asio::buffer(message), [&](error_code ec, std::size_t) {
        if (ec) core_->closed = true;
        done = true;
    });
    core_->wait(done);
}

std::optional<std::string> WireClient::receive(std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    core_->io.restart();
    while (!core_->message && !core_->closed) {
        if (!core_->reading) core_->start_read();
        if (core_->io.run_one_until(end) == 0) break;
    }
    return std::exchange(core_->message, std::nullopt);
}

WireResponse WireClient::request(std::string_view method, std::string_view target, std::string_view body,
                                 std::string_view authorization) {
    http::request<http::string_body> request;
    request.version(11);
    request.method_string({method.data(), method.size()});
    request.target({target.data(), target.size()});
    request.set(http::field::host, core_->host);
    if (!authorization.empty()) {
        request.set(http::field::authorization, beast::string_view{authorization.data(), authorization.size()});
    }
    request.body() = body;
    request.prepare_payload();
    http::response<http::string_body> response;
    error_code result;
    bool done = false;
    http::async_write(core_->transport(), request, [&](error_code ec, std::size_t) {
        result = ec;
        done = ec.failed();
        if (done) return;
        http::async_read(core_->transport(), core_->buffer, response, [&](error_code read, std::size_t) {
            result = read;
            done = true;
        });
    });
    if (!core_->wait(done) || result) return {};
    return {response.result_int(), response.body()};
}

}  // namespace keel::test
