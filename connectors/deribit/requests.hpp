#pragma once

#include <cstdint>

namespace keel::connectors::deribit {

// What a request asked. It travels in the low bits of the request's id, which the venue echoes, so that
// an answer names its own shape and no table is consulted to read it.
enum class RequestKind : std::uint8_t {
    none = 0,
    hello,
    set_heartbeat,
    test,
    authenticate,
    get_time,
    subscribe,
    unsubscribe,
    cancel_on_disconnect,
    get_instruments,
    get_instrument,
    ticker,
    order_book,
    book_summary,
    last_trades,
    submit,
    replace,
    cancel,
    cancel_by_label,
    cancel_all,
    positions,
    open_orders,
    account_summaries,
    account_summary,
    user_trades,
    order_state,
    logout,
    count
};

inline constexpr unsigned kRequestKindBits = 6;
static_assert(static_cast<unsigned>(RequestKind::count) <= (1U << kRequestKindBits));

constexpr std::uint64_t request_id(RequestKind kind, std::uint64_t number) {
    return number << kRequestKindBits | static_cast<std::uint64_t>(kind);
}
constexpr RequestKind request_kind(std::uint64_t id) {
    const std::uint64_t kind = id & ((1U << kRequestKindBits) - 1);
    return kind < static_cast<std::uint64_t>(RequestKind::count) ? static_cast<RequestKind>(kind) : RequestKind::none;
}

}  // namespace keel::connectors::deribit
