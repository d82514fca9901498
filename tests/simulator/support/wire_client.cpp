#include "tests/simulator/support/wire_client.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "tests/simulator/support/websocket_frame.hpp"

namespace keel::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kDeadline{10};

template <auto Release>
struct Releaser {
    template <class Handle>
    void operator()(Handle* handle) const {
        Release(handle);
    }
};
using Context = std::unique_ptr<SSL_CTX, Releaser<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Releaser<SSL_free>>;

bool expect_host(SSL* session, const std::string& host) {
    in_addr address{};
    if (inet_pton(AF_INET, host.c_str(), &address) == 1) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()) == 1;
    }
    return SSL_set1_host(session, host.c_str()) == 1;
}

// The value of a header field, of an answer written by our server: "Name: value".
std::string_view field(std::string_view head, std::string_view name) {
    const std::size_t at = head.find("\r\n" + std::string{name} + ": ");
    if (at == std::string_view::npos) return {};
    const std::size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

}  // namespace

struct WireClient::Core {
    Context tls{SSL_CTX_new(TLS_client_method())};
    Session session;
    int socket{-1};
    std::string host;
    std::string error;
    std::string received;  // not yet taken
    std::string message;   // fragments of one
    bool closed{false};
    std::uint16_t close_code{1006};

    ~Core() {
        if (socket >= 0) ::close(socket);
    }

    // Repeats a call of the library until it is done (its positive result), fails (-1) or `end` comes (0).
    template <class Call>
    int drive(Call call, Clock::time_point end) {
        for (;;) {
            ERR_clear_error();
            const int result = call();
            if (result > 0) return result;
            const int wanted = SSL_get_error(session.get(), result);
            if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) return -1;
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
            if (left.count() <= 0) return 0;
            pollfd waiting{socket, static_cast<short>(wanted == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT), 0};
            ::poll(&waiting, 1, static_cast<int>(left.count()));
        }
    }

    void connect(std::uint16_t port) {
        sockaddr_in server{};
        server.sin_family = AF_INET;
        server.sin_port = htons(port);
        server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (::connect(socket, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0) {
            error = "connect";
            return;
        }
        ::fcntl(socket, F_SETFL, O_NONBLOCK);
        SSL_set_fd(session.get(), socket);
        const int done = drive([this] { return SSL_connect(session.get()); }, Clock::now() + kDeadline);
        if (done == 0) error = "deadline";
        if (done < 0) error = X509_verify_cert_error_string(SSL_get_verify_result(session.get()));
    }

    bool write(std::string_view bytes) {
        const Clock::time_point end = Clock::now() + kDeadline;
        while (!bytes.empty()) {
            const int size = static_cast<int>(std::min<std::size_t>(bytes.size(), 1U << 20U));
            const int written = drive([&] { return SSL_write(session.get(), bytes.data(), size); }, end);
            if (written <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(written));
        }
        return true;
    }

    // 1: there is more in `received`; 0: `end` came; -1: the connection ended.
    int read(Clock::time_point end) {
        std::array<char, 16384> bytes{};
        const int size = static_cast<int>(bytes.size());
        const int got = drive([&] { return SSL_read(session.get(), bytes.data(), size); }, end);
        if (got > 0) received.append(bytes.data(), static_cast<std::size_t>(got));
        return std::min(got, 1);
    }

    // Takes one HTTP answer; the head and body, both empty where the connection ended before.
    std::pair<std::string, std::string> answer() {
        const Clock::time_point end = Clock::now() + kDeadline;
        std::size_t head_end = 0;
        while ((head_end = received.find("\r\n\r\n")) == std::string::npos) {
            if (read(end) <= 0) return {};
        }
        std::string head = received.substr(0, head_end + 2);
        received.erase(0, head_end + 4);
        const std::string length{field(head, "Content-Length")};
        const std::size_t bytes = length.empty() ? 0 : std::stoul(length);
        while (received.size() < bytes) {
            if (read(end) <= 0) return {};
        }
        std::string body = received.substr(0, bytes);
        received.erase(0, bytes);
        return {std::move(head), std::move(body)};
    }

    void take(const WebSocketFrame& frame) {
        switch (frame.opcode) {
            case FrameOpcode::close:
                if (frame.payload.size() >= 2) {
                    close_code = static_cast<std::uint16_t>(static_cast<unsigned char>(frame.payload[0]) << 8U |
                                                            static_cast<unsigned char>(frame.payload[1]));
                }
                write(masked_frame(FrameOpcode::close, frame.payload));
                closed = true;
                break;
            case FrameOpcode::ping: write(masked_frame(FrameOpcode::pong, frame.payload)); break;
            case FrameOpcode::pong: break;
            default: message += frame.payload;
        }
    }
};

WireClient::WireClient(std::uint16_t port, const std::filesystem::path& authority, std::string_view host)
    : core_{std::make_unique<Core>()} {
    core_->host = host;
    SSL_CTX_load_verify_file(core_->tls.get(), authority.c_str());
    SSL_CTX_set_verify(core_->tls.get(), SSL_VERIFY_PEER, nullptr);
    core_->session.reset(SSL_new(core_->tls.get()));
    if (!expect_host(core_->session.get(), core_->host)) core_->error = "host";
    if (core_->error.empty()) core_->connect(port);
}

WireClient::~WireClient() = default;

const std::string& WireClient::error() const { return core_->error; }
bool WireClient::closed() const { return core_->closed; }
std::uint16_t WireClient::close_code() const { return core_->close_code; }

unsigned WireClient::upgrade(std::string_view target) {
    const std::string key = handshake_key();
    std::string request{"GET "};
    request.append(target).append(" HTTP/1.1\r\nHost: ").append(core_->host);
    request.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
    request.append(key).append("\r\n\r\n");
    if (!core_->write(request)) return 0;
    const std::string head = core_->answer().first;
    if (head.size() < 12) return 0;
    const unsigned status = static_cast<unsigned>(std::stoul(head.substr(9, 3)));
    if (status == 101 && field(head, "Sec-WebSocket-Accept") != handshake_answer(key)) return 0;
    return status;
}

void WireClient::send(std::string_view message) {
    if (!core_->write(masked_frame(FrameOpcode::text, message))) core_->closed = true;
}

std::optional<std::string> WireClient::receive(std::chrono::milliseconds limit) {
    const auto end = Clock::now() + limit;
    while (!core_->closed) {
        if (const auto frame = take_frame(core_->received)) {
            core_->take(*frame);
            if (frame->is_data() && frame->final) return std::exchange(core_->message, {});
            continue;
        }
        const int more = core_->read(end);
        if (more == 0) break;
        if (more < 0) core_->closed = true;
    }
    return std::nullopt;
}

WireResponse WireClient::request(std::string_view method, std::string_view target, std::string_view body,
                                 std::string_view authorization) {
    std::string request{method};
    request.append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(core_->host);
    if (!authorization.empty()) request.append("\r\nAuthorization: ").append(authorization);
    if (!body.empty() || method == "POST") request.append("\r\nContent-Length: ").append(std::to_string(body.size()));
    request.append("\r\n\r\n").append(body);
    if (!core_->write(request)) return {};
    auto [head, content] = core_->answer();
    if (head.size() < 12) return {};
    return {static_cast<unsigned>(std::stoul(head.substr(9, 3))), std::move(content)};
}

}  // namespace keel::test
