#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "app/exit_code.hpp"
#include "app/failure.hpp"
#include "app/json_text.hpp"
#include "app/log.hpp"
#include "app/wiring/latency_floor.hpp"
#include "app/wiring/live_session.hpp"
#include "app/wiring/sessions.hpp"
#include "app/wiring/stop_signal.hpp"
#include "simulator/latency/latency_venue.hpp"
#include "simulator/net/certificates.hpp"

namespace keel::app {
namespace {

using Clock = std::chrono::steady_clock;
using simulator::LatencyClient;

constexpr double kQuietHz = 100.0;         // the second cadence: a market that sleeps between ticks
constexpr std::uint64_t kQuietShare = 50;  // of the ticks: at a tenth of the rate they take five times as long
constexpr std::chrono::seconds kConnectMax{10};

// True where the venue and the engine's threads (the core; in a pipeline one more per link) find a processor each. Else
// everybody gives way when idle: spinning threads would keep the next one waiting for whole time slices.
bool has_room(const LatencyOptions& options) {
    return std::thread::hardware_concurrency() >= (options.layout == "inline" ? 2U : 4U);
}
const char* idle_of(const LatencyOptions& options) { return has_room(options) ? "spin" : "yield"; }

// Engine with one position that is always far beyond its boundary, so that every tick provokes one order.
// A second of the venue's time passes with each tick; nothing here waits for less.
std::string engine_text(const LatencyOptions& options, const std::filesystem::path& directory, std::uint16_t port) {
    return fmt::format(R"(
[engine]
mode = "paper"
layout = "{}"
idle = "{}"
clock = "venue"
valid_for_ms = 3600000
unknown_after_ms = 3600000
[[venue]]
name = "deribit"
host = "127.0.0.1"
port = {}
server_name = "localhost"
ca_file = "{}"
credentials_file = "{}"
currencies = ["BTC"]
book_interval = "raw"
transport = "{}"
read_deadline_ms = 600000
[risk]
hedge_numeraire = "coin"
ticker_age_max_ms = 86400000
index_age_max_ms = 86400000
[[boundary]]
metric = "net_delta"
underlying = "BTC"
soft_coin = 0.01
hard_coin = 0.02
debounce_soft_ms = 0
cooldown_ms = 0
refire_hard_ms = 1
[gate]
instruments_allowed = ["*"]
messages_per_second_max = 10000.0
messages_burst_max = 10000.0
duplicate_window_ms = 0
[gate.perpetual]
book_age_max_ms = 86400000
mark_age_max_ms = 86400000
index_age_max_ms = 86400000
[hedge]
book_age_max_ms = 86400000
settle_time_ms = 500
retry_after_ms = 500
attempts_max = 1
)",
                       options.layout, idle_of(options), port, (directory / "ca.pem").string(),
                       (directory / "credentials.toml").string(), options.transport);
}

std::filesystem::path make_directory(const LatencyOptions& options) {
    const std::filesystem::path path =
        std::filesystem::path{options.common.state_dir} / "latency" / std::to_string(::getpid());
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
    return std::filesystem::absolute(path);
}

void write_credentials(const std::filesystem::path& path) {
    std::ofstream{path} << "key_id = \"latency\"\nsecret = \"measured-on-loopback\"\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

void wait_until(const char* what, const std::function<bool()>& done) {
    const Clock::time_point until = Clock::now() + kConnectMax;
    while (!done()) {
        if (Clock::now() > until)
            throw OutsideError{fmt::format("{} did not connect within {} s", what, kConnectMax.count())};
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
}

double us(std::optional<std::uint64_t> cycles, double per_ns) {
    return cycles ? static_cast<double>(*cycles) / per_ns / 1e3 : std::nan("");
}

void add_summary(JsonText& json, const char* name, const LatencySummary& seen, double per_ns) {
    json.open_object(name);
    json.field("count", seen.count);
    json.field("p50", us(seen.p50, per_ns));
    json.field("p90", us(seen.p90, per_ns));
    json.field("p99", us(seen.p99, per_ns));
    json.field("p99_9", us(seen.p99_9, per_ns));
    json.field("p99_99", us(seen.p99_99, per_ns));
    json.field("max", seen.count > 0 ? us(seen.max, per_ns) : std::nan(""));
    json.close_object();
}

struct Cadence {
    LatencySummary engine;
    LatencySummary floor;
    std::uint64_t missed{0};
};

// Rounds of engine and floor in turn, so that the host's moods meet both.
Cadence measure(simulator::LatencyVenue& venue, LiveSession& session, LatencyFloor& floor, double rate_hz,
                std::uint64_t ticks, std::uint32_t runs) {
    Cadence cadence;
    venue.clear();
    const std::uint64_t each = std::max<std::uint64_t>(1, ticks / runs);
    for (std::uint32_t run = 0; run < runs && !StopSignal::requested(); ++run) {
        floor.set_active(false);
        cadence.missed +=
            venue.run({.client = LatencyClient::engine, .ticks = each, .rate_hz = rate_hz, .warm_up = 100},
                      StopSignal::requested);
        session.pause();  // two spinning clients on two processors would measure each other
        floor.set_active(true);
        (void)venue.run({.client = LatencyClient::floor, .ticks = each, .rate_hz = rate_hz, .warm_up = 100},
                        StopSignal::requested);
        floor.set_active(false);
        session.resume();
        log_info(fmt::format("{:.0f} ticks a second: run {} of {}", rate_hz, run + 1, runs));
    }
    cadence.engine = venue.wire(LatencyClient::engine).summary();
    cadence.floor = venue.wire(LatencyClient::floor).summary();
    return cadence;
}

double ratio(std::optional<std::uint64_t> engine, std::optional<std::uint64_t> floor) {
    return engine && floor && *floor > 0 ? static_cast<double>(*engine) / static_cast<double>(*floor) : std::nan("");
}

void add_cadence(JsonText& json, const Cadence& cadence, double per_ns) {
    json.open_object("wire_us");
    add_summary(json, "engine", cadence.engine, per_ns);
    add_summary(json, "floor", cadence.floor, per_ns);
    json.close_object();
    json.open_object("ratio_to_floor");
    json.field("p50", ratio(cadence.engine.p50, cadence.floor.p50));
    json.field("p99", ratio(cadence.engine.p99, cadence.floor.p99));
    json.close_object();
    json.field("missed", cadence.missed);
}

// The medians of the stages together, over the median of the whole that they are parts of: what the stages leave
// unmeasured shows as less than 1.
double stages_to_in_process(const std::vector<StageShown>& stages, const LatencySummary& in_process) {
    std::uint64_t sum = 0;
    for (const StageShown& stage : stages) sum += stage.cycles.p50.value_or(0);
    return ratio(sum, in_process.p50);
}

std::string json_of(const LatencyOptions& options, const Cadence& busy, const Cadence& quiet,
                    const std::vector<StageShown>& stages, const LatencySummary& in_process, double per_ns) {
    JsonText json;
    json.open_object();
    json.field("venue", options.venue);
    json.field("transport", options.transport);
    json.field("layout", options.layout);
    json.field("idle", idle_of(options));
    json.field("ticks", options.ticks);
    json.field("runs", static_cast<std::uint64_t>(options.runs));
    json.field("rate_hz", options.rate_hz);
    add_cadence(json, busy, per_ns);
    json.open_object("quiet");
    json.field("rate_hz", kQuietHz);
    add_cadence(json, quiet, per_ns);
    json.close_object();
    add_summary(json, "in_process_us", in_process, per_ns);
    json.open_object("stages_ns");
    for (const StageShown& stage : stages) {
        if (stage.cycles.count == 0) {
            json.null_field(stage.name);
            continue;
        }
        json.open_object(stage.name);
        json.field("count", stage.cycles.count);
        json.field("p50", us(stage.cycles.p50, per_ns) * 1e3);
        json.field("p99", us(stage.cycles.p99, per_ns) * 1e3);
        json.close_object();
    }
    json.close_object();
    json.field("stages_to_in_process", stages_to_in_process(stages, in_process));
    json.close_object();
    return json.text();
}

void print_text(const Cadence& busy, const Cadence& quiet, const std::vector<StageShown>& stages,
                const LatencySummary& in_process, double per_ns) {
    const auto line = [&](const char* name, const LatencySummary& seen) {
        fmt::print("  {:<22} p50 {:>8.1f}   p90 {:>8.1f}   p99 {:>8.1f}   max {:>9.1f} us   ({} ticks)\n", name,
                   us(seen.p50, per_ns), us(seen.p90, per_ns), us(seen.p99, per_ns), us(seen.max, per_ns), seen.count);
    };
    fmt::print("wire to wire, TLS on loopback\n");
    line("engine", busy.engine);
    line("floor", busy.floor);
    fmt::print("  engine / floor         p50 {:>8.2f}                  p99 {:>8.2f}\n",
               ratio(busy.engine.p50, busy.floor.p50), ratio(busy.engine.p99, busy.floor.p99));
    if (busy.missed > 0) fmt::print("  {} ticks found no order within 250 ms, and count as that\n", busy.missed);
    fmt::print("quiet market, {:.0f} ticks a second\n", kQuietHz);
    line("engine", quiet.engine);
    line("floor", quiet.floor);
    fmt::print("in process, frame received to order handed over\n");
    line("all", in_process);
    for (const StageShown& stage : stages) {
        if (stage.cycles.count == 0) continue;
        fmt::print("    {:<10} p50 {:>8.0f} ns   p99 {:>8.0f} ns\n", stage.name, us(stage.cycles.p50, per_ns) * 1e3,
                   us(stage.cycles.p99, per_ns) * 1e3);
    }
    fmt::print("    {:<10} p50 {:>8.2f} of the p50 of all\n", "together", stages_to_in_process(stages, in_process));
}

}  // namespace

int run_latency(const LatencyOptions& options) {
    if (options.venue != "deribit")
        throw UsageError{"orders are measured on deribit; " + options.venue + " has no order session"};
    const StopSignal stop;
    const std::filesystem::path directory = make_directory(options);
    const auto certificates = simulator::write_certificates(directory);
    if (!certificates) throw OutsideError{"cannot write certificates to " + directory.string()};
    write_credentials(directory / "credentials.toml");
    auto venue = simulator::LatencyVenue::open(
        {.certificate = certificates->certificate, .key = certificates->key, .shares_processor = !has_room(options)});
    if (!venue) throw OutsideError{"the measuring venue cannot listen"};
    (*venue)->start();
    const Configuration configuration =
        parse_configuration(engine_text(options, directory, (*venue)->port()), "keel latency", {});
    LatencyFloor floor{certificates->authority.string(), (*venue)->port(), simulator::LatencyVenue::kFloorTarget};
    floor.start();
    LiveSession session{configuration, {.state_dir = directory / "engine", .journal = {}, .allow_env_secrets = false}};
    session.start();
    wait_until("the engine", [&] { return (*venue)->is_connected(LatencyClient::engine) && session.is_ready(); });
    wait_until("the floor", [&] { return (*venue)->is_connected(LatencyClient::floor); });

    const Cadence busy = measure(**venue, session, floor, options.rate_hz, options.ticks, options.runs);
    // Taken before the quiet rounds, so that stages and their sum describe the same ticks.
    const std::vector<StageShown> stages = session.stages();
    const LatencySummary in_process = session.tick_to_trade_cycles();
    const Cadence quiet = measure(**venue, session, floor, kQuietHz,
                                  std::max<std::uint64_t>(options.ticks / kQuietShare, 100), options.runs);
    const double per_ns = session.cycles_per_ns();
    (void)session.stop(std::chrono::milliseconds{500});
    floor.stop();
    (*venue)->stop();
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
    if (StopSignal::requested()) return kExitInterrupted;
    if (options.common.json) {
        fmt::print("{}\n", json_of(options, busy, quiet, stages, in_process, per_ns));
    } else {
        print_text(busy, quiet, stages, in_process, per_ns);
    }
    // One in a hundred is the host's: a time slice lost. More is an engine that does not answer.
    return busy.missed * 100 <= options.ticks ? kExitDone : kExitCheckFailed;
}

}  // namespace keel::app
