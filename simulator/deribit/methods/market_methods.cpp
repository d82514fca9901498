#include <algorithm>
#include <array>

#include "simulator/deribit/documents.hpp"
#include "simulator/deribit/methods/methods.hpp"

// Public snapshots.
namespace keel::simulator::deribit {
namespace {

constexpr std::size_t kTradesDefault = 10;
constexpr double kFundingPeriodMs = 8.0 * 3600.0 * 1000.0;

// The listings that `currency` and `kind` name; "any" and absence mean all.
std::vector<InstrumentId> listed(const Venue& venue, const Params& params) {
    const auto scope = read_scope(venue, params);
    std::vector<InstrumentId> ids;
    if (!scope || scope->nothing) return ids;
    const bool expired = params.truth("expired");
    for (const Listing& listing : venue.exchange.listings()) {
        if (scope->filter.currency && listing.settlement != *scope->filter.currency) continue;
        if (scope->filter.is_option && listing.contract.is_option() != *scope->filter.is_option) continue;
        if ((listing.state == ListingState::delivered) == expired) ids.push_back(listing.id());
    }
    return ids;
}

Reply get_instruments(Venue& venue, Call& call) {
    JsonWriter out;
    out.begin_array();
    for (const InstrumentId id : listed(venue, call.params)) write_instrument(out, venue.exchange.listing(id));
    return out.end_array().take();
}

Reply get_instrument(Venue& venue, Call& call) {
    const auto id = read_instrument(venue, call.params);
    if (!id) return std::unexpected{id.error()};
    JsonWriter out;
    write_instrument(out, venue.exchange.listing(*id));
    return out.take();
}

Reply get_contract_size(Venue& venue, Call& call) {
    const auto id = read_instrument(venue, call.params);
    if (!id) return std::unexpected{id.error()};
    JsonWriter out;
    return out.begin_object().amount("contract_size", venue.exchange.listing(*id).contract_size).end_object().take();
}

Reply get_currencies(Venue&, Call&) {
    constexpr std::array<std::string_view, kCurrencyCount> kLongNames{"Bitcoin", "Ethereum", "USD Coin"};
    JsonWriter out;
    out.begin_array();
    for (const Currency currency : kCurrencies) {
        const bool is_coin = currency != Currency::usdc;
        out.begin_object()
            .member("currency", currency_name(currency))
            .member("currency_long", kLongNames[static_cast<std::size_t>(currency)])
            .member("coin_type", is_coin ? currency_name(currency) : "ETHER")
            .member("min_confirmations", 1)
            .member("fee_precision", is_coin ? 4 : 6)
            .member("decimals", is_coin ? 8 : 6)
            .amount("withdrawal_fee", 0.0)
            .amount("min_withdrawal_fee", 0.0)
            .member("in_cross_collateral_pool", false)
            .member("disabled_deposit_address_creation", false)
            .begin_array("withdrawal_priorities")
            .end_array()
            .end_object();
    }
    return out.end_array().take();
}

Reply ticker(Venue& venue, Call& call) {
    const auto id = read_instrument(venue, call.params);
    if (!id) return std::unexpected{id.error()};
    JsonWriter out;
    out.begin_object();
    write_ticker_members(out, venue.exchange.listing(*id), venue.exchange.ticker(*id));
    return out.end_object().take();
}

Reply get_order_book(Venue& venue, Call& call) {
    const auto id = read_instrument(venue, call.params);
    if (!id) return std::unexpected{id.error()};
    const std::int64_t depth = call.params.integer("depth").value_or(5);
    if (depth < 1) return std::unexpected{invalid_params("value too low", "depth")};
    const BookView book = venue.exchange.book(*id, static_cast<std::size_t>(depth));
    JsonWriter out;
    out.begin_object();
    write_ticker_members(out, venue.exchange.listing(*id), venue.exchange.ticker(*id));
    out.member("change_id", book.change_id);
    write_book_sides(out, book);
    return out.end_object().take();
}

Reply get_book_summary(Venue& venue, Call& call) {
    std::vector<InstrumentId> ids;
    if (call.params.has("instrument_name")) {
        const auto id = read_instrument(venue, call.params);
        if (!id) return std::unexpected{id.error()};
        ids.push_back(*id);
    } else {
        ids = listed(venue, call.params);
    }
    JsonWriter out;
    out.begin_array();
    for (const InstrumentId id : ids) write_book_summary(out, venue.exchange.listing(id), venue.exchange.ticker(id));
    return out.end_array().take();
}

Reply get_index_price(Venue& venue, Call& call) {
    const auto currency = currency_of_index(call.params.text("index_name").value_or(""));
    if (!currency) return std::unexpected{invalid_params("wrong format", "index_name")};
    const double price = rounded(venue.exchange.index_price(*currency), 2);
    JsonWriter out;
    out.begin_object().member("index_price", price).member("estimated_delivery_price", price).end_object();
    return out.take();
}

Reply get_index_price_names(Venue&, Call&) {
    return std::string{R"(["btc_usd","eth_usd","btc_usdc","eth_usdc","usdc_usd"])"};
}

// Both forms, by sequence and by time: whichever bounds are given apply.
Reply get_last_trades(Venue& venue, Call& call) {
    const auto id = read_instrument(venue, call.params);
    if (!id) return std::unexpected{id.error()};
    const Params& params = call.params;
    std::vector<PublicTrade> trades = venue.exchange.last_trades(*id, Exchange::kTradesKeptMax);
    std::erase_if(trades, [&](const PublicTrade& trade) {
        const auto sequence = static_cast<std::int64_t>(trade.trade_seq);
        return sequence < params.integer("start_seq").value_or(0) ||
               sequence > params.integer("end_seq").value_or(INT64_MAX) ||
               trade.time.ms() < params.integer("start_timestamp").value_or(0) ||
               trade.time.ms() > params.integer("end_timestamp").value_or(INT64_MAX);
    });
    const bool ascending = params.text("sorting") == "asc" || params.has("start_seq");
    if (ascending) std::ranges::reverse(trades);
    const auto count = static_cast<std::size_t>(
        std::clamp<std::int64_t>(params.integer("count").value_or(kTradesDefault), 1, Exchange::kTradesKeptMax));
    const bool has_more = trades.size() > count;
    if (has_more) trades.resize(count);
    JsonWriter out;
    out.begin_object().begin_array("trades");
    for (const PublicTrade& trade : trades) write_public_trade(out, venue.exchange.listing(*id), trade);
    return out.end_array().member("has_more", has_more).end_object().take();
}

// The current rate over the span asked for: this venue keeps no history of rates.
Reply get_funding_rate_value(Venue& venue, Call& call) {
    const auto id = read_instrument(venue, call.params);
    if (!id) return std::unexpected{id.error()};
    const auto start_ms = call.params.integer("start_timestamp");
    const auto end_ms = call.params.integer("end_timestamp");
    if (!start_ms || !end_ms) return std::unexpected{invalid_params("missing", "start_timestamp")};
    const double periods = static_cast<double>(*end_ms - *start_ms) / kFundingPeriodMs;
    return JsonWriter{}.value(venue.exchange.ticker(*id).current_funding * periods).take();
}

constexpr std::array kMethods{
    pool_method("public/get_instruments", get_instruments, CreditPool::instruments),
    plain_method("public/get_instrument", get_instrument),
    plain_method("public/get_contract_size", get_contract_size),
    plain_method("public/get_currencies", get_currencies),
    plain_method("public/ticker", ticker),
    plain_method("public/get_order_book", get_order_book),
    plain_method("public/get_book_summary_by_currency", get_book_summary),
    plain_method("public/get_book_summary_by_instrument", get_book_summary),
    plain_method("public/get_index_price", get_index_price),
    plain_method("public/get_index_price_names", get_index_price_names),
    plain_method("public/get_last_trades_by_instrument", get_last_trades),
    plain_method("public/get_last_trades_by_instrument_and_time", get_last_trades),
    plain_method("public/get_funding_rate_value", get_funding_rate_value),
};

}  // namespace

std::span<const Method> market_methods() { return kMethods; }

std::expected<Scope, RpcError> read_scope(const Venue& venue, const Params& params) {
    Scope scope;
    if (params.has("instrument_name")) {
        const auto id = read_instrument(venue, params);
        if (!id) return std::unexpected{id.error()};
        scope.filter.instrument = *id;
    }
    const std::string_view currency = params.text("currency").value_or("any");
    if (currency != "any") {
        scope.filter.currency = currency_from_name(currency);
        if (!scope.filter.currency) scope.nothing = true;  // the venue lists coins that this one does not
    }
    const std::string_view kind = params.text("kind").value_or("any");
    if (kind == "option" || kind == "future") {
        scope.filter.is_option = kind == "option";
    } else if (kind != "any") {
        scope.nothing = true;
    }
    if (const auto label = params.text("label")) scope.filter.label = std::string{*label};
    return scope;
}

std::expected<InstrumentId, RpcError> read_instrument(const Venue& venue, const Params& params) {
    const auto name = params.text("instrument_name");
    if (!name) return std::unexpected{invalid_params("missing", "instrument_name")};
    const auto id = venue.exchange.find(*name);
    if (!id) return std::unexpected{RpcError{13020, "not_found", {}}};
    return *id;
}

}  // namespace keel::simulator::deribit
