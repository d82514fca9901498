#include <algorithm>
#include <array>

#include "simulator/deribit/documents.hpp"
#include "simulator/deribit/methods/methods.hpp"

// Orders in: buy, sell, edit, cancel.
namespace keel::simulator::deribit {
namespace {

constexpr std::size_t kLabelBytesMax = 64;

template <class Value>
std::unexpected<RpcError> refuse(const Answer<Value>& answer) {
    return std::unexpected{rpc_error(answer.error())};
}

Reply answer_with(Venue& venue, const Answer<OrderAnswer>& answer) {
    if (!answer) return refuse(answer);
    venue.sent.response_events += 1 + answer->trades.size();
    JsonWriter out;
    write_order_answer(out, venue.exchange, *answer);
    return out.take();
}

std::expected<OrderType, RpcError> read_type(const Params& params) {
    const std::string_view text = params.text("type").value_or("limit");
    for (const OrderType type : {OrderType::limit, OrderType::market, OrderType::market_limit}) {
        if (order_type_name(type) == text) return type;
    }
    return std::unexpected{RpcError{10033, "not_implemented", {}}};
}

std::expected<TimeInForce, RpcError> read_time_in_force(const Params& params) {
    const std::string_view text = params.text("time_in_force").value_or("good_til_cancelled");
    for (const TimeInForce value : {TimeInForce::good_til_cancelled, TimeInForce::good_til_day,
                                    TimeInForce::immediate_or_cancel, TimeInForce::fill_or_kill}) {
        if (time_in_force_name(value) == text) return value;
    }
    return std::unexpected{invalid_params("wrong value", "time_in_force")};
}

// Anything at or before 1970 has passed as surely as 1 ms after it; 0 would mean that none was given.
UnixNanos read_valid_until(const Params& params) {
    constexpr std::int64_t kLatestMs = 9'000'000'000'000;  // fits nanoseconds
    const auto ms = params.integer("valid_until");
    return ms ? unix_nanos_from_ms(std::clamp<std::int64_t>(*ms, 1, kLatestMs)) : UnixNanos{};
}

// `amount`, or `contracts` times the contract's size; both must agree.
std::expected<double, RpcError> read_amount(const Venue& venue, const Params& params,
                                            std::optional<InstrumentId> instrument) {
    const auto amount = params.number("amount");
    const auto contracts = params.number("contracts");
    if (!contracts || !instrument) {
        if (!amount) return std::unexpected{invalid_params("missing", "amount")};
        return *amount;
    }
    const double from_contracts = *contracts * venue.exchange.listing(*instrument).contract_size;
    if (amount && *amount != from_contracts) return std::unexpected{RpcError{10021, "invalid_amount", {}}};
    return from_contracts;
}

Reply submit(Venue& venue, Call& call, Side side) {
    const Params& params = call.params;
    OrderRequest request;
    request.side = side;
    request.instrument_name = params.text("instrument_name").value_or("");
    request.label = params.text("label").value_or("");
    remember_order(venue, params);
    if (request.instrument_name.empty()) return std::unexpected{invalid_params("missing", "instrument_name")};
    if (request.label.size() > kLabelBytesMax) return std::unexpected{invalid_params("too long", "label")};

    const auto amount = read_amount(venue, params, venue.exchange.find(request.instrument_name));
    const auto type = read_type(params);
    const auto time_in_force = read_time_in_force(params);
    if (!amount) return std::unexpected{amount.error()};
    if (!type) return std::unexpected{type.error()};
    if (!time_in_force) return std::unexpected{time_in_force.error()};
    request.amount = *amount;
    request.type = *type;
    request.time_in_force = *time_in_force;
    request.price = params.number("price");
    request.post_only = params.truth("post_only");
    request.reject_post_only = params.truth("reject_post_only");
    request.reduce_only = params.truth("reduce_only");
    request.mmp = params.truth("mmp");
    request.valid_until = read_valid_until(params);
    if (call.session != nullptr) request.session = call.session->exchange_id();
    return answer_with(venue, venue.exchange.submit(call.account, request));
}

Reply buy(Venue& venue, Call& call) { return submit(venue, call, Side::bid); }
Reply sell(Venue& venue, Call& call) { return submit(venue, call, Side::ask); }

Reply edit_order(Venue& venue, Call& call, const OrderView& order) {
    const Params& params = call.params;
    EditRequest request;
    request.order_id = order.order_id;
    if (params.has("amount") || params.has("contracts")) {
        const auto amount = read_amount(venue, params, order.instrument);
        if (!amount) return std::unexpected{amount.error()};
        request.amount = *amount;
    }
    request.price = params.number("price");
    request.post_only = params.truth("post_only");
    request.reject_post_only = params.truth("reject_post_only");
    request.reduce_only = params.truth("reduce_only");
    request.valid_until = read_valid_until(params);
    return answer_with(venue, venue.exchange.edit(call.account, request));
}

Reply edit(Venue& venue, Call& call) {
    const auto id = call.params.text("order_id");
    if (!id) return std::unexpected{invalid_params("missing", "order_id")};
    const auto order = venue.exchange.order(call.account, *id);
    if (!order) return refuse(order);
    return edit_order(venue, call, *order);
}

Reply edit_by_label(Venue& venue, Call& call) {
    const auto scope = read_scope(venue, call.params);
    if (!scope) return std::unexpected{scope.error()};
    if (!scope->filter.label || !scope->filter.instrument) return std::unexpected{invalid_params("missing", "label")};
    const auto orders = venue.exchange.open_orders(call.account, scope->filter);
    if (orders.size() != 1) return std::unexpected{RpcError{13032, "non_unique_order_label", {}}};
    return edit_order(venue, call, orders.front());
}

Reply close_position(Venue& venue, Call& call) {
    const Params& params = call.params;
    const auto price = params.number("price");
    const bool is_limit = params.text("type").value_or("market") == "limit";
    if (is_limit && !price) return std::unexpected{invalid_params("missing", "price")};
    const std::string_view name = params.text("instrument_name").value_or("");
    remember_order(venue, params);
    const auto session = call.session == nullptr ? SessionId::none : call.session->exchange_id();
    return answer_with(
        venue, venue.exchange.close_position(call.account, name, is_limit ? price : std::optional<double>{}, session));
}

Reply cancel(Venue& venue, Call& call) {
    const auto id = call.params.text("order_id");
    if (!id) return std::unexpected{invalid_params("missing", "order_id")};
    const auto order = venue.exchange.cancel(call.account, *id);
    if (!order) return refuse(order);
    ++venue.sent.response_events;
    JsonWriter out;
    write_order(out, venue.exchange.listing(order->instrument), *order);
    return out.take();
}

// A count, or with `detailed` one report per instrument.
Reply cancelled_reply(Venue& venue, const Call& call, const std::vector<OrderView>& orders) {
    JsonWriter out;
    if (!call.params.truth("detailed")) return out.value(static_cast<std::int64_t>(orders.size())).take();
    std::map<InstrumentId, std::vector<const OrderView*>> reports;
    for (const OrderView& order : orders) reports[order.instrument].push_back(&order);
    out.begin_array();
    for (const auto& [instrument, cancelled] : reports) {
        const Listing& listing = venue.exchange.listing(instrument);
        out.begin_object()
            .member("currency", currency_name(listing.settlement))
            .member("type", "limit")
            .member("instrument_name", listing.name())
            .begin_array("result");
        for (const OrderView* order : cancelled) write_order(out, listing, *order);
        out.end_array().end_object();
    }
    return out.end_array().take();
}

// This venue keeps no trigger orders: a filter that wants only those finds nothing.
bool wants_limit_orders(const Params& params) {
    const std::string_view type = params.text("type").value_or("all");
    return type == "all" || type == "limit" || type == "any";
}

Reply cancel_all(Venue& venue, Call& call) {
    std::vector<OrderView> cancelled;
    const auto add = [&](const Scope& scope) {
        if (scope.nothing || !wants_limit_orders(call.params)) return;
        const auto orders = venue.exchange.cancel_all(call.account, scope.filter);
        cancelled.insert(cancelled.end(), orders.begin(), orders.end());
    };
    const auto scope = read_scope(venue, call.params);
    if (!scope) return std::unexpected{scope.error()};
    const auto currencies = call.params.texts("currency");
    if (currencies.size() < 2) {
        add(*scope);
        return cancelled_reply(venue, call, cancelled);
    }
    for (const std::string& name : currencies) {
        Scope one = *scope;
        one.filter.currency = currency_from_name(name);
        one.nothing = !one.filter.currency.has_value();
        add(one);
    }
    return cancelled_reply(venue, call, cancelled);
}

Reply cancel_all_by_currency_pair(Venue& venue, Call& call) {
    const std::string_view pair = call.params.text("currency_pair").value_or("");
    if (!currency_of_index(pair)) return std::unexpected{invalid_params("wrong format", "currency_pair")};
    std::vector<OrderView> cancelled;
    for (const OrderView& order : venue.exchange.open_orders(call.account)) {
        if (venue.exchange.listing(order.instrument).price_index() != pair) continue;
        if (auto done = venue.exchange.cancel(call.account, order.order_id)) cancelled.push_back(*done);
    }
    return cancelled_reply(venue, call, cancelled);
}

Reply cancel_by_label(Venue& venue, Call& call) {
    if (!call.params.has("label")) return std::unexpected{invalid_params("missing", "label")};
    return cancel_all(venue, call);
}

Reply cancel_quotes(Venue&, Call&) { return std::string{"0"}; }

Reply mass_quote(Venue&, Call&) { return std::unexpected{RpcError{13902, "mass_quotes_disabled", {}}}; }

constexpr std::array kMethods{
    order_method("private/buy", buy),
    order_method("private/sell", sell),
    order_method("private/edit", edit),
    order_method("private/edit_by_label", edit_by_label),
    order_method("private/close_position", close_position),
    pool_method("private/cancel", cancel, CreditPool::matching),
    pool_method("private/cancel_by_label", cancel_by_label, CreditPool::cancel_all),
    pool_method("private/cancel_all", cancel_all, CreditPool::cancel_all),
    pool_method("private/cancel_all_by_currency", cancel_all, CreditPool::cancel_all),
    pool_method("private/cancel_all_by_instrument", cancel_all, CreditPool::cancel_all),
    pool_method("private/cancel_all_by_kind_or_type", cancel_all, CreditPool::cancel_all),
    pool_method("private/cancel_all_by_currency_pair", cancel_all_by_currency_pair, CreditPool::cancel_all),
    pool_method("private/cancel_quotes", cancel_quotes, CreditPool::cancel_all),
    pool_method("private/mass_quote", mass_quote, CreditPool::matching),
};

}  // namespace

std::span<const Method> trading_methods() { return kMethods; }

}  // namespace keel::simulator::deribit
