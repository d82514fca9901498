#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <thread>

#include "app/config/configuration.hpp"
#include "app/exit_code.hpp"
#include "app/failure.hpp"
#include "app/json_text.hpp"
#include "app/wiring/sessions.hpp"
#include "app/wiring/simulated_venue.hpp"
#include "app/wiring/stop_signal.hpp"
#include "app/wiring/venue_files.hpp"
#include "simulator/replay/recording.hpp"
#include "simulator/replay/replay_venue.hpp"

namespace keel::app {
namespace {

using Clock = std::chrono::steady_clock;

std::filesystem::path certificate_directory(const SimulateOptions& options) {
    if (!options.certificate_dir.empty()) return options.certificate_dir;
    return std::filesystem::path{options.common.state_dir} / "simulate";
}

bool time_is_up(const SimulateOptions& options, Clock::time_point started) {
    if (options.seconds <= 0.0 || options.speed <= 0.0) return false;
    return std::chrono::duration<double>(Clock::now() - started).count() > options.seconds / options.speed + 3600.0;
}

// The line that a script waits for: what a client needs to connect.
void say_ready(std::uint16_t port, const std::filesystem::path& authority, const std::filesystem::path& credentials,
               std::string_view venue, std::string_view description) {
    JsonText json;
    json.open_object();
    json.field("ready", true);
    json.field("venue", venue);
    json.field("host", "127.0.0.1");
    json.field("port", static_cast<std::uint64_t>(port));
    json.field("ca_file", std::filesystem::absolute(authority).string());
    if (!credentials.empty()) json.field("credentials_file", std::filesystem::absolute(credentials).string());
    json.field("description", description);
    json.close_object();
    fmt::print("{}\n", json.text());
    std::fflush(stdout);
}

int serve_deribit(const SimulateOptions& options, const PortfolioSettings& portfolio) {
    const StopSignal stop;
    SimulatedVenueOptions wanted;
    wanted.directory = certificate_directory(options);
    wanted.port = options.port;
    wanted.scenario = options.scenario;
    wanted.seed = options.seed;
    wanted.seconds = options.seconds;
    wanted.speed = options.speed;
    wanted.data = options.data_dir;
    wanted.interpolate = options.interpolate;
    wanted.rate_limits = options.speed == 1.0;
    wanted.portfolio = portfolio;
    const SimulatedVenue venue = start_simulated_venue(wanted);
    fmt::print(stderr, "{}\nserving on 127.0.0.1:{}; Ctrl-C ends it\n", venue.description, venue.server->port());
    say_ready(venue.server->port(), venue.authority, venue.credentials, "deribit", venue.description);
    const Clock::time_point started = Clock::now();
    while (!StopSignal::requested() && !time_is_up(options, started)) {
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
    const simulator::ServerState state = venue.server->state();
    venue.server->stop();
    JsonText json;
    json.open_object();
    json.field("market_hash", fmt::format("{:016x}", state.market_hash));
    json.field("market_events_sent", state.sent.market_events);
    json.field("account_events_sent", state.sent.account_events);
    json.field("response_events_sent", state.sent.response_events);
    json.field("messages_sent", state.sent.messages);
    json.field("orders_seen", static_cast<std::uint64_t>(state.orders_seen.size()));
    json.field("finished", state.finished);
    json.close_object();
    fmt::print("{}\n", json.text());
    return StopSignal::requested() ? kExitInterrupted : kExitDone;
}

// The whole capture, or a sentence that says where it is none of this venue.
simulator::Recording load_recording(const SimulateOptions& options) {
    auto recording = simulator::Recording::load(options.data_dir);
    if (!recording && recording.error().code == Errc::malformed_message) {
        throw OutsideError{fmt::format("{}:{}: is no whole line of a capture; was the file cut short?",
                                       options.data_dir, recording.error().detail + 1)};
    }
    if (!recording) throw OutsideError{options.data_dir + ": cannot be read, is damaged, or was cut short"};
    if (const char* family = venue_name(recording->venue()); options.venue != family) {
        throw UsageError{fmt::format("{}: holds frames of {}, not of {}", options.data_dir, family, options.venue)};
    }
    return std::move(*recording);
}

int serve_recording(const SimulateOptions& options) {
    if (options.data_dir.empty())
        throw UsageError{"--venue " + options.venue + " serves recordings: give --data CAPTURE"};
    const StopSignal stop;
    simulator::Recording recording = load_recording(options);
    VenueFiles files{certificate_directory(options)};
    simulator::ReplayConfig config;
    config.port = options.port;
    config.certificate = files.certificates().certificate;
    config.key = files.certificates().key;
    config.speed = options.speed;
    const auto venue = simulator::ReplayVenue::open(config, std::move(recording));
    if (!venue) {
        throw OutsideError{fmt::format("the recorded venue cannot listen on 127.0.0.1:{} ({})", options.port,
                                       errc_name(venue.error().code))};
    }
    files.publish();
    fmt::print(stderr, "recorded frames of {}, byte for byte; serving on 127.0.0.1:{}\n", options.data_dir,
               (*venue)->port());
    say_ready((*venue)->port(), files.authority(), {}, options.venue, "recorded frames, byte for byte");
    const Clock::time_point started = Clock::now();
    const auto is_over = [&] {
        const std::chrono::duration<double> served = Clock::now() - started;
        return (*venue)->has_ended() || (options.seconds > 0.0 && served.count() >= options.seconds);
    };
    while (!StopSignal::requested() && !is_over()) (*venue)->poll_for(std::chrono::milliseconds{20});
    const simulator::ReplayCounters& counters = (*venue)->counters();
    JsonText json;
    json.open_object();
    json.field("frames_recorded", counters.frames_recorded);
    json.field("frames_sent", counters.frames_sent);
    json.field("bytes_sent", counters.bytes_sent);
    json.field("snapshots_sent", counters.snapshots_sent);
    json.field("queued_bytes_peak", counters.queued_bytes_peak);
    json.close_object();
    fmt::print("{}\n", json.text());
    return StopSignal::requested() ? kExitInterrupted : kExitDone;
}

}  // namespace

int run_simulate(const SimulateOptions& options) {
    SimulateOptions wanted = options;
    PortfolioSettings portfolio;
    if (!options.config_path.empty()) {
        const Configuration configuration = load_configuration(
            options.config_path, ConfigurationOptions{.overrides = {}, .mode = {}, .layout = {}, .for_replay = true});
        if (configuration.venues.empty()) throw UsageError{options.config_path + " names no venue"};
        const VenueSettings& venue = configuration.venues.front();
        portfolio = configuration.portfolio;
        wanted.venue = venue_name(venue.venue);
        if (wanted.port == 0) wanted.port = venue.port;
        if (wanted.data_dir.empty() && !configuration.simulator.data.empty()) {
            wanted.data_dir = resolved_path(configuration, configuration.simulator.data);
        }
        wanted.scenario = configuration.simulator.scenario;
        wanted.seed = static_cast<std::uint64_t>(configuration.simulator.seed);
        wanted.interpolate = wanted.interpolate || configuration.simulator.interpolate;
        if (wanted.certificate_dir.empty() && !venue.ca_file.empty()) {
            wanted.certificate_dir =
                std::filesystem::path{resolved_path(configuration, venue.ca_file)}.parent_path().string();
        }
    }
    return wanted.venue == "deribit" ? serve_deribit(wanted, portfolio) : serve_recording(wanted);
}

}  // namespace keel::app
