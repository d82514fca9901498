#include "risk/options/implied_quote.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "risk/options/inverse_option.hpp"

namespace keel::risk {
namespace {

constexpr double kStrike = 70'000.0;
const QuoteTerms kUsd{.forward = 65'000.0, .years = 0.1, .tick = 5.0};
const QuoteTerms kCoin{.forward = 65'000.0, .years = 0.1, .tick = 0.0005, .unit = PremiumUnit::coin};

double price_at(double volatility, const QuoteTerms& terms = kUsd) {
    const double usd = black76_price({.forward = terms.forward,
                                      .strike = kStrike,
                                      .years = terms.years,
                                      .volatility = volatility,
                                      .type = OptionType::call});
    return terms.unit == PremiumUnit::coin ? usd / terms.forward : usd;
}

TEST(ImpliedQuoteTest, SolvesBothSidesAndAveragesThem) {
    ImpliedQuote quote{OptionType::call, kStrike};
    EXPECT_EQ(quote.update(kUsd, price_at(0.58), price_at(0.62), 0.7), 2);
    EXPECT_NEAR(quote.bid().volatility, 0.58, 1e-12);
    EXPECT_NEAR(quote.ask().volatility, 0.62, 1e-12);
    EXPECT_EQ(quote.quoted().source, VolatilitySource::mid);
    EXPECT_NEAR(quote.quoted().volatility, 0.60, 1e-12);
    EXPECT_EQ(quote.quoted().weight, 1.0);
}

TEST(ImpliedQuoteTest, AnAbsentSideHasNoVolatilityAndTheMarkStandsIn) {
    ImpliedQuote quote{OptionType::call, kStrike};
    EXPECT_EQ(quote.update(kUsd, 0.0, price_at(0.62), 0.7), 1);
    EXPECT_EQ(quote.bid().status, SideStatus::absent);
    EXPECT_EQ(quote.quoted().source, VolatilitySource::mark);
    EXPECT_EQ(quote.quoted().volatility, 0.7);
    EXPECT_EQ(quote.quoted().weight, 0.25);
    quote.update(kUsd, 0.0, price_at(0.62), 0.0);
    EXPECT_EQ(quote.quoted().source, VolatilitySource::none);
    EXPECT_EQ(quote.quoted().weight, 0.0);
    EXPECT_EQ(quote.quoted().volatility, 0.0);
}

// 30 % of the mid is more than four ticks here; then four ticks are more than 30 % of the mid.
TEST(ImpliedQuoteTest, AWideOrCrossedQuoteHasNoMid) {
    ImpliedQuote quote{OptionType::call, kStrike};
    quote.update(kUsd, 860.0, 1'160.0, 0.6);
    EXPECT_EQ(quote.quoted().source, VolatilitySource::mid);
    quote.update(kUsd, 850.0, 1'160.0, 0.6);
    EXPECT_EQ(quote.quoted().source, VolatilitySource::mark);
    quote.update(kUsd, 1'001.0, 1'000.0, 0.6);
    EXPECT_EQ(quote.quoted().source, VolatilitySource::mark);
    quote.update(kUsd, 20.0, 39.0, 0.6);
    EXPECT_EQ(quote.quoted().source, VolatilitySource::mid);
    quote.update(kUsd, 20.0, 40.0, 0.6);
    EXPECT_EQ(quote.quoted().source, VolatilitySource::mark);
}

TEST(ImpliedQuoteTest, StandsUntilPriceForwardAndTimeMovedAQuarterTick) {
    for (const QuoteTerms& start : {kUsd, kCoin}) {
        OptionGreeks usd;
        InverseGreeks coin;
        ASSERT_EQ(inverse_option({.forward = start.forward,
                                  .strike = kStrike,
                                  .years = start.years,
                                  .volatility = 0.6,
                                  .type = OptionType::call},
                                 usd, coin),
                  PricingStatus::ok);
        const bool in_coin = start.unit == PremiumUnit::coin;
        const double slope = in_coin ? coin.slope : usd.delta, decay = in_coin ? coin.theta : usd.theta;
        const double price = price_at(0.6, start);
        const double limit = 0.25 * start.tick;
        ImpliedQuote quote{OptionType::call, kStrike};
        EXPECT_EQ(quote.update(start, price, price, 0.0), 2);
        EXPECT_EQ(quote.update(start, price, price, 0.0), 0);
        QuoteTerms terms = start;
        terms.forward += 0.49 * limit / slope;
        EXPECT_EQ(quote.update(terms, price - 0.49 * limit, price, 0.0), 0);
        EXPECT_EQ(quote.update(terms, price - 0.53 * limit, price, 0.0), 1) << "the bid alone";
        terms.forward = start.forward + 1.01 * limit / slope;
        EXPECT_GE(quote.update(terms, price, price, 0.0), 1);
        QuoteTerms later = terms;
        later.years += 1.02 * limit / decay;  // decay is negative: time runs down
        EXPECT_EQ(quote.update(later, price, price, 0.0), 2);
    }
}

TEST(ImpliedQuoteTest, RefusesVolatilitiesOfNoMarketAndCountsThem) {
    ImpliedQuote quote{OptionType::call, kStrike};
    quote.update(kUsd, price_at(5.2), price_at(5.3), 6.0);
    EXPECT_EQ(quote.bid().status, SideStatus::out_of_bounds);
    EXPECT_EQ(quote.bid().volatility, 0.0);
    EXPECT_EQ(quote.quoted().source, VolatilitySource::none);
    EXPECT_EQ(quote.refused(), 3U);
    quote.update(kUsd, price_at(5.2), price_at(5.3), 6.0);
    EXPECT_EQ(quote.refused(), 3U) << "the same refusal again is no new one";
    ImpliedQuote narrow{OptionType::call, 65'000.0};
    const double thin = black76_price({.forward = 65'000.0, .strike = 65'000.0, .years = 0.1, .volatility = 0.049});
    narrow.update(kUsd, thin, thin, 0.0);
    EXPECT_EQ(narrow.bid().status, SideStatus::out_of_bounds);
}

TEST(ImpliedQuoteTest, APriceThatNoVolatilityGivesIsUnsolvable) {
    ImpliedQuote quote{OptionType::put, kStrike};
    for (const double bad :
         {4'999.0, 70'000.0, std::numeric_limits<double>::quiet_NaN(), -1.0, std::numeric_limits<double>::infinity()}) {
        quote.update(kUsd, bad, 6'000.0, 0.6);
        EXPECT_EQ(quote.bid().status, SideStatus::unsolvable) << bad;
        EXPECT_EQ(quote.bid().volatility, 0.0);
        EXPECT_EQ(quote.ask().status, SideStatus::ok);
        EXPECT_EQ(quote.quoted().source, VolatilitySource::mark);
    }
    QuoteTerms dead = kUsd;
    dead.forward = std::numeric_limits<double>::quiet_NaN();
    quote.update(dead, 5'900.0, 6'000.0, std::numeric_limits<double>::quiet_NaN());
    EXPECT_EQ(quote.ask().status, SideStatus::unsolvable);
    EXPECT_EQ(quote.quoted().source, VolatilitySource::none);
    quote.update(kUsd, 5'900.0, 6'000.0, 0.6);
    EXPECT_EQ(quote.ask().status, SideStatus::ok);
}

}  // namespace
}  // namespace keel::risk
