#include "app/wiring/deribit_links.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdlib>
#include <filesystem>

#include "app/failure.hpp"
#include "app/log.hpp"
#include "app/wiring/core.hpp"
#include "connectors/deribit/errors.hpp"
#include "connectors/deribit/feed.hpp"
#include "connectors/deribit/gateway.hpp"
#include "engine/journal/directory_lock.hpp"

namespace keel::app {
namespace {

namespace deribit = connectors::deribit;
namespace net = connectors::net;

net::TlsContext tls_of(const Configuration& configuration, const VenueSettings& venue) {
    auto tls = net::TlsContext::create(resolved_path(configuration, venue.ca_file));
    if (!tls) throw OutsideError{fmt::format("{}: cannot be read", venue.ca_file)};
    return *tls;
}

// Attempts of every Deribit connection of this process together: the last defence against a storm.
net::ConnectBudget& connect_budget() {
    static net::ConnectBudget budget{120, std::chrono::minutes{1}};
    return budget;
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

deribit::Config base_config(const Configuration& configuration, const VenueSettings& venue) {
    deribit::Config config;
    config.host = venue.host;
    config.port = venue.port;
    config.server_name = venue.server_name;
    config.ca_file = resolved_path(configuration, venue.ca_file);
    if (!venue.currencies.empty()) config.currencies = venue.currencies;
    config.interval = venue.book_interval == BookInterval::raw ? "raw" : "100ms";
    config.order_transport =
        venue.transport == Transport::rest ? deribit::OrderTransport::rest : deribit::OrderTransport::websocket;
    config.matching_per_s = configuration.gate.messages_per_second_max;
    config.matching_burst = configuration.gate.messages_burst_max;
    config.cancel_reserve_ratio = configuration.gate.cancel_reserve_ratio;
    config.heartbeat = std::chrono::seconds{venue.heartbeat_s};
    config.connect_deadline = venue.connect_deadline;
    config.silence_max = venue.read_deadline;
    config.price_indices.clear();
    for (const std::string& currency : config.currencies) config.price_indices.push_back(lower(currency) + "_usd");
    config.volatility_indices = config.price_indices;
    return config;
}

// Every option that still lives, nearest expiry first, at most kOptionTickersMax.
std::vector<std::string> option_tickers(const InstrumentTable& instruments) {
    std::vector<InstrumentId> options;
    for (const Instrument& instrument : instruments) {
        if (instrument.venue == VenueId::deribit && instrument.is_option()) options.push_back(instrument.id);
    }
    std::ranges::stable_sort(options, {}, [&](InstrumentId id) { return instruments[id].expiry; });
    if (options.size() > kOptionTickersMax) {
        log_warn(fmt::format("{} options are listed; tickers of the {} nearest to expiry are subscribed",
                             options.size(), kOptionTickersMax));
        options.resize(kOptionTickersMax);
    }
    std::vector<std::string> names;
    for (const InstrumentId id : options) names.emplace_back(instruments[id].name_view());
    return names;
}

deribit::Config feed_config(const Configuration& configuration, const VenueSettings& venue,
                            const InstrumentTable& instruments) {
    deribit::Config config = base_config(configuration, venue);
    for (const InstrumentId id : book_instruments(configuration, instruments)) {
        if (instruments[id].venue != VenueId::deribit) continue;
        config.books.emplace_back(instruments[id].name_view());
    }
    config.trades = config.books;
    config.tickers = config.books;
    if (venue.option_tickers) {
        const std::vector<std::string> options = option_tickers(instruments);
        config.tickers.insert(config.tickers.end(), options.begin(), options.end());
    }
    return config;
}

std::unique_ptr<net::Credentials> credentials_of(const Configuration& configuration, const VenueSettings& venue,
                                                 bool allow_env_secrets) {
    if (venue.credentials_file.empty() && !allow_env_secrets) return nullptr;
    const std::string path = resolved_path(configuration, venue.credentials_file);
    auto read = venue.credentials_file.empty() ? net::credentials_from_environment("KEEL_DERIBIT", true)
                                               : net::load_credentials(path);
    if (!read) {
        throw OutsideError{fmt::format("{}: {}", venue.credentials_file.empty() ? "KEEL_DERIBIT_KEY_ID" : path,
                                       errc_name(read.error().code))};
    }
    return std::make_unique<net::Credentials>(std::move(*read));
}

// Whether the venue refused the key of a session for good, as other threads may ask. Thread: see() by the link's,
// text() by any.
class KeyRefusal {
public:
    KeyRefusal(const Configuration& configuration, const VenueSettings& venue)
        : key_{fmt::format("deribit at {}:{} refused the key of {}", venue.host, venue.port,
                           key_place(configuration, venue))} {}

    void see(const deribit::RpcSession& session) { code_.store(session.key_refused(), std::memory_order_relaxed); }
    [[nodiscard]] std::string text() const {
        const std::int64_t code = code_.load(std::memory_order_relaxed);
        return code == 0 ? std::string{} : fmt::format("{}: {} {}", key_, code, deribit::error_name(code));
    }

private:
    static std::string key_place(const Configuration& configuration, const VenueSettings& venue) {
        if (venue.credentials_file.empty()) return "KEEL_DERIBIT_KEY_ID in the environment";
        return fmt::format("{} (venue.{}.credentials_file)", resolved_path(configuration, venue.credentials_file),
                           &venue - configuration.venues.data());
    }

    std::string key_;
    std::atomic<std::int64_t> code_{0};
};

// One order session per account and host, whatever state directory it was given: two engines would hedge each other's
// hedges. Held beside, not in, the state directory, by the hash of venue and key.
DirectoryLock lock_account(const VenueSettings& venue, const net::Credentials& credentials) {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    const std::filesystem::path directory = runtime != nullptr && *runtime != '\0'
                                                ? std::filesystem::path{runtime} / "keel"
                                                : std::filesystem::path{fmt::format("/tmp/keel-{}", ::getuid())};
    const std::string account = fmt::format("{}:{} {}", venue.host, venue.port, credentials.key_id);
    auto lock =
        DirectoryLock::take(directory, fmt::format("account-{:016x}", XXH3_64bits(account.data(), account.size())));
    if (lock) return std::move(*lock);
    if (lock.error().code == Errc::already_running) {
        throw OutsideError{fmt::format("another engine (process {}) trades this account of {}:{}", lock.error().detail,
                                       venue.host, venue.port)};
    }
    throw OutsideError{fmt::format("{} cannot be used: {}", directory.string(), errc_name(lock.error().code))};
}

class DeribitFeedLink final : public SessionLink, public Link {
public:
    DeribitFeedLink(const Configuration& configuration, const VenueSettings& venue, const InstrumentTable& instruments,
                    std::unique_ptr<net::Credentials> credentials)
        : credentials_{std::move(credentials)},
          clock_{configuration.engine.clock},
          feed_{feed_config(configuration, venue, instruments),
                tls_of(configuration, venue),
                instruments,
                clock_,
                &connect_budget(),
                credentials_.get()},
          refusal_{configuration, venue} {}

    Link& link() override { return *this; }
    std::size_t poll(EventBatch& batch) override {
        const std::size_t done = feed_.poll(batch);
        ready_.store(feed_.is_ready(), std::memory_order_relaxed);
        refusal_.see(feed_.session());
        return done;
    }
    std::string key_refusal() const override { return refusal_.text(); }
    bool is_ready() const override { return ready_.load(std::memory_order_relaxed); }
    std::string summary() const override {
        const deribit::FeedCounts& counts = feed_.counts();
        return fmt::format(
            "market data: {} frames, {} events, {} refused, {} gaps, {} connects, {} of {} channels dropped",
            counts.frames, counts.events, counts.frames_refused, counts.gaps, counts.connects, counts.channels_dropped,
            counts.channels_subscribed + counts.channels_dropped);
    }

private:
    std::unique_ptr<net::Credentials> credentials_;
    EdgeClock clock_;
    deribit::Feed feed_;
    KeyRefusal refusal_;
    std::atomic<bool> ready_{false};
};

class DeribitOrderLink final : public SessionLink {
public:
    DeribitOrderLink(const Configuration& configuration, const VenueSettings& venue, const InstrumentTable& instruments,
                     std::unique_ptr<net::Credentials> credentials)
        : credentials_{std::move(credentials)},
          account_{lock_account(venue, *credentials_)},
          clock_{configuration.engine.clock},
          gateway_{base_config(configuration, venue),
                   tls_of(configuration, venue),
                   instruments,
                   clock_,
                   *credentials_,
                   &connect_budget()},
          refusal_{configuration, venue},
          polled_{*this} {}

    Link& link() override { return polled_; }
    bool is_ready() const override { return ready_.load(std::memory_order_relaxed); }
    std::string key_refusal() const override { return refusal_.text(); }
    void request_cancel_all() override { gateway_.cancel_ours(); }
    bool cancel_all_confirmed() const override { return gateway_.ours_left() == std::size_t{0}; }
    const LatencyHistogram* tick_to_trade() const override { return &gateway_.latency().tick_to_trade; }
    std::span<const OrderTiming> order_timings() const override { return gateway_.latency().orders.newest(); }
    const OrderStages* order_stages() const override { return &stages_; }
    std::string summary() const override {
        const deribit::GatewayCounts& counts = gateway_.counts();
        return fmt::format("orders: {} commands, {} not sent, {} venue errors, {} unknown, {} connects, {} throttled",
                           counts.commands, counts.not_sent, counts.venue_errors, counts.unknown, counts.connects,
                           counts.throttled);
    }

private:
    // What the runner polls: the gateway, with its readiness published for other threads.
    class Polled final : public OrderLink {
    public:
        explicit Polled(DeribitOrderLink& owner) : owner_{owner} {}
        std::size_t poll(EventBatch& batch) override {
            const std::size_t done = owner_.gateway_.poll(batch);
            owner_.ready_.store(owner_.gateway_.is_ready(), std::memory_order_relaxed);
            owner_.refusal_.see(owner_.gateway_.session());
            return done;
        }
        VenueId venue() const override { return owner_.gateway_.venue(); }
        void send(const OrderCommand& command) override { owner_.gateway_.send(command); }

    private:
        DeribitOrderLink& owner_;
    };

    std::unique_ptr<net::Credentials> credentials_;
    DirectoryLock account_;
    EdgeClock clock_;
    deribit::Gateway gateway_;
    OrderStages stages_{gateway_.latency().handover, gateway_.latency().encode, gateway_.latency().sign,
                        gateway_.latency().write};
    KeyRefusal refusal_;
    Polled polled_;
    std::atomic<bool> ready_{false};
};

}  // namespace

void load_deribit_instruments(const Configuration& configuration, const VenueSettings& venue,
                              InstrumentTable& instruments) {
    const auto loaded =
        deribit::load_instruments(base_config(configuration, venue), tls_of(configuration, venue), instruments);
    if (!loaded) {
        throw OutsideError{fmt::format("{}:{}: instruments cannot be loaded: {} ({})", venue.host, venue.port,
                                       errc_name(loaded.error().code), loaded.error().detail)};
    }
}

void add_deribit_links(const Configuration& configuration, const VenueSettings& venue,
                       const InstrumentTable& instruments, bool allow_env_secrets,
                       std::vector<std::unique_ptr<SessionLink>>& links) {
    links.push_back(std::make_unique<DeribitFeedLink>(configuration, venue, instruments,
                                                      credentials_of(configuration, venue, allow_env_secrets)));
    if (auto credentials = credentials_of(configuration, venue, allow_env_secrets); credentials != nullptr) {
        links.push_back(std::make_unique<DeribitOrderLink>(configuration, venue, instruments, std::move(credentials)));
    }
}

}  // namespace keel::app
