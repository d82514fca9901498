#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/core/result.hpp"
#include "simulator/deribit/config.hpp"
#include "simulator/deribit/faults.hpp"

namespace keel::simulator {

class MarketSource;

// What was queued to clients, in the units in which a connector counts events: one per book level, per
// trade, per ticker or quote, per index price, per volatility index, per option mark.
struct SentCounts {
    std::uint64_t market_events{0};
    std::uint64_t account_events{0};   // orders, own trades, positions, portfolios in notifications
    std::uint64_t response_events{0};  // the same facts inside answers to requests
    std::uint64_t messages{0};
    std::uint64_t sessions{0};  // WebSocket sessions opened
    std::uint64_t requests{0};  // requests read, either transport
};

// A buy or sell as it was read, before it was judged: what a client cannot deny having sent.
struct OrderSeen {
    std::string label;
    std::string instrument_name;
    double amount{0.0};
};

// What a test asks after the fact.
struct ServerState {
    UnixNanos now{};
    std::uint64_t market_hash{0};
    SentCounts sent;
    std::vector<OrderSeen> orders_seen;
    bool finished{false};  // the span is over
};

// The simulated venue: an Exchange behind Deribit's JSON-RPC over WebSocket (/ws/api/v2) and HTTPS
// (/api/v2) on one loopback port. Signed requests are accepted within 60 s of the wall clock or of
// simulated time, because an accelerated day is not ours.
// Thread: start() gives it one; without that, whoever calls poll(). The accessors work from any thread
// while started, and from the polling thread otherwise. Allocates: freely.
class DeribitServer {
public:
    // Errors: those of TlsServer::open; config_invalid for an account the exchange refuses (detail:
    // the venue's code).
    static Result<std::unique_ptr<DeribitServer>> open(const DeribitServerConfig& config,
                                                       std::unique_ptr<MarketSource> market);
    ~DeribitServer();
    DeribitServer(const DeribitServer&) = delete;
    DeribitServer& operator=(const DeribitServer&) = delete;

    [[nodiscard]] std::uint16_t port() const;

    // Serves on a thread of its own until stop() or destruction.
    void start();
    void stop();
    // One turn: requests, time, notifications; waits up to `limit` for something to do.
    void poll(std::chrono::nanoseconds limit);

    [[nodiscard]] ServerState state();
    [[nodiscard]] SentCounts counts();
    // Arms `fault` for the next `count` occasions; 0 disarms.
    void inject(Fault fault, std::uint32_t count = 1);
    // Runs `task` with the exchange on the serving thread and waits for it; what it changed is
    // published.
    void perform(const std::function<void(Exchange&)>& task);

    struct Core;  // the .cpp's own

private:
    explicit DeribitServer(std::unique_ptr<Core> core);
    std::unique_ptr<Core> core_;
};

}  // namespace keel::simulator
