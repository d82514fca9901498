// `keel latency` as a script reads it: what it says, and that its figures agree with each other. How fast the engine is
// stands in bench/ and docs/performance.md, not here.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <tuple>

#include "tests/support/program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace keel::app {
namespace {

using nlohmann::json;

constexpr std::uint64_t kQuietTicks = 100;
constexpr const char* kPercentiles[] = {"p50", "p90", "p99", "p99_9", "p99_99"};

// Layout and transport.
class LatencyCommandTest : public testing::TestWithParam<std::tuple<const char*, const char*>> {
protected:
    // As many as a p99 needs; fewer where three threads wait for each other, which a busy host makes slow.
    static std::uint64_t ticks() { return std::string{std::get<0>(GetParam())} == "inline" ? 1'000 : 300; }

    static json measure() {
        const auto [layout, transport] = GetParam();
        const test::TemporaryDirectory folder;
        test::Program program{KEEL_BINARY,
                              {"latency", "--ticks", std::to_string(ticks()), "--runs", "1", "--layout", layout,
                               "--transport", transport, "--json", "--state", folder.path().string()},
                              folder.path(),
                              "latency"};
        const int code = program.wait(std::chrono::seconds{280});
        EXPECT_TRUE(code == 0 || code == 1) << program.err();  // 1: a busy host lost ticks; the figures still stand
        return json::parse(program.out(), nullptr, false);
    }
};

void expect_ordered(const json& seen, std::uint64_t count) {
    ASSERT_EQ(seen["count"], count);
    double before = 0.0;
    for (const char* name : kPercentiles) {
        ASSERT_TRUE(seen.contains(name)) << name;
        if (seen[name].is_null()) continue;
        EXPECT_GT(seen[name].get<double>(), 0.0) << name;
        EXPECT_GE(seen[name].get<double>(), before) << name;
        before = seen[name].get<double>();
    }
    EXPECT_GE(seen["max"].get<double>(), before);
    EXPECT_TRUE(seen["p50"].is_number() && seen["p90"].is_number());
    EXPECT_EQ(seen["p99"].is_null(), count < 1'000) << "ten samples must lie above it";
    EXPECT_EQ(seen["p99_9"].is_null(), count < 10'000);
    EXPECT_EQ(seen["p99_99"].is_null(), count < 100'000);
}

// Engine beside floor, from the same round.
void expect_cadence(const json& cadence, std::uint64_t ticks) {
    const json& wire = cadence["wire_us"];
    expect_ordered(wire["engine"], ticks);
    expect_ordered(wire["floor"], ticks);
    EXPECT_LE(cadence["missed"].get<std::uint64_t>(), ticks);
    for (const char* name : {"p50", "p99"}) {
        const json& ratio = cadence["ratio_to_floor"][name];
        if (wire["engine"][name].is_null()) {
            EXPECT_TRUE(ratio.is_null());
            continue;
        }
        const double expected = wire["engine"][name].get<double>() / wire["floor"][name].get<double>();
        EXPECT_NEAR(ratio.get<double>(), expected, 1e-9 * expected);
    }
}

// A stage is a part of the way, so its median is no longer than the whole way's; together they are nearly all of it.
void expect_stages(const json& report, const std::string& transport, std::uint64_t ticks) {
    const double whole_ns = report["in_process_us"]["p50"].get<double>() * 1e3;
    double sum_ns = 0.0;
    for (const char* name :
         {"decode", "queue", "book", "risk", "trigger", "solve", "gate", "journal", "encode", "sign", "write"}) {
        SCOPED_TRACE(name);
        ASSERT_TRUE(report["stages_ns"].contains(name));
        const json& stage = report["stages_ns"][name];
        const bool lacking = std::string{name} == "sign" && transport == "ws";
        ASSERT_EQ(stage.is_null(), lacking);
        if (lacking) continue;
        EXPECT_GE(stage["count"].get<std::uint64_t>(), ticks / 2);
        EXPECT_GE(stage["p50"].get<double>(), 0.0);
        EXPECT_LE(stage["p50"].get<double>(), 1.05 * whole_ns);
        EXPECT_TRUE(stage["p99"].is_null() || stage["p99"].get<double>() >= stage["p50"].get<double>());
        sum_ns += stage["p50"].get<double>();
    }
    EXPECT_EQ(report["stages_ns"].size(), 11U);
    EXPECT_NEAR(report["stages_to_in_process"].get<double>(), sum_ns / whole_ns, 1e-9);
    // 0.94 to 1.00 was seen with more work than processors; a host may do worse without anything being wrong.
    EXPECT_GT(sum_ns, 0.5 * whole_ns);
    EXPECT_LT(sum_ns, 1.5 * whole_ns);
}

TEST_P(LatencyCommandTest, TellsWireStagesAndFloorThatAgree) {
    const auto [layout, transport] = GetParam();
    const json report = measure();
    ASSERT_TRUE(report.is_object());
    EXPECT_EQ(report["venue"], "deribit");
    EXPECT_EQ(report["layout"], layout);
    EXPECT_EQ(report["transport"], transport);
    EXPECT_EQ(report["ticks"], ticks());
    EXPECT_EQ(report["runs"], 1);
    EXPECT_EQ(report["rate_hz"], 1'000.0);
    expect_cadence(report, ticks());
    EXPECT_EQ(report["quiet"]["rate_hz"], 100.0);
    expect_cadence(report["quiet"], kQuietTicks);
    expect_ordered(report["in_process_us"], report["in_process_us"]["count"].get<std::uint64_t>());
    expect_stages(report, transport, ticks());
}

TEST(InterruptedLatencyCommandTest, EndsWithinSecondsHoweverMuchIsLeft) {
    const test::TemporaryDirectory folder;
    test::Program program{KEEL_BINARY,
                          {"latency", "--ticks", "1000000", "--runs", "1", "--state", folder.path().string()},
                          folder.path(),
                          "latency"};
    std::this_thread::sleep_for(std::chrono::seconds{3});  // well into the first round
    program.signal(SIGTERM);
    EXPECT_EQ(program.wait(std::chrono::seconds{10}), 130);
}

INSTANTIATE_TEST_SUITE_P(LayoutsAndTransports, LatencyCommandTest,
                         testing::Combine(testing::Values("inline", "pipeline"), testing::Values("ws", "rest")),
                         [](const auto& named) {
                             return std::string{std::get<0>(named.param)} + "_" + std::get<1>(named.param);
                         });

}  // namespace
}  // namespace keel::app
