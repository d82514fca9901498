#include <gtest/gtest.h>

#include "tests/risk/surface/quoted_surface.hpp"
#include "tests/support/allocation_counter.hpp"

namespace keel::risk {
namespace {

TEST(SurfaceAllocationTest, NothingIsTakenFromTheHeapAfterConstruction) {
    const test::QuotedSurface market;
    std::vector<std::pair<UnixNanos, SurfaceQuote>> quotes;
    for (std::size_t i = 0; i < market.days.size(); ++i) {
        for (const double k : market.places(i)) {
            quotes.emplace_back(market.expiry(i), market.quote(k, market.expiry(i), market.start));
            quotes.emplace_back(market.expiry(i), market.quote(k, market.expiry(i), market.start, 1.03));
        }
    }
    VolatilitySurface surface;
    UnixNanos now = market.start;
    double read = 0.0;
    const std::size_t before = allocations;
    for (int i = 0; i < 5'000; ++i) {
        const auto& [expiry, quote] = quotes[static_cast<std::size_t>(i * 7) % quotes.size()];
        now = now + std::chrono::milliseconds{5};
        surface.on_quote(expiry, quote, now);
        surface.evaluate(now);
        read += surface.at_strike(95'000.0, market.expiry(2), now).volatility;
    }
    EXPECT_EQ(allocations, before);
    EXPECT_GT(surface.fits(), 10U);
    EXPECT_GT(read, 0.0);
}

}  // namespace
}  // namespace keel::risk
