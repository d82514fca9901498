#include "risk/options/chain_kernel.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <limits>
#include <random>

#include "tests/support/csv_rows.hpp"
#include "tests/support/test_data.hpp"

namespace keel::risk {
namespace {

constexpr double kAgreement = 1e-12;

struct Output {
    const char* name;
    double OptionGreeks::*member;
    std::span<const double> (OptionChain::*column)() const;
};

constexpr Output kOutputs[] = {
    {"price", &OptionGreeks::price, &OptionChain::price}, {"delta", &OptionGreeks::delta, &OptionChain::delta},
    {"gamma", &OptionGreeks::gamma, &OptionChain::gamma}, {"vega", &OptionGreeks::vega, &OptionChain::vega},
    {"theta", &OptionGreeks::theta, &OptionChain::theta}, {"vanna", &OptionGreeks::vanna, &OptionChain::vanna},
    {"volga", &OptionGreeks::volga, &OptionChain::volga}, {"charm", &OptionGreeks::charm, &OptionChain::charm},
    {"speed", &OptionGreeks::speed, &OptionChain::speed},
};

// What "1e-12 of the forward" means for each derivative: the forward in its unit. The bell's own polynomials are at
// most 1 here, so a deep option is held to the scale of one at the money.
double scale_of(const Output& output, const OptionInputs& in) {
    const double root = std::sqrt(in.years), s = in.volatility * root;
    const std::string_view name{output.name};
    const double larger = std::max(in.forward, in.strike);  // a put may be worth its strike, and no finer than that
    if (name == "price") return larger;
    if (name == "delta") return 1.0;
    if (name == "gamma") return 1.0 / (in.forward * s);
    if (name == "vega") return in.forward * root;
    if (name == "theta") return in.forward * in.volatility / root + larger * std::abs(in.rate);
    if (name == "vanna") return (1.0 + s) / in.volatility;
    if (name == "volga") return in.forward * root * (1.0 + s) / in.volatility;
    if (name == "charm") return (1.0 + s) / in.years + std::abs(in.rate);
    return (1.0 + 1.0 / s) / (in.forward * in.forward * s);  // speed
}

// Largest disagreement with the scalar kernel, in the scale above; limits must be equal.
double disagreement(const OptionChain& chain, std::size_t index, const OptionInputs& in, const OptionGreeks& want) {
    const bool limit = in.volatility * std::sqrt(in.years) == 0.0;
    double worst = 0.0;
    for (const Output& output : kOutputs) {
        const double got = (chain.*output.column)()[index];
        const double expected = want.*output.member;
        if (got == expected) continue;
        EXPECT_FALSE(limit) << output.name;
        const double error = std::abs(got - expected) / scale_of(output, in);
        EXPECT_LE(error, kAgreement) << output.name << " of F " << in.forward << " K " << in.strike << " T " << in.years
                                     << " sigma " << in.volatility << " r " << in.rate << ": " << got << " for "
                                     << expected;
        worst = std::max(worst, error);
    }
    return worst;
}

TEST(OptionChainTest, AgreesWithTheScalarKernelOnEveryBlack76Row) {
    const auto path = test::vectors_path("black76.csv");
    KEEL_SKIP_WITHOUT(path);
    const test::CsvRows rows{test::read_file(*path)};
    double worst = 0.0;
    for (const test::CsvRow& row : rows) {
        const OptionInputs in{.forward = row.number("F"),
                              .strike = row.number("K"),
                              .years = row.number("T"),
                              .volatility = row.number("sigma"),
                              .rate = row.number("r"),
                              .type = row.text("type") == "C" ? OptionType::call : OptionType::put};
        OptionChain chain{4};
        chain.set_rate(in.rate);
        for (int lane = 0; lane < 4; ++lane) chain.add(in.type, in.strike, in.years, in.volatility);
        ASSERT_EQ(chain.price_with_cross_greeks(in.forward), 0U) << row.text("id");
        OptionGreeks want;
        ASSERT_EQ(black76(in, want), PricingStatus::ok);
        for (std::size_t lane = 0; lane < 4; ++lane) worst = std::max(worst, disagreement(chain, lane, in, want));
        // And with the file itself, to the same 1e-12 of the forward.
        EXPECT_LE(std::abs(chain.price()[0] - row.number("price")),
                  kAgreement * in.forward + row.number("rtol") * row.number("price"))
            << row.text("id");
    }
    std::cout << "[ vectors  ] black76.csv: " << rows.size() << " rows through the chain, worst " << worst << '\n';
}

double power_between(std::mt19937_64& engine, double low, double high) {
    return std::exp(std::uniform_real_distribution<double>{std::log(low), std::log(high)}(engine));
}

// Time and volatility down to nothing, strikes up to 40 deviations away, rates of either sign.
TEST(OptionChainTest, AgreesWithTheScalarKernelOnRandomChains) {
    constexpr std::uint64_t kSeed = 20'261'122;
    SCOPED_TRACE(kSeed);
    std::mt19937_64 engine{kSeed};
    std::uniform_real_distribution<double> uniform{-1.0, 1.0};
    double worst = 0.0;
    for (int round = 0; round < 3'000; ++round) {
        const double forward = power_between(engine, 1e-5, 1e6);
        OptionChain chain{67};  // not a whole number of blocks
        std::vector<OptionInputs> inputs;
        const double rate = round % 3 == 0 ? 0.1 * uniform(engine) : 0.0;
        chain.set_rate(rate);
        for (int i = 0; i < 67; ++i) {
            OptionInputs in{.forward = forward, .rate = rate};
            in.years = i % 17 == 0 ? 0.0 : power_between(engine, round % 2 == 0 ? 1e-14 : 1e-3, 5.0);
            in.volatility = i % 19 == 0 ? 0.0 : power_between(engine, round % 5 == 0 ? 1e-8 : 0.05, 5.0);
            const double s = in.volatility * std::sqrt(in.years);
            in.strike =
                i % 7 == 0 ? forward : forward * std::exp(40.0 * uniform(engine) * s * std::abs(uniform(engine)));
            in.type = i % 2 == 0 ? OptionType::call : OptionType::put;
            chain.add(in.type, in.strike, in.years, in.volatility);
            inputs.push_back(in);
        }
        ASSERT_EQ(chain.price_with_cross_greeks(forward), 0U);
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            OptionGreeks want;
            ASSERT_EQ(black76(inputs[i], want), PricingStatus::ok);
            worst = std::max(worst, disagreement(chain, i, inputs[i], want));
        }
    }
    std::cout << "[ sweep    ] 201,000 options, worst disagreement " << worst << " of the forward\n";
}

OptionChain small_chain() {
    OptionChain chain{6};
    for (const double strike : {50.0, 90.0, 100.0, 110.0, 120.0, 200.0}) chain.add(OptionType::call, strike, 0.1, 0.6);
    return chain;
}

TEST(OptionChainTest, KeepsTheLastOutputsOfALaneThatCannotBePriced) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const double bad : {nan, std::numeric_limits<double>::infinity(), -0.2}) {
        for (std::size_t lane = 0; lane < 6; ++lane) {
            OptionChain chain = small_chain();
            ASSERT_EQ(chain.price_with_cross_greeks(100.0), 0U);
            OptionChain untouched = small_chain();
            ASSERT_EQ(untouched.price_with_cross_greeks(101.0), 0U);
            const double before = chain.price()[lane], speed_before = chain.speed()[lane];
            chain.set_volatility(lane, bad);
            EXPECT_EQ(chain.price_with_cross_greeks(101.0), 1U);
            EXPECT_EQ(chain.status(lane), PricingStatus::bad_input);
            EXPECT_EQ(chain.price()[lane], before);
            EXPECT_EQ(chain.speed()[lane], speed_before);
            for (std::size_t other = 0; other < 6; ++other) {
                if (other == lane) continue;
                EXPECT_EQ(chain.status(other), PricingStatus::ok);
                EXPECT_EQ(chain.price()[other], untouched.price()[other]) << "bits must not depend on the neighbour";
                EXPECT_EQ(chain.speed()[other], untouched.speed()[other]);
            }
            chain.set_volatility(lane, 0.6);
            EXPECT_EQ(chain.price_with_cross_greeks(101.0), 0U);
            EXPECT_EQ(chain.price()[lane], untouched.price()[lane]);
        }
    }
}

TEST(OptionChainTest, RefusesAForwardWithoutTouchingAnything) {
    OptionChain chain = small_chain();
    ASSERT_EQ(chain.price(100.0), 0U);
    const std::vector<double> before{chain.price().begin(), chain.price().end()};
    for (const double bad : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
        EXPECT_EQ(chain.price(bad), 6U);
        EXPECT_EQ(before, (std::vector<double>{chain.price().begin(), chain.price().end()}));
    }
    EXPECT_EQ(chain.price(100.0), 0U);
    EXPECT_EQ(chain.status(0), PricingStatus::ok);
}

TEST(OptionChainTest, ColumnsAreAlignedToTheCacheLine) {
    const OptionChain chain = small_chain();
    for (const Output& output : kOutputs) {
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>((chain.*output.column)().data()) % 64, 0U) << output.name;
    }
}

TEST(OptionChainDeathTest, AssertsThatThereIsRoom) {
    OptionChain chain = small_chain();
    EXPECT_DEATH(chain.add(OptionType::put, 100.0, 0.1, 0.6), "size_ < capacity_");
    EXPECT_DEATH(chain.set_years(6, 0.1), "index < size_");
}

}  // namespace
}  // namespace keel::risk
