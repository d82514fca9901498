// keel check CONFIG: says whether a configuration can be used, and what it amounts to.
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "app/commands/commands.hpp"
#include "app/config/checks.hpp"
#include "app/config/configuration.hpp"
#include "app/exit_code.hpp"
#include "app/json_text.hpp"

namespace keel::app {

namespace {

// What is not wrong yet, but will stop a run.
std::vector<std::string> notes_of(const Configuration& configuration) {
    std::vector<std::string> notes;
    for (const VenueSettings& venue : configuration.venues) {
        for (const std::string& file : {venue.credentials_file, venue.ca_file}) {
            const std::string path = resolved_path(configuration, file);
            if (path.empty() || std::filesystem::exists(path)) continue;
            notes.push_back(fmt::format("venue {}: {} does not exist yet", venue_name(venue.venue), path));
        }
    }
    const std::string data = resolved_path(configuration, configuration.simulator.data);
    if (!data.empty() && !std::filesystem::exists(data)) notes.push_back("simulator.data: " + data + " does not exist");
    for (const risk::BoundaryConfig& boundary : configuration.risk.boundaries) {
        if (boundary.underlying.empty() || may_trade(configuration, boundary.underlying)) continue;
        notes.push_back(fmt::format("the boundary of {} on {} watches nothing: no venue here trades {}",
                                    metric_name(boundary.metric), boundary.underlying, boundary.underlying));
    }
    if (configuration.risk.boundaries.empty()) notes.emplace_back("no [[boundary]]: nothing will ever be triggered");
    return notes;
}

bool reachable(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return false;
    bool connected = false;
    for (const addrinfo* address = found; address != nullptr && !connected; address = address->ai_next) {
        const int socket = ::socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
        if (socket < 0) continue;
        const timeval deadline{5, 0};
        ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
        connected = ::connect(socket, address->ai_addr, address->ai_addrlen) == 0;
        ::close(socket);
    }
    ::freeaddrinfo(found);
    return connected;
}

int go_online(const Configuration& configuration, std::FILE* out) {
    int code = kExitDone;
    for (const VenueSettings& venue : configuration.venues) {
        const bool answers = reachable(venue.host, venue.port);
        fmt::print(out, "venue {}: {}:{} {}\n", venue_name(venue.venue), venue.host, venue.port,
                   answers ? "accepts connections" : "cannot be reached");
        if (!answers) code = kExitOutside;
    }
    return code;
}

void print_json(const Configuration& configuration, const std::vector<std::string>& notes) {
    JsonText json;
    json.open_object();
    json.field("valid", true);
    json.field("file", configuration.file);
    json.field("mode", mode_name(configuration.engine.mode));
    json.field("layout", layout_name(configuration.engine.layout));
    json.open_array("venues");
    for (const VenueSettings& venue : configuration.venues) json.item(venue_name(venue.venue));
    json.close_array();
    json.field("boundaries", static_cast<std::uint64_t>(configuration.risk.boundaries.size()));
    json.field("positions", static_cast<std::uint64_t>(configuration.portfolio.positions.size()));
    json.open_array("notes");
    for (const std::string& note : notes) json.item(note);
    json.close_array();
    json.close_object();
    fmt::print("{}\n", json.text());
}

}  // namespace

int run_check(const CheckOptions& options) {
    ConfigurationOptions load;
    load.overrides = options.overrides;
    load.mode = options.mode;
    load.allow_env_secrets = options.common.allow_env_secrets;
    const Configuration configuration = load_configuration(options.config_path, load);
    const std::vector<std::string> notes = notes_of(configuration);
    std::FILE* out = options.common.json ? stderr : stdout;
    fmt::print(out, "{}: good. Mode {}, layout {}, {} venue(s), {} boundaries, {} position rules.\n",
               configuration.file, mode_name(configuration.engine.mode), layout_name(configuration.engine.layout),
               configuration.venues.size(), configuration.risk.boundaries.size(),
               configuration.portfolio.positions.size());
    for (const std::string& note : notes) fmt::print(out, "note: {}\n", note);
    if (options.common.json) print_json(configuration, notes);
    return options.online ? go_online(configuration, out) : kExitDone;
}

}  // namespace keel::app
