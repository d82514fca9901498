#include <gtest/gtest.h>

#include <iostream>

#include "tests/risk/book/random_book.hpp"
#include "tests/support/allocation_counter.hpp"

namespace keel::risk {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr std::uint64_t kInputs = 300'000;
#else
constexpr std::uint64_t kInputs = 10'000'000;
#endif

// Anything a wire could say: good prices, bad ones, absurd ones, and slots that are not there.
class Fuzz {
public:
    // Every second book believes a jump at once: absurd prices must do no harm inside the sums either.
    explicit Fuzz(std::uint64_t seed) : source_{seed}, book_{source_.book, source_.market, rules(seed)} {}

    void input() {
        const auto row = ContractSlot(static_cast<std::uint32_t>(source_.below(source_.book.contracts.size() + 1)));
        const auto expiry = ExpirySlot(static_cast<std::uint16_t>(source_.below(7)));
        const auto underlying = UnderlyingSlot(static_cast<std::uint16_t>(source_.below(3)));
        const auto stable = StableSlot(static_cast<std::uint16_t>(source_.below(3)));
        switch (source_.below(20)) {
            case 0: count(book_.on_index(underlying, number())); break;
            case 1: count(book_.on_stable(stable, number())); break;
            case 2: count(book_.on_cash(row, number())); break;
            case 3: count(book_.on_funding(row, number())); break;
            case 4: count(book_.on_volatility(row, number())); break;
            case 5: count(book_.on_volatility_shift(expiry, number())); break;
            case 6: count(book_.on_fill(row, number(), number(), number())); break;
            case 7: leap(); break;
            case 8: {
                const auto step = static_cast<std::int64_t>(source_.random() % 2'000'000'000);
                count(book_.on_clock(book_.as_of() + std::chrono::nanoseconds{step}));
                break;
            }
            case 9: count(book_.on_settlement_average(expiry, number())); break;
            case 10: book_.mark_stale(row); break;
            case 11: count(book_.on_mark(row, number())); break;
            case 12: book_.mark_stale(expiry); break;
            case 13: book_.mark_stale(underlying); break;
            case 14: book_.set_hedge_band(UnderlyingSlot(source_.below(2)), number()); break;
            case 15: settle(expiry, number()); break;
            default: count(book_.on_forward(expiry, number())); break;
        }
    }
    bool finite() const {
        bool good = true;
        const auto look = [&](const auto& numbers) {
            for (const auto* at : {doubles(numbers.value), doubles(numbers.bound)}) {
                for (std::size_t i = 0; i < sizeof(numbers.value) / sizeof(double); ++i)
                    good = good && std::isfinite(at[i]);
            }
        };
        look(book_.account());
        for (std::uint16_t i = 0; i < 2; ++i) {
            look(book_.underlying(UnderlyingSlot{i}));
            look(book_.venue(VenueSlot{i}));
            const Bounded<double> stable = book_.equity_stable(StableSlot{i});
            good = good && std::isfinite(stable.value) && std::isfinite(stable.bound);
        }
        return good;
    }
    IncrementalBook& book() { return book_; }
    std::uint64_t applied() const { return applied_; }
    std::uint64_t refused() const { return refused_; }

private:
    static BookRules rules(std::uint64_t seed) {
        BookRules out;
        if (seed % 2 == 0) out.price_jump = std::numeric_limits<double>::infinity();
        return out;
    }
    // A delivery is the end of an expiry: with a price that is none each time, with a good one rarely.
    void settle(ExpirySlot expiry, double price) {
        const BookRules rules;
        const bool good = price >= rules.price_min && price <= rules.price_max;
        if (!good || source_.one_in(400)) count(book_.on_settlement(expiry, price));
    }
    void count(BookStatus status) { ++(status == BookStatus::applied ? applied_ : refused_); }
    // Backwards mostly; now and then ten hours ahead, and rarely anywhere.
    void leap() {
        if (source_.one_in(20'000)) {
            count(book_.on_clock(UnixNanos{static_cast<std::int64_t>(source_.random())}));
        } else {
            const std::chrono::nanoseconds step{source_.one_in(100) ? std::chrono::hours{10}
                                                                    : std::chrono::seconds{-1}};
            count(book_.on_clock(book_.as_of() + step));
        }
    }
    double number() {
        switch (source_.below(12)) {
            case 0: return std::numeric_limits<double>::quiet_NaN();
            case 1: return std::numeric_limits<double>::infinity();
            case 2: return -std::numeric_limits<double>::infinity();
            case 3: return std::bit_cast<double>(source_.random());
            case 4: return std::numeric_limits<double>::denorm_min();
            case 5: return std::exp(source_.uniform(-30.0, 30.0));
            case 6: return -std::exp(source_.uniform(-10.0, 10.0));
            case 7: return 0.0;
            case 8: return source_.uniform(-0.05, 1.0);
            default: return source_.uniform(1'000.0, 90'000.0);
        }
    }

    test::RandomBook source_;
    IncrementalBook book_;
    std::uint64_t applied_{0};
    std::uint64_t refused_{0};
};

TEST(BookSafetyTest, NoInputLeavesANumberThatIsNotFinite) {
    constexpr std::uint64_t kBooks = 200;  // a leap of the clock ends the life of a book's options: start anew
    std::uint64_t applied = 0;
    std::uint64_t refused = 0;
    for (std::uint64_t seed = 1; seed <= kBooks; ++seed) {
        Fuzz fuzz{seed};
        for (std::uint64_t i = 0; i < kInputs / kBooks; ++i) {
            fuzz.input();
            ASSERT_TRUE(fuzz.finite()) << "seed " << seed << " input " << i;
        }
        fuzz.book().resync();
        ASSERT_TRUE(fuzz.finite()) << "seed " << seed;
        applied += fuzz.applied();
        refused += fuzz.refused();
    }
    EXPECT_GT(applied, kInputs / 10);
    EXPECT_GT(refused, kInputs / 10);
    std::cout << "[ fuzz     ] " << kInputs << " inputs, " << applied << " applied, " << refused << " refused\n";
}

TEST(BookSafetyTest, NothingIsTakenFromTheHeapAfterConstruction) {
    Fuzz fuzz{77};
    const std::size_t before = allocations;
    for (int i = 0; i < 50'000; ++i) {
        fuzz.input();
        if (i % 100 == 0) fuzz.book().resync();
        if (!fuzz.finite()) break;
    }
    for (std::uint16_t i = 0; i < 6; ++i) (void)fuzz.book().on_settlement(ExpirySlot{i}, 40'000.0);
    EXPECT_EQ(allocations, before);
    ::operator delete(::operator new(sizeof(int)));
    EXPECT_EQ(allocations, before + 1) << "the counter counts";
}

}  // namespace
}  // namespace keel::risk
