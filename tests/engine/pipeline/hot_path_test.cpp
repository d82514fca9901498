#include <unistd.h>

#include <semaphore.h>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <shared_mutex>

#include "tests/support/hot_path_harness.hpp"
#include "tests/support/simple_core.hpp"
#include "tests/support/temporary_directory.hpp"

namespace keel {
namespace {

using test::HotPathCounts;
using test::HotPathReport;
using test::ScriptedExchange;
using test::SimpleCore;

constexpr std::uint64_t kEventsMin = 100'000;
constexpr std::uint64_t kCommandsMin = 1'000;

HotPathReport run(Layout layout, void (*plant)() = nullptr) {
    const test::TemporaryDirectory directory;
    SimpleCore<CycleMeter> core;
    JournalOptions options;
    options.path = directory.path() / "hot.journal";
    auto writer = JournalWriter::create(options).value();
    ScriptedExchange exchange{21, 400'000};
    const HotPathReport report = test::run_hot_path(
        core.loop, {&exchange}, layout, *writer,
        [&] {
            return exchange.done() ||
                   (core.loop.counts().events >= kEventsMin && core.loop.counts().commands >= kCommandsMin);
        },
        plant);
    return report;
}

TEST(HotPathTest, MakesNoAllocationLockOrSystemCallInline) {
    const HotPathReport report = run(Layout::inline_run);
    ASSERT_TRUE(report.trapped);
    EXPECT_FALSE(report.halted);
    EXPECT_GE(report.events, kEventsMin);
    EXPECT_GE(report.commands, kCommandsMin);
    EXPECT_EQ(report.counts.allocations, 0u);
    EXPECT_EQ(report.counts.locks, 0u);
    EXPECT_EQ(report.counts.system_calls, 0u);
}

TEST(HotPathTest, MakesNoAllocationLockOrSystemCallInThePipeline) {
    const HotPathReport report = run(Layout::pipeline);
    ASSERT_TRUE(report.trapped);
    EXPECT_FALSE(report.halted);
    EXPECT_GE(report.events, kEventsMin);
    EXPECT_GE(report.commands, kCommandsMin);
    EXPECT_EQ(report.counts.allocations, 0u);
    EXPECT_EQ(report.counts.locks, 0u);
    EXPECT_EQ(report.counts.system_calls, 0u);
}

std::atomic<std::uint64_t> planted{0};

void plant_malloc() {
    if (planted.fetch_add(1) != 1'000) return;
    void* volatile memory = std::malloc(16);
    std::free(memory);
}
void plant_new() {
    if (planted.fetch_add(1) != 1'000) return;
    int* volatile memory = new int{1};
    delete memory;
}
void plant_mutex() {
    static std::mutex mutex;
    if (planted.fetch_add(1) == 1'000) const std::lock_guard lock{mutex};
}
void plant_shared_mutex() {
    static std::shared_mutex mutex;
    if (planted.fetch_add(1) == 1'000) const std::shared_lock lock{mutex};
}
void plant_semaphore() {
    static sem_t semaphore;
    if (planted.fetch_add(1) != 1'000) return;
    ::sem_init(&semaphore, 0, 1);
    ::sem_wait(&semaphore);
}
void plant_getpid() {
    if (planted.fetch_add(1) == 1'000) (void)::getpid();
}

struct Plant {
    const char* name;
    void (*call)();
    HotPathCounts expected;
};

TEST(HotPathTest, FindsEachPlantedAllocationLockAndSystemCall) {
    const Plant plants[] = {
        {"malloc", plant_malloc, {2, 0, 0}},       {"new", plant_new, {2, 0, 0}},
        {"mutex", plant_mutex, {0, 2, 0}},         {"rwlock", plant_shared_mutex, {0, 2, 0}},
        {"semaphore", plant_semaphore, {0, 1, 0}}, {"getpid", plant_getpid, {0, 0, 1}},
    };
    for (const Plant& plant : plants)
        for (const Layout layout : {Layout::inline_run, Layout::pipeline}) {
            SCOPED_TRACE(plant.name);
            planted.store(0);
            const HotPathReport report = run(layout, plant.call);
            ASSERT_TRUE(report.trapped);
            EXPECT_EQ(report.counts.allocations, plant.expected.allocations);
            EXPECT_EQ(report.counts.locks, plant.expected.locks);
            EXPECT_EQ(report.counts.system_calls, plant.expected.system_calls);
        }
}

}  // namespace
}  // namespace keel
