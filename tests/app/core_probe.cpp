// Records a run of the core as it ships, or replays one and compares. Built at -O0 and at -O3: what one
// records the other must reproduce, every command and the state hash, bit for bit.

#include <cstdio>
#include <string_view>

#include "engine/journal/preamble.hpp"
#include "engine/journal/replay.hpp"
#include "engine/pipeline/core_host.hpp"
#include "engine/pipeline/runner.hpp"
#include "tests/support/hedging_core.hpp"

namespace {

using namespace keel;
using Loop = test::HedgingCore<>::Loop;
using Host = CoreHost<Loop, JournalRecorder>;

constexpr std::uint64_t kSteps = 6'000;
constexpr std::uint64_t kCommandsMin = 100;

int record(const char* path) {
    std::filesystem::remove(path);
    test::HedgingCore core;
    JournalOptions journal;
    journal.path = path;
    journal.boot_epoch = 9;
    auto writer = JournalWriter::create(journal);
    if (!writer || !write_preamble(**writer, "probe", core.instruments)) return 3;
    JournalRecorder recorder{**writer};
    Host host{core.loop, recorder};
    test::SeededMarket market{17, kSteps};
    RunnerOptions options;
    options.clock = EdgeClock::Source::venue;
    InlineRunner<Host> runner{host, {&market}, options};
    while (!market.done()) runner.turn();
    runner.turn();
    const std::uint64_t hash = core.loop.state_hash();
    if (!(*writer)->close(core.loop.sequence(), hash)) return 3;
    std::printf("%llu events, %llu commands, hash %016llx\n",
                static_cast<unsigned long long>(core.loop.counts().events),
                static_cast<unsigned long long>(core.loop.counts().commands), static_cast<unsigned long long>(hash));
    return core.loop.counts().commands >= kCommandsMin ? 0 : 1;
}

int verify(const char* path) {
    auto reader = JournalReader::open(path);
    if (!reader) return 3;
    const auto preamble = read_preamble(*reader);
    if (!preamble) return 3;
    test::HedgingCore core{{}, preamble->boot_epoch};
    const auto report = replay(*reader, core.loop);
    if (!report) return 3;
    if (report->first_difference.has_value())
        std::printf("event %llu, %s: %s recorded, %s now\n",
                    static_cast<unsigned long long>(report->first_difference->sequence),
                    report->first_difference->what.c_str(), report->first_difference->expected.c_str(),
                    report->first_difference->got.c_str());
    std::printf("%llu events, %llu commands, hash %016llx\n", static_cast<unsigned long long>(report->events),
                static_cast<unsigned long long>(report->commands),
                static_cast<unsigned long long>(report->state_hash));
    return report->verified && report->closed && report->commands >= kCommandsMin ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    return std::string_view{argv[1]} == "record" ? record(argv[2]) : verify(argv[2]);
}
