#include "engine/core/decimal.hpp"

#include <gtest/gtest.h>

namespace keel {
namespace {

std::int64_t units(const char* text, Decimal unit) {
    const Result<Decimal> value = parse_decimal(text);
    EXPECT_TRUE(value.has_value()) << text;
    const Result<std::int64_t> count = count_units(*value, unit, Errc::price_off_tick);
    EXPECT_TRUE(count.has_value()) << text;
    return count.value_or(-1);
}

TEST(DecimalTest, CountsTicksOfEveryFormThatVenuesWrite) {
    EXPECT_EQ(units("61659.70", {1, -1}), 616'597);
    EXPECT_EQ(units("2.2e3", {5, -1}), 4'400);
    EXPECT_EQ(units("1.0E-8", {1, -8}), 1);
    EXPECT_EQ(units("-10.0", {10, 0}), -1);
    EXPECT_EQ(units(" 64000.5 ", {5, -1}), 128'001);
    EXPECT_EQ(units("0.0", {5, -4}), 0);
    EXPECT_EQ(units("1000000", {1, 3}), 1'000);
}

TEST(DecimalTest, RoundsTheBinaryNoiseOfJsonWriters) {
    EXPECT_EQ(units("0.00035000000000000005", {5, -5}), 7);
    EXPECT_EQ(units("89532.49999999999", {5, -1}), 179'065);
}

TEST(DecimalTest, RefusesWhatIsNotOnTheGrid) {
    const Result<std::int64_t> count = count_units(*parse_decimal("64000.1"), {5, -1}, Errc::price_off_tick);
    ASSERT_FALSE(count.has_value());
    EXPECT_EQ(count.error().code, Errc::price_off_tick);
}

TEST(DecimalTest, RefusesWhatIsNotANumber) {
    for (const char* text : {"", "-", ".", "1.2.3", "1e", "e5", "0x10", "nan", "1,5", "\"1\""}) {
        EXPECT_FALSE(parse_decimal(text).has_value()) << text;
    }
    EXPECT_EQ(parse_decimal("1e999").error().code, Errc::number_out_of_range);
    EXPECT_FALSE(count_units(*parse_decimal("1e30"), {1, 0}, Errc::price_off_tick).has_value());
}

TEST(DecimalTest, WritesTheShortestPlainText) {
    EXPECT_EQ((Decimal{5, -4}.to_text()), "0.0005");
    EXPECT_EQ((Decimal{6'165'970, -2}.to_text()), "61659.7");
    EXPECT_EQ((Decimal{1, 1}.to_text()), "10");
    EXPECT_EQ((Decimal{-25, -1}.to_text()), "-2.5");
    EXPECT_EQ((Decimal{}.to_text()), "0");
}

TEST(DecimalTest, ReadsBackWhatItWrites) {
    for (std::int64_t mantissa = -12'345; mantissa <= 12'345; mantissa += 97) {
        for (int exponent = -8; exponent <= 6; ++exponent) {
            const Decimal value{mantissa, exponent};
            EXPECT_EQ(parse_decimal(value.to_text())->normalised(), value.normalised());
        }
    }
}

}  // namespace
}  // namespace keel
