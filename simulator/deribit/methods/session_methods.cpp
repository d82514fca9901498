#include <array>

#include "simulator/deribit/documents.hpp"
#include "simulator/deribit/methods/methods.hpp"

// Connection, login and subscriptions.
namespace keel::simulator::deribit {
namespace {

constexpr std::string_view kVersion = R"({"version":"1.2.26"})";
constexpr std::string_view kOk = R"("ok")";
constexpr double kHeartbeatMinS = 10.0;
constexpr std::size_t kChannelsPerCallMax = 500;

Reply hello(Venue&, Call& call) {
    if (!call.params.has("client_name")) return std::unexpected{invalid_params("missing", "client_name")};
    return std::string{kVersion};
}

Reply test(Venue& venue, Call& call) {
    if (call.session != nullptr && !venue.faults.take(Fault::ignore_test)) call.session->test_due.reset();
    if (call.params.text("expected_result") == "exception") {
        return std::unexpected{RpcError{11094, "internal_server_error", {}}};
    }
    return std::string{kVersion};
}

Reply get_time(Venue& venue, Call&) { return JsonWriter{}.value(venue.exchange.now().ms()).take(); }

Reply status(Venue&, Call&) { return std::string{R"({"locked":"false","locked_indices":[]})"}; }

Reply set_heartbeat(Venue& venue, Call& call) {
    const double interval_s = call.params.number("interval").value_or(0.0);
    if (interval_s < kHeartbeatMinS) return std::unexpected{invalid_params("value too low", "interval")};
    call.session->heartbeat_interval_s = interval_s;
    const std::chrono::duration<double> wall{interval_s * venue.config.heartbeat_second_s};
    call.session->next_heartbeat = Session::Clock::now() + std::chrono::duration_cast<Session::Clock::duration>(wall);
    call.session->test_due.reset();
    return std::string{kOk};
}

Reply disable_heartbeat(Venue&, Call& call) {
    call.session->heartbeat_interval_s = 0.0;
    call.session->test_due.reset();
    return std::string{kOk};
}

Reply auth(Venue& venue, Call& call) {
    const auto grant = venue.authentication.grant(call.params);
    if (!grant) return std::unexpected{grant.error()};
    if (call.session != nullptr) {
        call.session->account = grant->account;
        call.session->access_token = grant->access_token;
        if (venue.cancel_on_disconnect_accounts.contains(grant->account)) call.session->cancel_on_disconnect = true;
    }
    JsonWriter out;
    out.begin_object()
        .member("access_token", grant->access_token)
        .member("refresh_token", grant->refresh_token)
        .member("expires_in", static_cast<std::int64_t>(grant->expires_in_s))
        .member("scope", grant->scope)
        .begin_array("enabled_features")
        .end_array()
        .member("token_type", "bearer");
    if (const auto state = call.params.text("state")) out.member("state", *state);
    return out.end_object().take();
}

// No answer, and no cancel-on-disconnect: the client leaves on purpose.
Reply logout(Venue& venue, Call& call) {
    if (call.params.truth("invalidate_token", true)) venue.authentication.forget(call.session->access_token);
    call.session->cancel_on_disconnect = false;
    call.ends_session = true;
    return std::string{};
}

Reply subscribe_as(Venue& venue, Call& call, bool privately) {
    const auto names = call.params.texts("channels");
    if (names.empty()) return std::unexpected{invalid_params("missing", "channels")};
    if (names.size() > kChannelsPerCallMax) return std::unexpected{invalid_params("too many channels", "channels")};
    std::vector<std::pair<std::string, Channel>> wanted;
    for (const std::string& name : names) {
        const auto channel = parse_channel(name, venue.exchange);
        if (!channel || (channel->is_private && !privately)) continue;
        if (channel->is_raw && call.session->account == AccountId::none) {
            return std::unexpected{RpcError{13778, "raw_subscriptions_not_available_for_unauthorized", {}}};
        }
        wanted.emplace_back(name, *channel);
    }
    JsonWriter out;
    out.begin_array();
    for (const auto& [name, channel] : wanted) {
        const AccountId owner = channel.is_private ? call.account : AccountId::none;
        venue.publisher.subscribe(call.session->id, name, channel, owner);
        call.session->channels[name] = owner;
        out.value(std::string_view{name});
        venue.subscribed = true;
    }
    return out.end_array().take();
}

Reply public_subscribe(Venue& venue, Call& call) { return subscribe_as(venue, call, false); }
Reply private_subscribe(Venue& venue, Call& call) { return subscribe_as(venue, call, true); }

Reply unsubscribe(Venue& venue, Call& call) {
    JsonWriter out;
    out.begin_array();
    for (const std::string& name : call.params.texts("channels")) {
        const auto found = call.session->channels.find(name);
        if (found == call.session->channels.end()) continue;
        venue.publisher.unsubscribe(call.session->id, name, found->second);
        call.session->channels.erase(found);
        out.value(std::string_view{name});
    }
    return out.end_array().take();
}

Reply unsubscribe_all(Venue& venue, Call& call) {
    venue.publisher.remove(call.session->id);
    call.session->channels.clear();
    return std::string{kOk};
}

bool is_account_scope(const Call& call) { return call.params.text("scope") == "account"; }

Reply enable_cancel_on_disconnect(Venue& venue, Call& call) {
    call.session->cancel_on_disconnect = true;
    if (is_account_scope(call)) venue.cancel_on_disconnect_accounts.insert(call.account);
    return std::string{kOk};
}

Reply disable_cancel_on_disconnect(Venue& venue, Call& call) {
    call.session->cancel_on_disconnect = false;
    if (is_account_scope(call)) venue.cancel_on_disconnect_accounts.erase(call.account);
    return std::string{kOk};
}

Reply get_cancel_on_disconnect(Venue& venue, Call& call) {
    const bool account = is_account_scope(call);
    const bool enabled =
        account ? venue.cancel_on_disconnect_accounts.contains(call.account) : call.session->cancel_on_disconnect;
    JsonWriter out;
    out.begin_object().member("scope", account ? "account" : "connection").member("enabled", enabled).end_object();
    return out.take();
}

constexpr std::array kMethods{
    websocket_method("public/hello", hello),
    plain_method("public/test", test),
    plain_method("public/get_time", get_time),
    plain_method("public/status", status),
    websocket_method("public/set_heartbeat", set_heartbeat),
    websocket_method("public/disable_heartbeat", disable_heartbeat),
    plain_method("public/auth", auth),
    websocket_method("private/logout", logout),
    websocket_method("public/subscribe", public_subscribe, CreditPool::subscribe),
    websocket_method("private/subscribe", private_subscribe, CreditPool::subscribe),
    websocket_method("public/unsubscribe", unsubscribe),
    websocket_method("private/unsubscribe", unsubscribe),
    websocket_method("public/unsubscribe_all", unsubscribe_all),
    websocket_method("private/unsubscribe_all", unsubscribe_all),
    websocket_method("private/enable_cancel_on_disconnect", enable_cancel_on_disconnect),
    websocket_method("private/disable_cancel_on_disconnect", disable_cancel_on_disconnect),
    websocket_method("private/get_cancel_on_disconnect", get_cancel_on_disconnect),
};

}  // namespace

std::span<const Method> session_methods() { return kMethods; }

}  // namespace keel::simulator::deribit
