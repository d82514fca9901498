#include <gtest/gtest.h>

#include <iostream>

#include "risk/surface/volatility_surface.hpp"
#include "tests/risk/surface/brute_arbitrage.hpp"
#include "tests/risk/surface/recorded_surfaces.hpp"
#include "tests/support/test_data.hpp"

namespace keel::risk {
namespace {

using test::Measured;
using test::RecordedSurface;

// The snapshots of one currency in order of time, hours apart, as one live surface sees them: every quote anew, then
// what is due fitted.
struct LiveReport {
    std::size_t slices{0}, within{0}, arbitrage{0}, crossed{0}, stale{0};
};

void check_live(const VolatilitySurface& live, const RecordedSurface& surface, UnixNanos now, LiveReport& report) {
    const SurfaceExpiry* last = nullptr;
    for (const SurfaceExpiry& expiry : live.expiries()) {
        if (!expiry.has_slice()) continue;
        const SurfaceQuality quality = expiry.quality(now);
        report.crossed += has(quality, SurfaceQuality::crossed) ? 1U : 0U;
        const bool has_butterfly = test::brute_g_min(expiry.slice()) < 0.0;
        const bool is_crossed = last != nullptr && !has(quality, SurfaceQuality::crossed) &&
                                test::brute_gap_min(last->slice_now(now), expiry.slice_now(now)) < 0.0;
        report.arbitrage += has_butterfly || is_crossed ? 1U : 0U;
        last = &expiry;
    }
    for (const auto& [name, slice] : surface.slices) {
        const UnixNanos maturity = test::time_of(name);
        for (const SurfaceExpiry& expiry : live.expiries()) {
            if (expiry.expiry() != maturity || !expiry.has_slice() || expiry.usable_quotes() < kSviQuotesMin) continue;
            ++report.slices;
            report.stale += has(expiry.quality(now), SurfaceQuality::stale) ? 1U : 0U;
            const Measured measured = test::measure(slice, expiry.slice_now(now));
            report.within += measured.error <= measured.half_spread ? 1U : 0U;
        }
    }
}

void play_live(const std::vector<RecordedSurface>& surfaces, const std::string& currency, LiveReport& report) {
    SurfaceConfig config;
    config.refits_per_evaluation = VolatilitySurface::kExpiriesMax;
    VolatilitySurface live{config};
    for (const RecordedSurface& surface : surfaces) {
        if (surface.currency != currency) continue;
        const UnixNanos now = test::time_of(surface.time);
        for (const auto& [name, slice] : surface.slices) {
            for (const SurfaceQuote& quote : slice.quotes) {
                live.on_quote(test::time_of(name), quote, now);
            }
        }
        live.evaluate(now);
        check_live(live, surface, now, report);
    }
}

TEST(RecordedLiveSurfaceTest, ALiveSurfaceFollowsTheRecordedChains) {
    const auto path = test::data_path("deribit/chain_snapshots_202603.csv.zst");
    KEEL_SKIP_WITHOUT(path);
    const test::CsvRows rows{test::read_file(*path)};
    const std::vector<RecordedSurface> surfaces = test::recorded_surfaces(rows, 2);
    LiveReport report;
    for (const char* currency : {"BTC", "ETH"}) play_live(surfaces, currency, report);
    std::cout << "live: slices " << report.slices << ", median error within the median half-spread " << report.within
              << ", with arbitrage " << report.arbitrage << ", crossed " << report.crossed << ", stale " << report.stale
              << '\n';
    ASSERT_GT(report.slices, 100U);
    EXPECT_GE(static_cast<double>(report.within), test::kWithinHalfSpreadMin * static_cast<double>(report.slices));
    EXPECT_EQ(report.arbitrage, 0U);
    EXPECT_LE(static_cast<double>(report.crossed + report.stale), 0.01 * static_cast<double>(report.slices));
}

}  // namespace
}  // namespace keel::risk
