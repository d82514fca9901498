#include "engine/pipeline/event_queue.hpp"

#include <thread>

#include "engine/pipeline/agent_thread.hpp"
#include "engine/telemetry/seq_lock.hpp"

namespace keel {
namespace {

// Mixes a sequence into every word of an event, so that a torn or stale copy shows.
Event sealed(std::uint64_t sequence) {
    Event event;
    event.sequence = sequence;
    std::uint64_t word = sequence;
    for (std::uint64_t& out : event.payload) {
        word = word * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
        out = word;
    }
    return event;
}

bool intact(const Event& event) {
    const Event expected = sealed(event.sequence);
    return std::memcmp(&event, &expected, sizeof event) == 0;
}

// Two threads, a queue far smaller than the flow and full at times, each side pausing by turns: every event arrives,
// once, in order, whole.
TEST(SpscQueueTest, LosesNothingAndKeepsOrderUnderStress) {
    constexpr std::uint64_t kEvents = 1'000'000;
    EventQueue queue{256};
    std::jthread producer{[&queue] {
        for (std::uint64_t sequence = 1; sequence <= kEvents; ++sequence) {
            const Event event = sealed(sequence);
            while (!queue.try_push(event)) std::this_thread::yield();
            if (sequence % 50'021 == 0) std::this_thread::yield();
        }
    }};
    std::uint64_t expected = 1;
    std::uint64_t damaged = 0;
    std::uint64_t disordered = 0;
    Event event;
    while (expected <= kEvents) {
        if (!queue.try_pop(event)) {
            std::this_thread::yield();
            continue;
        }
        if (event.sequence != expected) ++disordered;
        if (!intact(event)) ++damaged;
        // At times, wait until the producer has met a full queue.
        if (expected % 100'003 == 0)
            for (const std::uint64_t seen = queue.refused(); queue.refused() == seen;) std::this_thread::yield();
        ++expected;
    }
    EXPECT_EQ(disordered, 0u);
    EXPECT_EQ(damaged, 0u);
    EXPECT_FALSE(queue.try_pop(event));
    EXPECT_EQ(queue.depth(), 0u);
    EXPECT_GE(queue.refused(), 9u);
}

TEST(SpscQueueTest, RefusesAndCountsBeyondItsMaximum) {
    CommandQueue queue{15};
    std::size_t taken = 0;
    while (taken < 10'000 && queue.try_push(OrderCommand{})) ++taken;
    EXPECT_GE(taken, 15u);
    EXPECT_LT(taken, 10'000u);
    EXPECT_EQ(queue.refused(), 1u);
    EXPECT_EQ(queue.depth(), taken);
}

TEST(SeqLockTest, NeverGivesAMixtureOfTwoValues) {
    struct Pair {
        std::array<std::uint64_t, 9> words{};
    };
    SeqLock<Pair> lock;
    std::atomic<bool> stop{false};
    std::jthread writer{[&] {
        for (std::uint64_t value = 1; !stop.load(); ++value) {
            Pair pair;
            pair.words.fill(value);
            lock.store(pair);
            if (value % 64 == 0) std::this_thread::yield();
        }
    }};
    std::uint64_t mixed = 0;
    std::uint64_t last = 0;
    std::uint64_t backwards = 0;
    for (int read = 0; read < 200'000 || lock.stores() < 10'000; ++read) {
        const Pair pair = lock.load();
        for (const std::uint64_t word : pair.words) mixed += word != pair.words[0] ? 1u : 0u;
        backwards += pair.words[0] < last ? 1u : 0u;
        last = pair.words[0];
    }
    stop.store(true);
    writer.join();
    EXPECT_EQ(mixed, 0u);
    EXPECT_EQ(backwards, 0u);
    EXPECT_GT(lock.stores(), 0u);
}

TEST(AgentThreadTest, RunsItsDutyUntilStopped) {
    for (const IdleKind idle : {IdleKind::spin, IdleKind::yield, IdleKind::park}) {
        std::atomic<std::uint64_t> turns{0};
        AgentThread agent{
            {"test-agent", std::nullopt, idle},
            [&turns] {
                turns.fetch_add(1);
                return std::size_t{0};
             }
        };
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        while (turns.load() < 1'000 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
        agent.stop();
        const std::uint64_t after = turns.load();
        EXPECT_GE(after, 1'000u);
        EXPECT_TRUE(agent.ended());
        EXPECT_EQ(turns.load(), after);
        EXPECT_FALSE(agent.pinned());
    }
}

TEST(AgentThreadTest, PinsToACoreThatIsThereAndSaysWhenNot) {
    std::jthread thread{[] {
        EXPECT_TRUE(prepare_thread({"pinned", 0, IdleKind::yield}).has_value());
        EXPECT_EQ(prepare_thread({"pinned", 100'000, IdleKind::yield}).error().code, Errc::config_invalid);
    }};
}

}  // namespace
}  // namespace keel
