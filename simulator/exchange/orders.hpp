#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/exchange/listing.hpp"

namespace keel::simulator {

// An error as the venue states it: code and message of its error table ("price_too_high 43666.4288").
struct VenueError {
    int code{0};
    std::string message{};
};

template <class T>
using Answer = std::expected<T, VenueError>;

enum class AccountId : std::uint16_t { none = 0xffff };

// Names the connection that created an order, for cancel-on-disconnect; 0 means none.
enum class SessionId : std::uint64_t { none = 0 };

enum class OrderType : std::uint8_t { limit, market, market_limit };
enum class TimeInForce : std::uint8_t { good_til_cancelled, good_til_day, immediate_or_cancel, fill_or_kill };
enum class OrderState : std::uint8_t { open, filled, rejected, cancelled };
enum class SelfTradeMode : std::uint8_t { reject_taker, cancel_maker };

// The venue's words for the enumerations above.
[[nodiscard]] std::string_view order_type_name(OrderType type);
[[nodiscard]] std::string_view time_in_force_name(TimeInForce time_in_force);
[[nodiscard]] std::string_view order_state_name(OrderState state);
[[nodiscard]] std::string_view direction_name(Side side);  // "buy", "sell"

// private/buy or private/sell. Amounts and prices are the venue's numbers (USD for inverse futures,
// coin for options); they are checked exactly against lot and tick.
struct OrderRequest {
    std::string instrument_name{};
    Side side{Side::bid};
    double amount{0.0};
    OrderType type{OrderType::limit};
    std::optional<double> price{};
    TimeInForce time_in_force{TimeInForce::good_til_cancelled};
    bool post_only{false};
    bool reject_post_only{false};
    bool reduce_only{false};
    bool mmp{false};  // refused with 13040: the venue keeps no market-maker protection
    std::string label{};
    UnixNanos valid_until{};  // 0: none; earlier than now gives 13888
    SessionId session{SessionId::none};
};

// private/edit. `amount` is the new total; 0 keeps it. Without `price` the price stays. Flags not sent
// fall back to false.
struct EditRequest {
    std::string order_id{};
    double amount{0.0};
    std::optional<double> price{};
    bool post_only{false};
    bool reject_post_only{false};
    bool reduce_only{false};
    UnixNanos valid_until{};
};

// An order as the venue shows it.
struct OrderView {
    std::string order_id{};
    AccountId account{AccountId::none};
    InstrumentId instrument{InstrumentId::none};
    SessionId session{SessionId::none};
    Side side{Side::bid};
    OrderType type{OrderType::limit};
    TimeInForce time_in_force{TimeInForce::good_til_cancelled};
    OrderState state{OrderState::open};
    double price{0.0};
    double amount{0.0};
    double filled_amount{0.0};
    double average_price{0.0};  // 0 before the first fill
    bool post_only{false};
    bool reject_post_only{false};
    bool reduce_only{false};
    bool replaced{false};
    std::string label{};
    std::string_view cancel_reason{};  // empty unless cancelled; "user_request", "cancel_on_disconnect", ...
    UnixNanos created{};
    UnixNanos updated{};
};

// A trade as the public channel shows it.
struct PublicTrade {
    std::string trade_id{};
    std::uint64_t trade_seq{0};  // consecutive per instrument, from 1
    InstrumentId instrument{InstrumentId::none};
    UnixNanos time{};
    Side taker_side{Side::bid};
    double price{0.0};
    double amount{0.0};
    double mark_price{0.0};
    double index_price{0.0};
    double iv_percent{0.0};  // options only, of the trade's price
    int tick_direction{0};   // 0 plus, 1 zero-plus, 2 minus, 3 zero-minus
    bool is_liquidation{false};
};

// The same trade as one of its two owners sees it; `side` is the account's own.
struct UserTrade {
    PublicTrade trade;
    AccountId account{AccountId::none};
    std::string order_id{};
    std::string label{};
    Side side{Side::bid};
    OrderType order_type{OrderType::limit};
    OrderState order_state{OrderState::open};  // after the trade
    bool is_maker{false};
    bool post_only{false};
    bool reduce_only{false};
    double fee{0.0};               // in the settlement currency
    double profit_loss{0.0};       // realised by this trade, settlement currency
    double underlying_price{0.0};  // options only, USD
};

struct OrderAnswer {
    OrderView order;
    std::vector<UserTrade> trades{};
};

// Which orders or positions a call means; unset fields match everything.
struct OrderFilter {
    std::optional<Currency> currency{};  // settlement currency
    std::optional<bool> is_option{};     // kind option or future
    std::optional<InstrumentId> instrument{};
    std::optional<std::string> label{};
    std::optional<SessionId> session{};
};

}  // namespace keel::simulator
