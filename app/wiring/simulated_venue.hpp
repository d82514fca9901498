#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/config/configuration.hpp"
#include "simulator/deribit/server.hpp"

namespace keel::app {

// What a simulated Deribit is to serve.
struct SimulatedVenueOptions {
    std::filesystem::path directory;  // certificates and credentials are written here, 0700
    std::uint16_t port{0};
    std::string scenario{"shock"};
    std::uint64_t seed{1};
    double seconds{0.0};      // span of the market; 0 = no end
    double speed{1.0};
    std::string data;         // recorded chains instead of the generator
    bool interpolate{false};
    bool rate_limits{true};   // false: for demonstrations at speed, where simulated seconds are short
    PortfolioSettings portfolio;  // opening holdings of the account
};

// A running simulated Deribit with one account, and where its client finds what it needs.
struct SimulatedVenue {
    std::unique_ptr<simulator::DeribitServer> server;  // serving on a thread of its own
    std::filesystem::path authority;    // PEM that a client must trust
    std::filesystem::path credentials;  // mode 0600
    std::string description;            // one sentence: what is simulated, what is recorded
};

// Makes the market, opens the account with its holdings, writes certificates and credentials once nothing can fail
// any more, and starts serving. The clock of the market starts with the first subscription. Throws OutsideError.
SimulatedVenue start_simulated_venue(const SimulatedVenueOptions& options);

}  // namespace keel::app
