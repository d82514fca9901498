#include "risk/tail/world_expansion.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "tests/support/not_a_number.hpp"

// The definition is black76_book_value() in each world.
namespace keel::risk {
namespace {

using keel::test::kNaN;
constexpr double kForward = 65'000.0;

struct Options {
    std::vector<double> strike, volatility, quantity;
    std::vector<OptionType> type;

    // Within three deviations of the forward, where what little time is left matters.
    Options(std::mt19937_64& random, std::size_t count, double deviation) {
        std::uniform_real_distribution<double> uniform{-1.0, 1.0};
        for (std::size_t i = 0; i < count; ++i) {
            strike.push_back(kForward * std::exp(3.0 * deviation * uniform(random)));
            volatility.push_back(0.6 + 0.1 * uniform(random));
            quantity.push_back(10.0 * uniform(random));
            type.push_back(i % 2 == 0 ? OptionType::call : OptionType::put);
        }
    }
    [[nodiscard]] OptionColumns columns(double years = 1.0) const {
        return {.strike = strike, .volatility = volatility, .quantity_coin = quantity, .type = type, .years = years};
    }
    [[nodiscard]] double coins() const {
        double sum = 0.0;
        for (const double q : quantity) sum += std::abs(q);
        return sum;
    }
};

// 501 worlds, the last one that of now; of a day's moves, as an expiry of minutes sees them.
struct Worlds {
    std::vector<double> move, deviation;

    Worlds(std::mt19937_64& random, double years, std::size_t count = 501) {
        std::normal_distribution<double> normal;
        for (std::size_t w = 0; w < count; ++w) {
            const bool now = w + 1 == count;
            move.push_back(now ? 0.0 : std::expm1(0.03 * normal(random)));
            deviation.push_back(std::sqrt(years) * std::exp(now ? 0.0 : 0.5 * normal(random)));
        }
    }
    [[nodiscard]] std::vector<double> forwards(double forward) const {
        std::vector<double> out;
        for (const double m : move) out.push_back(forward * (1.0 + m));
        return out;
    }
};

double full(const Options& options, double forward, double deviation) {
    return black76_book_value(options.columns(1.0), forward, deviation);
}

// What the header leaves of a move of the forward and of ln deviation, of the coins held: `least` and `most` deviation.
double bound(double least, double most, double log_deviation) {
    const double move = std::min(1.0, std::cbrt(6.0 * WorldExpansion::kError / 0.242 / least));  // in deviations
    const double l = std::abs(log_deviation);
    return 1.1 * WorldExpansion::kError + l * (0.242 * move + 0.15 * l) * most;
}

// A walk of the forward, and in its middle an option of less volatility. The greatest difference from the definition,
// as a share of what the header allows.
double worst_of_walk(Options options, double years, double volatility_step) {
    std::mt19937_64 random{11};
    std::normal_distribution<double> normal;
    const Worlds worlds{random, years};
    WorldExpansion expansion{worlds.move.size()};
    expansion.build(worlds.deviation);
    std::vector<double> got(worlds.move.size());
    double forward = kForward, log_deviation = 0.0, worst = 0.0, least = 0.5;
    for (int step = 0; step < 200; ++step) {
        if (step == 100) {
            options.strike.push_back(1.001 * kForward);
            options.volatility.push_back(least = 0.2);
            options.quantity.push_back(200.0);
            options.type.push_back(OptionType::call);
            expansion.add(options.columns().part(options.strike.size() - 1, 1));
        }
        forward *= std::exp(0.01 * std::sqrt(years) * normal(random));
        log_deviation = std::clamp(log_deviation + volatility_step * normal(random), -0.02, 0.02);
        expansion.values(options.columns(), worlds.forwards(forward), log_deviation, got);
        for (std::size_t w = 0; w < got.size(); ++w) {
            const double there = forward * (1.0 + worlds.move[w]);
            const double deviation = worlds.deviation[w];
            const double off = std::abs(got[w] - full(options, there, deviation * std::exp(log_deviation)));
            const double allowed = bound(least * deviation, 0.7 * deviation, log_deviation);
            worst = std::max(worst, off / (options.coins() * there * allowed));
        }
    }
    return worst;
}

TEST(WorldExpansionTest, FollowsTheForwardWithinItsError) {
    for (const double minutes : {40.0, 5.0, 0.1}) {
        const double years = minutes / 525'600.0;
        double still = 0.0, moving = 0.0;
        std::mt19937_64 random{9};
        for (const std::size_t count : {1U, 1U, 1U, 20U}) {
            const Options options{random, count, 0.6 * std::sqrt(years)};
            still = std::max(still, worst_of_walk(options, years, 0.0));
            moving = std::max(moving, worst_of_walk(options, years, 0.002));
        }
        EXPECT_LE(still, 1.0) << minutes;
        EXPECT_LE(moving, 1.0) << minutes;
        EXPECT_GT(still, 0.03) << "no use is made of what is allowed";
    }
}

// Where nothing has moved since it was priced, and wherever no deviation is left.
TEST(WorldExpansionTest, IsExactAtTheAnchorAndAtDelivery) {
    std::mt19937_64 random{12};
    for (const double years : {1e-3, 1e-5, 0.0}) {
        const Options options{random, 7, 0.004};
        const Worlds worlds{random, years, 42};
        WorldExpansion expansion{worlds.move.size()};
        expansion.build(worlds.deviation);
        std::vector<double> got(worlds.move.size());
        for (const double forward : {kForward, years == 0.0 ? 1.002 * kForward : kForward}) {
            expansion.values(options.columns(), worlds.forwards(forward), 0.0, got);
            for (std::size_t w = 0; w < got.size(); ++w) {
                const double there = forward * (1.0 + worlds.move[w]);
                EXPECT_NEAR(got[w], full(options, there, worlds.deviation[w]), 1e-13 * options.coins() * there);
            }
        }
    }
}

// Beside one that is built at the new volatilities, at the anchor and a little off it: what is left is of higher order.
TEST(WorldExpansionTest, AVolatilityShiftsByItsGreeks) {
    std::mt19937_64 random{16};
    for (const double minutes : {300.0, 40.0, 5.0}) {
        const double years = minutes / 525'600.0;
        Options options{random, 6, 0.6 * std::sqrt(years)};
        const Worlds worlds{random, years};
        const std::vector<double> anchors = worlds.forwards(kForward);
        WorldExpansion shifted{anchors.size()}, built{anchors.size()};
        std::vector<double> got(anchors.size()), want(anchors.size());
        shifted.build(worlds.deviation);
        shifted.values(options.columns(), anchors, 0.0, got);
        for (std::size_t i = 0; i < options.strike.size(); ++i) {
            for (const double by : {0.03, -0.02}) {
                ASSERT_TRUE(shifted.shift(options.columns().part(i, 1), by));
                options.volatility[i] *= std::exp(by);
            }
        }
        built.build(worlds.deviation);
        built.values(options.columns(), anchors, 0.0, want);
        for (const double off : {0.0, 0.1, -0.1}) {
            for (const double log_deviation : {0.0, 0.02}) {
                std::vector<double> forwards = anchors;
                for (std::size_t w = 0; w < forwards.size(); ++w) forwards[w] *= 1.0 + off * 0.4 * worlds.deviation[w];
                shifted.values(options.columns(), forwards, log_deviation, got);
                built.values(options.columns(), forwards, log_deviation, want);
                const double left = off == 0.0 && log_deviation == 0.0 ? 4e-7 : 1e-6;
                for (std::size_t w = 0; w < got.size(); ++w) {
                    EXPECT_NEAR(got[w], want[w], left * options.coins() * 0.6 * worlds.deviation[w] * forwards[w])
                        << minutes << ' ' << off << ' ' << log_deviation << ' ' << w;
                }
            }
        }
        options.strike[0] = 1e-91;
        EXPECT_FALSE(shifted.shift(options.columns().part(0, 1), 0.01));
    }
}

// What price_lanes() does not take has no reach, and a neighbour with almost no deviation takes nothing from the
// others.
TEST(WorldExpansionTest, WhatTheLanesDoNotTakeIsPricedEachTime) {
    std::mt19937_64 random{15};
    const double years = 40.0 / 525'600.0;
    for (const bool far_strike : {false, true}) {
        Options options{random, 3, 0.6 * std::sqrt(years)};
        (far_strike ? options.strike : options.volatility)[1] = far_strike ? 1e-91 : 1e9;
        const Worlds worlds{random, years, 12};
        WorldExpansion expansion{worlds.move.size()};
        expansion.build(worlds.deviation);
        std::vector<double> got(worlds.move.size());
        for (const double forward : {kForward, 1.0005 * kForward}) {
            expansion.values(options.columns(), worlds.forwards(forward), 0.0, got);
            for (std::size_t w = 0; w < got.size(); ++w) {
                const double there = forward * (1.0 + worlds.move[w]);
                EXPECT_NEAR(got[w], full(options, there, worlds.deviation[w]), 1e-13 * options.coins() * there);
            }
        }
    }
    const Options options{random, 1, 0.0};
    Worlds worlds{random, years, 8};
    worlds.move.assign(8, 0.0);
    worlds.deviation[5] = 1e-13;
    WorldExpansion expansion{worlds.move.size()};
    expansion.build(worlds.deviation);
    std::vector<double> got(worlds.move.size());
    expansion.values(options.columns(), worlds.forwards(kForward), 0.02, got);
    for (std::size_t w = 0; w < got.size(); ++w) {
        const double want = full(options, kForward, worlds.deviation[w] * std::exp(0.02));
        EXPECT_NEAR(got[w], want, 1e-4 * worlds.deviation[w] * options.coins() * kForward + 1e-7) << w;
    }
}

TEST(WorldExpansionTest, AddedAndTakenOutLeavesTheValues) {
    std::mt19937_64 random{13};
    const Options options{random, 20, 0.004}, more{random, 2, 0.004};
    const Worlds worlds{random, 40.0 / 525'600.0};
    WorldExpansion expansion{worlds.move.size()};
    expansion.build(worlds.deviation);
    const std::vector<double> forwards = worlds.forwards(kForward);
    std::vector<double> before(forwards.size()), after(forwards.size()), with(forwards.size());
    expansion.values(options.columns(), forwards, 0.0, before);
    expansion.add(more.columns());
    expansion.values(options.columns(), forwards, 0.0, with);
    Options gone = more;
    for (double& quantity : gone.quantity) quantity = -quantity;
    expansion.add(gone.columns());
    expansion.values(options.columns(), forwards, 0.0, after);
    const double scale = 1e-12 * kForward * (options.coins() + more.coins());
    for (std::size_t w = 0; w < forwards.size(); ++w) {
        EXPECT_NEAR(with[w], before[w] + full(more, forwards[w], worlds.deviation[w]), scale);
        EXPECT_NEAR(after[w], before[w], scale);
    }
}

// A forward that is none says so in its own world, as long as it lasts.
TEST(WorldExpansionTest, NotANumberStaysInItsWorld) {
    std::mt19937_64 random{14};
    const Options options{random, 5, 0.004};
    const Worlds worlds{random, 40.0 / 525'600.0, 9};
    WorldExpansion expansion{worlds.move.size()};
    expansion.build(worlds.deviation);
    std::vector<double> forwards = worlds.forwards(kForward), got(forwards.size());
    for (const double bad : {kNaN, forwards[2]}) {
        std::vector<double> told = forwards;
        told[2] = bad;
        expansion.values(options.columns(), told, 0.0, got);
        for (std::size_t w = 0; w < got.size(); ++w) {
            if (std::isnan(told[w])) {
                EXPECT_TRUE(std::isnan(got[w]));
            } else {
                EXPECT_NEAR(got[w], full(options, told[w], worlds.deviation[w]), 1e-12 * options.coins() * told[w]);
            }
        }
    }
}

}  // namespace
}  // namespace keel::risk
