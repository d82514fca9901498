#include "app/wiring/live_session.hpp"

#include <fmt/format.h>

#include <thread>
#include <variant>

#include "app/config/mapping.hpp"
#include "app/failure.hpp"
#include "app/log.hpp"
#include "app/version.hpp"
#include "app/wiring/venue_links.hpp"
#include "engine/journal/directory_lock.hpp"
#include "engine/journal/journal_writer.hpp"
#include "engine/journal/preamble.hpp"
#include "engine/journal/reclaim.hpp"
#include "engine/pipeline/core_host.hpp"
#include "engine/pipeline/runner.hpp"

namespace keel::app {
namespace {

using Host = CoreHost<LiveCore::Loop, JournalRecorder, TelemetryPublisher>;

constexpr std::uint8_t kHaltNew = static_cast<std::uint8_t>(risk::KillLevel::halt_new);

IdleKind idle_kind(Idle idle) {
    switch (idle) {
        case Idle::spin: return IdleKind::spin;
        case Idle::yield: return IdleKind::yield;
        case Idle::park: break;
    }
    return IdleKind::park;
}

RunnerOptions runner_options(const EngineSettings& engine) {
    RunnerOptions options;
    options.clock = engine.clock;
    options.idle = idle_kind(engine.idle);
    if (engine.core != kNoCore) options.core_of_core = static_cast<unsigned>(engine.core);
    for (const std::int64_t core : engine.connection_cores)
        options.cores_of_links.push_back(static_cast<unsigned>(core));
    return options;
}

DirectoryLock lock_directory(const std::filesystem::path& directory) {
    auto lock = DirectoryLock::take(directory);
    if (lock) return std::move(*lock);
    if (lock.error().code == Errc::already_running) {
        throw OutsideError{
            fmt::format("another engine (process {}) holds {}", lock.error().detail, directory.string())};
    }
    throw OutsideError{fmt::format("{} cannot be used: {}", directory.string(), errc_name(lock.error().code))};
}

std::uint32_t take_boot_epoch(const std::filesystem::path& directory) {
    const auto epoch = next_boot_epoch(directory);
    if (!epoch) throw OutsideError{fmt::format("{} cannot be written", directory.string())};
    return *epoch;
}

InstrumentTable loaded_instruments(const Configuration& configuration) {
    InstrumentTable instruments;
    load_reference_data(configuration, instruments);
    check_boundary_count(configuration, instruments);
    return instruments;
}

// A boundary on a coin that no venue here trades watches nothing: perhaps meant for another venue, perhaps misspelt.
void warn_of_idle_boundaries(const Configuration& configuration, const InstrumentTable& instruments) {
    for (const risk::BoundaryConfig& boundary : configuration.risk.boundaries) {
        if (boundary.underlying.empty() || instruments.find_underlying(boundary.underlying) != UnderlyingId::none) {
            continue;
        }
        log_warn(fmt::format("the boundary of {} on {} watches nothing: no venue here trades {}",
                             metric_name(boundary.metric), boundary.underlying, boundary.underlying));
    }
}

// What killed runs before this one had allocated ahead. Only comfort, so whatever is in its way stays.
void reclaim_killed_journals(const std::filesystem::path& journals) {
    std::error_code ignored;
    auto entry = std::filesystem::directory_iterator{journals, ignored};
    for (; !ignored && entry != std::filesystem::directory_iterator{}; entry.increment(ignored)) {
        if (entry->path().extension() != ".journal") continue;
        const auto given_back = reclaim_unwritten(entry->path());
        if (!given_back || *given_back == 0) continue;
        log_info(fmt::format("{} was left by a killed run: {} MiB that it never wrote are given back",
                             entry->path().string(), *given_back >> 20U));
    }
}

std::unique_ptr<JournalWriter> open_journal(const SessionPlace& place, std::uint32_t boot_epoch) {
    if (place.journal.empty()) reclaim_killed_journals(place.state_dir / "journals");
    JournalOptions options;
    options.path =
        place.journal.empty() ? place.state_dir / "journals" / fmt::format("{}.journal", boot_epoch) : place.journal;
    options.build_identity = version_text();
    options.boot_epoch = boot_epoch;
    std::filesystem::create_directories(options.path.parent_path());
    auto writer = JournalWriter::create(options);
    if (!writer) {
        throw OutsideError{
            fmt::format("the journal {} cannot be written (errno {})", options.path.string(), writer.error().detail)};
    }
    return std::move(*writer);
}

std::vector<BookReport::Level> best_levels(const OrderBook& book, Side side, const Instrument& instrument) {
    std::vector<BookReport::Level> out;
    const std::span<const PriceLevel> levels = book.levels(side);
    for (std::size_t at = levels.size(); at > 0 && out.size() < kBookReportLevels; --at) {
        const PriceLevel& level = levels[at - 1];
        out.push_back({instrument.decimal_of(level.price).to_text(), instrument.decimal_of(level.quantity).to_text()});
    }
    return out;
}

BookReport book_report(const DepthSummary& depth, const OrderBook& book, const Instrument& instrument) {
    BookReport report;
    report.instrument = instrument.name_view();
    report.valid = book.valid();
    report.updates = depth.updates;
    report.applied = depth.applied;
    report.dropped = depth.dropped;
    report.gaps = depth.gaps;
    report.last_id = depth.last_id;
    report.bid_levels = book.levels(Side::bid).size();
    report.ask_levels = book.levels(Side::ask).size();
    report.bids = best_levels(book, Side::bid, instrument);
    report.asks = best_levels(book, Side::ask, instrument);
    return report;
}

}  // namespace

struct LiveSession::Running {
    Running(const Configuration& wanted, const SessionPlace& place)
        : configuration{wanted},
          lock{lock_directory(place.state_dir)},
          boot_epoch{take_boot_epoch(place.state_dir)},
          table{loaded_instruments(configuration)},
          links{make_links(configuration, table, place.allow_env_secrets)},
          core{configuration, table, boot_epoch},
          writer{open_journal(place, boot_epoch)},
          recorder{*writer},
          publisher{core, table},
          host{core.loop(), recorder, publisher},
          cycles_per_ns{calibrate_cycles_per_ns()} {
        warn_of_idle_boundaries(configuration, table);
        if (!write_preamble(*writer, configuration.text, table)) {
            throw OutsideError{"the journal " + writer->path().string() + " cannot be written"};
        }
        std::vector<Link*> polled;
        for (const auto& link : links) polled.push_back(&link->link());
        const RunnerOptions options = runner_options(configuration.engine);
        if (configuration.engine.layout == Layout::inline_) {
            runner = std::make_unique<InlineRunner<Host>>(host, polled, options);
        } else {
            runner = std::make_unique<PipelineRunner<Host>>(host, polled, options);
        }
    }

    template <class Do>
    auto with_runner(Do&& act) const {
        return std::visit([&](const auto& runs) { return act(*runs); }, runner);
    }

    Configuration configuration;
    DirectoryLock lock;
    std::uint32_t boot_epoch;
    InstrumentTable table;
    std::vector<std::unique_ptr<SessionLink>> links;
    LiveCore core;
    std::unique_ptr<JournalWriter> writer;
    JournalRecorder recorder;
    TelemetryPublisher publisher;
    Host host;
    double cycles_per_ns;
    std::variant<std::unique_ptr<InlineRunner<Host>>, std::unique_ptr<PipelineRunner<Host>>> runner;
};

LiveSession::LiveSession(const Configuration& configuration, const SessionPlace& place)
    : running_{std::make_unique<Running>(configuration, place)} {}

LiveSession::~LiveSession() = default;

void LiveSession::start() {
    running_->with_runner([](auto& runner) { runner.start(); });
}

void LiveSession::pause() {
    running_->with_runner([](auto& runner) { runner.stop(); });
}

void LiveSession::resume() { start(); }

bool LiveSession::is_ready() const {
    return std::ranges::all_of(running_->links, [](const auto& link) { return link->is_ready(); });
}

bool LiveSession::has_ended() const {
    return std::ranges::all_of(running_->links, [](const auto& link) { return link->has_ended(); });
}

bool LiveSession::halted() const { return running_->host.halted(); }

JournalState LiveSession::journal_state() const {
    const JournalWriter& writer = *running_->writer;
    return {.writable = writer.writable(), .lost = writer.failed(), .error = writer.last_errno()};
}

std::string LiveSession::key_refusal() const {
    for (const auto& link : running_->links) {
        if (std::string refusal = link->key_refusal(); !refusal.empty()) return refusal;
    }
    return {};
}

Telemetry LiveSession::telemetry() const { return running_->publisher.latest(); }
const InstrumentTable& LiveSession::instruments() const { return running_->table; }
const std::filesystem::path& LiveSession::journal() const { return running_->writer->path(); }
double LiveSession::cycles_per_ns() const { return running_->cycles_per_ns; }

LatencySummary LiveSession::tick_to_trade_cycles() const {
    LatencyHistogram all;
    for (const auto& link : running_->links) {
        if (link->tick_to_trade() != nullptr) all.merge(*link->tick_to_trade());
    }
    return all.summary();
}

std::vector<StageShown> LiveSession::stages() const {
    std::vector<StageShown> out;
    out.push_back({"decode", running_->publisher.decode().summary()});
    out.push_back({"queue", running_->publisher.queue().summary()});
    const CycleMeter& meter = running_->core.loop().meter();
    for (const Stage stage : {Stage::book, Stage::risk, Stage::trigger, Stage::solve, Stage::gate}) {
        out.push_back({stage_name(stage), meter.commands(stage).summary()});
    }
    for (const auto& link : running_->links) {
        const OrderStages* const order = link->order_stages();
        if (order == nullptr) continue;
        out.push_back({"journal", order->handover.summary()});
        out.push_back({"encode", order->encode.summary()});
        out.push_back({"sign", order->sign.summary()});
        out.push_back({"write", order->write.summary()});
        break;  // one order session is measured
    }
    return out;
}

void LiveSession::raise_kill_level(std::uint8_t level) {
    OperatorCommand command;
    command.action = OperatorAction::set_kill_level;
    command.kill_level = level;
    const Event event = Event::of(EventKind::operator_command, VenueId::none, InstrumentId::none, command);
    running_->with_runner([&](auto& runner) { (void)runner.post(event); });
}

SessionEnd LiveSession::stop(std::chrono::milliseconds deadline) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point until = Clock::now() + deadline;
    if (telemetry().kill_level < kHaltNew) raise_kill_level(kHaltNew);
    // The core hears the latch before its thread ends: one turn empties the inbox.
    const std::uint64_t before = telemetry().sequence;
    while (telemetry().kill_level < kHaltNew && telemetry().sequence < before + 64 && !halted() &&
           Clock::now() < until - deadline / 2) {
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    running_->with_runner([](auto& runner) { runner.stop(); });

    // From here on this thread owns links and core, and nothing but cancels leaves.
    const auto ignore = [](const OrderCommand&) {};
    const auto confirmed = [&] {
        return std::ranges::all_of(running_->links, [](const auto& link) { return link->cancel_all_confirmed(); });
    };
    for (const auto& link : running_->links) link->request_cancel_all();
    EventBatch batch;
    while (!confirmed() && Clock::now() < until) {
        std::size_t done = 0;
        for (const auto& link : running_->links) {
            batch.clear();
            done += link->link().poll(batch);
            for (const Event& event : batch.events()) running_->host.process(event, ignore);
        }
        if (done == 0) std::this_thread::sleep_for(std::chrono::microseconds{200});
    }
    SessionEnd end;
    end.orders_confirmed_gone = confirmed();
    end.state_hash = running_->core.loop().state_hash();
    end.market_events = running_->core.loop().counts().market_events;
    end.journal = running_->writer->path();
    end.tick_to_trade_cycles = tick_to_trade_cycles();
    end.cycles_per_ns = running_->cycles_per_ns;
    std::vector<DepthSummary> depths;
    for (const auto& link : running_->links) {
        end.link_summaries.push_back(link->summary());
        end.speed_ratio = std::max(end.speed_ratio, link->speed_ratio());
        link->add_depth(depths);
        end.order_timings.insert(end.order_timings.end(), link->order_timings().begin(), link->order_timings().end());
    }
    for (const DepthSummary& depth : depths) {
        if (const OrderBook* book = running_->core.books().find(depth.instrument); book != nullptr) {
            end.books.push_back(book_report(depth, *book, running_->table[depth.instrument]));
        }
    }
    const Result<void> ended = running_->host.halted()
                                   ? running_->writer->abandon()
                                   : running_->writer->close(running_->core.loop().sequence(), end.state_hash);
    if (!ended) {
        log_error("the journal could not be closed in order: " + end.journal.string());
    }
    running_->publisher.publish();
    return end;
}

}  // namespace keel::app
