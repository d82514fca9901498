#include "engine/journal/replay.hpp"

#include "engine/journal/preamble.hpp"
#include "engine/pipeline/core_host.hpp"
#include "engine/pipeline/runner.hpp"
#include "tests/support/hedging_core.hpp"
#include "tests/support/temporary_directory.hpp"

namespace keel {
namespace {

using test::HedgingCore;
using test::SeededMarket;
using Loop = HedgingCore<>::Loop;

struct CountingObserver {
    std::atomic<std::uint64_t> events{0};
    std::atomic<std::uint64_t> commands{0};
    void seen(const Event& event, const Outbox& outbox) noexcept {
        if (event.kind != EventKind::timer) events.fetch_add(1);
        commands.fetch_add(outbox.commands.size());
    }
};

template <class Done>
bool reached(Done&& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{90};
    while (!done() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    return done();
}

// A run of the core as it ships, recorded, in one layout; returns its final hash.
template <template <class> class Runner>
std::uint64_t record_run(const std::filesystem::path& path, std::uint64_t seed, std::uint64_t steps) {
    using Host = CoreHost<Loop, JournalRecorder, CountingObserver>;
    HedgingCore core;
    JournalOptions journal;
    journal.path = path;
    journal.boot_epoch = 9;
    auto writer = JournalWriter::create(journal).value();
    EXPECT_TRUE(write_preamble(*writer, "seeded", core.instruments));
    JournalRecorder recorder{*writer};
    CountingObserver observer;
    Host host{core.loop, recorder, observer};
    SeededMarket market{seed, steps};
    RunnerOptions options;
    options.clock = EdgeClock::Source::venue;
    options.event_queue_max = 64;
    Runner<Host> runner{host, {&market}, options};
    runner.start();
    EXPECT_TRUE(reached([&] {
        return market.done() && observer.events.load() == market.events() &&
               observer.commands.load() == market.received() && market.done();
    }));
    runner.stop();
    const std::uint64_t hash = core.loop.state_hash();
    EXPECT_GT(core.loop.counts().commands, 50u);
    EXPECT_TRUE(writer->close(core.loop.sequence(), hash).has_value());
    return hash;
}

// Rebuilt from the journal alone, as a process of its own would.
ReplayReport replayed(const std::filesystem::path& path, const strategies::HedgeConfig& hedge = {}) {
    auto reader = JournalReader::open(path).value();
    const JournalPreamble preamble = read_preamble(reader).value();
    EXPECT_EQ(preamble.config_text, "seeded");
    HedgingCore core{hedge, preamble.boot_epoch};
    return replay(reader, core.loop).value();
}

TEST(CoreReplayTest, VerifiesARunOfTheInlineLayout) {
    const test::TemporaryDirectory directory;
    const auto path = directory.path() / "inline.journal";
    const std::uint64_t hash = record_run<InlineRunner>(path, 1, 4'000);
    const ReplayReport report = replayed(path);
    EXPECT_TRUE(report.verified) << report.first_difference->what;
    EXPECT_EQ(report.state_hash, hash);
    EXPECT_GT(report.checkpoints, 3u);
    EXPECT_GT(report.decisions, 50u);
}

TEST(CoreReplayTest, VerifiesARunOfThePipelineLayout) {
    const test::TemporaryDirectory directory;
    const auto path = directory.path() / "pipeline.journal";
    const std::uint64_t hash = record_run<PipelineRunner>(path, 2, 4'000);
    const ReplayReport report = replayed(path);
    EXPECT_TRUE(report.verified) << report.first_difference->what;
    EXPECT_EQ(report.state_hash, hash);
}

TEST(CoreReplayTest, DiffersAtTheFirstCommandThatAChangedConstantChanges) {
    const test::TemporaryDirectory directory;
    const auto path = directory.path() / "inline.journal";
    record_run<InlineRunner>(path, 3, 3'000);
    strategies::HedgeConfig changed;
    changed.cross_bps += 1.0;  // one tick further through the touch and more
    const ReplayReport report = replayed(path, changed);
    EXPECT_FALSE(report.verified);
    ASSERT_TRUE(report.first_difference.has_value());
    auto reader = JournalReader::open(path).value();
    std::uint64_t first_command = 0;
    while (first_command == 0) {
        const auto record = reader.next().value();
        ASSERT_TRUE(record.has_value());
        if (record->type == RecordType::command) first_command = record->as<OrderCommand>().value().trigger_sequence;
    }
    EXPECT_EQ(report.first_difference->sequence, first_command);
    EXPECT_EQ(report.first_difference->what, "command 1 price");
}

}  // namespace
}  // namespace keel
