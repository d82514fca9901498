#include "app/wiring/latency_floor.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include "app/failure.hpp"

namespace keel::app {
namespace {

constexpr std::size_t kBufferBytes = 16'384;  // one TLS record

// A masked text frame with a zero mask: the payload is itself.
std::string order_frame() {
    const std::string order =
        R"({"jsonrpc":"2.0","id":1,"method":"private/sell","params":{"instrument_name":"BTC-PERPETUAL","amount":100000,)"
        R"("type":"limit","price":94980.5,"time_in_force":"immediate_or_cancel","post_only":false,"reduce_only":false,)"
        R"("label":"k0000000000000000000000000","valid_until":1768435205000}})";
    std::string frame;
    frame += static_cast<char>(0x81);
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(order.size() >> 8U);
    frame += static_cast<char>(order.size() & 0xffU);
    frame.append(4, '\0');
    return frame + order;
}

}  // namespace

struct LatencyFloor::Connection {
    int socket{-1};
    SSL_CTX* context{nullptr};
    SSL* tls{nullptr};
    std::string order{order_frame()};
    std::atomic<bool> active{false};
    std::jthread thread;
    std::array<unsigned char, kBufferBytes> buffer{};
    std::size_t filled{0};

    ~Connection() {
        if (tls != nullptr) SSL_free(tls);
        if (context != nullptr) SSL_CTX_free(context);
        if (socket >= 0) ::close(socket);
    }

    void connect(const std::string& ca_file, std::uint16_t port) {
        socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
        if (socket < 0 || ::connect(socket, generic, sizeof address) != 0)
            throw OutsideError{"the floor cannot connect"};
        const int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
        if (SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr) != 1)
            throw OutsideError{ca_file + ": cannot be read"};
        tls = SSL_new(context);
        SSL_set1_host(tls, "localhost");
        std::string name = "localhost";  // the library's macro for this casts in C's way
        SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
        SSL_set_fd(tls, socket);
        if (SSL_connect(tls) != 1) throw OutsideError{"the floor's TLS handshake failed"};
    }

    void upgrade(const std::string& target) {
        const std::string request = fmt::format(
            "GET {} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: a2VlbC1mbG9vci1rZXkxMg==\r\nSec-WebSocket-Version: 13\r\n\r\n",
            target);
        SSL_write(tls, request.data(), static_cast<int>(request.size()));
        std::string answer;
        while (answer.find("\r\n\r\n") == std::string::npos) {
            char byte = 0;
            if (SSL_read(tls, &byte, 1) != 1) throw OutsideError{"the floor's upgrade was refused"};
            answer += byte;
        }
        if (answer.find(" 101 ") == std::string::npos) throw OutsideError{"the floor's upgrade was refused"};
        ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
    }

    // Whole frames in the buffer; what is left of a broken one moves to the front.
    std::size_t take_frames() {
        std::size_t frames = 0;
        std::size_t at = 0;
        while (filled - at >= 2) {
            std::size_t size = buffer[at + 1] & 0x7fU;
            std::size_t header = 2;
            if (size == 126) {
                if (filled - at < 4) break;
                size = static_cast<std::size_t>(buffer[at + 2]) << 8U | buffer[at + 3];
                header = 4;
            }
            if (filled - at < header + size) break;
            at += header + size;
            ++frames;
        }
        std::copy(buffer.begin() + static_cast<std::ptrdiff_t>(at),
                  buffer.begin() + static_cast<std::ptrdiff_t>(filled), buffer.begin());
        filled -= at;
        return frames;
    }

    void serve(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            if (!active.load(std::memory_order_relaxed)) {
                std::this_thread::sleep_for(std::chrono::milliseconds{1});
                continue;
            }
            const int got = SSL_read(tls, buffer.data() + filled, static_cast<int>(buffer.size() - filled));
            if (got <= 0) {
                if (SSL_get_error(tls, got) == SSL_ERROR_WANT_READ) continue;
                return;
            }
            filled += static_cast<std::size_t>(got);
            for (std::size_t frame = take_frames(); frame > 0; --frame) {
                SSL_write(tls, order.data(), static_cast<int>(order.size()));
            }
        }
    }
};

LatencyFloor::LatencyFloor(const std::string& ca_file, std::uint16_t port, const std::string& target)
    : connection_{std::make_unique<Connection>()} {
    connection_->connect(ca_file, port);
    connection_->upgrade(target);
}

LatencyFloor::~LatencyFloor() { stop(); }

void LatencyFloor::start() {
    connection_->thread = std::jthread{[this](const std::stop_token& stop) { connection_->serve(stop); }};
}

void LatencyFloor::set_active(bool active) { connection_->active.store(active); }

void LatencyFloor::stop() {
    connection_->thread.request_stop();
    if (connection_->thread.joinable()) connection_->thread.join();
}

}  // namespace keel::app
