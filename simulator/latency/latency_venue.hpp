#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "engine/core/result.hpp"
#include "engine/telemetry/latency_histogram.hpp"

namespace keel::simulator {

// Who answers the ticks of a round.
enum class LatencyClient : std::uint8_t { engine, floor };

struct LatencyVenueConfig {
    std::filesystem::path certificate;
    std::filesystem::path key;
    bool shares_processor{false};  // gives way between polls, for a host with fewer processors than busy threads
};

// One round of measured ticks.
struct LatencyRound {
    LatencyClient client{LatencyClient::engine};
    std::uint64_t ticks{1'000};
    double rate_hz{1'000.0};
    std::uint64_t warm_up{100};  // ticks before the first that counts
};

// A venue that exists to be measured against. It speaks as much of Deribit's protocol as one session
// needs to log in, subscribe and read an account, holds one position that is always beyond its
// boundary, and then sends one order-book change of some 1,100 bytes at a time and waits for the order
// that it provokes. Every order comes back cancelled, so that the next tick finds the same book.
//
// Time: from the instant that the tick is given to the socket (or was due, where the venue was late:
// no coordinated omission) to the instant that the order has been read. The venue's own TLS is in it,
// for the engine and for the floor alike.
// A tick without an order counts as the 250 ms that were waited for it.
// Thread: start() gives it one, which spins; the rest from any.
class LatencyVenue {
public:
    // Errors: those of TlsServer::open.
    static Result<std::unique_ptr<LatencyVenue>> open(const LatencyVenueConfig& config);
    ~LatencyVenue();
    LatencyVenue(const LatencyVenue&) = delete;
    LatencyVenue& operator=(const LatencyVenue&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    void start();
    void stop();

    // The client is there: logged in and subscribed, or upgraded at /floor.
    [[nodiscard]] bool is_connected(LatencyClient client) const;
    // Runs a round and waits for its end, or until `is_over` says so. Returns ticks that no order answered within
    // 250 ms.
    std::uint64_t run(const LatencyRound& round, const std::function<bool()>& is_over);
    // Cycles from tick to order, all rounds of that client since the last clear.
    [[nodiscard]] const LatencyHistogram& wire(LatencyClient client) const;
    void clear();

    static constexpr const char* kFloorTarget = "/floor";

private:
    struct Core;
    explicit LatencyVenue(std::unique_ptr<Core> core);
    std::unique_ptr<Core> core_;
};

}  // namespace keel::simulator
