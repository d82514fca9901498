#include <array>

#include "simulator/deribit/documents.hpp"
#include "simulator/deribit/methods/methods.hpp"

// Holdings and money.
namespace keel::simulator::deribit {
namespace {

Reply get_positions(Venue& venue, Call& call) {
    const auto scope = read_scope(venue, call.params);
    if (!scope) return std::unexpected{scope.error()};
    JsonWriter out;
    out.begin_array();
    if (!scope->nothing) {
        for (const PositionView& position : venue.exchange.positions(call.account, scope->filter)) {
            write_position(out, venue.exchange.listing(position.instrument), position);
        }
    }
    return out.end_array().take();
}

Reply get_position(Venue& venue, Call& call) {
    const auto id = read_instrument(venue, call.params);
    if (!id) return std::unexpected{id.error()};
    JsonWriter out;
    write_position(out, venue.exchange.listing(*id), venue.exchange.position(call.account, *id));
    return out.take();
}

void write_pool(JsonWriter& out, std::string_view name, const RatePool& pool) {
    out.begin_object(name).member("rate", pool.per_s).member("burst", pool.burst).end_object();
}

void write_limits(JsonWriter& out, const RateLimits& limits) {
    out.begin_object("limits").member("limits_per_currency", false);
    write_pool(out, "non_matching_engine", limits.non_matching);
    out.begin_object("matching_engine");
    write_pool(out, "spot", limits.matching);
    write_pool(out, "cancel_all", limits.cancel_all);
    out.begin_object("trading");
    write_pool(out, "total", limits.matching);
    out.end_object().end_object().end_object();
}

void write_extended(JsonWriter& out, const Venue& venue, AccountId account) {
    out.member("id", static_cast<std::int64_t>(account) + 1)
        .member("type", "main")
        .member("username", venue.exchange.account_name(account))
        .member("system_name", venue.exchange.account_name(account))
        .member("email", "account@example.invalid")
        .member("creation_timestamp", venue.exchange.start_time().ms())
        .member("mmp_enabled", false)
        .member("login_enabled", false)
        .member("security_keys_enabled", false)
        .member("interuser_transfers_enabled", false);
}

Reply get_account_summary(Venue& venue, Call& call) {
    const auto currency = currency_from_name(call.params.text("currency").value_or(""));
    if (!currency) return std::unexpected{invalid_params("wrong value", "currency")};
    JsonWriter out;
    out.begin_object();
    write_portfolio_members(out, venue.exchange.portfolio(call.account, *currency));
    write_limits(out, venue.config.limits);
    if (call.params.truth("extended")) write_extended(out, venue, call.account);
    return out.end_object().take();
}

Reply get_account_summaries(Venue& venue, Call& call) {
    JsonWriter out;
    out.begin_object();
    if (call.params.truth("extended")) write_extended(out, venue, call.account);
    out.begin_array("summaries");
    for (const Currency currency : kCurrencies) {
        out.begin_object();
        write_portfolio_members(out, venue.exchange.portfolio(call.account, currency));
        write_limits(out, venue.config.limits);
        out.end_object();
    }
    return out.end_array().end_object().take();
}

Reply get_margins(Venue& venue, Call& call) {
    const auto amount = call.params.number("amount");
    const auto price = call.params.number("price");
    if (!amount) return std::unexpected{invalid_params("missing", "amount")};
    if (!price) return std::unexpected{invalid_params("missing", "price")};
    const auto margins =
        venue.exchange.margins(call.account, call.params.text("instrument_name").value_or(""), *amount, *price);
    if (!margins) return std::unexpected{rpc_error(margins.error())};
    JsonWriter out;
    out.begin_object()
        .member("buy", rounded(margins->buy, 9))
        .member("sell", rounded(margins->sell, 9))
        .member("min_price", margins->min_price)
        .member("max_price", margins->max_price)
        .end_object();
    return out.take();
}

Reply get_subaccounts(Venue& venue, Call& call) {
    JsonWriter out;
    out.begin_array().begin_object();
    write_extended(out, venue, call.account);
    return out.end_object().end_array().take();
}

// Every cash flow of this venue shows in the balance and in the trades; it keeps no log of them.
Reply get_transaction_log(Venue&, Call&) { return std::string{R"({"logs":[],"continuation":null})"}; }

Reply nothing(Venue&, Call&) { return std::string{"[]"}; }

Reply set_self_trading_config(Venue& venue, Call& call) {
    const std::string_view mode = call.params.text("mode").value_or("");
    if (mode != "reject_taker" && mode != "cancel_maker") {
        return std::unexpected{invalid_params("wrong value", "mode")};
    }
    venue.exchange.set_self_trade_mode(
        call.account, mode == "reject_taker" ? SelfTradeMode::reject_taker : SelfTradeMode::cancel_maker);
    return std::string{R"("ok")"};
}

constexpr std::array kMethods{
    plain_method("private/get_positions", get_positions),
    plain_method("private/get_position", get_position),
    plain_method("private/get_account_summary", get_account_summary),
    plain_method("private/get_account_summaries", get_account_summaries),
    plain_method("private/get_margins", get_margins),
    plain_method("private/get_subaccounts", get_subaccounts),
    plain_method("private/get_transaction_log", get_transaction_log),
    plain_method("private/get_mmp_config", nothing),
    plain_method("private/get_mmp_status", nothing),
    plain_method("private/get_user_locks", nothing),
    plain_method("private/set_self_trading_config", set_self_trading_config),
};

}  // namespace

std::span<const Method> account_methods() { return kMethods; }

}  // namespace keel::simulator::deribit
