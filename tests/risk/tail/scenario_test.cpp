#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "risk/tail/historical.hpp"
#include "risk/tail/scenario_set.hpp"
#include "risk/tail/scenario_vector.hpp"
#include "risk/tail/value_ladder.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

using keel::test::kNaN;
constexpr UnixNanos kNow{1'700'000'000'000'000'000};

struct Straddle {
    std::array<double, 2> strike{65'000.0, 65'000.0};
    std::array<double, 2> volatility{0.6, 0.6};
    std::array<double, 2> quantity{-3.0, -3.0};
    std::array<OptionType, 2> type{OptionType::call, OptionType::put};
    double years{30.0 / 365.0};
    [[nodiscard]] OptionColumns columns() const {
        return {.strike = strike, .volatility = volatility, .quantity_coin = quantity, .type = type, .years = years};
    }
};

TEST(ScenarioSetTest, RescalesOnlyBeyondTwoPercent) {
    ScenarioSet set{3, 2};
    ASSERT_TRUE(set.set_factor(0, std::array{0.01, -0.02, 0.03}, std::array{0.01, 0.02, 0.02}));
    EXPECT_DOUBLE_EQ(set.log_moves(0)[0], 0.02);  // one volatility then, at the newest one
    EXPECT_FALSE(set.set_volatility(0, 0.0203));
    EXPECT_TRUE(set.set_volatility(0, 0.04));
    EXPECT_DOUBLE_EQ(set.log_moves(0)[1], -0.04);
    EXPECT_DOUBLE_EQ(set.relative_moves(0)[2], std::expm1(0.06));
    ASSERT_TRUE(set.set_factor(1, std::array{0.01, -0.02, 0.03}, {}));
    EXPECT_FALSE(set.set_volatility(1, 0.9));  // not filtered
    EXPECT_DOUBLE_EQ(set.log_moves(1)[0], 0.01);
    EXPECT_FALSE(set.refused());
}

TEST(ScenarioSetTest, NewDayReplacesTheOldest) {
    ScenarioSet set{3, 1};
    ASSERT_TRUE(set.set_factor(0, std::array{0.01, -0.02, 0.03}, {}));
    EXPECT_EQ(set.replace_oldest(std::array{0.5}, std::array{1.0}), 0U);
    EXPECT_EQ(set.replace_oldest(std::array{0.6}, std::array{1.0}), 1U);
    EXPECT_DOUBLE_EQ(set.log_moves(0)[0], 0.5);
    EXPECT_DOUBLE_EQ(set.log_moves(0)[2], 0.03);
    EXPECT_EQ(set.replace_oldest(std::array{kNaN}, std::array{1.0}), 3U);
    EXPECT_TRUE(set.refused());
    EXPECT_DOUBLE_EQ(set.log_moves(0)[2], 0.03);
}

TEST(ScenarioSetTest, RefusesWhatIsNotAMove) {
    ScenarioSet set{2, 1};
    EXPECT_FALSE(set.set_factor(0, std::array{0.01, kNaN}, {}));
    EXPECT_FALSE(set.set_factor(0, std::array{0.01, 6.0}, {}));
    EXPECT_FALSE(set.set_factor(0, std::array{0.01, 0.02}, std::array{0.0, 0.1}));
    EXPECT_FALSE(set.set_volatility(0, kNaN));
    EXPECT_TRUE(set.refused());
    EXPECT_EQ(set.relative_moves(0)[1], 0.0);
}

TEST(ScenarioVectorTest, RefusalLeavesTheVectorAndRaisesTheFlag) {
    ScenarioSet set{4, 1};
    ASSERT_TRUE(set.set_factor(0, std::array{-0.1, 0.0, 0.1, 0.2}, {}));
    ScenarioVector vector{set, 1};
    ASSERT_TRUE(vector.set_exposure(0, 100.0));
    const std::vector<double> before(vector.pnl_usd().begin(), vector.pnl_usd().end());
    EXPECT_FALSE(vector.refused());
    for (const double bad : {kNaN, std::numeric_limits<double>::infinity(), 1e16}) {
        EXPECT_FALSE(vector.add_exposure(0, bad));
    }
    EXPECT_FALSE(vector.replace_bucket(0, std::array{1.0, 2.0, kNaN, 4.0}));
    EXPECT_TRUE(vector.refused());
    EXPECT_TRUE(std::ranges::equal(vector.pnl_usd(), before));
    EXPECT_DOUBLE_EQ(vector.read(0.75)->var_usd, -100.0 * std::expm1(-0.1));
    EXPECT_FALSE(vector.read(kNaN));
}

TEST(ScenarioVectorTest, ReplacesAndClearsABucket) {
    ScenarioSet set{4, 1};
    ASSERT_TRUE(set.set_factor(0, std::array{-0.1, 0.0, 0.1, 0.2}, {}));
    ScenarioVector vector{set, 2};
    ASSERT_TRUE(vector.replace_bucket(1, std::array{1.0, 2.0, 3.0, 4.0}));
    ASSERT_TRUE(vector.replace_bucket(1, std::array{5.0, 6.0, 7.0, 8.0}));
    EXPECT_DOUBLE_EQ(vector.pnl_usd()[3], 8.0);
    ASSERT_TRUE(vector.replace_bucket(1, {}));
    EXPECT_DOUBLE_EQ(vector.pnl_usd()[3], 0.0);
}

TEST(ValueLadderTest, ShockIsExactAtNodesAndCloseBetween) {
    const Straddle book;
    ValueLadder ladder;
    ASSERT_TRUE(ladder.build(book.columns(), 65'000.0, kNow));
    EXPECT_NEAR(*ladder.value_usd(0.0, 0.0), black76_book_value(book.columns(), 65'000.0, 1.0), 1e-7);
    const double edge = std::log(1.35);
    EXPECT_NEAR(*ladder.value_usd(edge, std::log(2.0)), black76_book_value(book.columns(), 65'000.0 * 1.35, 2.0), 1e-6);
    const auto position = ladder.position(65'000.0, 0.0);
    const auto shock = ladder.shock(*position, std::log(0.9), std::log(1.3));
    const double before = black76_book_value(book.columns(), 65'000.0, 1.0);
    const double after = black76_book_value(book.columns(), 58'500.0, 1.3);
    EXPECT_NEAR(shock->usd, after - before, 5.0);  // 0.05 % of a loss of 9,829
    EXPECT_NEAR(shock->coin, after / 58'500.0 - before / 65'000.0, 5.0 / 58'500.0);
    EXPECT_LT(ladder.midpoint_error_usd(book.columns()), 25.0);
}

TEST(ValueLadderTest, MoveOfSpotShiftsTheQuery) {
    const Straddle book;
    ValueLadder ladder;
    ASSERT_TRUE(ladder.build(book.columns(), 65'000.0, kNow));
    const auto position = ladder.position(66'000.0, 0.05);
    const double scale = std::exp(0.05);
    const double expected = black76_book_value(book.columns(), 66'000.0 * 0.93, scale * 1.2) -
                            black76_book_value(book.columns(), 66'000.0, scale);
    EXPECT_NEAR(ladder.shock(*position, std::log(0.93), std::log(1.2))->usd, expected, 5.0);
}

TEST(ValueLadderTest, LessDeviationNeedsMoreNodes) {
    EXPECT_EQ(ValueLadder::density_for(0.08), 0U);
    EXPECT_EQ(ValueLadder::density_for(0.0799), 1U);
    EXPECT_EQ(ValueLadder::density_for(0.0429), 2U);
    EXPECT_EQ(ValueLadder::density_for(0.015), 2U);
    for (const double none : {0.0149, 0.0, kNaN}) EXPECT_FALSE(ValueLadder::density_for(none)) << none;
}

// One option at a strike anywhere: half the deviation at the next density, half the error.
TEST(ValueLadderTest, EachDensityIsOffByHalfAsMuchAtHalfTheDeviation) {
    constexpr double kVolatility = 0.6;
    std::vector<double> worst;
    for (std::size_t density = 0; density < ValueLadder::kForwardNodes.size(); ++density) {
        const double deviation = std::ldexp(0.02, -static_cast<int>(density));
        const double root_years = deviation / kVolatility;
        worst.push_back(0.0);
        for (int i = -100; i <= 100; ++i) {
            const double strike = 65'000.0 * std::exp(0.0025 * i);
            const double volatility = kVolatility;
            const double quantity = 1.0;
            const OptionType type = OptionType::call;
            const OptionColumns one{.strike = {&strike, 1},
                                    .volatility = {&volatility, 1},
                                    .quantity_coin = {&quantity, 1},
                                    .type = {&type, 1},
                                    .years = root_years * root_years};
            ValueLadder ladder;
            ASSERT_TRUE(ladder.build(one, 65'000.0, kNow, density));
            EXPECT_NEAR(*ladder.value_usd(0.0, 0.0), black76_book_value(one, 65'000.0, 1.0), 1e-8);
            worst.back() = std::max(worst.back(), ladder.midpoint_error_usd(one));
        }
    }
    for (std::size_t density = 1; density < worst.size(); ++density) {
        EXPECT_LE(worst[density], 0.55 * worst[density - 1]) << density;
    }
    EXPECT_GT(worst.back(), 0.0);
}

// A short strangle, alone or hedged 3 % further out, in its last days.
struct FarStrikes {
    std::array<double, 4> strike;
    std::array<double, 4> volatility{0.6, 0.6, 0.6, 0.6};
    std::array<double, 4> quantity{-1.0, -1.0, 1.0, 1.0};
    std::array<OptionType, 4> type{OptionType::put, OptionType::call, OptionType::put, OptionType::call};
    double years;
    FarStrikes(double away, double deviation)
        : strike{65'000.0 * (1.0 - away), 65'000.0 * (1.0 + away), 65'000.0 * (0.97 - away), 65'000.0 * (1.03 + away)},
          years{deviation * deviation / 0.36} {}
    [[nodiscard]] OptionColumns columns(std::size_t options) const {
        return OptionColumns{
            .strike = strike, .volatility = volatility, .quantity_coin = quantity, .type = type, .years = years}
            .part(0, options);
    }
};

// Days of 3 %; `volatility` of ln iv, which rises when the coin falls.
struct NormalDays {
    std::vector<double> log_returns, log_volatilities;
    NormalDays(std::uint64_t seed, double volatility) {
        std::mt19937_64 random{seed};
        std::normal_distribution<double> normal;
        for (int day = 0; day < 500; ++day) {
            const double move = normal(random);
            log_returns.push_back(0.03 * move);
            log_volatilities.push_back(volatility * (-0.6 * move + 0.8 * normal(random)));
        }
    }
};

void expect_tails_in_full(const OptionColumns& options, std::size_t density, const NormalDays& days, double log_forward,
                          double log_volatility) {
    const double forward = 65'000.0;
    ValueLadder ladder;
    ASSERT_TRUE(ladder.build(options, forward * std::exp(-log_forward), kNow, density));
    const LadderPosition here = *ladder.position(forward, log_volatility);
    std::vector<double> got(days.log_returns.size());
    ladder.shock_all(here, days.log_returns, days.log_volatilities, 1.0, options, got);
    std::vector<double> full;
    const double value = black76_book_value(options, forward, std::exp(log_volatility));
    for (std::size_t s = 0; s < got.size(); ++s) {
        const double after = black76_book_value(options, forward * std::exp(days.log_returns[s]),
                                                std::exp(log_volatility + days.log_volatilities[s]));
        full.push_back(after - value);
    }
    const double gross = forward * static_cast<double>(options.strike.size());
    for (const double alpha : {0.975, 0.99}) {
        const TailMeasures read = *historical_tail(got, alpha);
        const TailMeasures want = *historical_tail(full, alpha);
        EXPECT_NEAR(read.var_usd, want.var_usd, std::max(0.01 * want.var_usd, 2e-5 * gross)) << alpha;
        EXPECT_NEAR(read.es_usd, want.es_usd, std::max(0.01 * want.es_usd, 2e-5 * gross)) << alpha;
    }
}

// At the anchor and as far from it as a ladder may stand; volatilities still, and 6 % a day at 30 days. The deviations
// are those from the least that a density takes upwards.
TEST(ValueLadderTest, TailsOfStrikesFarAwayAreThoseOfPricingInFull) {
    for (const double volatility : {0.0, 0.06 * std::pow(30.0, 0.3)}) {
        for (const std::uint64_t seed : {1U, 2U, 3U}) {
            const NormalDays days{seed, volatility};
            for (std::size_t density = 0; density < ValueLadder::kForwardNodes.size(); ++density) {
                for (const double above : {1.0, 1.07, 1.25}) {
                    const double deviation = above * ValueLadder::kDeviationMin[density];
                    ASSERT_EQ(ValueLadder::density_for(deviation), density);
                    for (const double away : {0.0, 0.02, 0.04, 0.05, 0.08, 0.1, 0.12}) {
                        const FarStrikes book{away, deviation};
                        for (const std::size_t options : {1U, 2U, 4U}) {
                            SCOPED_TRACE(testing::Message() << "deviation " << deviation << ", strikes " << away
                                                            << " away, " << options << " options, seed " << seed);
                            expect_tails_in_full(book.columns(options), density, days, 0.0, 0.0);
                            expect_tails_in_full(book.columns(options), density, days, -0.03, -0.1);
                            expect_tails_in_full(book.columns(options), density, days, 0.03, -0.1);
                        }
                    }
                }
            }
        }
    }
}

TEST(ValueLadderTest, AVolatilityShiftsByItsGreeks) {
    for (std::size_t density = 0; density < ValueLadder::kForwardNodes.size(); ++density) {
        Straddle book;
        book.years = std::pow(ValueLadder::kDeviationMin[density] / 0.6, 2);
        ValueLadder ladder, rebuilt;
        EXPECT_FALSE(ladder.shift(book.columns().part(0, 1), 0.01)) << "of no ladder";
        ASSERT_TRUE(ladder.build(book.columns(), 65'000.0, kNow, density));
        for (const double by : {0.03, -0.01, 0.02}) {
            ASSERT_TRUE(ladder.shift(book.columns().part(1, 1), by));
            book.volatility[1] *= std::exp(by);
        }
        ASSERT_TRUE(rebuilt.build(book.columns(), 65'000.0, kNow, density));
        const double scale = 3.0 * 65'000.0 * ValueLadder::kDeviationMin[density];
        for (const double y : {0.0, 0.011, -0.04, 0.2}) {
            for (const double v : {0.0, 0.3, -0.5}) {
                EXPECT_NEAR(*ladder.value_usd(y, v), *rebuilt.value_usd(y, v), 6e-7 * std::exp(v) * scale)
                    << y << ' ' << v;
            }
        }
        OptionColumns other = book.columns().part(0, 1);
        other.years += 1e-6;
        EXPECT_FALSE(ladder.shift(other, 0.01));
        book.strike[0] = 1e-91;
        EXPECT_FALSE(ladder.shift(book.columns().part(0, 1), 0.01));
    }
}

TEST(ValueLadderTest, FillAddsAnOption) {
    const Straddle book;
    Straddle more = book;
    more.quantity[0] += 7.0;
    Straddle fill = book;
    fill.quantity[0] = 7.0;
    ValueLadder ladder, rebuilt;
    EXPECT_FALSE(ladder.add(fill.columns())) << "to no ladder";
    ASSERT_TRUE(ladder.build(book.columns(), 65'000.0, kNow));
    ASSERT_TRUE(rebuilt.build(more.columns(), 65'000.0, kNow));
    ASSERT_TRUE(ladder.add(fill.columns().part(0, 1)));
    EXPECT_NEAR(*ladder.value_usd(0.07, 0.1), *rebuilt.value_usd(0.07, 0.1), 1e-8);
    // An instant later it is another ladder's option.
    OptionColumns later = fill.columns();
    later.years *= 0.999;
    const double before = *ladder.value_usd(0.07, 0.1);
    EXPECT_FALSE(ladder.add(later));
    fill.quantity[0] = kNaN;
    EXPECT_FALSE(ladder.add(fill.columns()));
    EXPECT_EQ(*ladder.value_usd(0.07, 0.1), before);
}

TEST(ValueLadderTest, AnOptionAddedAndTakenOutLeavesTheLadderToRounding) {
    const Straddle book;
    Straddle fill = book;
    ValueLadder ladder, fresh;
    ASSERT_TRUE(ladder.build(book.columns(), 65'000.0, kNow));
    ASSERT_TRUE(fresh.build(book.columns(), 65'000.0, kNow));
    for (int turn = 0; turn < 128; ++turn) {
        for (const double quantity : {13.7, -13.7}) {
            fill.quantity = {quantity, -0.3 * quantity};
            ASSERT_TRUE(ladder.add(fill.columns()));
        }
    }
    const double greatest = 20.0 * 0.3 * 65'000.0;  // value of all that was held at once, at most
    for (const double y : {-0.29, -0.01, 0.0, 0.2}) {
        EXPECT_NEAR(*ladder.value_usd(y, -0.1), *fresh.value_usd(y, -0.1), 512.0 * 2.3e-16 * greatest) << y;
    }
}

TEST(ValueLadderTest, OutsideTheNodesTheOptionsAreRevalued) {
    const Straddle book;
    ValueLadder ladder;
    ASSERT_TRUE(ladder.build(book.columns(), 65'000.0, kNow));
    const auto position = ladder.position(65'000.0, 0.0);
    EXPECT_FALSE(ladder.shock(*position, -0.5, 0.0));
    EXPECT_FALSE(ladder.shock(*position, 0.0, 0.8));
    EXPECT_FALSE(ladder.shock(*position, kNaN, 0.0));
    std::array<double, 2> pnl{};
    EXPECT_EQ(ladder.shock_all(*position, std::array{-0.5, 0.01}, std::array{0.2, 0.0}, 2.0, book.columns(), pnl), 1U);
    const double exact = black76_book_value(book.columns(), 65'000.0 * std::exp(-0.5), std::exp(0.4));
    EXPECT_NEAR(pnl[0], exact - position->value_usd, 1e-6);
}

TEST(ValueLadderTest, RefusesOptionsThatHaveNoPrice) {
    Straddle book;
    ValueLadder ladder;
    EXPECT_TRUE(ladder.rebuild_due(0.0, 0.0, kNow, false));
    EXPECT_FALSE(ladder.position(65'000.0, 0.0));
    EXPECT_FALSE(ladder.build(book.columns(), kNaN, kNow));
    book.volatility[1] = kNaN;
    EXPECT_FALSE(ladder.build(book.columns(), 65'000.0, kNow));
    EXPECT_FALSE(ladder.built());
}

TEST(ValueLadderTest, RebuildFollowsDistanceAgeAndShape) {
    const Straddle book;
    ValueLadder ladder;
    ASSERT_TRUE(ladder.build(book.columns(), 65'000.0, kNow));
    const UnixNanos later = kNow + std::chrono::seconds{31};
    EXPECT_FALSE(ladder.rebuild_due(0.03, -0.1, kNow + std::chrono::seconds{30}, false));
    EXPECT_TRUE(ladder.rebuild_due(0.031, 0.0, kNow, false));
    EXPECT_TRUE(ladder.rebuild_due(0.0, -0.11, kNow, false));
    EXPECT_TRUE(ladder.rebuild_due(0.0, 0.0, later, false));
    EXPECT_TRUE(ladder.rebuild_due(0.0, 0.0, kNow, true));
    EXPECT_TRUE(ladder.rebuild_due(kNaN, 0.0, kNow, false));
}

// Whole lanes and what is left of them, options that no lane takes, and what has no price.
TEST(BookValuesTest, AreThoseOfTheDefinitionInEachWorld) {
    const std::array strike{65'000.0, 50'000.0, 90'000.0, 61'000.0, 70'000.0, 64'000.0, 10.0};
    const std::array volatility{0.6, 0.5, 0.9, 0.7, 0.6, 0.0, 1e-9};
    const std::array quantity{5.0, -4.0, 30.0, 1.0, -2.5, 8.0, 3.0};
    std::array type{OptionType::call, OptionType::put,  OptionType::call, OptionType::put,
                    OptionType::put,  OptionType::call, OptionType::put};
    constexpr double kYears = 0.09;
    const OptionColumns all{
        .strike = strike, .volatility = volatility, .quantity_coin = quantity, .type = type, .years = kYears};
    std::vector<OptionWorld> worlds;
    for (const double forward : {65'000.0, 40'000.0, kNaN, -1.0, 1e95}) {
        for (const double scale : {1.0, 1.7, 0.0, 1e-13, kNaN}) {
            worlds.push_back({.forward = forward, .deviation = scale * std::sqrt(kYears)});
        }
    }
    for (std::size_t n = 0; n <= strike.size(); ++n) {
        const OptionColumns some = all.part(0, n);
        std::vector<double> values(worlds.size(), 7.0);
        add_book_values(some, worlds, values);
        for (std::size_t w = 0; w < worlds.size(); ++w) {
            const double want =
                7.0 + black76_book_value(some, worlds[w].forward, worlds[w].deviation / std::sqrt(kYears));
            EXPECT_EQ(std::isnan(values[w]), std::isnan(want)) << n << " options, world " << w;
            if (std::isnan(want)) continue;
            EXPECT_NEAR(values[w], want, 1e-13 * std::abs(want) + 1e-8) << n << " options, world " << w;
        }
    }
    type[1] = OptionType::none;
    double value = 0.0;
    add_book_values(all, std::span{worlds}.first(1), {&value, 1});
    EXPECT_TRUE(std::isnan(value));
}

}  // namespace
}  // namespace keel::risk
