#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "tests/risk/surface/quoted_surface.hpp"

// Counts what the whole program takes from the heap; the test looks at the difference.
namespace {
std::size_t allocations = 0;

void* counted(std::size_t size) {
    ++allocations;
    void* memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) throw std::bad_alloc{};
    return memory;
}
}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

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
