#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/config/configuration.hpp"
#include "app/report/run_report.hpp"
#include "app/wiring/telemetry.hpp"
#include "engine/telemetry/order_timings.hpp"

namespace keel::app {

struct SessionPlace {
    std::filesystem::path state_dir;  // journals, lock, boot epoch
    std::filesystem::path journal;    // empty: STATE/journals/<epoch>.journal
    bool allow_env_secrets{false};
};

// One stage on the way from tick to order, in cycles.
struct StageShown {
    const char* name{""};
    LatencySummary cycles{};
};

// Whether the journal takes events ahead of orders. Once lost, it stays so for this run.
struct JournalState {
    bool writable{true};
    bool lost{false};
    int error{0};  // errno of the last failure
};

// How a session ended.
struct SessionEnd {
    bool orders_confirmed_gone{false};  // the venue said that none of ours is open
    std::uint64_t state_hash{0};
    std::uint64_t market_events{0};
    std::filesystem::path journal;
    LatencySummary tick_to_trade_cycles{};
    std::vector<OrderTiming> order_timings;  // the same, order by order: the newest OrderTimings::kTimingsMax a link
    double cycles_per_ns{1.0};
    std::vector<std::string> link_summaries;
    std::vector<BookReport> books;  // of links that count their books' updates
    double speed_ratio{0.0};        // of the fastest link; 0 where unknown
};

// A running engine: state directory locked, instruments loaded, journal open, links connected, core
// running in the configured layout.
//
//   links ─► runner (inline or pipeline) ─► host: journal ─► core ─► journal ─► order links
//
// Thread: the owner's; the runner makes its own. Allocates: freely, outside the core's thread.
class LiveSession {
public:
    // Blocks while reference data load. Throws OutsideError (already running, venue out of reach,
    // journal unwritable) or ConfigError.
    LiveSession(const Configuration& configuration, const SessionPlace& place);
    ~LiveSession();
    LiveSession(const LiveSession&) = delete;
    LiveSession& operator=(const LiveSession&) = delete;

    void start();
    // Ends the session's threads for a while; connections stay as they are. For measurements only: a
    // paused engine hears nothing.
    void pause();
    void resume();
    // Every link is subscribed and reconciled.
    [[nodiscard]] bool is_ready() const;
    // Every link's venue has closed for good: a recording is over.
    [[nodiscard]] bool has_ended() const;
    // The journal failed: the core has stopped taking events.
    [[nodiscard]] bool halted() const;
    // Full disk or a failed write: the gate stops new orders until the journal is writable again. Any thread.
    [[nodiscard]] JournalState journal_state() const;
    // See SessionLink; of the first link that has one. Any thread.
    [[nodiscard]] std::string key_refusal() const;
    [[nodiscard]] Telemetry telemetry() const;
    [[nodiscard]] const InstrumentTable& instruments() const;
    [[nodiscard]] const std::filesystem::path& journal() const;
    [[nodiscard]] LatencySummary tick_to_trade_cycles() const;
    [[nodiscard]] double cycles_per_ns() const;
    // Where the time between a tick and its order goes, by stage, of events that made a command. Any
    // thread, while the session lives.
    [[nodiscard]] std::vector<StageShown> stages() const;
    // Raises the kill level; the core hears it as an event. Before start(): as its first one.
    void raise_kill_level(std::uint8_t level);

    // Orderly end: no new orders, ours cancelled and that confirmed by the venue, journal closed. Takes
    // at most `deadline` plus the time to sync the journal.
    SessionEnd stop(std::chrono::milliseconds deadline);

private:
    struct Running;
    std::unique_ptr<Running> running_;
};

}  // namespace keel::app
