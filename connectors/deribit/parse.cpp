#include "connectors/deribit/parse.hpp"

#include <array>

#include "connectors/deribit/parse_fields.hpp"

namespace keel::connectors::deribit {

ChannelName split_channel(std::string_view channel) {
    ChannelName out;
    const std::size_t first = channel.find('.');
    out.family = channel.substr(0, first);
    if (first == std::string_view::npos) return out;
    const std::string_view tail = channel.substr(first + 1);
    const std::size_t second = tail.find('.');
    out.subject = tail.substr(0, second);
    if (second != std::string_view::npos) out.rest = tail.substr(second + 1);
    return out;
}

struct Decoder::Core {
    Core(const InstrumentTable& table, VenueOrderIds* ids) : symbols{table}, order_ids{ids} {}

    SymbolIndex symbols;
    VenueOrderIds* order_ids;
    ondemand::parser parser{kMessageBytesMax};
    ondemand::parser nested{kMessageBytesMax};  // results and data whose meaning was not known when they came
    DecoderCounts counts;
    std::vector<Ticker> merged_tickers;
    InstrumentId refused_book{InstrumentId::none};

    Reading reading(EventBatch& batch) { return {symbols, batch, counts, order_ids, &merged_tickers}; }
};

namespace {

// Instrument of a channel that names one.
bool find_subject(Reading& reading, std::string_view name, InstrumentId& out) {
    out = reading.symbols.find(name);
    if (out != InstrumentId::none) return true;
    ++reading.counts.unknown_instruments;
    return reading.refuse(Errc::unknown_instrument);
}

bool read_private_channel(Reading& reading, const ChannelName& name, ondemand::value data) {
    if (name.subject == "changes") return read_changes(reading, data);
    if (name.subject == "orders") return read_orders(reading, data);
    if (name.subject == "trades") return read_user_trades(reading, data);
    if (name.subject == "portfolio") return read_portfolio(reading, data);
    return reading.refuse(Errc::unsupported_channel);
}

// `markprice.options.{index}`, `user.*` and trades of a whole kind carry their instruments in each row.
bool read_channel(Reading& reading, std::string_view channel, ondemand::value data, Message& message) {
    const ChannelName name = split_channel(channel);
    message.kind = MessageKind::events;
    if (name.family == "trades") return read_trades(reading, data);
    if (name.family == "user") return read_private_channel(reading, name, data);
    if (name.family == "deribit_price_index") return read_price_index(reading, data);
    if (name.family == "deribit_volatility_index") return read_volatility_index(reading, data);
    if (name.family == "markprice") return read_option_marks(reading, data);
    if (name.family == "book") {
        message.kind = MessageKind::book;
        // Grouped windows have two dots more: {group}.{depth}.{interval}.
        const bool grouped = name.rest.find('.') != std::string_view::npos;
        return find_subject(reading, name.subject, message.instrument) &&
               read_book(reading, data, message.instrument, grouped, message);
    }
    InstrumentId instrument{};
    if (name.family == "ticker" || name.family == "incremental_ticker") {
        return find_subject(reading, name.subject, instrument) &&
               read_ticker(reading, data, instrument, name.family != "ticker");
    }
    if (name.family == "quote") {
        return find_subject(reading, name.subject, instrument) && read_quote(reading, data, instrument);
    }
    if (name.family == "perpetual") {
        return find_subject(reading, name.subject, instrument) && read_perpetual(reading, data, instrument);
    }
    return reading.refuse(Errc::unsupported_channel);
}

bool read_heartbeat(std::string_view type, Message& message) {
    message.kind = type == "test_request" ? MessageKind::test_request : MessageKind::heartbeat;
    return true;
}

// {"channel":…,"data":…} or {"type":…}. Data that comes before its channel is kept and read after.
bool read_params(Reading& reading, ondemand::parser& nested, ondemand::value params, Message& message) {
    std::string_view channel;
    std::string_view type;
    std::string_view data_raw;
    const bool read = each_field(params, [&](std::string_view key, ondemand::value& value) {
        if (key == "channel") return read_text(value, channel);
        if (key == "type") return read_text(value, type);
        if (key != "data") return true;
        if (channel.empty()) return read_raw(value, data_raw);
        return read_channel(reading, channel, value, message);
    });
    if (!read) return false;
    if (channel.empty()) return read_heartbeat(type, message);
    if (data_raw.empty()) return true;
    ondemand::document document;
    ondemand::value data;
    return open_document(nested, data_raw, document) && document.get_value().get(data) == simdjson::SUCCESS &&
           read_channel(reading, channel, data, message);
}

bool read_error(ondemand::value value, Message& message) {
    message.kind = MessageKind::error;
    return each_field(value, [&](std::string_view key, ondemand::value& field) {
        if (key == "code") return read_signed(field, message.error_code);
        if (key == "message") return read_text(field, message.error_text);
        return true;
    });
}

bool read_request_id(ondemand::value& value, Message& message) {
    // Ids of ours are numbers; anything else answers somebody else's request.
    if (!is_number_start(first_char(value))) return true;
    return read_unsigned(value, message.request_id);
}

// A result that carries facts becomes events; the others stay raw, for the parse_… functions.
bool read_result(Reading& reading, ondemand::parser& nested, Message& message) {
    switch (message.request) {
        case RequestKind::submit:
        case RequestKind::replace:
        case RequestKind::cancel:
        case RequestKind::ticker:
        case RequestKind::order_book:
        case RequestKind::book_summary:
        case RequestKind::last_trades:
        case RequestKind::positions:
        case RequestKind::open_orders:
        case RequestKind::order_state:
        case RequestKind::account_summaries:
        case RequestKind::account_summary:
        case RequestKind::user_trades: break;
        default: return true;
    }
    ondemand::document document;
    ondemand::value data;
    if (!open_document(nested, message.result, document)) return false;
    if (document.get_value().get(data) != simdjson::SUCCESS) return false;
    switch (message.request) {
        case RequestKind::submit:
        case RequestKind::replace: return read_order_answer(reading, data);
        case RequestKind::cancel:
        case RequestKind::order_state:
        case RequestKind::open_orders: return read_orders(reading, data);
        case RequestKind::ticker: return read_ticker(reading, data, InstrumentId::none, false);
        case RequestKind::order_book: return read_book_answer(reading, data, message);
        case RequestKind::book_summary: return read_book_summaries(reading, data);
        case RequestKind::last_trades: return read_trades_answer(reading, data, false, message);
        case RequestKind::user_trades: return read_trades_answer(reading, data, true, message);
        case RequestKind::positions: return read_positions(reading, data);
        default: return read_account_summaries(reading, data);
    }
}

// Nothing may follow the envelope.
bool is_finished(ondemand::document& document) {
    const char* location = nullptr;
    return document.current_location().get(location) == simdjson::OUT_OF_BOUNDS;
}

bool read_envelope(Reading& reading, ondemand::parser& nested, ondemand::object envelope, Message& message) {
    const bool read = each_field(envelope, [&](std::string_view key, ondemand::value& value) {
        if (key == "params") return read_params(reading, nested, value, message);
        if (key == "result") {
            message.kind = MessageKind::answer;
            return read_raw(value, message.result);
        }
        if (key == "id") return read_request_id(value, message);
        if (key == "error") return read_error(value, message);
        if (key == "usIn") return read_signed(value, message.received_us);
        return true;
    });
    if (!read) return false;
    if (message.request == RequestKind::none) message.request = request_kind(message.request_id);
    return message.kind != MessageKind::answer || read_result(reading, nested, message);
}

}  // namespace

Decoder::Decoder(const InstrumentTable& table, VenueOrderIds* order_ids)
    : core_{std::make_unique<Core>(table, order_ids)} {}
Decoder::~Decoder() = default;

void Decoder::refresh_instruments() { core_->symbols.rebuild(); }

Result<Message> Decoder::decode(std::string_view text, EventBatch& batch) {
    return decode_answer(text, RequestKind::none, batch);
}

Result<Message> Decoder::decode_answer(std::string_view text, RequestKind request, EventBatch& batch) {
    ++core_->counts.messages;
    Reading reading = core_->reading(batch);
    Message message;
    message.events_begin = batch.size();
    message.request = request;
    ondemand::document document;
    ondemand::object envelope;
    if (open_document(core_->parser, text, document) && document.get_object().get(envelope) == simdjson::SUCCESS &&
        read_envelope(reading, core_->nested, envelope, message) && is_finished(document)) {
        return message;
    }
    batch.truncate(message.events_begin);
    core_->refused_book = message.instrument;
    ++(reading.error == Errc::unsupported_channel ? core_->counts.unsupported : core_->counts.refused);
    return fail(reading.error);
}

InstrumentId Decoder::refused_book() const { return core_->refused_book; }

const DecoderCounts& Decoder::counts() const { return core_->counts; }

}  // namespace keel::connectors::deribit
