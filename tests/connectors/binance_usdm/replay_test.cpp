#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "connectors/binance_usdm/feed.hpp"
#include "connectors/binance_usdm/reference.hpp"
#include "simulator/net/certificates.hpp"
#include "simulator/replay/replay_venue.hpp"
#include "tests/connectors/binance_usdm/captures.hpp"
#include "tests/support/test_data.hpp"

namespace keel::test {
namespace {

namespace binance = connectors::binance;
namespace net = connectors::net;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kDeadline = 60s;  // a capture takes a few seconds on two loaded cores

// A recorded venue on a thread of its own.
class ServedCapture {
public:
    ServedCapture(const std::filesystem::path& data, double speed) {
        directory_ = std::filesystem::temp_directory_path() / ("keel-replay-" + std::to_string(::getpid()));
        const auto files = simulator::write_certificates(directory_);
        EXPECT_TRUE(files.has_value());
        authority_ = files->authority;
        auto venue = simulator::ReplayVenue::open(
            {.data = data, .certificate = files->certificate, .key = files->key, .speed = speed});
        EXPECT_TRUE(venue.has_value());
        venue_ = std::move(*venue);
        port_ = venue_->port();
        thread_ = std::thread{[this] {
            while (!stop_) venue_->poll_for(1ms);
        }};
    }
    ~ServedCapture() {
        stop();
        std::filesystem::remove_all(directory_);
    }
    void stop() {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
    }
    void direct(binance::Config& config) const {
        config.ca_file = authority_;
        for (net::Endpoint* endpoint : {&config.stream, &config.rest}) {
            endpoint->host = "127.0.0.1";
            endpoint->server_name = "localhost";
            endpoint->port = port_;
        }
    }
    // Only after stop().
    [[nodiscard]] const simulator::ReplayCounters& counters() const { return venue_->counters(); }

private:
    std::filesystem::path directory_;
    std::filesystem::path authority_;
    std::unique_ptr<simulator::ReplayVenue> venue_;
    std::uint16_t port_{0};
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

// Runs the feed until the venue closes, applying everything to books.
struct FeedRun {
    FeedRun(const Capture& capture, const simulator::Recording& recording, double speed)
        : served{capture.file, speed}, config{config_for(capture, recording)} {
        served.direct(config);
        auto made = net::TlsContext::create(config.ca_file);
        EXPECT_TRUE(made.has_value());
        const auto loaded = binance::load_instruments(config, *made, table);
        EXPECT_TRUE(loaded.has_value()) << errc_name(loaded.error().code);
        while (books.size() < table.size()) books.emplace_back(binance::kBookLevelsMax);
        feed = std::make_unique<binance::Feed>(config, *made, table, budget);
    }
    void to_the_end() {
        const auto deadline = Clock::now() + kDeadline;
        while (!feed->has_ended() && Clock::now() < deadline) {
            const std::size_t work = feed->poll(batch);
            for (const Event& event : batch.events()) apply(event);
            batch.clear();
            if (work == 0) std::this_thread::yield();
        }
        ASSERT_TRUE(feed->has_ended()) << "the venue did not close within the deadline";
        served.stop();
    }
    void apply(const Event& event) {
        EXPECT_GE(event.receive_time, newest);
        newest = event.receive_time;
        if (event.kind == EventKind::session) sessions.push_back(event.as<SessionReport>().state);
        if (event.kind == EventKind::book_stale) ++stale;
        if (event.kind != EventKind::book_snapshot && event.kind != EventKind::level_update) return;
        const auto applied = books[slot(event.instrument)].apply(event);
        ASSERT_TRUE(applied.has_value()) << errc_name(applied.error().code);
    }

    ServedCapture served;
    binance::Config config;
    InstrumentTable table;
    net::ConnectBudget budget{100, 60s};
    std::unique_ptr<binance::Feed> feed;
    EventBatch batch;
    std::vector<OrderBook> books;
    std::vector<SessionState> sessions;
    UnixNanos newest{};
    std::size_t stale{0};
};

TEST(ReplayTest, OverTlsEveryCaptureGivesTheExpectedBooks) {
    const auto folder = data_path("binance");
    KEEL_SKIP_WITHOUT(folder);
    const std::vector<Capture> captures = binance_captures();
    ASSERT_FALSE(captures.empty());
    for (const Capture& capture : captures) {
        SCOPED_TRACE(capture.name);
        const auto recording = simulator::Recording::load(capture.file);
        ASSERT_TRUE(recording.has_value());
        FeedRun run{capture, *recording, 0.0};
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
        const auto recorded = recording->last_frame_time() - recording->first_frame_time();
        const double taken_ns = static_cast<double>(seen.last_frame_ns - seen.first_frame_ns);
        const double speed = static_cast<double>(recorded.count()) / taken_ns;
        RecordProperty(capture.name, std::to_string(speed));
        std::printf("%s: %.0f times real time, %llu frames, peak queue %llu bytes\n", capture.name.c_str(), speed,
                    static_cast<unsigned long long>(seen.frames),
                    static_cast<unsigned long long>(sent.queued_bytes_peak));
        if (recorded > 60s) {
            EXPECT_GE(speed, 100.0);
        }
    }
}

}  // namespace
}  // namespace keel::test
