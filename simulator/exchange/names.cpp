#include <chrono>

#include "simulator/exchange/change_log.hpp"
#include "simulator/exchange/listing.hpp"
#include "simulator/exchange/orders.hpp"

namespace keel::simulator {

std::string_view currency_name(Currency currency) {
    switch (currency) {
        case Currency::btc: return "BTC";
        case Currency::eth: return "ETH";
        case Currency::usdc: return "USDC";
    }
    return "";
}

std::string_view Listing::settlement_period() const {
    if (contract.kind == InstrumentKind::perpetual) return "perpetual";
    const auto life = contract.expiry - created;
    if (life <= std::chrono::hours{24 * 3}) return "day";
    if (life <= std::chrono::hours{24 * 21}) return "week";
    return "month";
}

std::string_view Listing::price_index() const {
    const bool is_usdc = settlement == Currency::usdc;
    if (base == Currency::btc) return is_usdc ? "btc_usdc" : "btc_usd";
    return is_usdc ? "eth_usdc" : "eth_usd";
}

std::int64_t Listing::expiration_ms() const {
    constexpr std::int64_t kNeverMs = 32'503'708'800'000;  // year 3000, the venue's "perpetual"
    return contract.kind == InstrumentKind::perpetual ? kNeverMs : contract.expiry.ms();
}

std::string_view order_type_name(OrderType type) {
    switch (type) {
        case OrderType::limit: return "limit";
        case OrderType::market: return "market";
        case OrderType::market_limit: return "market_limit";
    }
    return "";
}

std::string_view time_in_force_name(TimeInForce time_in_force) {
    switch (time_in_force) {
        case TimeInForce::good_til_cancelled: return "good_til_cancelled";
        case TimeInForce::good_til_day: return "good_til_day";
        case TimeInForce::immediate_or_cancel: return "immediate_or_cancel";
        case TimeInForce::fill_or_kill: return "fill_or_kill";
    }
    return "";
}

std::string_view order_state_name(OrderState state) {
    switch (state) {
        case OrderState::open: return "open";
        case OrderState::filled: return "filled";
        case OrderState::rejected: return "rejected";
        case OrderState::cancelled: return "cancelled";
    }
    return "";
}

std::string_view direction_name(Side side) { return side == Side::bid ? "buy" : "sell"; }

void ChangeLog::clear() {
    sequence.clear();
    books.clear();
    levels.clear();
    trades.clear();
    tickers.clear();
    index_prices.clear();
    volatility_indices.clear();
    orders.clear();
    user_trades.clear();
    positions.clear();
    portfolios.clear();
    instrument_states.clear();
}

}  // namespace keel::simulator
