#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "risk/tail/contributions.hpp"
#include "tests/risk/calculator/calculator_subject.hpp"
#include "tests/risk/calculator/full_revaluation.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

double sum_of(std::span<const double> parts) { return std::accumulate(parts.begin(), parts.end(), 0.0); }

// Of every holding revalued in each scenario that has a weight: by expiry of options, by coin of the rest.
struct Parts {
    std::vector<double> options_usd, others_usd;
};
Parts full_parts(const test::CalculatorSubject& subject, const ScenarioSet& set, std::span<const double> weights) {
    const Book book = subject.book_now();
    const MarketState market = subject.market_now();
    HoldingProfits profits{book, market};
    Parts out{.options_usd = std::vector<double>(market.expiries.size()),
              .others_usd = std::vector<double>(market.underlyings.size())};
    for (std::size_t s = 0; s < weights.size(); ++s) {
        if (weights[s] == 0.0) continue;
        std::array<double, 2 * test::kCoins> moves{};
        for (std::size_t f = 0; f < moves.size(); ++f) moves[f] = set.log_moves(f)[s];
        profits.move(std::span{moves}.first(test::kCoins), std::span{moves}.subspan(test::kCoins));
        for (std::size_t row = 0; row < book.contracts.size(); ++row) {
            const Contract& contract = book.contracts[row];
            if (contract.underlying == UnderlyingSlot::none || !std::isfinite(profits.usd(row))) continue;
            double& part = is_option(contract.kind) ? out.options_usd[static_cast<std::size_t>(contract.expiry)]
                                                    : out.others_usd[static_cast<std::size_t>(contract.underlying)];
            part -= weights[s] * profits.usd(row);
        }
    }
    return out;
}

class ContributionsTest : public ::testing::Test {
protected:
    // `got` sums to `measure`, and is what full revaluation has for the same scenarios with the same weights.
    void compare(const test::CalculatorSubject& subject, const ScenarioSet& set, const TailContributions& got,
                 double measure, std::span<const double> weights) {
        const double gross = subject.calculator.book().account().value.usd.gross;
        EXPECT_NEAR(got.total_usd, measure, 1e-9 * gross) << place_;
        EXPECT_NEAR(sum_of(got.options_usd) + sum_of(got.others_usd), measure, 1e-9 * gross) << place_;
        EXPECT_NEAR(sum_of(got.underlyings_usd), measure, 1e-9 * gross) << place_;
        const Parts want = full_parts(subject, set, weights);
        const double allowed = std::max(kTailDriftMax * std::max(1'000.0, measure), 2e-5 * gross);
        EXPECT_LE(test::difference(got.options_usd, want.options_usd).worst, allowed) << place_;
        EXPECT_LE(test::difference(got.others_usd, want.others_usd).worst, allowed) << place_;
        for (std::size_t u = 0; u < want.others_usd.size(); ++u) {
            double all = want.others_usd[u];
            for (std::size_t e = 0; e < want.options_usd.size(); ++e) {
                if (subject.market().expiries[e].underlying == UnderlyingSlot(u)) all += want.options_usd[e];
            }
            EXPECT_NEAR(got.underlyings_usd[u], all, allowed) << place_;
        }
    }
    std::string place_;
};

TEST_F(ContributionsTest, SumToTheMeasureAndEqualFullRevaluation) {
    constexpr double kVarAlpha = 0.99;
    constexpr double kEsAlpha = 0.975;
    std::vector<std::size_t> order(test::kScenarios);
    std::vector<double> weights(test::kScenarios);
    std::size_t diversified = 0;
    for (std::uint64_t seed = 1; seed <= 12 && !HasFailure(); ++seed) {
        test::CalculatorSubject subject{seed, seed % 4 == 3};
        RiskCalculator& calculator = subject.calculator;
        const ScenarioSet set = test::random_scenarios(seed);
        for (int event = 1; event <= 400 && !HasFailure(); ++event) {
            subject.step();
            if (!subject.source.one_in(8)) continue;
            calculator.publish();
            place_ = "seed " + std::to_string(seed) + " event " + std::to_string(event);
            ASSERT_TRUE(var_weights(calculator.scenario_pnl_usd(), kVarAlpha, order, weights));
            compare(subject, set, *calculator.var_contributions(kVarAlpha), calculator.tail(kVarAlpha)->var_usd,
                    weights);
            ASSERT_TRUE(es_weights(calculator.scenario_pnl_usd(), kEsAlpha, order, weights));
            const TailContributions es = *calculator.es_contributions(kEsAlpha);
            compare(subject, set, es, calculator.tail(kEsAlpha)->es_usd, weights);
            diversified += std::ranges::min(es.options_usd) < 0.0 ? 1U : 0U;
        }
    }
    EXPECT_GT(diversified, 100U);
}

TEST_F(ContributionsTest, FollowTheVolatilityOfNow) {
    test::CalculatorSubject subject{6};
    ScenarioSet set = test::random_scenarios(6);
    subject.calculator.set_volatility(0, 0.09);
    subject.calculator.publish();
    ASSERT_TRUE(set.set_volatility(0, 0.09));
    std::vector<std::size_t> order(test::kScenarios);
    std::vector<double> weights(test::kScenarios);
    ASSERT_TRUE(es_weights(subject.calculator.scenario_pnl_usd(), 0.975, order, weights));
    compare(subject, set, *subject.calculator.es_contributions(0.975), subject.calculator.tail(0.975)->es_usd, weights);
}

TEST_F(ContributionsTest, NoAlphaNoContributions) {
    test::CalculatorSubject subject{5};
    EXPECT_FALSE(subject.calculator.var_contributions(1.0));
    EXPECT_FALSE(subject.calculator.es_contributions(keel::test::kNaN));
}

}  // namespace
}  // namespace keel::risk
