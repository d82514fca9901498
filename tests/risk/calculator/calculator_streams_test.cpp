#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <limits>

#include "risk/margin/book_margin.hpp"
#include "risk/tail/historical.hpp"
#include "tests/risk/calculator/calculator_subject.hpp"
#include "tests/risk/calculator/full_revaluation.hpp"

// Many short streams that publish after every event. risk_calculator_test.cpp has few long ones.
namespace keel::risk {
namespace {

using test::CalculatorSubject;
using test::difference;
using test::Difference;
using test::kCoins;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr std::uint64_t kStreams = 60;
#else
constexpr std::uint64_t kStreams = 1'200;
#endif
constexpr int kEvents = 16;
constexpr std::size_t kFewScenarios = 40;
constexpr double kAlpha = 0.95;  // the mean of the two worst
constexpr double kExact = 1e-9;  // of what is added up
constexpr double kUsd = 1e-5;

struct Counts {
    std::size_t publications{0}, exact_cells{0}, margins{0}, charged{0}, nonsense{0};
    double worst_tail{0.0};
};

class Stream {
public:
    // Half of the streams hold the clock: what is published is of this very moment then. One in eight passes a
    // delivery, one in four hears nonsense after each event.
    Stream(std::uint64_t seed, Counts& counts)
        : stands_{seed % 2 == 0},
          hears_nonsense_{seed % 16 < 4},
          subject_{seed, seed % 8 == 3, false, kFewScenarios},
          set_{test::random_scenarios(seed, kFewScenarios)},
          counts_{counts} {
        subject_.clock_stands = stands_;
    }

    void run(std::uint64_t seed) {
        for (int event = 1; event <= kEvents && !::testing::Test::HasFailure(); ++event) {
            subject_.step();
            if (hears_nonsense_) nonsense();
            subject_.calculator.publish();
            place_ = "seed " + std::to_string(seed) + " event " + std::to_string(event);
            compare(stands_);
        }
        subject_.calculator.resync();
        place_ = "seed " + std::to_string(seed) + " after resync";
        compare(true);
    }

private:
    // Inputs that cannot be: the numbers stay those of what stood before, and the quality says so.
    void nonsense() {
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        constexpr std::array kBad{std::numeric_limits<double>::quiet_NaN(), kInfinity, -kInfinity, -1e13, 1e300};
        IncrementalBook& book = subject_.calculator.book();
        const double bad = kBad[subject_.source.below(kBad.size())];
        const auto coin = UnderlyingSlot(subject_.source.below(kCoins));
        const auto expiry = ExpirySlot(subject_.source.below(subject_.settled.size()));
        const ContractSlot row{static_cast<std::uint32_t>(subject_.source.below(book.contracts_count()))};
        for (const BookStatus status :
             {book.on_index(coin, bad), book.on_forward(expiry, bad), book.on_settlement(expiry, bad),
              book.on_settlement_average(expiry, bad), book.on_volatility_shift(expiry, bad), book.on_mark(row, bad),
              book.on_volatility(row, bad), book.on_funding(row, bad), book.on_fill(row, 1.0, bad, 0.0),
              book.on_fill(row, bad, 1.0, 0.0), book.on_fill(row, 1.0, 1.0, bad)}) {
            EXPECT_NE(status, BookStatus::applied) << place_ << " then " << bad;
        }
        EXPECT_NE(subject_.calculator.quality() & kBookRefused, 0) << place_;
        ++counts_.nonsense;
    }
    void compare(bool exact) {
        ++counts_.publications;
        EXPECT_EQ(subject_.calculator.quality(), subject_.calculator.book().quality()) << place_;
        const Book book = subject_.book_now();
        const MarketState market = subject_.market_now();
        for (std::uint16_t v = 0; v < 2; ++v) compare_margin(book, market, v);
        for (std::size_t u = 0; u < kCoins; ++u) compare_cells(book, market, UnderlyingSlot(u), exact);
        compare_tail();
    }
    void compare_margin(const Book& book, const MarketState& market, std::uint16_t venue) {
        const MarginAmount margin = subject_.calculator.margin_usd(VenueSlot{venue});
        const MarginAmount full = venue_margin_usd(
            {.book = book, .market = market, .venue = VenueSlot{venue}, .model = subject_.models.venues[venue]});
        EXPECT_EQ(margin.status, full.status) << place_ << " venue " << venue;
        const double allowed = kExact * full.initial + kUsd;
        EXPECT_NEAR(margin.initial, full.initial, allowed) << place_ << " venue " << venue;
        EXPECT_NEAR(margin.maintenance, full.maintenance, allowed) << place_ << " venue " << venue;
        ++counts_.margins;
        counts_.charged += full.status == MarginStatus::ok && full.maintenance > 0.0 ? 1U : 0U;
    }
    void compare_cells(const Book& book, const MarketState& market, UnderlyingSlot slot, bool exact) {
        const StressMatrix want = full_stress_matrix(book, market, slot);
        const StressMatrix& got = subject_.calculator.stress(slot);
        const Bounded<UnderlyingMetrics> held = subject_.calculator.book().underlying(slot);
        const Difference usd = difference(got.pnl_usd, want.pnl_usd);
        const double gross = held.value.gross_usd;
        // Between two builds of a ladder up to 30 s of decay.
        const double allowed = exact ? kExact * gross + kUsd : std::max({1e-4 * gross, 1e-3 * usd.scale, kUsd});
        EXPECT_LE(usd.worst, allowed) << place_;
        const double index = market.underlyings[static_cast<std::size_t>(slot)].index;
        EXPECT_LE(difference(got.pnl_coin, want.pnl_coin).worst, allowed / (0.5 * index)) << place_;
        EXPECT_EQ(got.worst.pnl_usd, std::ranges::min(got.pnl_usd)) << place_;
        counts_.exact_cells += exact ? kGridCells : 0U;
    }
    void compare_tail() {
        std::vector<double> pnl = test::full_pnl(subject_, set_);
        const TailMeasures want = *historical_tail(pnl, kAlpha);
        const TailMeasures got = *subject_.calculator.tail(kAlpha);
        const double scale = std::max(1'000.0, want.es_usd);
        const double off = std::max(std::abs(got.var_usd - want.var_usd), std::abs(got.es_usd - want.es_usd));
        const double gross = subject_.calculator.book().account().value.usd.gross;
        EXPECT_LE(off, std::max(kTailDriftMax * scale, 2e-5 * gross)) << place_;
        counts_.worst_tail = std::max(counts_.worst_tail, off / scale);
    }

    bool stands_;
    bool hears_nonsense_;
    CalculatorSubject subject_;
    ScenarioSet set_;
    Counts& counts_;
    std::string place_;
};

TEST(CalculatorStreamsTest, EveryPublicationEqualsFullRevaluation) {
    Counts counts;
    for (std::uint64_t seed = 1; seed <= kStreams && !HasFailure(); ++seed) Stream{seed, counts}.run(seed);
    EXPECT_GT(counts.charged, counts.margins / 3);
    EXPECT_GT(counts.nonsense, kStreams);
    std::cout << "[ property ] " << kStreams << " streams, " << counts.publications << " publications, "
              << counts.margins << " margins and " << counts.exact_cells << " stress cells exact; VaR and ES within "
              << counts.worst_tail << " of ES\n";
}

}  // namespace
}  // namespace keel::risk
