#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "engine/core/result.hpp"
#include "simulator/replay/recording.hpp"

namespace keel::simulator {

struct ReplayConfig {
    std::uint16_t port{0};              // 0: any free one
    std::filesystem::path data;         // the capture; not read where a loaded one is given
    std::filesystem::path certificate;  // PEM, as write_certificates makes them
    std::filesystem::path key;
    double speed{1.0};  // recorded seconds per second; 0: as fast as the client takes them
    // A stream that has come to a snapshot's place waits this long for somebody to ask for it, as the
    // recorder had by then.
    std::chrono::nanoseconds snapshot_wait{std::chrono::seconds{2}};
};

struct ReplayCounters {
    std::uint64_t frames_recorded{0};
    std::uint64_t frames_sent{0};
    std::uint64_t bytes_sent{0};
    std::uint64_t snapshots_sent{0};
    std::uint64_t subscriptions{0};      // stream names asked for
    std::uint64_t queued_bytes_peak{0};  // most that one client let wait
};

// Binance's market-data side out of a capture, over TLS on loopback: combined streams under /stream,
// /public/stream and /market/stream, exchangeInfo and depth under /fapi/v1 and /dapi/v1. Each recorded
// frame goes, byte for byte, to every connection that subscribed to its stream. The capture's clock
// starts with the first subscription. A depth request is answered with the recorded snapshot, and never
// before the stream has come to its place: until then the request waits. After the last frame the
// connections are closed.
//
// The stream pauses while a client has kQueuedBytesMax bytes to take, so memory stays bounded.
// Thread: the one that polls. Allocates: per message.
class ReplayVenue {
public:
    static constexpr std::size_t kQueuedBytesMax = 1U << 20U;  // some 2,000 frames

    // Errors: those of Recording::load and TlsServer::open.
    static Result<std::unique_ptr<ReplayVenue>> open(const ReplayConfig& config);
    static Result<std::unique_ptr<ReplayVenue>> open(const ReplayConfig& config, Recording recording);
    ~ReplayVenue();
    ReplayVenue(const ReplayVenue&) = delete;
    ReplayVenue& operator=(const ReplayVenue&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    // Serves what is due; waits up to `limit` for something to do. Returns work done.
    std::size_t poll_for(std::chrono::nanoseconds limit);
    // Every frame has been sent and taken, and the connections are closed.
    [[nodiscard]] bool has_ended() const;
    [[nodiscard]] const ReplayCounters& counters() const;

private:
    struct Core;
    explicit ReplayVenue(std::unique_ptr<Core> core);
    std::unique_ptr<Core> core_;
};

}  // namespace keel::simulator
