#include "risk/options/implied_volatility.hpp"

#include <gtest/gtest.h>

#include <cfloat>
#include <iostream>
#include <limits>

#include "risk/options/black76.hpp"

namespace keel::risk {
namespace {

constexpr int kStepsMeasured = 4;  // what the sweep of the whole domain needs

QuotedOption month_call(double price) {
    return {.forward = 65'000.0, .strike = 70'000.0, .years = 30.0 / 365.0, .price = price, .type = OptionType::call};
}

// Price of the out-of-the-money option over sqrt(FK) and what is missing to its largest value, by glibc's erfcl with
// 64-bit mantissas; `noise` is what the difference of two tails loses when d1 and d2 are rounded.
struct Reference {
    long double value{0.0L}, gap{0.0L}, slope{0.0L}, noise{0.0L};
};

Reference reference(long double x, long double s) {
    const auto upper_tail = [](long double z) { return 0.5L * std::erfc(z / std::sqrt(2.0L)); };
    const long double d1 = s / 2 - x / s, d2 = -s / 2 - x / s;
    const long double first = std::exp(-x / 2) * upper_tail(-d1), second = std::exp(x / 2) * upper_tail(-d2);
    const long double pi = 3.14159265358979323846L;
    return {.value = x == 0.0L ? std::erf(s / std::sqrt(8.0L)) : first - second,
            .gap = std::exp(-x / 2) * upper_tail(d1) + second,
            .slope = std::exp(-(x * x / s / s + s * s / 4) / 2) / std::sqrt(2 * pi),
            .noise = x == 0.0L ? 0.0L : (8 + 4 * d1 * d1) * std::numeric_limits<long double>::epsilon() * first};
}

struct Sweep {
    int steps_max{0};
    long cases{0};
};

void check(double x, double s, Sweep& sweep) {
    if (x > 600.0) return;
    const double strike = 100.0 * std::exp(x);
    const double log_moneyness = std::abs(strike - 100.0) < 50.0 ? std::log1p((strike - 100.0) / 100.0) : x;
    const Reference want = reference(log_moneyness, s);
    const long double scale = 100.0L * std::exp(log_moneyness / 2.0L);
    const double price = static_cast<double>(want.value * scale);
    if (price < 1e-290 || price >= 100.0) return;
    const ImpliedVolatility got = implied_volatility(
        {.forward = 100.0, .strike = strike, .years = 1.0, .price = price, .type = OptionType::call});
    ASSERT_EQ(got.status, ImpliedStatus::ok) << "x " << x << " s " << s;
    ASSERT_GT(got.volatility, 0.0);
    // Rounding of ln(F/K), of the price, and of the reference.
    const double conditioning = static_cast<double>((want.value * DBL_EPSILON + want.noise) / (want.slope * s));
    const double tolerance = 3e-14 + DBL_EPSILON * log_moneyness + 4.0 * conditioning;
    EXPECT_LE(std::abs(got.volatility / s - 1.0), tolerance) << "x " << x << " s " << s;
    sweep.steps_max = std::max<int>(sweep.steps_max, got.steps);
    ++sweep.cases;
}

// Log-moneyness from 0 to 600, s from 1e-6 to 50, and with them prices from 1e-290 to one rounding below the cap.
TEST(ImpliedVolatilityTest, FindsTheVolatilityOfTheWholeDomainInFewSteps) {
    Sweep sweep;
    for (double log_s = -6.0; log_s <= 1.7; log_s += 0.0137) {
        const double s = std::pow(10.0, log_s);
        check(0.0, s, sweep);
        for (double log_x = -12.0; log_x <= 2.7; log_x += 0.0531) check(std::pow(10.0, log_x), s, sweep);
        for (double deviations = 0.05; deviations <= 36.0; deviations *= 1.09) check(s * deviations, s, sweep);
    }
    EXPECT_GT(sweep.cases, 100'000);
    EXPECT_LE(sweep.steps_max, kStepsMeasured);
    RecordProperty("steps_max", sweep.steps_max);
    std::cout << "[ sweep    ] " << sweep.cases << " cases, most steps " << sweep.steps_max << '\n';
}

// The last price below the cap and the first above the intrinsic value still have a volatility.
TEST(ImpliedVolatilityTest, EndsAtBothEndsOfThePriceRange) {
    for (const double strike : {1e-6, 1.0, 60.0, 99.999999, 100.0, 100.000001, 150.0, 1e4, 1e12}) {
        const double cap = std::min(100.0, strike);
        QuotedOption option{.forward = 100.0, .strike = strike, .years = 0.25};
        option.type = strike < 100.0 ? OptionType::put : OptionType::call;
        double above = 0.0;
        for (const double price : {DBL_TRUE_MIN, 1e-310, DBL_MIN, 1e-200, 1e-100, 1e-30, 1e-12 * cap, 1e-3 * cap,
                                   0.5 * cap, 0.999 * cap, std::nextafter(cap, 0.0)}) {
            option.price = price;
            const ImpliedVolatility got = implied_volatility(option);
            if (strike == 100.0 && price < 1e-300) {  // s would be no normal number
                EXPECT_EQ(got.status, ImpliedStatus::at_intrinsic);
                continue;
            }
            ASSERT_EQ(got.status, ImpliedStatus::ok) << strike << ' ' << price;
            EXPECT_TRUE(std::isfinite(got.volatility));
            EXPECT_GT(got.volatility, above) << strike << ' ' << price;
            EXPECT_LE(got.steps, kStepsMeasured) << strike << ' ' << price;
            above = got.volatility;
        }
    }
}

TEST(ImpliedVolatilityTest, FindsWhatBlack76WasGiven) {
    for (const OptionType type : {OptionType::call, OptionType::put}) {
        for (const double strike : {40'000.0, 60'000.0, 65'000.0, 66'000.0, 90'000.0}) {
            for (const double rate : {0.0, 0.05, -0.01}) {
                const OptionInputs in{.forward = 65'000.0,
                                      .strike = strike,
                                      .years = 0.2,
                                      .volatility = 0.55,
                                      .rate = rate,
                                      .type = type};
                OptionGreeks greeks;
                ASSERT_EQ(black76(in, greeks), PricingStatus::ok);
                const ImpliedVolatility got = implied_volatility({.forward = 65'000.0,
                                                                  .strike = strike,
                                                                  .years = 0.2,
                                                                  .rate = rate,
                                                                  .price = greeks.price,
                                                                  .type = type});
                ASSERT_EQ(got.status, ImpliedStatus::ok);
                EXPECT_NEAR(got.volatility, 0.55, 1e-13 + 16.0 * DBL_EPSILON * 65'000.0 / greeks.vega);
            }
        }
    }
}

TEST(ImpliedVolatilityTest, ReadsACoinPremiumAsItsWorthAtTheForward) {
    QuotedOption coin = month_call(0.025);
    coin.unit = PremiumUnit::coin;
    const QuotedOption usd = month_call(0.025 * 65'000.0);
    EXPECT_EQ(implied_volatility(coin).volatility, implied_volatility(usd).volatility);
}

TEST(ImpliedVolatilityTest, AnswersBadInputBeforeItLooksAtTimeValue) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    for (double QuotedOption::*field : {&QuotedOption::forward, &QuotedOption::strike, &QuotedOption::years,
                                        &QuotedOption::rate, &QuotedOption::price}) {
        for (const double bad : {nan, infinity, -infinity}) {
            QuotedOption option = month_call(1'000.0);
            option.*field = bad;
            const ImpliedVolatility got = implied_volatility(option);
            EXPECT_EQ(got.status, ImpliedStatus::bad_input);
            EXPECT_EQ(got.volatility, 0.0);
        }
    }
    for (double QuotedOption::*field : {&QuotedOption::forward, &QuotedOption::strike, &QuotedOption::years}) {
        for (const double bad : {0.0, -1.0}) {
            QuotedOption option = month_call(1'000.0);
            option.*field = bad;
            EXPECT_EQ(implied_volatility(option).status, ImpliedStatus::bad_input);
        }
    }
    QuotedOption undiscountable = month_call(1'000.0);
    undiscountable.rate = 1e5;
    EXPECT_EQ(implied_volatility(undiscountable).status, ImpliedStatus::bad_input);
    QuotedOption untyped = month_call(1'000.0);
    untyped.type = OptionType::none;
    EXPECT_EQ(implied_volatility(untyped).status, ImpliedStatus::bad_input);
    EXPECT_EQ(implied_volatility(month_call(-1e-9)).status, ImpliedStatus::bad_input);
}

}  // namespace
}  // namespace keel::risk
