#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace keel::test {

struct WireResponse {
    unsigned status{0};
    std::string body;
};

// A plain TLS client for tests of servers: WebSocket text messages or HTTP requests, nothing else. It
// verifies the server's chain and host name; every wait has a deadline.
class WireClient {
public:
    // Connects and shakes hands. `error()` is empty where that worked.
    WireClient(std::uint16_t port, const std::filesystem::path& authority, std::string_view host = "localhost");
    ~WireClient();
    WireClient(const WireClient&) = delete;
    WireClient& operator=(const WireClient&) = delete;

    [[nodiscard]] const std::string& error() const;

    // Opens a WebSocket on this connection; the HTTP status of the answer (101 where it opened).
    unsigned upgrade(std::string_view target);
    void send(std::string_view message);
    // Next message, or nullopt where none came in time or the connection ended.
    std::optional<std::string> receive(std::chrono::milliseconds limit = std::chrono::seconds{10});
    // Has the connection ended, and with which WebSocket close code (1006: without one).
    [[nodiscard]] bool closed() const;
    [[nodiscard]] std::uint16_t close_code() const;

    // One HTTP request on this connection; status 0 where it was cut.
    WireResponse request(std::string_view method, std::string_view target, std::string_view body = {},
                         std::string_view authorization = {});

private:
    struct Core;
    std::unique_ptr<Core> core_;
};

}  // namespace keel::test
