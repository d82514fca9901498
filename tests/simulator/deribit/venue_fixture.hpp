#pragma once

#include <gtest/gtest.h>
#include <simdjson.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "simulator/deribit/server.hpp"
#include "simulator/net/certificates.hpp"
#include "tests/simulator/support/wire_client.hpp"

namespace keel::test {

inline constexpr std::string_view kClientId = "keel_test";
inline constexpr std::string_view kClientSecret = "KEELTESTSECRET";

// A configuration with one funded account and no limits that a test would have to wait for.
simulator::DeribitServerConfig venue_config();

// A simulated venue on a thread of its own, with a calm generated market.
class RunningVenue {
public:
    explicit RunningVenue(simulator::DeribitServerConfig config = venue_config());
    [[nodiscard]] simulator::DeribitServer& server() { return *server_; }
    [[nodiscard]] std::uint16_t port() const { return server_->port(); }
    [[nodiscard]] const std::filesystem::path& authority() const { return files_.authority; }

private:
    simulator::CertificateFiles files_;
    std::unique_ptr<simulator::DeribitServer> server_;
};

// One parsed message; owns its document.
class Json {
public:
    explicit Json(const std::string& text);
    [[nodiscard]] const std::string& text() const { return text_; }
    // Values by JSON pointer ("/result/order/order_id"); a missing one fails the test.
    [[nodiscard]] std::string string(std::string_view pointer) const;
    [[nodiscard]] double number(std::string_view pointer) const;
    [[nodiscard]] bool truth(std::string_view pointer) const;
    [[nodiscard]] std::size_t size(std::string_view pointer) const;
    [[nodiscard]] bool has(std::string_view pointer) const;
    // Error code, or 0.
    [[nodiscard]] int error() const { return has("/error/code") ? static_cast<int>(number("/error/code")) : 0; }

private:
    [[nodiscard]] std::optional<simdjson::dom::element> at(std::string_view pointer) const;
    std::string text_;
    std::shared_ptr<simdjson::dom::parser> parser_;
    simdjson::dom::element document_;
};

// A WebSocket session that asks and waits; notifications that come in between are kept.
class VenueClient {
public:
    explicit VenueClient(RunningVenue& venue);
    // Sends one request and returns its answer.
    Json ask(std::string_view method, std::string_view params = "{}");
    void send(std::string_view method, std::string_view params = "{}");
    // Next notification on `channel` (or any where empty); kept ones first.
    std::optional<Json> next(std::string_view channel = {}, std::chrono::milliseconds limit = std::chrono::seconds{10});
    // Next message of any sort, in order of arrival.
    std::optional<Json> next_message();
    void login();
    [[nodiscard]] WireClient& wire() { return wire_; }

private:
    WireClient wire_;
    int last_id_{0};
    std::vector<Json> kept_;
};

}  // namespace keel::test
