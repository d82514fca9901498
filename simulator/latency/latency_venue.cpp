#include "simulator/latency/latency_venue.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <string>
#include <string_view>
#include <thread>

#include "engine/core/clock.hpp"
#include "simulator/latency/canned_answers.hpp"
#include "simulator/net/tls_server.hpp"

namespace keel::simulator {
namespace {

constexpr std::chrono::milliseconds kAnswerMax{250};  // longer is an order that will not come
constexpr double kSettleNs = 100'000.0;               // twice a round trip on loopback
constexpr std::size_t kSlots = 2;

std::size_t slot_of(LatencyClient client) { return static_cast<std::size_t>(client); }

}  // namespace

struct LatencyVenue::Core {
    std::unique_ptr<TlsServer> server;
    std::jthread thread;
    std::array<std::atomic<std::uint64_t>, kSlots> connections{};  // ConnectionId of who gets the ticks; 0: nobody
    std::array<LatencyHistogram, kSlots> wire;

    // The round in hand: written by run(), taken by the thread, and given back when done.
    LatencyRound round;
    std::atomic<bool> wanted{false};
    std::atomic<bool> cut_short{false};
    std::uint64_t missed{0};

    CannedTicks ticks;
    bool waiting{false};
    std::uint64_t due_cycles{0};
    double cycles_per_ns{calibrate_cycles_per_ns()};

    void on_open(ConnectionId connection, std::string_view target) {
        if (target == kFloorTarget)
            connections[slot_of(LatencyClient::floor)].store(static_cast<std::uint64_t>(connection));
    }
    void on_close(ConnectionId connection) {
        for (auto& one : connections) {
            std::uint64_t expected = static_cast<std::uint64_t>(connection);
            one.compare_exchange_strong(expected, 0);
        }
    }
    void on_text(ConnectionId connection, std::string_view text) {
        const std::uint64_t now = cycles_now();
        if (static_cast<std::uint64_t>(connection) == connections[slot_of(LatencyClient::floor)].load()) {
            answered(LatencyClient::floor, now);
            return;
        }
        if (is_order(text)) answered(LatencyClient::engine, now);
        server->send(connection, canned_answer(text));
        if (subscribes_book(text)) {
            connections[slot_of(LatencyClient::engine)].store(static_cast<std::uint64_t>(connection));
            server->send(connection, ticks.snapshot());
            server->send(connection, ticks.ticker());
            server->send(connection, ticks.index());
        }
    }
    void on_http(RequestId request, const HttpRequest& asked) {
        const std::uint64_t now = cycles_now();
        if (is_order(asked.body)) answered(LatencyClient::engine, now);
        server->respond(request, {.status = 200, .body = canned_http_answer(asked.target, asked.body)});
    }
    void answered(LatencyClient client, std::uint64_t now) {
        if (!waiting || client != round.client) return;
        waiting = false;
        if (counting) wire[slot_of(client)].record(now - due_cycles);
    }
    bool counting{false};

    // What there is to do; without, the processor goes to the client where they share it.
    void wait_turn() {
        if (server->poll() == 0 && shares_processor) std::this_thread::yield();
    }
    bool shares_processor{false};

    // One tick, at its time; returns when its order came (true) or is given up.
    bool play(std::uint64_t due, bool counted) {
        const std::string tick = ticks.next();
        while (cycles_now() < due) wait_turn();
        counting = counted;
        waiting = true;
        const ConnectionId to{connections[slot_of(round.client)].load()};
        const std::uint64_t now = cycles_now();
        const auto late_max = static_cast<std::uint64_t>(20'000.0 * cycles_per_ns);
        due_cycles = now - due > late_max ? due : now;  // a late venue is not the client's luck
        server->send(to, tick);
        const auto give_up =
            now + static_cast<std::uint64_t>(cycles_per_ns * 1e6 * static_cast<double>(kAnswerMax.count()));
        while (waiting && cycles_now() < give_up) wait_turn();
        if (waiting && counted) {
            ++missed;
            wire[slot_of(round.client)].record(cycles_now() - due_cycles);
        }
        const bool answered_in_time = !waiting;
        waiting = false;
        // The answer to the order must reach the client before the next tick does: it is not what is measured.
        const auto settled = cycles_now() + static_cast<std::uint64_t>(kSettleNs * cycles_per_ns);
        while (cycles_now() < settled) wait_turn();
        return answered_in_time;
    }

    void play_round() {
        missed = 0;
        const double interval = 1e9 / round.rate_hz * cycles_per_ns;
        const std::uint64_t all = round.warm_up + round.ticks;
        auto due = static_cast<double>(cycles_now());
        for (std::uint64_t at = 0; at < all && !cut_short.load(std::memory_order_relaxed); ++at) {
            due += interval;
            // A tick that nobody answers is counted as missed, and the schedule begins anew behind it: its 250 ms
            // must not be charged to the ticks that follow.
            if (!play(static_cast<std::uint64_t>(due), at >= round.warm_up)) due = static_cast<double>(cycles_now());
        }
    }

    void serve(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            if (wanted.load(std::memory_order_acquire)) {
                play_round();
                wanted.store(false, std::memory_order_release);
            }
            if (server->poll() == 0) std::this_thread::yield();
        }
    }
};

LatencyVenue::LatencyVenue(std::unique_ptr<Core> core) : core_{std::move(core)} {}
LatencyVenue::~LatencyVenue() { stop(); }

Result<std::unique_ptr<LatencyVenue>> LatencyVenue::open(const LatencyVenueConfig& config) {
    auto core = std::make_unique<Core>();
    Core& self = *core;
    ServerHandler handler;
    handler.on_open = [&self](ConnectionId connection, std::string_view target) { self.on_open(connection, target); };
    handler.on_text = [&self](ConnectionId connection, std::string_view text) { self.on_text(connection, text); };
    handler.on_close = [&self](ConnectionId connection) { self.on_close(connection); };
    handler.on_http = [&self](RequestId request, const HttpRequest& asked) { self.on_http(request, asked); };
    TlsServer::Config server;
    server.certificate = config.certificate;
    server.key = config.key;
    auto opened = TlsServer::open(server, std::move(handler));
    if (!opened) return fail(opened.error());
    core->server = std::move(*opened);
    core->shares_processor = config.shares_processor;
    return std::unique_ptr<LatencyVenue>{new LatencyVenue{std::move(core)}};
}

std::uint16_t LatencyVenue::port() const { return core_->server->port(); }

void LatencyVenue::start() {
    core_->thread = std::jthread{[this](const std::stop_token& stop) { core_->serve(stop); }};
}

void LatencyVenue::stop() {
    core_->thread.request_stop();
    if (core_->thread.joinable()) core_->thread.join();
}

bool LatencyVenue::is_connected(LatencyClient client) const { return core_->connections[slot_of(client)].load() != 0; }

std::uint64_t LatencyVenue::run(const LatencyRound& round, const std::function<bool()>& is_over) {
    core_->round = round;
    core_->cut_short.store(false, std::memory_order_relaxed);
    core_->wanted.store(true, std::memory_order_release);
    while (core_->wanted.load(std::memory_order_acquire)) {
        if (is_over()) core_->cut_short.store(true, std::memory_order_relaxed);
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return core_->missed;
}

const LatencyHistogram& LatencyVenue::wire(LatencyClient client) const { return core_->wire[slot_of(client)]; }

void LatencyVenue::clear() {
    for (LatencyHistogram& histogram : core_->wire) histogram.clear();
}

}  // namespace keel::simulator
