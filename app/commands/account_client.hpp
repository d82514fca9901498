#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "app/config/configuration.hpp"

namespace keel::app {

// A Deribit account over signed REST requests, one at a time: the path of `keel kill`, which shares neither
// connection nor state with a running engine. Only reads and cancels: it cannot place an order.
// Thread: one. Allocates: freely. Throws OutsideError where the venue cannot be reached or refuses the key.
class AccountClient {
public:
    AccountClient(const Configuration& configuration, const VenueSettings& venue, bool allow_env_secrets);
    ~AccountClient();
    AccountClient(const AccountClient&) = delete;
    AccountClient& operator=(const AccountClient&) = delete;

    // private/cancel_all: how many orders the venue says it cancelled. An error of the venue is reported in
    // `problem()` and counts as none: the listing afterwards is what proves.
    std::uint64_t cancel_all();
    // private/get_open_orders: how many there are, of any kind and currency.
    std::uint64_t open_orders();
    // The venue's last refusal, in its own words; empty after a success.
    [[nodiscard]] const std::string& problem() const;

private:
    struct Connection;
    std::unique_ptr<Connection> connection_;
};

}  // namespace keel::app
