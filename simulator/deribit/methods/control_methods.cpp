#include <fmt/format.h>

#include <array>

#include "simulator/deribit/documents.hpp"
#include "simulator/deribit/methods/methods.hpp"

// What the simulator tells and takes beyond the venue's protocol; only for tests.
namespace keel::simulator::deribit {
namespace {

constexpr std::size_t kOrdersShownMax = 1'000;  // done orders of one account

void write_orders(JsonWriter& out, const Venue& venue) {
    out.begin_array("orders_seen");
    for (const OrderSeen& order : venue.orders_seen) {
        out.begin_object().member("label", order.label).member("instrument_name", order.instrument_name);
        out.amount("amount", order.amount).end_object();
    }
    out.end_array().begin_array("orders");
    for (const AccountId account : venue.accounts) {
        for (const OrderView& order : venue.exchange.open_orders(account)) {
            write_order(out, venue.exchange.listing(order.instrument), order);
        }
        for (const OrderView& order : venue.exchange.order_history(account, {}, kOrdersShownMax)) {
            write_order(out, venue.exchange.listing(order.instrument), order);
        }
    }
    out.end_array();
}

Reply state(Venue& venue, Call&) {
    const SentCounts& sent = venue.sent;
    JsonWriter out;
    out.begin_object()
        .member("timestamp", venue.exchange.now().ms())
        .member("market_hash", fmt::format("{:016x}", venue.exchange.market_hash()))
        .member("description", venue.exchange.description())
        .member("market_events", sent.market_events)
        .member("account_events", sent.account_events)
        .member("response_events", sent.response_events)
        .member("messages", sent.messages)
        .member("sessions", sent.sessions)
        .member("requests", sent.requests);
    out.begin_array("channels");
    for (const std::string& name : venue.publisher.channels()) out.value(std::string_view{name});
    out.end_array();
    write_orders(out, venue);
    return out.end_object().take();
}

Reply inject(Venue& venue, Call& call) {
    const auto fault = fault_from_name(call.params.text("fault").value_or(""));
    const std::int64_t count = call.params.integer("count").value_or(1);
    if (!fault) return std::unexpected{invalid_params("unknown", "fault")};
    if (count < 0) return std::unexpected{invalid_params("value too low", "count")};
    apply_fault(venue, *fault, static_cast<std::uint32_t>(count));
    return std::string{R"("ok")"};
}

constexpr std::array kMethods{
    plain_method("simulator/state", state),
    plain_method("simulator/inject", inject),
};

}  // namespace

std::span<const Method> control_methods() { return kMethods; }

void remember_order(Venue& venue, const Params& params) {
    if (venue.orders_seen.size() == kOrdersSeenMax) return;
    venue.orders_seen.push_back({std::string{params.text("label").value_or("")},
                                 std::string{params.text("instrument_name").value_or("")},
                                 params.number("amount").value_or(0.0)});
}

void apply_fault(Venue& venue, Fault fault, std::uint32_t count) {
    if (fault == Fault::stale_token) return venue.authentication.expire_all();
    if (fault == Fault::revoked_key) return venue.authentication.revoke_all();
    if (fault == Fault::settlement_pause) return venue.exchange.set_settlement_pause(count > 0);
    venue.faults.arm(fault, count);
}

}  // namespace keel::simulator::deribit
