#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <iostream>
#include <limits>
#include <random>
#include <vector>

#include "risk/stress/stress_grid.hpp"

namespace keel::risk {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr int kInputs = 50'000;
#else
constexpr int kInputs = 1'000'000;
#endif
constexpr std::size_t kBuckets = 8;

// Anything that a pricing gone wrong could hand over, beside blocks as they should be, and the same kept plainly: a
// block is replaced where it is usable, and the grid is the sum of the blocks.
class Fuzz {
public:
    void input() {
        const std::size_t slot = random_() % kBuckets;
        switch (random_() % 8) {
            case 0: linear(); break;
            case 1: fill(slot); break;
            default: replace(slot); break;
        }
    }
    void compare(int input) {
        ASSERT_EQ(grid_.stale(), stale_linear_ || std::ranges::find(stale_, true) != stale_.end()) << input;
        const double given = one_in(8) ? number() : 50'000.0;
        const double index = given > 0.0 && given <= 1e9 ? given : 0.0;
        const StressMatrix got = grid_.read(given);
        ASSERT_TRUE(std::isfinite(got.worst.pnl_usd)) << input;
        const Cell base = cell(7 * kGridVolatilityMoves.size() + 2);  // nothing moved
        for (std::size_t at = 0; at < kGridCells; ++at) {
            const double factor = 1.0 + kGridSpotMoves[at / kGridVolatilityMoves.size()];
            const Cell here = cell(at);
            const double want = here.coin * index * factor + here.usd - (base.coin * index + base.usd);
            const double size = (here.size_coin + base.size_coin) * index * 1.5 + here.size_usd + base.size_usd;
            ASSERT_NEAR(got.pnl_usd[at], want, 1e-9 * size) << input << " cell " << at;
            ASSERT_NEAR(got.pnl_coin[at], here.coin - base.coin, 1e-9 * (here.size_coin + base.size_coin)) << input;
        }
    }
    int taken() const { return taken_; }
    int refused() const { return refused_; }

private:
    struct Cell {
        double coin{0.0}, usd{0.0}, size_coin{0.0}, size_usd{0.0};
    };
    bool one_in(std::uint64_t count) { return random_() % count == 0; }
    double uniform(double low, double high) { return std::uniform_real_distribution<double>{low, high}(random_); }
    double number() {
        switch (random_() % 8) {
            case 0: return std::numeric_limits<double>::quiet_NaN();
            case 1: return std::numeric_limits<double>::infinity();
            case 2: return -std::numeric_limits<double>::max();
            case 3: return std::bit_cast<double>(random_());
            case 4: return std::exp(uniform(-60.0, 90.0));
            case 5: return -std::exp(uniform(0.0, 34.0));  // absurd, and no more than 1e15
            default: return uniform(-1e6, 1e6);
        }
    }
    static bool usable(const StressCells& cells) {
        const auto good = [](double x) { return std::abs(x) <= kStressCellMax; };
        return std::ranges::all_of(cells.coin, good) && std::ranges::all_of(cells.usd, good);
    }
    StressCells cells() {
        StressCells out;
        for (double& x : out.coin) x = uniform(-100.0, 100.0);
        for (double& x : out.usd) x = uniform(-1e6, 1e6);
        if (one_in(3)) out.coin[random_() % kGridCells] = number();
        if (one_in(3)) out.usd[random_() % kGridCells] = number();
        return out;
    }
    void take(std::size_t slot, const StressCells& after, bool was_taken, bool mends) {
        const bool good = usable(after);
        EXPECT_EQ(was_taken, good);
        ++(good ? taken_ : refused_);
        if (good) blocks_[slot] = after;
        stale_[slot] = !good || (stale_[slot] && !mends);
    }
    void replace(std::size_t slot) {
        const StressCells after = cells();
        take(slot, after, grid_.replace_bucket(slot, after), true);
    }
    void fill(std::size_t slot) {
        const StressCells unit = cells();
        const double quantity = one_in(4) ? number() : uniform(-10.0, 10.0);
        StressCells after = blocks_[slot];
        for (std::size_t at = 0; at < kGridCells; ++at) {
            after.coin[at] += quantity * unit.coin[at];
            after.usd[at] += quantity * unit.usd[at];
        }
        take(slot, after, grid_.add_to_bucket(slot, unit, quantity), false);
    }
    void linear() {
        LinearStress after{uniform(-50.0, 50.0), uniform(-50.0, 50.0), uniform(-1e6, 1e6), uniform(-1e6, 1e6)};
        if (one_in(2)) (one_in(2) ? after.coin_fixed : after.usd_per_price) = number();
        bool good = true;
        for (const double x : {after.coin_fixed, after.coin_over_price, after.usd_fixed, after.usd_per_price}) {
            good = good && std::abs(x) <= kStressCellMax;
        }
        EXPECT_EQ(grid_.set_linear(after), good);
        ++(good ? taken_ : refused_);
        stale_linear_ = !good;
        if (good) linear_ = after;
    }
    Cell cell(std::size_t at) const {
        const double factor = 1.0 + kGridSpotMoves[at / kGridVolatilityMoves.size()];
        Cell out{.coin = linear_.coin_fixed - linear_.coin_over_price / factor,
                 .usd = linear_.usd_fixed + linear_.usd_per_price * factor,
                 .size_coin = std::abs(linear_.coin_fixed) + std::abs(linear_.coin_over_price / factor),
                 .size_usd = std::abs(linear_.usd_fixed) + std::abs(linear_.usd_per_price * factor)};
        for (const StressCells& block : blocks_) {
            out.coin += block.coin[at];
            out.usd += block.usd[at];
            out.size_coin += std::abs(block.coin[at]);
            out.size_usd += std::abs(block.usd[at]);
        }
        return out;
    }

    std::mt19937_64 random_{20'260'101};
    StressGrid grid_{kBuckets};
    std::vector<StressCells> blocks_ = std::vector<StressCells>(kBuckets);
    std::vector<bool> stale_ = std::vector<bool>(kBuckets);
    LinearStress linear_{};
    bool stale_linear_{false};
    int taken_{0};
    int refused_{0};
};

TEST(StressGridSafetyTest, NoInputLeavesACellThatIsNotItsSum) {
    Fuzz fuzz;
    for (int i = 0; i < kInputs && !::testing::Test::HasFatalFailure(); ++i) {
        fuzz.input();
        if (i % 4 == 0) fuzz.compare(i);
    }
    EXPECT_GT(fuzz.taken(), kInputs / 10);
    EXPECT_GT(fuzz.refused(), kInputs / 10);
    std::cout << "[ fuzz     ] " << kInputs << " inputs, " << fuzz.taken() << " taken, " << fuzz.refused()
              << " refused\n";
}

}  // namespace
}  // namespace keel::risk
