#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "connectors/binance_usdm/feed.hpp"
#include "connectors/binance_usdm/reference.hpp"
#include "engine/book/order_book.hpp"
#include "simulator/net/certificates.hpp"
#include "simulator/replay/replay_venue.hpp"

namespace keel::test {

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
            while (!stop_) venue_->poll_for(std::chrono::milliseconds{1});
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
    void direct(connectors::binance::Config& config) const {
        config.ca_file = authority_;
        for (connectors::net::Endpoint* endpoint : {&config.stream, &config.rest}) {
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
    FeedRun(const std::filesystem::path& data, connectors::binance::Config configured, double speed)
        : served{data, speed}, config{std::move(configured)} {
        served.direct(config);
        auto made = connectors::net::TlsContext::create(config.ca_file);
        EXPECT_TRUE(made.has_value());
        const auto loaded = connectors::binance::load_instruments(config, *made, table);
        EXPECT_TRUE(loaded.has_value()) << errc_name(loaded.error().code);
        while (books.size() < table.size()) books.emplace_back(connectors::binance::kBookLevelsMax);
        feed = std::make_unique<connectors::binance::Feed>(config, *made, table, budget);
    }
    void to_the_end() {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
        while (!feed->has_ended() && std::chrono::steady_clock::now() < deadline) {
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
    connectors::binance::Config config;
    InstrumentTable table;
    connectors::net::ConnectBudget budget{100, std::chrono::seconds{60}};
    std::unique_ptr<connectors::binance::Feed> feed;
    EventBatch batch;
    std::vector<OrderBook> books;
    std::vector<SessionState> sessions;
    UnixNanos newest{};
    std::size_t stale{0};
};

}  // namespace keel::test
