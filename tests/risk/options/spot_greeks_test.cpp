#include "risk/options/spot_greeks.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace keel::risk {
namespace {

// A put on a spot of 430 with a rate of 7 % and a yield of 5 %.
struct Spot {
    double spot{430.0}, strike{405.0}, years{0.25}, volatility{0.2}, rate{0.07}, yield{0.05};
    [[nodiscard]] double carry() const { return rate - yield; }
    [[nodiscard]] OptionGreeks priced() const {
        const OptionInputs in{.forward = spot * std::exp(carry() * years),
                              .strike = strike,
                              .years = years,
                              .volatility = volatility,
                              .rate = rate,
                              .type = OptionType::put};
        OptionGreeks g;
        EXPECT_EQ(black76(in, g), PricingStatus::ok);
        return spot_greeks(in, g, carry());
    }
    // Central difference of one greek in one input.
    [[nodiscard]] double slope(double Spot::*input, double step, double OptionGreeks::*greek) const {
        Spot up = *this, down = *this;
        up.*input += step;
        down.*input -= step;
        return (up.priced().*greek - down.priced().*greek) / (2.0 * step);
    }
};

TEST(SpotGreeksTest, AreDerivativesInTheSpot) {
    const Spot option;
    const OptionGreeks g = option.priced();
    const auto expect = [](double got, double want) { EXPECT_NEAR(got, want, 2e-6 * std::abs(want)); };
    expect(option.slope(&Spot::spot, 0.02, &OptionGreeks::price), g.delta);
    expect(option.slope(&Spot::spot, 0.02, &OptionGreeks::delta), g.gamma);
    expect(option.slope(&Spot::spot, 0.02, &OptionGreeks::gamma), g.speed);
    expect(option.slope(&Spot::volatility, 1e-5, &OptionGreeks::price), g.vega);
    expect(option.slope(&Spot::volatility, 1e-5, &OptionGreeks::delta), g.vanna);
    expect(option.slope(&Spot::volatility, 1e-5, &OptionGreeks::vega), g.volga);
    expect(option.slope(&Spot::volatility, 1e-5, &OptionGreeks::gamma), g.zomma);
    expect(option.slope(&Spot::rate, 1e-5, &OptionGreeks::price), g.rho);
    expect(-option.slope(&Spot::years, 1e-6, &OptionGreeks::price), g.theta);
    expect(-option.slope(&Spot::years, 1e-6, &OptionGreeks::delta), g.charm);
    expect(-option.slope(&Spot::years, 1e-6, &OptionGreeks::gamma), g.color);
}

TEST(SpotGreeksTest, AreTheForwardGreeksWithoutCarry) {
    Spot option;
    option.yield = option.rate;
    const OptionInputs in{.forward = option.spot,
                          .strike = option.strike,
                          .years = option.years,
                          .volatility = option.volatility,
                          .rate = option.rate,
                          .type = OptionType::put};
    OptionGreeks g;
    ASSERT_EQ(black76(in, g), PricingStatus::ok);
    EXPECT_EQ(option.priced().delta, g.delta);
    EXPECT_EQ(option.priced().color, g.color);
    EXPECT_EQ(option.priced().theta, g.theta);
}

}  // namespace
}  // namespace keel::risk
