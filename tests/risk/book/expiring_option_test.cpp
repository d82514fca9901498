#include "risk/book/expiring_option.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>

#include "tests/support/test_data.hpp"
#include "tests/support/vector_cases.hpp"

namespace keel::risk {
namespace {

using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr UnixNanos kExpiry = unix_nanos_from_ms(1'767'225'600'000);
constexpr minutes kWindow{30};
constexpr double kWindowYears = 1'800e9 / kYearNs;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

ExpiryMarket market_of(double forward = 65'100.0, double average = 64'900.0) {
    ExpiryMarket out{.underlying = UnderlyingSlot{0}, .expiry = kExpiry, .forward = forward};
    out.settlement_window = kWindow;
    out.settlement_average = average;
    return out;
}

UnixNanos before_expiry(nanoseconds left) { return kExpiry + -left; }
// `left` as a share of the window.
UnixNanos at_share(double left) { return before_expiry(nanoseconds{std::llround(left * 1'800e9)}); }

struct Priced {
    OptionGreeks usd{};
    InverseGreeks coin{};
};
Priced priced(const ExpiryMarket& market, UnixNanos now, const OptionSpec& spec) {
    Priced out;
    EXPECT_TRUE(expiring_option(spec, market, now, out.usd, out.coin));
    return out;
}
constexpr OptionSpec kCall{.strike = 65'000.0, .type = OptionType::call, .volatility = 0.6};

// margin.json, settlement_twap: what an article of Deribit says of the window.
TEST(ExpiringOptionTest, MatchesEveryRowOfTheFile) {
    const auto path = keel::test::vectors_path("margin.json");
    KEEL_SKIP_WITHOUT(path);
    const nlohmann::json rows = nlohmann::json::parse(keel::test::read_file(*path)).at("settlement_twap");
    EXPECT_FALSE(rows.empty());
    keel::test::VectorCases cases{"margin.json settlement_twap"};
    for (const nlohmann::json& row : rows) {
        cases.members(row, {"minutes", "window", "twap_so_far", "forward", "underlying_mark", "delta_multiplier",
                            "net_delta_example"});
        ExpiryMarket market = market_of(row.at("forward"), row.at("twap_so_far"));
        market.settlement_window = minutes{row.at("window").get<int>()};
        const UnixNanos now = before_expiry(market.settlement_window) + minutes{row.at("minutes").get<int>()};
        const DeliveryForward got = delivery_forward(market, now);
        const double mark = row.at("underlying_mark");
        EXPECT_NEAR(got.price, mark, 1e-12 * mark) << row;
        EXPECT_NEAR(got.weight, row.at("delta_multiplier").get<double>(), 1e-12) << row;
        const nlohmann::json& example = row.at("net_delta_example");
        EXPECT_NEAR(got.weight * (example.at("delta").get<double>() - example.at("mark_coin").get<double>()),
                    example.at("net").get<double>(), 1e-12)
            << row;
    }
    std::cout << "[ vectors  ] margin.json settlement_twap: " << rows.size() << " rows\n";
    cases.report();
}

// Deribit's own example: a call with delta 1 and mark 0.3 has delta 0.5 and net delta 0.35 after half of the window.
TEST(ExpiringOptionTest, DeltasDecayThroughTheWindow) {
    const OptionSpec spec{.strike = 70'000.0, .type = OptionType::call, .volatility = 0.3};
    const Priced got = priced(market_of(100'000.0, 100'000.0), at_share(0.5), spec);
    EXPECT_NEAR(got.coin.value, 0.3, 1e-12);
    EXPECT_NEAR(got.usd.delta, 0.5, 1e-12);
    EXPECT_NEAR(got.coin.delta_net, 0.35, 1e-12);
}

// Variance of the mean of a Brownian motion at n times in the window, from its covariance min(s, t): the formulas are
// its limit.
TEST(ExpiringOptionTest, VarianceIsThatOfAnAverage) {
    constexpr int kSamples = 1'800;
    const double step = kWindowYears / kSamples;
    for (const double left : {3.0, 1.5, 1.0, 0.75, 0.3, 0.01}) {
        // Sum over samples still to come, the i-th of n at time t_i from now: sum_ij min(t_i, t_j).
        double sum = 0.0, later = 0.0;
        for (int i = kSamples; i >= 1; --i) {
            const double at = (left - 1.0) * kWindowYears + i * step;
            if (at <= 0.0) break;
            sum += at * (1.0 + 2.0 * later);
            later += 1.0;
        }
        const double want = std::sqrt(sum) / kSamples;
        const DeliveryForward got = delivery_forward(market_of(100.0, 100.0), at_share(left));
        EXPECT_NEAR(std::sqrt(got.years) / want, 1.0, left < 0.1 ? 0.1 : 4e-3) << left;
    }
}

TEST(ExpiringOptionTest, IsContinuousWhereTheWindowOpens) {
    const ExpiryMarket market = market_of();
    const UnixNanos opens = before_expiry(kWindow);
    const DeliveryForward inside = delivery_forward(market, opens);
    const DeliveryForward outside = delivery_forward(market, opens + nanoseconds{-1});
    EXPECT_TRUE(inside.averaging);
    EXPECT_FALSE(outside.averaging);
    EXPECT_NEAR(inside.years, outside.years, 1.01 / kYearNs) << "a nanosecond apart";
    EXPECT_NEAR(inside.years, kWindowYears / 3.0, 1e-12 * inside.years) << "a third of the window";
    EXPECT_EQ(inside.price, outside.price);
    EXPECT_EQ(inside.weight, 1.0);

    const Priced before = priced(market, opens + nanoseconds{-1'000}, kCall);
    const Priced after = priced(market, opens + nanoseconds{1'000}, kCall);
    for (double OptionGreeks::*greek : {&OptionGreeks::price, &OptionGreeks::delta, &OptionGreeks::gamma,
                                        &OptionGreeks::vega, &OptionGreeks::theta, &OptionGreeks::vanna}) {
        EXPECT_NEAR(before.usd.*greek / after.usd.*greek, 1.0, 1e-6);
    }
    for (double InverseGreeks::*greek : {&InverseGreeks::value, &InverseGreeks::delta_bs, &InverseGreeks::delta_net,
                                         &InverseGreeks::gamma, &InverseGreeks::vega, &InverseGreeks::theta}) {
        EXPECT_NEAR(before.coin.*greek / after.coin.*greek, 1.0, 1e-6);
    }
}

// Far from expiry the average takes 20 minutes of variance away and nothing else.
TEST(ExpiringOptionTest, IsBlack76FarFromExpiry) {
    const ExpiryMarket market = market_of();
    const UnixNanos now = before_expiry(std::chrono::hours{24 * 90});
    OptionInputs inputs{.forward = market.forward,
                        .strike = kCall.strike,
                        .years = years_between(now, kExpiry),
                        .volatility = kCall.volatility,
                        .type = kCall.type};
    OptionGreeks plain;
    ASSERT_EQ(black76(inputs, plain), PricingStatus::ok);
    const Priced got = priced(market, now, kCall);
    EXPECT_NEAR(got.usd.price / plain.price, 1.0, 1e-4);
    inputs.years -= 2.0 / 3.0 * kWindowYears;
    ASSERT_EQ(black76(inputs, plain), PricingStatus::ok);
    EXPECT_NEAR(got.usd.price / plain.price, 1.0, 1e-12);
    EXPECT_NEAR(got.usd.delta / plain.delta, 1.0, 1e-12);
}

// Delta and gamma with the deviation held, as they are defined; vega and theta in full.
TEST(ExpiringOptionTest, GreeksAreDerivatives) {
    for (const double share : {2.5, 1.2, 0.9, 0.5, 0.1}) {
        const double average = 65'050.0;
        const ExpiryMarket market = market_of(65'100.0, average);
        const UnixNanos now = at_share(share);
        const DeliveryForward held = delivery_forward(market, now);
        const double deviation = kCall.volatility * std::sqrt(held.years);
        OptionSpec spec = kCall;
        spec.strike = held.price * (1.0 + 0.5 * deviation);  // near the money for what is left
        const OptionGreeks g = priced(market, now, spec).usd;
        const auto at_forward = [&](double forward) {
            return black76_price({.forward = delivery_forward(market_of(forward, average), now).price,
                                  .strike = spec.strike,
                                  .years = held.years,
                                  .volatility = spec.volatility,
                                  .type = spec.type});
        };
        const double step = 0.01 * deviation * held.price / held.weight;
        const double up = at_forward(market.forward + step), down = at_forward(market.forward - step);
        EXPECT_NEAR((up - down) / (2.0 * step), g.delta, 1e-4 * std::abs(g.delta)) << share;
        EXPECT_NEAR((up - 2.0 * g.price + down) / (step * step), g.gamma, 1e-3 * std::abs(g.gamma)) << share;

        OptionSpec high = spec, low = spec;
        high.volatility += 1e-4;
        low.volatility -= 1e-4;
        const double rise = priced(market, now, high).usd.price - priced(market, now, low).usd.price;
        EXPECT_NEAR(rise / 2e-4, g.vega, 1e-5 * g.vega + 1e-9) << share;

        // As time passes with the index still, the average moves towards it.
        const double dt = 1e-4;  // of the window
        const auto at_time = [&](double passed) {
            const double f = std::max(0.0, 1.0 - share), f1 = std::max(0.0, 1.0 - share + passed);
            const double later = f1 > 0.0 ? (f * average + (f1 - f) * market.forward) / f1 : average;
            return priced(market_of(market.forward, later), at_share(share - passed), spec).usd.price;
        };
        const double decay = (at_time(dt) - at_time(-dt)) / (2.0 * dt * kWindowYears);
        EXPECT_NEAR(decay, g.theta, 1e-4 * std::abs(g.theta)) << share;
    }
}

TEST(ExpiringOptionTest, GammaStaysFiniteAndTheLastSecondsAreIntrinsic) {
    const ExpiryMarket pinned = market_of(65'000.0, 65'000.0);
    double largest = 0.0;
    for (int left = 3'600; left >= 5; --left) {
        largest = std::max(largest, priced(pinned, before_expiry(seconds{left}), kCall).usd.gamma);
    }
    EXPECT_LT(largest, 20.0 * priced(pinned, before_expiry(kWindow), kCall).usd.gamma);

    const ExpiryMarket market = market_of(65'100.0, 65'200.0);
    const UnixNanos late = before_expiry(seconds{4});
    const Priced frozen = priced(market, late, kCall);
    EXPECT_EQ(frozen.usd.gamma, 0.0);
    EXPECT_EQ(frozen.usd.vega, 0.0);
    EXPECT_EQ(frozen.usd.theta, 0.0);
    EXPECT_DOUBLE_EQ(frozen.usd.price, delivery_forward(market, late).price - kCall.strike);
    EXPECT_NEAR(frozen.usd.delta, 4.0 / 1'800.0, 1e-12);
    const Priced settled = priced(market_of(65'100.0, 64'000.0), kExpiry, kCall);
    EXPECT_EQ(settled.usd.price, 0.0);
    EXPECT_EQ(settled.usd.delta, 0.0);
    EXPECT_EQ(delivery_forward(market_of(65'100.0, 64'000.0), kExpiry).price, 64'000.0);
}

TEST(ExpiringOptionTest, TheForwardStandsInForAnAverageThatIsNotKnown) {
    for (const double average : {kNaN, 0.0, -1.0, std::numeric_limits<double>::infinity()}) {
        const DeliveryForward got = delivery_forward(market_of(65'100.0, average), at_share(0.5));
        EXPECT_EQ(got.price, 65'100.0);
        EXPECT_EQ(got.weight, 0.5);
    }
}

TEST(ExpiringOptionTest, RefusesWhatItCannotPrice) {
    Priced kept{.usd = {.price = 42.0}, .coin = {.value = 42.0}};
    const auto refuses = [&](const OptionSpec& spec, double forward) {
        return !expiring_option(spec, market_of(forward), at_share(0.5), kept.usd, kept.coin);
    };
    for (const double bad : {kNaN, -1.0, std::numeric_limits<double>::infinity()}) {
        EXPECT_TRUE(refuses(kCall, bad)) << bad;
        EXPECT_TRUE(refuses({.strike = bad, .type = kCall.type, .volatility = kCall.volatility}, 65'000.0)) << bad;
        EXPECT_TRUE(refuses({.strike = kCall.strike, .type = kCall.type, .volatility = bad}, 65'000.0)) << bad;
    }
    EXPECT_EQ(kept.usd.price, 42.0);
    EXPECT_EQ(kept.coin.value, 42.0);
}

}  // namespace
}  // namespace keel::risk
