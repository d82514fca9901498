#include "connectors/binance_usdm/grid.hpp"

#include <gtest/gtest.h>

#include <random>

#include "engine/core/instrument.hpp"

namespace keel::connectors::binance {
namespace {

TEST(GridTest, CountsPlainDecimals) {
    EXPECT_EQ(Grid(Decimal{1, -1}).count("61659.70"), 616'597);
    EXPECT_EQ(Grid(Decimal{5, -1}).count("100.5"), 201);
    EXPECT_EQ(Grid(Decimal{1, 0}).count("12"), 12);
    EXPECT_EQ(Grid(Decimal{10, -1}).count("12"), 12);
    EXPECT_EQ(Grid(Decimal{1, -3}).count("-0.001"), -1);
}

TEST(GridTest, LeavesEverythingElseToTheGeneralConversion) {
    const Grid grid{
        Decimal{1, -2}
    };
    for (const char* text : {"", "-", "1e3", " 1", "1.2.3", "1.234", "abc", "12345678901234567890", "+1"}) {
        const auto count = grid.count(text);
        EXPECT_TRUE(!count || *count == 0) << text;
    }
    EXPECT_FALSE(Grid{}.count("1").has_value());
    EXPECT_FALSE(Grid(Decimal{0, 0}).count("1").has_value());
    EXPECT_FALSE(Grid(Decimal{5, -1}).count("100.3").has_value());
}

TEST(GridTest, AgreesWithTheGeneralConversionOnRandomText) {
    std::mt19937_64 random{7};
    const Decimal units[] = {
        {1,  -8},
        {1,  -1},
        {5,  -1},
        {25, -2},
        {1,  0 },
        {1,  -3},
        {2,  -4}
    };
    std::size_t counted = 0;
    for (int i = 0; i < 200'000; ++i) {
        Instrument instrument;
        instrument.tick = units[random() % std::size(units)];
        std::string text = std::to_string(random() % 100'000);
        const auto decimals = random() % 9;
        if (decimals > 0) text.push_back('.');
        for (std::uint64_t d = 0; d < decimals; ++d)
            text.push_back(static_cast<char>('0' + random() % (d > 1 ? 2 : 10)));
        const auto fast = Grid(instrument.tick).count(text);
        if (!fast) continue;
        ++counted;
        const auto slow = instrument.price_from_text(text);
        ASSERT_TRUE(slow.has_value()) << text;
        ASSERT_EQ(*fast, slow->count()) << text;
    }
    EXPECT_GT(counted, 50'000U);
}

}  // namespace
}  // namespace keel::connectors::binance
