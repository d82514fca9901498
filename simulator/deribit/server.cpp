#include "simulator/deribit/server.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "simulator/deribit/dispatcher.hpp"
#include "simulator/deribit/methods/methods.hpp"
#include "simulator/market/market_source.hpp"
#include "simulator/net/tls_server.hpp"

namespace keel::simulator {
namespace {

using deribit::Dispatcher;
using deribit::Interval;
using deribit::Publisher;
using deribit::Session;
using Clock = Session::Clock;

constexpr std::string_view kSocketTarget = "/ws/api/v2";
constexpr std::uint16_t kHeartbeatClose = 4000;
constexpr std::uint16_t kPolicyClose = 1008;
constexpr double kTestAnswerS = 10.0;           // heartbeat seconds to answer a test_request
constexpr std::int64_t kBatchNs = 100'000'000;  // the venue's "100ms"
constexpr std::int64_t kBatchesPerSecond = 10;  // "agg2" ends with every tenth
constexpr std::chrono::milliseconds kTurn{1};   // longest wait while time passes
// Simulated time one turn may play before sockets are served again.
constexpr std::int64_t kTurnSpanNs = 10 * kBatchNs;

}  // namespace

struct DeribitServer::Core {
    Core(const DeribitServerConfig& server_config, std::unique_ptr<MarketSource> market)
        : config{server_config},
          exchange{server_config.exchange, std::move(market)},
          authentication{exchange, server_config.token_lifetime_wall_s},
          publisher{
              exchange, faults, sent,
              [this](ConnectionId id, std::shared_ptr<const std::string> text) { return send(id, std::move(text)); }},
          venue{config, exchange, authentication, publisher, faults, sent, orders_seen, {}, {}, false},
          dispatcher{venue} {}

    ServerHandler handler();
    bool send(ConnectionId id, std::shared_ptr<const std::string> text);
    void on_text(ConnectionId id, std::string_view text);
    void on_http(RequestId id, const HttpRequest& request);
    void on_close(ConnectionId id);

    void turn(std::chrono::nanoseconds limit);
    void run_tasks();
    bool pass_time(Clock::time_point now);
    void play_until(UnixNanos time);
    [[nodiscard]] bool readers_keep_up() const { return tls->queued_bytes_max() <= config.backlog_bytes_max; }
    [[nodiscard]] bool finished() const { return end.ns() > 0 && exchange.now() >= end; }
    void keep_sessions_alive(Clock::time_point now);
    void beat(Session& session, Clock::time_point now);
    void on_serving_thread(const std::function<void()>& task);

    DeribitServerConfig config;
    Exchange exchange;
    FaultPlan faults;
    SentCounts sent;
    std::vector<OrderSeen> orders_seen;
    deribit::Authentication authentication;
    Publisher publisher;
    deribit::Venue venue;
    Dispatcher dispatcher;
    std::unordered_map<std::uint64_t, Session> sessions;
    std::unique_ptr<TlsServer> tls;  // after what its handlers use

    UnixNanos end{};  // of the span; 0: none
    Clock::time_point last_turn{Clock::now()};
    double owed_ns{0.0};      // simulated time that wall time has paid for
    std::int64_t batches{0};  // 100 ms batches ended so far

    std::mutex tasks_mutex;
    std::condition_variable tasks_done;
    std::deque<const std::function<void()>*> tasks;
    std::uint64_t tasks_finished{0};
    std::uint64_t tasks_queued{0};
    std::jthread thread;  // last: stopped before the rest goes
};

ServerHandler DeribitServer::Core::handler() {
    ServerHandler handler;
    handler.accepts = [](std::string_view target) { return target.substr(0, target.find('?')) == kSocketTarget; };
    handler.on_open = [this](ConnectionId id, std::string_view) {
        Session& session = sessions[static_cast<std::uint64_t>(id)];
        session.id = id;
        session.last_request = Clock::now();
        ++sent.sessions;
    };
    handler.on_text = [this](ConnectionId id, std::string_view text) { on_text(id, text); };
    handler.on_close = [this](ConnectionId id) { on_close(id); };
    handler.on_http = [this](RequestId id, const HttpRequest& request) { on_http(id, request); };
    return handler;
}

bool DeribitServer::Core::send(ConnectionId id, std::shared_ptr<const std::string> text) {
    const auto found = sessions.find(static_cast<std::uint64_t>(id));
    if (found == sessions.end() || found->second.mute) return false;
    return tls->send(id, std::move(text));
}

void DeribitServer::Core::on_text(ConnectionId id, std::string_view text) {
    const auto found = sessions.find(static_cast<std::uint64_t>(id));
    if (found == sessions.end()) return;
    Session& session = found->second;
    if (faults.take(Fault::half_open)) session.mute = true;
    if (session.mute) return;
    session.last_request = Clock::now();
    ++sent.requests;
    const deribit::Outcome outcome = dispatcher.on_message(text, session);
    if (outcome.cut) {
        publisher.publish();
        return tls->cut(id);
    }
    if (outcome.notify_first) publisher.publish();
    if (!outcome.answer.empty() && tls->send(id, outcome.answer)) ++sent.messages;
    publisher.greet();
    publisher.publish();
    if (outcome.ends_session) tls->close(id, kPolicyClose, "");
}

void DeribitServer::Core::on_http(RequestId id, const HttpRequest& request) {
    ++sent.requests;
    const deribit::Outcome outcome = dispatcher.on_http(request);
    if (outcome.cut) {
        tls->cut(id);
    } else {
        tls->respond(id, {outcome.http_status, outcome.answer});
    }
    publisher.publish();
}

void DeribitServer::Core::on_close(ConnectionId id) {
    const auto found = sessions.find(static_cast<std::uint64_t>(id));
    if (found == sessions.end()) return;
    const Session& session = found->second;
    publisher.remove(id);
    if (session.cancel_on_disconnect && session.account != AccountId::none) {
        OrderFilter filter;
        filter.session = session.exchange_id();
        exchange.cancel_all(session.account, filter, "cancel_on_disconnect");
    }
    sessions.erase(found);
    publisher.publish();
}

void DeribitServer::Core::turn(std::chrono::nanoseconds limit) {
    run_tasks();
    const Clock::time_point now = Clock::now();
    const bool playing = pass_time(now);
    keep_sessions_alive(now);
    const bool at_once = playing && config.speed == 0.0;
    if (at_once) {
        tls->poll();
    } else {
        tls->poll_for(playing ? std::min<std::chrono::nanoseconds>(limit, kTurn) : limit);
    }
}

void DeribitServer::Core::run_tasks() {
    std::unique_lock lock{tasks_mutex};
    while (!tasks.empty()) {
        const auto* task = tasks.front();
        tasks.pop_front();
        lock.unlock();
        (*task)();
        publisher.publish();
        lock.lock();
        ++tasks_finished;
        tasks_done.notify_all();
    }
}

// Lets simulated time follow the wall. True while there is more to come.
bool DeribitServer::Core::pass_time(Clock::time_point now) {
    const double elapsed_ns = std::chrono::duration<double, std::nano>(now - last_turn).count();
    last_turn = now;
    if (finished() || (config.start_at_first_subscription && !venue.subscribed)) return false;
    const bool waits = config.speed == 0.0 || config.speed > 1.0;
    if (waits && !readers_keep_up()) return true;
    const auto span_max_ns = static_cast<double>(kTurnSpanNs) * std::max(1.0, config.speed);
    owed_ns = config.speed == 0.0 ? static_cast<double>(kBatchNs) : owed_ns + elapsed_ns * config.speed;
    if (waits) owed_ns = std::min(owed_ns, span_max_ns);
    UnixNanos target = exchange.now() + std::chrono::nanoseconds{static_cast<std::int64_t>(owed_ns)};
    if (end.ns() > 0) target = std::min(target, end);
    const UnixNanos before = exchange.now();
    play_until(target);
    owed_ns = std::max(0.0, owed_ns - static_cast<double>((exchange.now() - before).count()));
    return true;
}

// Plays in pieces that end where batches end, so that a batch is the same at every speed.
void DeribitServer::Core::play_until(UnixNanos time) {
    while (true) {
        const UnixNanos boundary = exchange.start_time() + std::chrono::nanoseconds{(batches + 1) * kBatchNs};
        exchange.advance(std::min(time, boundary));
        publisher.publish();
        if (boundary > time) return;
        ++batches;
        publisher.flush(Interval::every_100ms);
        if (batches % kBatchesPerSecond == 0) publisher.flush(Interval::every_second);
        if (config.speed != 1.0 && !readers_keep_up()) return;
    }
}

void DeribitServer::Core::keep_sessions_alive(Clock::time_point now) {
    const std::chrono::duration<double> idle_limit{config.idle_close_wall_s};
    for (auto& [number, session] : sessions) {
        if (session.mute) continue;
        if (session.test_due && now > *session.test_due) {
            tls->close(session.id, kHeartbeatClose, "heartbeat close");
            session.mute = true;
        } else if (session.heartbeat_interval_s > 0.0) {
            if (now >= session.next_heartbeat) beat(session, now);
        } else if (session.channels.empty() && now - session.last_request > idle_limit) {
            tls->cut(session.id);
            session.mute = true;
        }
    }
}

void DeribitServer::Core::beat(Session& session, Clock::time_point now) {
    const auto wall = [&](double heartbeat_s) {
        return std::chrono::duration_cast<Clock::duration>(
            std::chrono::duration<double>{heartbeat_s * config.heartbeat_second_s});
    };
    session.next_heartbeat = now + wall(session.heartbeat_interval_s);
    tls->send(session.id, R"({"jsonrpc":"2.0","method":"heartbeat","params":{"type":"heartbeat"}})");
    tls->send(session.id, R"({"jsonrpc":"2.0","method":"heartbeat","params":{"type":"test_request"}})");
    sent.messages += 2;
    if (!session.test_due) session.test_due = now + wall(kTestAnswerS);
}

void DeribitServer::Core::on_serving_thread(const std::function<void()>& task) {
    if (!thread.joinable() || std::this_thread::get_id() == thread.get_id()) {
        task();
        publisher.publish();
        return;
    }
    std::unique_lock lock{tasks_mutex};
    tasks.push_back(&task);
    const std::uint64_t ticket = ++tasks_queued;
    tls->wake();
    tasks_done.wait(lock, [&] { return tasks_finished >= ticket; });
}

DeribitServer::DeribitServer(std::unique_ptr<Core> core) : core_{std::move(core)} {}

DeribitServer::~DeribitServer() { stop(); }

Result<std::unique_ptr<DeribitServer>> DeribitServer::open(const DeribitServerConfig& config,
                                                           std::unique_ptr<MarketSource> market) {
    auto core = std::make_unique<Core>(config, std::move(market));
    for (const AccountConfig& account : config.accounts) {
        if (const auto opened = core->exchange.open_account(account); !opened) {
            return fail(Errc::config_invalid, static_cast<std::uint64_t>(opened.error().code));
        }
    }
    if (config.span_s > 0.0) {
        core->end =
            core->exchange.start_time() + std::chrono::nanoseconds{static_cast<std::int64_t>(config.span_s * 1e9)};
    }
    const UnixNanos last = core->exchange.end_time();
    if (last.ns() > 0 && (core->end.ns() == 0 || last < core->end)) core->end = last;

    TlsServer::Config tls{};
    tls.port = config.port;
    tls.certificate = config.certificate;
    tls.key = config.key;
    tls.sessions_max = config.sessions_max;
    tls.queue_bytes_max = config.queue_bytes_max;
    auto server = TlsServer::open(tls, core->handler());
    if (!server) return fail(server.error());
    core->tls = std::move(*server);
    return std::unique_ptr<DeribitServer>{new DeribitServer{std::move(core)}};
}

std::uint16_t DeribitServer::port() const { return core_->tls->port(); }

void DeribitServer::start() {
    if (core_->thread.joinable()) return;
    core_->last_turn = Clock::now();
    core_->thread = std::jthread{[core = core_.get()](const std::stop_token& stop) {
        while (!stop.stop_requested()) core->turn(std::chrono::milliseconds{5});
    }};
}

void DeribitServer::stop() {
    if (!core_->thread.joinable()) return;
    core_->thread.request_stop();
    core_->tls->wake();
    core_->thread.join();
    core_->thread = {};
    core_->run_tasks();
}

void DeribitServer::poll(std::chrono::nanoseconds limit) { core_->turn(limit); }

ServerState DeribitServer::state() {
    ServerState state;
    core_->on_serving_thread([&] {
        state.now = core_->exchange.now();
        state.market_hash = core_->exchange.market_hash();
        state.sent = core_->sent;
        state.orders_seen = core_->orders_seen;
        state.finished = core_->finished();
    });
    return state;
}

SentCounts DeribitServer::counts() {
    SentCounts counts;
    core_->on_serving_thread([&] { counts = core_->sent; });
    return counts;
}

void DeribitServer::inject(Fault fault, std::uint32_t count) {
    core_->on_serving_thread([&] { deribit::apply_fault(core_->venue, fault, count); });
}

void DeribitServer::perform(const std::function<void(Exchange&)>& task) {
    core_->on_serving_thread([&] { task(core_->exchange); });
}

}  // namespace keel::simulator
