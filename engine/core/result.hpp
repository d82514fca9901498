#pragma once

#include <cstdint>
#include <expected>
#include <source_location>
#include <string_view>

namespace keel {

// What can go wrong outside of us. One row per code in docs/errors.md; the tidy test compares.
enum class Errc : std::uint16_t {
    none = 0,
    malformed_message,    // bytes that are not the venue's protocol
    number_out_of_range,  // a number that does not fit its exact type
    price_off_tick,       // a price that is not a multiple of the tick
    quantity_off_lot,     // a quantity that is not a multiple of the lot
    unknown_instrument,   // a name that the instrument table does not hold
    unsupported_channel,  // a notification that this connector does not read
    table_full,           // a bounded table met its named maximum
    sequence_gap,         // an update that does not follow the last one
    book_stale,           // an update to a book that waits for a snapshot
    book_crossed,         // best bid at or above best ask after a whole message
    book_full,            // more levels than levels_max
    duplicate_fill,       // a trade id that was already applied
    unknown_order,        // an order event for an id that is not ours
    illegal_transition,   // an order event that its state does not expect
    journal_corrupt,      // a record whose length, CRC or chain is wrong
    journal_unwritable,   // disk full, no permission, or the next chunk is not mapped
    journal_version,      // a journal written by an incompatible build
    file_unreadable,      // open, read or permission failed
    file_mode_unsafe,     // a secret that others may read
    config_invalid,       // a key, unit or range that the configuration refuses
    connect_failed,       // resolve, connect or deadline
    tls_refused,          // chain, host name or date of the peer's certificate
    websocket_closed,     // closed by the peer or cut
    read_deadline,        // nothing arrived for too long
    http_status,          // an HTTP answer that is not 2xx; detail is the status
    auth_refused,         // wrong key, secret, signature or expired token
    rate_limited,         // our budget or the venue's is spent
    venue_error,          // an error answer of the venue; detail is its code
    already_running,      // another engine holds the account or the journal directory
    queue_full,           // a bounded queue met its maximum
};

[[nodiscard]] std::string_view errc_name(Errc code);

// Facts, not prose: text is made at the edge, by the log or the command line.
struct Error {
    Errc code{};
    std::uint64_t detail{};  // tells this failure from the next: a sequence, a status, an offset
    std::source_location where{};
};

template <class T>
using Result = std::expected<T, Error>;

constexpr std::unexpected<Error> fail(Errc code, std::uint64_t detail = 0,
                                      std::source_location where = std::source_location::current()) {
    return std::unexpected{
        Error{code, detail, where}
    };
}

constexpr std::unexpected<Error> fail(const Error& error) { return std::unexpected{error}; }

}  // namespace keel
