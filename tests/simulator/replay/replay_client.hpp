#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/net/rest_client.hpp"
#include "connectors/net/websocket_session.hpp"
#include "simulator/net/certificates.hpp"
#include "simulator/replay/replay_venue.hpp"

namespace keel::test {

// A replayed venue and one client of it, both driven by the test's own thread: no races, no sleeps.
class ReplayedVenue {
public:
    explicit ReplayedVenue(const std::filesystem::path& data, double speed = 0.0) {
        directory_ = std::filesystem::temp_directory_path() /
                     ("keel-replay-test-" + std::to_string(::getpid()) + "-" + std::to_string(++made_));
        const auto files = simulator::write_certificates(directory_);
        EXPECT_TRUE(files.has_value());
        simulator::ReplayConfig config;
        config.data = data;
        config.certificate = files->certificate;
        config.key = files->key;
        config.speed = speed;
        config.snapshot_wait = std::chrono::milliseconds{200};
        auto venue = simulator::ReplayVenue::open(config);
        EXPECT_TRUE(venue.has_value());
        venue_ = std::move(*venue);
        connectors::net::Endpoint endpoint;
        endpoint.host = "127.0.0.1";
        endpoint.server_name = "localhost";
        endpoint.port = venue_->port();
        endpoint.path = "/stream";
        const auto tls = connectors::net::TlsContext::create(files->authority);
        EXPECT_TRUE(tls.has_value());
        connectors::net::WebSocketOptions stream;
        stream.endpoint = endpoint;
        session_ = std::make_unique<connectors::net::WebSocketSession>(stream, *tls);
        connectors::net::RestOptions rest;
        rest.endpoint = endpoint;
        rest_ = std::make_unique<connectors::net::RestClient>(rest, *tls);
    }
    ~ReplayedVenue() { std::filesystem::remove_all(directory_); }

    // Turns both sides until `done` or the deadline; false at the deadline. Frames go to `frames`.
    bool turn_until(const std::function<bool()>& done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
        while (!done()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            venue_->poll_for(std::chrono::microseconds{100});
            while (const auto frame = session_->next_frame()) frames.emplace_back(frame->text);
            if (const auto outcome = rest_->poll()) {
                answer.emplace(outcome->response.body);
                status = outcome->response.status;
            }
        }
        return true;
    }
    bool subscribe(const std::string& streams) {
        session_->connect();
        if (!turn_until([&] { return session_->is_open(); })) return false;
        return session_->send(R"({"method":"SUBSCRIBE","params":[)" + streams + R"(],"id":1})").has_value();
    }
    void ask(const std::string& target) {
        answer.reset();
        connectors::net::RestRequest request;
        request.target = target;
        EXPECT_TRUE(rest_->start(request).has_value());
    }
    [[nodiscard]] bool is_closed() const { return session_->state() == connectors::net::WebSocketState::closed; }
    [[nodiscard]] const simulator::ReplayCounters& counters() const { return venue_->counters(); }

    std::vector<std::string> frames;
    std::optional<std::string> answer;
    unsigned status{0};

private:
    static inline int made_ = 0;
    std::filesystem::path directory_;
    std::unique_ptr<simulator::ReplayVenue> venue_;
    std::unique_ptr<connectors::net::WebSocketSession> session_;
    std::unique_ptr<connectors::net::RestClient> rest_;
};

}  // namespace keel::test
