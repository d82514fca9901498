#include "simulator/deribit/streams/publisher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "simulator/deribit/documents.hpp"
#include "simulator/deribit/streams/stream.hpp"

namespace keel::simulator::deribit {
namespace {

std::uint64_t subject(Topic topic, InstrumentId instrument) {
    return static_cast<std::uint64_t>(topic) << 32U | static_cast<std::uint64_t>(instrument);
}

}  // namespace

Publisher::Publisher(Exchange& exchange, FaultPlan& faults, SentCounts& sent, Send send)
    : exchange_{exchange}, faults_{faults}, sent_{sent}, send_{std::move(send)} {}

Publisher::~Publisher() = default;

bool Publisher::subscribe(ConnectionId connection, const std::string& name, const Channel& channel, AccountId account) {
    const StreamKey key{account, name};
    auto& slot = streams_[key];
    if (!slot) {
        slot = std::make_unique<Stream>();
        slot->name = name;
        slot->channel = channel;
        slot->account = account;
        index(*slot);
    }
    if (std::ranges::find(slot->subscribers, connection) != slot->subscribers.end()) return false;
    // What was batched belongs to those who were here before; the newcomer's snapshot contains it.
    if (slot->dirty && channel.topic == Topic::book) flush(*slot);
    slot->subscribers.push_back(connection);
    fresh_.emplace_back(key, connection);
    return true;
}

bool Publisher::unsubscribe(ConnectionId connection, const std::string& name, AccountId account) {
    const auto found = streams_.find({account, name});
    if (found == streams_.end() || std::erase(found->second->subscribers, connection) == 0) return false;
    if (found->second->subscribers.empty()) {
        unindex(*found->second);
        streams_.erase(found);
    }
    return true;
}

void Publisher::remove(ConnectionId connection) {
    for (auto it = streams_.begin(); it != streams_.end();) {
        std::erase(it->second->subscribers, connection);
        if (it->second->subscribers.empty()) {
            unindex(*it->second);
            it = streams_.erase(it);
        } else {
            ++it;
        }
    }
}

std::vector<std::string> Publisher::channels() const {
    std::vector<std::string> names;
    for (const auto& [key, stream] : streams_) names.push_back(stream->name);
    return names;
}

void Publisher::index(Stream& stream) {
    by_subject_[subject(stream.channel.topic, stream.channel.instrument)].push_back(&stream);
}

void Publisher::unindex(const Stream& stream) {
    std::erase(by_subject_[subject(stream.channel.topic, stream.channel.instrument)], &stream);
    for (auto& list : dirty_) std::erase(list, &stream);
}

void Publisher::for_each(Topic topic, InstrumentId instrument, const std::function<void(Stream&)>& visit) {
    for (const InstrumentId key : {instrument, InstrumentId::none}) {
        const auto found = by_subject_.find(subject(topic, key));
        if (found != by_subject_.end()) {
            for (Stream* stream : found->second) visit(*stream);
        }
        if (instrument == InstrumentId::none) return;
    }
}

void Publisher::greet() {
    for (const auto& [key, connection] : std::exchange(fresh_, {})) {
        const auto found = streams_.find(key);
        if (found != streams_.end()) greet(*found->second, connection);
    }
}

// What a new subscriber is told at once: the state that later messages change.
void Publisher::greet(Stream& stream, ConnectionId connection) {
    const Channel& channel = stream.channel;
    JsonWriter out;
    switch (channel.topic) {
        case Topic::book: {
            const BookView book = exchange_.book(channel.instrument);
            stream.last_change_id = book.change_id;
            write_book_snapshot(out, exchange_.listing(channel.instrument), book);
            return send_to(connection, stream, out.take(), book.bids.size() + book.asks.size());
        }
        case Topic::ticker: {
            out.begin_object();
            write_ticker_members(out, exchange_.listing(channel.instrument), exchange_.ticker(channel.instrument));
            return send_to(connection, stream, out.end_object().take(), 1);
        }
        case Topic::price_index:
            out.begin_object().member("index_name", stream.name.substr(stream.name.find('.') + 1));
            out.member("price", rounded(exchange_.index_price(*channel.currency), 2));
            return send_to(connection, stream, out.member("timestamp", exchange_.now().ms()).end_object().take(), 1);
        case Topic::volatility_index:
            out.begin_object().member("index_name", stream.name.substr(stream.name.find('.') + 1));
            out.member("volatility", rounded(exchange_.volatility_index(*channel.currency), 2));
            return send_to(connection, stream, out.member("timestamp", exchange_.now().ms()).end_object().take(), 1);
        case Topic::quote:
        case Topic::book_grouped:
        case Topic::mark_prices: stream.last_data.clear(); return mark_dirty(stream);
        default: return;
    }
}

void Publisher::publish() {
    exchange_.drain(log_);
    for (const Change& change : log_.sequence) {
        switch (change.kind) {
            case ChangeKind::book: on_book(log_.books[change.slot]); break;
            case ChangeKind::trade: on_trade(log_.trades[change.slot]); break;
            case ChangeKind::ticker: on_ticker(log_.tickers[change.slot]); break;
            case ChangeKind::index_price: on_index_price(log_.index_prices[change.slot]); break;
            case ChangeKind::volatility_index: on_volatility_index(log_.volatility_indices[change.slot]); break;
            case ChangeKind::order: on_order(log_.orders[change.slot]); break;
            case ChangeKind::user_trade: on_user_trade(log_.user_trades[change.slot]); break;
            case ChangeKind::position: on_position(log_.positions[change.slot]); break;
            case ChangeKind::portfolio: on_portfolio(log_.portfolios[change.slot]); break;
            case ChangeKind::instrument_state: on_instrument_state(log_.instrument_states[change.slot]); break;
        }
    }
    flush(Interval::raw);
}

void Publisher::on_book(const BookChange& change) {
    for_each(Topic::book, change.instrument, [&](Stream& stream) {
        if (stream.channel.interval != Interval::raw) return merge_levels(stream, change);
        stream.last_change_id = change.change_id;
        if (faults_.take(Fault::drop_book_change)) return;
        JsonWriter out;
        write_book_change(out, exchange_.listing(change.instrument), change,
                          std::span{log_.levels}.subspan(change.first_level, change.level_count));
        if (faults_.take(Fault::duplicate_book_change)) send(stream, out.text(), change.level_count);
        send(stream, out.text(), change.level_count);
    });
    for_each(Topic::quote, change.instrument, [&](Stream& stream) { mark_dirty(stream); });
    for_each(Topic::book_grouped, change.instrument, [&](Stream& stream) { mark_dirty(stream); });
}

void Publisher::merge_levels(Stream& stream, const BookChange& change) {
    for (const LevelChange& level : std::span{log_.levels}.subspan(change.first_level, change.level_count)) {
        const auto [entry, is_new] = stream.levels.try_emplace({level.side, level.price});
        if (is_new) entry->second.before = level.action == LevelAction::created ? 0.0 : level.amount_before;
        entry->second.after = level.action == LevelAction::deleted ? 0.0 : level.amount;
    }
    stream.newest = change;
    mark_dirty(stream);
}

void Publisher::on_trade(const PublicTrade& trade) {
    const Listing& listing = exchange_.listing(trade.instrument);
    for_each(Topic::trades, trade.instrument, [&](Stream& stream) {
        if (!stream.channel.matches(listing)) return;
        JsonWriter out;
        write_public_trade(out, listing, trade);
        add_item(stream, out.text());
    });
}

void Publisher::on_ticker(const TickerView& ticker) {
    for (const Topic topic : {Topic::ticker, Topic::perpetual}) {
        for_each(topic, ticker.instrument, [&](Stream& stream) {
            stream.ticker = ticker;
            if (stream.channel.interval == Interval::raw) return flush_ticker(stream);
            mark_dirty(stream);
        });
    }
    const Listing& listing = exchange_.listing(ticker.instrument);
    if (!listing.contract.is_option()) return;
    for_each(Topic::mark_prices, InstrumentId::none, [&](Stream& stream) {
        if (stream.channel.currency == listing.base) mark_dirty(stream);
    });
}

void Publisher::on_index_price(const IndexPrice& price) {
    for_each(Topic::price_index, InstrumentId::none, [&](Stream& stream) {
        if (stream.channel.currency != price.currency) return;
        JsonWriter out;
        out.begin_object().member("index_name", stream.name.substr(stream.name.find('.') + 1));
        out.member("price", rounded(price.price_usd, 2)).member("timestamp", price.time.ms()).end_object();
        send(stream, out.text(), 1);
    });
}

void Publisher::on_volatility_index(const VolatilityIndex& index) {
    for_each(Topic::volatility_index, InstrumentId::none, [&](Stream& stream) {
        if (stream.channel.currency != index.currency) return;
        JsonWriter out;
        out.begin_object().member("index_name", stream.name.substr(stream.name.find('.') + 1));
        out.member("volatility", rounded(index.percent, 2)).member("timestamp", index.time.ms()).end_object();
        send(stream, out.text(), 1);
    });
}

void Publisher::on_instrument_state(const InstrumentStateChange& change) {
    constexpr std::string_view kStates[] = {"open", "settlement", "delivered"};
    const Listing& listing = exchange_.listing(change.instrument);
    for_each(Topic::instrument_state, change.instrument, [&](Stream& stream) {
        if (!stream.channel.matches(listing)) return;
        JsonWriter out;
        out.begin_object().member("instrument_name", listing.name()).member("timestamp", change.time.ms());
        out.member("state", kStates[static_cast<std::size_t>(change.state)]).end_object();
        send(stream, out.text(), 0);
    });
}

void Publisher::mark_dirty(Stream& stream) {
    if (stream.dirty) return;
    stream.dirty = true;
    dirty_[static_cast<std::size_t>(stream.channel.interval)].push_back(&stream);
}

void Publisher::add_item(Stream& stream, const std::string& item) {
    if (!stream.items.empty()) stream.items += ',';
    stream.items += item;
    ++stream.items_count;
    mark_dirty(stream);
}

void Publisher::send(Stream& stream, const std::string& data, std::uint64_t units) {
    const auto message = std::make_shared<const std::string>(fmt::format(
        R"({{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"{}","data":{}}}}})", stream.name, data));
    for (const ConnectionId connection : stream.subscribers) {
        if (!send_(connection, message)) continue;
        ++sent_.messages;
        (stream.channel.is_private ? sent_.account_events : sent_.market_events) += units;
    }
}

void Publisher::send_to(ConnectionId connection, const Stream& stream, const std::string& data, std::uint64_t units) {
    const auto message = std::make_shared<const std::string>(fmt::format(
        R"({{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"{}","data":{}}}}})", stream.name, data));
    if (!send_(connection, message)) return;
    ++sent_.messages;
    sent_.market_events += units;
}

}  // namespace keel::simulator::deribit
