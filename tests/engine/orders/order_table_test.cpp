#include "engine/orders/order_table.hpp"

#include <functional>
#include <map>
#include <random>

#include "tests/support/event_builders.hpp"

namespace keel {
namespace {

using test::at_ms;
using test::fill_event;
using test::kPerpetual;
using test::order_event;

constexpr std::uint32_t kEpoch = 77;

InstrumentTable two_venues() {
    InstrumentTable table;
    for (const VenueId venue : {VenueId::deribit, VenueId::binance_usdm}) {
        Instrument instrument;
        instrument.venue = venue;
        instrument.set_name("BTC-PERPETUAL");
        EXPECT_TRUE(table.add(instrument).has_value());
    }
    return table;
}

OrderIntent submit_intent(Side side = Side::bid, std::int64_t quantity = 10, InstrumentId instrument = kPerpetual) {
    OrderIntent intent;
    intent.instrument = instrument;
    intent.side = side;
    intent.price = Price{100};
    intent.quantity = Quantity{quantity};
    return intent;
}

OrderIntent change_intent(CommandKind kind, ClientOrderId id, std::int64_t price = 0, std::int64_t quantity = 0) {
    OrderIntent intent;
    intent.kind = kind;
    intent.client_order_id = id;
    intent.price = Price{price};
    intent.quantity = Quantity{quantity};
    return intent;
}

// What may happen to an order, one column of the table of transitions each.
enum class Input {
    ack,
    refused,
    ambiguous,
    not_sent,
    fill_part,
    fill_full,
    canceled,
    expired,
    ack_late,
    conn_lost,
    cancel_refused,
    found,
};

constexpr std::array kInputs{Input::ack,       Input::refused,   Input::ambiguous,      Input::not_sent,
                             Input::fill_part, Input::fill_full, Input::canceled,       Input::expired,
                             Input::ack_late,  Input::conn_lost, Input::cancel_refused, Input::found};

// A table with one order of 10 lots in a given state.
struct OneOrder {
    std::unique_ptr<OrderTable> table{std::make_unique<OrderTable>(kEpoch)};
    InstrumentTable instruments{two_venues()};
    ClientOrderId id{};

    explicit OneOrder(OrderState state) {
        id = table->open(submit_intent(), at_ms(0), at_ms(1'000)).value();
        const auto acked = [this] { table->apply(order_event(EventKind::order_acked, id, 100, 10, 1)); };
        const auto change = [this](CommandKind kind) {
            EXPECT_TRUE(table->open(change_intent(kind, id, 101, 12), at_ms(0), at_ms(1'000)).has_value());
        };
        const auto lose = [this] { table->on_disconnect(VenueId::deribit, instruments, at_ms(2)); };
        switch (state) {
            case OrderState::pending_new: break;
            case OrderState::working: acked(); break;
            case OrderState::pending_replace:
                acked();
                change(CommandKind::replace);
                break;
            case OrderState::pending_cancel:
                acked();
                change(CommandKind::cancel);
                break;
            case OrderState::unknown_new: lose(); break;
            case OrderState::unknown_replace:
                acked();
                change(CommandKind::replace);
                lose();
                break;
            case OrderState::unknown_cancel:
                acked();
                change(CommandKind::cancel);
                lose();
                break;
            case OrderState::filled:
                acked();
                table->apply(fill_event(id, 900, 10));
                break;
            case OrderState::canceled:
                acked();
                table->apply(order_event(EventKind::order_canceled, id));
                break;
            case OrderState::expired:
                acked();
                table->apply(order_event(EventKind::order_expired, id));
                break;
            case OrderState::rejected: table->apply(order_event(EventKind::order_rejected, id)); break;
            case OrderState::absent: table->apply(order_event(EventKind::order_not_sent, id)); break;
            default: ADD_FAILURE() << "no way there";
        }
        EXPECT_EQ(table->find(id)->state, state);
    }

    OrderState meet(Input input) {
        switch (input) {
            case Input::ack: {
                // The venue confirms what was asked last.
                const Order& order = *table->find(id);
                const bool replacing = order.quantity_pending.count() > 0;
                table->apply(order_event(EventKind::order_acked, id, replacing ? 101 : 100, replacing ? 12 : 10, 2));
                break;
            }
            case Input::refused: table->apply(order_event(EventKind::order_rejected, id)); break;
            case Input::ambiguous: table->apply(order_event(EventKind::order_unknown, id)); break;
            case Input::not_sent: table->apply(order_event(EventKind::order_not_sent, id)); break;
            case Input::fill_part: table->apply(fill_event(id, 1, 3)); break;
            case Input::fill_full: {
                const Order& order = *table->find(id);
                const auto total = std::max(order.quantity, order.quantity_pending);
                table->apply(fill_event(id, 2, total.count()));
                break;
            }
            case Input::canceled: table->apply(order_event(EventKind::order_canceled, id)); break;
            case Input::expired: table->apply(order_event(EventKind::order_expired, id)); break;
            case Input::ack_late: table->expire_acks(at_ms(5'000), std::chrono::seconds{1}); break;
            case Input::conn_lost: table->on_disconnect(VenueId::deribit, instruments, at_ms(2)); break;
            case Input::cancel_refused: table->apply(order_event(EventKind::cancel_rejected, id)); break;
            case Input::found: {
                Event event = order_event(EventKind::order_acked, id, 100, 10, 1);
                event.set(kFound);
                table->apply(event);
                break;
            }
        }
        return table->find(id)->state;
    }
};

// The whole table of docs/order-states.md: state x input -> state.
TEST(OrderTableTest, MovesAsTheTableOfTransitionsSays) {
    using S = OrderState;
    constexpr auto PN = S::pending_new, W = S::working, PR = S::pending_replace, PC = S::pending_cancel;
    constexpr auto UN = S::unknown_new, UR = S::unknown_replace, UC = S::unknown_cancel;
    constexpr auto F = S::filled, C = S::canceled, E = S::expired, R = S::rejected, A = S::absent;
    // Columns as kInputs: ack, refused, ambiguous, not_sent, fill_part, fill_full, canceled, expired,
    // ack_late, conn_lost, cancel_refused, found.
    const std::map<S, std::array<S, kInputs.size()>> rows{
        {PN, {W, R, UN, A, W, F, C, E, UN, UN, PN, W}    },
        {UN, {W, R, UN, A, W, F, C, E, UN, UN, UN, W}    },
        {W,  {W, W, W, W, W, F, C, E, W, W, W, W}        },
        {PC, {PC, PC, UC, W, PC, F, C, E, UC, UC, UC, PC}},
        {UC, {UC, UC, UC, W, UC, F, C, E, UC, UC, UC, W} },
        {PR, {W, W, UR, W, PR, F, C, E, UR, UR, PR, PR}  },
        {UR, {W, W, UR, W, UR, F, C, E, UR, UR, UR, W}   },
        {F,  {F, F, F, F, F, F, F, F, F, F, F, F}        },
        {C,  {C, C, C, C, C, F, C, C, C, C, C, C}        },
        {E,  {E, E, E, E, E, F, E, E, E, E, E, E}        },
        {R,  {R, R, R, R, W, F, R, R, R, R, R, R}        },
        {A,  {W, A, A, A, W, F, A, A, A, A, A, W}        },
    };
    for (const auto& [state, row] : rows)
        for (std::size_t at = 0; at < kInputs.size(); ++at) {
            OneOrder one{state};
            EXPECT_STREQ(order_state_name(one.meet(kInputs[at])), order_state_name(row[at]))
                << order_state_name(state) << " meets input " << at;
        }
}

TEST(OrderTableTest, GivesIdsOfBootEpochAndCounter) {
    OrderTable table{kEpoch};
    const auto first = table.open(submit_intent(), at_ms(0), at_ms(1)).value();
    const auto second = table.open(submit_intent(), at_ms(0), at_ms(1)).value();
    EXPECT_EQ(slot(first), (std::uint64_t{kEpoch} << 32) + 1);
    EXPECT_EQ(slot(second), (std::uint64_t{kEpoch} << 32) + 2);
    EXPECT_EQ(table.find(ClientOrderId{(std::uint64_t{kEpoch + 1} << 32) + 1}), nullptr);
}

TEST(OrderTableTest, CountsAsSentOnlyWhatLeft) {
    OneOrder one{OrderState::pending_new};
    EXPECT_EQ(one.table->counts().sent(), 1u);
    one.meet(Input::not_sent);
    EXPECT_EQ(one.table->counts().submitted, 1u);
    EXPECT_EQ(one.table->counts().sent(), 0u);
    // A cancel or a replace that did not leave takes nothing from the order that did.
    OneOrder working{OrderState::pending_cancel};
    working.meet(Input::not_sent);
    EXPECT_EQ(working.table->counts().sent(), 1u);
}

// R1: the worst case is reserved from the moment of registration until a terminal state.
TEST(OrderTableTest, KeepsUnknownOrdersInTheExposure) {
    OneOrder one{OrderState::unknown_new};
    EXPECT_EQ(one.table->reserved(kPerpetual).bids, Quantity{10});
    EXPECT_EQ(one.table->unknown_count(), 1u);
    one.meet(Input::fill_part);
    EXPECT_EQ(one.table->reserved(kPerpetual).bids, Quantity{7});
    EXPECT_EQ(one.table->unknown_count(), 0u);
    one.meet(Input::canceled);
    EXPECT_EQ(one.table->reserved(kPerpetual), Reserved{});
    EXPECT_EQ(one.table->live_count(kPerpetual), 0u);
}

TEST(OrderTableTest, ReservesTheLargerOfOldAndNewDuringAReplaceAndItsCancel) {
    OneOrder one{OrderState::pending_replace};
    EXPECT_EQ(one.table->reserved(kPerpetual).bids, Quantity{12});
    ASSERT_TRUE(one.table->open(change_intent(CommandKind::cancel, one.id), at_ms(1), at_ms(2)).has_value());
    EXPECT_EQ(one.table->reserved(kPerpetual).bids, Quantity{12}) << "the replace may still win";
    one.table->apply(order_event(EventKind::order_rejected, one.id));
    EXPECT_EQ(one.table->find(one.id)->state, OrderState::pending_cancel);
    EXPECT_EQ(one.table->reserved(kPerpetual).bids, Quantity{10});
}

TEST(OrderTableTest, TakesPriceAndQuantityOfAConfirmedReplace) {
    OneOrder one{OrderState::pending_replace};
    // A late copy of the first acknowledgement is not the answer to the replace.
    one.table->apply(order_event(EventKind::order_acked, one.id, 100, 10, 1));
    EXPECT_EQ(one.table->find(one.id)->state, OrderState::pending_replace);
    one.meet(Input::ack);
    EXPECT_EQ(one.table->find(one.id)->price, Price{101});
    EXPECT_EQ(one.table->find(one.id)->quantity, Quantity{12});
    EXPECT_EQ(one.table->reserved(kPerpetual).bids, Quantity{12});
}

// R2: terminal is soft.
TEST(OrderTableTest, AppliesLateFillsAfterATerminalState) {
    OneOrder one{OrderState::canceled};
    EXPECT_EQ(one.table->apply(fill_event(one.id, 5, 4)), OrderEffect::fill_applied);
    EXPECT_EQ(one.table->find(one.id)->filled, Quantity{4});
    EXPECT_EQ(one.table->find(one.id)->state, OrderState::canceled);
    EXPECT_EQ(one.table->counts().fills_late, 1u);
    EXPECT_EQ(one.table->reserved(kPerpetual), Reserved{});
}

// R3: no length of silence ends an order.
TEST(OrderTableTest, NeverEndsAnOrderByTimeout) {
    OneOrder one{OrderState::pending_new};
    for (int second = 1; second < 10'000; second *= 2)
        one.table->expire_acks(at_ms(second * 1'000), std::chrono::seconds{1});
    EXPECT_EQ(one.table->find(one.id)->state, OrderState::unknown_new);
    EXPECT_EQ(one.table->reserved(kPerpetual).bids, Quantity{10});
}

TEST(OrderTableTest, WaitsForTheWholeDeadlineBeforeDoubting) {
    OneOrder one{OrderState::pending_new};
    EXPECT_EQ(one.table->expire_acks(at_ms(999), std::chrono::seconds{1}), 0u);
    EXPECT_EQ(one.table->expire_acks(at_ms(1'000), std::chrono::seconds{1}), 1u);
}

// R4: once per instrument and trade id, ours or not, with or without an id of the venue.
TEST(OrderTableTest, AppliesAFillOnce) {
    OneOrder one{OrderState::working};
    EXPECT_EQ(one.table->apply(fill_event(one.id, 5, 4)), OrderEffect::fill_applied);
    EXPECT_EQ(one.table->apply(fill_event(one.id, 5, 4)), OrderEffect::ignored);
    EXPECT_EQ(one.table->apply(fill_event(one.id, 5, 4, 100, InstrumentId{1})), OrderEffect::fill_applied);
    EXPECT_EQ(one.table->apply(fill_event(ClientOrderId::none, 6, 4)), OrderEffect::not_ours);
    EXPECT_EQ(one.table->apply(fill_event(ClientOrderId::none, 6, 4)), OrderEffect::ignored);
    EXPECT_EQ(one.table->apply(fill_event(one.id, 0, 1)), OrderEffect::fill_applied);
    EXPECT_EQ(one.table->apply(fill_event(one.id, 0, 1)), OrderEffect::ignored);
    EXPECT_EQ(one.table->counts().fills_duplicate, 3u);
}

TEST(OrderTableTest, ForgetsTheOldestTradeIdsFirst) {
    OrderTable table{kEpoch};
    for (std::uint64_t trade = 1; trade <= 3 * OrderTable::kFillsMax; ++trade) {
        ASSERT_EQ(table.apply(fill_event(ClientOrderId::none, trade, 1)), OrderEffect::not_ours);
        ASSERT_EQ(table.apply(fill_event(ClientOrderId::none, trade, 1)), OrderEffect::ignored);
        if (trade > OrderTable::kFillsMax / 2) {
            ASSERT_EQ(table.apply(fill_event(ClientOrderId::none, trade - OrderTable::kFillsMax / 2, 1)),
                      OrderEffect::ignored);
        }
    }
}

// R5, and overfills are applied, not dropped.
TEST(OrderTableTest, AppliesAndFlagsAnOverfill) {
    OneOrder one{OrderState::working};
    one.table->apply(fill_event(one.id, 1, 25));
    EXPECT_EQ(one.table->find(one.id)->filled, Quantity{25});
    EXPECT_EQ(one.table->find(one.id)->state, OrderState::filled);
    EXPECT_EQ(one.table->counts().overfilled, 1u);
    EXPECT_EQ(one.table->reserved(kPerpetual), Reserved{});
}

TEST(OrderTableTest, AdoptsAVenuesResizeOnlyFromANewerVersion) {
    OneOrder one{OrderState::working};
    one.table->apply(order_event(EventKind::order_acked, one.id, 100, 6, 1));
    EXPECT_EQ(one.table->reserved(kPerpetual).bids, Quantity{10});
    one.table->apply(order_event(EventKind::order_acked, one.id, 100, 6, 2));
    EXPECT_EQ(one.table->reserved(kPerpetual).bids, Quantity{6});
}

TEST(OrderTableTest, RefusesChangesOfUnknownAndEndedOrders) {
    OneOrder one{OrderState::filled};
    EXPECT_EQ(one.table->open(change_intent(CommandKind::cancel, one.id), at_ms(1), at_ms(2)).error().code,
              Errc::illegal_transition);
    EXPECT_EQ(one.table->open(change_intent(CommandKind::cancel, ClientOrderId{5}), at_ms(1), at_ms(2)).error().code,
              Errc::unknown_order);
    OneOrder pending{OrderState::pending_new};
    EXPECT_EQ(
        pending.table->open(change_intent(CommandKind::replace, pending.id, 1, 1), at_ms(1), at_ms(2)).error().code,
        Errc::illegal_transition);
}

TEST(OrderTableTest, RejectsASubmitThatIsAlreadyBeingCanceled) {
    OneOrder one{OrderState::pending_new};
    ASSERT_TRUE(one.table->open(change_intent(CommandKind::cancel, one.id), at_ms(1), at_ms(2)).has_value());
    one.table->apply(order_event(EventKind::order_rejected, one.id));
    EXPECT_EQ(one.table->find(one.id)->state, OrderState::rejected);
}

TEST(OrderTableTest, DoubtsOnlyOrdersOfTheLostVenue) {
    OrderTable table{kEpoch};
    const InstrumentTable instruments = two_venues();
    const auto here = table.open(submit_intent(), at_ms(0), at_ms(1)).value();
    const auto there = table.open(submit_intent(Side::ask, 5, InstrumentId{1}), at_ms(0), at_ms(1)).value();
    table.on_disconnect(VenueId::deribit, instruments, at_ms(3));
    EXPECT_EQ(table.find(here)->state, OrderState::unknown_new);
    EXPECT_EQ(table.find(there)->state, OrderState::pending_new);
}

TEST(OrderTableTest, CancelsEveryLiveOrderOfAnInstrument) {
    OrderTable table{kEpoch};
    const auto a = table.open(submit_intent(), at_ms(0), at_ms(1)).value();
    const auto b = table.open(submit_intent(Side::ask, 5, InstrumentId{1}), at_ms(0), at_ms(1)).value();
    OrderIntent all;
    all.kind = CommandKind::cancel_all;
    all.instrument = kPerpetual;
    EXPECT_EQ(table.open(all, at_ms(1), at_ms(2)).value(), ClientOrderId::none);
    EXPECT_EQ(table.find(a)->state, OrderState::pending_cancel);
    EXPECT_EQ(table.find(b)->state, OrderState::pending_new);
    all.instrument = InstrumentId::none;
    ASSERT_TRUE(table.open(all, at_ms(1), at_ms(2)).has_value());
    EXPECT_EQ(table.find(b)->state, OrderState::pending_cancel);
}

TEST(OrderTableTest, ReusesOldestEndedRowsAndKeepsLiveOnes) {
    OrderTable table{kEpoch};
    const auto kept = table.open(submit_intent(), at_ms(0), at_ms(1)).value();
    for (std::size_t at = 0; at < 2 * OrderTable::kOrdersMax; ++at) {
        const auto id = table.open(submit_intent(), at_ms(0), at_ms(1)).value();
        table.apply(order_event(EventKind::order_rejected, id));
    }
    ASSERT_NE(table.find(kept), nullptr);
    EXPECT_EQ(table.live().size(), 1u);
    EXPECT_EQ(table.reserved(kPerpetual).bids, Quantity{10});
}

TEST(OrderTableTest, RefusesAnOrderBeyondItsMaximum) {
    OrderTable table{kEpoch};
    for (std::size_t at = 0; at < OrderTable::kOrdersMax; ++at)
        ASSERT_TRUE(table.open(submit_intent(), at_ms(0), at_ms(1)).has_value());
    EXPECT_EQ(table.open(submit_intent(), at_ms(0), at_ms(1)).error().code, Errc::table_full);
}

// What an order's story must come to, however its events arrive.
struct Ending {
    OrderState state{};
    Quantity filled{};
    Price price{};
    Quantity quantity{};
    Reserved reserved{};
    friend bool operator==(const Ending&, const Ending&) = default;
};

// Reserves recomputed from the live orders (invariant I-8 of the reliability notes).
Reserved recomputed(const OrderTable& table, InstrumentId instrument) {
    Reserved sum;
    for (const ClientOrderId id : table.live()) {
        const Order& order = *table.find(id);
        if (order.instrument != instrument) continue;
        (order.side == Side::bid ? sum.bids : sum.asks) += order.leaves();
    }
    return sum;
}

Ending play(const std::vector<std::size_t>& arrival, const std::vector<std::function<Event(ClientOrderId)>>& story,
            bool cancel_first) {
    OrderTable table{kEpoch};
    const auto id = table.open(submit_intent(), at_ms(0), at_ms(1)).value();
    if (cancel_first) {
        EXPECT_TRUE(table.open(change_intent(CommandKind::cancel, id), at_ms(0), at_ms(1)).has_value());
    }
    for (const std::size_t step : arrival) {
        const Quantity before = table.find(id)->filled;
        table.apply(story[step](id));
        EXPECT_GE(table.find(id)->filled, before);
        EXPECT_EQ(table.reserved(kPerpetual), recomputed(table, kPerpetual));
    }
    const Order& order = *table.find(id);
    return {order.state, order.filled, order.price, order.quantity, table.reserved(kPerpetual)};
}

// The state is a join: any permutation and duplication of an order's events ends the same.
TEST(OrderTablePropertyTest, EndsTheSameForEveryOrderAndRepetitionOfEvents) {
    using Story = std::vector<std::function<Event(ClientOrderId)>>;
    const auto ack = [](ClientOrderId id) { return order_event(EventKind::order_acked, id, 100, 10, 1); };
    const auto resized = [](ClientOrderId id) { return order_event(EventKind::order_acked, id, 100, 8, 2); };
    const auto kind = [](EventKind what) { return [what](ClientOrderId id) { return order_event(what, id); }; };
    const auto fill = [](std::uint64_t trade, std::int64_t lots) {
        return [trade, lots](ClientOrderId id) { return fill_event(id, trade, lots); };
    };
    const std::vector<Story> stories{
        {ack, fill(1, 3), fill(2, 7)},
        {ack, fill(1, 3), fill(2, 2), kind(EventKind::order_canceled)},
        {ack, fill(1, 3), kind(EventKind::order_expired), kind(EventKind::order_unknown)},
        {ack, kind(EventKind::order_unknown), fill(1, 3)},
        {kind(EventKind::order_rejected), kind(EventKind::order_unknown)},
        {ack, fill(1, 4), resized},
        {ack, fill(1, 4), fill(2, 4), resized},
        {kind(EventKind::order_rejected), fill(1, 4)},
    };
    std::mt19937_64 random{42};
    for (std::size_t number = 0; number < stories.size(); ++number)
        for (const bool cancel_first : {false, true}) {
            SCOPED_TRACE("story " + std::to_string(number) + (cancel_first ? " under a cancel" : ""));
            // A resize, or a refusal that a fill belies, brings an order back to working or leaves its
            // cancel standing, whichever came first.
            if (cancel_first && number >= 5) continue;
            const Story& story = stories[number];
            std::vector<std::size_t> arrival(story.size());
            for (std::size_t at = 0; at < arrival.size(); ++at) arrival[at] = at;
            const Ending expected = play(arrival, story, cancel_first);
            do {
                ASSERT_EQ(play(arrival, story, cancel_first), expected);
                for (int copies = 0; copies < 5; ++copies) {
                    // A copy never comes before its original.
                    std::vector<std::size_t> repeated = arrival;
                    for (int extra = 0; extra < 3; ++extra) {
                        const std::size_t of = random() % repeated.size();
                        const std::size_t gap = repeated.size() - of;
                        repeated.insert(repeated.begin() + static_cast<std::ptrdiff_t>(of + 1 + random() % gap),
                                        repeated[of]);
                    }
                    ASSERT_EQ(play(repeated, story, cancel_first), expected);
                }
            } while (std::ranges::next_permutation(arrival).found);
        }
}

// Random traffic over many orders: sums that are kept equal sums that are recomputed.
TEST(OrderTablePropertyTest, KeepsReservesEqualToTheOrdersTheyComeFrom) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random{seed};
        OrderTable table{kEpoch};
        const InstrumentTable instruments = two_venues();
        std::vector<ClientOrderId> ids;
        std::uint64_t trade = 1;
        for (int step = 0; step < 5'000; ++step) {
            const auto instrument = InstrumentId{static_cast<std::uint32_t>(random() % 2)};
            if (ids.empty() || random() % 4 == 0) {
                const Side side = random() % 2 == 0 ? Side::bid : Side::ask;
                const auto lots = static_cast<std::int64_t>(1 + random() % 20);
                ids.push_back(table.open(submit_intent(side, lots, instrument), at_ms(step), at_ms(step)).value());
            } else {
                const ClientOrderId id = ids[random() % ids.size()];
                const auto lots = static_cast<std::int64_t>(1 + random() % 20);
                const InstrumentId of = table.find(id)->instrument;
                switch (random() % 9) {
                    case 0: (void)table.open(change_intent(CommandKind::cancel, id), at_ms(step), at_ms(step)); break;
                    case 1:
                        (void)table.open(change_intent(CommandKind::replace, id, 101, lots), at_ms(step), at_ms(step));
                        break;
                    case 2: table.apply(fill_event(id, trade++, lots, 100, of)); break;
                    case 3: table.apply(order_event(EventKind::order_canceled, id, 0, 0, 0, of)); break;
                    case 4: table.on_disconnect(VenueId::deribit, instruments, at_ms(step)); break;
                    case 5: table.expire_acks(at_ms(step), std::chrono::milliseconds{50}); break;
                    case 6: table.apply(order_event(EventKind::order_rejected, id, 0, 0, 0, of)); break;
                    default: {
                        const Order& order = *table.find(id);
                        const bool replacing = order.quantity_pending.count() > 0;
                        table.apply(order_event(EventKind::order_acked, id, replacing ? 101 : 100,
                                                (replacing ? order.quantity_pending : order.quantity).count(),
                                                static_cast<std::uint64_t>(step), of));
                    }
                }
            }
            std::size_t unknown = 0;
            for (const ClientOrderId id : table.live()) unknown += is_unknown(table.find(id)->state) ? 1u : 0u;
            ASSERT_EQ(table.unknown_count(), unknown);
            for (const InstrumentId of : {InstrumentId{0}, InstrumentId{1}})
                ASSERT_EQ(table.reserved(of), recomputed(table, of));
        }
    }
}

}  // namespace
}  // namespace keel
