#include <gtest/gtest.h>

#include <iostream>

#include "tests/risk/book/hostile_inputs.hpp"
#include "tests/support/allocation_counter.hpp"

namespace keel::risk {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr std::uint64_t kInputs = 300'000;
#else
constexpr std::uint64_t kInputs = 10'000'000;
#endif

struct Fuzz {
    test::RandomBook source;
    IncrementalBook book;
    test::HostileInputs hostile;

    explicit Fuzz(std::uint64_t seed)
        : source{seed}, book{source.book, source.market, test::HostileInputs::rules(seed)}, hostile{source, book} {}
    Fuzz(const Fuzz&) = delete;
    Fuzz& operator=(const Fuzz&) = delete;
};

TEST(BookSafetyTest, NoInputLeavesANumberThatIsNotFinite) {
    constexpr std::uint64_t kBooks = 200;  // a leap of the clock ends the life of a book's options: start anew
    std::uint64_t applied = 0;
    std::uint64_t refused = 0;
    for (std::uint64_t seed = 1; seed <= kBooks; ++seed) {
        Fuzz fuzz{seed};
        for (std::uint64_t i = 0; i < kInputs / kBooks; ++i) {
            fuzz.hostile.input();
            ASSERT_TRUE(test::is_finite(fuzz.book)) << "seed " << seed << " input " << i;
        }
        fuzz.book.resync();
        ASSERT_TRUE(test::is_finite(fuzz.book)) << "seed " << seed;
        applied += fuzz.hostile.applied();
        refused += fuzz.hostile.refused();
    }
    EXPECT_GT(applied, kInputs / 10);
    EXPECT_GT(refused, kInputs / 10);
    std::cout << "[ fuzz     ] " << kInputs << " inputs, " << applied << " applied, " << refused << " refused\n";
}

TEST(BookSafetyTest, NothingIsTakenFromTheHeapAfterConstruction) {
    Fuzz fuzz{77};
    const std::size_t before = allocations;
    for (int i = 0; i < 50'000; ++i) {
        fuzz.hostile.input();
        if (i % 100 == 0) fuzz.book.resync();
        if (!test::is_finite(fuzz.book)) break;
    }
    for (std::uint16_t i = 0; i < 6; ++i) (void)fuzz.book.on_settlement(ExpirySlot{i}, 40'000.0);
    EXPECT_EQ(allocations, before);
    ::operator delete(::operator new(sizeof(int)));
    EXPECT_EQ(allocations, before + 1) << "the counter counts";
}

}  // namespace
}  // namespace keel::risk
