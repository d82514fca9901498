#include "connectors/deribit/rpc_session.hpp"

#include "connectors/deribit/encode.hpp"
#include "connectors/deribit/errors.hpp"
#include "connectors/deribit/sign.hpp"
#include "connectors/deribit/urls.hpp"
#include "engine/core/clock.hpp"

namespace keel::connectors::deribit {
namespace {

constexpr unsigned kLoginAttemptsMax = 2;  // a bad token is worth one fresh login, a bad key none
constexpr std::size_t kNonceBytes = 8;
constexpr std::chrono::seconds kStableAfter{5};
constexpr double kRenewAtRatio = 0.8;  // of a token's life

net::WebSocketOptions socket_options(const Config& config, std::size_t frame_bytes_max) {
    return {websocket_endpoint(config), config.connect_deadline, config.silence_max, frame_bytes_max};
}

}  // namespace

RpcSession::RpcSession(const Config& config, std::size_t frame_bytes_max, net::TlsContext tls,
                       const net::Credentials* credentials, net::ConnectBudget* budget, std::uint64_t seed)
    : config_{config},
      socket_{socket_options(config, frame_bytes_max), std::move(tls)},
      credentials_{credentials},
      budget_{budget},
      backoff_{{config.backoff_first, config.backoff_cap}, config.seed == 0 ? net::random_number() : seed} {
    if (credentials_ != nullptr) key_.emplace(credentials_->secret);
}

RpcSession::Turn RpcSession::tick(net::Monotonic now) {
    switch (stage_) {
        case Stage::halted:
            if (halt_told_) return Turn::none;
            halt_told_ = true;
            return Turn::down;
        case Stage::down:
            if (now < next_attempt_) return Turn::none;
            if (budget_ != nullptr && !budget_->take(now)) {
                next_attempt_ = now + backoff_.next();
                return Turn::none;
            }
            socket_.connect();
            ++generation_;
            stage_ = Stage::connecting;
            return Turn::connecting;
        case Stage::connecting:
            socket_.poll();
            if (socket_.is_open()) {
                greeting_deadline_ = now + config_.connect_deadline;
                greet();
            }
            break;
        case Stage::greeting:
            if (now >= greeting_deadline_) socket_.drop(Errc::read_deadline);
            break;
        case Stage::up:
            if (turned_up_) {
                turned_up_ = false;
                return Turn::up;
            }
            renew(now);
            break;
    }
    return socket_.state() == net::WebSocketState::closed ? went_down(now) : Turn::none;
}

RpcSession::Turn RpcSession::went_down(net::Monotonic now) {
    last_error_ = socket_.close_reason();
    // A connection that ends soon after its greeting was no success: the waits go on growing.
    if (stage_ == Stage::up && now - up_since_ >= kStableAfter) backoff_.reset();
    stage_ = Stage::down;
    turned_up_ = false;
    next_attempt_ = now + backoff_.next();
    return Turn::down;
}

std::optional<net::Frame> RpcSession::next_frame() {
    if (stage_ != Stage::greeting && stage_ != Stage::up) return std::nullopt;
    return socket_.next_frame();
}

void RpcSession::greet() {
    stage_ = Stage::greeting;
    heartbeat_set_ = false;
    time_known_ = false;
    logged_in_ = credentials_ == nullptr;
    login_attempts_ = 0;
    renewing_ = false;
    encode_request(scratch_, next_id(RequestKind::hello), "public/hello",
                   R"("client_name":"keel","client_version":"0.1.0")");
    static_cast<void>(send(scratch_));
    encode_request(scratch_, next_id(RequestKind::set_heartbeat), "public/set_heartbeat",
                   R"("interval":)" + std::to_string(config_.heartbeat.count()));
    static_cast<void>(send(scratch_));
    time_asked_ns_ = wall_now().ns();
    encode_request(scratch_, next_id(RequestKind::get_time), "public/get_time");
    static_cast<void>(send(scratch_));
}

// Signed with the venue's own time, so that a host clock that is off by a minute still gets in.
void RpcSession::login() {
    ++login_attempts_;
    const std::int64_t timestamp_ms = venue_time_ms();
    const std::string nonce = net::random_hex(kNonceBytes);
    const net::HexDigest signature = sign_login(*key_, timestamp_ms, nonce);
    encode_login(scratch_, next_id(RequestKind::authenticate),
                 {credentials_->key_id, timestamp_ms, nonce, {signature.data(), signature.size()}});
    static_cast<void>(send(scratch_));
}

void RpcSession::renew(net::Monotonic now) {
    if (credentials_ == nullptr || renewing_ || now < renew_at_) return;
    renewing_ = true;
    // One attempt at a time; the old token serves until the answer brings the new one.
    encode_refresh(scratch_, next_id(RequestKind::authenticate), refresh_token_);
    static_cast<void>(send(scratch_));
}

void RpcSession::log_in_again() {
    if (stage_ != Stage::up || credentials_ == nullptr || renewing_) return;
    renewing_ = true;
    login();
}

bool RpcSession::consume(const Message& message) {
    switch (message.kind) {
        case MessageKind::heartbeat: return true;
        case MessageKind::test_request:
            ++test_requests_;
            encode_request(scratch_, next_id(RequestKind::test), "public/test");
            static_cast<void>(send(scratch_));
            return true;
        case MessageKind::answer:
        case MessageKind::error: break;
        default: return false;
    }
    switch (message.request) {
        case RequestKind::hello:
        case RequestKind::test:
        case RequestKind::set_heartbeat:
        case RequestKind::get_time:
        case RequestKind::authenticate: break;
        default: return false;
    }
    if (message.kind == MessageKind::answer) {
        on_answer(message);
    } else {
        on_error(message);
    }
    return true;
}

void RpcSession::on_answer(const Message& message) {
    if (message.request == RequestKind::authenticate) return on_auth(message);
    if (message.request == RequestKind::set_heartbeat) heartbeat_set_ = true;
    if (message.request == RequestKind::get_time) {
        const Result<std::int64_t> venue_ms = parse_integer(message.result);
        if (!venue_ms) return socket_.drop(Errc::malformed_message);
        const std::int64_t now_ns = wall_now().ns();
        // The venue read its clock somewhere between question and answer: the middle is the best guess.
        clock_skew_ns_ = *venue_ms * 1'000'000 - (time_asked_ns_ + (now_ns - time_asked_ns_) / 2);
        time_known_ = true;
        if (!logged_in_) login();
    }
    finish_greeting();
}

void RpcSession::on_auth(const Message& message) {
    const Result<AuthAnswer> answer = parse_auth(message.result);
    if (!answer) return socket_.drop(Errc::malformed_message);
    refresh_token_ = answer->refresh_token;
    const auto life = std::chrono::duration<double>(kRenewAtRatio * static_cast<double>(answer->expires_in_s));
    renew_at_ = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::nanoseconds>(life);
    if (renewing_) ++token_renewals_;
    renewing_ = false;
    logged_in_ = true;
    login_attempts_ = 0;
    finish_greeting();
}

void RpcSession::on_error(const Message& message) {
    if (message.request == RequestKind::hello || message.request == RequestKind::test) return;
    if (message.request != RequestKind::authenticate) return socket_.drop(Errc::venue_error);
    const ErrorAction action = action_of(message.error_code);
    if (action == ErrorAction::stop_credentials || login_attempts_ >= kLoginAttemptsMax) {
        last_error_ = Error{Errc::auth_refused, static_cast<std::uint64_t>(message.error_code)};
        stage_ = Stage::halted;
        socket_.drop(Errc::auth_refused);
        return;
    }
    if (action == ErrorAction::reauthenticate) {
        return login();
    }
    socket_.drop(Errc::auth_refused);
}

void RpcSession::finish_greeting() {
    if (stage_ != Stage::greeting || !heartbeat_set_ || !time_known_ || !logged_in_) return;
    stage_ = Stage::up;
    turned_up_ = true;
    up_since_ = std::chrono::steady_clock::now();
}

void RpcSession::close() {
    stage_ = Stage::halted;
    socket_.close();
}

std::int64_t RpcSession::venue_time_ms() const { return (wall_now().ns() + clock_skew_ns_) / 1'000'000; }

Event RpcSession::report(SessionState state, SessionRole role, UnixNanos now) const {
    SessionReport session;
    session.state = state;
    session.role = role;
    session.generation = generation_;
    session.reason = static_cast<std::uint64_t>(last_error_.code);
    session.clock_skew_ns = clock_skew_ns_;
    Event event = Event::of(EventKind::session, VenueId::deribit, InstrumentId::none, session);
    event.receive_time = now;
    event.receive_cycles = cycles_now();
    event.decoded_cycles = event.receive_cycles;
    return event;
}

}  // namespace keel::connectors::deribit
