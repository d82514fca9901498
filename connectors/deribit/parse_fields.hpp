#pragma once

// For the parse_*.cpp files only: how this folder walks JSON. One forward pass over each object, every
// array read to its end, and any error ends the message (a decoder that goes on after an error or
// leaves an array early is undefined behaviour in this version of the library).

#include <simdjson.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

#include "connectors/deribit/parse.hpp"
#include "connectors/deribit/symbol_index.hpp"
#include "connectors/deribit/text_hash.hpp"
#include "engine/core/decimal.hpp"

namespace keel::connectors::deribit {

namespace ondemand = simdjson::ondemand;

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr std::size_t kMessageBytesMax = 16U << 20U;  // get_instruments of every currency

// A key's bytes between its quotes. Keys with escapes keep them and so match none of ours.
inline std::string_view key_view(ondemand::raw_json_string key) {
    const char* text = key.raw();
    const char* end = text;
    while (*end != '"') ++end;
    return {text, static_cast<std::size_t>(end - text)};
}

// Calls visit(key, value) for each field; false as soon as the JSON or the visitor says so.
template <class Visit>
bool each_field(ondemand::object object, Visit&& visit) {
    for (auto item : object) {
        ondemand::field field;
        if (std::move(item).get(field) != simdjson::SUCCESS) return false;
        const std::string_view key = key_view(field.key());
        ondemand::value value = field.value();
        if (!visit(key, value)) return false;
    }
    return true;
}
template <class Visit>
bool each_field(ondemand::value value, Visit&& visit) {
    ondemand::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return false;
    return each_field(object, std::forward<Visit>(visit));
}

// Calls visit(value) for each element.
template <class Visit>
bool each_item(ondemand::value value, Visit&& visit) {
    ondemand::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return false;
    for (auto item : array) {
        ondemand::value element;
        if (std::move(item).get(element) != simdjson::SUCCESS) return false;
        if (!visit(element)) return false;
    }
    return true;
}

inline char first_char(ondemand::value& value) {
    const std::string_view token = value.raw_json_token();
    return token.empty() ? '\0' : token.front();
}
inline bool is_number_start(char c) { return c == '-' || (c >= '0' && c <= '9'); }

// The text of a number, for the exact types; empty for null and for words ("market_price").
inline bool read_token(ondemand::value& value, std::string_view& out) {
    const std::string_view token = value.raw_json_token();
    if (token.empty() || token.front() == '{' || token.front() == '[') return false;
    out = is_number_start(token.front()) ? token : std::string_view{};
    return true;
}
// A double; NaN for null and for words ("expired").
inline bool read_double(ondemand::value& value, double& out) {
    const char first = first_char(value);
    if (first == '{' || first == '[') return false;
    if (!is_number_start(first)) {
        out = kNaN;
        return true;
    }
    return value.get_double().get(out) == simdjson::SUCCESS;
}
// An integer that may be written 10.0; 0 for null. Ids and times, never prices.
inline bool read_unsigned(ondemand::value& value, std::uint64_t& out) {
    const char first = first_char(value);
    if (first == 'n') {
        out = 0;
        return true;
    }
    if (value.get_uint64().get(out) == simdjson::SUCCESS) return true;
    double real = 0.0;
    if (value.get_double().get(real) != simdjson::SUCCESS) return false;
    if (!(real >= 0.0 && real < 9.0e15 && real == std::floor(real))) return false;
    out = static_cast<std::uint64_t>(real);
    return true;
}
inline bool read_signed(ondemand::value& value, std::int64_t& out) {
    return value.get_int64().get(out) == simdjson::SUCCESS;
}
// A string; empty for null. The bytes live in the parser until its next document.
inline bool read_text(ondemand::value& value, std::string_view& out) {
    if (first_char(value) == 'n') {
        out = {};
        return true;
    }
    return value.get_string().get(out) == simdjson::SUCCESS;
}
// true, false, and the strings "true" and "false" that some order fields carry.
inline bool read_bool(ondemand::value& value, bool& out) {
    const char first = first_char(value);
    if (first == '"') {
        std::string_view text;
        if (value.get_string().get(text) != simdjson::SUCCESS) return false;
        out = text == "true";
        return true;
    }
    if (first == 'n') {
        out = false;
        return true;
    }
    return value.get_bool().get(out) == simdjson::SUCCESS;
}
// The raw JSON of any value, to be read once its meaning is known.
inline bool read_raw(ondemand::value& value, std::string_view& out) {
    const char first = first_char(value);
    if (first == '{') {
        ondemand::object object;
        return value.get_object().get(object) == simdjson::SUCCESS && object.raw_json().get(out) == simdjson::SUCCESS;
    }
    if (first == '[') {
        ondemand::array array;
        return value.get_array().get(array) == simdjson::SUCCESS && array.raw_json().get(out) == simdjson::SUCCESS;
    }
    out = value.raw_json_token();
    while (!out.empty() && (out.back() == ' ' || out.back() == '\n' || out.back() == '\r' || out.back() == '\t')) {
        out.remove_suffix(1);
    }
    return !out.empty();
}

// Begins a document over bytes that lie in a padded buffer.
inline bool open_document(ondemand::parser& parser, std::string_view text, ondemand::document& document) {
    const simdjson::padded_string_view padded{text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING};
    return parser.iterate(padded).get(document) == simdjson::SUCCESS;
}

inline double percent(double value) { return value == 0.0 ? kNaN : value / 100.0; }  // the venue writes 0 for none

// Everything a message's reader needs. `error` keeps the first fault's code.
struct Reading {
    const SymbolIndex& symbols;
    EventBatch& batch;
    DecoderCounts& counts;
    VenueOrderIds* order_ids{nullptr};
    std::vector<Ticker>* merged_tickers{nullptr};  // last whole ticker per instrument, for incremental ones
    Errc error{Errc::malformed_message};

    bool refuse(Errc code) {
        error = code;
        return false;
    }
    template <class P>
    Event* push(EventKind kind, InstrumentId instrument, const P& payload) {
        if (!batch.push(Event::of(kind, VenueId::deribit, instrument, payload))) {
            error = Errc::table_full;
            return nullptr;
        }
        return &batch.events().back();
    }
    [[nodiscard]] const Instrument& row(InstrumentId id) const { return symbols.table()[id]; }
    bool price(InstrumentId id, std::string_view token, Price& out) {
        if (token.empty()) {
            out = Price{};
            return true;
        }
        const Result<Price> price = row(id).price_from_text(token);
        if (!price) return refuse(price.error().code);
        out = *price;
        return true;
    }
    bool quantity(InstrumentId id, std::string_view token, Quantity& out) {
        if (token.empty()) {
            out = Quantity{};
            return true;
        }
        const Result<Quantity> quantity = row(id).quantity_from_text(token);
        if (!quantity) return refuse(quantity.error().code);
        out = *quantity;
        return true;
    }
};

// A stamp beyond the year 2262 is no time at all: 0, which every reader takes as unknown.
inline UnixNanos time_of_ms(std::uint64_t ms) {
    constexpr std::uint64_t kMsMax = std::numeric_limits<std::int64_t>::max() / 1'000'000;
    return ms > kMsMax ? UnixNanos{} : unix_nanos_from_ms(static_cast<std::int64_t>(ms));
}

// "book.BTC-PERPETUAL.raw" cut at its dots; names themselves hold none.
struct ChannelName {
    std::string_view family;
    std::string_view subject;  // instrument, index or kind
    std::string_view rest;
};
ChannelName split_channel(std::string_view channel);

// parse_market.cpp
bool read_book(Reading& reading, ondemand::value data, InstrumentId instrument, bool grouped, Message& message);
bool read_quote(Reading& reading, ondemand::value data, InstrumentId instrument);
bool read_trades(Reading& reading, ondemand::value data);
bool read_ticker(Reading& reading, ondemand::value data, InstrumentId instrument, bool incremental);
bool read_price_index(Reading& reading, ondemand::value data);
bool read_volatility_index(Reading& reading, ondemand::value data);
bool read_option_marks(Reading& reading, ondemand::value data);
bool read_perpetual(Reading& reading, ondemand::value data, InstrumentId instrument);
bool read_book_summaries(Reading& reading, ondemand::value data);
bool read_book_answer(Reading& reading, ondemand::value data, Message& message);

// parse_private.cpp
bool read_changes(Reading& reading, ondemand::value data);
bool read_orders(Reading& reading, ondemand::value data);  // one or an array
bool read_user_trades(Reading& reading, ondemand::value data);
bool read_positions(Reading& reading, ondemand::value data);
bool read_portfolio(Reading& reading, ondemand::value data);
bool read_order_answer(Reading& reading, ondemand::value data);       // {"order":…,"trades":[…]}
bool read_account_summaries(Reading& reading, ondemand::value data);  // {"summaries":[…]} or one account
bool read_trades_answer(Reading& reading, ondemand::value data, bool ours,
                        Message& message);  // {"trades":[…],"has_more":…}

}  // namespace keel::connectors::deribit
