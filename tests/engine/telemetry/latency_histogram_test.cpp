#include "engine/telemetry/latency_histogram.hpp"

#include <random>

#include "engine/telemetry/cycle_meter.hpp"

namespace keel {
namespace {

TEST(LatencyHistogramTest, SaysNothingOnTooFewSamples) {
    LatencyHistogram histogram;
    EXPECT_FALSE(histogram.percentile(0.5).has_value());
    for (int at = 0; at < 999; ++at) histogram.record(10);
    EXPECT_EQ(histogram.percentile(0.5), 10u);
    EXPECT_FALSE(histogram.percentile(0.99).has_value());
    histogram.record(10);
    EXPECT_EQ(histogram.percentile(0.99), 10u);
    EXPECT_FALSE(histogram.percentile(0.999).has_value());
    for (int at = 0; at < 9'000; ++at) histogram.record(10);
    EXPECT_EQ(histogram.percentile(0.999), 10u);
    EXPECT_EQ(LatencyHistogram::samples_needed(0.9999), 100'000u);
}

TEST(LatencyHistogramTest, IsExactForSmallValuesAndWithinItsErrorForLarge) {
    std::mt19937_64 random{7};
    LatencyHistogram histogram;
    std::vector<std::uint64_t> values;
    for (int at = 0; at < 20'000; ++at) {
        const std::uint64_t value = random() >> (random() % 60);
        values.push_back(value);
        histogram.record(value);
    }
    std::ranges::sort(values);
    for (const double ratio : {0.01, 0.1, 0.5, 0.9, 0.99, 0.999}) {
        const auto rank = static_cast<std::size_t>(std::ceil(ratio * static_cast<double>(values.size()))) - 1;
        const auto exact = static_cast<double>(values[rank]);
        const auto got = static_cast<double>(histogram.percentile(ratio).value());
        EXPECT_GE(got, exact) << ratio;
        EXPECT_LE(got, exact * (1.0 + 1.0 / 64.0) + 1e-9) << ratio;
    }
    EXPECT_EQ(histogram.max(), values.back());
}

TEST(LatencyHistogramTest, AddsUpAndCopies) {
    LatencyHistogram a;
    LatencyHistogram b;
    a.record(1);
    b.record(50);
    a.merge(b);
    const LatencyHistogram copy = a;
    EXPECT_EQ(copy.count(), 2u);
    EXPECT_EQ(copy.max(), 50u);
    EXPECT_EQ(copy.percentile(0.5), 1u);
    EXPECT_EQ(copy.summary().count, 2u);
}

TEST(CycleMeterTest, KeepsEventsWithCommandsApart) {
    CycleMeter meter;
    for (const bool commanded : {false, true, false}) {
        meter.start();
        for (std::size_t at = 0; at < kStages; ++at) meter.mark(static_cast<Stage>(at));
        meter.finish(commanded);
    }
    EXPECT_EQ(meter.events(Stage::gate).count(), 3u);
    EXPECT_EQ(meter.commands(Stage::gate).count(), 1u);
    EXPECT_STREQ(stage_name(Stage::solve), "solve");
}

}  // namespace
}  // namespace keel
