#include "simulator/deribit/dispatcher.hpp"

#include <chrono>

#include "simulator/deribit/json_writer.hpp"

namespace keel::simulator::deribit {
namespace {

constexpr std::string_view kHttpRoot = "/api/v2";
constexpr int kTooManyRequests = 10028;
// Owners of credits: accounts by number, connections before login above them, and all of plain HTTP.
constexpr std::uint64_t kConnectionOwners = 1ULL << 32U;
constexpr std::uint64_t kHttpOwner = 1ULL << 63U;

unsigned http_status_of(const Reply& reply) {
    if (reply) return 200;
    switch (reply.error().code) {
        case 10000:
        case 13004:
        case 13009: return 401;
        case 11042:
        case 13021:
        case 13403: return 403;
        case kTooManyRequests: return 429;
        default: return 400;
    }
}

void write_error(JsonWriter& out, const RpcError& error) {
    out.begin_object("error").member("code", error.code).member("message", error.message);
    if (!error.data.empty()) out.raw("data", error.data);
    out.end_object();
}

// The venue's envelope. Its microseconds are simulated time plus the time the answer took here.
std::string envelope(std::string_view id, const Reply& reply, UnixNanos now, std::chrono::nanoseconds took) {
    const std::int64_t in_us = now.ns() / 1'000;
    const std::int64_t diff_us = took.count() / 1'000;
    JsonWriter out;
    out.begin_object().member("jsonrpc", "2.0");
    if (!id.empty()) out.raw("id", id);
    if (reply) {
        out.raw("result", *reply);
    } else {
        write_error(out, reply.error());
    }
    out.member("usIn", in_us).member("usOut", in_us + diff_us).member("usDiff", diff_us).member("testnet", true);
    return out.end_object().take();
}

bool is_private(std::string_view method) { return method.starts_with("private/"); }

}  // namespace

Dispatcher::Dispatcher(Venue& venue) : venue_{venue}, limiter_{venue.config.limits} {
    const auto add = [&](std::span<const Method> methods) {
        for (const Method& method : methods) methods_.emplace(method.name, method);
    };
    add(session_methods());
    add(market_methods());
    add(trading_methods());
    add(order_query_methods());
    add(account_methods());
    if (venue.config.allow_control) add(control_methods());
}

Outcome Dispatcher::on_message(std::string_view text, Session& session) {
    const auto request = parse_request(text);
    if (request) return answer(*request, &session, nullptr);
    Outcome outcome;
    outcome.answer = envelope({}, std::unexpected{request.error()}, venue_.exchange.now(), {});
    return outcome;
}

Outcome Dispatcher::on_http(const HttpRequest& http) {
    Outcome outcome;
    if (venue_.faults.take(Fault::http_server_error)) {
        outcome.http_status = 503;
        outcome.answer = "Service Unavailable";
        return outcome;
    }
    std::string_view path = http.target;
    if (!path.starts_with(kHttpRoot)) {
        outcome.http_status = 404;
        return outcome;
    }
    path.remove_prefix(kHttpRoot.size());
    if (path.starts_with('/')) path.remove_prefix(1);
    if (http.method == "GET") return answer(parse_query(path), nullptr, &http);
    auto request = parse_request(http.body);
    // A method in the path stands for one in the body.
    if (!request && !path.empty() && http.body.empty()) request = parse_query(path);
    if (request) return answer(*request, nullptr, &http);
    const Reply refused = std::unexpected{request.error()};
    outcome.http_status = http_status_of(refused);
    outcome.answer = envelope({}, refused, venue_.exchange.now(), {});
    return outcome;
}

Outcome Dispatcher::answer(const Request& request, Session* session, const HttpRequest* http) {
    const auto started = std::chrono::steady_clock::now();
    Outcome outcome;
    const auto found = methods_.find(request.method);
    Reply reply = std::unexpected{RpcError{-32601, "Method not found", {}}};
    if (found != methods_.end()) {
        const bool is_order = found->second.is_order;
        if (is_order && venue_.faults.take(Fault::cut_before_order)) {
            remember_order(venue_, request.params);
            outcome.cut = true;
            return outcome;
        }
        reply = run(found->second, request, session, http, outcome);
        outcome.cut = is_order && venue_.faults.take(Fault::cut_after_order);
        outcome.notify_first = is_order && venue_.faults.take(Fault::late_response);
    }
    if (!reply && reply.error().code == kTooManyRequests) outcome.ends_session = true;
    outcome.http_status = http_status_of(reply);
    const bool answers = reply.has_value() ? !reply->empty() : true;
    if (answers) {
        outcome.answer = envelope(request.id, reply, venue_.exchange.now(), std::chrono::steady_clock::now() - started);
    }
    return outcome;
}

std::expected<AccountId, RpcError> Dispatcher::authorize(const Request& request, const Session* session,
                                                         const HttpRequest* http) const {
    if (const auto token = request.params.text("access_token")) {
        const auto account = venue_.authentication.account_of(*token);
        if (!account) return std::unexpected{unauthorized("invalid_token")};
        return *account;
    }
    if (http != nullptr) {
        return venue_.authentication.authorize(http->authorization, http->method, http->target, http->body);
    }
    const auto account = venue_.authentication.account_of(session->access_token);
    if (!account) return std::unexpected{unauthorized("invalid_token")};
    return *account;
}

Reply Dispatcher::run(const Method& method, const Request& request, Session* session, const HttpRequest* http,
                      Outcome& outcome) {
    if (venue_.faults.take(Fault::too_many_requests)) {
        return std::unexpected{RpcError{kTooManyRequests, "too_many_requests", "null"}};
    }
    if (method.needs_websocket && session == nullptr) {
        return std::unexpected{RpcError{10030, "must_be_websocket_request", {}}};
    }
    Call call{request.params, session};
    if (is_private(method.name)) {
        const auto account = authorize(request, session, http);
        if (!account) return std::unexpected{account.error()};
        call.account = *account;
        venue_.accounts.insert(*account);
    }
    std::uint64_t owner = kHttpOwner;
    if (session != nullptr) owner = kConnectionOwners + static_cast<std::uint64_t>(session->id);
    if (call.account != AccountId::none) owner = static_cast<std::uint64_t>(call.account);
    if (session != nullptr && session->account != AccountId::none) owner = static_cast<std::uint64_t>(session->account);
    if (!limiter_.take(owner, method.pool, std::chrono::steady_clock::now())) {
        return std::unexpected{RpcError{kTooManyRequests, "too_many_requests", "null"}};
    }
    Reply reply = method.run(venue_, call);
    outcome.ends_session = call.ends_session;
    return reply;
}

}  // namespace keel::simulator::deribit
