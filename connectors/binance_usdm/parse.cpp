#include "connectors/binance_usdm/parse.hpp"

#include <simdjson.h>

#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "connectors/binance_usdm/grid.hpp"
#include "connectors/binance_usdm/tokens.hpp"

namespace keel::connectors::binance {
namespace {

namespace ondemand = simdjson::ondemand;

static_assert(kPaddingBytes >= simdjson::SIMDJSON_PADDING);

constexpr std::size_t kSymbolBytesMax = sizeof(Name);

// Looks an instrument up by its text without making a string.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

struct Known {
    Instrument instrument;
    Grid price_grid;
    Grid quantity_grid;

    Result<Price> price(std::string_view text) const {
        if (const auto count = price_grid.count(text)) return Price{*count};
        return instrument.price_from_text(text);
    }
    Result<Quantity> quantity(std::string_view text) const {
        if (const auto count = quantity_grid.count(text)) return Quantity{*count};
        return instrument.quantity_from_text(text);
    }
};
using KnownByName = std::unordered_map<std::string, Known, TextHash, std::equal_to<>>;

// The scalars of one object as raw JSON tokens, which point into the frame: their meaning depends on
// the kind of the message, and its name may come behind them.
struct Fields {
    std::string_view stream, event, symbol;
    std::string_view event_ms, first_id, last_id, previous_id, snapshot_id;
    std::string_view price, quantity, bid, bid_quantity, ask, ask_quantity;
    std::string_view trade_id, buyer_is_maker, execution, index_price, rate;
    std::string_view request_id, code;
};

// What is known of a message while it is read.
struct Reading {
    EventBatch& out;
    std::size_t start{0};
    const Known* known{nullptr};
    const Known* levels_of{nullptr};  // whose ticks the levels were counted in
    Fields fields{};
    bool has_levels{false};
    bool levels_skipped{false};      // they stood before the symbol that tells their grid
    bool in_data{false};             // inside the combined stream's wrapper
    std::optional<Message> whole{};  // of an array, which is finished item by item
};

Error malformed(simdjson::error_code code) {
    return Error{Errc::malformed_message, static_cast<std::uint64_t>(code), std::source_location::current()};
}

// The token of each single-letter key that is read; nullptr for the others.
std::string_view* field_of_letter(Fields& fields, char letter) {
    switch (letter) {
        case 'e': return &fields.event;
        case 'E': return &fields.event_ms;
        case 's': return &fields.symbol;
        case 'U': return &fields.first_id;
        case 'u': return &fields.last_id;
        case 'p': return &fields.price;
        case 'q': return &fields.quantity;
        case 'b': return &fields.bid;
        case 'B': return &fields.bid_quantity;
        case 'a': return &fields.ask;
        case 'A': return &fields.ask_quantity;
        case 't': return &fields.trade_id;
        case 'm': return &fields.buyer_is_maker;
        case 'X': return &fields.execution;
        case 'i': return &fields.index_price;
        case 'r': return &fields.rate;
        default: return nullptr;
    }
}

std::string_view* field_of(Fields& fields, std::string_view key) {
    if (key.size() == 1) return field_of_letter(fields, key.front());
    if (key == "pu") return &fields.previous_id;
    if (key == "stream") return &fields.stream;
    if (key == "symbol") return &fields.symbol;
    if (key == "lastUpdateId") return &fields.snapshot_id;
    if (key == "id") return &fields.request_id;
    if (key == "code") return &fields.code;
    return nullptr;
}

Result<Message> finish_quote(const Reading& reading) {
    const Fields& fields = reading.fields;
    const Known& known = *reading.known;
    const Result<Price> bid = known.price(unquoted(fields.bid));
    if (!bid) return fail(bid.error());
    const Result<Price> ask = known.price(unquoted(fields.ask));
    if (!ask) return fail(ask.error());
    const Result<Quantity> bid_quantity = known.quantity(unquoted(fields.bid_quantity));
    if (!bid_quantity) return fail(bid_quantity.error());
    const Result<Quantity> ask_quantity = known.quantity(unquoted(fields.ask_quantity));
    if (!ask_quantity) return fail(ask_quantity.error());
    const Result<std::uint64_t> update = integer_of<std::uint64_t>(fields.last_id);
    if (!update) return fail(update.error());
    const Result<UnixNanos> time = unix_ms_of(fields.event_ms);
    if (!time) return fail(time.error());

    const Instrument& instrument = known.instrument;
    Event event = Event::of(EventKind::quote, instrument.venue, instrument.id,
                            Quote{*bid, *bid_quantity, *ask, *ask_quantity, *update});
    event.flags = kFirst | kLast;
    event.exchange_time = *time;
    if (!reading.out.push(event)) return fail(Errc::table_full, EventBatch::kEventsMax);
    return Message{.kind = MessageKind::quote, .instrument = instrument.id, .exchange_time = *time, .last_id = *update};
}

// A trade, or an aggregate of one taker's trades at one price, whose id is under 'a'. The futures'
// "trade" stream also reports fills against the insurance fund and by auto-deleveraging.
Result<Message> finish_trade(const Reading& reading, bool aggregate) {
    const Fields& fields = reading.fields;
    const Known& known = *reading.known;
    const Result<Price> price = known.price(unquoted(fields.price));
    if (!price) return fail(price.error());
    const Result<Quantity> quantity = known.quantity(unquoted(fields.quantity));
    if (!quantity) return fail(quantity.error());
    const Result<std::uint64_t> id = integer_of<std::uint64_t>(aggregate ? fields.ask : fields.trade_id);
    if (!id) return fail(id.error());
    const Result<UnixNanos> time = unix_ms_of(fields.event_ms);
    if (!time) return fail(time.error());
    const std::string_view maker = trimmed(fields.buyer_is_maker);
    if (maker != "true" && maker != "false") return fail(Errc::malformed_message);

    const Instrument& instrument = known.instrument;
    Event event = Event::of(EventKind::trade, instrument.venue, instrument.id,
                            Trade{.price = *price,
                                  .quantity = *quantity,
                                  .trade_sequence = *id,
                                  .trade_id = *id,
                                  .mark_price = std::numeric_limits<double>::quiet_NaN(),
                                  .index_price = std::numeric_limits<double>::quiet_NaN()});
    event.flags = kFirst | kLast;
    event.set_side(maker == "true" ? Side::ask : Side::bid);
    const std::string_view execution = unquoted(fields.execution);
    if (execution == "INSURANCE_FUND" || execution == "ADL") event.set(kLiquidation);
    event.exchange_time = *time;
    if (!reading.out.push(event)) return fail(Errc::table_full, EventBatch::kEventsMax);
    return Message{.kind = MessageKind::trade, .instrument = instrument.id, .exchange_time = *time, .last_id = *id};
}

Result<Message> finish_mark_price(const Reading& reading) {
    const Fields& fields = reading.fields;
    const Result<double> mark = real_of(fields.price);
    if (!mark) return fail(mark.error());
    const Result<double> index = real_of(fields.index_price);
    if (!index) return fail(index.error());
    const Result<double> rate = real_of(fields.rate);
    if (!rate) return fail(rate.error());
    const Result<UnixNanos> time = unix_ms_of(fields.event_ms);
    if (!time) return fail(time.error());

    const double absent = std::numeric_limits<double>::quiet_NaN();
    const Instrument& instrument = reading.known->instrument;
    Event event = Event::of(EventKind::ticker, instrument.venue, instrument.id,
                            Ticker{.mark_price = *mark,
                                   .underlying_price = absent,
                                   .index_price = *index,
                                   .mark_iv = absent,
                                   .bid_iv = absent,
                                   .ask_iv = absent,
                                   .delta = absent,
                                   .funding_8h = *rate,
                                   .price_min = absent,
                                   .price_max = absent});
    event.flags = kFirst | kLast;
    event.exchange_time = *time;
    if (!reading.out.push(event)) return fail(Errc::table_full, EventBatch::kEventsMax);
    return Message{.kind = MessageKind::mark_price, .instrument = instrument.id, .exchange_time = *time};
}

// Stamps what only the whole message tells onto the levels that it appended. A message without levels
// still moves the sequence: it becomes one event with neither price nor quantity.
Result<Message> bracket_levels(const Reading& reading, EventKind kind, const Message& message) {
    if (reading.out.size() == reading.start) {
        const Instrument& instrument = reading.known->instrument;
        if (!reading.out.push(Event::of(kind, instrument.venue, instrument.id, Level{}))) {
            return fail(Errc::table_full, EventBatch::kEventsMax);
        }
    }
    const std::span<Event> levels = reading.out.events().subspan(reading.start);
    for (Event& event : levels) {
        event.kind = kind;
        event.exchange_time = message.exchange_time;
        Level level = event.as<Level>();
        level.sequence = message.last_id;
        level.sequence_previous = message.previous_id;
        std::memcpy(event.payload.data(), &level, sizeof level);
    }
    levels.front().set(kFirst);
    levels.back().set(kLast);
    return message;
}

Result<Message> finish_depth_update(const Reading& reading) {
    const Fields& fields = reading.fields;
    Message message{.kind = MessageKind::depth_update, .instrument = reading.known->instrument.id};
    const Result<std::uint64_t> first = integer_of<std::uint64_t>(fields.first_id);
    if (!first) return fail(first.error());
    const Result<std::uint64_t> last = integer_of<std::uint64_t>(fields.last_id);
    if (!last) return fail(last.error());
    if (*last < *first) return fail(Errc::malformed_message, *last);
    const Result<UnixNanos> time = unix_ms_of(fields.event_ms);
    if (!time) return fail(time.error());
    message.exchange_time = *time;
    message.first_id = *first;
    message.last_id = *last;
    message.has_previous_id = !fields.previous_id.empty();
    message.previous_id = *first == 0 ? 0 : *first - 1;
    if (message.has_previous_id) {
        // The venue writes -1 where nothing came before.
        const Result<std::int64_t> previous = integer_of<std::int64_t>(fields.previous_id);
        if (!previous) return fail(previous.error());
        message.previous_id = *previous < 0 ? 0 : static_cast<std::uint64_t>(*previous);
    }
    // Partial depth has the shape of an update, and only its stream's name tells that it replaces the top.
    const bool partial = fields.stream.find("@depth5") != std::string_view::npos ||
                         fields.stream.find("@depth10") != std::string_view::npos ||
                         fields.stream.find("@depth20") != std::string_view::npos;
    if (partial) {
        message.kind = MessageKind::depth_snapshot;
        message.previous_id = 0;
    }
    return bracket_levels(reading, partial ? EventKind::book_snapshot : EventKind::level_update, message);
}

Result<Message> finish_depth_snapshot(const Reading& reading) {
    const Result<std::uint64_t> last = integer_of<std::uint64_t>(reading.fields.snapshot_id);
    if (!last) return fail(last.error());
    const Result<UnixNanos> time = unix_ms_of(reading.fields.event_ms);
    if (!time) return fail(time.error());
    const Message message{.kind = MessageKind::depth_snapshot,
                          .instrument = reading.known->instrument.id,
                          .exchange_time = *time,
                          .last_id = *last};
    return bracket_levels(reading, EventKind::book_snapshot, message);
}

Result<Message> finish_answer(const Fields& fields) {
    if (!fields.code.empty()) {
        const Result<std::int64_t> code = integer_of<std::int64_t>(fields.code);
        if (!code) return fail(code.error());
        return fail(Errc::venue_error, static_cast<std::uint64_t>(*code));
    }
    const Result<std::int64_t> id = integer_of<std::int64_t>(fields.request_id);
    if (!id) return fail(id.error());
    return Message{.kind = MessageKind::answer, .request_id = *id};
}

// Decides what an object was, now that all of it has been read.
Result<Message> finish(const Reading& reading) {
    const Fields& fields = reading.fields;
    const std::string_view event = unquoted(fields.event);
    const bool is_depth = event == "depthUpdate";
    if (reading.has_levels && !is_depth && (fields.snapshot_id.empty() || !event.empty())) {
        return fail(Errc::unsupported_channel);
    }
    const bool is_quote = event == "bookTicker" ||
                          (event.empty() && !fields.bid.empty() && !fields.ask.empty() && !fields.last_id.empty());
    const bool is_trade = event == "trade" || event == "aggTrade";
    const bool is_mark = event == "markPriceUpdate";
    const bool is_snapshot = event.empty() && !fields.snapshot_id.empty();
    if (!is_depth && !is_quote && !is_trade && !is_mark && !is_snapshot) {
        if (!event.empty()) return fail(Errc::unsupported_channel);
        if (!fields.request_id.empty() || !fields.code.empty()) return finish_answer(fields);
        return fail(Errc::unsupported_channel);
    }
    if (reading.known == nullptr) return fail(Errc::unknown_instrument);
    if (reading.has_levels && reading.levels_of != reading.known) return fail(Errc::malformed_message);
    if (is_depth) return finish_depth_update(reading);
    if (is_snapshot) return finish_depth_snapshot(reading);
    if (is_quote) return finish_quote(reading);
    if (is_trade) return finish_trade(reading, event == "aggTrade");
    return finish_mark_price(reading);
}

}  // namespace

struct Decoder::Core {
    KnownByName instruments;
    ondemand::parser parser;

    const Known* find(std::string_view symbol) const {
        const auto found = instruments.find(symbol);
        return found == instruments.end() ? nullptr : &found->second;
    }

    // Spot's partial depth names its symbol in the stream only, in lower case.
    const Known* find_by_stream(std::string_view stream) const {
        const std::string_view symbol = unquoted(stream).substr(0, unquoted(stream).find('@'));
        if (symbol.size() > kSymbolBytesMax) return nullptr;
        std::array<char, kSymbolBytesMax> upper{};
        for (std::size_t i = 0; i < symbol.size(); ++i) {
            upper[i] = symbol[i] >= 'a' && symbol[i] <= 'z' ? static_cast<char>(symbol[i] - 'a' + 'A') : symbol[i];
        }
        return find({upper.data(), symbol.size()});
    }

    Result<void> read_levels(ondemand::value value, Side side, Reading& reading) const;
    Result<void> read_field(std::string_view key, ondemand::value value, Reading& reading) const;
    Result<void> read_object(ondemand::object object, Reading& reading) const;
    Result<void> read_data(ondemand::value value, Reading& reading) const;
    Result<void> read_text(std::string_view text, Reading& reading);
    Result<Message> read(std::string_view text, const Known* of_request, EventBatch& out);
};

// Each level is ["price","quantity"]; what stands behind those two is ignored.
Result<void> Decoder::Core::read_levels(ondemand::value value, Side side, Reading& reading) const {
    reading.has_levels = true;
    if (reading.fields.symbol.empty() && reading.known == nullptr) {
        reading.known = find_by_stream(reading.fields.stream);
    }
    if (reading.known == nullptr) {
        reading.levels_skipped = true;
        return {};
    }
    if (reading.levels_of != nullptr && reading.levels_of != reading.known) return fail(Errc::malformed_message);
    reading.levels_of = reading.known;
    const Known& known = *reading.known;
    ondemand::array levels;
    if (const auto error = value.get_array().get(levels)) return fail(malformed(error));
    for (auto row : levels) {
        ondemand::array items;
        if (const auto error = row.get_array().get(items)) return fail(malformed(error));
        std::string_view texts[2];
        std::size_t count = 0;
        for (auto item : items) {
            ondemand::value number;
            if (const auto error = item.get(number)) return fail(malformed(error));
            if (count < 2) texts[count++] = unquoted(number.raw_json_token());
        }
        const Result<Price> price = known.price(texts[0]);
        if (!price) return fail(price.error());
        const Result<Quantity> quantity = known.quantity(texts[1]);
        if (!quantity) return fail(quantity.error());
        if (quantity->count() < 0) return fail(Errc::number_out_of_range);
        Event event = Event::of(EventKind::level_update, known.instrument.venue, known.instrument.id,
                                Level{.price = *price, .quantity = *quantity});
        event.set_side(side);
        if (!reading.out.push(event)) return fail(Errc::table_full, EventBatch::kEventsMax);
    }
    return {};
}

// What the combined stream wraps: an object, or an array of them.
Result<void> Decoder::Core::read_data(ondemand::value value, Reading& reading) const {
    if (reading.in_data) return fail(Errc::malformed_message);
    reading.in_data = true;
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return fail(malformed(error));
    if (type == ondemand::json_type::object) {
        ondemand::object object;
        if (const auto error = value.get_object().get(object)) return fail(malformed(error));
        return read_object(object, reading);
    }
    ondemand::array items;
    if (const auto error = value.get_array().get(items)) return fail(malformed(error));
    Message whole{.kind = MessageKind::mark_price};
    for (auto item : items) {
        ondemand::object object;
        if (const auto error = item.get_object().get(object)) return fail(malformed(error));
        Reading one{.out = reading.out, .start = reading.out.size(), .in_data = true};
        one.fields.stream = reading.fields.stream;
        if (const Result<void> done = read_object(object, one); !done) return fail(done.error());
        const Result<Message> message = finish(one);
        // Arrays hold every symbol of the venue; those that nobody trades here are no error.
        if (!message && message.error().code == Errc::unknown_instrument) continue;
        if (!message) return fail(message.error());
        if (message->kind != MessageKind::mark_price) return fail(Errc::unsupported_channel);
        if (message->exchange_time > whole.exchange_time) whole.exchange_time = message->exchange_time;
    }
    reading.whole = whole;
    return {};
}

Result<void> Decoder::Core::read_field(std::string_view key, ondemand::value value, Reading& reading) const {
    if (key == "data") return read_data(value, reading);
    if (key == "b" || key == "a" || key == "bids" || key == "asks") {
        ondemand::json_type type{};
        if (const auto error = value.type().get(type)) return fail(malformed(error));
        if (type == ondemand::json_type::array) {
            return read_levels(value, key.front() == 'b' ? Side::bid : Side::ask, reading);
        }
    }
    std::string_view* const field = field_of(reading.fields, key);
    if (field == nullptr) return {};
    *field = value.raw_json_token();
    if (field == &reading.fields.symbol) reading.known = find(unquoted(*field));
    return {};
}

// One forward pass; what is not read is skipped by the iterator.
Result<void> Decoder::Core::read_object(ondemand::object object, Reading& reading) const {
    for (auto item : object) {
        ondemand::field field;
        if (const auto error = std::move(item).get(field)) return fail(malformed(error));
        const std::string_view key = key_text(field.key().raw());
        if (const Result<void> done = read_field(key, field.value(), reading); !done) return fail(done.error());
    }
    return {};
}

Result<void> Decoder::Core::read_text(std::string_view text, Reading& reading) {
    ondemand::document document;
    const simdjson::padded_string_view padded{text.data(), text.size(), text.size() + kPaddingBytes};
    if (const auto error = parser.iterate(padded).get(document)) return fail(malformed(error));
    ondemand::json_type type{};
    if (const auto error = document.type().get(type)) return fail(malformed(error));
    if (type != ondemand::json_type::object) return fail(Errc::unsupported_channel);
    ondemand::object object;
    if (const auto error = document.get_object().get(object)) return fail(malformed(error));
    return read_object(object, reading);
}

Result<Message> Decoder::Core::read(std::string_view text, const Known* of_request, EventBatch& out) {
    Reading first{.out = out, .start = out.size(), .known = of_request};
    if (const Result<void> done = read_text(text, first); !done) return fail(done.error());
    if (first.whole.has_value()) return *first.whole;
    if (of_request != nullptr) first.known = of_request;
    if (!first.levels_skipped || first.known == nullptr) return finish(first);
    // The venue writes the symbol before its levels, but JSON does not promise it: read again, knowing it.
    out.truncate(first.start);
    Reading second{.out = out, .start = first.start, .known = first.known};
    if (const Result<void> done = read_text(text, second); !done) return fail(done.error());
    if (second.levels_skipped) return fail(Errc::malformed_message);
    return finish(second);
}

Decoder::Decoder(const InstrumentTable& instruments, VenueId venue) : core_{std::make_unique<Core>()} {
    for (const Instrument& instrument : instruments) {
        if (instrument.venue != venue) continue;
        core_->instruments.emplace(std::string{instrument.name_view()},
                                   Known{instrument, Grid{instrument.tick}, Grid{instrument.lot}});
    }
}

Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

Result<Message> Decoder::frame(std::string_view text, EventBatch& out) {
    const std::size_t start = out.size();
    Result<Message> message = core_->read(text, nullptr, out);
    if (!message) out.truncate(start);
    return message;
}

Result<Message> Decoder::snapshot(std::string_view text, InstrumentId instrument, EventBatch& out) {
    const std::size_t start = out.size();
    const Known* known = nullptr;
    for (const auto& [name, candidate] : core_->instruments) {
        if (candidate.instrument.id == instrument) known = &candidate;
    }
    if (known == nullptr) return fail(Errc::unknown_instrument);
    Result<Message> message = core_->read(text, known, out);
    if (message && message->kind != MessageKind::depth_snapshot) message = fail(Errc::malformed_message);
    if (!message) out.truncate(start);
    return message;
}

}  // namespace keel::connectors::binance
