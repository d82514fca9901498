#include <cmath>

#include "simulator/deribit/documents.hpp"
#include "simulator/deribit/streams/stream.hpp"

// The half of the publisher that batches: what is gathered between two messages of a stream, and the
// account's own facts.
namespace keel::simulator::deribit {
namespace {

void append(std::string& list, const std::string& item) {
    if (!list.empty()) list += ',';
    list += item;
}

// Adjacent levels of one side merged into steps of `group`, away from the touch: bids down, asks up.
std::vector<BookLevel> grouped(const std::vector<BookLevel>& levels, double group, Side side, std::size_t depth) {
    std::vector<BookLevel> out;
    for (const BookLevel& level : levels) {
        double price = level.price;
        if (group > 0.0) {
            const double steps = level.price / group;
            price = (side == Side::bid ? std::floor(steps + 1e-9) : std::ceil(steps - 1e-9)) * group;
        }
        if (!out.empty() && out.back().price == price) {
            out.back().amount += level.amount;
        } else {
            if (out.size() == depth) break;
            out.push_back({price, level.amount});
        }
    }
    return out;
}

}  // namespace

void Publisher::on_order(const OrderView& order) {
    const Listing& listing = exchange_.listing(order.instrument);
    JsonWriter out;
    write_order(out, listing, order);
    for_each(Topic::user_orders, order.instrument, [&](Stream& stream) {
        if (stream.account != order.account || !stream.channel.matches(listing)) return;
        if (stream.channel.interval == Interval::raw) return send(stream, out.text(), 1);
        add_item(stream, out.text());
    });
    for_each(Topic::user_changes, order.instrument, [&](Stream& stream) {
        if (stream.account != order.account || !stream.channel.matches(listing)) return;
        Stream::Changes& changes = stream.changes[order.instrument];
        append(changes.orders, out.text());
        ++changes.units;
        mark_dirty(stream);
    });
}

void Publisher::on_user_trade(const UserTrade& trade) {
    const Listing& listing = exchange_.listing(trade.trade.instrument);
    JsonWriter out;
    write_user_trade(out, listing, trade);
    for_each(Topic::user_trades, listing.id(), [&](Stream& stream) {
        if (stream.account == trade.account && stream.channel.matches(listing)) add_item(stream, out.text());
    });
    for_each(Topic::user_changes, listing.id(), [&](Stream& stream) {
        if (stream.account != trade.account || !stream.channel.matches(listing)) return;
        Stream::Changes& changes = stream.changes[listing.id()];
        append(changes.trades, out.text());
        ++changes.units;
        mark_dirty(stream);
    });
}

void Publisher::on_position(const PositionView& position) {
    const Listing& listing = exchange_.listing(position.instrument);
    for_each(Topic::user_changes, position.instrument, [&](Stream& stream) {
        if (stream.account != position.account || !stream.channel.matches(listing)) return;
        JsonWriter out;
        write_position(out, listing, position);
        Stream::Changes& changes = stream.changes[position.instrument];
        append(changes.positions, out.text());
        ++changes.units;
        mark_dirty(stream);
    });
}

void Publisher::on_portfolio(const PortfolioView& portfolio) {
    for_each(Topic::user_portfolio, InstrumentId::none, [&](Stream& stream) {
        if (stream.account != portfolio.account) return;
        if (stream.channel.currency && *stream.channel.currency != portfolio.currency) return;
        JsonWriter out;
        out.begin_object();
        write_portfolio_members(out, portfolio);
        send(stream, out.end_object().text(), 1);
    });
}

void Publisher::flush(Interval interval) {
    for (Stream* stream : std::exchange(dirty_[static_cast<std::size_t>(interval)], {})) flush(*stream);
}

void Publisher::flush(Stream& stream) {
    stream.dirty = false;
    switch (stream.channel.topic) {
        case Topic::book: return flush_book(stream);
        case Topic::book_grouped: return flush_grouped_book(stream);
        case Topic::quote: return flush_quote(stream);
        case Topic::ticker:
        case Topic::perpetual: return flush_ticker(stream);
        case Topic::mark_prices: return flush_mark_prices(stream);
        case Topic::user_changes: return flush_changes(stream);
        default: break;
    }
    if (stream.items.empty()) return;
    send(stream, "[" + std::exchange(stream.items, {}) + "]", std::exchange(stream.items_count, 0));
}

// First before and last after decide the action; a level that came and went is not mentioned.
void Publisher::flush_book(Stream& stream) {
    std::vector<LevelChange> levels;
    for (const auto& [level, merged] : std::exchange(stream.levels, {})) {
        if (merged.before == merged.after) continue;
        LevelAction action = LevelAction::changed;
        if (merged.before == 0.0) action = LevelAction::created;
        if (merged.after == 0.0) action = LevelAction::deleted;
        levels.push_back({level.first, action, level.second, merged.after, merged.before});
    }
    if (levels.empty()) return;
    BookChange change = stream.newest;
    change.prev_change_id = std::exchange(stream.last_change_id, change.change_id);
    if (faults_.take(Fault::drop_book_change)) return;
    JsonWriter out;
    write_book_change(out, exchange_.listing(change.instrument), change, levels);
    if (faults_.take(Fault::duplicate_book_change)) send(stream, out.text(), levels.size());
    send(stream, out.text(), levels.size());
}

void Publisher::flush_grouped_book(Stream& stream) {
    const Channel& channel = stream.channel;
    const BookView book = exchange_.book(channel.instrument, channel.group > 0.0 ? SIZE_MAX : channel.depth);
    const BookView window{book.instrument, book.time, book.change_id,
                          grouped(book.bids, channel.group, Side::bid, channel.depth),
                          grouped(book.asks, channel.group, Side::ask, channel.depth)};
    JsonWriter out;
    out.begin_object().member("instrument_name", exchange_.listing(channel.instrument).name());
    out.member("timestamp", book.time.ms()).member("change_id", book.change_id);
    write_book_sides(out, window);
    send(stream, out.end_object().text(), window.bids.size() + window.asks.size());
}

void Publisher::flush_quote(Stream& stream) {
    const BookView top = exchange_.book(stream.channel.instrument, 1);
    const BookLevel bid = top.bids.empty() ? BookLevel{} : top.bids.front();
    const BookLevel ask = top.asks.empty() ? BookLevel{} : top.asks.front();
    JsonWriter out;
    out.begin_object().member("instrument_name", exchange_.listing(stream.channel.instrument).name());
    out.member("best_bid_price", bid.price).amount("best_bid_amount", bid.amount);
    out.member("best_ask_price", ask.price).amount("best_ask_amount", ask.amount);
    if (std::exchange(stream.last_data, out.text()) == out.text()) return;
    send(stream, out.member("timestamp", top.time.ms()).end_object().text(), 1);
}

void Publisher::flush_ticker(Stream& stream) {
    if (!stream.ticker) return;
    const TickerView& ticker = *stream.ticker;
    JsonWriter out;
    out.begin_object();
    if (stream.channel.topic == Topic::ticker) {
        write_ticker_members(out, exchange_.listing(ticker.instrument), ticker);
    } else {
        out.member("interest", ticker.current_funding).member("timestamp", ticker.time.ms());
        out.member("index_price", rounded(ticker.index_price, 2));
    }
    send(stream, out.end_object().text(), 1);
    stream.ticker.reset();
}

void Publisher::flush_mark_prices(Stream& stream) {
    JsonWriter out;
    std::uint64_t marks = 0;
    out.begin_array();
    for (const Listing& listing : exchange_.listings()) {
        if (!listing.contract.is_option() || listing.base != stream.channel.currency) continue;
        if (listing.state != ListingState::open) continue;
        const TickerView ticker = exchange_.ticker(listing.id());
        out.begin_object().member("instrument_name", listing.name()).member("timestamp", ticker.time.ms());
        out.member("mark_price", rounded(ticker.mark_price, 8));
        // A fraction on this channel, percent everywhere else.
        out.member("iv", rounded(ticker.mark_iv_percent / 100.0, 4)).end_object();
        ++marks;
    }
    send(stream, out.end_array().text(), marks);
}

void Publisher::flush_changes(Stream& stream) {
    for (const auto& [instrument, changes] : std::exchange(stream.changes, {})) {
        JsonWriter out;
        out.begin_object().member("instrument_name", exchange_.listing(instrument).name());
        out.raw("trades", "[" + changes.trades + "]").raw("positions", "[" + changes.positions + "]");
        out.raw("orders", "[" + changes.orders + "]").end_object();
        send(stream, out.text(), changes.units);
    }
}

}  // namespace keel::simulator::deribit
