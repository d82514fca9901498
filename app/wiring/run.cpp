#include <fmt/format.h>

#include <cstdio>
#include <thread>

#include "app/exit_code.hpp"
#include "app/failure.hpp"
#include "app/kill_latch.hpp"
#include "app/log.hpp"
#include "app/wiring/session_alarms.hpp"
#include "app/wiring/session_report.hpp"
#include "app/wiring/sessions.hpp"
#include "app/wiring/stop_signal.hpp"
#include "app/wiring/view_source.hpp"
#include "risk/limits/kill_switch.hpp"

namespace keel::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kStopDeadline{3'500};  // of the 5 s that an interrupt may take
constexpr std::chrono::seconds kProgressEvery{10};
constexpr std::chrono::milliseconds kSkewWarning{50};  // reliability: warn from here on, long before signatures fail

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Says once when a venue's clock and ours have drifted apart: deadlines and signatures live on their agreement. True
// when it has been said. On the venue's own clock there is nothing to compare.
bool warned_of_skew(const LiveSession& session, const Configuration& configuration) {
    if (configuration.engine.clock == EdgeClock::Source::venue) return true;
    for (const SessionShown& shown : session.telemetry().sessions) {
        const std::chrono::nanoseconds skew{shown.report.clock_skew_ns};
        if (std::chrono::abs(skew) < kSkewWarning) continue;
        log_warn(fmt::format("the clock of {} is {:+} ms from ours; check this host's time synchronisation",
                             venue_name(shown.venue),
                             std::chrono::duration_cast<std::chrono::milliseconds>(skew).count()));
        return true;
    }
    return false;
}

// What `keel kill` left in the state directory. Looked at while the session holds the directory's lock, and heard by
// the core before anything else.
std::optional<std::string> obey_kill_latch(LiveSession& session, const std::filesystem::path& state) {
    constexpr risk::KillLevel kLevel = risk::KillLevel::cancel_all;
    std::optional<std::string> latch = kill_latch(state);
    if (!latch) return latch;
    session.raise_kill_level(static_cast<std::uint8_t>(kLevel));
    log_warn(
        fmt::format("kill latch {}: starting at kill level {} ({}), no order will be sent; keel kill --clear, "
                    "then start again",
                    *latch, static_cast<int>(kLevel), risk::kill_level_name(kLevel)));
    return latch;
}

// Draws or logs while the session runs, until it ends, is interrupted, or its time is up.
void watch(LiveSession& session, const RunOptions& options, const Configuration& configuration) {
    const Clock::time_point started = Clock::now();
    Clock::time_point told = started;
    bool ready = false;
    bool skew_told = false;
    SessionAlarms alarms{session};
    ViewSource source{session, "keel run " + options.config_path, mode_name(configuration.engine.mode),
                      options.seconds};
    const bool drawn = !options.headless && !options.common.json && TerminalView::possible();
    std::unique_ptr<TerminalView> view = drawn ? std::make_unique<TerminalView>() : nullptr;
    while (!StopSignal::requested() && !session.has_ended() && !session.halted()) {
        if (options.seconds > 0.0 && seconds_since(started) >= options.seconds) return;
        if (!ready && session.is_ready()) {
            ready = true;
            log_info(fmt::format("ready after {:.1f} s", seconds_since(started)));
        }
        // A wrong key from the start will not become a right one by waiting.
        if (const std::string refusal = ready ? "" : session.key_refusal(); !refusal.empty()) {
            throw UsageError{refusal};
        }
        alarms.look();
        if (!ready &&
            seconds_since(started) * 1e3 > static_cast<double>(configuration.engine.startup_deadline.count())) {
            throw OutsideError{
                fmt::format("no venue became ready within {} ms", configuration.engine.startup_deadline.count())};
        }
        if (ready && !skew_told) skew_told = warned_of_skew(session, configuration);
        if (view != nullptr && view->due()) view->draw(source.model());
        if (view == nullptr && Clock::now() - told >= kProgressEvery) {
            told = Clock::now();
            const Telemetry seen = session.telemetry();
            log_info(fmt::format("{} events, {} triggers, {} orders, kill level {}", seen.counts.market_events,
                                 seen.counts.triggers, seen.orders.sent(), seen.kill_level));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
}

}  // namespace

int run_session(const RunOptions& options) {
    const ConfigurationOptions wanted{.overrides = options.overrides,
                                      .mode = options.mode,
                                      .layout = options.layout,
                                      .allow_env_secrets = options.common.allow_env_secrets};
    const Configuration configuration = load_configuration(options.config_path, wanted);
    if (!options.report_dir.empty()) prepare_report_directory(options.report_dir);
    const StopSignal stop;
    const std::filesystem::path state = state_directory(configuration, options.common);
    LiveSession session{configuration,
                        {.state_dir = state, .journal = {}, .allow_env_secrets = options.common.allow_env_secrets}};
    log_info(fmt::format("{}, layout {}, journal {}", mode_name(configuration.engine.mode),
                         layout_name(configuration.engine.layout), session.journal().string()));
    const std::optional<std::string> latch = obey_kill_latch(session, state);
    session.start();
    watch(session, options, configuration);
    const bool halted = session.halted();
    const SessionEnd end = session.stop(kStopDeadline);
    for (const std::string& line : end.link_summaries) log_info(line);
    if (!end.orders_confirmed_gone) log_error("the venue has not confirmed that no order of ours is open");
    // A report costs a replay; an interrupt has five seconds in all, so it is made only when asked for.
    if (options.common.json || !options.report_dir.empty()) {
        RunReport report = session_report(configuration, end, "keel run");
        report.seconds = options.seconds;
        if (!configuration.report.note.empty()) report.notes.push_back(configuration.report.note);
        if (latch) report.notes.push_back("Started under the kill latch " + *latch + ": no order was sent.");
        if (!options.report_dir.empty()) {
            report.report_path = write_report(report, options.report_dir, configuration.report.html);
        }
        if (options.common.json)
            fmt::print("{}\n", report_json(report, false));
        else
            fmt::print("{}", report_text(report));
    }
    if (halted) throw OutsideError{"the journal could not be written; the engine stopped taking events"};
    if (!end.orders_confirmed_gone) return kExitOutside;
    return StopSignal::requested() ? kExitInterrupted : kExitDone;
}

}  // namespace keel::app
