#include "app/wiring/simulated_venue.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <array>

#include "app/failure.hpp"
#include "app/wiring/opening_positions.hpp"
#include "app/wiring/venue_files.hpp"
#include "simulator/market/market_source.hpp"

namespace keel::app {
namespace {

constexpr std::string_view kClientId = "keel-simulated";
// Enough cash that the default portfolio stays inside the venue's margin rules through a crash.
constexpr std::array<double, simulator::kCurrencyCount> kBalances{100.0, 1'000.0, 1'000'000.0};

std::string random_secret() {
    std::array<unsigned char, 24> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) throw OutsideError{"no randomness for a secret"};
    std::string text;
    for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
    return text;
}

std::unique_ptr<simulator::MarketSource> make_market(const SimulatedVenueOptions& options) {
    if (options.data.empty()) {
        auto market = simulator::make_generated_market({.scenario = options.scenario,
                                                        .seed = options.seed,
                                                        .seconds = options.seconds > 0.0 ? options.seconds : 60.0});
        if (!market) throw OutsideError{"no market scenario named " + options.scenario};
        return std::move(*market);
    }
    auto market = simulator::make_recorded_market({.folder = options.data,
                                                   .seed = options.seed,
                                                   .speed = options.speed > 0.0 ? options.speed : 3'600.0,
                                                   .interpolate = options.interpolate});
    if (!market) {
        throw OutsideError{fmt::format("recorded chains below {}: {}", options.data, errc_name(market.error().code))};
    }
    return std::move(*market);
}

simulator::DeribitServerConfig server_config(const SimulatedVenueOptions& options,
                                             const simulator::CertificateFiles& certificates) {
    simulator::DeribitServerConfig config;
    config.port = options.port;
    config.certificate = certificates.certificate;
    config.key = certificates.key;
    config.speed = options.speed;
    config.span_s = options.seconds;
    config.start_at_first_subscription = true;
    config.limits.enforced = options.rate_limits;
    config.allow_control = true;  // a loopback venue of our own: tests and the demo read its state
    return config;
}

}  // namespace

SimulatedVenue start_simulated_venue(const SimulatedVenueOptions& options) {
    std::unique_ptr<simulator::MarketSource> market = make_market(options);
    SimulatedVenue venue;
    venue.description = market->description();
    VenueFiles files{options.directory};
    const std::string secret = random_secret();
    files.add_credentials(std::string{kClientId}, secret);
    auto server = simulator::DeribitServer::open(server_config(options, files.certificates()), std::move(market));
    if (!server) {
        throw OutsideError{fmt::format("the simulated venue cannot listen on 127.0.0.1:{} ({})", options.port,
                                       errc_name(server.error().code))};
    }
    venue.server = std::move(*server);
    simulator::AccountConfig account;
    account.name = "simulated";
    account.client_id = kClientId;
    account.client_secret = secret;
    account.balances = kBalances;
    std::string refused;
    venue.server->perform([&](simulator::Exchange& exchange) {
        account.positions = opening_positions(options.portfolio, exchange);
        if (const auto opened = exchange.open_account(account); !opened) refused = opened.error().message;
    });
    if (!refused.empty()) throw OutsideError{"the simulated account cannot be opened: " + refused};
    files.publish();
    venue.authority = files.authority();
    venue.credentials = files.credentials();
    venue.server->start();
    return venue;
}

}  // namespace keel::app
