#include "risk/calculator/risk_calculator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <utility>

#include "risk/margin/book_margin.hpp"
#include "risk/tail/historical.hpp"
#include "tests/risk/calculator/calculator_subject.hpp"
#include "tests/risk/calculator/full_revaluation.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

using keel::test::kNaN;
using test::CalculatorSubject;
using test::difference;
using test::Difference;
using test::full_pnl;
using test::kCoins;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr std::uint64_t kStreams = 6;
#else
constexpr std::uint64_t kStreams = 24;
#endif
constexpr int kEvents = 400;
constexpr double kAlpha = 0.99;

TEST(RiskCalculatorTest, StaysWithFullRevaluationOnRandomStreams) {
    std::vector<double> tails;
    std::vector<double> matrices;
    CalculatorWork work;
    std::size_t margined = 0;
    for (std::uint64_t seed = 1; seed <= kStreams; ++seed) {
        // One book in four passes a delivery; one in three begins without part of its prices, and is told them late.
        const bool gaps = seed % 3 == 0;
        CalculatorSubject subject{seed, seed % 4 == 3, gaps};
        const ScenarioSet set = test::random_scenarios(seed);
        for (int event = 1; event <= kEvents && !HasFailure(); ++event) {
            subject.step();
            if (event == 350) subject.tell_all();
            if (!subject.source.one_in(4) && event % 100 != 0) continue;
            subject.calculator.publish();
            const std::string place = "seed " + std::to_string(seed) + " event " + std::to_string(event);
            // What cannot be made yet is flagged, and stands.
            const bool told = event >= 350;
            if (told) {
                EXPECT_EQ(subject.calculator.quality() & kBookStale, subject.calculator.book().quality() & kBookStale)
                    << place;
            } else if ((subject.calculator.quality() & ~subject.calculator.book().quality() & kBookStale) != 0) {
                continue;
            }
            EXPECT_TRUE(std::isfinite(subject.calculator.book().account().value.usd.equity)) << place;
            std::vector<double> pnl = full_pnl(subject, set);
            const TailMeasures want = *historical_tail(pnl, kAlpha);
            const TailMeasures got = *subject.calculator.tail(kAlpha);
            const double scale = std::max(1'000.0, want.es_usd);
            const double off = std::max(std::abs(got.var_usd - want.var_usd), std::abs(got.es_usd - want.es_usd));
            tails.push_back(off / scale);
            // What a ladder is off by goes with what is held, not with what is left to lose of a hedged book.
            const double gross = subject.calculator.book().account().value.usd.gross;
            EXPECT_LE(off, std::max(kTailDriftMax * scale, 2e-5 * gross))
                << place << " VaR " << got.var_usd << " for " << want.var_usd << ", gross " << gross;
            const TailCheck check = *subject.calculator.check(kAlpha);
            EXPECT_NEAR(check.full.var_usd, want.var_usd, 1e-6 * scale) << place;
            EXPECT_EQ(check.published.es_usd, got.es_usd) << place;
            const Book book = subject.book_now();
            const MarketState market = subject.market_now();
            for (std::uint16_t v = 0; v < 2; ++v) {
                const MarginAmount margin = subject.calculator.margin_usd(VenueSlot{v});
                const MarginAmount full = venue_margin_usd(
                    {.book = book, .market = market, .venue = VenueSlot{v}, .model = subject.models.venues[v]});
                EXPECT_EQ(margin.status, full.status) << place << " venue " << v;
                EXPECT_NEAR(margin.initial, full.initial, 1e-9 * full.initial + 1e-5) << place << " venue " << v;
                EXPECT_NEAR(margin.maintenance, full.maintenance, 1e-9 * full.initial + 1e-5)
                    << place << " venue " << v;
                margined += full.status == MarginStatus::ok && full.maintenance > 0.0 ? 1U : 0U;
            }
            const bool exact = event % 100 == 0;
            if (exact) subject.calculator.resync();
            for (std::size_t u = 0; u < kCoins; ++u) {
                const auto slot = UnderlyingSlot(u);
                if (!(market.underlyings[u].index > 0.0)) continue;
                const StressMatrix want_cells = full_stress_matrix(book, market, slot);
                const StressMatrix& cells = subject.calculator.stress(slot);
                const Difference usd = difference(cells.pnl_usd, want_cells.pnl_usd);
                const double held = subject.calculator.book().underlying(slot).value.gross_usd;
                if (!exact) matrices.push_back(usd.worst / std::max(1'000.0, usd.scale));
                // Between two builds up to 30 s of decay.
                EXPECT_LE(usd.worst, exact ? 1e-9 * held + 1e-5 : std::max({1e-4 * held, 1e-3 * usd.scale, 1e-5}))
                    << place << " coin " << u;
                EXPECT_EQ(cells.worst.pnl_usd, std::ranges::min(cells.pnl_usd)) << place;
            }
        }
        const CalculatorWork did = subject.calculator.work();
        work.ladders += did.ladders;
        work.added += did.added;
        work.buckets += did.buckets;
        work.publications += did.publications;
    }
    EXPECT_GT(margined, tails.size() / 2);
    EXPECT_GT(work.added, work.publications / 20);
    const auto quantile = [](std::vector<double>& of, double share) {
        std::ranges::sort(of);
        return of[static_cast<std::size_t>(share * static_cast<double>(of.size() - 1))];
    };
    std::cout << "[ property ] VaR and ES against full revaluation: median " << quantile(tails, 0.5) << ", 99 % "
              << quantile(tails, 0.99) << ", worst " << tails.back() << "; stress cells: worst "
              << quantile(matrices, 1.0) << "; "
              << static_cast<double>(work.ladders) / static_cast<double>(work.publications) << " ladders, "
              << static_cast<double>(work.added) / static_cast<double>(work.publications) << " options added and "
              << static_cast<double>(work.buckets) / static_cast<double>(work.publications)
              << " buckets per publication\n";
}

// A tick costs what it moved: one expiry, its underlying, nothing else.
TEST(RiskCalculatorTest, PublishesWhatMovedAndNothingElse) {
    CalculatorSubject subject{5};
    RiskCalculator& calculator = subject.calculator;
    calculator.resync();
    const CalculatorWork before = calculator.work();
    calculator.publish();
    EXPECT_EQ(calculator.work().buckets, before.buckets);
    EXPECT_EQ(calculator.work().underlyings, before.underlyings);

    const StressMatrix other = calculator.stress(UnderlyingSlot{1});
    ASSERT_EQ(calculator.book().on_forward(ExpirySlot{1}, 1.001 * subject.market().expiries[1].forward),
              BookStatus::applied);
    const double stale_var = calculator.tail(kAlpha)->var_usd;
    calculator.publish();
    EXPECT_NE(calculator.tail(kAlpha)->var_usd, stale_var);
    EXPECT_EQ(calculator.version(), calculator.book().version());
    EXPECT_LE(calculator.work().buckets, before.buckets + 2);  // the expiry's, and that of the coin's pool
    EXPECT_EQ(calculator.work().underlyings, before.underlyings + 1);
    EXPECT_EQ(calculator.work().ladders, before.ladders);
    EXPECT_EQ(calculator.stress(UnderlyingSlot{1}).pnl_usd, other.pnl_usd);

    // Time alone moves nothing before ladders are due; then all of them.
    (void)calculator.book().on_clock(subject.market().now + std::chrono::seconds{29});
    calculator.publish();
    EXPECT_EQ(calculator.work().ladders, before.ladders);
    (void)calculator.book().on_clock(subject.market().now + std::chrono::seconds{2});
    calculator.publish();
    EXPECT_GT(calculator.work().ladders, before.ladders + 5);
}

TEST(RiskCalculatorTest, FilteredScenariosFollowTheVolatilityOfNow) {
    CalculatorSubject subject{6};
    ScenarioSet set = test::random_scenarios(6);
    const double before = subject.calculator.tail(kAlpha)->var_usd;
    subject.calculator.set_volatility(0, 0.09);
    EXPECT_LE(subject.calculator.check(kAlpha)->drift, kTailDriftMax) << "not before it is published";
    subject.calculator.publish();
    ASSERT_TRUE(set.set_volatility(0, 0.09));
    std::vector<double> pnl = full_pnl(subject, set);
    const TailMeasures want = *historical_tail(pnl, kAlpha);
    EXPECT_NEAR(subject.calculator.tail(kAlpha)->es_usd, want.es_usd, kTailDriftMax * want.es_usd);
    EXPECT_GT(std::abs(want.var_usd - before), 10.0 * kTailDriftMax * want.var_usd);
}

// The matrix itself reads the index: beyond a threshold in USD, delta is charged for.
TEST(RiskCalculatorTest, PortfolioMarginFollowsTheIndex) {
    test::RandomBook source{5};  // its first venue is margined by portfolio
    test::MarginModels models{source.book, 5};
    ASSERT_EQ(models.venues[0].law, MarginLaw::deribit_portfolio);
    for (std::size_t i = 0; i < source.book.contracts.size(); ++i) {
        Contract& contract = source.book.contracts[i];
        if (contract.kind != ContractKind::inverse_future || contract.underlying != UnderlyingSlot{0}) continue;
        contract.venue = VenueSlot{0};
        source.book.holdings[i] = {.quantity = 5e6, .entry = source.market.underlyings[0].index};
    }
    RiskCalculator calculator{source.book, source.market, test::random_scenarios(4), models.venues};
    const double before = calculator.margin_usd(VenueSlot{0}).maintenance / source.market.underlyings[0].index;
    source.market.underlyings[0].index *= 1.2;
    ASSERT_EQ(calculator.book().on_index(UnderlyingSlot{0}, source.market.underlyings[0].index), BookStatus::applied);
    calculator.publish();
    const MarginAmount margin = calculator.margin_usd(VenueSlot{0});
    const MarginAmount full = venue_margin_usd(
        {.book = source.book, .market = source.market, .venue = VenueSlot{0}, .model = models.venues[0]});
    ASSERT_EQ(full.status, MarginStatus::ok);
    EXPECT_NEAR(margin.maintenance, full.maintenance, 1e-9 * full.maintenance);
    EXPECT_NE(margin.maintenance / source.market.underlyings[0].index, before);
    EXPECT_EQ(calculator.margin_usd(VenueSlot{1}).status, MarginStatus::ok);
}

// What is not a number changes flags, and the last good numbers stand.
TEST(RiskCalculatorTest, NonsenseIsFlaggedAndNeverPublished) {
    CalculatorSubject subject{7};
    RiskCalculator& calculator = subject.calculator;
    EXPECT_EQ(calculator.quality(), kBookGood);
    const TailMeasures before = *calculator.tail(kAlpha);
    calculator.set_volatility(1, kNaN);
    calculator.publish();
    EXPECT_NE(calculator.quality() & kBookStale, 0);
    calculator.set_volatility(1, 0.03);
    calculator.publish();
    EXPECT_EQ(calculator.quality(), kBookGood);
    for (const double bad : {kNaN, -1.0, 1e300}) {
        (void)calculator.book().on_index(UnderlyingSlot{0}, bad);
        (void)calculator.book().on_forward(ExpirySlot{2}, bad);
        (void)calculator.book().on_volatility_shift(ExpirySlot{1}, bad);
        calculator.publish();
        EXPECT_NE(calculator.quality() & kBookRefused, 0);
        EXPECT_EQ(calculator.tail(kAlpha)->var_usd, before.var_usd);
    }
    EXPECT_FALSE(calculator.tail(kNaN));
    EXPECT_FALSE(calculator.check(1.0));
}

// Before its first price a coin is in no number; its book says so. The other coin's numbers are not touched.
TEST(RiskCalculatorTest, ACoinWithoutAnIndexIsLeftOutUntilItHasOne) {
    test::RandomBook source{8};
    for (Holding& holding : source.book.holdings) {
        if (holding.quantity == 0.0) holding = {.quantity = 5.0, .entry = 1'000.0};
    }
    const double index = std::exchange(source.market.underlyings[1].index, kNaN);
    RiskCalculator calculator{source.book, source.market, test::random_scenarios(8)};
    EXPECT_NE(calculator.quality() & kBookNoIndex, 0);
    ASSERT_TRUE(calculator.tail(kAlpha));
    const double without = calculator.tail(kAlpha)->es_usd;
    EXPECT_TRUE(std::isfinite(without));
    for (const double cell : calculator.stress(UnderlyingSlot{1}).pnl_usd) EXPECT_EQ(cell, 0.0);
    ASSERT_EQ(calculator.book().on_index(UnderlyingSlot{1}, index), BookStatus::applied);
    calculator.publish();
    EXPECT_EQ(calculator.quality(), kBookGood);
    EXPECT_NE(calculator.tail(kAlpha)->es_usd, without);
    EXPECT_LE(calculator.check(kAlpha)->drift, kTailDriftMax);
}

}  // namespace
}  // namespace keel::risk
