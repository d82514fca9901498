#include <gtest/gtest.h>

#include <cmath>

#include "tests/connectors/binance_usdm/captures.hpp"
#include "tests/connectors/binance_usdm/feed_run.hpp"
#include "tests/support/test_data.hpp"

namespace keel::test {
namespace {

namespace binance = connectors::binance;
using namespace std::chrono_literals;

// Replays one capture as fast as it is taken, and compares everything. Returns how many times faster than
// it was recorded.
double replay(const Capture& capture, const simulator::Recording& recording) {
    FeedRun run{capture.file, config_for(capture, recording), 0.0};
    run.to_the_end();
    std::size_t compared = 0;
    for (const binance::DepthChain& chain : run.feed->depth()) {
        const Instrument& instrument = run.table[chain.instrument()];
        for (const ExpectedBook& expected : capture.books) {
            if (expected.symbol != instrument.name_view()) continue;
            expect_book(expected, chain.counters(), run.books[slot(instrument.id)], instrument);
            ++compared;
        }
    }
    EXPECT_EQ(compared, capture.books.size());

    const binance::FeedCounters& seen = run.feed->counters();
    const simulator::ReplayCounters& sent = run.served.counters();
    EXPECT_EQ(sent.frames_sent, sent.frames_recorded);
    EXPECT_EQ(seen.frames, sent.frames_sent + 1);  // the answer to the subscription
    EXPECT_EQ(seen.refused_malformed, 0U);
    EXPECT_EQ(seen.refused_unknown, 0U);
    EXPECT_LT(sent.queued_bytes_peak, 2 * simulator::ReplayVenue::kQueuedBytesMax);
    const auto recorded = recording.last_frame_time() - recording.first_frame_time();
    const double speed =
        static_cast<double>(recorded.count()) / static_cast<double>(seen.last_frame_ns - seen.first_frame_ns);
    std::printf("%s: %.0f times real time, %llu frames, peak queue %llu bytes\n", capture.name.c_str(), speed,
                static_cast<unsigned long long>(seen.frames), static_cast<unsigned long long>(sent.queued_bytes_peak));
    return speed;
}

TEST(ReplayTest, OverTlsEveryCaptureGivesTheExpectedBooks) {
    const auto folder = data_path("binance");
    KEEL_SKIP_WITHOUT(folder);
    const std::vector<Capture> captures = binance_captures();
    ASSERT_FALSE(captures.empty());
    constexpr double kSpeedMin = 100.0;
    constexpr int kAttempts = 3;  // other programs share the processor; the books must be right in each
    for (const Capture& capture : captures) {
        SCOPED_TRACE(capture.name);
        const auto recording = simulator::Recording::load(capture.file);
        ASSERT_TRUE(recording.has_value());
        const bool is_long = recording->last_frame_time() - recording->first_frame_time() > 60s;
        double speed = replay(capture, *recording);
        for (int i = 1; i < kAttempts && is_long && speed < kSpeedMin; ++i) speed = replay(capture, *recording);
        if (is_long) {
            EXPECT_GE(speed, kSpeedMin);
        }
    }
}

}  // namespace
}  // namespace keel::test
