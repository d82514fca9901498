#include "engine/orders/order_table.hpp"
#include "tests/connectors/deribit/simulated_venue.hpp"

namespace keel::connectors::deribit {
namespace {

using net::until;
using simulator::Fault;

// The order table as the engine drives it, beside the gateway.
class FaultTest : public GatewayTest {
protected:
    explicit FaultTest(const simulator::DeribitServerConfig& config = SimulatedVenue::quiet()) : GatewayTest{config} {}

    void turn() {
        seen_->poll(*gateway_);
        for (; applied_ < seen_->events.size(); ++applied_) {
            const Event& event = seen_->events[applied_];
            if (event.kind == EventKind::session) {
                const auto report = event.as<SessionReport>();
                if (report.state == SessionState::down) orders_.on_disconnect(event.venue, table_, event.receive_time);
            } else if (event.kind >= EventKind::order_acked && event.kind <= EventKind::external_order) {
                orders_.apply(event);
            }
        }
    }
    template <class Condition>
    bool turn_until(Condition&& condition) {
        return until(
            condition, [&] { turn(); }, std::chrono::seconds{10});
    }
    ClientOrderId submit(Side side, double price, double amount,
                         TimeInForce time_in_force = TimeInForce::good_til_cancelled) {
        OrderCommand command = order(0, side, price, amount);
        OrderIntent intent;
        intent.instrument = command.instrument;
        intent.side = side;
        intent.time_in_force = time_in_force;
        intent.price = command.price;
        intent.quantity = command.quantity;
        command.client_order_id = *orders_.open(intent, clock_.now(), {});
        command.time_in_force = time_in_force;
        gateway_->send(command);
        return command.client_order_id;
    }
    [[nodiscard]] OrderState state(ClientOrderId id) const { return orders_.find(id)->state; }
    [[nodiscard]] std::uint64_t connects() const { return gateway_->counts().connects; }

    OrderTable orders_{7};
    std::size_t applied_{0};
};

TEST_F(FaultTest, AnOrderCutAfterItsBytesLeftIsUnknownAndKeepsItsExposure) {
    begin();
    venue_.server().inject(Fault::cut_before_order);
    const ClientOrderId id = submit(Side::bid, mark() * 0.99, 100.0);
    ASSERT_TRUE(
        turn_until([&] { return seen_->last(EventKind::session)->as<SessionReport>().state == SessionState::down; }));
    EXPECT_EQ(state(id), OrderState::unknown_new);
    EXPECT_EQ(orders_.reserved(perpetual_).bids, orders_.find(id)->quantity);
    ASSERT_TRUE(turn_until([&] { return gateway_->is_ready(); }));
    // The venue never booked it. No answer proves that yet: it stays unknown, and is never sent again.
    for (int i = 0; i < 200; ++i) turn();
    EXPECT_EQ(state(id), OrderState::unknown_new);
    EXPECT_EQ(orders_.reserved(perpetual_).bids, orders_.find(id)->quantity);
    EXPECT_EQ(venue_.server().state().orders_seen.size(), 1U);
}

TEST_F(FaultTest, AFillBehindACutIsFoundAfterTheReconnect) {
    begin();
    venue_.server().inject(Fault::cut_after_order);
    const ClientOrderId id = submit(Side::bid, mark() * 1.01, 100.0, TimeInForce::immediate_or_cancel);
    ASSERT_TRUE(turn_until([&] { return connects() == 2 && gateway_->is_ready(); }));
    ASSERT_TRUE(turn_until([&] { return state(id) == OrderState::filled; }));
    EXPECT_EQ(orders_.find(id)->filled, orders_.find(id)->quantity);
    EXPECT_EQ(orders_.reserved(perpetual_).bids, Quantity{});
    EXPECT_EQ(orders_.counts().fills, 1U);
    const Event* position = seen_->last(EventKind::position);
    EXPECT_EQ(table_[perpetual_].amount_value(position->as<PositionReport>().quantity), 50'100.0);
}

TEST_F(FaultTest, ARestingOrderThatDiesWithItsConnectionIsReportedCanceled) {
    begin();
    venue_.server().inject(Fault::cut_after_order);
    const ClientOrderId id = submit(Side::bid, mark() * 0.99, 100.0);
    // Cancel-on-disconnect ended it; the question by label brings the proof.
    ASSERT_TRUE(turn_until([&] { return state(id) == OrderState::canceled; }));
    EXPECT_EQ(orders_.reserved(perpetual_).bids, Quantity{});
}

TEST_F(FaultTest, AnAmbiguousRefusalLeavesTheOrderUnknown) {
    begin();
    venue_.server().inject(Fault::settlement_pause);
    const ClientOrderId id = submit(Side::bid, mark() * 0.99, 100.0);
    ASSERT_TRUE(turn_until([&] { return state(id) == OrderState::unknown_new; }));
    EXPECT_EQ(seen_->last(EventKind::order_unknown)->as<OrderReport>().reason, 10'041);
    EXPECT_EQ(orders_.reserved(perpetual_).bids, orders_.find(id)->quantity);
    EXPECT_TRUE(gateway_->is_ready());
}

TEST_F(FaultTest, AcceptsUpdatesThatComeBeforeTheirAnswer) {
    begin();
    venue_.server().inject(Fault::late_response);
    const ClientOrderId id = submit(Side::ask, mark() * 0.99, 100.0, TimeInForce::immediate_or_cancel);
    ASSERT_TRUE(turn_until([&] { return state(id) == OrderState::filled; }));
    for (int i = 0; i < 200; ++i) turn();
    EXPECT_EQ(orders_.find(id)->filled, orders_.find(id)->quantity);
    EXPECT_EQ(orders_.counts().overfilled, 0U);
}

TEST_F(FaultTest, TooManyRequestsEndsTheSessionAndDrainsTheBudget) {
    begin();
    venue_.server().inject(Fault::too_many_requests);
    const ClientOrderId id = submit(Side::bid, mark() * 0.99, 100.0);
    ASSERT_TRUE(turn_until([&] { return gateway_->counts().throttled == 1; }));
    ASSERT_TRUE(turn_until([&] { return state(id) == OrderState::rejected; }));
    ASSERT_TRUE(turn_until([&] { return connects() == 2 && gateway_->is_ready(); }));
}

TEST_F(FaultTest, AnExpiredTokenIsRenewedByOneFreshLogin) {
    begin();
    venue_.server().inject(Fault::stale_token);
    const ClientOrderId refused = submit(Side::bid, mark() * 0.99, 100.0);
    ASSERT_TRUE(turn_until([&] { return is_terminal(state(refused)); }));
    EXPECT_EQ(state(refused), OrderState::rejected);
    EXPECT_EQ(orders_.find(refused)->reason, 13'009);
    ASSERT_TRUE(turn_until([&] { return gateway_->session().token_renewals() == 1; }));
    const ClientOrderId accepted = submit(Side::bid, mark() * 0.99, 100.0);
    ASSERT_TRUE(turn_until([&] { return state(accepted) == OrderState::working; }));
    EXPECT_EQ(connects(), 1U);
}

TEST_F(FaultTest, AServerErrorOverRestLeavesTheOrderUnknown) {
    Config config = venue_.config();
    config.order_transport = OrderTransport::rest;
    begin(config);
    venue_.server().inject(Fault::http_server_error);
    const ClientOrderId id = submit(Side::bid, mark() * 0.99, 100.0);
    ASSERT_TRUE(turn_until([&] { return state(id) == OrderState::unknown_new; }));
    EXPECT_EQ(orders_.reserved(perpetual_).bids, orders_.find(id)->quantity);
    const ClientOrderId next = submit(Side::bid, mark() * 0.99, 100.0);
    ASSERT_TRUE(turn_until([&] { return state(next) == OrderState::working; }));
}

TEST_F(FaultTest, AnOrderCutOverRestIsFoundByItsLabel) {
    Config config = venue_.config();
    config.order_transport = OrderTransport::rest;
    begin(config);
    venue_.server().inject(Fault::cut_after_order);
    const ClientOrderId id = submit(Side::bid, mark() * 0.99, 100.0);
    ASSERT_TRUE(turn_until([&] { return state(id) == OrderState::working; }));
    EXPECT_EQ(connects(), 1U);
    EXPECT_EQ(venue_.server().state().orders_seen.size(), 1U);
}

TEST_F(FaultTest, APeerThatFallsSilentIsLeft) {
    Config config = venue_.config();
    config.silence_max = std::chrono::milliseconds{300};
    begin(config);
    venue_.server().inject(Fault::half_open);
    const ClientOrderId id = submit(Side::bid, mark() * 0.99, 100.0);
    ASSERT_TRUE(turn_until([&] { return connects() >= 2; }));
    EXPECT_TRUE(is_unknown(state(id)) || state(id) == OrderState::canceled);
    EXPECT_EQ(gateway_->session().last_error().code, Errc::read_deadline);
}

TEST_F(FaultTest, NothingLeavesWhileTheConnectionIsDown) {
    begin();
    const_cast<RpcSession&>(gateway_->session()).drop(Errc::websocket_closed);
    const ClientOrderId id = submit(Side::bid, mark() * 0.99, 100.0);
    ASSERT_TRUE(turn_until([&] { return is_terminal(state(id)); }));
    EXPECT_EQ(state(id), OrderState::absent);
    EXPECT_EQ(venue_.server().state().orders_seen.size(), 0U);
}

TEST_F(FaultTest, KeepsABudgetReserveForCancels) {
    Config config = venue_.config();
    config.matching_per_s = 0.001;
    config.matching_burst = 5.0;
    begin(config);
    std::vector<ClientOrderId> ids;
    for (int i = 0; i < 6; ++i) ids.push_back(submit(Side::bid, mark() * 0.99, 10.0));
    ASSERT_TRUE(turn_until([&] { return state(ids.back()) == OrderState::absent; }));
    ASSERT_TRUE(turn_until([&] { return state(ids.front()) == OrderState::working; }));
    EXPECT_GE(gateway_->counts().budget_refusals, 1U);
    OrderCommand cancel = order(0, Side::bid, mark(), 10.0);
    cancel.kind = CommandKind::cancel;
    cancel.client_order_id = ids.front();
    gateway_->send(cancel);
    ASSERT_TRUE(turn_until([&] { return state(ids.front()) == OrderState::canceled; }));
}

TEST_F(FaultTest, AWrongSecretIsTriedOnce) {
    credentials_.secret = net::Secret{"WRONG"};
    gateway_ = std::make_unique<Gateway>(venue_.config(), venue_.tls(), table_, clock_, credentials_);
    seen_ = std::make_unique<Collector>(table_);
    ASSERT_TRUE(turn_until([&] { return gateway_->session().stage() == RpcSession::Stage::halted; }));
    for (int i = 0; i < 500; ++i) turn();
    EXPECT_EQ(connects(), 1U);
    const auto report = seen_->last(EventKind::session)->as<SessionReport>();
    EXPECT_EQ(report.state, SessionState::down);
    EXPECT_EQ(report.reason, static_cast<std::uint64_t>(Errc::auth_refused));
}

// Heartbeats every 0.8 s, and tokens that live for four: a host that gives nobody a turn for half a second is no fault
// of the session.
simulator::DeribitServerConfig hurried() {
    simulator::DeribitServerConfig config = SimulatedVenue::quiet();
    config.heartbeat_second_s = 0.08;
    config.token_lifetime_wall_s = 4.0;
    return config;
}
class HurriedVenueTest : public FaultTest {
protected:
    HurriedVenueTest() : FaultTest{hurried()} {}
};

TEST_F(HurriedVenueTest, AnswersTestRequestsAndRenewsItsTokenInTime) {
    begin();
    ASSERT_TRUE(turn_until([&] { return gateway_->session().token_renewals() >= 2; }));
    EXPECT_GE(gateway_->session().test_requests_answered(), 2U);
    EXPECT_EQ(connects(), 1U);
    const ClientOrderId id = submit(Side::bid, mark() * 0.99, 100.0);
    ASSERT_TRUE(turn_until([&] { return state(id) == OrderState::working; }));
}

TEST_F(HurriedVenueTest, AMissedTestRequestEndsInAReconnect) {
    begin();
    venue_.server().inject(Fault::ignore_test);
    ASSERT_TRUE(turn_until([&] { return connects() == 2; }));
    EXPECT_EQ(gateway_->session().last_error().code, Errc::websocket_closed);
    EXPECT_EQ(gateway_->session().last_error().detail, 4000U);
    ASSERT_TRUE(turn_until([&] { return gateway_->is_ready(); }));
}

TEST_F(SessionTest, RawChannelsWithoutAKeyRaiseTheAlarm) {
    Config config = venue_.config();
    config.interval = "raw";
    Feed feed{config, venue_.tls(), table_, clock_};
    Collector seen{table_};
    ASSERT_TRUE(until([&] { return feed.is_ready(); }, [&] { seen.poll(feed); }));
    EXPECT_EQ(feed.dropped_channels().size(), feed.channels().size());
    Feed authorised{config, venue_.tls(), table_, clock_, nullptr, &credentials_};
    ASSERT_TRUE(until([&] { return authorised.is_ready(); }, [&] { seen.poll(authorised); }));
    EXPECT_TRUE(authorised.dropped_channels().empty());
}

TEST_F(SessionTest, AChannelThatTheVenueDropsSilentlyRaisesTheAlarm) {
    Config config = venue_.config();
    config.tickers = {"BTC-PERPETUAL", "BTC-1JAN99"};
    Feed feed{config, venue_.tls(), table_, clock_};
    Collector seen{table_};
    ASSERT_TRUE(until([&] { return feed.is_ready(); }, [&] { seen.poll(feed); }));
    EXPECT_EQ(feed.dropped_channels(), std::vector<std::string>{"ticker.BTC-1JAN99.100ms"});
    EXPECT_EQ(feed.counts().channels_dropped, 1U);
}

TEST_F(SessionTest, ADuplicatedChangeIsAGapToo) {
    Feed feed{venue_.config(), venue_.tls(), table_, clock_};
    Collector seen{table_};
    ASSERT_TRUE(
        until([&] { return feed.is_ready() && seen.books.find(perpetual_)->valid(); }, [&] { seen.poll(feed); }));
    venue_.server().inject(Fault::duplicate_book_change);
    ASSERT_TRUE(until([&] { return feed.counts().gaps == 1; }, [&] { seen.poll(feed); }));
    ASSERT_TRUE(until([&] { return seen.books.find(perpetual_)->valid(); }, [&] { seen.poll(feed); }));
    EXPECT_EQ(seen.book_errors, 0U);
}

}  // namespace
}  // namespace keel::connectors::deribit
