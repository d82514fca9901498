#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/deribit/authentication.hpp"
#include "simulator/deribit/rate_limiter.hpp"
#include "simulator/deribit/request.hpp"
#include "simulator/deribit/streams/publisher.hpp"

// The JSON-RPC methods, by subject: one table each.
namespace keel::simulator::deribit {

// One WebSocket connection as the venue knows it.
struct Session {
    using Clock = std::chrono::steady_clock;

    ConnectionId id{ConnectionId::none};
    AccountId account{AccountId::none};         // none before login
    std::string access_token;                   // must still live for private calls
    std::map<std::string, AccountId> channels;  // subscribed, with the account of private ones
    double heartbeat_interval_s{0.0};           // 0: off
    Clock::time_point next_heartbeat;
    std::optional<Clock::time_point> test_due;  // a test_request waits for its public/test
    Clock::time_point last_request;
    bool cancel_on_disconnect{false};
    bool mute{false};  // half-open by fault

    [[nodiscard]] keel::simulator::SessionId exchange_id() const { return static_cast<keel::simulator::SessionId>(id); }
};

// What the methods work on.
struct Venue {
    const DeribitServerConfig& config;
    Exchange& exchange;
    Authentication& authentication;
    Publisher& publisher;
    FaultPlan& faults;
    SentCounts& sent;
    std::vector<OrderSeen>& orders_seen;
    std::set<AccountId> accounts;  // that ever authenticated
    std::set<AccountId> cancel_on_disconnect_accounts;
    bool subscribed{false};  // somebody ever subscribed: the clock may start
};

// One request being answered.
struct Call {
    const Params& params;
    Session* session{nullptr};  // null over HTTP
    AccountId account{AccountId::none};
    bool ends_session{false};
};

struct Method {
    std::string_view name;
    Reply (*run)(Venue&, Call&);
    CreditPool pool{CreditPool::non_matching};
    bool needs_websocket{false};
    bool is_order{false};  // buy, sell, edit: where the cut faults strike
};

// A method that only a WebSocket may call.
constexpr Method websocket_method(std::string_view name, Reply (*run)(Venue&, Call&),
                                  CreditPool pool = CreditPool::non_matching) {
    return {name, run, pool, true, false};
}
// One that draws from `pool`.
constexpr Method pool_method(std::string_view name, Reply (*run)(Venue&, Call&), CreditPool pool) {
    return {name, run, pool, false, false};
}
// One that may trade.
constexpr Method order_method(std::string_view name, Reply (*run)(Venue&, Call&)) {
    return {name, run, CreditPool::matching, false, true};
}
constexpr Method plain_method(std::string_view name, Reply (*run)(Venue&, Call&)) { return {name, run}; }

[[nodiscard]] std::span<const Method> session_methods();
[[nodiscard]] std::span<const Method> market_methods();
[[nodiscard]] std::span<const Method> trading_methods();
[[nodiscard]] std::span<const Method> order_query_methods();
[[nodiscard]] std::span<const Method> account_methods();
[[nodiscard]] std::span<const Method> control_methods();  // only where config.allow_control

// Keeps that a buy, sell or close was read, up to the first kOrdersSeenMax.
void remember_order(Venue& venue, const Params& params);
inline constexpr std::size_t kOrdersSeenMax = 1'000'000;  // beyond any test; 100 MB at most

// Arms a fault, or does at once what has no occasion to wait for.
void apply_fault(Venue& venue, Fault fault, std::uint32_t count);

// --- Reading parameters that several methods share ---------------------------------------------------

// Which orders, positions or trades a request names by instrument_name, currency and kind. `nothing`
// where it names what this venue does not list.
struct Scope {
    OrderFilter filter;
    bool nothing{false};
};
[[nodiscard]] std::expected<Scope, RpcError> read_scope(const Venue& venue, const Params& params);
// The instrument in `instrument_name`. Errors: -32602 where it is missing, 13020.
[[nodiscard]] std::expected<InstrumentId, RpcError> read_instrument(const Venue& venue, const Params& params);

}  // namespace keel::simulator::deribit
