#include "connectors/deribit/gateway.hpp"

#include <algorithm>

#include "connectors/deribit/encode.hpp"
#include "engine/core/assert.hpp"

namespace keel::connectors::deribit {
namespace {

constexpr std::size_t kFramesPerPollMax = 64;
constexpr std::size_t kLocalEventsMax = 4'096;  // reserved once; reports of one burst of refusals

bool is_cancel(const OrderCommand& command) {
    return command.kind == CommandKind::cancel || command.kind == CommandKind::cancel_all;
}

}  // namespace

Gateway::Gateway(const Config& config, net::TlsContext tls, const InstrumentTable& instruments, EdgeClock& clock,
                 const net::Credentials& credentials, net::ConnectBudget* budget)
    : config_{config},
      instruments_{instruments},
      clock_{clock},
      session_{config, net::kPrivateFrameBytesMax, tls, &credentials, budget, config.seed + 1},
      decoder_{instruments, &order_ids_},
      budget_{message_budget(), std::chrono::steady_clock::now()},
      in_flight_{std::make_unique<InFlight[]>(kInFlightMax)},
      latency_{std::make_unique<GatewayLatency>()} {
    if (config.order_transport == OrderTransport::rest) {
        rest_ = std::make_unique<RestOrders>(config, std::move(tls), credentials);
    }
    local_.reserve(kLocalEventsMax);
}

std::size_t Gateway::poll(EventBatch& batch) {
    const net::Monotonic now = std::chrono::steady_clock::now();
    turn(session_.tick(now), batch);
    std::size_t work = local_.size();
    flush_local(batch);
    for (std::size_t frames = 0; frames < kFramesPerPollMax; ++frames, ++work) {
        const std::optional<net::Frame> frame = session_.next_frame();
        if (!frame) break;
        take(*frame, batch);
    }
    if (rest_ != nullptr) poll_rest(batch);
    if (session_.is_up()) {
        pump_sync(now);
        pump_cancels(now);
    }
    return work;
}

void Gateway::turn(RpcSession::Turn turn, EventBatch& batch) {
    switch (turn) {
        case RpcSession::Turn::none: return;
        case RpcSession::Turn::connecting: ++counts_.connects; return report(SessionState::connecting, batch);
        case RpcSession::Turn::up: arm(); return report(SessionState::syncing, batch);
        case RpcSession::Turn::down: return went_down(batch);
    }
}

// Commands whose bytes never reached the socket are absent; the fate of the others is open, and is asked
// for by label after the next login.
void Gateway::went_down(EventBatch& batch) {
    sync_ = Sync::down;
    listing_ = false;
    for (std::size_t i = 0; i < kInFlightMax; ++i) {
        InFlight& request = in_flight_[i];
        if (request.id == 0) continue;
        if (session_.was_started(request.number)) {
            doubts_.push_back(request.command);
        } else {
            not_sent(request.command, Errc::websocket_closed);
        }
        request.id = 0;
    }
    flush_local(batch);
    report(SessionState::down, batch);
}

void Gateway::flush_local(EventBatch& batch) {
    for (Event& event : local_) {
        event.receive_time = clock_.now();
        const bool kept = batch.push(event);
        KEEL_ASSERT(kept);  // the batch is drained each turn, and holds far more than one turn's commands
    }
    local_.clear();
}

void Gateway::report(SessionState state, EventBatch& batch) {
    Event event = session_.report(state, SessionRole::orders, clock_.now());
    if (state == SessionState::ready) {
        auto session = event.as<SessionReport>();
        const net::RateLimiter::Budget budget = message_budget();
        session.messages_per_s = Real{budget.tokens_per_s};
        session.messages_burst = Real{budget.tokens_max};
        event.put(session);
    }
    static_cast<void>(batch.push(event));
}

// The gate, which hears of the same rates, keeps the whole reserve for cancels; half of it here, so that two
// clocks never disagree about an order that the gate has passed.
net::RateLimiter::Budget Gateway::message_budget() const {
    const RateLimits granted = granted_.value_or(RateLimits{config_.matching_per_s, config_.matching_burst});
    return {std::min(config_.matching_burst, granted.matching_burst),
            std::min(config_.matching_per_s, granted.matching_per_s), config_.cancel_reserve_ratio / 2.0};
}

void Gateway::take(const net::Frame& frame, EventBatch& batch) {
    ++counts_.frames;
    const std::size_t begin = batch.size();
    const Result<Message> message = decoder_.decode(frame.text, batch);
    if (!message) {
        // A private message that cannot be read may hide a fill: the account must be read again.
        ++counts_.frames_refused;
        if (message.error().code != Errc::unsupported_channel) session_.drop(message.error().code);
        return;
    }
    if (session_.consume(*message)) return;
    on_message(*message, batch);
    stamp(begin, frame.receive_cycles, batch);
    counts_.events += batch.size() - begin;
}

void Gateway::stamp(std::size_t begin, std::uint64_t receive_cycles, EventBatch& batch) {
    const std::span<Event> events = batch.events().subspan(begin);
    if (events.empty()) return;
    note_trade_times(events);
    for (const Event& event : events) clock_.observe(event.exchange_time);
    const UnixNanos now = clock_.now();
    const std::uint64_t decoded = cycles_now();
    for (Event& event : events) {
        event.receive_time = now;
        event.receive_cycles = receive_cycles;
        event.decoded_cycles = decoded;
    }
}

void Gateway::on_message(const Message& message, EventBatch& batch) {
    if (message.kind == MessageKind::error) return on_error(message, batch);
    if (message.kind != MessageKind::answer) return;
    switch (message.request) {
        case RequestKind::submit:
        case RequestKind::replace:
        case RequestKind::cancel:
        case RequestKind::cancel_by_label: {
            InFlight& request = in_flight(message.request_id);
            if (request.id != message.request_id) return;
            request.id = 0;
            latency_->acknowledge.record(cycles_now() - request.written_cycles);
            // No order carried the label: it may be filled, gone or not yet there.
            const bool none = message.request == RequestKind::cancel_by_label && message.result == "0";
            if (none) {
                tell(EventKind::cancel_rejected, request.command, 0);
                ask_for(request.command);
            }
            return;
        }
        default: return on_sync_answer(message, batch);
    }
}

void Gateway::on_error(const Message& message, EventBatch& batch) {
    ++counts_.venue_errors;
    last_action_ = action_of(message.error_code);
    switch (last_action_) {
        case ErrorAction::throttle:
            ++counts_.throttled;
            budget_.drain(std::chrono::steady_clock::now());
            break;
        case ErrorAction::account_blocked: ++counts_.blocked; break;
        case ErrorAction::reauthenticate: session_.log_in_again(); break;
        default: break;
    }
    switch (message.request) {
        case RequestKind::submit:
        case RequestKind::replace:
        case RequestKind::cancel:
        case RequestKind::cancel_by_label: return on_order_error(message, batch);
        case RequestKind::cancel_all:
        case RequestKind::order_state: return;
        // Arming or reading the account failed: no trading on this connection.
        default:
            ++counts_.blocked;
            return session_.drop(last_action_ == ErrorAction::reauthenticate ? Errc::auth_refused : Errc::venue_error);
    }
}

void Gateway::on_order_error(const Message& message, EventBatch&) {
    InFlight& request = in_flight(message.request_id);
    if (request.id != message.request_id) return;
    request.id = 0;
    const OrderCommand command = request.command;
    if (!is_definite_refusal(last_action_)) {
        ++counts_.unknown;
        // A cancel of an order that is gone says so; anything else leaves the fate open.
        const bool gone_cancel = is_cancel(command) && last_action_ == ErrorAction::gone;
        tell(gone_cancel ? EventKind::cancel_rejected : EventKind::order_unknown, command, message.error_code);
        return ask_for(command);
    }
    if (!is_cancel(command)) return tell(EventKind::order_rejected, command, message.error_code);
    tell(EventKind::cancel_rejected, command, message.error_code);
    ask_for(command);
}

void Gateway::tell(EventKind kind, const OrderCommand& command, std::int64_t reason) {
    OrderReport order;
    order.client_order_id = command.client_order_id;
    order.price = command.price;
    order.quantity = command.quantity;
    order.reason = reason;
    Event event = Event::of(kind, VenueId::deribit, command.instrument, order);
    event.set_side(command.side);
    event.set(kOurs);
    event.receive_cycles = cycles_now();
    event.decoded_cycles = event.receive_cycles;
    local_.push_back(event);
}

void Gateway::not_sent(const OrderCommand& command, Errc reason) {
    ++counts_.not_sent;
    if (command.kind == CommandKind::cancel_all) return;
    tell(EventKind::order_not_sent, command, own_reason(reason));
}

// By label: the one question that works whether or not the order was ever acknowledged.
void Gateway::ask_for(const OrderCommand& command) {
    if (!session_.is_up() || command.client_order_id == ClientOrderId::none) return;
    const auto label = label_of(command.client_order_id);
    const Instrument& row = instruments_[command.instrument];
    std::string params = R"("currency":")";
    params.append(instruments_.name_of(row.settlement)).append(R"(","label":")");
    params.append(label.data(), label.size()).append("\"");
    request(RequestKind::order_state, "private/get_order_state_by_label", params);
}

bool Gateway::may_send(const OrderCommand& command) {
    const bool connected = rest_ != nullptr ? session_.is_up() || is_cancel(command) : session_.is_up();
    if (!connected) {
        not_sent(command, Errc::websocket_closed);
        return false;
    }
    // Until the account is known, only what makes it smaller may leave.
    if (!is_cancel(command) && sync_ != Sync::ready) {
        not_sent(command, Errc::websocket_closed);
        return false;
    }
    const net::Monotonic now = std::chrono::steady_clock::now();
    const bool granted = is_cancel(command) ? budget_.take_reserved(1.0, now) : budget_.take(1.0, now);
    if (!granted) {
        ++counts_.budget_refusals;
        not_sent(command, Errc::rate_limited);
    }
    return granted;
}

RequestKind Gateway::kind_of(const OrderCommand& command) const {
    switch (command.kind) {
        case CommandKind::submit: return RequestKind::submit;
        case CommandKind::replace: return RequestKind::replace;
        case CommandKind::cancel_all: return RequestKind::cancel_all;
        default: break;
    }
    return order_ids_.find(command.client_order_id).empty() ? RequestKind::cancel_by_label : RequestKind::cancel;
}

void Gateway::encode(std::string& out, std::uint64_t id, RequestKind kind, const OrderCommand& command) {
    if (kind == RequestKind::cancel_all) {
        const bool all = command.instrument == InstrumentId::none;
        return encode_cancel_all(out, id, all ? std::string_view{} : instruments_[command.instrument].name_view());
    }
    const Instrument& row = instruments_[command.instrument];
    const std::string_view venue_order_id = order_ids_.find(command.client_order_id);
    switch (kind) {
        case RequestKind::cancel: return encode_cancel(out, id, venue_order_id);
        case RequestKind::cancel_by_label:
            return encode_cancel_by_label(out, id, command.client_order_id, instruments_.name_of(row.settlement));
        default: break;
    }
    OrderCommand fenced = command;
    // The fence is judged by the venue's clock, which may differ from the host's.
    if (command.valid_until > UnixNanos{} && clock_.source() == EdgeClock::Source::host) {
        fenced.valid_until = command.valid_until + std::chrono::nanoseconds{session_.clock_skew_ns()};
    }
    if (kind == RequestKind::replace) return encode_replace(out, id, fenced, row, venue_order_id);
    encode_submit(out, id, fenced, row);
}

void Gateway::send(const OrderCommand& command) {
    ++counts_.commands;
    if (!may_send(command)) return;
    const RequestKind kind = kind_of(command);
    // An edit needs the venue's id, which the acknowledgement has not brought yet.
    if (kind == RequestKind::replace && order_ids_.find(command.client_order_id).empty()) {
        return not_sent(command, Errc::unknown_order);
    }
    if (rest_ != nullptr) {
        if (!rest_->enqueue(command, kind)) not_sent(command, Errc::queue_full);
        return;
    }
    write(command);
}

void Gateway::write(const OrderCommand& command) {
    const RequestKind kind = kind_of(command);
    const std::uint64_t begin = cycles_now();
    const std::uint64_t id = session_.next_id(kind);
    InFlight& slot = in_flight(id);
    if (slot.id != 0 && kind != RequestKind::cancel_all) return not_sent(command, Errc::table_full);
    encode(session_.scratch(), id, kind, command);
    const std::uint64_t encoded = cycles_now();
    const Result<std::uint64_t> number = session_.send(session_.scratch());
    const std::uint64_t written = cycles_now();
    if (!number) return not_sent(command, number.error().code);
    if (command.emitted_cycles != 0) latency_->handover.record(begin - command.emitted_cycles);
    latency_->encode.record(encoded - begin);
    latency_->write.record(written - encoded);
    handed_over(command, written);
    if (kind != RequestKind::cancel_all) slot = InFlight{id, *number, command, written};
}

void Gateway::poll_rest(EventBatch& batch) {
    if (const std::optional<RestOrders::Answer> answer = rest_->poll()) {
        const OrderCommand& command = answer->of.command;
        const std::size_t begin = batch.size();
        if (!answer->outcome.bytes_left) {
            not_sent(command, answer->outcome.error);
        } else {
            const Result<Message> message =
                answer->outcome.error != Errc::none
                    ? Result<Message>{fail(answer->outcome.error)}
                    : decoder_.decode_answer(answer->outcome.response.body, answer->of.kind, batch);
            if (message && message->kind == MessageKind::error) {
                in_flight(message->request_id) = InFlight{message->request_id, 0, command, 0};
                on_error(*message, batch);
                in_flight(message->request_id).id = 0;
            } else if (!message) {
                ++counts_.unknown;
                if (command.kind != CommandKind::cancel_all) {
                    tell(EventKind::order_unknown, command, own_reason(message.error().code));
                    ask_for(command);
                }
            }
            stamp(begin, answer->outcome.response.receive_cycles, batch);
            counts_.events += batch.size() - begin;
        }
    }
    const RestOrders::Waiting* next = rest_->next();
    if (next == nullptr) return;
    const OrderCommand command = next->command;
    const std::uint64_t begin = cycles_now();
    encode(session_.scratch(), session_.next_id(next->kind), next->kind, command);
    const std::uint64_t encoded = cycles_now();
    const RestOrders::Written written = rest_->write_next(session_.scratch(), session_.venue_time_ms());
    if (command.emitted_cycles != 0) latency_->handover.record(begin - command.emitted_cycles);
    latency_->encode.record(encoded - begin);
    latency_->sign.record(written.sign_cycles);
    if (!written.accepted) return not_sent(command, Errc::queue_full);
    const std::uint64_t done = cycles_now();
    latency_->write.record(done - encoded - written.sign_cycles);
    handed_over(command, done);
}

void Gateway::handed_over(const OrderCommand& command, std::uint64_t now_cycles) {
    if (command.trigger_cycles == 0) return;
    const std::uint64_t took = now_cycles - command.trigger_cycles;
    latency_->tick_to_trade.record(took);
    if (!is_cancel(command)) latency_->orders.record(command.decision, took);
}

}  // namespace keel::connectors::deribit
