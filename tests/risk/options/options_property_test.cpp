#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cfloat>
#include <cstdint>
#include <iostream>
#include <limits>
#include <random>
#include <string>

#include "risk/book/expiring_option.hpp"
#include "risk/options/chain_kernel.hpp"
#include "risk/options/implied_quote.hpp"
#include "risk/options/implied_volatility_batch.hpp"
#include "risk/options/inverse_option.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KEEL_TEST_SANITIZED 1
#else
#define KEEL_TEST_SANITIZED 0
#endif

namespace keel::risk {
namespace {

constexpr std::uint64_t kSeed = 1'976;
constexpr int kCases = KEEL_TEST_SANITIZED ? 4'000 : 40'000;
constexpr long kFuzzedInputs = KEEL_TEST_SANITIZED ? 200'000 : 10'000'000;

struct Random {
    std::mt19937_64 engine{kSeed};
    double between(double low, double high) { return std::uniform_real_distribution<double>{low, high}(engine); }
    double power_between(double low, double high) { return std::exp(between(std::log(low), std::log(high))); }
    OptionInputs option() {
        OptionInputs in{.forward = power_between(1e-4, 1e6), .years = power_between(1e-6, 5.0)};
        in.volatility = power_between(0.05, 3.0);
        in.rate = between(-0.05, 0.1);
        in.strike = in.forward * std::exp(between(-5.0, 5.0) * in.volatility * std::sqrt(in.years));
        in.type = engine() % 2 == 0 ? OptionType::call : OptionType::put;
        return in;
    }
};

std::string described(const OptionInputs& in) {
    std::ostringstream text;
    text.precision(17);
    text << (in.type == OptionType::put ? "put" : "call") << " F " << in.forward << " K " << in.strike << " T "
         << in.years << " sigma " << in.volatility << " r " << in.rate << " seed " << kSeed;
    return text.str();
}

OptionGreeks priced(const OptionInputs& in) {
    OptionGreeks g;
    EXPECT_EQ(black76(in, g), PricingStatus::ok) << described(in);
    return g;
}

// A few roundings of the largest term of the price.
double rounding(const OptionInputs& in) {
    return 8.0 * DBL_EPSILON * std::max(in.forward, in.strike) * std::exp(-in.rate * in.years) *
           (1.0 + std::abs(black_terms(in).d1));
}

TEST(OptionsPropertyTest, HoldsPutCallParity) {
    Random random;
    for (int i = 0; i < kCases; ++i) {
        OptionInputs in = random.option();
        in.type = OptionType::call;
        const OptionGreeks call = priced(in);
        in.type = OptionType::put;
        const OptionGreeks put = priced(in);
        const double discount = std::exp(-in.rate * in.years);
        ASSERT_NEAR(call.price - put.price, discount * (in.forward - in.strike), rounding(in)) << described(in);
        ASSERT_NEAR(call.delta - put.delta, discount, 4.0 * DBL_EPSILON * discount) << described(in);
        ASSERT_EQ(call.gamma, put.gamma);
        ASSERT_EQ(call.vega, put.vega);
        ASSERT_EQ(call.speed, put.speed);
    }
}

// Between three strikes, then three forwards: no slope beyond the discount, no negative butterfly.
TEST(OptionsPropertyTest, IsMonotoneAndConvexInStrikeAndForward) {
    Random random;
    for (int i = 0; i < kCases; ++i) {
        const OptionInputs middle = random.option();
        const double step = random.power_between(1e-3, 1.0) * middle.volatility * std::sqrt(middle.years);
        for (double OptionInputs::*field : {&OptionInputs::strike, &OptionInputs::forward}) {
            OptionInputs low = middle, high = middle;
            const double width = std::min(step, 0.5) * middle.*field;
            low.*field -= width;
            high.*field += width;
            const double v0 = priced(low).price, v1 = priced(middle).price, v2 = priced(high).price;
            const double slack = 4.0 * rounding(high) + 4.0 * rounding(low);
            const bool rises = (middle.type == OptionType::call) == (field == &OptionInputs::forward);
            const double sign = rises ? 1.0 : -1.0;
            ASSERT_GE(sign * (v2 - v1), -slack) << described(middle);
            ASSERT_LE(sign * (v2 - v1), std::exp(-middle.rate * middle.years) * width + slack) << described(middle);
            ASSERT_GE(v0 - 2.0 * v1 + v2, -slack) << described(middle);
        }
    }
}

TEST(OptionsPropertyTest, ScalesWithForwardAndStrikeTogether) {
    Random random;
    for (int i = 0; i < kCases; ++i) {
        OptionInputs in = random.option();
        const OptionGreeks g = priced(in);
        const double rounding_here = rounding(in);
        const double scale = random.power_between(1e-3, 1e3);
        in.forward *= scale;
        in.strike *= scale;
        const OptionGreeks scaled = priced(in);
        // Scaling rounds both prices, which moves ln(F/K) by 2 eps, and vega by its share of that.
        const double moved = 4.0 * DBL_EPSILON * in.forward * std::exp(-in.rate * in.years);
        ASSERT_NEAR(scaled.price, scale * g.price, scale * rounding_here + moved) << described(in);
    }
    for (int i = 0; i < kCases;
         ++i) {  // a power of two rounds nothing: the bits of the price move by its exponent alone
        OptionInputs in = random.option();
        const OptionGreeks g = priced(in);
        in.forward *= 8.0;
        in.strike *= 8.0;
        const OptionGreeks scaled = priced(in);
        ASSERT_EQ(scaled.price, 8.0 * g.price) << described(in);
        ASSERT_EQ(scaled.delta, g.delta) << described(in);
        ASSERT_EQ(scaled.gamma, g.gamma / 8.0) << described(in);
    }
}

// One greek against the central difference of another, with the step that balances truncation and rounding.
struct Derivative {
    const char* name;
    double OptionGreeks::*greek;
    double OptionGreeks::*of;
    double OptionInputs::*in;
};
constexpr std::array<Derivative, 12> kDerivatives{{
    {"delta", &OptionGreeks::delta, &OptionGreeks::price, &OptionInputs::forward},
    {"gamma", &OptionGreeks::gamma, &OptionGreeks::delta, &OptionInputs::forward},
    {"speed", &OptionGreeks::speed, &OptionGreeks::gamma, &OptionInputs::forward},
    {"vega", &OptionGreeks::vega, &OptionGreeks::price, &OptionInputs::volatility},
    {"vanna", &OptionGreeks::vanna, &OptionGreeks::delta, &OptionInputs::volatility},
    {"volga", &OptionGreeks::volga, &OptionGreeks::vega, &OptionInputs::volatility},
    {"zomma", &OptionGreeks::zomma, &OptionGreeks::gamma, &OptionInputs::volatility},
    {"-theta", &OptionGreeks::theta, &OptionGreeks::price, &OptionInputs::years},
    {"-charm", &OptionGreeks::charm, &OptionGreeks::delta, &OptionInputs::years},
    {"-color", &OptionGreeks::color, &OptionGreeks::gamma, &OptionInputs::years},
    {"rho", &OptionGreeks::rho, &OptionGreeks::price, &OptionInputs::rate},
    {"vanna from vega", &OptionGreeks::vanna, &OptionGreeks::vega, &OptionInputs::forward},
}};

TEST(OptionsPropertyTest, GreeksAreDerivatives) {
    Random random;
    for (int i = 0; i < kCases / 4; ++i) {
        const OptionInputs in = random.option();
        const double s = in.volatility * std::sqrt(in.years);
        const OptionGreeks g = priced(in);
        for (const Derivative& d : kDerivatives) {
            OptionInputs up = in, down = in;
            // One thousandth of the scale on which the bell changes.
            const double scale = d.in == &OptionInputs::forward ? s * in.forward / (1.0 + s)
                                 : d.in == &OptionInputs::rate  ? 1.0 / in.years
                                                                : in.*d.in;
            const double width = 1e-3 * scale / (1.0 + std::abs(black_terms(in).d1) + std::abs(black_terms(in).d2));
            up.*d.in += width;
            down.*d.in -= width;
            const OptionGreeks at_up = priced(up), at_down = priced(down);
            const double sign = d.name[0] == '-' ? -1.0 : 1.0;
            const double got = sign * (at_up.*d.of - at_down.*d.of) / (up.*d.in - down.*d.in);
            // Largest value that the differenced greek takes nearby, over the scale: what 1e-4 is relative to.
            const double nearby = std::abs(g.*d.of) / scale + std::abs(g.*d.greek);
            const double rounded = rounding(in) / (d.of == &OptionGreeks::price ? 1.0 : in.forward) / width;
            ASSERT_NEAR(
                got, g.*d.greek,
                1e-4 * nearby + (d.of == &OptionGreeks::price || d.of == &OptionGreeks::delta ? 4.0 * rounded : 0.0))
                << d.name << ' ' << described(in);
        }
    }
}

TEST(OptionsPropertyTest, NetDeltaIsTheSlopeOfTheCoinValue) {
    Random random;
    for (int i = 0; i < kCases; ++i) {
        OptionInputs in = random.option();
        in.rate = 0.0;
        OptionGreeks usd;
        InverseGreeks coin;
        ASSERT_EQ(inverse_option(in, usd, coin), PricingStatus::ok);
        const double s = in.volatility * std::sqrt(in.years);
        OptionInputs up = in, down = in;
        const double width = 1e-3 * in.forward * s / (1.0 + s) / (1.0 + std::abs(black_terms(in).d1));
        up.forward += width;
        down.forward -= width;
        const double slope =
            (priced(up).price / up.forward - priced(down).price / down.forward) / (up.forward - down.forward);
        const double slack = 1e-5 * (std::abs(coin.delta_net) + s * std::abs(coin.gamma) * in.forward * in.forward) +
                             4.0 * rounding(in) / width;
        ASSERT_NEAR(in.forward * slope, coin.delta_net, slack) << described(in);
        ASSERT_NEAR(coin.delta_bs - coin.value, coin.delta_net, 2.0 * rounding(in) / in.forward) << described(in);
    }
}

TEST(OptionsPropertyTest, ImpliedVolatilityRoundTrips) {
    Random random;
    for (int i = 0; i < kCases; ++i) {
        const OptionInputs in = random.option();
        const OptionGreeks g = priced(in);
        const ImpliedVolatility got = implied_volatility({.forward = in.forward,
                                                          .strike = in.strike,
                                                          .years = in.years,
                                                          .rate = in.rate,
                                                          .price = g.price,
                                                          .type = in.type});
        ASSERT_EQ(got.status, ImpliedStatus::ok) << described(in);
        ASSERT_NEAR(got.volatility, in.volatility, 1e-12 * in.volatility + 4.0 * rounding(in) / g.vega)
            << described(in);
    }
}

// Doubles that break things: any bit pattern, the edges of the format, and plausible values among them.
struct Fuzz {
    Random random{};
    double any() {
        static constexpr double kInfinity = std::numeric_limits<double>::infinity();
        static constexpr std::array kEdges{0.0,         -0.0,       DBL_TRUE_MIN,
                                           DBL_MIN,     DBL_MAX,    -DBL_MAX,
                                           kInfinity,   -kInfinity, std::numeric_limits<double>::quiet_NaN(),
                                           DBL_EPSILON, 1.0,        -1.0,
                                           1e-310};
        const std::uint64_t bits = random.engine();
        switch (bits % 8) {
            case 0: return std::bit_cast<double>(random.engine());
            case 1: return kEdges[random.engine() % kEdges.size()];
            case 2: return std::bit_cast<double>(random.engine() & 0x7FFFFFFFFFFFFFFFULL);
            default: return 0.0;
        }
    }
    // Mostly what the field usually holds, so that the other fields are reached.
    double value(double usual_low, double usual_high) {
        if (random.engine() % 3 == 0) return any();
        return random.power_between(usual_low, usual_high);
    }
    OptionType type() { return static_cast<OptionType>(random.engine() % 3); }
};

template <std::size_t kSize>
bool all_finite(const std::array<double, kSize>& values) {
    for (const double value : values) {
        if (!std::isfinite(value)) return false;
    }
    return true;
}

bool all_finite(const OptionGreeks& g) {
    return all_finite(std::array{g.price, g.delta, g.gamma, g.vega, g.theta, g.rho, g.vanna, g.volga, g.charm, g.speed,
                                 g.zomma, g.color});
}

bool all_finite(const InverseGreeks& g) {
    return all_finite(
        std::array{g.value, g.delta_bs, g.delta_net, g.slope, g.gamma, g.vega, g.theta, g.vanna, g.volga, g.charm});
}

OptionInputs fuzzed(Fuzz& fuzz) {
    return {.forward = fuzz.value(1e-6, 1e6),
            .strike = fuzz.value(1e-6, 1e6),
            .years = fuzz.value(1e-9, 10.0),
            .volatility = fuzz.value(1e-4, 10.0),
            .rate = fuzz.random.engine() % 2 == 0 ? 0.0 : fuzz.value(1e-3, 0.3),
            .type = fuzz.type()};
}

TEST(OptionsPropertyTest, NoFuzzedInputGivesANumberThatIsNotFinite) {
    Fuzz fuzz;
    long ok = 0, expiring = 0, solved = 0;
    for (long i = 0; i < kFuzzedInputs / 2; ++i) {
        const OptionInputs in = fuzzed(fuzz);
        OptionGreeks usd;
        InverseGreeks coin;
        if (black76(in, usd) == PricingStatus::ok) {
            ++ok;
            ASSERT_TRUE(all_finite(usd)) << described(in);
        }
        if (inverse_option(in, usd, coin) == PricingStatus::ok) {
            ASSERT_TRUE(all_finite(usd) && all_finite(coin)) << described(in);
        }
        if (i % 4 != 0) continue;
        // Before its averaging window, inside it or past its expiry.
        ExpiryMarket expiry{.underlying = UnderlyingSlot{0}, .forward = in.forward};
        expiry.settlement_window = std::chrono::minutes{30};
        expiry.settlement_average = fuzz.value(1e-6, 1e6);
        const UnixNanos now{std::llround(fuzz.random.between(-3'600e9, 60e9))};
        const OptionSpec spec{.strike = in.strike, .type = in.type, .volatility = in.volatility};
        if (!expiring_option(spec, expiry, now, usd, coin)) continue;
        ++expiring;
        ASSERT_TRUE(all_finite(usd) && all_finite(coin)) << described(in);
    }
    for (long i = 0; i < kFuzzedInputs / 2; ++i) {
        const OptionInputs in = fuzzed(fuzz);
        const QuotedOption quote{.forward = in.forward,
                                 .strike = in.strike,
                                 .years = in.years,
                                 .rate = in.rate,
                                 .price = fuzz.value(1e-9, 1e6),
                                 .unit = i % 2 == 0 ? PremiumUnit::usd : PremiumUnit::coin,
                                 .type = in.type};
        const ImpliedVolatility got = implied_volatility(quote);
        if (got.status == ImpliedStatus::ok) {
            ++solved;
            ASSERT_TRUE(std::isfinite(got.volatility) && got.volatility > 0.0) << described(in) << " p " << quote.price;
            ASSERT_LE(got.steps, 6) << described(in) << " p " << quote.price;
        } else {
            ASSERT_EQ(got.volatility, 0.0);
        }
    }
    EXPECT_GT(ok, kFuzzedInputs / 20) << "the fuzz must also reach what can be priced";
    EXPECT_GT(expiring, kFuzzedInputs / 100);
    EXPECT_GT(solved, kFuzzedInputs / 50);
    std::cout << "[ fuzz     ] " << kFuzzedInputs << " inputs, " << ok << " priced, " << solved << " solved\n";
}

TEST(OptionsPropertyTest, NoFuzzedChainOrQuoteGivesANumberThatIsNotFinite) {
    Fuzz fuzz;
    for (long round = 0; round < kFuzzedInputs / 200; ++round) {
        OptionChain chain{11};
        chain.set_rate(round % 2 == 0 ? 0.0 : fuzz.value(1e-3, 0.3));
        std::array<double, 11> strike{}, sign{}, price{}, last{};
        std::array<ImpliedStatus, 11> status{};
        for (std::size_t i = 0; i < 11; ++i) {
            const OptionInputs in = fuzzed(fuzz);
            chain.add(in.type, in.strike, in.years, in.volatility);
            strike[i] = in.strike;
            sign[i] = in.type == OptionType::call ? 1.0 : in.type == OptionType::put ? -1.0 : fuzz.any();
            price[i] = fuzz.value(1e-9, 1e6);
            last[i] = in.volatility;
        }
        const double forward = fuzz.value(1e-6, 1e6);
        chain.price_with_cross_greeks(forward);
        for (std::size_t i = 0; i < 11; ++i) {
            ASSERT_TRUE(all_finite(std::array{chain.price()[i], chain.delta()[i], chain.gamma()[i], chain.vega()[i],
                                              chain.theta()[i], chain.vanna()[i], chain.volga()[i], chain.charm()[i],
                                              chain.speed()[i]}))
                << round << " seed " << kSeed;
        }
        implied_volatility_batch({.forward = forward,
                                  .years = fuzz.value(1e-9, 10.0),
                                  .rate = 0.0,
                                  .unit = round % 2 == 0 ? PremiumUnit::usd : PremiumUnit::coin,
                                  .strike = strike,
                                  .sign = sign,
                                  .price = price},
                                 last, status);
        for (std::size_t i = 0; i < 11; ++i) {
            ASSERT_TRUE(std::isfinite(last[i])) << round << " seed " << kSeed;
            ASSERT_EQ(last[i] > 0.0, status[i] == ImpliedStatus::ok) << round << " seed " << kSeed;
        }
        ImpliedQuote quote{fuzz.type(), strike[0]};
        for (int update = 0; update < 3; ++update) {
            quote.update(
                {.forward = fuzz.value(1e-6, 1e6), .years = fuzz.value(1e-9, 10.0), .tick = fuzz.value(1e-4, 1.0)},
                fuzz.value(1e-9, 1e6), fuzz.value(1e-9, 1e6), fuzz.value(0.1, 2.0));
            ASSERT_TRUE(std::isfinite(quote.quoted().volatility));
            ASSERT_EQ(quote.bid().status == SideStatus::ok, quote.bid().volatility > 0.0);
            ASSERT_EQ(quote.ask().status == SideStatus::ok, quote.ask().volatility > 0.0);
        }
    }
}

}  // namespace
}  // namespace keel::risk
