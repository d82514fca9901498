#include <cctype>

#include "connectors/deribit/parse_fields.hpp"

namespace keel::connectors::deribit {
namespace {

// ["new", 5042.34, 30], or [5042.34, 30] in grouped windows and REST books.
bool read_level(Reading& reading, ondemand::value row, InstrumentId instrument, Side side, bool grouped) {
    std::size_t column = grouped ? 1 : 0;
    std::string_view price;
    std::string_view amount;
    const bool read = each_item(row, [&](ondemand::value& value) {
        switch (column++) {
            case 0: return first_char(value) == '"';  // the action; amounts are absolute and 0 removes
            case 1: return read_token(value, price);
            case 2: return read_token(value, amount);
            default: return true;
        }
    });
    if (!read || price.empty() || amount.empty()) return false;
    Level level;
    if (!reading.price(instrument, price, level.price)) return false;
    if (!reading.quantity(instrument, amount, level.quantity)) return false;
    Event* event = reading.push(EventKind::level_update, instrument, level);
    if (event == nullptr) return false;
    event->set_side(side);
    return true;
}

bool read_side(Reading& reading, ondemand::value rows, InstrumentId instrument, Side side, bool grouped) {
    return each_item(rows, [&](ondemand::value& row) { return read_level(reading, row, instrument, side, grouped); });
}

// Type and ids may come after the levels: they are written into them once the object is read.
bool finish_book(Reading& reading, InstrumentId instrument, std::uint64_t timestamp, Message& message) {
    if (message.change_id == 0) return false;
    if (reading.batch.size() == message.events_begin) {
        // A message without levels still moves the chain: one removal of a level that is not there.
        if (reading.push(EventKind::level_update, instrument, Level{}) == nullptr) return false;
    }
    const std::span<Event> events = reading.batch.events().subspan(message.events_begin);
    for (Event& event : events) {
        if (message.snapshot) event.kind = EventKind::book_snapshot;
        event.exchange_time = time_of_ms(timestamp);
        Level level = event.as<Level>();
        level.sequence = message.change_id;
        level.sequence_previous = message.change_id_previous;
        std::memcpy(event.payload.data(), &level, sizeof level);
    }
    events.front().set(kFirst);
    events.back().set(kLast);
    return true;
}

// "btc_usd" -> the underlying "BTC".
UnderlyingId underlying_of_index(const InstrumentTable& table, std::string_view index) {
    std::array<char, 16> name{};
    const std::string_view coin = index.substr(0, index.find('_'));
    if (coin.size() > name.size()) return UnderlyingId::none;
    for (std::size_t i = 0; i < coin.size(); ++i) {
        name[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(coin[i])));
    }
    return table.find_underlying({name.data(), coin.size()});
}

struct TickerFields {
    Ticker ticker{.mark_price = kNaN,
                  .underlying_price = kNaN,
                  .index_price = kNaN,
                  .mark_iv = kNaN,
                  .bid_iv = kNaN,
                  .ask_iv = kNaN,
                  .delta = kNaN,
                  .funding_8h = kNaN,
                  .price_min = kNaN,
                  .price_max = kNaN};
    std::string_view name;
    std::string_view type;
    std::uint64_t timestamp{0};
};

bool read_real(ondemand::value& value, Real& out) {
    double number = kNaN;
    if (!read_double(value, number)) return false;
    out = number;
    return true;
}
bool read_percent(ondemand::value& value, Real& out) {
    double number = kNaN;
    if (!read_double(value, number)) return false;
    out = percent(number);
    return true;
}

bool read_greeks(ondemand::value value, Ticker& ticker) {
    if (first_char(value) != '{') return true;
    return each_field(value, [&](std::string_view key, ondemand::value& field) {
        return key == "delta" ? read_real(field, ticker.delta) : true;
    });
}

bool read_ticker_field(std::string_view key, ondemand::value& value, TickerFields& out) {
    if (key == "timestamp") return read_unsigned(value, out.timestamp);
    if (key == "mark_price") return read_real(value, out.ticker.mark_price);
    if (key == "index_price") return read_real(value, out.ticker.index_price);
    if (key == "underlying_price") return read_real(value, out.ticker.underlying_price);
    if (key == "mark_iv") return read_percent(value, out.ticker.mark_iv);
    if (key == "bid_iv") return read_percent(value, out.ticker.bid_iv);
    if (key == "ask_iv") return read_percent(value, out.ticker.ask_iv);
    if (key == "greeks") return read_greeks(value, out.ticker);
    if (key == "current_funding") return read_real(value, out.ticker.funding_8h);
    if (key == "min_price") return read_real(value, out.ticker.price_min);
    if (key == "max_price") return read_real(value, out.ticker.price_max);
    if (key == "instrument_name") return read_text(value, out.name);
    if (key == "type") return read_text(value, out.type);
    return true;
}

// Keeps what a partial ticker does not mention.
void merge(Ticker& fresh, const Ticker& before) {
    const auto keep = [](Real& now, const Real& then) {
        if (std::isnan(now.value())) now = then;
    };
    keep(fresh.mark_price, before.mark_price);
    keep(fresh.underlying_price, before.underlying_price);
    keep(fresh.index_price, before.index_price);
    keep(fresh.mark_iv, before.mark_iv);
    keep(fresh.bid_iv, before.bid_iv);
    keep(fresh.ask_iv, before.ask_iv);
    keep(fresh.delta, before.delta);
    keep(fresh.funding_8h, before.funding_8h);
    keep(fresh.price_min, before.price_min);
    keep(fresh.price_max, before.price_max);
}

bool push_ticker(Reading& reading, InstrumentId instrument, const Ticker& ticker, std::uint64_t timestamp) {
    Event* event = reading.push(EventKind::ticker, instrument, ticker);
    if (event == nullptr) return false;
    event->exchange_time = time_of_ms(timestamp);
    return true;
}

// One public trade, or nothing where the table does not hold its instrument.
bool read_trade(Reading& reading, ondemand::value row) {
    std::string_view name, price, amount, direction, trade_id;
    double mark = kNaN;
    double index = kNaN;
    std::uint64_t timestamp = 0;
    std::uint64_t sequence = 0;
    bool liquidation = false;
    const bool read = each_field(row, [&](std::string_view key, ondemand::value& value) {
        if (key == "instrument_name") return read_text(value, name);
        if (key == "price") return read_token(value, price);
        if (key == "amount") return read_token(value, amount);
        if (key == "direction") return read_text(value, direction);
        if (key == "trade_id") return read_text(value, trade_id);
        if (key == "trade_seq") return read_unsigned(value, sequence);
        if (key == "timestamp") return read_unsigned(value, timestamp);
        if (key == "mark_price") return read_double(value, mark);
        if (key == "index_price") return read_double(value, index);
        if (key == "liquidation") liquidation = first_char(value) == '"';
        return true;
    });
    if (!read || price.empty() || amount.empty()) return false;
    if (direction != "buy" && direction != "sell") return false;
    const InstrumentId instrument = reading.symbols.find(name);
    if (instrument == InstrumentId::none) {
        ++reading.counts.unknown_instruments;
        return true;
    }
    Trade trade{.trade_sequence = sequence, .trade_id = text_hash(trade_id), .mark_price = mark, .index_price = index};
    if (!reading.price(instrument, price, trade.price)) return false;
    if (!reading.quantity(instrument, amount, trade.quantity)) return false;
    Event* event = reading.push(EventKind::trade, instrument, trade);
    if (event == nullptr) return false;
    event->exchange_time = time_of_ms(timestamp);
    event->set_side(direction == "sell" ? Side::ask : Side::bid);
    if (liquidation) event->set(kLiquidation);
    return true;
}

}  // namespace

bool read_book(Reading& reading, ondemand::value data, InstrumentId instrument, bool grouped, Message& message) {
    std::uint64_t timestamp = 0;
    std::string_view type;
    const bool read = each_field(data, [&](std::string_view key, ondemand::value& value) {
        if (key == "bids") return read_side(reading, value, instrument, Side::bid, grouped);
        if (key == "asks") return read_side(reading, value, instrument, Side::ask, grouped);
        if (key == "change_id") return read_unsigned(value, message.change_id);
        if (key == "prev_change_id") return read_unsigned(value, message.change_id_previous);
        if (key == "timestamp") return read_unsigned(value, timestamp);
        if (key == "type") return read_text(value, type);
        return true;
    });
    if (!read) return false;
    message.snapshot = grouped || type == "snapshot";
    if (!message.snapshot && type != "change") return false;
    if (message.snapshot) message.change_id_previous = 0;
    return finish_book(reading, instrument, timestamp, message);
}

// get_order_book: levels between ticker fields, and the instrument's name anywhere among them.
bool read_book_answer(Reading& reading, ondemand::value data, Message& message) {
    std::uint64_t timestamp = 0;
    std::string_view name, bids, asks;
    const bool read = each_field(data, [&](std::string_view key, ondemand::value& value) {
        if (key == "bids") return read_raw(value, bids);
        if (key == "asks") return read_raw(value, asks);
        if (key == "change_id") return read_unsigned(value, message.change_id);
        if (key == "timestamp") return read_unsigned(value, timestamp);
        if (key == "instrument_name") return read_text(value, name);
        return true;
    });
    if (!read || bids.empty() || asks.empty()) return false;
    message.instrument = reading.symbols.find(name);
    message.snapshot = true;
    if (message.instrument == InstrumentId::none) return reading.refuse(Errc::unknown_instrument);
    ondemand::parser parser{kMessageBytesMax};
    for (const Side side : {Side::bid, Side::ask}) {
        ondemand::document document;
        ondemand::value rows;
        if (!open_document(parser, side == Side::bid ? bids : asks, document)) return false;
        if (document.get_value().get(rows) != simdjson::SUCCESS) return false;
        if (!read_side(reading, rows, message.instrument, side, true)) return false;
    }
    return finish_book(reading, message.instrument, timestamp, message);
}

bool read_quote(Reading& reading, ondemand::value data, InstrumentId instrument) {
    std::string_view bid, bid_amount, ask, ask_amount;
    std::uint64_t timestamp = 0;
    const bool read = each_field(data, [&](std::string_view key, ondemand::value& value) {
        if (key == "best_bid_price") return read_token(value, bid);
        if (key == "best_bid_amount") return read_token(value, bid_amount);
        if (key == "best_ask_price") return read_token(value, ask);
        if (key == "best_ask_amount") return read_token(value, ask_amount);
        if (key == "timestamp") return read_unsigned(value, timestamp);
        return true;
    });
    if (!read) return false;
    Quote quote;
    if (!reading.price(instrument, bid, quote.bid) || !reading.price(instrument, ask, quote.ask)) return false;
    if (!reading.quantity(instrument, bid_amount, quote.bid_quantity)) return false;
    if (!reading.quantity(instrument, ask_amount, quote.ask_quantity)) return false;
    Event* event = reading.push(EventKind::quote, instrument, quote);
    if (event == nullptr) return false;
    event->exchange_time = time_of_ms(timestamp);
    return true;
}

bool read_trades(Reading& reading, ondemand::value data) {
    return each_item(data, [&](ondemand::value& row) { return read_trade(reading, row); });
}

bool read_ticker(Reading& reading, ondemand::value data, InstrumentId instrument, bool incremental) {
    TickerFields fields;
    const bool read = each_field(
        data, [&](std::string_view key, ondemand::value& value) { return read_ticker_field(key, value, fields); });
    if (!read) return false;
    if (instrument == InstrumentId::none) instrument = reading.symbols.find(fields.name);
    if (instrument == InstrumentId::none) return reading.refuse(Errc::unknown_instrument);
    if (incremental) {
        std::vector<Ticker>& merged = *reading.merged_tickers;
        if (merged.size() <= slot(instrument)) merged.resize(reading.symbols.table().size(), TickerFields{}.ticker);
        Ticker& whole = merged[slot(instrument)];
        if (fields.type == "change") merge(fields.ticker, whole);
        whole = fields.ticker;
    }
    return push_ticker(reading, instrument, fields.ticker, fields.timestamp);
}

bool read_price_index(Reading& reading, ondemand::value data) {
    std::string_view name;
    std::uint64_t timestamp = 0;
    IndexPrice index;
    const bool read = each_field(data, [&](std::string_view key, ondemand::value& value) {
        if (key == "index_name") return read_text(value, name);
        if (key == "price") return read_real(value, index.price);
        if (key == "timestamp") return read_unsigned(value, timestamp);
        return true;
    });
    if (!read) return false;
    index.underlying = underlying_of_index(reading.symbols.table(), name);
    if (index.underlying == UnderlyingId::none) return reading.refuse(Errc::unknown_instrument);
    Event* event = reading.push(EventKind::index_price, InstrumentId::none, index);
    if (event == nullptr) return false;
    event->exchange_time = time_of_ms(timestamp);
    return true;
}

bool read_volatility_index(Reading& reading, ondemand::value data) {
    std::string_view name;
    std::uint64_t timestamp = 0;
    VolatilityIndex index;
    const bool read = each_field(data, [&](std::string_view key, ondemand::value& value) {
        if (key == "index_name") return read_text(value, name);
        if (key == "volatility") return read_percent(value, index.volatility);
        if (key == "timestamp") return read_unsigned(value, timestamp);
        return true;
    });
    if (!read) return false;
    index.underlying = underlying_of_index(reading.symbols.table(), name);
    if (index.underlying == UnderlyingId::none) return reading.refuse(Errc::unknown_instrument);
    Event* event = reading.push(EventKind::volatility_index, InstrumentId::none, index);
    if (event == nullptr) return false;
    event->exchange_time = time_of_ms(timestamp);
    return true;
}

// Marks of every option of an index; unlike in tickers, iv is a fraction here.
bool read_option_marks(Reading& reading, ondemand::value data) {
    return each_item(data, [&](ondemand::value& row) {
        TickerFields fields;
        const bool read = each_field(row, [&](std::string_view key, ondemand::value& value) {
            if (key == "iv") return read_real(value, fields.ticker.mark_iv);
            return read_ticker_field(key, value, fields);
        });
        if (!read) return false;
        const InstrumentId instrument = reading.symbols.find(fields.name);
        if (instrument == InstrumentId::none) {
            ++reading.counts.unknown_instruments;
            return true;
        }
        return push_ticker(reading, instrument, fields.ticker, fields.timestamp);
    });
}

// The funding rate, unrounded.
bool read_perpetual(Reading& reading, ondemand::value data, InstrumentId instrument) {
    TickerFields fields;
    const bool read = each_field(data, [&](std::string_view key, ondemand::value& value) {
        if (key == "interest") return read_real(value, fields.ticker.funding_8h);
        return read_ticker_field(key, value, fields);
    });
    return read && push_ticker(reading, instrument, fields.ticker, fields.timestamp);
}

// One line per instrument: the cheap way to get the marks of a whole chain.
bool read_book_summaries(Reading& reading, ondemand::value data) {
    return each_item(data, [&](ondemand::value& row) {
        TickerFields fields;
        const bool read = each_field(row, [&](std::string_view key, ondemand::value& value) {
            if (key == "creation_timestamp") return read_unsigned(value, fields.timestamp);
            return read_ticker_field(key, value, fields);
        });
        if (!read) return false;
        const InstrumentId instrument = reading.symbols.find(fields.name);
        if (instrument == InstrumentId::none) {
            ++reading.counts.unknown_instruments;
            return true;
        }
        return push_ticker(reading, instrument, fields.ticker, fields.timestamp);
    });
}

}  // namespace keel::connectors::deribit
