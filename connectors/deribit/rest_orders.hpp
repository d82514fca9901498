#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "connectors/deribit/config.hpp"
#include "connectors/deribit/requests.hpp"
#include "connectors/net/credentials.hpp"
#include "connectors/net/hmac.hpp"
#include "connectors/net/rest_client.hpp"
#include "engine/core/fixed_vector.hpp"
#include "engine/events/command.hpp"

namespace keel::connectors::deribit {

// Order requests over HTTPS, each signed (deri-hmac-sha256): one at a time on a kept connection, later
// ones waiting in order. What waits has provably not left.
// Thread: one. Allocates: as the HTTP client needs.
class RestOrders {
public:
    static constexpr std::size_t kWaitingMax = 64;  // one at a time at a few a second: more would be stale

    RestOrders(const Config& config, net::TlsContext tls, const net::Credentials& credentials);

    struct Waiting {
        OrderCommand command{};
        RequestKind kind{RequestKind::none};
    };
    // False when the queue is full.
    [[nodiscard]] bool enqueue(const OrderCommand& command, RequestKind kind);
    // The next one to encode, when the connection is free.
    [[nodiscard]] const Waiting* next() const;

    struct Written {
        std::uint64_t sign_cycles{0};
        bool accepted{false};  // handed to the HTTP client
    };
    // Signs and sends the body for next(), which is then in flight.
    Written write_next(std::string_view body, std::int64_t venue_time_ms);

    struct Answer {
        Waiting of;
        net::RestOutcome outcome;
    };
    // The answer to the one in flight, if it came.
    [[nodiscard]] std::optional<Answer> poll();
    void warm() { client_.warm(); }

private:
    net::RestClient client_;
    const net::Credentials& credentials_;
    net::HmacSha256 key_;
    std::string authorization_;
    FixedVector<Waiting, kWaitingMax> waiting_;
    Waiting current_{};
};

// Where a request of this kind goes: "/api/v2".
[[nodiscard]] std::string_view rest_order_target();

}  // namespace keel::connectors::deribit
