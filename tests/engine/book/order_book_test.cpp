#include "engine/book/order_book.hpp"

#include <random>

#include "engine/book/book_set.hpp"
#include "tests/support/event_builders.hpp"
#include "tests/support/naive_book.hpp"

namespace keel {
namespace {

using test::level_event;

// Two levels a side around 100, as of sequence 10.
OrderBook built_book(std::size_t levels_max = 16) {
    OrderBook book{levels_max};
    EXPECT_TRUE(book.apply(level_event(EventKind::book_snapshot, Side::bid, 99, 5, 10, 0, kFirst)).has_value());
    EXPECT_TRUE(book.apply(level_event(EventKind::book_snapshot, Side::bid, 98, 6, 10, 0, 0)).has_value());
    EXPECT_TRUE(book.apply(level_event(EventKind::book_snapshot, Side::ask, 101, 7, 10, 0, 0)).has_value());
    EXPECT_TRUE(book.apply(level_event(EventKind::book_snapshot, Side::ask, 102, 8, 10, 0, kLast)).value());
    return book;
}

Event update(Side side, std::int64_t price, std::int64_t quantity, std::uint64_t sequence, std::uint64_t previous) {
    return level_event(EventKind::level_update, side, price, quantity, sequence, previous, kFirst | kLast);
}

TEST(OrderBookTest, IsBuiltBySnapshotAndKnowsItsTop) {
    const OrderBook book = built_book();
    EXPECT_TRUE(book.valid());
    EXPECT_EQ(book.top().bid, (PriceLevel{Price{99}, Quantity{5}}));
    EXPECT_EQ(book.top().ask, (PriceLevel{Price{101}, Quantity{7}}));
    EXPECT_EQ(book.sequence(), 10u);
    EXPECT_EQ(book.levels(Side::bid).front().price, Price{98});
    EXPECT_EQ(book.levels(Side::ask).front().price, Price{102});
}

TEST(OrderBookTest, SetsAbsoluteQuantitiesAndRemovesAtZero) {
    OrderBook book = built_book();
    EXPECT_TRUE(book.apply(update(Side::bid, 99, 50, 11, 10)).value());
    EXPECT_EQ(book.top().bid.quantity, Quantity{50});
    EXPECT_TRUE(book.apply(update(Side::bid, 99, 0, 12, 11)).value());
    EXPECT_EQ(book.top().bid.price, Price{98});
    EXPECT_TRUE(book.apply(update(Side::ask, 100, 1, 13, 12)).value());
    EXPECT_EQ(book.top().ask.price, Price{100});
}

TEST(OrderBookTest, CountsRemovalsOfMissingLevels) {
    OrderBook book = built_book();
    EXPECT_TRUE(book.apply(update(Side::bid, 50, 0, 11, 10)).value());
    EXPECT_EQ(book.missing_removals(), 1u);
    EXPECT_TRUE(book.valid());
}

TEST(OrderBookTest, RejectsUpdateAfterSequenceGap) {
    OrderBook book = built_book();
    const auto result = book.apply(update(Side::bid, 99, 1, 13, 12));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, Errc::sequence_gap);
    EXPECT_EQ(result.error().detail, 12u);
    EXPECT_EQ(book.state(), BookState::stale);
    EXPECT_EQ(book.top().bid.quantity, Quantity{5}) << "nothing of the refused message was applied";
    EXPECT_EQ(book.apply(update(Side::bid, 99, 1, 14, 13)).error().code, Errc::book_stale);
}

TEST(OrderBookTest, RefusesTheRestOfAMessageWhoseStartWasRefused) {
    OrderBook book = built_book();
    EXPECT_FALSE(book.apply(level_event(EventKind::level_update, Side::bid, 97, 1, 13, 12, kFirst)).has_value());
    EXPECT_FALSE(book.apply(level_event(EventKind::level_update, Side::bid, 96, 1, 13, 12, kLast)).has_value());
    EXPECT_EQ(book.levels(Side::bid).size(), 2u);
    EXPECT_EQ(book.state(), BookState::stale);
}

TEST(OrderBookTest, IsRebuiltByASnapshotAfterAGap) {
    OrderBook book = built_book();
    EXPECT_FALSE(book.apply(update(Side::bid, 99, 1, 13, 12)).has_value());
    EXPECT_TRUE(book.apply(level_event(EventKind::book_snapshot, Side::bid, 90, 1, 20, 0, kFirst | kLast)).value());
    EXPECT_TRUE(book.valid());
    EXPECT_EQ(book.levels(Side::bid).size(), 1u);
    EXPECT_TRUE(book.levels(Side::ask).empty());
}

TEST(OrderBookTest, AcceptsNewerUpdateWithoutPreviousSequenceAndRefusesOlder) {
    OrderBook book = built_book();
    EXPECT_TRUE(book.apply(update(Side::bid, 99, 1, 15, 0)).value());
    EXPECT_EQ(book.apply(update(Side::bid, 99, 2, 15, 0)).error().code, Errc::sequence_gap);
}

TEST(OrderBookTest, JudgesCrossingOnlyWhenTheMessageIsWhole) {
    OrderBook book = built_book();
    EXPECT_TRUE(book.apply(level_event(EventKind::level_update, Side::bid, 101, 1, 11, 10, kFirst)).has_value());
    EXPECT_TRUE(book.apply(level_event(EventKind::level_update, Side::ask, 101, 0, 11, 10, kLast)).value());
    EXPECT_EQ(book.top().bid.price, Price{101});
    EXPECT_EQ(book.apply(update(Side::bid, 102, 1, 12, 11)).error().code, Errc::book_crossed);
    EXPECT_EQ(book.state(), BookState::stale);
}

TEST(OrderBookTest, GoesStaleWhenFull) {
    OrderBook book = built_book(2);
    EXPECT_TRUE(book.apply(update(Side::bid, 98, 9, 11, 10)).value());
    EXPECT_EQ(book.apply(update(Side::bid, 97, 9, 12, 11)).error().code, Errc::book_full);
    EXPECT_EQ(book.state(), BookState::stale);
}

TEST(OrderBookTest, RefusesUpdatesBeforeAnySnapshot) {
    OrderBook book{4};
    EXPECT_EQ(book.apply(update(Side::bid, 99, 1, 1, 0)).error().code, Errc::book_stale);
}

TEST(OrderBookTest, TakesTheSequenceOfAMessageWithoutLevels) {
    OrderBook book = built_book();
    EXPECT_TRUE(book.apply(update(Side::bid, 0, 0, 11, 10)).value());
    EXPECT_EQ(book.sequence(), 11u);
    EXPECT_EQ(book.missing_removals(), 0u);
    EXPECT_TRUE(book.apply(update(Side::bid, 99, 1, 12, 11)).value());
}

// A market that walks one way for long pushes a side through all the room that its array has.
TEST(OrderBookTest, KeepsItsLevelsWhileTheMarketWalksFar) {
    OrderBook book{8};
    std::uint64_t sequence = 1;
    EXPECT_TRUE(book.apply(level_event(EventKind::book_snapshot, Side::bid, 1'000, 1, 1, 0, kFirst | kLast)).value());
    for (const std::int64_t step : {1, -1})
        for (std::int64_t at = 1; at <= 200; ++at) {
            const std::int64_t price = book.top().bid.price.count() + step;
            const std::int64_t gone = book.top().bid.price.count();
            EXPECT_TRUE(book.apply(update(Side::bid, price, at, sequence + 1, sequence)).value());
            ++sequence;
            EXPECT_TRUE(book.apply(update(Side::bid, gone, 0, sequence + 1, sequence)).value());
            ++sequence;
            ASSERT_EQ(book.top().bid, (PriceLevel{Price{price}, Quantity{at}}));
            ASSERT_EQ(book.levels(Side::bid).size(), 1u);
        }
    EXPECT_EQ(book.missing_removals(), 0u);
}

TEST(BookSetTest, FindsOpenedBooksAndMarksThemStale) {
    BookSet books;
    books.open(InstrumentId{3}, 8);
    EXPECT_EQ(books.find(InstrumentId{4}), nullptr);
    EXPECT_EQ(books.find(InstrumentId::none), nullptr);
    ASSERT_NE(books.find(InstrumentId{3}), nullptr);
    books.mark_all_stale();
    EXPECT_EQ(books.find(InstrumentId{3})->state(), BookState::stale);
    EXPECT_EQ(books.opened().size(), 1u);
}

// Random messages of several levels, near the top and far from it, never crossing: the flat book and
// the naive one agree after each.
TEST(OrderBookPropertyTest, AgreesWithNaiveBook) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random{seed};
        OrderBook book{2'000};
        test::NaiveBook naive;
        const auto below = [&random](std::uint64_t bound) { return static_cast<std::int64_t>(random() % bound); };
        std::uint64_t sequence = 100;
        for (int message = 0; message < 2'000; ++message) {
            const bool snapshot = message == 0 || below(400) == 0;
            const std::int64_t levels = 1 + below(snapshot ? 200 : 12);
            const std::uint64_t previous = sequence;
            sequence += 1 + static_cast<std::uint64_t>(below(5));
            for (std::int64_t at = 0; at < levels; ++at) {
                const Side side = below(2) == 0 ? Side::bid : Side::ask;
                const std::int64_t distance = 1 + below(below(4) == 0 ? 1'000 : 12);
                const std::int64_t price = 10'000 + (side == Side::bid ? -distance : distance);
                const std::int64_t quantity = below(3) == 0 ? 0 : 1 + below(1'000);
                const unsigned flags = (at == 0 ? 0u + kFirst : 0u) | (at + 1 == levels ? 0u + kLast : 0u);
                const Event event = level_event(snapshot ? EventKind::book_snapshot : EventKind::level_update, side,
                                                price, quantity, sequence, snapshot ? 0 : previous, flags);
                naive.apply(event);
                const auto result = book.apply(event);
                ASSERT_TRUE(result.has_value());
                ASSERT_EQ(*result, at + 1 == levels);
            }
            for (const Side side : {Side::bid, Side::ask}) {
                const auto expected = naive.levels(side);
                ASSERT_TRUE(std::ranges::equal(book.levels(side), expected));
            }
            ASSERT_EQ(book.missing_removals(), naive.missing_removals());
            ASSERT_EQ(book.sequence(), sequence);
        }
    }
}

}  // namespace
}  // namespace keel
