#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>

#include "risk/exposure/concentration.hpp"
#include "risk/exposure/drawdown.hpp"
#include "risk/report/risk_report.hpp"
#include "tests/risk/calculator/calculator_subject.hpp"
#include "tests/risk/stress/stress_book.hpp"

namespace keel::risk {
namespace {

using test::CalculatorSubject;
using test::kCoins;
using test::kScenarios;

constexpr std::uint64_t kStreams = 12;
constexpr int kEvents = 400;

// Gross notional of each part that a contract's key tells, from unit greeks as the report takes them.
std::vector<double> gross_by(const CalculatorSubject& subject, std::size_t parts, auto key) {
    const Book book = subject.book_now();
    const MarketState market = subject.market_now();
    std::vector<double> out(parts);
    for (std::size_t row = 0; row < book.contracts.size(); ++row) {
        const Contract& contract = book.contracts[row];
        Sensitivities unit;
        if (contract.underlying == UnderlyingSlot::none ||
            !contract_sensitivities(contract, market.quotes[row], market, unit)) {
            continue;
        }
        out[key(contract)] += std::abs(book.holdings[row].quantity) * dollar_sums(contract, unit, market).gross;
    }
    return out;
}

void expect_same(const ConcentrationState& got, const std::vector<double>& parts, const std::string& place) {
    const Concentration want = concentration(parts);
    const Concentration read = got.read();
    EXPECT_NEAR(got.hhi(), want.hhi, 1e-9) << place;
    EXPECT_NEAR(read.hhi, want.hhi, 1e-9) << place;
    EXPECT_NEAR(read.effective_bets, want.effective_bets, 1e-8) << place;
    EXPECT_NEAR(read.top1, want.top1, 1e-9) << place;
}

TEST(CalculatorExposureTest, ConcentrationIsThatOfEveryHolding) {
    for (std::uint64_t seed = 1; seed <= kStreams && !HasFailure(); ++seed) {
        CalculatorSubject subject{seed, seed % 4 == 3};
        for (int event = 1; event <= kEvents && !HasFailure(); ++event) {
            subject.step();
            if (!subject.source.one_in(4)) continue;
            subject.calculator.publish();
            const std::string place = "seed " + std::to_string(seed) + " event " + std::to_string(event);
            const auto coin = [](const Contract& c) { return static_cast<std::size_t>(c.underlying); };
            const auto venue = [](const Contract& c) { return static_cast<std::size_t>(c.venue); };
            expect_same(subject.calculator.by_underlying(), gross_by(subject, kCoins, coin), place);
            expect_same(subject.calculator.by_venue(), gross_by(subject, 2, venue), place);
        }
    }
}

// Days on which nothing moves, of one coin.
ScenarioSet still_days() {
    ScenarioSet out{kScenarios, 2};
    for (const std::size_t factor : {0U, 1U}) (void)out.set_factor(factor, std::vector<double>(kScenarios), {});
    return out;
}

TEST(CalculatorExposureTest, AccountsOfOneVenueAreOnePart) {
    auto [book, market] = test::stress_book();
    book.venue_names = {"deribit", "deribit/hedge", "okx"};
    for (const ContractKind kind : {ContractKind::linear_future, ContractKind::stable_cash}) {
        const bool is_future = kind == ContractKind::linear_future;
        book.contracts.push_back({.kind = kind,
                                  .underlying = is_future ? UnderlyingSlot{0} : UnderlyingSlot::none,
                                  .stable = StableSlot{0},
                                  .venue = VenueSlot{2}});
        book.holdings.push_back({.quantity = 1.0, .entry = is_future ? 50'000.0 : 0.0});
        book.names.emplace_back(is_future ? "BTCUSDC" : "USDC");
        market.quotes.push_back({.mark = is_future ? 50'000.0 : 0.0});
    }
    const RiskCalculator calculator{book, market, still_days()};
    ReportInputs in;
    in.book = book;
    in.market = market;
    const RiskReport report = make_risk_report(in);
    const double want = find_metric(report, "concentration_venue", "")->value;
    EXPECT_GT(want, 0.9) << "most of it is at one venue, in two accounts";
    EXPECT_NEAR(calculator.by_venue().hhi(), want, 1e-9);
    EXPECT_NEAR(calculator.by_venue().read().hhi, want, 1e-9);
}

// Whatever was lost before all went is not lost from what comes then.
TEST(CalculatorExposureTest, WithdrawingAllBeginsTheDrawdownAnew) {
    for (const bool publishes_between : {true, false}) {
        auto [book, market] = test::stress_book();
        for (Holding& holding : book.holdings) holding = {};
        const ContractSlot usdc{static_cast<std::uint32_t>(book.holdings.size() - 1)};
        book.holdings.back().quantity = 60'000.0;
        RiskCalculator calculator{book, market, still_days()};
        const auto expect_drawdown = [&](double want) {
            calculator.publish();
            EXPECT_NEAR(calculator.book().account().value.drawdown, want, 1e-12);
            EXPECT_NEAR(calculator.drawdown().drawdown(), want, 1e-12);
            EXPECT_NEAR(calculator.drawdown().drawdown_day(), want, 1e-12);
        };
        ASSERT_EQ(calculator.book().on_stable(StableSlot{0}, 0.8), BookStatus::applied);
        expect_drawdown(0.2);
        ASSERT_EQ(calculator.book().on_cash(usdc, -60'000.0), BookStatus::applied);
        if (publishes_between) calculator.publish();
        ASSERT_EQ(calculator.book().on_cash(usdc, 50'000.0), BookStatus::applied);
        ASSERT_EQ(calculator.book().on_cash(usdc, -10'000.0), BookStatus::applied);
        expect_drawdown(0.0);
        ASSERT_EQ(calculator.book().on_stable(StableSlot{0}, 0.72), BookStatus::applied);
        expect_drawdown(0.1);
        EXPECT_EQ(calculator.drawdown().refused(), 0U);
    }
}

// USD per unit of a row of cash.
double rate_of(const CalculatorSubject& subject, const Contract& cash) {
    const MarketState& market = subject.market();
    return cash.kind == ContractKind::coin_cash ? market.underlyings[static_cast<std::size_t>(cash.underlying)].index
                                                : market.stables[static_cast<std::size_t>(cash.stable)];
}

// Told of each flow as it comes, and of the equity when it is published.
TEST(CalculatorExposureTest, DrawdownIsThatOfThePublishedEquities) {
    std::size_t flows = 0;
    double deepest = 0.0;
    for (std::uint64_t seed = 1; seed <= kStreams && !HasFailure(); ++seed) {
        CalculatorSubject subject{seed, seed % 4 == 3};
        const IncrementalBook& book = subject.calculator.book();
        const std::vector<Contract>& contracts = subject.source.book.contracts;
        // The subject publishes before its first fill and after its last.
        Drawdown want;
        want.on_equity(subject.calculator.as_of(), value_book(subject.source.book, subject.source.market).usd);
        want.on_equity(subject.calculator.as_of(), book.account().value.usd.equity);
        std::vector<double> seen(contracts.size());
        for (int event = 1; event <= kEvents && !HasFailure(); ++event) {
            const double before = book.account().value.usd.equity;
            subject.step();
            for (std::size_t row = 0; row < contracts.size(); ++row) {
                if (!is_cash(contracts[row].kind)) continue;
                const double all = book.tally(ContractSlot{static_cast<std::uint32_t>(row)}).flows.value();
                const double flow = all - std::exchange(seen[row], all);
                if (flow == 0.0) continue;
                want.on_flow(flow * rate_of(subject, contracts[row]), before);
                ++flows;
            }
            if (event == 200) (void)subject.calculator.book().on_clock(subject.market().now + std::chrono::minutes{7});
            if (event == 300) (void)subject.calculator.book().on_clock(subject.market().now + std::chrono::hours{30});
            if (!subject.source.one_in(4)) continue;
            subject.calculator.publish();
            want.on_equity(subject.market().now, book.account().value.usd.equity);
            const std::string place = "seed " + std::to_string(seed) + " event " + std::to_string(event);
            const Drawdown& got = subject.calculator.drawdown();
            EXPECT_NEAR(got.drawdown(), want.drawdown(), 1e-12) << place;
            EXPECT_NEAR(got.drawdown_day(), want.drawdown_day(), 1e-12) << place;
            EXPECT_NEAR(got.loss_5m(), want.loss_5m(), 1e-12) << place;
            EXPECT_EQ(got.refused(), 0U) << place;
            // It misses the peaks between two publications.
            EXPECT_LE(got.drawdown(), book.account().value.drawdown + 1e-9) << place;
            deepest = std::max(deepest, got.loss_5m());
        }
    }
    EXPECT_GT(flows, 40U);
    EXPECT_GT(deepest, 0.0);
}

}  // namespace
}  // namespace keel::risk
