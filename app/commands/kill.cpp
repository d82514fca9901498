// keel kill: sets the kill latch, tells the running engine to stop, then cancels everything over a path of its own and
// proves it. None of this needs the engine to answer.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "app/commands/account_client.hpp"
#include "app/commands/commands.hpp"
#include "app/commands/flatten.hpp"
#include "app/config/configuration.hpp"
#include "app/exit_code.hpp"
#include "app/failure.hpp"
#include "app/json_text.hpp"
#include "app/kill_latch.hpp"
#include "app/log.hpp"
#include "engine/journal/directory_lock.hpp"

namespace keel::app {

namespace {

using Clock = std::chrono::steady_clock;

struct VenueKill {
    std::string venue;
    std::uint64_t cancelled{0};
    std::uint64_t open_left{0};
    bool verified{false};
    std::string problem;
};

// The engine that holds the state directory, or 0. It is asked to end in order: a stopped process does so the
// moment it is continued, and until then it can send nothing.
pid_t tell_engine(const std::string& state_dir) {
    if (!std::filesystem::is_directory(state_dir)) return 0;
    const Result<DirectoryLock> lock = DirectoryLock::take(state_dir);
    if (lock || lock.error().code != Errc::already_running) return 0;
    const auto pid = static_cast<pid_t>(lock.error().detail);
    return pid > 1 && ::kill(pid, SIGTERM) == 0 ? pid : 0;
}

// Cancels until two listings in a row show no open order: one alone could be older than an order on its way. With
// `only_look` nothing is cancelled and the first open order ends it.
VenueKill cancel_everything(AccountClient& account, const std::string& name, bool only_look, Clock::time_point until) {
    constexpr std::chrono::milliseconds kAgainAfter{250};
    constexpr int kEmptyListingsWanted = 2;
    VenueKill result;
    result.venue = name;
    int empty_listings = 0;
    while (true) {
        if (empty_listings == 0 && !only_look) result.cancelled += account.cancel_all();
        result.problem = account.problem();
        result.open_left = account.open_orders();
        empty_listings = result.open_left == 0 ? empty_listings + 1 : 0;
        result.verified = empty_listings == kEmptyListingsWanted;
        if (result.verified || Clock::now() >= until || (only_look && result.open_left > 0)) return result;
        std::this_thread::sleep_for(kAgainAfter);
    }
}

std::vector<VenueKill> kill_all(const Configuration& configuration, const KillOptions& options,
                                Clock::time_point until) {
    std::vector<VenueKill> results;
    for (const VenueSettings& venue : configuration.venues) {
        if (venue.venue != VenueId::deribit) continue;  // the others carry no orders of ours
        AccountClient account{configuration, venue, options.common.allow_env_secrets};
        results.push_back(cancel_everything(account, venue_name(venue.venue), options.clear, until));
    }
    if (results.empty()) throw UsageError{options.config_path + ": no venue of this configuration takes orders"};
    return results;
}

void print_text(std::FILE* out, const std::vector<VenueKill>& venues, pid_t engine, bool latched,
                const FlattenResult* flattened) {
    fmt::print(out, "{}\n",
               latched ? "kill latch set: the next run sends no order until keel kill --clear"
                       : "KILL LATCH NOT SET: the state directory cannot be written; the next run may trade");
    if (engine != 0) fmt::print(out, "engine (process {}) told to end\n", engine);
    for (const VenueKill& venue : venues) {
        fmt::print(out, "{}: {} orders cancelled, {} open, {}\n", venue.venue, venue.cancelled, venue.open_left,
                   venue.verified ? "verified" : "NOT VERIFIED");
        if (!venue.problem.empty()) fmt::print(out, "  the venue says: {}\n", venue.problem);
    }
    if (flattened == nullptr) return;
    fmt::print(out, "flatten: {} orders, {} fills, {} refused by the gate; {}\n", flattened->orders_sent,
               flattened->fills, flattened->refused_by_gate,
               flattened->flat() ? "no perpetual or future is held" : "STILL HELD:");
    for (const std::string& name : flattened->left) fmt::print(out, "  {}\n", name);
    if (!flattened->options.empty())
        fmt::print(out, "  {} option positions left as they are\n", flattened->options.size());
}

void add_flatten(const FlattenResult& flattened, JsonText& json) {
    json.open_object("flatten");
    json.field("flat", flattened.flat());
    json.field("orders_sent", flattened.orders_sent);
    json.field("fills", flattened.fills);
    json.field("refused_by_gate", flattened.refused_by_gate);
    json.open_array("left");
    for (const std::string& name : flattened.left) json.item(name);
    json.close_array();
    json.open_array("options_left");
    for (const std::string& name : flattened.options) json.item(name);
    json.close_array();
    json.close_object();
}

void add_venues(const std::vector<VenueKill>& venues, JsonText& json) {
    json.open_array("venues");
    for (const VenueKill& venue : venues) {
        json.open_object();
        json.field("venue", venue.venue);
        json.field("cancelled", venue.cancelled);
        json.field("open_left", venue.open_left);
        json.field("verified", venue.verified);
        json.field("problem", venue.problem);
        json.close_object();
    }
    json.close_array();
}

void print_json(const std::vector<VenueKill>& venues, pid_t engine, bool latched, const FlattenResult* flattened) {
    JsonText json;
    json.open_object();
    json.field("engine_told", static_cast<std::int64_t>(engine));
    json.field("latched", latched);
    add_venues(venues, json);
    if (flattened != nullptr) {
        add_flatten(*flattened, json);
    } else {
        json.null_field("flatten");
    }
    json.close_object();
    fmt::print("{}\n", json.text());
}

bool all_verified(const std::vector<VenueKill>& venues) {
    return std::all_of(venues.begin(), venues.end(), [](const VenueKill& venue) { return venue.verified; });
}

// Takes the latch away where the venue shows that nothing of the account is open.
int clear_latch(const Configuration& configuration, const KillOptions& options, const std::string& state_dir,
                Clock::time_point until) {
    const std::optional<std::string> latch = kill_latch(state_dir);
    const std::vector<VenueKill> venues = kill_all(configuration, options, until);
    const bool cleared = all_verified(venues) && clear_kill_latch(state_dir);
    std::FILE* out = options.common.json ? stderr : stdout;
    for (const VenueKill& venue : venues) {
        fmt::print(out, "{}: {} orders open{}\n", venue.venue, venue.open_left,
                   venue.verified ? ", verified" : "; cancel them first: keel kill");
    }
    fmt::print(out, "{}: {}\n", latch ? "kill latch " + *latch : "no kill latch in " + state_dir,
               cleared ? "the next run may trade" : "STILL SET");
    if (options.common.json) {
        JsonText json;
        json.open_object();
        json.field("cleared", cleared && latch.has_value());
        json.field("latched", kill_latch(state_dir).has_value());
        add_venues(venues, json);
        json.close_object();
        fmt::print("{}\n", json.text());
    }
    return cleared ? kExitDone : kExitCheckFailed;
}

// A file that cannot be read must not keep an operator from stopping the engine: the latch, and the engine's own end,
// need the state directory alone. Throws what reading the file threw.
Configuration configuration_or_latch(const KillOptions& options, const ConfigurationOptions& load) {
    try {
        return load_configuration(options.config_path, load);
    } catch (const std::exception&) {
        const std::string& state_dir = options.common.state_dir;
        std::error_code ignored;
        if (options.clear || !std::filesystem::is_directory(state_dir, ignored)) throw;
        const bool latched = set_kill_latch(state_dir, "keel kill");
        const pid_t engine = tell_engine(state_dir);
        log_error(fmt::format("without the configuration no venue was told to cancel; kill latch in {} {}, {}",
                              state_dir, latched ? "set" : "NOT SET",
                              engine > 0 ? fmt::format("engine {} told", engine) : "no engine runs there"));
        throw;
    }
}

}  // namespace

int run_kill(const KillOptions& options) {
    ConfigurationOptions load;
    // Nothing but the account matters here. A file that has gone bad since the engine read it must not keep the latch
    // from being set: what the account needs of it is refused after that.
    load.for_replay = true;
    load.allow_env_secrets = options.common.allow_env_secrets;
    const Configuration configuration = configuration_or_latch(options, load);
    const auto deadline = std::chrono::milliseconds{static_cast<std::int64_t>(options.deadline_seconds * 1'000)};
    const std::string state_dir = state_directory(configuration, options.common);
    if (options.clear) return clear_latch(configuration, options, state_dir, Clock::now() + deadline);
    // The latch first: an engine that takes the directory from now on sees it, one that holds it is told.
    const bool latched = set_kill_latch(state_dir, "keel kill");
    if (!latched) log_error("the kill latch cannot be written: " + state_dir);
    const pid_t engine = tell_engine(state_dir);
    const std::vector<VenueKill> venues = kill_all(configuration, options, Clock::now() + deadline);
    const bool verified = all_verified(venues);
    FlattenResult flattened;
    if (options.flatten && verified) flattened = flatten(configuration, options.common.allow_env_secrets, deadline);
    const FlattenResult* shown = options.flatten && verified ? &flattened : nullptr;
    print_text(options.common.json ? stderr : stdout, venues, engine, latched, shown);
    if (options.common.json) print_json(venues, engine, latched, shown);
    return latched && verified && flattened.flat() ? kExitDone : kExitCheckFailed;
}

}  // namespace keel::app
