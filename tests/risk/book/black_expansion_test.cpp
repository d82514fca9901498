#include "risk/book/black_expansion.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "risk/options/black76.hpp"

namespace keel::risk {
namespace {

std::size_t place(std::size_t j, std::size_t k, std::size_t l) { return kExpansionPlace[j] + k * (k + 1) / 2 + l; }

// First and second derivatives are the greeks of the pricing kernel, up to the chain rule through sqrt(T).
TEST(BlackExpansionTest, FirstTermsAreTheGreeks) {
    for (const double strike : {40.0, 90.0, 100.0, 107.0, 250.0}) {
        for (const OptionType type : {OptionType::call, OptionType::put}) {
            const OptionInputs in{.forward = 100.0, .strike = strike, .years = 0.3, .volatility = 0.7, .type = type};
            OptionGreeks g;
            ASSERT_EQ(black76(in, g), PricingStatus::ok);
            const double root = std::sqrt(in.years);
            const ExpansionTerms e = expand_black(in.forward, strike, in.volatility, root, type);
            EXPECT_NEAR(e.term[place(0, 0, 0)], g.price, 1e-12);
            EXPECT_NEAR(e.term[place(1, 0, 0)], g.delta, 1e-14);
            EXPECT_NEAR(2.0 * e.term[place(2, 0, 0)], g.gamma, 1e-14);
            EXPECT_NEAR(6.0 * e.term[place(3, 0, 0)], g.speed, 1e-14);
            EXPECT_NEAR(e.term[place(0, 1, 0)] * root, g.vega, 1e-11);
            EXPECT_NEAR(-0.5 * e.term[place(0, 1, 1)] / root, g.theta, 1e-11);
            EXPECT_NEAR(e.term[place(1, 1, 0)] * root, g.vanna, 1e-12);
            EXPECT_NEAR(-0.5 * e.term[place(1, 1, 1)] / root, g.charm, 1e-12);
            EXPECT_NEAR(2.0 * e.term[place(0, 2, 0)] * root * root, g.volga, 1e-11);
            EXPECT_NEAR(2.0 * e.term[place(2, 1, 0)] * root, g.zomma, 1e-13);
        }
    }
}

// Each higher term against a central difference of the term below it.
TEST(BlackExpansionTest, EveryTermIsTheSlopeOfTheOneBelow) {
    const double forward = 100.0, strike = 108.0, volatility = 0.8, root = 0.5;
    const auto derivative = [&](const ExpansionTerms& e, std::size_t j, std::size_t k) {
        double factorial = 1.0;
        for (std::size_t i = 2; i <= j; ++i) factorial *= static_cast<double>(i);
        for (std::size_t i = 2; i <= k; ++i) factorial *= static_cast<double>(i);
        return e.term[place(j, k, 0)] * factorial;
    };
    const double df = 1e-3, ds = 1e-5;  // s = sigma root: a step of ds in s is ds/root in sigma
    const auto at = [&](double f, double s) {
        return expand_black(f, strike, volatility + s / root, root, OptionType::call);
    };
    for (std::size_t j = 0; j <= 4; ++j) {
        for (std::size_t k = 0; j + k <= 4; ++k) {
            const double got = derivative(at(forward, 0.0), j, k);
            if (j > 0) {
                const double up = derivative(at(forward + df, 0.0), j - 1, k);
                const double down = derivative(at(forward - df, 0.0), j - 1, k);
                EXPECT_NEAR(got, (up - down) / (2.0 * df), 2e-7 * std::max(std::abs(got), 1e-3)) << j << k;
            }
            if (k > 0) {
                const double up = derivative(at(forward, ds), j, k - 1);
                const double down = derivative(at(forward, -ds), j, k - 1);
                EXPECT_NEAR(got, (up - down) / (2.0 * ds), 2e-6 * std::max(std::abs(got), 1e-3)) << j << k;
            }
            for (std::size_t l = 1; l <= k; ++l) {  // B_jkl = B_jk0 sigma^l times the binomial
                double binomial = 1.0;
                for (std::size_t i = 0; i < l; ++i) binomial *= static_cast<double>(k - i) / static_cast<double>(i + 1);
                const ExpansionTerms e = at(forward, 0.0);
                const double want = e.term[place(j, k, 0)] * std::pow(volatility, static_cast<double>(l)) * binomial;
                EXPECT_NEAR(e.term[place(j, k, l)], want, 1e-12 * std::abs(want)) << j << k << l;
            }
        }
    }
}

// Fifth derivatives by differences of the exact fourth ones, scanned over moneyness and deviation, against the
// table that the bound rests on: never above it, and at the worst moneyness within a step of the table.
TEST(BlackExpansionTest, FifthDerivativesStayBelowTheirTable) {
    const double forward = 1.0;
    for (const double s : {0.01, 0.05, 0.13, 0.2, 0.35, 0.6, 0.9, 1.4, 2.2, 3.0}) {
        std::array<double, 6> worst{};
        for (double d1 = -9.0; d1 <= 9.0; d1 += 0.01) {
            const double strike = forward * std::exp(-s * (d1 - 0.5 * s));
            const double root = 1.0;
            const double step = 1e-5;
            const auto fourth = [&](double f, double deviation, std::size_t j) {
                constexpr std::array kFactor{24.0, 6.0, 4.0, 6.0, 24.0};  // j! k!
                return kFactor[j] * expand_black(f, strike, deviation, root, OptionType::call).term[place(j, 4 - j, 0)];
            };
            for (std::size_t j = 0; j <= 5; ++j) {
                const double got =
                    j == 5 ? (fourth(forward * (1.0 + step * s), s, 4) - fourth(forward * (1.0 - step * s), s, 4)) /
                                 (2.0 * step * s)
                           : (fourth(forward, s * (1.0 + step), j) - fourth(forward, s * (1.0 - step), j)) /
                                 (2.0 * step * s);
                worst[j] = std::max(worst[j], std::abs(got) * s * s * s * s);
            }
        }
        for (std::size_t j = 0; j <= 5; ++j) {
            EXPECT_LE(worst[j], fifth_derivative_max(j, s) * (1.0 + 1e-6)) << "j " << j << " s " << s;
            EXPECT_GE(worst[j], 0.55 * fifth_derivative_max(j, s)) << "j " << j << " s " << s;
        }
    }
    for (std::size_t j = 0; j <= 5; ++j) {
        for (double s = 0.01; s < 3.0; s += 0.01)
            EXPECT_LE(fifth_derivative_max(j, s - 0.01), fifth_derivative_max(j, s));
    }
}

}  // namespace
}  // namespace keel::risk
