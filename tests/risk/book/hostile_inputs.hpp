#pragma once

#include <bit>
#include <chrono>
#include <cmath>
#include <limits>

#include "tests/risk/book/random_book.hpp"

namespace keel::risk::test {

// Anything a wire could say to a book: good prices, bad ones, absurd ones, and slots that are not there. Every second
// seed's book believes a jump at once: absurd prices must do no harm inside the sums either.
class HostileInputs {
public:
    // Both outlive this.
    HostileInputs(RandomBook& source, IncrementalBook& book) : source_{source}, book_{book} {}

    static BookRules rules(std::uint64_t seed) {
        BookRules out;
        if (seed % 2 == 0) out.price_jump = std::numeric_limits<double>::infinity();
        return out;
    }
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
    std::uint64_t applied() const { return applied_; }
    std::uint64_t refused() const { return refused_; }

private:
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

    RandomBook& source_;
    IncrementalBook& book_;
    std::uint64_t applied_{0};
    std::uint64_t refused_{0};
};

// Every number that a book publishes, and its bound.
inline bool is_finite(const IncrementalBook& book) {
    bool good = true;
    const auto look = [&](const auto& numbers) {
        for (const auto* at : {doubles(numbers.value), doubles(numbers.bound)}) {
            for (std::size_t i = 0; i < sizeof(numbers.value) / sizeof(double); ++i)
                good = good && std::isfinite(at[i]);
        }
    };
    look(book.account());
    for (std::uint16_t i = 0; i < 2; ++i) {
        look(book.underlying(UnderlyingSlot{i}));
        look(book.venue(VenueSlot{i}));
        const Bounded<double> stable = book.equity_stable(StableSlot{i});
        good = good && std::isfinite(stable.value) && std::isfinite(stable.bound);
    }
    return good;
}

}  // namespace keel::risk::test
