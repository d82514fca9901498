#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <iostream>
#include <limits>
#include <random>
#include <vector>

#include "risk/tail/scenario_vector.hpp"

namespace keel::risk {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr std::uint64_t kInputs = 150'000;
#else
constexpr std::uint64_t kInputs = 10'000'000;
#endif
constexpr std::uint64_t kVectors = 100;
constexpr std::size_t kBuckets = 3;
using Numbers = std::vector<double>;

// Histories, volatilities, exposures and profits of buckets, one in two with something in it that cannot be.
class Fuzz {
public:
    explicit Fuzz(std::uint64_t seed)
        : random_{seed},
          set_{1 + random_() % 24, 1 + random_() % 4},
          vector_{set_, kBuckets},
          row_(set_.scenarios()),
          then_(set_.scenarios()),
          day_(set_.factors()),
          day_then_(set_.factors()) {}

    void input() {
        const std::size_t factor = random_() % set_.factors();
        before_.assign(vector_.pnl_usd().begin(), vector_.pnl_usd().end());
        set_.clear_refused();
        vector_.clear_refused();
        switch (random_() % 8) {
            case 0: history(factor); break;
            case 1: volatility(factor); break;
            case 2: day(); break;
            case 3:
            case 4: bucket(random_() % kBuckets); break;
            default: exposure(factor); break;
        }
        ASSERT_TRUE(all_finite(vector_.pnl_usd()));
        const auto tail = vector_.read(one_in(4) ? number() : 0.95);
        ASSERT_TRUE(!tail || (std::isfinite(tail->var_usd) && std::isfinite(tail->es_usd)));
    }
    std::uint64_t taken() const { return taken_; }
    std::uint64_t refused() const { return refused_; }

private:
    bool one_in(std::uint64_t count) { return random_() % count == 0; }
    double uniform(double low, double high) { return std::uniform_real_distribution<double>{low, high}(random_); }
    double number() {
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        switch (random_() % 8) {
            case 0: return std::numeric_limits<double>::quiet_NaN();
            case 1: return one_in(2) ? kInfinity : -kInfinity;
            case 2: return std::bit_cast<double>(random_());
            case 3: return std::exp(uniform(-700.0, 700.0));
            case 4: return -std::exp(uniform(-10.0, 60.0));
            case 5: return 0.0;
            default: return uniform(-1.0, 1.0);
        }
    }
    // Good ones, one in two with one number of any kind among them.
    void fill(Numbers& out, double low, double high) {
        for (double& x : out) x = uniform(low, high);
        if (one_in(2)) out[random_() % out.size()] = number();
    }
    static bool all_finite(std::span<const double> numbers) {
        return std::ranges::all_of(numbers, [](double x) { return std::isfinite(x); });
    }
    // What is not finite is refused; what is refused changes nothing and says so.
    void judge_vector(bool was_taken, bool finite) {
        ASSERT_TRUE(finite || !was_taken);
        ASSERT_EQ(vector_.refused(), !was_taken);
        ASSERT_TRUE(was_taken || std::ranges::equal(vector_.pnl_usd(), before_));
        ++(was_taken ? taken_ : refused_);
    }
    void judge_set(bool finite) {
        ASSERT_TRUE(finite || set_.refused());
        for (std::size_t f = 0; f < set_.factors(); ++f) {
            ASSERT_TRUE(all_finite(set_.log_moves(f)) && all_finite(set_.relative_moves(f)));
        }
        ++(set_.refused() ? refused_ : taken_);
        vector_.rebuild();
    }
    void history(std::size_t factor) {
        fill(row_, -0.2, 0.2);
        fill(then_, 0.01, 0.1);
        const bool filtered = one_in(2);
        const bool was_taken =
            set_.set_factor(factor, row_, filtered ? std::span<const double>{then_} : std::span<const double>{});
        ASSERT_EQ(was_taken, !set_.refused());
        judge_set(all_finite(row_) && (!filtered || all_finite(then_)));
    }
    void volatility(std::size_t factor) {
        const double now = one_in(2) ? uniform(0.005, 0.2) : number();
        (void)set_.set_volatility(factor, now);
        judge_set(std::isfinite(now) && now > 0.0);
    }
    void day() {
        fill(day_, -0.2, 0.2);
        fill(day_then_, 0.01, 0.1);
        const std::size_t row = set_.replace_oldest(day_, day_then_);
        ASSERT_EQ(row == set_.scenarios(), set_.refused());
        judge_set(all_finite(day_));
    }
    void bucket(std::size_t slot) {
        fill(row_, -1e5, 1e5);
        const bool cleared = one_in(8);
        judge_vector(vector_.replace_bucket(slot, cleared ? std::span<const double>{} : row_),
                     cleared || all_finite(row_));
    }
    void exposure(std::size_t factor) {
        const double usd = one_in(2) ? uniform(-1e6, 1e6) : number();
        judge_vector(one_in(2) ? vector_.add_exposure(factor, usd) : vector_.set_exposure(factor, usd),
                     std::isfinite(usd));
    }

    std::mt19937_64 random_;
    ScenarioSet set_;
    ScenarioVector vector_;
    Numbers row_, then_, day_, day_then_, before_;
    std::uint64_t taken_{0};
    std::uint64_t refused_{0};
};

TEST(ScenarioSafetyTest, NoInputLeavesANumberThatIsNotFinite) {
    std::uint64_t taken = 0;
    std::uint64_t refused = 0;
    for (std::uint64_t seed = 1; seed <= kVectors; ++seed) {
        Fuzz fuzz{seed};
        for (std::uint64_t i = 0; i < kInputs / kVectors; ++i) {
            fuzz.input();
            ASSERT_FALSE(HasFatalFailure()) << "seed " << seed << " input " << i;
        }
        taken += fuzz.taken();
        refused += fuzz.refused();
    }
    EXPECT_GT(taken, kInputs / 4);
    EXPECT_GT(refused, kInputs / 4);
    std::cout << "[ fuzz     ] " << kInputs << " inputs, " << taken << " taken, " << refused << " refused\n";
}

}  // namespace
}  // namespace keel::risk
