#include "risk/options/black76.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace keel::risk {
namespace {

OptionInputs month_call() {
    return {
        .forward = 65'000.0, .strike = 70'000.0, .years = 30.0 / 365.0, .volatility = 0.6, .type = OptionType::call};
}

OptionGreeks priced(const OptionInputs& inputs) {
    OptionGreeks out;
    EXPECT_EQ(black76(inputs, out), PricingStatus::ok);
    return out;
}

TEST(Black76Test, HoldsPutCallParity) {
    OptionInputs inputs = month_call();
    for (const double strike : {30'000.0, 64'999.0, 65'000.0, 120'000.0}) {
        inputs.strike = strike;
        inputs.type = OptionType::call;
        const OptionGreeks call = priced(inputs);
        inputs.type = OptionType::put;
        const OptionGreeks put = priced(inputs);
        EXPECT_NEAR(call.price - put.price, inputs.forward - strike, 1e-9);
        EXPECT_NEAR(call.delta - put.delta, 1.0, 1e-15);
        EXPECT_DOUBLE_EQ(call.gamma, put.gamma);
    }
}

TEST(Black76Test, ScalesWithForwardAndStrikeTogether) {
    OptionInputs inputs = month_call();
    const double price = priced(inputs).price;
    inputs.forward *= 3.0;
    inputs.strike *= 3.0;
    EXPECT_NEAR(priced(inputs).price, 3.0 * price, 1e-10 * price);
}

// Every greek against a central difference of the one below it.
TEST(Black76Test, GreeksAreDerivatives) {
    const OptionInputs inputs = month_call();
    const OptionGreeks g = priced(inputs);
    const auto bumped = [&](double OptionInputs::*field, double step) {
        OptionInputs up = inputs, down = inputs;
        up.*field += step;
        down.*field -= step;
        return std::pair{priced(up), priced(down)};
    };
    const auto [fu, fd] = bumped(&OptionInputs::forward, 1.0);
    EXPECT_NEAR((fu.price - fd.price) / 2.0, g.delta, 1e-8);
    EXPECT_NEAR((fu.delta - fd.delta) / 2.0, g.gamma, 1e-6 * g.gamma);
    EXPECT_NEAR((fu.gamma - fd.gamma) / 2.0, g.speed, 1e-6 * std::abs(g.speed));
    const auto [vu, vd] = bumped(&OptionInputs::volatility, 1e-4);
    EXPECT_NEAR((vu.price - vd.price) / 2e-4, g.vega, 1e-6 * g.vega);
    EXPECT_NEAR((vu.delta - vd.delta) / 2e-4, g.vanna, 1e-6 * std::abs(g.vanna));
    EXPECT_NEAR((vu.vega - vd.vega) / 2e-4, g.volga, 1e-5 * std::abs(g.volga));
    EXPECT_NEAR((vu.gamma - vd.gamma) / 2e-4, g.zomma, 1e-5 * std::abs(g.zomma));
    const auto [tu, td] = bumped(&OptionInputs::years, 1e-6);  // calendar time runs against time to expiry
    EXPECT_NEAR((td.price - tu.price) / 2e-6, g.theta, 1e-6 * std::abs(g.theta));
    EXPECT_NEAR((td.delta - tu.delta) / 2e-6, g.charm, 1e-6 * std::abs(g.charm));
    EXPECT_NEAR((td.gamma - tu.gamma) / 2e-6, g.color, 1e-6 * std::abs(g.color));
    const auto [ru, rd] = bumped(&OptionInputs::rate, 1e-5);
    EXPECT_NEAR((ru.price - rd.price) / 2e-5, g.rho, 1e-6 * std::abs(g.rho));
}

TEST(Black76Test, RefusesInputsThatHaveNoPrice) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    for (double OptionInputs::*field : {&OptionInputs::forward, &OptionInputs::strike, &OptionInputs::years,
                                        &OptionInputs::volatility, &OptionInputs::rate}) {
        for (const double bad : {nan, infinity}) {
            OptionInputs inputs = month_call();
            inputs.*field = bad;
            OptionGreeks kept{.price = 42.0};
            EXPECT_EQ(black76(inputs, kept), PricingStatus::bad_input);
            EXPECT_EQ(kept.price, 42.0) << "the last good numbers must survive";
            EXPECT_TRUE(std::isnan(black76_price(inputs)));
        }
    }
    for (double OptionInputs::*field : {&OptionInputs::forward, &OptionInputs::strike}) {
        OptionInputs inputs = month_call();
        inputs.*field = 0.0;
        OptionGreeks out;
        EXPECT_EQ(black76(inputs, out), PricingStatus::bad_input);
    }
    OptionInputs inputs = month_call();
    inputs.volatility = -0.1;
    OptionGreeks out;
    EXPECT_EQ(black76(inputs, out), PricingStatus::bad_input);
}

TEST(Black76Test, IsIntrinsicWithoutTimeOrVolatility) {
    for (double OptionInputs::*field : {&OptionInputs::years, &OptionInputs::volatility}) {
        OptionInputs inputs = month_call();
        inputs.*field = 0.0;
        inputs.strike = 60'000.0;
        EXPECT_EQ(priced(inputs).price, 5'000.0);
        EXPECT_EQ(priced(inputs).delta, 1.0);
        inputs.strike = inputs.forward;
        EXPECT_EQ(priced(inputs).delta, 0.5);
        EXPECT_EQ(priced(inputs).gamma, 0.0);
    }
}

}  // namespace
}  // namespace keel::risk
