#include <gtest/gtest.h>

#include <iostream>
#include <limits>
#include <random>

#include "risk/margin/account_margin.hpp"
#include "risk/margin/adl_rank.hpp"
#include "risk/margin/bybit_margin.hpp"
#include "risk/margin/deribit_portfolio.hpp"
#include "risk/margin/deribit_standard.hpp"
#include "risk/margin/equity_drift.hpp"
#include "risk/margin/insurance_fund.hpp"
#include "risk/margin/liquidation_price.hpp"
#include "risk/margin/liquidation_tracker.hpp"
#include "risk/margin/okx_portfolio.hpp"
#include "tests/risk/margin/margin_tables.hpp"

namespace keel::risk {
namespace {

constexpr std::uint64_t kFuzzSeed = 77;
// Each case sees seven million numbers and more, and tells how many.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr int kRounds = 30'000;
#else
constexpr int kRounds = 1'000'000;
#endif

// Mostly plausible numbers, with everything that a broken feed sends among them.
class Fuzz {
public:
    Fuzz() = default;
    Fuzz(const Fuzz&) = delete;
    ~Fuzz() {
        testing::Test::RecordProperty("numbers", std::to_string(numbers_));
        std::cout << "[ fuzz     ] " << numbers_ << " numbers\n";
    }
    double operator()() {
        ++numbers_;
        static constexpr std::array kOdd{std::numeric_limits<double>::quiet_NaN(),
                                         std::numeric_limits<double>::infinity(),
                                         -std::numeric_limits<double>::infinity(),
                                         0.0,
                                         -0.0,
                                         -1.0,
                                         1e-320,
                                         std::numeric_limits<double>::max(),
                                         -std::numeric_limits<double>::max(),
                                         1.0};
        if (random_() % 8 == 0) return kOdd[random_() % kOdd.size()];
        const double magnitude = std::pow(10.0, std::uniform_real_distribution<double>{-6.0, 9.0}(random_));
        return random_() % 4 == 0 ? -magnitude : magnitude;
    }
    bool coin() { return random_() % 2 == 0; }
    Payoff payoff() { return coin() ? Payoff::inverse : Payoff::linear; }
    OptionType type() { return std::array{OptionType::none, OptionType::call, OptionType::put}[random_() % 3]; }
    UnixNanos time() {
        return unix_nanos_from_ms(1'700'000'000'000 + static_cast<std::int64_t>(random_() % 10'000'000));
    }

private:
    std::mt19937_64 random_{kFuzzSeed};
    std::uint64_t numbers_{0};
};

// Good means finite: no function answers ok with a number that is not one.
void expect_sound(const MarginAmount& amount, const char* what, int round) {
    ASSERT_TRUE(std::isfinite(amount.initial) && std::isfinite(amount.maintenance)) << what << " round " << round;
    if (amount.status == MarginStatus::ok) {
        ASSERT_GE(amount.initial, 0.0) << what << " round " << round;
        ASSERT_GE(amount.maintenance, 0.0) << what << " round " << round;
    }
}

TEST(MarginFuzzTest, VenueFunctionsAnswerFiniteOrBadInput) {
    Fuzz fuzz;
    const test::DeribitTables deribit = test::deribit_tables();
    const BybitOptionMargin bybit = test::bybit_tables().option;
    const OkxPortfolioParameters okx = test::okx_tables().portfolio;
    TierTable table;
    ASSERT_EQ(table.assign(test::binance_tables().tiers.at("BTCUSDT"), 1e-9), TierProblem::none);
    int good = 0;
    const auto check = [&](const MarginAmount& amount, const char* what, int round) {
        expect_sound(amount, what, round);
        good += amount.status == MarginStatus::ok ? 1 : 0;
    };
    for (int round = 0; round < kRounds && !HasFatalFailure(); ++round) {
        check(deribit_future_margin({.payoff = fuzz.payoff(), .coins = fuzz(), .mark = fuzz()},
                                    deribit.futures.at("BTC")),
              "deribit future", round);
        check(deribit_option_margin({.payoff = fuzz.payoff(),
                                     .type = fuzz.type(),
                                     .quantity = fuzz(),
                                     .underlying = fuzz(),
                                     .strike = fuzz(),
                                     .mark = fuzz()},
                                    deribit.options.at("BTC")),
              "deribit option", round);
        check(tiered_margin({.tiers = &table, .notional = fuzz(), .leverage = fuzz()}), "tiers", round);
        check(bybit_option_margin({.type = fuzz.type(),
                                   .quantity = fuzz(),
                                   .index = fuzz(),
                                   .strike = fuzz(),
                                   .entry = fuzz(),
                                   .mark = fuzz()},
                                  bybit),
              "bybit option", round);
        check(bybit_position_margin({.tiers = &table,
                                     .side = fuzz.coin() ? Side::bid : Side::ask,
                                     .value = fuzz(),
                                     .leverage = fuzz(),
                                     .taker_fee_rate = fuzz.coin() ? 0.00055 : fuzz()}),
              "bybit position", round);
        check(bybit_portfolio_margin({.loss_max = fuzz(), .short_options = fuzz(), .futures = fuzz()}, 1.2),
              "bybit portfolio", round);
        check(okx_risk_unit_margin({.spot_shock = fuzz(),
                                    .theta_decay = fuzz(),
                                    .basis = fuzz(),
                                    .minimum_charge = okx_minimum_charge(fuzz(), okx)},
                                   okx),
              "okx", round);
    }
    EXPECT_GT(good, kRounds);
}

TEST(MarginFuzzTest, MatrixStaysFinite) {
    Fuzz fuzz;
    const test::DeribitTables tables = test::deribit_tables();
    DeribitRiskMatrix matrix{tables.matrices.at("btc_usd"), Payoff::inverse};
    int good = 0;
    for (int round = 0; round < kRounds && !HasFatalFailure(); ++round) {
        const UnitCells unit = matrix.grid().unit_cells({.payoff = fuzz.payoff(),
                                                         .type = fuzz.type(),
                                                         .multiplier = fuzz(),
                                                         .price = fuzz(),
                                                         .strike = fuzz(),
                                                         .years = fuzz(),
                                                         .volatility = fuzz(),
                                                         .unsettled_ratio = fuzz.coin() ? 1.0 : fuzz(),
                                                         .expiry = static_cast<std::uint32_t>(round % 40)});
        for (const double cell : unit.cells) ASSERT_TRUE(std::isfinite(cell)) << "round " << round;
        if (unit.status == MarginStatus::ok) ++good;
        if (matrix.set_index(fuzz()) == MarginStatus::ok) ++good;
        if (matrix.set_expiry(static_cast<std::size_t>(round) % kMatrixExpiriesMax, fuzz()) == MarginStatus::ok) ++good;
        const double quantity = fuzz();
        const std::array trades{MatrixTrade{.quantity = quantity, .unit = &unit}};
        expect_sound(matrix.margin_after(trades, tables.portfolio, {.spot = fuzz()}).margin, "what-if", round);
        if (matrix.add(quantity, unit) == MarginStatus::ok) ++good;
        for (const double sum : matrix.sums()) ASSERT_TRUE(std::isfinite(sum)) << "round " << round;
        expect_sound(matrix.margin(tables.portfolio, {}).margin, "matrix", round);
        if (round % 50 == 0) matrix.clear();
    }
    EXPECT_GT(good, kRounds);
}

void expect_price(const LiquidationPrice& price, int round) {
    ASSERT_FALSE(std::isnan(price.price)) << "round " << round;
    if (price.status != LiquidationStatus::found) return;
    ASSERT_TRUE(std::isfinite(price.price) && price.price >= 0.0) << "round " << round;
}

TEST(MarginFuzzTest, LiquidationPricesAreNeverNan) {
    Fuzz fuzz;
    TierTable table;
    ASSERT_EQ(table.assign(test::binance_tables().tiers.at("BTCUSDT"), 1e-9), TierProblem::none);
    for (int round = 0; round < kRounds && !HasFatalFailure(); ++round) {
        const CrossPosition position{.wallet = fuzz(),
                                     .maintenance_other = fuzz(),
                                     .unrealised_other = fuzz(),
                                     .amount = fuzz(),
                                     .entry = fuzz()};
        expect_price(cross_linear_liquidation(position, table), round);
        expect_price(cross_inverse_liquidation(position, table), round);
        expect_price(cross_inverse_liquidation(position, fuzz(), fuzz()), round);
        const IsolatedPosition isolated{.amount = fuzz(), .entry = fuzz(), .initial = fuzz(), .maintenance = fuzz()};
        expect_price(isolated_linear_liquidation(isolated), round);
        expect_price(isolated_inverse_liquidation(isolated), round);
        expect_price(bybit_cross_inverse_liquidation({.balance = fuzz(),
                                                      .amount = fuzz(),
                                                      .entry = fuzz(),
                                                      .maintenance_rate = fuzz.coin() ? 0.005 : fuzz(),
                                                      .taker_fee_rate = fuzz.coin() ? 0.0006 : fuzz(),
                                                      .tick = fuzz.coin() ? 0.5 : fuzz()}),
                     round);
    }
}

TEST(MarginFuzzTest, TrackerIsNeverNanAndNeverFartherThanItKnows) {
    Fuzz fuzz;
    const test::AccountTables tables = test::account_tables();
    const LiquidationAxis axis{.moves = tables.liquidation_moves, .tolerance = tables.liquidation_tolerance};
    LiquidationTracker tracker{tables.tracker};
    for (int round = 0; round < kRounds && !HasFatalFailure(); ++round) {
        const double a = fuzz();
        const double b = fuzz();
        const double odd = fuzz();
        const double spot = fuzz();
        tracker.update(fuzz(), spot, fuzz.time(), axis, [&](double x) { return x > 0.2 ? odd : a + b * x; });
        for (const LiquidationDistance& side : {tracker.down(spot, fuzz()), tracker.up(spot, fuzz())}) {
            ASSERT_FALSE(std::isnan(side.price) || std::isnan(side.move_ratio) || std::isnan(side.sigmas))
                << "round " << round;
            ASSERT_GE(side.sigmas, 0.0) << "round " << round;
            if (side.status != RootStatus::none) {
                ASSERT_TRUE(std::isfinite(side.move_ratio)) << "round " << round;
            }
        }
    }
}

TEST(MarginFuzzTest, AccountMarginIsAlwaysFinite) {
    Fuzz fuzz;
    AccountMargin margin{test::account_tables().margin};
    const auto check = [](const AccountMarginState& state, int round) {
        for (const double value :
             {state.equity, state.initial, state.maintenance, state.ratio, state.usage_ratio, state.available}) {
            ASSERT_FALSE(std::isnan(value)) << "round " << round;
        }
        ASSERT_LE(std::abs(state.ratio), kMarginRatioMax);
        if (state.quality == kMarginGood) {
            ASSERT_TRUE(std::isfinite(state.equity) && std::isfinite(state.maintenance));
            ASSERT_GE(state.maintenance, 0.0);
        }
    };
    for (int round = 0; round < kRounds && !HasFatalFailure(); ++round) {
        if (fuzz.coin()) margin.on_equity(fuzz());
        if (fuzz.coin()) margin.on_model(finite_margin(fuzz(), fuzz()));
        if (fuzz.coin()) margin.on_venue_report({.initial = fuzz(), .maintenance = fuzz(), .time = fuzz.time()});
        const UnixNanos now = fuzz.time();
        check(margin.state(now), round);
        check(margin.after_trade({.initial = fuzz(), .maintenance = fuzz()}, fuzz(), now), round);
        check(margin.under_stress(fuzz(), {.initial = fuzz(), .maintenance = fuzz()}, now), round);
        ASSERT_FALSE(std::isnan(margin.difference_ratio())) << "round " << round;
    }
}

TEST(MarginFuzzTest, DeleveragingAndFundsAreNeverNan) {
    Fuzz fuzz;
    const test::AccountTables tables = test::account_tables();
    AdlParameters parameters = tables.adl;
    parameters.scale = test::bybit_tables().adl;
    InsuranceFundWatch fund{tables.insurance};
    EquityDrift drift{std::chrono::seconds{60}};
    for (int round = 0; round < kRounds && !HasFatalFailure(); ++round) {
        const AdlScore score = adl_score(
            {.payoff = fuzz.payoff(), .amount = fuzz(), .entry = fuzz(), .mark = fuzz(), .bankruptcy = fuzz()});
        ASSERT_TRUE(std::isfinite(score.score) && std::isfinite(score.leverage)) << "round " << round;
        const AdlRisk risk = adl_risk(fuzz(), fuzz(), fuzz(), parameters);
        ASSERT_TRUE(std::isfinite(risk.risk_usd) && std::isfinite(risk.indicator)) << "round " << round;
        std::array accounts{AdlAccount{.id = 1, .quantity = fuzz(), .score = fuzz()},
                            AdlAccount{.id = 2, .quantity = fuzz(), .score = fuzz()},
                            AdlAccount{.id = 3, .quantity = fuzz(), .score = fuzz()}};
        std::array<AdlPlace, 3> places{};
        adl_rank(accounts, fuzz(), places);
        for (const AdlPlace& place : places) {
            ASSERT_TRUE(place.percentile_ratio >= 0.0 && place.percentile_ratio <= 1.0) << "round " << round;
            ASSERT_FALSE(std::isnan(place.deleveraged)) << "round " << round;
        }
        const UnixNanos now = fuzz.time();
        fund.on_balance(fuzz(), now);
        fund.on_liquidation(fuzz.coin() ? Side::bid : Side::ask, fuzz(), fuzz(), fuzz(), now);
        ASSERT_FALSE(std::isnan(fund.drop_hour_ratio(now)) || std::isnan(fund.drop_day_ratio(now)) ||
                     std::isnan(fund.bankruptcy_gap_ratio(now)))
            << "round " << round;
        drift.on_equity(fuzz(), fuzz(), now);
        ASSERT_TRUE(std::isfinite(drift.per_second())) << "round " << round;
        ASSERT_FALSE(std::isnan(seconds_to_liquidation(fuzz(), fuzz(), fuzz()))) << "round " << round;
    }
}

}  // namespace
}  // namespace keel::risk
