#include <unistd.h>

#include <cstdlib>
#include <mutex>

#include "tests/support/hedging_core.hpp"
#include "tests/support/hot_path_harness.hpp"
#include "tests/support/temporary_directory.hpp"

namespace keel {
namespace {

using test::HedgingCore;
using test::HotPathReport;
using test::SeededMarket;

constexpr std::uint64_t kEventsMin = 100'000;
constexpr std::uint64_t kCommandsMin = 1'000;

// The core as it ships, with its journal, fed by the seeded market in one layout.
HotPathReport run(Layout layout, void (*plant)() = nullptr) {
    const test::TemporaryDirectory directory;
    HedgingCore<CycleMeter> core;
    JournalOptions options;
    options.path = directory.path() / "hot.journal";
    auto writer = JournalWriter::create(options).value();
    SeededMarket market{5, 200'000};
    const auto enough = [&core] {
        return core.loop.counts().events >= kEventsMin && core.loop.counts().commands >= kCommandsMin;
    };
    return test::run_hot_path(
        core.loop, {&market}, layout, *writer, [&] { return enough() || market.done(); }, plant);
}

void expect_clean(const HotPathReport& report) {
    ASSERT_TRUE(report.trapped) << "this kernel refuses seccomp filters";
    EXPECT_FALSE(report.halted);
    EXPECT_GE(report.events, kEventsMin);
    EXPECT_GE(report.commands, kCommandsMin);
    EXPECT_EQ(report.counts.allocations, 0u);
    EXPECT_EQ(report.counts.locks, 0u);
    EXPECT_EQ(report.counts.system_calls, 0u);
}

TEST(CoreHotPathTest, MakesNoAllocationLockOrSystemCallInline) { expect_clean(run(Layout::inline_run)); }

TEST(CoreHotPathTest, MakesNoAllocationLockOrSystemCallInThePipeline) { expect_clean(run(Layout::pipeline)); }

void plant_malloc() {
    void* volatile memory = std::malloc(16);
    std::free(memory);
}
void plant_lock() {
    static std::mutex mutex;
    const std::lock_guard lock{mutex};
}
void plant_getpid() { (void)::getpid(); }

TEST(CoreHotPathTest, FailsOnAPlantedMallocLockOrGetpid) {
    for (const Layout layout : {Layout::inline_run, Layout::pipeline}) {
        EXPECT_GT(run(layout, plant_malloc).counts.allocations, 0u);
        EXPECT_GT(run(layout, plant_lock).counts.locks, 0u);
        EXPECT_GT(run(layout, plant_getpid).counts.system_calls, 0u);
    }
}

}  // namespace
}  // namespace keel
