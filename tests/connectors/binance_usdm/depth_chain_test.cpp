#include "connectors/binance_usdm/depth_chain.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace keel::connectors::binance {
namespace {

constexpr InstrumentId kInstrument{3};

class DepthChainTest : public testing::Test {
protected:
    // Feeds one update of a single level; returns what the core would see.
    std::span<const Event> update(std::uint64_t first, std::uint64_t last, std::uint64_t previous,
                                  bool futures = true) {
        batch_.clear();
        push(EventKind::level_update, last, previous);
        Message message{.kind = MessageKind::depth_update, .instrument = kInstrument};
        message.has_previous_id = futures;
        message.first_id = first;
        message.last_id = last;
        message.previous_id = futures ? previous : first - 1;
        chain_.on_update(message, 0, batch_);
        return batch_.events();
    }
    std::span<const Event> snapshot(std::uint64_t id) {
        batch_.clear();
        push(EventKind::book_snapshot, id, 0);
        Message message{.kind = MessageKind::depth_snapshot, .instrument = kInstrument};
        message.last_id = id;
        chain_.on_snapshot(message, 0, batch_);
        return batch_.events();
    }
    void push(EventKind kind, std::uint64_t sequence, std::uint64_t previous) {
        Event event = Event::of(
            kind, VenueId::binance_usdm, kInstrument,
            Level{.price = Price{1}, .quantity = Quantity{1}, .sequence = sequence, .sequence_previous = previous});
        event.flags = kFirst | kLast;
        ASSERT_TRUE(batch_.push(event));
    }

    DepthChain chain_{VenueId::binance_usdm, kInstrument};
    EventBatch batch_;
};

TEST_F(DepthChainTest, KeepsUpdatesUntilASnapshotComes) {
    EXPECT_FALSE(chain_.wants_snapshot());
    EXPECT_TRUE(update(1, 5, 0).empty());
    EXPECT_TRUE(update(6, 9, 5).empty());
    EXPECT_TRUE(chain_.wants_snapshot());
    const auto seen = snapshot(7);
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0].kind, EventKind::book_snapshot);
    EXPECT_EQ(seen[1].as<Level>().sequence, 9U);
    EXPECT_EQ(seen[1].as<Level>().sequence_previous, 7U);  // what it was applied to
    EXPECT_EQ(chain_.counters().dropped, 1U);
    EXPECT_EQ(chain_.counters().applied, 1U);
    EXPECT_EQ(chain_.counters().first_id, 9U);
    EXPECT_TRUE(chain_.has_book());
    EXPECT_FALSE(chain_.wants_snapshot());
}

TEST_F(DepthChainTest, DropsOldUpdatesThatComeAfterTheSnapshot) {
    update(1, 5, 0);
    EXPECT_EQ(snapshot(9).size(), 1U);
    EXPECT_TRUE(update(6, 8, 5).empty());
    EXPECT_EQ(update(9, 11, 8).size(), 1U);
    EXPECT_EQ(chain_.counters().dropped, 2U);
    EXPECT_EQ(chain_.counters().applied, 1U);
}

TEST_F(DepthChainTest, AnUpdateThatDoesNotFollowMakesTheBookStaleAtOnce) {
    update(5, 9, 4);
    snapshot(7);
    ASSERT_EQ(update(10, 12, 9).size(), 1U);
    const auto seen = update(15, 16, 14);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].kind, EventKind::book_stale);
    EXPECT_EQ(seen[0].instrument, kInstrument);
    EXPECT_EQ(chain_.counters().gaps, 1U);
    EXPECT_TRUE(chain_.wants_snapshot());
    EXPECT_TRUE(update(17, 18, 16).empty());
    // The update that showed the gap is kept, and joins the next snapshot.
    const auto rebuilt = snapshot(15);
    ASSERT_EQ(rebuilt.size(), 3U);
    EXPECT_EQ(rebuilt[1].as<Level>().sequence_previous, 15U);
    EXPECT_EQ(rebuilt[2].as<Level>().sequence_previous, 16U);
    EXPECT_EQ(chain_.counters().last_id, 18U);
}

TEST_F(DepthChainTest, RefusesASnapshotThatIsOlderThanAllItKeeps) {
    update(20, 25, 19);
    EXPECT_TRUE(snapshot(10).empty());
    EXPECT_EQ(chain_.counters().snapshots_refused, 1U);
    EXPECT_TRUE(chain_.wants_snapshot());
    EXPECT_EQ(snapshot(22).size(), 2U);
}

TEST_F(DepthChainTest, AGapAmongKeptUpdatesIsFoundWhenTheyAreApplied) {
    update(1, 5, 0);
    update(8, 9, 7);
    const auto seen = snapshot(3);
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen[2].kind, EventKind::book_stale);
    EXPECT_EQ(chain_.counters().gaps, 1U);
    EXPECT_TRUE(chain_.wants_snapshot());
}

TEST_F(DepthChainTest, SpotMayBeginRightBehindTheSnapshot) {
    update(8, 9, 0, false);
    EXPECT_EQ(snapshot(7).size(), 2U);
    EXPECT_EQ(update(10, 11, 0, false).size(), 1U);
    EXPECT_EQ(update(13, 14, 0, false)[0].kind, EventKind::book_stale);
}

TEST_F(DepthChainTest, FuturesMustSpanTheSnapshot) {
    update(8, 9, 7);
    EXPECT_TRUE(snapshot(7).empty());
    EXPECT_EQ(chain_.counters().snapshots_refused, 1U);
}

TEST_F(DepthChainTest, AResetForgetsWhatWasKept) {
    update(5, 9, 4);
    snapshot(7);
    batch_.clear();
    chain_.reset(batch_);
    ASSERT_EQ(batch_.size(), 1U);
    EXPECT_EQ(batch_.events()[0].kind, EventKind::book_stale);
    EXPECT_FALSE(chain_.has_book());
    EXPECT_FALSE(chain_.wants_snapshot());
    chain_.reset(batch_);
    EXPECT_EQ(batch_.size(), 1U);  // nothing stood any more
}

TEST_F(DepthChainTest, KeepsABoundedNumberOfEvents) {
    for (std::uint64_t i = 1; i <= DepthChain::kPendingEventsMax + 10; ++i) update(i, i, i - 1);
    // The oldest were given up, so that an old snapshot cannot be joined any more.
    EXPECT_TRUE(snapshot(5).empty());
    EXPECT_TRUE(chain_.wants_snapshot());
    EXPECT_EQ(snapshot(DepthChain::kPendingEventsMax + 5).size(), 7U);
}

}  // namespace
}  // namespace keel::connectors::binance
