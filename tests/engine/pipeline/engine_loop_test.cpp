#include "engine/pipeline/engine_loop.hpp"

#include "tests/support/simple_core.hpp"

namespace keel {
namespace {

using test::fill_event;
using test::kPerpetual;
using test::level_event;
using test::order_event;
using test::SimpleCore;

// Numbers events as a host does.
template <class Core>
struct Driver {
    Core& core;
    std::uint64_t sequence{0};
    const Outbox& operator()(Event event, std::int64_t ms = 0) {
        event.sequence = ++sequence;
        if (ms != 0) event.receive_time = test::at_ms(ms);
        return core.loop.on(event);
    }
    void build_book() {
        (*this)(level_event(EventKind::book_snapshot, Side::bid, 99, 50, 10, 0, kFirst));
        (*this)(level_event(EventKind::book_snapshot, Side::ask, 101, 50, 10, 0, kLast));
    }
    const Outbox& external_fill(std::int64_t lots, std::uint64_t trade, Side side = Side::bid) {
        Event fill = fill_event(ClientOrderId::none, trade, lots);
        fill.set_side(side);
        return (*this)(fill, 20);
    }
};
template <class Core>
Driver(Core&) -> Driver<Core>;

TEST(EngineLoopTest, TurnsABreachIntoACommandThatExplainsItself) {
    SimpleCore core;
    Driver drive{core};
    drive.build_book();
    const Outbox& outbox = drive.external_fill(15, 1);
    ASSERT_EQ(outbox.commands.size(), 1u);
    ASSERT_EQ(outbox.decisions.size(), 1u);
    const OrderCommand& command = outbox.commands[0];
    EXPECT_EQ(command.kind, CommandKind::submit);
    EXPECT_EQ(command.venue, VenueId::deribit);
    EXPECT_EQ(command.side, Side::ask);
    EXPECT_EQ(command.price, Price{99});
    EXPECT_EQ(command.quantity, Quantity{15});
    EXPECT_EQ(command.time_in_force, TimeInForce::immediate_or_cancel);
    EXPECT_EQ(command.valid_until, test::at_ms(1'020));
    EXPECT_EQ(command.trigger_sequence, 3u);
    EXPECT_EQ(command.decision, outbox.decisions[0].id);
    EXPECT_EQ(outbox.decisions[0].outcome, DecisionOutcome::traded);
    EXPECT_EQ(core.orders.find(command.client_order_id)->state, OrderState::pending_new);
    EXPECT_EQ(core.orders.reserved(kPerpetual).asks, Quantity{15});
}

TEST(EngineLoopTest, OnlyObservesByDefault) {
    EXPECT_FALSE(LoopSettings{}.send_orders);
    SimpleCore core{0, false};
    Driver drive{core};
    drive.build_book();
    const Outbox& outbox = drive.external_fill(15, 1);
    EXPECT_TRUE(outbox.commands.empty());
    ASSERT_EQ(outbox.decisions.size(), 1u);
    EXPECT_EQ(outbox.decisions[0].outcome, DecisionOutcome::observed);
    EXPECT_TRUE(core.orders.live().empty());
    EXPECT_EQ(core.loop.counts().observed, 1u);
}

TEST(EngineLoopTest, RecordsWhatTheGateRefuses) {
    SimpleCore core;
    Driver drive{core};
    drive.build_book();
    const Outbox& outbox = drive.external_fill(41, 1);
    EXPECT_TRUE(outbox.commands.empty());
    ASSERT_EQ(outbox.refusals.size(), 1u);
    EXPECT_EQ(outbox.refusals[0].limit, GateLimit::order_quantity);
    EXPECT_EQ(outbox.decisions[0].outcome, DecisionOutcome::refused);
    EXPECT_TRUE(core.orders.live().empty());
}

TEST(EngineLoopTest, GivesADuplicateFillToNobody) {
    SimpleCore core;
    Driver drive{core};
    drive.external_fill(5, 1);
    const std::uint64_t applied = core.risk.applied();
    drive.external_fill(5, 1);
    EXPECT_EQ(core.risk.position(), Quantity{5});
    EXPECT_EQ(core.risk.applied(), applied);
    EXPECT_EQ(core.loop.counts().duplicate_fills, 1u);
}

// In the middle of a book message the top may be crossed or missing: nobody looks.
TEST(EngineLoopTest, JudgesNothingInTheMiddleOfABookMessage) {
    SimpleCore core;
    Driver drive{core};
    drive.external_fill(15, 1);
    EXPECT_TRUE(drive(level_event(EventKind::book_snapshot, Side::bid, 99, 50, 10, 0, kFirst)).commands.empty());
    EXPECT_EQ(drive(level_event(EventKind::book_snapshot, Side::ask, 101, 50, 10, 0, kLast)).commands.size(), 1u);
}

TEST(EngineLoopTest, MakesBooksStaleWhenMarketDataIsDown) {
    SimpleCore core;
    Driver drive{core};
    drive.build_book();
    SessionReport report;
    report.role = SessionRole::market_data;
    report.state = SessionState::down;
    drive(Event::of(EventKind::session, VenueId::binance_usdm, InstrumentId::none, report));
    EXPECT_TRUE(core.books.find(kPerpetual)->valid()) << "another venue's session";
    drive(Event::of(EventKind::session, VenueId::deribit, InstrumentId::none, report));
    EXPECT_EQ(core.books.find(kPerpetual)->state(), BookState::stale);
    EXPECT_TRUE(drive.external_fill(15, 1).commands.empty());
}

TEST(EngineLoopTest, DoubtsPendingOrdersWhenTheOrderSessionIsDown) {
    SimpleCore core;
    Driver drive{core};
    drive.build_book();
    const ClientOrderId id = drive.external_fill(15, 1).commands[0].client_order_id;
    SessionReport report;
    report.role = SessionRole::orders;
    report.state = SessionState::down;
    drive(Event::of(EventKind::session, VenueId::deribit, InstrumentId::none, report));
    EXPECT_EQ(core.orders.find(id)->state, OrderState::unknown_new);
    EXPECT_EQ(core.orders.reserved(kPerpetual).asks, Quantity{15});
}

TEST(EngineLoopTest, DoubtsOrdersThatStayUnansweredByTimersAlone) {
    SimpleCore core;
    Driver drive{core};
    drive.build_book();
    const ClientOrderId id = drive.external_fill(15, 1).commands[0].client_order_id;
    const Event timer = Event::of(EventKind::timer, VenueId::none, InstrumentId::none, Timer{});
    drive(timer, 1'019);
    EXPECT_EQ(core.orders.find(id)->state, OrderState::pending_new);
    drive(timer, 1'020);
    EXPECT_EQ(core.orders.find(id)->state, OrderState::unknown_new);
}

// Level 4: by id, at once, and again until none is live.
TEST(EngineLoopTest, CancelsItsLiveOrdersFromKillLevelFourUntilNoneIsLeft) {
    SimpleCore core;
    Driver drive{core};
    drive.build_book();
    const ClientOrderId id = drive.external_fill(15, 1).commands[0].client_order_id;
    OperatorCommand command;
    command.action = OperatorAction::set_kill_level;
    command.kill_level = 4;
    const Outbox& outbox =
        drive(Event::of(EventKind::operator_command, VenueId::none, InstrumentId::none, command), 100);
    ASSERT_EQ(outbox.commands.size(), 1u);
    EXPECT_EQ(outbox.commands[0].kind, CommandKind::cancel);
    EXPECT_EQ(outbox.commands[0].client_order_id, id);
    EXPECT_EQ(outbox.commands[0].venue, VenueId::deribit);
    const Event timer = Event::of(EventKind::timer, VenueId::none, InstrumentId::none, Timer{});
    EXPECT_TRUE(drive(timer, 349).commands.empty());
    EXPECT_EQ(drive(timer, 350).commands.size(), 1u);
    // This gate knows no kill level: the strategy tries again, and that order goes the same way.
    const Outbox& again = drive(order_event(EventKind::order_canceled, id), 360);
    ASSERT_EQ(again.commands.size(), 1u);
    const ClientOrderId next = again.commands[0].client_order_id;
    const Outbox& swept = drive(timer, 600);
    ASSERT_EQ(swept.commands.size(), 1u);
    EXPECT_EQ(swept.commands[0].client_order_id, next);
}

TEST(EngineLoopTest, NeverLetsTimeRunBackwards) {
    SimpleCore core;
    Driver drive{core};
    const Event timer = Event::of(EventKind::timer, VenueId::none, InstrumentId::none, Timer{});
    drive(timer, 500);
    drive(timer, 400);
    EXPECT_EQ(core.loop.now(), test::at_ms(500));
}

TEST(EngineLoopTest, HashesToTheSameForTheSameEventsOnly) {
    const auto hash_after = [](std::int64_t lots) {
        SimpleCore core;
        Driver drive{core};
        drive.build_book();
        drive.external_fill(lots, 1);
        return core.loop.state_hash();
    };
    EXPECT_EQ(hash_after(15), hash_after(15));
    EXPECT_NE(hash_after(15), hash_after(16));
}

TEST(EngineLoopTest, MetersItsStagesApartForEventsWithCommands) {
    SimpleCore<CycleMeter> core;
    Driver drive{core};
    drive.build_book();
    const Outbox& outbox = drive.external_fill(15, 1);
    EXPECT_GT(outbox.commands[0].emitted_cycles, 0u);
    EXPECT_EQ(core.loop.meter().events(Stage::risk).count(), 2u) << "the book's first half was not judged";
    EXPECT_EQ(core.loop.meter().commands(Stage::gate).count(), 1u);
}

}  // namespace
}  // namespace keel
