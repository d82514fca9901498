#include "simulator/deribit/streams/channels.hpp"

#include <array>
#include <charconv>
#include <span>

namespace keel::simulator::deribit {
namespace {

constexpr std::size_t kPartsMax = 6;  // book.{instrument}.{group}.{depth}.{interval} has five

struct Parts {
    std::array<std::string_view, kPartsMax> text{};
    std::size_t count{0};
};

std::optional<Parts> split(std::string_view name) {
    Parts parts;
    while (true) {
        if (parts.count == kPartsMax) return std::nullopt;
        const std::size_t dot = name.find('.');
        parts.text[parts.count++] = name.substr(0, dot);
        if (dot == std::string_view::npos) return parts;
        name.remove_prefix(dot + 1);
    }
}

bool read_interval(std::string_view text, Channel& channel) {
    if (text == "raw") {
        channel.interval = Interval::raw;
        channel.is_raw = true;
    } else if (text == "100ms") {
        channel.interval = Interval::every_100ms;
    } else if (text == "agg2") {
        channel.interval = Interval::every_second;
    } else {
        return false;
    }
    return true;
}

bool read_instrument(std::string_view text, const Exchange& exchange, Channel& channel) {
    const auto found = exchange.find(text);
    if (found) channel.instrument = *found;
    return found.has_value();
}

// "{kind}.{currency}"; spot and combos exist at the venue but not here, so nothing matches them.
bool read_scope(std::string_view kind, std::string_view currency, Channel& channel) {
    if (kind == "option" || kind == "future") {
        channel.is_option = kind == "option";
    } else if (kind != "any") {
        return false;
    }
    if (currency == "any") return true;
    channel.currency = currency_from_name(currency);
    return channel.currency.has_value();
}

template <class Number>
bool read_number(std::string_view text, Number& value) {
    return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc{};
}

bool read_book(const Parts& parts, const Exchange& exchange, Channel& channel) {
    if (parts.count == 3) {
        channel.topic = Topic::book;
        return read_instrument(parts.text[1], exchange, channel) && read_interval(parts.text[2], channel);
    }
    if (parts.count != 5 || !read_instrument(parts.text[1], exchange, channel)) return false;
    channel.topic = Topic::book_grouped;
    const std::string_view group = parts.text[2];
    if (group != "none" && !read_number(group, channel.group)) return false;
    // The venue divides the group by 100 for the cheaper coin.
    if (exchange.listing(channel.instrument).base == Currency::eth) channel.group /= 100.0;
    return read_number(parts.text[3], channel.depth) && read_interval(parts.text[4], channel);
}

bool read_instrument_or_scope(const Parts& parts, std::size_t first, const Exchange& exchange, Channel& channel) {
    if (parts.count == first + 2) {
        return read_instrument(parts.text[first], exchange, channel) && read_interval(parts.text[first + 1], channel);
    }
    return parts.count == first + 3 && read_scope(parts.text[first], parts.text[first + 1], channel) &&
           read_interval(parts.text[first + 2], channel);
}

bool read_user(const Parts& parts, const Exchange& exchange, Channel& channel) {
    channel.is_private = true;
    const std::string_view what = parts.text[1];
    if (what == "portfolio") {
        channel.topic = Topic::user_portfolio;
        if (parts.count != 3) return false;
        if (parts.text[2] == "any") return true;
        channel.currency = currency_from_name(parts.text[2]);
        return channel.currency.has_value();
    }
    if (what == "lock" || what == "access_log" || what == "mmp_trigger") return true;
    if (what == "orders") channel.topic = Topic::user_orders;
    if (what == "trades") channel.topic = Topic::user_trades;
    if (what == "changes") channel.topic = Topic::user_changes;
    return channel.topic != Topic::silent && read_instrument_or_scope(parts, 2, exchange, channel);
}

bool read_index(const Parts& parts, std::size_t at, Topic topic, Channel& channel) {
    channel.topic = topic;
    if (parts.count != at + 1) return false;
    channel.currency = currency_of_index(parts.text[at]);
    return channel.currency.has_value();
}

bool read(const Parts& parts, const Exchange& exchange, Channel& channel) {
    const std::string_view family = parts.text[0];
    if (family == "platform_state") return true;
    if (parts.count < 2) return false;
    if (family == "book") return read_book(parts, exchange, channel);
    if (family == "user") return read_user(parts, exchange, channel);
    if (family == "deribit_price_index") return read_index(parts, 1, Topic::price_index, channel);
    if (family == "deribit_volatility_index") return read_index(parts, 1, Topic::volatility_index, channel);
    if (family == "markprice" && parts.text[1] == "options") {
        channel.interval = Interval::every_second;
        return read_index(parts, 2, Topic::mark_prices, channel);
    }
    if (family == "instrument" && parts.count == 4 && parts.text[1] == "state") {
        channel.topic = Topic::instrument_state;
        return read_scope(parts.text[2], parts.text[3], channel);
    }
    if (family == "quote") {
        channel.topic = Topic::quote;
        return parts.count == 2 && read_instrument(parts.text[1], exchange, channel);
    }
    if (family == "trades") {
        channel.topic = Topic::trades;
        return read_instrument_or_scope(parts, 1, exchange, channel);
    }
    if (family == "ticker" || family == "perpetual") {
        channel.topic = family == "ticker" ? Topic::ticker : Topic::perpetual;
        return parts.count == 3 && read_instrument(parts.text[1], exchange, channel) &&
               read_interval(parts.text[2], channel);
    }
    return false;
}

}  // namespace

std::optional<Channel> parse_channel(std::string_view name, const Exchange& exchange) {
    const auto parts = split(name);
    Channel channel;
    if (!parts || !read(*parts, exchange, channel)) return std::nullopt;
    return channel;
}

std::optional<Currency> currency_from_name(std::string_view name) {
    for (const Currency currency : kCurrencies) {
        if (currency_name(currency) == name) return currency;
    }
    return std::nullopt;
}

std::optional<Currency> currency_of_index(std::string_view index_name) {
    if (index_name == "btc_usd" || index_name == "btc_usdc") return Currency::btc;
    if (index_name == "eth_usd" || index_name == "eth_usdc") return Currency::eth;
    if (index_name == "usdc_usd") return Currency::usdc;
    return std::nullopt;
}

}  // namespace keel::simulator::deribit
