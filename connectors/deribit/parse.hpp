#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/deribit/order_labels.hpp"
#include "connectors/deribit/requests.hpp"
#include "engine/core/instrument_table.hpp"
#include "engine/core/result.hpp"
#include "engine/events/event_batch.hpp"

namespace keel::connectors::deribit {

enum class MessageKind : std::uint8_t {
    none,    // nothing to do
    events,  // a notification that became events
    book,    // the same, of one order book: the caller checks the chain
    heartbeat,
    test_request,  // answer at once
    answer,        // the result of a request
    error,         // the refusal of a request
};

// What one frame was. Views point into the frame or the decoder and stay until its next call.
struct Message {
    MessageKind kind{MessageKind::none};
    std::size_t events_begin{0};  // first event of this message in the batch
    std::uint64_t request_id{0};  // 0: none, or not a number
    RequestKind request{RequestKind::none};
    std::int64_t error_code{0};
    std::string_view error_text;
    std::string_view result;                      // raw JSON of an answer
    std::int64_t received_us{0};                  // the venue's clock at our request, where it says so
    InstrumentId instrument{InstrumentId::none};  // of a book
    bool snapshot{false};
    bool has_more{false};  // of an answer that is one page
    std::uint64_t change_id{0};
    std::uint64_t change_id_previous{0};
};

struct DecoderCounts {
    std::uint64_t messages{0};
    std::uint64_t refused{0};              // discarded whole: malformed, off grid, out of range
    std::uint64_t unsupported{0};          // channels that this connector does not read
    std::uint64_t unknown_instruments{0};  // rows about instruments that the table does not hold
};

// JSON-RPC text of Deribit (API v2, also as it was in 2021) to events. One forward pass per object;
// a message with any fault is discarded whole, and the batch is as it was. Prices and amounts go from
// their text to exact counts; marks, rates and greeks are doubles, percentages become fractions.
// `receive_time` and cycle stamps are left to the caller.
// Thread: one. Allocates: when a message is larger than all before it.
class Decoder {
public:
    // `order_ids` learns the venue's id of each of our orders; may be null.
    explicit Decoder(const InstrumentTable& table, VenueOrderIds* order_ids = nullptr);
    ~Decoder();
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    // Takes in instruments that were added since.
    void refresh_instruments();

    // `text` must be followed by 64 readable bytes. Answers to requests that carry facts (orders,
    // positions, tickers ...) become events too. Errors: malformed_message, unknown_instrument,
    // unsupported_channel, price_off_tick, quantity_off_lot, number_out_of_range, table_full.
    Result<Message> decode(std::string_view text, EventBatch& batch);

    // The same for a body whose request is known from elsewhere (REST).
    Result<Message> decode_answer(std::string_view text, RequestKind request, EventBatch& batch);

    // The instrument whose book the last refused message was about; none where it was about no book.
    [[nodiscard]] InstrumentId refused_book() const;
    [[nodiscard]] const DecoderCounts& counts() const;

    struct Core;

private:
    std::unique_ptr<Core> core_;
};

// Answers that are not events; each takes Message::result. Off the hot path.

struct AuthAnswer {
    std::string access_token;
    std::string refresh_token;
    std::string scope;
    std::int64_t expires_in_s{0};
};
Result<AuthAnswer> parse_auth(std::string_view result);
// A list of strings: channels, expirations.
Result<std::vector<std::string>> parse_texts(std::string_view result);
// A number: the venue's time in milliseconds, or how many orders were cancelled.
Result<std::int64_t> parse_integer(std::string_view result);
// What get_instruments and get_instrument list. Futures, perpetuals, options and spot enter the table;
// combinations do not (README). Returns how many did.
Result<std::size_t> parse_instruments(std::string_view result, InstrumentTable& table);
// {"option":[...],"future":[...]} or {"btc":{...}}: every expiry named, in order, e.g. "29MAY26".
Result<std::vector<std::string>> parse_expirations(std::string_view result);

// Request rates the venue grants this account, from an extended account summary.
struct RateLimits {
    double matching_per_s{0.0};
    double matching_burst{0.0};
};
Result<RateLimits> parse_rate_limits(std::string_view result);

}  // namespace keel::connectors::deribit
