#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <thread>

#include "app/exit_code.hpp"
#include "app/failure.hpp"
#include "app/log.hpp"
#include "app/wiring/session_alarms.hpp"
#include "app/wiring/session_report.hpp"
#include "app/wiring/sessions.hpp"
#include "app/wiring/simulated_venue.hpp"
#include "app/wiring/stop_signal.hpp"
#include "app/wiring/view_source.hpp"
#include "embedded_examples.hpp"
#include "simulator/market/scenario.hpp"

namespace keel::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kStopDeadline{3'500};
constexpr std::chrono::seconds kDrainMax{5};  // after the market's end, for what is still on its way

std::filesystem::path run_directory(const DemoOptions& options) {
    const std::filesystem::path base = std::filesystem::path{options.common.state_dir} / "demo";
    for (int run = 0; run < 10'000; ++run) {
        const std::filesystem::path path = base / fmt::format("{}-{}", ::getpid(), run);
        if (std::filesystem::create_directories(path)) return path;
    }
    throw OutsideError{"no free directory below " + base.string()};
}

void write_text(const std::filesystem::path& path, std::string_view text) {
    std::ofstream file{path, std::ios::binary};
    file << text;
    if (!file.flush()) throw OutsideError{"cannot write " + path.string()};
}

// The demonstration's configuration is examples/deribit-simulated.toml itself, written beside the run so
// that it can be read, changed and run again.
std::filesystem::path write_examples(const std::filesystem::path& directory) {
    write_text(directory / "portfolio-short-gamma.toml", kExamplePortfolio);
    write_text(directory / "deribit-simulated.toml", kExampleDeribitSimulated);
    return directory / "deribit-simulated.toml";
}

Configuration client_configuration(const std::filesystem::path& file, const DemoOptions& options,
                                   const SimulatedVenue& venue) {
    ConfigurationOptions wanted;
    wanted.mode = options.hedged ? "paper" : "observe";
    wanted.layout = options.layout;
    wanted.overrides.push_back(fmt::format("venue.0.port={}", venue.server->port()));
    wanted.overrides.push_back(
        fmt::format("venue.0.ca_file=\"{}\"", std::filesystem::absolute(venue.authority).string()));
    wanted.overrides.push_back(
        fmt::format("venue.0.credentials_file=\"{}\"", std::filesystem::absolute(venue.credentials).string()));
    return load_configuration(file.string(), wanted);
}

SimulatedVenueOptions venue_options(const DemoOptions& options, const std::filesystem::path& directory,
                                    const std::filesystem::path& example) {
    SimulatedVenueOptions wanted;
    wanted.directory = directory / "venue";
    wanted.scenario = options.scenario;
    wanted.seed = options.seed;
    wanted.seconds = options.seconds;
    wanted.speed = options.speed;
    wanted.rate_limits = options.speed == 1.0;
    wanted.portfolio =
        load_configuration(example.string(),
                           ConfigurationOptions{.overrides = {}, .mode = {}, .layout = {}, .for_replay = true})
            .portfolio;
    return wanted;
}

// Runs until the market's span is over and everything sent has arrived. False: interrupted.
bool play(LiveSession& session, SimulatedVenue& venue, const DemoOptions& options) {
    SessionAlarms alarms{session};
    ViewSource source{session, fmt::format("keel demo  scenario {}  seed {}", options.scenario, options.seed),
                      options.hedged ? "paper" : "observe", options.seconds};
    const bool drawn = !options.headless && !options.common.json && TerminalView::possible();
    std::unique_ptr<TerminalView> view = drawn ? std::make_unique<TerminalView>() : nullptr;
    Clock::time_point told = Clock::now();
    bool over = false;
    Clock::time_point over_at{};
    std::uint64_t seen_before = 0;
    while (!StopSignal::requested() && !session.halted()) {
        const Clock::time_point now = Clock::now();
        if (!over && venue.server->state().finished) {
            over = true;
            over_at = now;
        }
        const std::uint64_t seen = session.telemetry().counts.market_events;
        if (over && now - over_at > std::chrono::milliseconds{300} && seen == seen_before) return true;
        if (over && now - over_at > kDrainMax) return true;
        seen_before = seen;
        alarms.look();
        if (view != nullptr && view->due()) view->draw(source.model());
        if (view == nullptr && now - told >= std::chrono::seconds{10}) {
            told = now;
            log_info(fmt::format("{} events so far", seen));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{over ? 100 : 20});
    }
    return false;
}

// Where the script of a market that began at `market_start` lies on the report's time.
void add_shocks(const DemoOptions& options, UnixNanos market_start, RunReport& report) {
    const auto scenario = simulator::find_scenario(options.scenario);
    if (!scenario) return;
    report.shocks = scenario->shocks.size();
    if (report.started_unix_ns == 0) return;
    const double late_s = static_cast<double>(report.started_unix_ns - market_start.ns()) * 1e-9;
    for (const simulator::ScriptedShock& shock : scenario->shocks)
        report.marks.emplace_back(shock.fraction * options.seconds - late_s, shock.label);
}

}  // namespace

int run_demo(const DemoOptions& options) {
    if (!options.report_dir.empty()) prepare_report_directory(options.report_dir);
    const StopSignal stop;
    const std::filesystem::path directory = run_directory(options);
    const std::filesystem::path example = write_examples(directory);
    SimulatedVenue venue = start_simulated_venue(venue_options(options, directory, example));
    const UnixNanos market_start = venue.server->state().now;  // it waits for the first subscription
    log_info(venue.description);
    const Configuration configuration = client_configuration(example, options, venue);
    LiveSession session{
        configuration,
        {.state_dir = directory / "engine", .journal = directory / "demo.journal", .allow_env_secrets = false}};
    session.start();
    const bool played = play(session, venue, options);
    const bool halted = session.halted();
    const simulator::ServerState at_end = venue.server->state();
    const SessionEnd end = session.stop(kStopDeadline);
    for (const std::string& line : end.link_summaries) log_info(line);
    venue.server->stop();
    if (halted) throw OutsideError{"the journal could not be written"};
    if (!played) return kExitInterrupted;

    log_info("replaying the journal in a process of its own");
    const bool verified = replay_verifies(end.journal);
    RunReport report = session_report(configuration, end, "keel demo");
    report.scenario = options.scenario;
    report.seed = options.seed;
    report.seconds = options.seconds;
    report.notes.push_back(venue.description);
    report.notes.push_back(
        "Everything here is simulated: venue, market and fills. The connection is real TLS on loopback.");
    report.events_sent_by_simulator =
        at_end.sent.market_events + at_end.sent.account_events + at_end.sent.response_events;
    add_shocks(options, market_start, report);
    report.market_hash = at_end.market_hash;
    report.replay_verified = verified;
    const std::string report_dir = options.report_dir.empty() ? (directory / "report").string() : options.report_dir;
    report.report_path = write_report(report, report_dir, configuration.report.html);
    if (options.common.json) {
        fmt::print("{}\n", report_json(report, false));
    } else {
        fmt::print("{}", report_text(report));
    }
    return verified && end.orders_confirmed_gone ? kExitDone : kExitCheckFailed;
}

}  // namespace keel::app
