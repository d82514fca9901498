#include "risk/options/implied_volatility_batch.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <limits>
#include <random>
#include <vector>

#include "risk/options/black76.hpp"

namespace keel::risk {
namespace {

struct Columns {
    double forward{65'000.0}, years{0.1}, rate{0.0};
    PremiumUnit unit{PremiumUnit::usd};
    std::vector<double> strike{}, sign{}, price{}, last{};
    std::vector<ImpliedStatus> status{};

    void add(double strike_usd, double side, double premium, double last_volatility) {
        strike.push_back(strike_usd);
        sign.push_back(side);
        price.push_back(premium);
        last.push_back(last_volatility);
        status.push_back(ImpliedStatus::bad_input);
    }
    std::size_t solve() {
        return implied_volatility_batch({.forward = forward,
                                         .years = years,
                                         .rate = rate,
                                         .unit = unit,
                                         .strike = strike,
                                         .sign = sign,
                                         .price = price},
                                        last, status);
    }
    [[nodiscard]] ImpliedVolatility alone(std::size_t i) const {
        return implied_volatility({.forward = forward,
                                   .strike = strike[i],
                                   .years = years,
                                   .rate = rate,
                                   .price = price[i],
                                   .unit = unit,
                                   .type = sign[i] > 0.0 ? OptionType::call : OptionType::put});
    }
};

Columns random_chain(std::mt19937_64& engine, int round) {
    std::uniform_real_distribution<double> uniform{-1.0, 1.0};
    Columns chain;
    chain.years = std::exp(-4.5 + 4.5 * uniform(engine));
    chain.rate = round % 3 == 0 ? 0.05 * uniform(engine) : 0.0;
    chain.unit = round % 3 == 1 ? PremiumUnit::coin : PremiumUnit::usd;
    for (int i = 0; i < 40; ++i) {
        const double volatility = std::exp(-0.7 + 1.2 * uniform(engine));
        const double deviations = 6.0 * uniform(engine) * std::abs(uniform(engine));
        const double strike = chain.forward * std::exp(deviations * volatility * std::sqrt(chain.years));
        const OptionType type = strike > chain.forward ? OptionType::call : OptionType::put;
        const double premium = black76_price({.forward = chain.forward,
                                              .strike = strike,
                                              .years = chain.years,
                                              .volatility = volatility,
                                              .rate = chain.rate,
                                              .type = type});
        chain.add(strike, type == OptionType::call ? 1.0 : -1.0,
                  chain.unit == PremiumUnit::coin ? premium / chain.forward : premium,
                  volatility * (1.0 + kWarmRadius * uniform(engine)));
    }
    return chain;
}

// Last volatilities within 2 % of the new ones, then none at all: 1e-9 is asked of both.
TEST(ImpliedVolatilityBatchTest, AgreesWithTheScalarSolverFromLastVolatilitiesAndWithout) {
    constexpr std::uint64_t kSeed = 58;
    SCOPED_TRACE(kSeed);
    for (const bool warm : {true, false}) {
        std::mt19937_64 engine{kSeed};
        double worst = 0.0;
        std::size_t options = 0, fallbacks = 0;
        for (int round = 0; round < 2'000; ++round) {
            Columns chain = random_chain(engine, round);
            if (!warm) std::fill(chain.last.begin(), chain.last.end(), 0.0);
            fallbacks += chain.solve();
            options += chain.last.size();
            for (std::size_t i = 0; i < chain.last.size(); ++i) {
                const ImpliedVolatility want = chain.alone(i);
                ASSERT_EQ(chain.status[i], want.status);
                const double error = std::abs(chain.last[i] - want.volatility) / want.volatility;
                EXPECT_LE(error, 1e-9) << "K " << chain.strike[i] << " T " << chain.years;
                worst = std::max(worst, error);
            }
        }
        EXPECT_LT(static_cast<double>(fallbacks), 0.02 * static_cast<double>(options));
        std::cout << "[ batch    ] " << (warm ? "warm: " : "cold: ") << options << " options, " << fallbacks
                  << " through the scalar solver, worst " << worst << '\n';
    }
}

// Every kind of lane beside good ones, from any last value, answers as the scalar solver does.
TEST(ImpliedVolatilityBatchTest, FallsBackPerOption) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    for (const double last : {0.0, nan, infinity, -0.6, 1e-300, 0.3, 0.59, 5.0, 1e9}) {
        Columns chain;
        chain.add(70'000.0, 1.0, 3'000.0, last);
        chain.add(70'000.0, 1.0, 0.0, last);
        chain.add(70'000.0, 1.0, -1.0, last);
        chain.add(70'000.0, 1.0, 65'000.0, last);
        chain.add(70'000.0, 1.0, nan, last);
        chain.add(60'000.0, 1.0, 4'999.0, last);
        chain.add(60'000.0, 1.0, 5'000.0, last);
        chain.add(60'000.0, 1.0, 7'000.0, last);
        chain.add(-1.0, 1.0, 7'000.0, last);
        chain.add(nan, -1.0, 7'000.0, last);
        chain.add(65'000.0, -1.0, 60'000.0, last);
        chain.add(65'000.0, -1.0, 1e-200, last);
        chain.add(65'000.0, -1.0, 5'000.0, last);
        const std::size_t size = chain.last.size();
        chain.solve();
        for (std::size_t i = 0; i < size; ++i) {
            const ImpliedVolatility want = chain.alone(i);
            EXPECT_EQ(chain.status[i], want.status) << i << " from " << last;
            EXPECT_NEAR(chain.last[i], want.volatility, 1e-9 * want.volatility) << i << " from " << last;
        }
    }
}

TEST(ImpliedVolatilityBatchTest, AnswersDoNotDependOnThePlaceInTheChain) {
    std::mt19937_64 engine{4};
    Columns whole = random_chain(engine, 0);
    const Columns given = whole;
    whole.solve();
    for (std::size_t size = 1; size <= 40; ++size) {
        Columns part = given;
        for (std::vector<double>* column : {&part.strike, &part.sign, &part.price, &part.last}) {
            column->erase(column->begin(), column->end() - static_cast<std::ptrdiff_t>(size));
        }
        part.status.resize(size);
        EXPECT_EQ(part.solve(), 0U);
        for (std::size_t i = 0; i < size; ++i) EXPECT_EQ(part.last[i], whole.last[40 - size + i]) << size << ' ' << i;
    }
}

TEST(ImpliedVolatilityBatchTest, RefusesAForwardTimeOrTypeThatIsNone) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const double bad : {nan, 0.0, -1.0}) {
        for (double Columns::*field : {&Columns::forward, &Columns::years}) {
            Columns chain;
            chain.*field = bad;
            for (int i = 0; i < 5; ++i) chain.add(70'000.0, 1.0, 3'000.0, 0.6);
            EXPECT_EQ(chain.solve(), 5U);
            for (std::size_t i = 0; i < 5; ++i) {
                EXPECT_EQ(chain.status[i], ImpliedStatus::bad_input);
                EXPECT_EQ(chain.last[i], 0.0);
            }
        }
        Columns chain;
        for (int i = 0; i < 4; ++i) chain.add(70'000.0, i == 2 ? 0.5 : 1.0, 3'000.0, 0.6);
        chain.solve();
        EXPECT_EQ(chain.status[2], ImpliedStatus::bad_input);
        EXPECT_EQ(chain.status[1], ImpliedStatus::ok);
    }
}

}  // namespace
}  // namespace keel::risk
