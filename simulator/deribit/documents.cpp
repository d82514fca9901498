#include "simulator/deribit/documents.hpp"

#include <cmath>

namespace keel::simulator::deribit {
namespace {

constexpr int kMoneyDecimals = 8;  // the venue's, in coin
constexpr int kGreekDecimals = 5;
constexpr int kPercentDecimals = 2;
constexpr int kUsdDecimals = 2;
constexpr int kOptionMarkDecimals = 8;

double money(double value) { return rounded(value, kMoneyDecimals); }

std::string_view counter_currency(const Listing& listing) {
    return listing.contract.payoff == Payoff::inverse ? "USD" : currency_name(listing.settlement);
}

std::string_view quote_currency(const Listing& listing) {
    const bool in_coin = listing.contract.is_option() && listing.contract.payoff == Payoff::inverse;
    return in_coin ? currency_name(listing.base) : counter_currency(listing);
}

bool is_perpetual(const Listing& listing) { return listing.contract.kind == InstrumentKind::perpetual; }

std::string_view state_name(ListingState state) {
    switch (state) {
        case ListingState::open: return "open";
        case ListingState::settlement: return "settlement";
        case ListingState::delivered: return "delivered";
    }
    return "open";
}

double mark_rounded(const Listing& listing, double mark) {
    return rounded(mark, listing.contract.is_option() ? kOptionMarkDecimals : kUsdDecimals);
}

// The venue writes null where nothing was ever traded.
void price_or_null(JsonWriter& out, std::string_view key, double price) {
    if (price == 0.0) {
        out.null(key);
    } else {
        out.member(key, price);
    }
}

void write_option_quote_members(JsonWriter& out, const Listing& listing, const TickerView& ticker) {
    out.member("underlying_price", rounded(ticker.underlying_price, 4));
    // The venue names the future of the same expiry, or SYN.<name> where it computes one.
    std::string_view name = listing.name();
    name = name.substr(0, name.rfind('-', name.rfind('-') - 1));
    out.member("underlying_index", "SYN." + std::string{name});
    out.member("mark_iv", rounded(ticker.mark_iv_percent, kPercentDecimals));
    out.member("bid_iv", rounded(ticker.bid_iv_percent, kPercentDecimals));
    out.member("ask_iv", rounded(ticker.ask_iv_percent, kPercentDecimals));
    out.amount("interest_rate", 0.0);
    out.begin_object("greeks")
        .member("delta", rounded(ticker.delta, kGreekDecimals))
        .member("gamma", rounded(ticker.gamma, kGreekDecimals))
        .member("vega", rounded(ticker.vega, kGreekDecimals))
        .member("theta", rounded(ticker.theta, kGreekDecimals))
        .member("rho", rounded(ticker.rho, kGreekDecimals))
        .end_object();
}

void write_action_levels(JsonWriter& out, std::string_view key, Side side, std::span<const LevelChange> levels) {
    constexpr std::string_view kActions[] = {"new", "change", "delete"};
    out.begin_array(key);
    for (const LevelChange& level : levels) {
        if (level.side != side) continue;
        out.begin_array().value(kActions[static_cast<std::size_t>(level.action)]).value(level.price);
        out.amount(level.amount).end_array();
    }
    out.end_array();
}

void write_new_levels(JsonWriter& out, std::string_view key, std::span<const BookLevel> levels) {
    out.begin_array(key);
    for (const BookLevel& level : levels) {
        out.begin_array().value(std::string_view{"new"}).value(level.price).amount(level.amount).end_array();
    }
    out.end_array();
}

}  // namespace

void write_instrument(JsonWriter& out, const Listing& listing) {
    const Instrument& contract = listing.contract;
    const double tick = contract.tick.to_double();
    out.begin_object()
        .member("instrument_name", listing.name())
        .member("instrument_id", listing.venue_number)
        .member("kind", listing.kind_name())
        .member("instrument_type", listing.type_name())
        .member("base_currency", currency_name(listing.base))
        .member("counter_currency", counter_currency(listing))
        .member("quote_currency", quote_currency(listing))
        .member("settlement_currency", currency_name(listing.settlement))
        .member("settlement_period", listing.settlement_period())
        .member("price_index", listing.price_index())
        .amount("contract_size", listing.contract_size)
        .amount("min_trade_amount", contract.amount_value(contract.quantity_min))
        .member("tick_size", tick)
        .begin_array("tick_size_steps");
    for (std::size_t i = 0; i < contract.tick_steps_count; ++i) {
        const TickStep& step = contract.tick_steps[i];
        out.begin_object()
            .member("above_price", contract.decimal_of(Price{step.above}).to_double())
            .member("tick_size", contract.decimal_of(Price{step.step}).to_double())
            .end_object();
    }
    out.end_array()
        .member("maker_commission", contract.maker_fee)
        .member("taker_commission", contract.taker_fee)
        .member("block_trade_commission", contract.taker_fee)
        .member("max_liquidation_commission", 0.0075)
        .member("max_leverage", static_cast<std::int64_t>(contract.is_option() ? 1.0 : contract.leverage_max))
        .member("creation_timestamp", listing.created.ms())
        .member("expiration_timestamp", listing.expiration_ms())
        .member("is_active", listing.state != ListingState::delivered)
        .member("state", state_name(listing.state))
        .member("rfq", false);
    if (contract.is_option()) {
        out.member("option_type", contract.option_type == OptionType::call ? "call" : "put");
        out.amount("strike", contract.strike);
    }
    out.end_object();
}

void write_ticker_members(JsonWriter& out, const Listing& listing, const TickerView& ticker) {
    out.member("instrument_name", listing.name())
        .member("timestamp", ticker.time.ms())
        .member("state", state_name(listing.state))
        .member("mark_price", mark_rounded(listing, ticker.mark_price))
        .member("index_price", rounded(ticker.index_price, kUsdDecimals))
        .member("estimated_delivery_price", rounded(ticker.estimated_delivery_price, kUsdDecimals))
        .amount("best_bid_price", ticker.best_bid_price)
        .amount("best_bid_amount", ticker.best_bid_amount)
        .amount("best_ask_price", ticker.best_ask_price)
        .amount("best_ask_amount", ticker.best_ask_amount)
        .member("min_price", ticker.min_price)
        .member("max_price", ticker.max_price)
        .amount("open_interest", ticker.open_interest)
        .member("settlement_price", ticker.settlement_price);
    price_or_null(out, "last_price", ticker.last_price);
    if (is_perpetual(listing)) {
        out.member("current_funding", ticker.current_funding)
            .member("funding_8h", ticker.funding_8h)
            .member("interest_value", ticker.interest_value);
    }
    if (listing.contract.is_option()) write_option_quote_members(out, listing, ticker);
    out.begin_object("stats").amount("volume", ticker.volume).amount("volume_usd", ticker.volume_usd);
    price_or_null(out, "high", ticker.high);
    price_or_null(out, "low", ticker.low);
    out.member("price_change", rounded(ticker.price_change_ratio * 100.0, 4)).end_object();
}

void write_book_summary(JsonWriter& out, const Listing& listing, const TickerView& ticker) {
    const bool two_sided = ticker.best_bid_price > 0.0 && ticker.best_ask_price > 0.0;
    out.begin_object()
        .member("instrument_name", listing.name())
        .member("base_currency", currency_name(listing.base))
        .member("quote_currency", quote_currency(listing))
        .member("creation_timestamp", ticker.time.ms())
        .member("mark_price", mark_rounded(listing, ticker.mark_price))
        .amount("open_interest", ticker.open_interest)
        .amount("volume", ticker.volume)
        .amount("volume_usd", ticker.volume_usd)
        .member("price_change", rounded(ticker.price_change_ratio * 100.0, 4));
    price_or_null(out, "bid_price", ticker.best_bid_price);
    price_or_null(out, "ask_price", ticker.best_ask_price);
    price_or_null(out, "mid_price", two_sided ? (ticker.best_bid_price + ticker.best_ask_price) / 2.0 : 0.0);
    price_or_null(out, "last", ticker.last_price);
    price_or_null(out, "high", ticker.high);
    price_or_null(out, "low", ticker.low);
    if (listing.contract.is_option()) {
        out.member("mark_iv", rounded(ticker.mark_iv_percent, kPercentDecimals))
            .member("underlying_price", rounded(ticker.underlying_price, 4))
            .member("underlying_index", "index_price")
            .amount("interest_rate", 0.0);
    }
    if (is_perpetual(listing)) {
        out.member("current_funding", ticker.current_funding).member("funding_8h", ticker.funding_8h);
    }
    out.end_object();
}

void write_book_sides(JsonWriter& out, const BookView& book) {
    const auto side = [&](std::string_view key, const std::vector<BookLevel>& levels) {
        out.begin_array(key);
        for (const BookLevel& level : levels) out.begin_array().value(level.price).amount(level.amount).end_array();
        out.end_array();
    };
    side("bids", book.bids);
    side("asks", book.asks);
}

void write_book_snapshot(JsonWriter& out, const Listing& listing, const BookView& book) {
    out.begin_object()
        .member("type", "snapshot")
        .member("timestamp", book.time.ms())
        .member("instrument_name", listing.name())
        .member("change_id", book.change_id);
    write_new_levels(out, "bids", book.bids);
    write_new_levels(out, "asks", book.asks);
    out.end_object();
}

void write_book_change(JsonWriter& out, const Listing& listing, const BookChange& change,
                       std::span<const LevelChange> levels) {
    out.begin_object()
        .member("type", "change")
        .member("timestamp", change.time.ms())
        .member("prev_change_id", change.prev_change_id)
        .member("instrument_name", listing.name())
        .member("change_id", change.change_id);
    write_action_levels(out, "bids", Side::bid, levels);
    write_action_levels(out, "asks", Side::ask, levels);
    out.end_object();
}

void write_public_trade(JsonWriter& out, const Listing& listing, const PublicTrade& trade) {
    out.begin_object()
        .member("trade_seq", trade.trade_seq)
        .member("trade_id", trade.trade_id)
        .member("timestamp", trade.time.ms())
        .member("tick_direction", trade.tick_direction)
        .member("price", trade.price)
        .member("mark_price", mark_rounded(listing, trade.mark_price))
        .member("instrument_name", listing.name())
        .member("index_price", rounded(trade.index_price, kUsdDecimals))
        .member("direction", direction_name(trade.taker_side))
        .amount("contracts", trade.amount / listing.contract_size)
        .amount("amount", trade.amount);
    if (listing.contract.is_option()) out.member("iv", rounded(trade.iv_percent, kPercentDecimals));
    if (trade.is_liquidation) out.member("liquidation", "T");
    out.end_object();
}

void write_order(JsonWriter& out, const Listing& listing, const OrderView& order) {
    out.begin_object()
        .member("order_id", order.order_id)
        .member("order_state", order_state_name(order.state))
        .member("order_type", order_type_name(order.type))
        .member("instrument_name", listing.name())
        .member("direction", direction_name(order.side))
        .member("price", order.price)
        .amount("amount", order.amount)
        .amount("contracts", rounded(order.amount / listing.contract_size, kMoneyDecimals))
        .amount("filled_amount", order.filled_amount)
        .amount("average_price", order.average_price)
        .member("time_in_force", time_in_force_name(order.time_in_force))
        .member("post_only", order.post_only)
        .member("reject_post_only", order.reject_post_only)
        .member("reduce_only", order.reduce_only)
        .member("replaced", order.replaced)
        .member("label", order.label)
        .member("creation_timestamp", order.created.ms())
        .member("last_update_timestamp", order.updated.ms())
        .amount("max_show", order.amount)
        .member("api", true)
        .member("web", false)
        .member("mmp", false)
        .member("is_liquidation", false)
        .member("risk_reducing", false);
    if (!order.cancel_reason.empty()) out.member("cancel_reason", order.cancel_reason);
    out.end_object();
}

void write_user_trade(JsonWriter& out, const Listing& listing, const UserTrade& trade) {
    const PublicTrade& made = trade.trade;
    out.begin_object()
        .member("trade_seq", made.trade_seq)
        .member("trade_id", made.trade_id)
        .member("timestamp", made.time.ms())
        .member("tick_direction", made.tick_direction)
        .member("state", order_state_name(trade.order_state))
        .member("order_id", trade.order_id)
        .member("order_type", order_type_name(trade.order_type))
        .member("label", trade.label)
        .member("instrument_name", listing.name())
        .member("direction", direction_name(trade.side))
        .member("price", made.price)
        .amount("amount", made.amount)
        .amount("contracts", rounded(made.amount / listing.contract_size, kMoneyDecimals))
        .member("fee", money(trade.fee))
        .member("fee_currency", currency_name(listing.settlement))
        .member("liquidity", trade.is_maker ? "M" : "T")
        .member("mark_price", mark_rounded(listing, made.mark_price))
        .member("index_price", rounded(made.index_price, kUsdDecimals))
        .member("profit_loss", money(trade.profit_loss))
        .member("post_only", trade.post_only)
        .member("reduce_only", trade.reduce_only)
        .member("api", true)
        .member("mmp", false)
        .null("matching_id");
    if (listing.contract.is_option()) {
        out.member("iv", rounded(made.iv_percent, kPercentDecimals));
        out.member("underlying_price", rounded(trade.underlying_price, 4));
    }
    out.end_object();
}

void write_position(JsonWriter& out, const Listing& listing, const PositionView& position) {
    out.begin_object()
        .member("instrument_name", listing.name())
        .member("kind", listing.kind_name())
        .member("direction", position.size > 0.0 ? "buy" : (position.size < 0.0 ? "sell" : "zero"))
        .amount("size", position.size)
        .member("average_price", position.average_price)
        .member("mark_price", mark_rounded(listing, position.mark_price))
        .member("index_price", rounded(position.index_price, kUsdDecimals))
        .member("settlement_price", position.settlement_price)
        .member("delta", money(position.delta))
        .member("initial_margin", rounded(position.initial_margin, 9))
        .member("maintenance_margin", rounded(position.maintenance_margin, 9))
        .member("open_orders_margin", rounded(position.open_orders_margin, 9))
        .member("floating_profit_loss", rounded(position.floating_profit_loss, 9))
        .member("realized_profit_loss", rounded(position.realized_profit_loss, 9))
        .member("total_profit_loss", rounded(position.total_profit_loss, 9));
    if (listing.contract.is_option()) {
        out.member("average_price_usd", position.average_price_usd)
            .member("gamma", rounded(position.gamma, kGreekDecimals))
            .member("vega", rounded(position.vega, kGreekDecimals))
            .member("theta", rounded(position.theta, kGreekDecimals));
    } else {
        out.member("size_currency", rounded(position.size_currency, 9))
            .member("leverage", static_cast<std::int64_t>(position.leverage))
            .member("realized_funding", money(position.realized_funding))
            .member("interest_value", position.interest_value);
    }
    if (position.estimated_liquidation_price > 0.0) {
        out.member("estimated_liquidation_price", rounded(position.estimated_liquidation_price, kUsdDecimals));
    }
    out.end_object();
}

void write_portfolio_members(JsonWriter& out, const PortfolioView& portfolio) {
    const std::pair<std::string_view, double> amounts[] = {
        {"balance", portfolio.balance},
        {"equity", portfolio.equity},
        {"margin_balance", portfolio.margin_balance},
        {"available_funds", portfolio.available_funds},
        {"available_withdrawal_funds", portfolio.available_funds},
        {"initial_margin", portfolio.initial_margin},
        {"maintenance_margin", portfolio.maintenance_margin},
        {"projected_initial_margin", portfolio.projected_initial_margin},
        {"projected_maintenance_margin", portfolio.projected_maintenance_margin},
        {"delta_total", portfolio.delta_total},
        {"projected_delta_total", portfolio.projected_delta_total},
        {"options_delta", portfolio.options_delta},
        {"options_gamma", portfolio.options_gamma},
        {"options_vega", portfolio.options_vega},
        {"options_theta", portfolio.options_theta},
        {"options_value", portfolio.options_value},
        {"options_pl", portfolio.options_pl},
        {"options_session_upl", portfolio.options_session_upl},
        {"options_session_rpl", portfolio.options_session_rpl},
        {"futures_pl", portfolio.futures_pl},
        {"futures_session_upl", portfolio.futures_session_upl},
        {"futures_session_rpl", portfolio.futures_session_rpl},
        {"session_upl", portfolio.session_upl},
        {"session_rpl", portfolio.session_rpl},
        {"total_pl", portfolio.total_pl},
        {"fee_balance", 0.0},
        {"spot_reserve", 0.0},
        {"additional_reserve", 0.0},
        {"locked_balance", 0.0},
    };
    out.member("currency", currency_name(portfolio.currency));
    for (const auto& [key, value] : amounts) out.amount(key, money(value));
    out.member("margin_model", "segregated_sm")
        .member("portfolio_margining_enabled", false)
        .member("cross_collateral_enabled", false);
}

void write_order_answer(JsonWriter& out, const Exchange& exchange, const OrderAnswer& answer) {
    const Listing& listing = exchange.listing(answer.order.instrument);
    out.begin_object().name("order");
    write_order(out, listing, answer.order);
    out.begin_array("trades");
    for (const UserTrade& trade : answer.trades) write_user_trade(out, listing, trade);
    out.end_array().end_object();
}

}  // namespace keel::simulator::deribit
