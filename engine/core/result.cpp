#include "engine/core/result.hpp"

#include <array>

namespace keel {
namespace {

constexpr std::array<std::string_view, 31> kNames{
    "none",
    "malformed_message",
    "number_out_of_range",
    "price_off_tick",
    "quantity_off_lot",
    "unknown_instrument",
    "unsupported_channel",
    "table_full",
    "sequence_gap",
    "book_stale",
    "book_crossed",
    "book_full",
    "duplicate_fill",
    "unknown_order",
    "illegal_transition",
    "journal_corrupt",
    "journal_unwritable",
    "journal_version",
    "file_unreadable",
    "file_mode_unsafe",
    "config_invalid",
    "connect_failed",
    "tls_refused",
    "websocket_closed",
    "read_deadline",
    "http_status",
    "auth_refused",
    "rate_limited",
    "venue_error",
    "already_running",
    "queue_full",
};
static_assert(kNames.size() == static_cast<std::size_t>(Errc::queue_full) + 1);

}  // namespace

std::string_view errc_name(Errc code) {
    const auto row = static_cast<std::size_t>(code);
    return row < kNames.size() ? kNames[row] : "unknown";
}

}  // namespace keel
