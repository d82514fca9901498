#include <algorithm>
#include <array>
#include <charconv>

#include "simulator/deribit/documents.hpp"
#include "simulator/deribit/methods/methods.hpp"

// Orders and own trades, asked for after the fact.
namespace keel::simulator::deribit {
namespace {

constexpr std::int64_t kTradesDefault = 10;
constexpr std::int64_t kHistoryDefault = 20;
constexpr std::int64_t kAnswerMax = 1'000;
constexpr std::size_t kScannedMax = 100'000;  // of an account's past, per request

std::string orders_array(const Venue& venue, const std::vector<OrderView>& orders) {
    JsonWriter out;
    out.begin_array();
    for (const OrderView& order : orders) write_order(out, venue.exchange.listing(order.instrument), order);
    return out.end_array().take();
}

Reply get_open_orders(Venue& venue, Call& call) {
    const auto scope = read_scope(venue, call.params);
    if (!scope) return std::unexpected{scope.error()};
    const std::string_view type = call.params.text("type").value_or("all");
    const bool nothing = scope->nothing || (type != "all" && type != "limit");
    return orders_array(venue,
                        nothing ? std::vector<OrderView>{} : venue.exchange.open_orders(call.account, scope->filter));
}

Reply get_order_state(Venue& venue, Call& call) {
    const auto id = call.params.text("order_id");
    if (!id) return std::unexpected{invalid_params("missing", "order_id")};
    const auto order = venue.exchange.order(call.account, *id);
    if (!order) return std::unexpected{rpc_error(order.error())};
    JsonWriter out;
    write_order(out, venue.exchange.listing(order->instrument), *order);
    return out.take();
}

Reply get_order_state_by_label(Venue& venue, Call& call) {
    const auto scope = read_scope(venue, call.params);
    if (!scope) return std::unexpected{scope.error()};
    if (!scope->filter.label) return std::unexpected{invalid_params("missing", "label")};
    if (scope->nothing) return std::string{"[]"};
    auto orders = venue.exchange.open_orders(call.account, scope->filter);
    const auto done = venue.exchange.order_history(call.account, scope->filter, kAnswerMax);
    orders.insert(orders.end(), done.begin(), done.end());
    return orders_array(venue, orders);
}

Reply get_order_history(Venue& venue, Call& call) {
    const auto scope = read_scope(venue, call.params);
    if (!scope) return std::unexpected{scope.error()};
    if (scope->nothing) return std::string{"[]"};
    const auto count = static_cast<std::size_t>(
        std::clamp<std::int64_t>(call.params.integer("count").value_or(kHistoryDefault), 1, kAnswerMax));
    const auto offset = static_cast<std::size_t>(std::max<std::int64_t>(call.params.integer("offset").value_or(0), 0));
    auto orders = venue.exchange.order_history(call.account, scope->filter, kScannedMax);
    if (!call.params.truth("include_unfilled")) {
        std::erase_if(orders, [](const OrderView& order) { return order.filled_amount == 0.0; });
    }
    orders.erase(orders.begin(), orders.begin() + static_cast<std::ptrdiff_t>(std::min(offset, orders.size())));
    if (orders.size() > count) orders.resize(count);
    return orders_array(venue, orders);
}

// The number in a trade id: "ETH-123" and "123" both give 123.
std::int64_t trade_number(std::string_view id) {
    const std::size_t dash = id.rfind('-');
    if (dash != std::string_view::npos) id.remove_prefix(dash + 1);
    std::int64_t number = 0;
    std::from_chars(id.data(), id.data() + id.size(), number);
    return number;
}

bool outside(const UserTrade& trade, const Params& params) {
    const std::int64_t ms = trade.trade.time.ms();
    const std::int64_t number = trade_number(trade.trade.trade_id);
    const auto sequence = static_cast<std::int64_t>(trade.trade.trade_seq);
    const auto start_id = params.text("start_id");
    const auto end_id = params.text("end_id");
    return ms < params.integer("start_timestamp").value_or(0) ||
           ms > params.integer("end_timestamp").value_or(INT64_MAX) || (start_id && number < trade_number(*start_id)) ||
           (end_id && number > trade_number(*end_id)) || sequence < params.integer("start_seq").value_or(0) ||
           sequence > params.integer("end_seq").value_or(INT64_MAX);
}

void write_trades(JsonWriter& out, const Venue& venue, const std::vector<UserTrade>& trades) {
    for (const UserTrade& trade : trades) write_user_trade(out, venue.exchange.listing(trade.trade.instrument), trade);
}

Reply get_user_trades(Venue& venue, Call& call) {
    const auto scope = read_scope(venue, call.params);
    if (!scope) return std::unexpected{scope.error()};
    std::vector<UserTrade> trades;
    if (!scope->nothing) trades = venue.exchange.user_trades(call.account, scope->filter, kScannedMax);
    std::erase_if(trades, [&](const UserTrade& trade) { return outside(trade, call.params); });
    if (call.params.text("sorting") == "asc" || call.params.has("start_id")) std::ranges::reverse(trades);
    const auto count = static_cast<std::size_t>(
        std::clamp<std::int64_t>(call.params.integer("count").value_or(kTradesDefault), 1, kAnswerMax));
    const bool has_more = trades.size() > count;
    if (has_more) trades.resize(count);
    JsonWriter out;
    out.begin_object().begin_array("trades");
    write_trades(out, venue, trades);
    return out.end_array().member("has_more", has_more).end_object().take();
}

Reply get_user_trades_by_order(Venue& venue, Call& call) {
    const auto id = call.params.text("order_id");
    if (!id) return std::unexpected{invalid_params("missing", "order_id")};
    JsonWriter out;
    out.begin_array();
    write_trades(out, venue, venue.exchange.user_trades(call.account, {}, kScannedMax, *id));
    return out.end_array().take();
}

constexpr std::array kMethods{
    plain_method("private/get_open_orders", get_open_orders),
    plain_method("private/get_open_orders_by_currency", get_open_orders),
    plain_method("private/get_open_orders_by_instrument", get_open_orders),
    plain_method("private/get_open_orders_by_label", get_open_orders),
    plain_method("private/get_order_state", get_order_state),
    plain_method("private/get_order_state_by_label", get_order_state_by_label),
    plain_method("private/get_order_history_by_currency", get_order_history),
    plain_method("private/get_order_history_by_instrument", get_order_history),
    plain_method("private/get_user_trades_by_currency", get_user_trades),
    plain_method("private/get_user_trades_by_currency_and_time", get_user_trades),
    plain_method("private/get_user_trades_by_instrument", get_user_trades),
    plain_method("private/get_user_trades_by_instrument_and_time", get_user_trades),
    plain_method("private/get_user_trades_by_order", get_user_trades_by_order),
};

}  // namespace

std::span<const Method> order_query_methods() { return kMethods; }

}  // namespace keel::simulator::deribit
