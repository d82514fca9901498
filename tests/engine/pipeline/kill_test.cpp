#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <set>

#include "engine/journal/journal_reader.hpp"
#include "engine/journal/replay.hpp"
#include "engine/pipeline/core_host.hpp"
#include "engine/pipeline/runner.hpp"
#include "tests/support/simple_core.hpp"
#include "tests/support/temporary_directory.hpp"

namespace keel {
namespace {

using test::ScriptedExchange;
using test::SimpleCore;
using Loop = SimpleCore<>::Loop;
using Host = CoreHost<Loop, JournalRecorder>;

// A sanitizer's process takes ten times as long to start and to die; the full count runs without one.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kRounds = 20;
#else
constexpr int kRounds = 200;
#endif

// The scripted exchange, telling a pipe of each order that it sees: what left this process.
class WiredExchange final : public OrderLink {
public:
    WiredExchange(std::uint64_t seed, int wire) : exchange_{seed, 10'000'000}, wire_{wire} {}
    [[nodiscard]] VenueId venue() const override { return exchange_.venue(); }
    std::size_t poll(EventBatch& batch) override { return exchange_.poll(batch); }
    void send(const OrderCommand& command) override {
        const auto id = static_cast<std::uint64_t>(command.client_order_id);
        if (::write(wire_, &id, sizeof id) != sizeof id) ::_exit(2);
        exchange_.send(command);
    }

private:
    ScriptedExchange exchange_;
    int wire_;
};

// Runs an engine until it is killed.
[[noreturn]] void trade_for_ever(const std::filesystem::path& path, std::uint64_t seed, int wire, bool pipeline) {
    SimpleCore core;
    JournalOptions journal;
    journal.path = path;
    journal.chunk_bytes = 1u << 20;
    auto writer = JournalWriter::create(journal);
    if (!writer) ::_exit(1);
    JournalRecorder recorder{**writer};
    Host host{core.loop, recorder};
    WiredExchange exchange{seed, wire};
    RunnerOptions options;
    options.clock = EdgeClock::Source::venue;
    options.event_queue_max = 64;
    if (pipeline) {
        PipelineRunner<Host> runner{host, {&exchange}, options};
        runner.start_links();
        for (;;) runner.turn();
    }
    InlineRunner<Host> runner{host, {&exchange}, options};
    for (;;) runner.turn();
}

struct Killed {
    std::vector<std::uint64_t> seen;  // by the exchange
    std::set<std::uint64_t> intents;  // in the journal
    JournalTail tail{JournalTail::unread};
    ReplayReport replayed;
};

Killed kill_one(std::uint64_t seed, std::uint64_t orders, std::chrono::microseconds more, bool pipeline) {
    const test::TemporaryDirectory directory;
    const auto path = directory.path() / "killed.journal";
    int wire[2];
    if (::pipe(wire) != 0) return {};
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(wire[0]);
        trade_for_ever(path, seed, wire[1], pipeline);
    }
    ::close(wire[1]);
    Killed out;
    std::uint64_t id = 0;
    const auto read_one = [&] { return ::read(wire[0], &id, sizeof id) == sizeof id; };
    while (out.seen.size() < orders && read_one()) out.seen.push_back(id);
    const auto until = std::chrono::steady_clock::now() + more;
    while (std::chrono::steady_clock::now() < until) {
    }
    ::kill(child, SIGKILL);
    while (read_one()) out.seen.push_back(id);
    ::close(wire[0]);
    ::waitpid(child, nullptr, 0);
    auto reader = JournalReader::open(path).value();
    for (;;) {
        const auto record = reader.next();
        if (!record || !record->has_value()) break;
        if ((*record)->type == RecordType::command)
            out.intents.insert(static_cast<std::uint64_t>((*record)->as<OrderCommand>().value().client_order_id));
    }
    out.tail = reader.tail();
    SimpleCore fresh;
    out.replayed = replay(reader, fresh.loop).value();
    return out;
}

// An order that left the process has its intent in the journal, whenever the process dies; and what the
// journal holds replays to the same commands.
TEST(KillTest, EveryOrderThatLeftHasItsIntentInTheJournal) {
    std::mt19937_64 random{31};
    std::size_t orders = 0;
    for (int round = 0; round < kRounds; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        const Killed killed =
            kill_one(random(), 1 + random() % 40, std::chrono::microseconds{random() % 3'000}, round % 2 == 1);
        orders += killed.seen.size();
        ASSERT_FALSE(killed.seen.empty());
        ASSERT_EQ(killed.tail, JournalTail::unclosed);
        for (const std::uint64_t id : killed.seen) ASSERT_TRUE(killed.intents.contains(id));
        ASSERT_TRUE(killed.replayed.verified) << killed.replayed.first_difference->what;
    }
    EXPECT_GT(orders, 10u * kRounds);
}

}  // namespace
}  // namespace keel
