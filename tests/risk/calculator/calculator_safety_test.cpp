#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>

#include "tests/risk/book/hostile_inputs.hpp"
#include "tests/risk/calculator/calculator_subject.hpp"

namespace keel::risk {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr std::uint64_t kInputs = 100'000;
constexpr std::uint64_t kBooks = 20;
#else
constexpr std::uint64_t kInputs = 3'000'000;
constexpr std::uint64_t kBooks = 600;  // a leap of the clock ends the life of a book's options: start anew
#endif
constexpr std::uint64_t kPublishEvery = 20;
constexpr std::size_t kFewScenarios = 20;

// A calculator that is told anything a wire could say, volatilities of its factors included. That refused inputs leave
// the numbers of full revaluation is in calculator_streams_test.cpp.
class Fuzz {
public:
    explicit Fuzz(std::uint64_t seed)
        : source_{seed},
          models_{source_.book, seed},
          calculator_{source_.book, source_.market, test::random_scenarios(seed, kFewScenarios), models_.venues,
                      test::HostileInputs::rules(seed)},
          hostile_{source_, calculator_.book()} {}

    void input() {
        if (source_.one_in(20)) {
            calculator_.set_volatility(source_.below(2 * test::kCoins), hostile_.number());
        } else {
            hostile_.input();
        }
    }
    void check() {
        ASSERT_TRUE(test::is_finite(calculator_.book()));
        const auto tail = calculator_.tail(0.95);
        ASSERT_TRUE(tail && std::isfinite(tail->var_usd) && std::isfinite(tail->es_usd));
        ASSERT_GE(tail->es_usd, tail->var_usd);
        ASSERT_TRUE(all_finite(calculator_.scenario_pnl_usd()));
        for (const auto& parts : {calculator_.var_contributions(0.95), calculator_.es_contributions(0.95)}) {
            ASSERT_TRUE(parts && std::isfinite(parts->total_usd) && all_finite(parts->options_usd));
            ASSERT_TRUE(all_finite(parts->others_usd) && all_finite(parts->underlyings_usd));
        }
        // Of a peak that was never positive there is no fraction.
        const Drawdown& drawdown = calculator_.drawdown();
        ASSERT_TRUE(std::isfinite(drawdown.peak()) && std::isfinite(drawdown.loss_5m()));
        ASSERT_TRUE(std::isfinite(drawdown.drawdown()) || drawdown.peak() <= 0.0);
        ASSERT_FALSE(std::isinf(drawdown.drawdown_day()));
        // Nor are there shares of nothing.
        const bool holds = calculator_.book().account().value.usd.gross > 1.0;
        ASSERT_TRUE(!holds || all_finite(std::array{calculator_.by_underlying().hhi(), calculator_.by_venue().hhi()}));
        for (std::uint16_t i = 0; i < 2; ++i) {
            const StressMatrix& cells = calculator_.stress(UnderlyingSlot{i});
            ASSERT_TRUE(all_finite(cells.pnl_usd) && all_finite(cells.pnl_coin));
            ASSERT_EQ(cells.worst.pnl_usd, std::ranges::min(cells.pnl_usd));
            const MarginAmount margin = calculator_.margin_usd(VenueSlot{i});
            ASSERT_TRUE(std::isfinite(margin.initial) && std::isfinite(margin.maintenance));
            ASSERT_GE(margin.maintenance, 0.0);
            ASSERT_GE(margin.initial, 0.0);
        }
    }
    RiskCalculator& calculator() { return calculator_; }
    const test::HostileInputs& hostile() const { return hostile_; }

private:
    static bool all_finite(std::span<const double> numbers) {
        return std::ranges::all_of(numbers, [](double x) { return std::isfinite(x); });
    }

    test::RandomBook source_;
    test::MarginModels models_;
    RiskCalculator calculator_;
    test::HostileInputs hostile_;
};

TEST(CalculatorSafetyTest, NoInputPublishesANumberThatIsNotFinite) {
    std::uint64_t applied = 0;
    std::uint64_t refused = 0;
    std::uint64_t published = 0;
    for (std::uint64_t seed = 1; seed <= kBooks; ++seed) {
        Fuzz fuzz{seed};
        for (std::uint64_t i = 1; i <= kInputs / kBooks; ++i) {
            fuzz.input();
            if (i % kPublishEvery != 0) continue;
            fuzz.calculator().publish();
            fuzz.check();
            ASSERT_FALSE(HasFatalFailure()) << "seed " << seed << " input " << i;
        }
        fuzz.calculator().resync();
        fuzz.check();
        ASSERT_FALSE(HasFatalFailure()) << "seed " << seed;
        applied += fuzz.hostile().applied();
        refused += fuzz.hostile().refused();
        published += fuzz.calculator().work().publications;
    }
    EXPECT_GT(applied, kInputs / 10);
    EXPECT_GT(refused, kInputs / 10);
    std::cout << "[ fuzz     ] " << kInputs << " inputs, " << applied << " applied, " << refused << " refused, "
              << published << " publications\n";
}

}  // namespace
}  // namespace keel::risk
