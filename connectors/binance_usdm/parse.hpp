#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/core/instrument_table.hpp"
#include "engine/core/result.hpp"
#include "engine/events/event_batch.hpp"

namespace keel::connectors::binance {

// Readable bytes that must follow every text handed to the decoder.
inline constexpr std::size_t kPaddingBytes = 64;

enum class MessageKind : std::uint8_t {
    depth_update,    // level_update events
    depth_snapshot,  // book_snapshot events: a REST body, or a partial-depth frame, which replaces the top
    quote,
    trade,
    mark_price,  // ticker events; one for each known symbol where the frame is an array
    answer,      // to a subscribe or unsubscribe
};

// What one frame was. Its facts are in the batch; this is what the feed needs to judge them.
struct Message {
    MessageKind kind{MessageKind::answer};
    InstrumentId instrument{InstrumentId::none};  // none for arrays and answers
    bool has_previous_id{false};                  // futures name the update they follow; spot does not
    UnixNanos exchange_time{};                    // 0 where the frame has none (spot quotes)
    std::uint64_t first_id{0};                    // U
    std::uint64_t last_id{0};                     // u, or lastUpdateId
    std::uint64_t previous_id{0};                 // pu
    std::int64_t request_id{0};                   // of an answer
};

// Turns Binance's public market data into events: combined-stream frames, raw frames and depth bodies.
// Numbers go from their decimal text to ticks and lots, never through a double. Each object is read in
// one forward pass; any error drops the whole message and leaves the batch as it was. A depth frame
// becomes one event per level, bracketed by kFirst and kLast, with `sequence` = u and
// `sequence_previous` = pu (spot: U - 1); receive times are the caller's to stamp.
// Thread: the connection's. Allocates: at construction, and when a frame is longer than any before.
class Decoder {
public:
    // Knows the instruments of `venue` that the table holds now.
    Decoder(const InstrumentTable& instruments, VenueId venue);
    ~Decoder();
    Decoder(Decoder&&) noexcept;
    Decoder& operator=(Decoder&&) noexcept;

    // One frame, followed by kPaddingBytes readable bytes. Errors: malformed_message,
    // number_out_of_range, price_off_tick, quantity_off_lot, unknown_instrument, unsupported_channel
    // (a kind that the README lists as not read), table_full (batch), venue_error (detail: its code).
    [[nodiscard]] Result<Message> frame(std::string_view text, EventBatch& out);

    // Body of GET /depth for `instrument`; the same errors.
    [[nodiscard]] Result<Message> snapshot(std::string_view text, InstrumentId instrument, EventBatch& out);

private:
    struct Core;
    std::unique_ptr<Core> core_;
};

}  // namespace keel::connectors::binance
