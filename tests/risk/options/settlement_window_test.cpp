#include "risk/options/settlement_window.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>

#include "tests/support/test_data.hpp"

namespace keel::risk {
namespace {

constexpr double kMinute = 60.0 / (365.0 * 86'400.0);
constexpr double kWindow = kSettlementWindowYears;

OptionInputs call(double remaining) {
    return {.forward = 65'100.0, .strike = 65'000.0, .years = remaining, .volatility = 0.6, .type = OptionType::call};
}

SettlementGreeks priced(const OptionInputs& inputs, double average = 64'900.0) {
    SettlementGreeks out;
    EXPECT_EQ(settlement_greeks(inputs, average, out), PricingStatus::ok);
    return out;
}

// margin.json, settlement_twap: an article of Deribit, delta 1 and mark 0.3 become 0.5 and 0.35 half way through.
TEST(SettlementWindowTest, MatchesEveryRowOfTheFile) {
    const auto path = test::vectors_path("margin.json");
    KEEL_SKIP_WITHOUT(path);
    const nlohmann::json cases = nlohmann::json::parse(test::read_file(*path)).at("settlement_twap");
    for (const nlohmann::json& row : cases) {
        const double window = row.at("window").get<double>() * kMinute;
        const double remaining = window - row.at("minutes").get<double>() * kMinute;
        const SettlementEstimate got = settlement_estimate(row.at("forward"), row.at("twap_so_far"), remaining, window);
        const double mark = row.at("underlying_mark");
        EXPECT_NEAR(got.underlying, mark, 1e-9 * mark);
        EXPECT_NEAR(got.delta_multiplier, row.at("delta_multiplier").get<double>(), 1e-12);
        const nlohmann::json& example = row.at("net_delta_example");
        EXPECT_NEAR(got.delta_multiplier * (example.at("delta").get<double>() - example.at("mark_coin").get<double>()),
                    example.at("net").get<double>(), 1e-12);
    }
    EXPECT_FALSE(cases.empty());
    std::cout << "[ vectors  ] margin.json settlement_twap: " << cases.size() << " rows\n";
}

// Variance of the mean of a Brownian motion at n times in the window, from its covariance min(s, t): the formulas are
// its limit.
TEST(SettlementWindowTest, DeviationIsThatOfAnAverage) {
    constexpr int kSamples = 1'800;
    const double step = kWindow / kSamples;
    for (const double remaining :
         {3.0 * kWindow, 1.5 * kWindow, kWindow, 0.75 * kWindow, 0.3 * kWindow, 0.01 * kWindow}) {
        // Sum over samples still to come, the i-th of n at time t_i from now: sum_ij min(t_i, t_j).
        double sum = 0.0, later = 0.0;
        for (int i = kSamples; i >= 1; --i) {
            const double at = remaining - kWindow + i * step;
            if (at <= 0.0) break;
            sum += at * (1.0 + 2.0 * later);
            later += 1.0;
        }
        const double want = 0.6 * std::sqrt(sum) / kSamples;
        const SettlementEstimate estimate = settlement_estimate(100.0, 100.0, remaining);
        EXPECT_NEAR(settlement_deviation(estimate, 100.0, 0.6, remaining) / want, 1.0,
                    remaining < 0.1 * kWindow ? 0.1 : 4e-3)
            << remaining / kWindow;
    }
}

TEST(SettlementWindowTest, IsContinuousWhereTheWindowOpens) {
    const SettlementGreeks before = priced(call(kWindow * (1.0 + 1e-9)));
    const SettlementGreeks after = priced(call(kWindow * (1.0 - 1e-9)));
    EXPECT_NEAR(before.price / after.price, 1.0, 1e-6);
    EXPECT_NEAR(before.delta_bs / after.delta_bs, 1.0, 1e-6);
    EXPECT_NEAR(before.delta_net / after.delta_net, 1.0, 1e-6);
    EXPECT_NEAR(before.gamma / after.gamma, 1.0, 1e-6);
    EXPECT_NEAR(before.vega / after.vega, 1.0, 1e-6);
    EXPECT_NEAR(before.theta / after.theta, 1.0, 1e-6);
}

// Far from expiry the average takes 20 minutes of variance away and nothing else.
TEST(SettlementWindowTest, IsBlack76FarFromExpiry) {
    const OptionInputs inputs = call(0.25);
    OptionGreeks plain;
    ASSERT_EQ(black76(inputs, plain), PricingStatus::ok);
    const SettlementGreeks got = priced(inputs);
    EXPECT_NEAR(got.price / plain.price, 1.0, 1e-4);
    EXPECT_EQ(got.estimate.delta_multiplier, 1.0);
    EXPECT_FALSE(got.frozen);
}

// Delta and gamma with the deviation held, as they are defined; vega and theta in full.
TEST(SettlementWindowTest, GreeksAreDerivatives) {
    for (const double share : {2.5, 1.2, 0.9, 0.5, 0.1}) {
        OptionInputs inputs = call(share * kWindow);
        const double average = 65'050.0;
        const SettlementEstimate start = settlement_estimate(inputs.forward, average, inputs.years);
        const double held = settlement_deviation(start, inputs.forward, inputs.volatility, inputs.years);
        inputs.strike = start.underlying * (1.0 + 0.5 * held);  // near the money for what is left
        const SettlementGreeks g = priced(inputs, average);
        const auto at_forward = [&](double forward) {
            const SettlementEstimate estimate = settlement_estimate(forward, average, inputs.years);
            return black76_price({.forward = estimate.underlying,
                                  .strike = inputs.strike,
                                  .years = inputs.years,
                                  .volatility = held / std::sqrt(inputs.years),
                                  .type = inputs.type});
        };
        const double step = 0.01 * held * start.underlying / start.delta_multiplier;
        const double up = at_forward(inputs.forward + step), down = at_forward(inputs.forward - step);
        EXPECT_NEAR((up - down) / (2.0 * step), g.delta_bs, 1e-4 * std::abs(g.delta_bs)) << share;
        EXPECT_NEAR((up - 2.0 * g.price + down) / (step * step), g.gamma, 1e-3 * std::abs(g.gamma)) << share;

        OptionInputs high = inputs, low = inputs;
        high.volatility += 1e-4;
        low.volatility -= 1e-4;
        EXPECT_NEAR((priced(high, average).price - priced(low, average).price) / 2e-4, g.vega, 1e-5 * g.vega + 1e-9);

        // As time passes with the index still, the average moves towards it.
        const double dt = 1e-4 * kWindow;
        const auto at_time = [&](double passed) {
            OptionInputs later = inputs;
            later.years -= passed;
            const double f = std::max(0.0, 1.0 - share), f1 = std::max(0.0, 1.0 - share + passed / kWindow);
            const double average_later = f1 > 0.0 ? (f * average + (f1 - f) * inputs.forward) / f1 : average;
            return priced(later, average_later).price;
        };
        EXPECT_NEAR((at_time(dt) - at_time(-dt)) / (2.0 * dt), g.theta, 1e-4 * std::abs(g.theta)) << share;
    }
}

TEST(SettlementWindowTest, GammaStaysFiniteAndTheLastSecondsAreIntrinsic) {
    OptionInputs pinned = call(0.0);
    pinned.strike = pinned.forward;
    double largest = 0.0;
    for (double seconds = 3'600.0; seconds >= 5.0; seconds -= 1.0) {
        pinned.years = seconds / (365.0 * 86'400.0);
        largest = std::max(largest, priced(pinned, pinned.forward).gamma);
    }
    pinned.years = kWindow;
    EXPECT_LT(largest, 20.0 * priced(pinned, pinned.forward).gamma);

    const OptionInputs late = call(4.0 / (365.0 * 86'400.0));
    const SettlementGreeks frozen = priced(late, 65'200.0);
    EXPECT_TRUE(frozen.frozen);
    EXPECT_EQ(frozen.gamma, 0.0);
    EXPECT_EQ(frozen.vega, 0.0);
    EXPECT_DOUBLE_EQ(frozen.price, frozen.estimate.underlying - late.strike);
    EXPECT_NEAR(frozen.delta_bs, 4.0 / 1'800.0, 1e-12);
    const SettlementGreeks settled = priced(call(0.0), 64'000.0);
    EXPECT_EQ(settled.price, 0.0);
    EXPECT_EQ(settled.delta_bs, 0.0);
    EXPECT_EQ(settled.estimate.underlying, 64'000.0);
}

TEST(SettlementWindowTest, RefusesWhatItCannotPrice) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    SettlementGreeks kept{.price = 42.0};
    for (const double average : {nan, 0.0, -1.0, std::numeric_limits<double>::infinity()}) {
        EXPECT_EQ(settlement_greeks(call(0.5 * kWindow), average, kept), PricingStatus::bad_input);
        SettlementGreeks early;
        EXPECT_EQ(settlement_greeks(call(2.0 * kWindow), average, early), PricingStatus::ok) << "not needed yet";
        EXPECT_TRUE(std::isfinite(early.price));
    }
    OptionInputs bad = call(0.5 * kWindow);
    bad.volatility = nan;
    EXPECT_EQ(settlement_greeks(bad, 65'000.0, kept), PricingStatus::bad_input);
    EXPECT_EQ(settlement_greeks(call(0.5 * kWindow), 65'000.0, kept, 0.0), PricingStatus::bad_input);
    EXPECT_EQ(settlement_greeks(call(0.5 * kWindow), 65'000.0, kept, nan), PricingStatus::bad_input);
    EXPECT_EQ(kept.price, 42.0);
}

}  // namespace
}  // namespace keel::risk
