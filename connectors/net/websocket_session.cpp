#include "connectors/net/websocket_session.hpp"

#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <string>

#include "connectors/net/tls_opening.hpp"
#include "connectors/net/websocket_stream.hpp"
#include "engine/core/assert.hpp"
#include "engine/core/clock.hpp"

namespace keel::connectors::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using ErrorCode = boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBytesFirst = 256U << 10U;  // grows once or twice on the first large snapshot
constexpr std::size_t kWriteBytes = 16U << 10U;       // one TLS record: a message leaves in one piece

// One attempt and its stream. Handlers share its ownership, so that a dropped connection dies only
// after its last handler; they touch nothing but this.
struct Connection : std::enable_shared_from_this<Connection> {
    Connection(asio::io_context& io, asio::ssl::context& tls, const WebSocketOptions& options)
        : resolver{io}, stream{io, tls}, buffer{options.frame_bytes_max + kFramePaddingBytes} {
        // The buffer's limit bounds a message. The library's own limit would first close politely, and
        // report what went wrong with that instead of the size.
        stream.read_message_max(0);
        stream.auto_fragment(false);
        stream.write_buffer_bytes(kWriteBytes);
        stream.text(true);
        buffer.reserve(std::min(kReadBytesFirst, options.frame_bytes_max));
    }

    TcpResolver resolver;
    WebSocketStream stream;
    beast::flat_buffer buffer;
    WebSocketState state{WebSocketState::connecting};
    Error reason{};
    Clock::time_point deadline{};
    Clock::time_point heard{};  // last frame of any kind
    bool reading{false};
    bool frame_ready{false};
    bool frame_taken{false};  // next_frame() has shown it; the next call lets it go
    std::uint64_t frame_cycles{0};
    websocket::response_type upgrade_response;

    // Messages not yet handed over: a ring of reused strings. `queued` counts all, `started` those whose
    // bytes the socket has seen; the message being written is number `started`.
    std::array<std::string, WebSocketSession::kSendQueueMax> outgoing;
    std::uint64_t queued{0};
    std::uint64_t started{0};
    std::uint64_t finished{0};

    void fail_with(Error error) {
        if (state == WebSocketState::closed) return;
        state = WebSocketState::closed;
        reason = error;
        ErrorCode ignored;
        resolver.cancel();
        stream.next_layer().socket().close(ignored);
    }

    void upgrade(const Endpoint& endpoint) {
        // Answered frames of every kind are signs of life for the watchdog.
        stream.control_callback([this](websocket::frame_type, beast::string_view) { heard = Clock::now(); });
        stream.set_option(websocket::stream_base::decorator(
            [](websocket::request_type& request) { request.set(beast::http::field::user_agent, "keel"); }));
        start_handshake(stream, upgrade_response, endpoint.verified_name(), endpoint.path,
                        [self = shared_from_this()](ErrorCode code) { self->upgraded(code); });
    }

    void upgraded(ErrorCode code) {
        if (state != WebSocketState::connecting) return;
        if (code == websocket::error::upgrade_declined) {
            return fail_with(Error{Errc::http_status, upgrade_response.result_int()});
        }
        if (code) return fail_with(Error{Errc::connect_failed, static_cast<std::uint64_t>(code.value())});
        state = WebSocketState::open;
        heard = Clock::now();
        write_next();
    }

    void read_next() {
        if (reading || frame_ready || state != WebSocketState::open) return;
        reading = true;
        start_read(stream, buffer, [self = shared_from_this()](ErrorCode code, std::size_t) { self->have_read(code); });
    }

    void have_read(ErrorCode code) {
        reading = false;
        if (state == WebSocketState::closed) return;
        if (code == websocket::error::closed) {
            return fail_with(Error{Errc::websocket_closed, stream.reason().code});
        }
        if (code == websocket::error::buffer_overflow) {
            return fail_with(Error{Errc::malformed_message, buffer.size()});
        }
        if (code) return fail_with(cut_error(code));
        frame_cycles = cycles_now();
        heard = Clock::now();
        frame_ready = true;
        frame_taken = false;
        static_cast<void>(buffer.prepare(kFramePaddingBytes));
    }

    void write_next() {
        if (state != WebSocketState::open || started != finished || started == queued) return;
        const std::string& message = outgoing[started % outgoing.size()];
        ++started;
        start_write(stream, asio::buffer(message), [self = shared_from_this()](ErrorCode code, std::size_t) {
            self->finished = self->started;
            if (self->state == WebSocketState::closed) return;
            if (code) return self->fail_with(cut_error(code));
            self->write_next();
        });
    }
};

}  // namespace

struct WebSocketSession::Core {
    Core(WebSocketOptions set, TlsContext context) : options{std::move(set)}, tls{std::move(context)} {}

    WebSocketOptions options;
    TlsContext tls;
    asio::io_context io{1};
    std::shared_ptr<Connection> connection;
    std::uint64_t bytes_received{0};

    void watch() {
        if (connection == nullptr) return;
        const Clock::time_point now = Clock::now();
        if (connection->state == WebSocketState::connecting && now >= connection->deadline) {
            connection->fail_with(Error{Errc::connect_failed});
        } else if (connection->state == WebSocketState::open && now - connection->heard >= options.read_deadline) {
            connection->fail_with(Error{Errc::read_deadline});
        }
    }
};

WebSocketSession::WebSocketSession(WebSocketOptions options, TlsContext context)
    : core_{std::make_unique<Core>(std::move(options), std::move(context))} {}

WebSocketSession::~WebSocketSession() { drop(Errc::websocket_closed); }

void WebSocketSession::connect() {
    drop(Errc::websocket_closed);
    core_->connection = std::make_shared<Connection>(core_->io, core_->tls.native().context, core_->options);
    auto connection = core_->connection;
    connection->deadline = Clock::now() + core_->options.connect_deadline;
    core_->io.restart();
    open_tls(connection->stream.next_layer(), connection->resolver, core_->options.endpoint,
             [connection, endpoint = core_->options.endpoint](Error error) {
                 if (connection->state != WebSocketState::connecting) return;
                 if (error.code != Errc::none) return connection->fail_with(error);
                 connection->upgrade(endpoint);
             });
}

void WebSocketSession::poll() {
    if (core_->connection != nullptr) core_->connection->read_next();
    core_->io.restart();
    core_->io.poll();
    core_->watch();
}

std::optional<Frame> WebSocketSession::next_frame() {
    auto& connection = core_->connection;
    if (connection == nullptr) return std::nullopt;
    if (connection->frame_ready && connection->frame_taken) {
        connection->frame_ready = false;
        connection->buffer.consume(connection->buffer.size());
    }
    // A poll() of the owner's may have read a frame already.
    if (!connection->frame_ready) poll();
    if (!connection->frame_ready) return std::nullopt;
    connection->frame_taken = true;
    const auto data = connection->buffer.cdata();
    core_->bytes_received += data.size();
    return Frame{{static_cast<const char*>(data.data()), data.size()}, connection->frame_cycles};
}

Result<std::uint64_t> WebSocketSession::send(std::string_view text) {
    auto& connection = core_->connection;
    if (!is_open()) return fail(Errc::websocket_closed);
    if (connection->queued - connection->finished == kSendQueueMax) return fail(Errc::queue_full, kSendQueueMax);
    connection->outgoing[connection->queued % kSendQueueMax].assign(text);
    const std::uint64_t number = ++connection->queued;
    connection->write_next();
    return number;
}

std::uint64_t WebSocketSession::sends_started() const {
    return core_->connection == nullptr ? 0 : core_->connection->started;
}

void WebSocketSession::close() {
    if (!is_open()) return drop(Errc::websocket_closed);
    auto connection = core_->connection;
    // A write in flight owns the stream; its message goes out whole and the socket is cut after it.
    if (connection->started != connection->finished) return drop(Errc::websocket_closed);
    start_close(connection->stream, websocket::close_code::normal, [connection](ErrorCode) {});
    core_->io.restart();
    core_->io.poll();
    drop(Errc::websocket_closed);
}

void WebSocketSession::drop(Errc reason) {
    if (core_->connection != nullptr) core_->connection->fail_with(Error{reason});
    core_->io.restart();
    core_->io.poll();
}

WebSocketState WebSocketSession::state() const {
    return core_->connection == nullptr ? WebSocketState::closed : core_->connection->state;
}

Error WebSocketSession::close_reason() const {
    return core_->connection == nullptr ? Error{} : core_->connection->reason;
}

std::uint64_t WebSocketSession::bytes_received() const { return core_->bytes_received; }

}  // namespace keel::connectors::net
