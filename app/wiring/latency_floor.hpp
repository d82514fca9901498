#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace keel::app {

// The fastest client that could be written for this connection: it decrypts what arrives and answers
// every message with the same pre-built order, without decoding or deciding anything. What the engine
// takes above it is what the engine does. Same TLS, same verification, raw socket, spinning thread.
// Thread: start() gives it one.
class LatencyFloor {
public:
    // Connects, verifies, upgrades. Throws OutsideError.
    LatencyFloor(const std::string& ca_file, std::uint16_t port, const std::string& target);
    ~LatencyFloor();
    LatencyFloor(const LatencyFloor&) = delete;
    LatencyFloor& operator=(const LatencyFloor&) = delete;

    void start();
    // Answers only while true, so that an idle floor does not take the engine's processor.
    void set_active(bool active);
    void stop();

private:
    struct Connection;
    std::unique_ptr<Connection> connection_;
};

}  // namespace keel::app
