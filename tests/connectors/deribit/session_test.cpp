#include <algorithm>

#include "tests/connectors/deribit/simulated_venue.hpp"

namespace keel::connectors::deribit {
namespace {

using net::until;
using simulator::Fault;

TEST_F(SessionTest, FeedDeliversBooksTradesTickersAndIndices) {
    Feed feed{venue_.config(), venue_.tls(), table_, clock_};
    Collector seen{table_};
    ASSERT_TRUE(until(
        [&] {
            return feed.is_ready() && seen.count(EventKind::level_update) > 20 && seen.count(EventKind::trade) > 0 &&
                   seen.count(EventKind::ticker) > 2 && seen.count(EventKind::index_price) > 0 &&
                   seen.count(EventKind::volatility_index) > 0;
        },
        [&] { seen.poll(feed); }, std::chrono::seconds{10}));
    EXPECT_EQ(feed.counts().channels_dropped, 0U);
    EXPECT_EQ(feed.counts().frames_refused, 0U);
    EXPECT_EQ(feed.counts().gaps, 0U);
    EXPECT_EQ(seen.book_errors, 0U);
    const OrderBook& book = *seen.books.find(perpetual_);
    EXPECT_TRUE(book.valid());
    EXPECT_TRUE(book.top().two_sided());
    EXPECT_FALSE(book.top().crossed());
    EXPECT_NE(seen.events.back().receive_time, UnixNanos{});
}

// One side of the client's book and of the venue's, level by level.
void expect_equal_levels(std::span<const PriceLevel> ours, const std::vector<simulator::BookLevel>& theirs,
                         const Instrument& instrument) {
    ASSERT_EQ(ours.size(), theirs.size());
    for (std::size_t at = 0; at < theirs.size(); ++at) {
        const PriceLevel& level = ours[ours.size() - 1 - at];  // ours end with the best
        EXPECT_DOUBLE_EQ(instrument.price_value(level.price), theirs[at].price) << "level " << at;
        EXPECT_DOUBLE_EQ(instrument.amount_value(level.quantity), theirs[at].amount) << "level " << at;
    }
}

// With each lost change the venue gains ten levels.
TEST_F(SessionTest, ADroppedChangeMakesTheBookStaleAtThatEventAndTheSnapshotRestoresEveryLevel) {
    Feed feed{venue_.config(), venue_.tls(), table_, clock_};
    Collector seen{table_};
    const OrderBook& ours = *seen.books.find(perpetual_);
    const auto poll = [&] { seen.poll(feed); };
    const auto rest = [&](double price, double amount) {
        venue_.server().perform([&](simulator::Exchange& exchange) {
            simulator::OrderRequest request;
            request.instrument_name = "BTC-PERPETUAL";
            request.amount = amount;
            request.price = table_[perpetual_].price_value(table_[perpetual_].price_floor(price));
            EXPECT_TRUE(exchange.submit(*exchange.find_account("AMANDA"), request).has_value());
        });
    };
    ASSERT_TRUE(until([&] { return feed.is_ready() && seen.count(EventKind::level_update) > 5; }, poll));
    const double deep = mark() * 0.995;
    int orders = 0;
    std::size_t levels = 0;
    constexpr std::uint64_t kDrops = 10;
    for (std::uint64_t drop = 1; drop <= kDrops; ++drop) {
        SCOPED_TRACE(drop);
        venue_.server().inject(Fault::drop_book_change);
        for (int more = 0; more < 10; ++more, ++orders) rest(deep - 1.0 * orders, 10.0 * (orders + 1));
        ASSERT_TRUE(until([&] { return seen.count(EventKind::book_stale) == drop; }, poll));
        EXPECT_FALSE(ours.valid());
        EXPECT_EQ(feed.counts().gaps, drop);
        ASSERT_TRUE(until([&] { return ours.valid(); }, poll));
        EXPECT_EQ(feed.counts().resubscribed, drop);
        // The venue's book at the change that ours stands at: caught while the venue stands still.
        simulator::BookView theirs;
        const auto caught = [&] {
            venue_.server().perform(
                [&](simulator::Exchange& exchange) { theirs = exchange.book(*exchange.find("BTC-PERPETUAL")); });
            return ours.valid() && ours.sequence() == theirs.change_id;
        };
        ASSERT_TRUE(until(caught, poll, std::chrono::seconds{20}));
        expect_equal_levels(ours.levels(Side::bid), theirs.bids, table_[perpetual_]);
        expect_equal_levels(ours.levels(Side::ask), theirs.asks, table_[perpetual_]);
        levels += theirs.bids.size() + theirs.asks.size();
    }
    EXPECT_GT(levels, 500U);
    EXPECT_EQ(seen.book_errors, 0U);
}

TEST_F(SessionTest, ReconnectsAHundredTimesAndRestoresEveryChannel) {
    Config config = venue_.config();
    config.tickers = {"BTC-*"};
    config.subscribe_per_s = 1'000.0;
    config.subscribe_burst = 1'000.0;
    Feed feed{config, venue_.tls(), table_, clock_};
    Collector seen{table_};
    const std::size_t channels = feed.channels().size();
    ASSERT_GT(channels, 50U);
    constexpr int kCuts = 100;
    for (int cut = 0; cut < kCuts; ++cut) {
        ASSERT_TRUE(until([&] { return feed.is_ready(); }, [&] { seen.poll(feed); })) << cut;
        ASSERT_EQ(feed.counts().channels_subscribed, channels);
        ASSERT_EQ(feed.counts().connects, static_cast<std::uint64_t>(cut + 1));
        const_cast<RpcSession&>(feed.session()).drop(Errc::websocket_closed);
        ASSERT_TRUE(until([&] { return !feed.is_ready(); }, [&] { seen.poll(feed); }));
        seen.events.clear();
    }
    ASSERT_TRUE(until([&] { return feed.is_ready(); }, [&] { seen.poll(feed); }));
    EXPECT_EQ(feed.counts().channels_subscribed, channels);
}

TEST_F(SessionTest, GatewayReadsTheAccountBeforeItIsReady) {
    Gateway gateway{venue_.config(), venue_.tls(), table_, clock_, credentials_};
    Collector seen{table_};
    gateway.send(order(1, Side::bid, mark(), 10.0));
    ASSERT_TRUE(until([&] { return gateway.is_ready(); }, [&] { seen.poll(gateway); }));
    EXPECT_EQ(seen.story(ClientOrderId{1}), std::vector{EventKind::order_not_sent});
    const Event* position = seen.last(EventKind::position);
    ASSERT_NE(position, nullptr);
    EXPECT_EQ(position->instrument, perpetual_);
    EXPECT_EQ(table_[perpetual_].amount_value(position->as<PositionReport>().quantity), 50'000.0);
    EXPECT_TRUE(position->has(kFirst));
    EXPECT_TRUE(position->has(kLast));
    EXPECT_GE(seen.count(EventKind::balance), 1U);
    const Event* session = seen.last(EventKind::session);
    ASSERT_NE(session, nullptr);
    EXPECT_EQ(session->as<SessionReport>().state, SessionState::ready);
    // The gate must know what this account may send: the simulated one has the venue's lowest tier.
    EXPECT_EQ(session->as<SessionReport>().messages_per_s.value(), 5.0);
    EXPECT_EQ(session->as<SessionReport>().messages_burst.value(), 20.0);
}

TEST_F(GatewayTest, RestsEditsAndCancelsALimitOrder) {
    begin();
    OrderCommand command = order(7, Side::bid, mark() * 0.99, 100.0);
    gateway_->send(command);
    ASSERT_TRUE(wait_for(command.client_order_id, EventKind::order_acked));
    EXPECT_EQ(seen_->last(EventKind::order_acked)->as<OrderReport>().price, command.price);
    command.kind = CommandKind::replace;
    command.price = command.price - Price{10};
    gateway_->send(command);
    ASSERT_TRUE(until([&] { return seen_->last(EventKind::order_acked)->as<OrderReport>().price == command.price; },
                      [&] { seen_->poll(*gateway_); }));
    command.kind = CommandKind::cancel;
    gateway_->send(command);
    ASSERT_TRUE(wait_for(command.client_order_id, EventKind::order_canceled));
    EXPECT_GE(gateway_->latency().acknowledge.count(), 3U);
}

TEST_F(GatewayTest, ReportsTheFillsOfAMarketableOrderBeforeItsEnd) {
    begin();
    OrderCommand command = order(8, Side::ask, mark() * 0.99, 200.0);
    command.time_in_force = TimeInForce::immediate_or_cancel;
    command.reduce_only = 1;
    gateway_->send(command);
    ASSERT_TRUE(wait_for(command.client_order_id, EventKind::fill));
    const auto fill = seen_->last(EventKind::fill)->as<FillReport>();
    EXPECT_EQ(seen_->last(EventKind::fill)->side(), Side::ask);
    EXPECT_GT(fill.quantity, Quantity{});
    EXPECT_GT(fill.fee, Money{});
    EXPECT_EQ(table_.name_of(fill.fee_currency), "BTC");
    EXPECT_EQ(seen_->story(command.client_order_id).front(), EventKind::fill);
}

TEST_F(GatewayTest, ReportsARefusalWithTheVenuesCode) {
    begin();
    const OrderCommand command = order(9, Side::bid, mark() * 1.5, 100.0);  // far above the price band
    gateway_->send(command);
    ASSERT_TRUE(wait_for(command.client_order_id, EventKind::order_rejected));
    EXPECT_EQ(seen_->last(EventKind::order_rejected)->as<OrderReport>().reason, 10'007);
    EXPECT_EQ(gateway_->last_action(), ErrorAction::reject);
}

TEST_F(GatewayTest, SendsOverSignedRestWhenConfigured) {
    Config config = venue_.config();
    config.order_transport = OrderTransport::rest;
    begin(config);
    OrderCommand command = order(10, Side::bid, mark() * 0.99, 100.0);
    gateway_->send(command);
    ASSERT_TRUE(wait_for(command.client_order_id, EventKind::order_acked));
    command.kind = CommandKind::cancel;
    gateway_->send(command);
    ASSERT_TRUE(wait_for(command.client_order_id, EventKind::order_canceled));
    EXPECT_EQ(gateway_->latency().sign.count(), 2U);
}

TEST_F(GatewayTest, CancelsItsOwnOrdersAtTheEnd) {
    begin();
    for (std::uint64_t id = 20; id < 23; ++id) {
        gateway_->send(order(id, Side::bid, mark() * 0.99, 100.0));
        ASSERT_TRUE(wait_for(ClientOrderId{id}, EventKind::order_acked));
    }
    gateway_->cancel_ours();
    ASSERT_TRUE(until([&] { return gateway_->ours_left() == std::size_t{0}; }, [&] { seen_->poll(*gateway_); }));
    EXPECT_EQ(seen_->count(EventKind::order_canceled) >= 3, true);
}

TEST_F(GatewayTest, ShowsOrdersOfOthersAndLeavesThemAlone) {
    const double price = table_[perpetual_].price_value(table_[perpetual_].price_floor(mark() * 0.99));
    std::string foreign;
    venue_.server().perform([&](simulator::Exchange& exchange) {
        simulator::OrderRequest request;
        request.instrument_name = "BTC-PERPETUAL";
        request.amount = 100.0;
        request.price = price;
        request.label = "by hand";
        const auto answer = exchange.submit(*exchange.find_account("AMANDA"), request);
        ASSERT_TRUE(answer.has_value());
        foreign = answer->order.order_id;
    });
    begin();
    ASSERT_EQ(seen_->count(EventKind::external_order), 1U);
    gateway_->cancel_ours();
    ASSERT_TRUE(until([&] { return gateway_->ours_left() == std::size_t{0}; }, [&] { seen_->poll(*gateway_); }));
    venue_.server().perform([&](simulator::Exchange& exchange) {
        EXPECT_EQ(exchange.open_orders(*exchange.find_account("AMANDA")).size(), 1U);
    });
}

}  // namespace
}  // namespace keel::connectors::deribit
