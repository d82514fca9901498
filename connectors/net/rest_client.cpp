#include "connectors/net/rest_client.hpp"

#include <sys/socket.h>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "connectors/net/tls_opening.hpp"
#include "engine/core/assert.hpp"
#include "engine/core/clock.hpp"

namespace keel::connectors::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using ErrorCode = boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBodyPaddingBytes = 64;        // readable bytes after a body, for the JSON parser
constexpr std::size_t kHeaderBytesMax = 64U << 10U;  // of one answer

enum class Stage : std::uint8_t { opening, idle, writing, reading, dead };

// One connection; its handlers share its ownership and touch nothing else.
struct Connection : std::enable_shared_from_this<Connection> {
    Connection(asio::io_context& io, asio::ssl::context& tls, std::size_t body_max)
        : resolver{io}, stream{io, tls}, body_bytes_max{body_max} {}

    TcpResolver resolver;
    TlsStream stream;
    std::size_t body_bytes_max;
    beast::flat_buffer buffer;
    std::string request;
    std::optional<http::response_parser<http::string_body>> parser;
    Stage stage{Stage::opening};
    Error reason{};
    bool answered{false};
    std::uint64_t exchanges{0};
    std::uint64_t cycles{0};

    void fail_with(Error error) {
        if (stage == Stage::dead) return;
        stage = Stage::dead;
        reason = error;
        ErrorCode ignored;
        resolver.cancel();
        stream.socket().close(ignored);
    }

    // A kept connection may have been closed by the peer meanwhile. Looking before writing saves an
    // ambiguous request. Bytes that wait before the first answer are the handshake's session tickets.
    void notice_close() {
        if (stage != Stage::idle) return;
        char byte = 0;
        const ssize_t got = ::recv(stream.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (got == 0 || (got > 0 && exchanges > 0)) fail_with(Error{Errc::websocket_closed});
    }

    void begin() {
        stage = Stage::writing;
        asio::async_write(stream, asio::buffer(request), [self = shared_from_this()](ErrorCode code, std::size_t) {
            if (self->stage == Stage::dead) return;
            if (code) return self->fail_with(cut_error(code));
            self->read_answer();
        });
    }

    void read_answer() {
        stage = Stage::reading;
        parser.emplace();
        parser->body_limit(body_bytes_max);
        parser->header_limit(kHeaderBytesMax);
        http::async_read(stream, buffer, *parser, [self = shared_from_this()](ErrorCode code, std::size_t) {
            if (self->stage == Stage::dead) return;
            if (code) return self->fail_with(cut_error(code));
            self->cycles = cycles_now();
            self->answered = true;
            ++self->exchanges;
            self->stage = Stage::idle;
        });
    }
};

}  // namespace

struct RestClient::Core {
    Core(RestOptions set, TlsContext context) : options{std::move(set)}, tls{std::move(context)} {}

    RestOptions options;
    TlsContext tls;
    asio::io_context io{1};
    std::shared_ptr<Connection> connection;
    std::string request;  // composed, waiting for the connection or written
    std::string body;     // of the last answer, padded
    bool waiting{false};  // composed, and no byte given to a socket yet
    bool in_flight{false};
    std::uint64_t ticket{0};
    Clock::time_point deadline{};
    Clock::time_point connect_deadline{};

    [[nodiscard]] bool alive() const { return connection != nullptr && connection->stage != Stage::dead; }

    void open() {
        connection = std::make_shared<Connection>(io, tls.native().context, options.body_bytes_max);
        connect_deadline = Clock::now() + options.connect_deadline;
        open_tls(connection->stream, connection->resolver, options.endpoint, [held = connection](Error error) {
            if (held->stage == Stage::dead) return;
            if (error.code != Errc::none) return held->fail_with(error);
            held->stage = Stage::idle;
        });
    }

    void compose(const RestRequest& from) {
        request.clear();
        request.append(from.method).append(" ").append(from.target).append(" HTTP/1.1\r\nHost: ");
        request.append(options.endpoint.verified_name()).append("\r\nUser-Agent: keel\r\nConnection: keep-alive\r\n");
        for (const RestHeader& header : from.headers) {
            request.append(header.name).append(": ").append(header.value).append("\r\n");
        }
        if (!from.body.empty() || from.method == "POST" || from.method == "PUT") {
            request.append("Content-Length: ").append(std::to_string(from.body.size())).append("\r\n");
        }
        request.append("\r\n").append(from.body);
    }

    void run() {
        if (in_flight && waiting && alive() && connection->stage == Stage::idle) {
            waiting = false;
            connection->request.assign(request);
            connection->answered = false;
            connection->begin();
        }
        io.restart();
        io.poll();
        if (!alive()) return;
        const Clock::time_point now = Clock::now();
        if (connection->stage == Stage::opening && now >= connect_deadline) {
            connection->fail_with(Error{Errc::connect_failed});
        } else if (in_flight && now >= deadline) {
            connection->fail_with(Error{Errc::read_deadline});
        }
    }

    RestOutcome finish(Errc error) {
        RestOutcome outcome{ticket, !waiting, error, {}};
        in_flight = false;
        waiting = false;
        if (error == Errc::none) {
            auto& message = connection->parser->get();
            body.assign(message.body());
            body.reserve(body.size() + kBodyPaddingBytes);
            outcome.response = RestResponse{message.result_int(), body, connection->cycles};
            if (!message.keep_alive()) connection->fail_with(Error{Errc::websocket_closed});
            connection->answered = false;
        }
        return outcome;
    }

    std::optional<RestOutcome> step() {
        run();
        if (!in_flight) return std::nullopt;
        if (connection->answered) return finish(Errc::none);
        if (connection->stage == Stage::dead) return finish(connection->reason.code);
        return std::nullopt;
    }
};

RestClient::RestClient(RestOptions options, TlsContext context)
    : core_{std::make_unique<Core>(std::move(options), std::move(context))} {}

RestClient::~RestClient() {
    if (core_->connection != nullptr) core_->connection->fail_with(Error{Errc::websocket_closed});
}

void RestClient::warm() {
    if (!core_->alive()) core_->open();
    core_->run();
}

bool RestClient::is_connected() const { return core_->alive() && core_->connection->stage != Stage::opening; }
bool RestClient::is_busy() const { return core_->in_flight; }

Result<std::uint64_t> RestClient::start(const RestRequest& request) {
    if (core_->in_flight) return fail(Errc::queue_full, 1);
    core_->run();
    if (core_->alive()) core_->connection->notice_close();
    if (!core_->alive()) core_->open();
    core_->compose(request);
    core_->in_flight = true;
    core_->waiting = true;
    core_->deadline = Clock::now() + core_->options.connect_deadline + core_->options.answer_deadline;
    if (core_->connection->stage == Stage::idle) core_->deadline = Clock::now() + core_->options.answer_deadline;
    ++core_->ticket;
    core_->run();
    return core_->ticket;
}

std::optional<RestOutcome> RestClient::poll() { return core_->step(); }

Result<RestResponse> RestClient::call(const RestRequest& request) {
    const Result<std::uint64_t> started = start(request);
    if (!started) return fail(started.error());
    for (;;) {
        if (const std::optional<RestOutcome> outcome = core_->step()) {
            if (outcome->error != Errc::none) {
                return fail(Error{outcome->error, core_->connection->reason.detail});
            }
            return outcome->response;
        }
        core_->io.restart();
        core_->io.run_one_for(std::chrono::milliseconds{5});
    }
}

}  // namespace keel::connectors::net
