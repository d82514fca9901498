#include "connectors/binance_usdm/feed.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/binance_usdm/encode.hpp"
#include "connectors/binance_usdm/parse.hpp"
#include "connectors/binance_usdm/urls.hpp"
#include "connectors/net/rate_limiter.hpp"
#include "connectors/net/rest_client.hpp"
#include "connectors/net/websocket_session.hpp"
#include "engine/core/assert.hpp"

namespace keel::connectors::binance {
namespace {

using Clock = std::chrono::steady_clock;

// A poll stops reading when the batch holds this much, which leaves room for one snapshot (at most 5,000
// levels a side) and everything that was kept for it.
constexpr std::size_t kBatchEventsMax = 8'192;
constexpr std::size_t kFramesPerPollMax = 256;  // then the caller gets its turn
static_assert(kBatchEventsMax + 10'000 + DepthChain::kPendingEventsMax < EventBatch::kEventsMax);

// An overlong snapshot backoff costs a stale book, a short one the request budget: 20 weight a try.
constexpr net::ReconnectBackoff::Options kSnapshotBackoff{std::chrono::milliseconds{200}, std::chrono::seconds{10}};
constexpr std::uint64_t kBackoffSeed = 0x62696e616e6365;  // any fixed number: jitter needs no secrecy
constexpr unsigned kHttpOk = 200;

bool is_market_fact(EventKind kind) { return kind >= EventKind::book_snapshot && kind <= EventKind::volatility_index; }

}  // namespace

struct Feed::Core {
    struct Connection {
        Connection(const Config& config, const net::TlsContext& context, Route route_taken)
            : route{route_taken},
              session{{.endpoint = endpoint_of(config, route_taken), .read_deadline = config.read_deadline}, context},
              backoff{{}, kBackoffSeed} {}

        static net::Endpoint endpoint_of(const Config& config, Route route) {
            net::Endpoint endpoint = config.stream;
            endpoint.path = stream_path(route);
            return endpoint;
        }

        Route route;
        net::WebSocketSession session;
        net::ReconnectBackoff backoff;
        std::vector<std::string> streams;
        net::Monotonic not_before{};
        bool attempted{false};   // connect() was called and its end not yet seen
        bool subscribed{false};  // in this connection
        bool has_ended{false};
    };
    struct SnapshotPlan {
        net::ReconnectBackoff backoff{kSnapshotBackoff, kBackoffSeed};
        net::Monotonic not_before{};
    };
    struct SnapshotRequest {
        std::uint64_t ticket;
        std::size_t slot;  // in `chains`
    };

    Core(const Config& configured, const net::TlsContext& context, const InstrumentTable& table,
         net::ConnectBudget& shared_budget);

    Connection& connection_for(Route route, const net::TlsContext& context);
    std::size_t drive(Connection& connection, EventBatch& out);
    void on_closed(Connection& connection, EventBatch& out);
    void subscribe(Connection& connection, EventBatch& out);
    void on_frame(const net::Frame& frame, EventBatch& out);
    void judge(const Message& message, std::size_t start, EventBatch& out);
    void count_refusal(Errc code);
    void stamp(std::size_t start, UnixNanos exchange_time, std::uint64_t cycles, EventBatch& out);
    void tell_session(SessionState state, std::uint64_t reason, EventBatch& out);
    std::size_t drive_snapshots(EventBatch& out);
    void take_snapshot(const net::RestOutcome& outcome, std::size_t slot, EventBatch& out);
    void ask_for_snapshot();
    [[nodiscard]] bool is_ready() const;

    Config config;
    VenueId venue;
    Decoder decoder;
    EdgeClock clock;
    net::ConnectBudget& budget;
    std::vector<std::unique_ptr<Connection>> connections;
    std::vector<DepthChain> chains;
    std::vector<SnapshotPlan> plans;       // one for each chain
    std::vector<std::string> symbols;      // of each chain
    std::vector<std::size_t> chain_slots;  // by InstrumentId slot; npos where there is none
    net::RestClient rest;
    net::RateLimiter weight;
    std::optional<SnapshotRequest> in_flight;
    SessionState told{SessionState::down};
    FeedCounters counters;
};

Feed::Core::Core(const Config& configured, const net::TlsContext& context, const InstrumentTable& table,
                 net::ConnectBudget& shared_budget)
    : config{configured},
      venue{venue_of(configured.family)},
      decoder{table, venue},
      clock{configured.clock},
      budget{shared_budget},
      chain_slots(table.size(), std::string::npos),
      rest{{.endpoint = configured.rest, .answer_deadline = configured.snapshot_deadline}, context},
      weight{{.tokens_max = static_cast<double>(configured.request_weight_per_minute),
              .tokens_per_s = configured.request_weight_per_minute / 60.0},
             Clock::now()} {
    KEEL_ASSERT(config.symbols.size() * config.streams.size() <= kStreamsMax);
    for (const std::string& stream : config.streams) {
        Connection& connection = connection_for(config.routed ? route_of(stream) : Route::all, context);
        for (const std::string& symbol : config.symbols) connection.streams.push_back(stream_name(symbol, stream));
    }
    const bool has_depth =
        std::ranges::any_of(config.streams, [](const std::string& s) { return s.starts_with("depth"); });
    for (const std::string& symbol : config.symbols) {
        const InstrumentId instrument = table.find(venue, symbol);
        if (!has_depth || instrument == InstrumentId::none) continue;
        chain_slots[slot(instrument)] = chains.size();
        chains.emplace_back(venue, instrument);
        plans.emplace_back();
        symbols.push_back(symbol);
    }
}

Feed::Core::Connection& Feed::Core::connection_for(Route route, const net::TlsContext& context) {
    for (const auto& connection : connections) {
        if (connection->route == route) return *connection;
    }
    return *connections.emplace_back(std::make_unique<Connection>(config, context, route));
}

std::size_t Feed::Core::drive(Connection& connection, EventBatch& out) {
    net::WebSocketSession& session = connection.session;
    session.poll();
    std::size_t work = 0;
    // What arrived before the end is read before the end is seen.
    while (work < kFramesPerPollMax && out.size() < kBatchEventsMax) {
        const std::optional<net::Frame> frame = session.next_frame();
        if (!frame) break;
        on_frame(*frame, out);
        ++work;
    }
    if (work > 0) return work;
    switch (session.state()) {
        case net::WebSocketState::connecting: return 0;
        case net::WebSocketState::open:
            if (!connection.subscribed) subscribe(connection, out);
            return 0;
        case net::WebSocketState::closed: break;
    }
    if (connection.attempted) on_closed(connection, out);
    const net::Monotonic now = Clock::now();
    if (connection.has_ended || now < connection.not_before || !budget.take(now)) return 0;
    connection.attempted = true;
    ++counters.connects;
    if (told == SessionState::down) tell_session(SessionState::connecting, 0, out);
    session.connect();
    return 1;
}

void Feed::Core::on_closed(Connection& connection, EventBatch& out) {
    connection.attempted = false;
    connection.not_before = Clock::now() + connection.backoff.next();
    if (connection.subscribed && !config.reconnect) connection.has_ended = true;
    if (connection.subscribed && connection.route != Route::market) {
        const std::size_t start = out.size();
        for (DepthChain& chain : chains) chain.reset(out);
        stamp(start, UnixNanos{}, 0, out);
    }
    connection.subscribed = false;
    if (told != SessionState::down) {
        tell_session(SessionState::down, static_cast<std::uint64_t>(connection.session.close_reason().code), out);
    }
}

void Feed::Core::subscribe(Connection& connection, EventBatch& out) {
    const Result<std::uint64_t> sent = connection.session.send(encode_subscribe(connection.streams, counters.connects));
    if (!sent) return;  // the next poll sees the closed session, or an empty queue
    connection.subscribed = true;
    connection.backoff.reset();
    tell_session(SessionState::syncing, 0, out);
}

void Feed::Core::on_frame(const net::Frame& frame, EventBatch& out) {
    ++counters.frames;
    counters.bytes += frame.text.size();
    counters.last_frame_ns = Clock::now().time_since_epoch().count();
    if (counters.first_frame_ns == 0) counters.first_frame_ns = counters.last_frame_ns;
    const std::size_t start = out.size();
    const Result<Message> message = decoder.frame(frame.text, out);
    if (!message) {
        count_refusal(message.error().code);
        return;
    }
    if (message->exchange_time > UnixNanos{}) {
        if (counters.first_exchange_time == UnixNanos{}) counters.first_exchange_time = message->exchange_time;
        counters.last_exchange_time = std::max(counters.last_exchange_time, message->exchange_time);
    }
    judge(*message, start, out);
    stamp(start, message->exchange_time, frame.receive_cycles, out);
}

void Feed::Core::judge(const Message& message, std::size_t start, EventBatch& out) {
    const bool depth = message.kind == MessageKind::depth_update || message.kind == MessageKind::depth_snapshot;
    if (!depth) return;
    const std::size_t at = chain_slots[slot(message.instrument)];
    // Partial depth is not subscribed, and would tear a book that a chain keeps.
    if (at == std::string::npos || message.kind == MessageKind::depth_snapshot) {
        out.truncate(start);
        return;
    }
    chains[at].on_update(message, start, out);
}

void Feed::Core::count_refusal(Errc code) {
    if (code == Errc::unsupported_channel) {
        ++counters.refused_unsupported;
    } else if (code == Errc::unknown_instrument) {
        ++counters.refused_unknown;
    } else {
        ++counters.refused_malformed;
    }
}

void Feed::Core::stamp(std::size_t start, UnixNanos exchange_time, std::uint64_t cycles, EventBatch& out) {
    clock.observe(exchange_time);
    const UnixNanos now = clock.now();
    const std::uint64_t decoded = cycles_now();
    for (Event& event : out.events().subspan(start)) {
        event.receive_time = now;
        event.receive_cycles = cycles;
        event.decoded_cycles = decoded;
        if (is_market_fact(event.kind)) ++counters.events;
    }
}

void Feed::Core::tell_session(SessionState state, std::uint64_t reason, EventBatch& out) {
    told = state;
    const std::size_t start = out.size();
    Event event = Event::of(
        EventKind::session, venue, InstrumentId::none,
        SessionReport{
            .state = state, .role = SessionRole::market_data, .generation = counters.connects, .reason = reason});
    event.flags = kFirst | kLast;
    KEEL_ASSERT(out.push(event));  // a poll stops reading long before the batch is full
    stamp(start, UnixNanos{}, 0, out);
}

std::size_t Feed::Core::drive_snapshots(EventBatch& out) {
    if (in_flight) {
        if (out.size() > kBatchEventsMax) return 0;
        const std::optional<net::RestOutcome> outcome = rest.poll();
        if (!outcome || outcome->ticket != in_flight->ticket) return 0;
        const std::size_t at = in_flight->slot;
        in_flight.reset();
        take_snapshot(*outcome, at, out);
        return 1;
    }
    ask_for_snapshot();
    return 0;
}

void Feed::Core::take_snapshot(const net::RestOutcome& outcome, std::size_t at, EventBatch& out) {
    DepthChain& chain = chains[at];
    // Unanswered, or refused (detail in the body), or too old: again, later. Wanted until then.
    plans[at].not_before = Clock::now() + plans[at].backoff.next();
    if (outcome.error != Errc::none || outcome.response.status != kHttpOk || !chain.wants_snapshot()) return;
    const std::size_t start = out.size();
    const Result<Message> message = decoder.snapshot(outcome.response.body, chain.instrument(), out);
    if (!message) {
        count_refusal(message.error().code);
        return;
    }
    chain.on_snapshot(*message, start, out);
    stamp(start, message->exchange_time, outcome.response.receive_cycles, out);
    if (!chain.wants_snapshot()) plans[at] = SnapshotPlan{};
}

void Feed::Core::ask_for_snapshot() {
    const net::Monotonic now = Clock::now();
    for (std::size_t at = 0; at < chains.size(); ++at) {
        if (!chains[at].wants_snapshot() || now < plans[at].not_before) continue;
        if (!weight.take(depth_weight(config.snapshot_levels), now)) return;
        const std::string target = depth_target(config.family, symbols[at], config.snapshot_levels);
        net::RestRequest request;
        request.target = target;
        const Result<std::uint64_t> ticket = rest.start(request);
        if (ticket) in_flight = SnapshotRequest{*ticket, at};
        return;
    }
}

bool Feed::Core::is_ready() const {
    const auto subscribed = [](const auto& connection) { return connection->subscribed; };
    return std::ranges::all_of(connections, subscribed) &&
           std::ranges::all_of(chains, [](const DepthChain& chain) { return chain.has_book(); });
}

Feed::Feed(const Config& config, net::TlsContext context, const InstrumentTable& instruments,
           net::ConnectBudget& budget)
    : core_{std::make_unique<Core>(config, context, instruments, budget)} {}
Feed::~Feed() = default;

std::size_t Feed::poll(EventBatch& out) {
    std::size_t work = 0;
    for (const auto& connection : core_->connections) work += core_->drive(*connection, out);
    work += core_->drive_snapshots(out);
    const bool ready = core_->is_ready();
    if (ready && core_->told == SessionState::syncing) core_->tell_session(SessionState::ready, 0, out);
    if (!ready && core_->told == SessionState::ready) core_->tell_session(SessionState::syncing, 0, out);
    return work;
}

bool Feed::has_ended() const {
    const auto& connections = core_->connections;
    return std::ranges::all_of(connections, [](const auto& connection) { return connection->has_ended; });
}

bool Feed::is_ready() const { return core_->is_ready(); }
const FeedCounters& Feed::counters() const { return core_->counters; }
std::span<const DepthChain> Feed::depth() const { return core_->chains; }

}  // namespace keel::connectors::binance
