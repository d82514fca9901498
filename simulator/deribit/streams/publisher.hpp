#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "simulator/deribit/faults.hpp"
#include "simulator/deribit/server.hpp"
#include "simulator/deribit/streams/channels.hpp"
#include "simulator/net/tls_server.hpp"

namespace keel::simulator::deribit {

// Turns what happens on the exchange into notifications. One stream per channel name (per account for
// private ones), shared by its subscribers; a stream renders once, however many listen.
// Invariant: on every book channel each change follows the last message sent on it, unless a fault
// was asked for.
// Thread: the server's. Allocates: yes.
class Publisher {
public:
    using Send = std::function<bool(ConnectionId, std::shared_ptr<const std::string>)>;

    Publisher(Exchange& exchange, FaultPlan& faults, SentCounts& sent, Send send);
    ~Publisher();
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    // `account` is none for public channels. False where already subscribed.
    bool subscribe(ConnectionId connection, const std::string& name, const Channel& channel, AccountId account);
    // Snapshots for what was subscribed since the last call; after the response has been queued.
    void greet();
    bool unsubscribe(ConnectionId connection, const std::string& name, AccountId account);
    void remove(ConnectionId connection);
    // Names of the channels that anybody listens to.
    [[nodiscard]] std::vector<std::string> channels() const;

    // Publishes what happened on the exchange since the last call.
    void publish();
    // Ends the batches of an interval.
    void flush(Interval interval);

private:
    struct Stream;
    using StreamKey = std::pair<AccountId, std::string>;

    void index(Stream& stream);
    void unindex(const Stream& stream);
    void drop_subscriber(Stream& stream, ConnectionId connection);
    void greet(Stream& stream, ConnectionId connection);
    // Streams of the topic that name the instrument, and those that name none.
    void for_each(Topic topic, InstrumentId instrument, const std::function<void(Stream&)>& visit);

    void on_book(const BookChange& change);
    void on_trade(const PublicTrade& trade);
    void on_ticker(const TickerView& ticker);
    void on_order(const OrderView& order);
    void on_user_trade(const UserTrade& trade);
    void on_position(const PositionView& position);
    void on_portfolio(const PortfolioView& portfolio);
    void on_index_price(const IndexPrice& price);
    void on_volatility_index(const VolatilityIndex& index);
    void on_instrument_state(const InstrumentStateChange& change);
    void merge_levels(Stream& stream, const BookChange& change);

    void mark_dirty(Stream& stream);
    void flush(Stream& stream);
    void flush_book(Stream& stream);
    void flush_changes(Stream& stream);
    void flush_quote(Stream& stream);
    void flush_grouped_book(Stream& stream);
    void flush_mark_prices(Stream& stream);
    void flush_ticker(Stream& stream);
    void add_item(Stream& stream, const std::string& item);
    void send(Stream& stream, const std::string& data, std::uint64_t units);
    void send_to(ConnectionId connection, const Stream& stream, const std::string& data, std::uint64_t units);

    Exchange& exchange_;
    FaultPlan& faults_;
    SentCounts& sent_;
    Send send_;
    ChangeLog log_;
    std::map<StreamKey, std::unique_ptr<Stream>> streams_;
    std::unordered_map<std::uint64_t, std::vector<Stream*>> by_subject_;  // topic and instrument
    std::vector<std::pair<StreamKey, ConnectionId>> fresh_;
    std::array<std::vector<Stream*>, 3> dirty_;  // by interval: streams with something to flush
};

}  // namespace keel::simulator::deribit
