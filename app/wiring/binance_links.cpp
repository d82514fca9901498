#include "app/wiring/binance_links.hpp"

#include <fmt/format.h>

#include <atomic>

#include "app/config/mapping.hpp"
#include "app/failure.hpp"
#include "connectors/binance_usdm/feed.hpp"
#include "connectors/binance_usdm/reference.hpp"

namespace keel::app {
namespace {

namespace binance = connectors::binance;
namespace net = connectors::net;

net::TlsContext tls_of(const Configuration& configuration, const VenueSettings& venue) {
    auto tls = net::TlsContext::create(resolved_path(configuration, venue.ca_file));
    if (!tls) throw OutsideError{fmt::format("{}: cannot be read", venue.ca_file)};
    return *tls;
}

net::Endpoint endpoint(const VenueSettings& venue, const std::string& host, std::uint16_t port) {
    net::Endpoint at;
    at.host = host;
    at.port = port;
    at.server_name = venue.server_name;
    return at;
}

binance::Config config_of(const Configuration& configuration, const VenueSettings& venue) {
    binance::Config config;
    config.family =
        venue.venue == VenueId::binance_usdm ? binance::ContractFamily::usdm : binance::ContractFamily::coinm;
    config.stream = endpoint(venue, venue.host, venue.port);
    config.rest = endpoint(venue, venue.rest_host.empty() ? venue.host : venue.rest_host,
                           venue.rest_port == 0 ? venue.port : venue.rest_port);
    config.ca_file = resolved_path(configuration, venue.ca_file);
    config.symbols = venue.instruments;
    if (!venue.streams.empty()) config.streams = venue.streams;
    config.routed = venue.routed;
    config.reconnect = venue.reconnect;
    config.clock = configuration.engine.clock;
    return config;
}

// The feed as the runner sees it.
class BinanceFeedLink final : public SessionLink, public Link {
public:
    BinanceFeedLink(const Configuration& configuration, const VenueSettings& venue, const InstrumentTable& instruments)
        : budget_{300, std::chrono::minutes{5}},  // the venue's own bound on connection attempts
          feed_{config_of(configuration, venue), tls_of(configuration, venue), instruments, budget_} {}

    Link& link() override { return *this; }
    std::size_t poll(EventBatch& batch) override {
        const std::size_t done = feed_.poll(batch);
        ready_.store(feed_.is_ready(), std::memory_order_relaxed);
        if (done == 0) ended_.store(feed_.has_ended(), std::memory_order_release);
        return done;
    }
    bool has_ended() const override { return ended_.load(std::memory_order_acquire); }
    bool is_ready() const override { return ready_.load(std::memory_order_relaxed); }
    void add_depth(std::vector<DepthSummary>& out) const override {
        for (const binance::DepthChain& chain : feed_.depth()) {
            const binance::DepthCounters& counters = chain.counters();
            out.push_back({.instrument = chain.instrument(), .updates = counters.updates, .applied = counters.applied,
                           .dropped = counters.dropped, .gaps = counters.gaps, .last_id = counters.last_id});
        }
    }
    std::string summary() const override {
        const binance::FeedCounters& counters = feed_.counters();
        const double host_s = static_cast<double>(counters.last_frame_ns - counters.first_frame_ns) * 1e-9;
        const double venue_s =
            static_cast<double>((counters.last_exchange_time - counters.first_exchange_time).count()) * 1e-9;
        return fmt::format(
            "market data: {} frames, {} events, {:.1f} s of the venue's time in {:.2f} s ({:.0f} x), {} malformed",
            counters.frames, counters.events, venue_s, host_s, host_s > 0.0 ? venue_s / host_s : 0.0,
            counters.refused_malformed);
    }
    double speed_ratio() const override {
        const binance::FeedCounters& counters = feed_.counters();
        const double host_ns = static_cast<double>(counters.last_frame_ns - counters.first_frame_ns);
        const double venue_ns =
            static_cast<double>((counters.last_exchange_time - counters.first_exchange_time).count());
        return host_ns > 0.0 ? venue_ns / host_ns : 0.0;
    }

private:
    net::ConnectBudget budget_;
    binance::Feed feed_;
    std::atomic<bool> ready_{false};
    std::atomic<bool> ended_{false};
};

}  // namespace

void load_binance_instruments(const Configuration& configuration, const VenueSettings& venue,
                              InstrumentTable& instruments) {
    if (!venue.definitions.empty()) {
        add_defined_instruments(venue, instruments);
        return;
    }
    const auto loaded =
        binance::load_instruments(config_of(configuration, venue), tls_of(configuration, venue), instruments);
    if (!loaded) {
        throw OutsideError{fmt::format("{}:{}: instruments cannot be loaded: {}", venue.host, venue.port,
                                       errc_name(loaded.error().code))};
    }
}

void add_binance_links(const Configuration& configuration, const VenueSettings& venue,
                       const InstrumentTable& instruments, std::vector<std::unique_ptr<SessionLink>>& links) {
    links.push_back(std::make_unique<BinanceFeedLink>(configuration, venue, instruments));
}

}  // namespace keel::app
