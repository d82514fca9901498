// keel replay JOURNAL [--verify]: the recorded events through a fresh core. The recorded commands stay hidden
// from it: with --verify they are compared with what it says now, bit for bit, and the state hash with them.
#include <fmt/format.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "app/commands/commands.hpp"
#include "app/config/configuration.hpp"
#include "app/exit_code.hpp"
#include "app/journal/journal_file.hpp"
#include "app/json_text.hpp"
#include "app/wiring/core.hpp"
#include "engine/journal/replay.hpp"
#include "engine/pipeline/core_host.hpp"
#include "engine/pipeline/runner.hpp"

namespace keel::app {

namespace {

// Feeds a journal's events as a connection would.
// Thread: its own in the pipeline layout. Allocates: in open().
class JournalLink final : public Link {
public:
    explicit JournalLink(const std::filesystem::path& path) : reader_{open_journal(path)} {}

    std::size_t poll(EventBatch& batch) override {
        constexpr std::size_t kAtOnce = 1'024;  // keeps the queue busy without holding the journal in memory
        std::size_t taken = 0;
        while (taken < kAtOnce && !ended_.load(std::memory_order_relaxed)) {
            const Result<std::optional<JournalRecord>> record = reader_.next();
            // Damage ends the feed; the verifier reads the same journal and names the place.
            if (!record || !record->has_value()) {
                ended_.store(true, std::memory_order_release);
                break;
            }
            if ((*record)->type != RecordType::event) continue;
            const Result<Event> event = (*record)->as<Event>();
            if (!event || !batch.push(*event)) break;
            ++taken;
            fed_.fetch_add(1, std::memory_order_relaxed);
        }
        return taken;
    }
    [[nodiscard]] bool ended() const { return ended_.load(std::memory_order_acquire); }
    [[nodiscard]] std::uint64_t fed() const { return fed_.load(std::memory_order_relaxed); }

private:
    JournalReader reader_;
    std::atomic<bool> ended_{false};
    std::atomic<std::uint64_t> fed_{0};
};

// Takes a venue's commands and keeps silent: the answers are in the journal.
class SilentVenue final : public OrderLink {
public:
    explicit SilentVenue(VenueId venue) : venue_{venue} {}
    std::size_t poll(EventBatch&) override { return 0; }
    [[nodiscard]] VenueId venue() const override { return venue_; }
    void send(const OrderCommand&) override {}

private:
    VenueId venue_;
};

[[noreturn]] void throw_damaged(const JournalReader& reader, const std::filesystem::path& path, const Error& error) {
    throw JournalDamaged{path.string(), error.detail, reader.offset()};
}

ReplayReport verify_inline(JournalReader& reader, ReplayCore& core, const std::filesystem::path& path) {
    const Result<ReplayReport> report = replay(reader, core.loop());
    if (!report) throw_damaged(reader, path, report.error());
    return *report;
}

// The same events over queues and threads: the layout must not change a bit.
ReplayReport verify_pipeline(JournalReader& reader, ReplayCore& core, const std::filesystem::path& path) {
    using Host = CoreHost<ReplayCore::Loop, ReplayVerifier>;
    reader.rewind();
    ReplayVerifier verifier{reader};
    Host host{core.loop(), verifier};
    JournalLink journal{path};
    SilentVenue deribit{VenueId::deribit};
    SilentVenue binance_usdm{VenueId::binance_usdm};
    SilentVenue binance_coinm{VenueId::binance_coinm};
    RunnerOptions options;
    options.live = false;
    options.clock = EdgeClock::Source::venue;
    PipelineRunner<Host> runner{
        host, {&journal, &deribit, &binance_usdm, &binance_coinm},
         options
    };
    runner.start_links();
    const auto all_taken = [&] { return journal.ended() && core.loop().counts().events == journal.fed(); };
    while (!host.halted() && !all_taken()) {
        if (runner.turn() == 0) std::this_thread::yield();
    }
    runner.stop();
    const Result<ReplayReport> report = verifier.finish(core.loop().state_hash());
    if (!report) throw_damaged(reader, path, report.error());
    return *report;
}

// Without comparison: only the core's own answer.
ReplayReport run_through(JournalReader& reader, ReplayCore& core, const std::filesystem::path& path) {
    ReplayReport report;
    while (const auto record = next_record(reader, path)) {
        if (record->type != RecordType::event) continue;
        const Result<Event> event = record->as<Event>();
        if (!event) throw_damaged(reader, path, event.error());
        const Outbox& outbox = core.loop().on(*event);
        ++report.events;
        report.commands += outbox.commands.size();
        report.decisions += outbox.decisions.size();
        report.refusals += outbox.refusals.size();
    }
    report.state_hash = core.loop().state_hash();
    report.closed = reader.tail() == JournalTail::closed;
    return report;
}

void print_json(const ReplayReport& report, bool verify) {
    JsonText json;
    json.open_object();
    json.field("events", report.events);
    json.field("commands", report.commands);
    json.field("decisions", report.decisions);
    json.field("refusals", report.refusals);
    json.field("state_hash", fmt::format("{:016x}", report.state_hash));
    if (verify) {
        json.field("verified", report.verified);
    } else {
        json.null_field("verified");
    }
    json.field("closed", report.closed);
    if (report.first_difference) {
        json.open_object("first_difference");
        json.field("sequence", report.first_difference->sequence);
        json.field("what", report.first_difference->what);
        json.field("expected", report.first_difference->expected);
        json.field("got", report.first_difference->got);
        json.close_object();
    } else {
        json.null_field("first_difference");
    }
    json.close_object();
    fmt::print("{}\n", json.text());
}

void print_text(std::FILE* out, const std::string& path, const ReplayReport& report, bool verify) {
    fmt::print(out, "{}: {} events, {} commands, state hash {:016x}\n", path, report.events, report.commands,
               report.state_hash);
    if (!verify) return;
    if (report.verified) {
        fmt::print(out, "verified: every command{} matches, bit for bit\n",
                   report.closed ? " and the final state" : "");
        if (!report.closed) fmt::print(out, "note: the journal was not closed, so it has no final state to compare\n");
    } else if (report.first_difference) {
        fmt::print(out, "differs at event {}: {}\n  recorded  {}\n  now       {}\n", report.first_difference->sequence,
                   report.first_difference->what, report.first_difference->expected, report.first_difference->got);
    } else {
        fmt::print(out, "not verified\n");
    }
}

}  // namespace

int run_replay(const ReplayOptions& options) {
    const std::filesystem::path path = find_journal(options.journal_path);
    JournalReader reader = open_journal(path);
    const JournalPreamble preamble = preamble_of(reader, path);
    ConfigurationOptions load;
    load.overrides = options.overrides;
    load.for_replay = true;
    const Configuration configuration = parse_configuration(preamble.config_text, "journal", load);
    ReplayCore core{configuration, preamble.instruments, preamble.boot_epoch};
    const bool pipeline = options.layout == "pipeline";
    const ReplayReport report = !options.verify ? run_through(reader, core, path)
                                : pipeline      ? verify_pipeline(reader, core, path)
                                                : verify_inline(reader, core, path);
    print_text(options.common.json ? stderr : stdout, path.string(), report, options.verify);
    if (options.common.json) print_json(report, options.verify);
    return options.verify && !report.verified ? kExitCheckFailed : kExitDone;
}

}  // namespace keel::app
