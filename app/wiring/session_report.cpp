#include "app/wiring/session_report.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <map>

#include "app/version.hpp"
#include "app/wiring/run_history.hpp"

extern char** environ;  // NOLINT: POSIX's own name

namespace keel::app {
namespace {

LatencyReport latency_report(const LatencySummary& cycles, double cycles_per_ns) {
    LatencyReport report;
    const auto us = [&](std::optional<std::uint64_t> value) {
        return value ? static_cast<double>(*value) / cycles_per_ns / 1e3 : kNotKnown;
    };
    report.count = cycles.count;
    report.p50 = us(cycles.p50);
    report.p90 = us(cycles.p90);
    report.p99 = us(cycles.p99);
    report.p99_9 = us(cycles.p99_9);
    if (cycles.count > 0) report.max = us(cycles.max);
    return report;
}

// A journal holds what the core took; how long the bytes took to leave only the run itself saw.
void add_latencies(const SessionEnd& end, std::vector<DecisionRow>& rows) {
    std::map<std::uint64_t, std::uint64_t> slowest;
    for (const OrderTiming& order : end.order_timings) {
        std::uint64_t& cycles = slowest[static_cast<std::uint64_t>(order.decision)];
        cycles = std::max(cycles, order.cycles);
    }
    for (DecisionRow& row : rows) {
        const auto order = slowest.find(row.id);
        if (order != slowest.end()) row.latency_us = static_cast<double>(order->second) / end.cycles_per_ns / 1e3;
    }
}

}  // namespace

RunReport session_report(const Configuration& configuration, const SessionEnd& end, std::string title) {
    RunReport report;
    report.title = std::move(title);
    report.version = version_short();
    report.started_utc = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
    report.mode = mode_name(configuration.engine.mode);
    report.layout = layout_name(configuration.engine.layout);
    for (const VenueSettings& venue : configuration.venues) {
        report.venue += (report.venue.empty() ? "" : ", ") + std::string{venue_name(venue.venue)};
    }
    add_run_history(report, end.journal);
    add_latencies(end, report.decision_rows);
    report.books = end.books;
    if (end.speed_ratio > 0.0) report.speed_ratio = end.speed_ratio;
    report.tick_to_trade_us = latency_report(end.tick_to_trade_cycles, end.cycles_per_ns);
    return report;
}

bool replay_verifies(const std::filesystem::path& journal) {
    const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
    std::string path = journal.string();
    std::array<std::string, 5> words{program, "replay", path, "--verify", "--json"};
    std::array<char*, 6> arguments{};
    for (std::size_t at = 0; at < words.size(); ++at) arguments[at] = words[at].data();
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1, 0);  // its JSON is not ours to print
    pid_t child = 0;
    const int refused = ::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (refused != 0) return false;
    int status = 0;
    if (::waitpid(child, &status, 0) != child) return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace keel::app
