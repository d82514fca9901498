#include "engine/pipeline/runner.hpp"

#include <thread>

#include "engine/journal/journal_reader.hpp"
#include "engine/journal/replay.hpp"
#include "engine/pipeline/core_host.hpp"
#include "tests/support/simple_core.hpp"
#include "tests/support/temporary_directory.hpp"

namespace keel {
namespace {

using test::ScriptedExchange;
using test::SimpleCore;
using test::TemporaryDirectory;

using Loop = SimpleCore<>::Loop;
// Counts for a test that waits on another thread.
struct CountingObserver {
    std::atomic<std::uint64_t> events{0};
    std::atomic<std::uint64_t> commands{0};
    void seen(const Event& event, const Outbox& outbox) noexcept {
        if (event.kind != EventKind::timer) events.fetch_add(1);
        commands.fetch_add(outbox.commands.size());
    }
};
using JournalHost = CoreHost<Loop, JournalRecorder, CountingObserver>;

template <class Done>
bool reached(Done&& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!done()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

std::unique_ptr<JournalWriter> writer_at(const std::filesystem::path& path) {
    JournalOptions options;
    options.path = path;
    options.chunk_bytes = 1u << 20;
    options.bytes_max = 1u << 30;
    return JournalWriter::create(options).value();
}

struct Recording {
    std::uint64_t state_hash{0};
    std::uint64_t events{0};
    std::uint64_t commands{0};
    std::uint64_t received{0};
};

// The scripted exchange through a layout into a journal.
template <template <class> class Runner>
Recording record_run(const std::filesystem::path& path, std::uint64_t seed, std::uint64_t messages, bool close = true) {
    SimpleCore core;
    auto writer = writer_at(path);
    JournalRecorder recorder{*writer};
    CountingObserver observer;
    JournalHost host{core.loop, recorder, observer};
    ScriptedExchange exchange{seed, messages};
    RunnerOptions options;
    options.clock = EdgeClock::Source::venue;
    options.event_queue_max = 64;  // the exchange hears of orders before it has said everything
    Runner<JournalHost> runner{host, {&exchange}, options};
    if constexpr (std::is_same_v<Runner<JournalHost>, InlineRunner<JournalHost>>) {
        while (!exchange.done()) runner.turn();
        runner.turn();
    } else {
        runner.start();
        EXPECT_TRUE(reached([&] {
            return exchange.done() && observer.events.load() == exchange.events() &&
                   observer.commands.load() == exchange.received() && exchange.done();
        }));
        runner.stop();
    }
    EXPECT_FALSE(runner.halted());
    const Recording run{core.loop.state_hash(), core.loop.counts().events, core.loop.counts().commands,
                        exchange.received()};
    if (close) {
        EXPECT_TRUE(writer->close(core.loop.sequence(), run.state_hash).has_value());
    }
    return run;
}

TEST(InlineRunnerTest, RecordsARunThatReplaysToTheSameCommandsAndHash) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "run.journal";
    const Recording run = record_run<InlineRunner>(path, 1, 20'000);
    ASSERT_GT(run.commands, 500u);
    EXPECT_EQ(run.received, run.commands);
    auto reader = JournalReader::open(path).value();
    SimpleCore fresh;
    const ReplayReport report = replay(reader, fresh.loop).value();
    EXPECT_TRUE(report.verified) << report.first_difference->what;
    EXPECT_TRUE(report.closed);
    EXPECT_EQ(report.state_hash, run.state_hash);
    EXPECT_EQ(report.events, run.events);
    EXPECT_EQ(report.commands, run.commands);
    EXPECT_EQ(report.checkpoints, run.events / kCheckpointEvents);
    EXPECT_GT(report.checkpoints, 0u);
}

TEST(PipelineRunnerTest, RecordsARunThatReplaysToTheSameCommandsAndHash) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "run.journal";
    const Recording run = record_run<PipelineRunner>(path, 2, 20'000);
    ASSERT_GT(run.commands, 100u);
    EXPECT_EQ(run.received, run.commands);
    auto reader = JournalReader::open(path).value();
    SimpleCore fresh;
    const ReplayReport report = replay(reader, fresh.loop).value();
    EXPECT_TRUE(report.verified) << report.first_difference->what;
    EXPECT_EQ(report.state_hash, run.state_hash);
}

// Serves the events of a journal as a connection would; what is sent to it was answered long ago.
class JournalLink final : public OrderLink {
public:
    [[nodiscard]] VenueId venue() const override { return VenueId::deribit; }
    void send(const OrderCommand&) override {}
    explicit JournalLink(const std::filesystem::path& path) : reader_{JournalReader::open(path).value()} {}
    std::size_t poll(EventBatch& batch) override {
        while (!done_ && batch.size() < 1'000) {
            const auto next = reader_.next().value();
            if (!next.has_value()) {
                done_.store(true);
            } else if (next->type == RecordType::event) {
                (void)batch.push(next->as<Event>().value());
            }
        }
        return batch.size();
    }
    [[nodiscard]] bool done() const { return done_.load(); }

private:
    JournalReader reader_;
    std::atomic<bool> done_{false};
};

// The same events through queues and threads: the same commands and hash.
TEST(PipelineRunnerTest, ReplaysAnInlineJournalToTheSameCommandsAndHash) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "run.journal";
    const Recording run = record_run<InlineRunner>(path, 3, 20'000);
    auto reader = JournalReader::open(path).value();
    ReplayVerifier verifier{reader};
    SimpleCore fresh;
    CoreHost<Loop, ReplayVerifier> host{fresh.loop, verifier};
    JournalLink link{path};
    RunnerOptions options;
    options.live = false;
    PipelineRunner<CoreHost<Loop, ReplayVerifier>> runner{host, {&link}, options};
    runner.start();
    EXPECT_TRUE(reached([&link] { return link.done(); }));
    runner.stop();
    const ReplayReport report = verifier.finish(fresh.loop.state_hash()).value();
    EXPECT_TRUE(report.verified) << report.first_difference->what;
    EXPECT_EQ(report.state_hash, run.state_hash);
    EXPECT_EQ(report.commands, run.commands);
}

TEST(ReplayTest, NamesTheFirstCommandThatAChangedPolicyChanges) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "run.journal";
    record_run<InlineRunner>(path, 4, 5'000);
    auto reader = JournalReader::open(path).value();
    std::uint64_t first_command = 0;
    while (first_command == 0) {
        const auto record = reader.next().value();
        ASSERT_TRUE(record.has_value());
        if (record->type == RecordType::command) first_command = record->as<OrderCommand>().value().trigger_sequence;
    }
    SimpleCore changed{1};
    const ReplayReport report = replay(reader, changed.loop).value();
    EXPECT_FALSE(report.verified);
    ASSERT_TRUE(report.first_difference.has_value());
    EXPECT_EQ(report.first_difference->sequence, first_command);
    EXPECT_EQ(report.first_difference->what, "command 1 price");
}

TEST(ReplayTest, VerifiesAJournalThatWasNotClosed) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "run.journal";
    const Recording run = record_run<InlineRunner>(path, 5, 3'000, false);
    auto reader = JournalReader::open(path).value();
    SimpleCore fresh;
    const ReplayReport report = replay(reader, fresh.loop).value();
    EXPECT_TRUE(report.verified);
    EXPECT_FALSE(report.closed);
    EXPECT_EQ(report.state_hash, run.state_hash);
}

TEST(ReplayTest, SaysCorruptWhereARecordIs) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "run.journal";
    record_run<InlineRunner>(path, 6, 3'000);
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(50'000);
    file.put('\x55');
    file.put('\x33');
    file.close();
    auto reader = JournalReader::open(path).value();
    SimpleCore fresh;
    const auto report = replay(reader, fresh.loop);
    ASSERT_FALSE(report.has_value());
    EXPECT_EQ(report.error().code, Errc::journal_corrupt);
    EXPECT_GT(reader.offset(), 49'000u);
    EXPECT_LE(reader.offset(), 50'001u);
}

// A recorder whose disk fills at some event.
struct FullRecorder {
    std::uint64_t warn_at{0};
    std::uint64_t full_at{0};
    std::uint64_t events{0};
    std::vector<Event> recorded{};
    bool event(const Event& event) {
        if (++events >= full_at) return false;
        recorded.push_back(event);
        return true;
    }
    bool outputs(std::span<const DecisionRecord>, std::span<const Refusal>, std::span<const OrderCommand>) {
        return true;
    }
    bool checkpoint(const CheckpointRecord&) { return true; }
    [[nodiscard]] bool writable() const { return events < warn_at; }
};

TEST(CoreHostTest, StopsNewOrdersOnAWarningAndHaltsWhenFull) {
    SimpleCore core;
    FullRecorder recorder{4, 8};
    CoreHost<Loop, FullRecorder> host{core.loop, recorder};
    std::uint64_t sent = 0;
    const auto send = [&sent](const OrderCommand&) { ++sent; };
    host.process(test::level_event(EventKind::book_snapshot, Side::bid, 99, 50, 10, 0, kFirst), send);
    host.process(test::level_event(EventKind::book_snapshot, Side::ask, 101, 50, 10, 0, kLast), send);
    host.process(test::fill_event(ClientOrderId::none, 1, 5), send);
    host.process(Event::of(EventKind::timer, VenueId::none, InstrumentId::none, Timer{}), send);
    host.process(test::fill_event(ClientOrderId::none, 2, 10), send);
    ASSERT_EQ(recorder.recorded.size(), 6u);
    EXPECT_EQ(recorder.recorded[4].kind, EventKind::operator_command) << "the core hears of it first";
    EXPECT_EQ(sent, 0u);
    EXPECT_EQ(core.loop.counts().refusals, 1u);
    EXPECT_TRUE(host.process(test::fill_event(ClientOrderId::none, 3, 1), send));
    EXPECT_FALSE(host.process(test::fill_event(ClientOrderId::none, 4, 1), send));
    EXPECT_TRUE(host.halted());
    EXPECT_EQ(core.risk.position(), Quantity{16}) << "what could not be recorded did not move the core";
}

TEST(InlineRunnerTest, ReportsCommandsWithoutALinkAsNotSent) {
    SimpleCore core;
    NoRecorder recorder;
    CoreHost<Loop, NoRecorder> host{core.loop, recorder};
    struct MarketOnly final : Link {
        int turn{0};
        std::size_t poll(EventBatch& batch) override {
            if (turn++ == 0) {
                (void)batch.push(test::level_event(EventKind::book_snapshot, Side::bid, 99, 50, 10, 0, kFirst));
                (void)batch.push(test::level_event(EventKind::book_snapshot, Side::ask, 101, 50, 10, 0, kLast));
                (void)batch.push(test::fill_event(ClientOrderId::none, 1, 15));
            }
            return batch.size();
        }
    } market;
    RunnerOptions options;
    options.clock = EdgeClock::Source::venue;
    InlineRunner<CoreHost<Loop, NoRecorder>> runner{host, {&market}, options};
    runner.turn();
    ASSERT_EQ(core.loop.counts().commands, 1u);
    const ClientOrderId id = core.orders.live().front();
    runner.turn();
    EXPECT_EQ(core.orders.find(id)->state, OrderState::absent);
}

TEST(InlineRunnerTest, BringsTimersAndOperatorCommandsInAsEvents) {
    SimpleCore core;
    FullRecorder recorder{1'000'000, 1'000'000};
    CoreHost<Loop, FullRecorder> host{core.loop, recorder};
    InlineRunner<CoreHost<Loop, FullRecorder>> runner{host, {}};
    OperatorCommand command;
    command.action = OperatorAction::set_kill_level;
    runner.post(Event::of(EventKind::operator_command, VenueId::none, InstrumentId::none, command));
    runner.turn();
    ASSERT_EQ(recorder.recorded.size(), 2u);
    EXPECT_EQ(recorder.recorded[0].kind, EventKind::operator_command);
    EXPECT_GT(recorder.recorded[0].receive_time.ns(), 0);
    EXPECT_EQ(recorder.recorded[1].kind, EventKind::timer);
    const UnixNanos first = recorder.recorded[1].receive_time;
    ASSERT_TRUE(reached([&] { return runner.turn() > 0; }));
    EXPECT_GE(recorder.recorded[2].receive_time - first, kTimerEvery);
}

}  // namespace
}  // namespace keel
