#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "connectors/deribit/config.hpp"
#include "connectors/deribit/parse.hpp"
#include "connectors/net/credentials.hpp"
#include "connectors/net/hmac.hpp"
#include "connectors/net/rate_limiter.hpp"
#include "connectors/net/reconnect_backoff.hpp"
#include "connectors/net/websocket_session.hpp"

namespace keel::connectors::deribit {

// What feed and gateway have in common: one JSON-RPC connection that greets (hello, heartbeat, time,
// login), answers test requests at once, renews its token, and comes back after a cut with growing
// waits. A refused key stops it for good.
// Thread: the one that polls. Allocates: when connecting.
class RpcSession {
public:
    enum class Stage : std::uint8_t { down, connecting, greeting, up, halted };
    enum class Turn : std::uint8_t { none, connecting, up, down };

    // `credentials` null: public only; else it must outlive the session. `budget` may be null.
    RpcSession(const Config& config, std::size_t frame_bytes_max, net::TlsContext tls,
               const net::Credentials* credentials, net::ConnectBudget* budget, std::uint64_t seed);

    // Drives connecting, deadlines and token renewal; says what changed, one change per call.
    Turn tick(net::Monotonic now);
    // The next frame to decode, while connected.
    std::optional<net::Frame> next_frame();
    // Takes the messages that are the session's own business. False: the owner's.
    bool consume(const Message& message);

    // Writes one request. The number is its place among this connection's messages, for was_started().
    Result<std::uint64_t> send(std::string_view text) { return socket_.send(text); }
    [[nodiscard]] bool was_started(std::uint64_t number) const { return number <= socket_.sends_started(); }
    [[nodiscard]] std::uint64_t next_id(RequestKind kind) { return request_id(kind, ++last_number_); }
    // A reused string for requests.
    [[nodiscard]] std::string& scratch() { return scratch_; }

    // The venue took our token for invalid: one fresh login on this connection.
    void log_in_again();
    // Ends this connection; the session connects again after its wait.
    void drop(Errc reason) { socket_.drop(reason); }
    // Ends it for good.
    void close();

    [[nodiscard]] bool is_up() const { return stage_ == Stage::up; }
    [[nodiscard]] Stage stage() const { return stage_; }
    [[nodiscard]] std::uint64_t generation() const { return generation_; }
    [[nodiscard]] Error last_error() const { return last_error_; }
    // The venue's code where it refused the key and this session has ended for good; else 0.
    [[nodiscard]] std::int64_t key_refused() const {
        const bool refused = stage_ == Stage::halted && last_error_.code == Errc::auth_refused;
        return refused ? static_cast<std::int64_t>(last_error_.detail) : 0;
    }
    // Venue minus host wall clock at the last greeting.
    [[nodiscard]] std::int64_t clock_skew_ns() const { return clock_skew_ns_; }
    [[nodiscard]] std::int64_t venue_time_ms() const;
    // The event that says so: this connection as the owner of `role` sees it.
    [[nodiscard]] Event report(SessionState state, SessionRole role, UnixNanos now) const;
    [[nodiscard]] std::uint64_t test_requests_answered() const { return test_requests_; }
    [[nodiscard]] std::uint64_t token_renewals() const { return token_renewals_; }

private:
    void greet();
    void login();
    void renew(net::Monotonic now);
    void on_answer(const Message& message);
    void on_auth(const Message& message);
    void on_error(const Message& message);
    void finish_greeting();
    Turn went_down(net::Monotonic now);

    Config config_;
    net::WebSocketSession socket_;
    const net::Credentials* credentials_;
    std::optional<net::HmacSha256> key_;
    net::ConnectBudget* budget_;
    net::ReconnectBackoff backoff_;

    Stage stage_{Stage::down};
    bool turned_up_{false};
    bool halt_told_{false};
    net::Monotonic next_attempt_{};
    net::Monotonic up_since_{};
    net::Monotonic greeting_deadline_{};
    std::uint64_t generation_{0};
    std::uint64_t last_number_{0};
    Error last_error_{};
    std::string scratch_;

    bool heartbeat_set_{false};
    bool time_known_{false};
    bool logged_in_{false};
    unsigned login_attempts_{0};
    std::int64_t time_asked_ns_{0};
    std::int64_t clock_skew_ns_{0};

    std::string refresh_token_;
    net::Monotonic renew_at_{};
    bool renewing_{false};
    std::uint64_t test_requests_{0};
    std::uint64_t token_renewals_{0};
};

}  // namespace keel::connectors::deribit
