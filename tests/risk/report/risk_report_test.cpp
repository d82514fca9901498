#include "risk/report/risk_report.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "risk/tail/historical.hpp"
#include "tests/risk/stress/stress_book.hpp"

namespace keel::risk {
namespace {

constexpr std::uint64_t kSeed = 11;

// The two-venue book of the stress tests, with 400 days of history and Deribit's standard tables for its options'
// venue.
ReportInputs inputs() {
    auto [book, market] = test::stress_book();
    ReportInputs out;
    out.book = book;
    out.market = market;
    std::mt19937_64 random{kSeed};
    std::normal_distribution daily{0.0, 0.03};
    UnderlyingHistory history;
    for (int day = 0; day < 400; ++day) {
        history.returns.push_back(daily(random));
        history.volatility_changes.push_back(-history.returns.back() + 0.5 * daily(random));
    }
    out.histories = {history};
    out.smiles.resize(1);
    out.liquidity.assign(book.contracts.size(), {.spread = 0.001, .daily_volume = 1e6, .daily_volatility = 0.03});
    out.venue_margins.resize(2);
    out.venue_margins[0].law = MarginLaw::deribit_standard;
    out.venue_margins[0].underlyings = {
        {.future = DeribitFutureMargin{.initial_rate = 0.02, .maintenance_rate = 0.01, .rate_per_coin = 0.00005},
         .option = DeribitOptionMargin{.initial_rate = 0.15, .initial_rate_floor = 0.1, .maintenance_rate = 0.075}}};
    return out;
}

double value_of(const RiskReport& report, std::string_view name, std::string_view scope = "") {
    const ReportMetric* metric = find_metric(report, name, scope);
    return metric == nullptr ? std::numeric_limits<double>::quiet_NaN() : metric->value;
}

const TailRow& tail_of(const RiskReport& report, std::string_view method) {
    return *std::ranges::find(report.tails, method, &TailRow::method);
}

TEST(RiskReportTest, SumsAreThoseOfFullRevaluation) {
    const ReportInputs in = inputs();
    const RiskReport report = make_risk_report(in);
    const Sensitivities sums = book_sensitivities(in.book, in.market, UnderlyingSlot{0}).sums;
    EXPECT_DOUBLE_EQ(report.equity_usd, value_book(in.book, in.market).usd);
    EXPECT_DOUBLE_EQ(value_of(report, "delta_bs", "BTC"), sums.delta_bs);
    EXPECT_DOUBLE_EQ(value_of(report, "delta_net", "BTC"), sums.delta_net);
    EXPECT_DOUBLE_EQ(value_of(report, "vega_usd", "BTC"), sums.vega / 100.0);
    EXPECT_DOUBLE_EQ(value_of(report, "vanna_coin", "BTC"), sums.vanna / 100.0);
    EXPECT_EQ(find_metric(report, "vanna_coin", "BTC")->unit, "coin per point");
    double parts = 0.0;
    for (const PositionRow& row : report.positions) parts += row.value_usd;
    EXPECT_NEAR(parts, report.equity_usd, 1e-6);
}

TEST(RiskReportTest, DollarDeltaIsTheDerivativeOfEquity) {
    const ReportInputs in = inputs();
    constexpr double kStep = 1e-5;
    const std::array up{UnderlyingShock{.spot = kStep}}, down{UnderlyingShock{.spot = -kStep}};
    const double slope = (value_book(in.book, in.market, {.underlyings = up}).usd -
                          value_book(in.book, in.market, {.underlyings = down}).usd) /
                         (2.0 * kStep);
    EXPECT_NEAR(value_of(make_risk_report(in), "dollar_delta_usd"), slope, 1e-5 * std::abs(slope) + 1.0);
}

TEST(RiskReportTest, ComponentsSumToTheTailTheyBelongTo) {
    const RiskReport report = make_risk_report(inputs());
    EXPECT_EQ(report.scenario_method, "filtered_historical");
    double var = 0.0, es = 0.0;
    for (const PositionRow& row : report.positions) {
        var += row.var_component_usd;
        es += row.es_component_usd;
    }
    const TailRow& tail = tail_of(report, "filtered_historical");
    EXPECT_NEAR(var, tail.var_99_usd, 1e-9 * tail.var_99_usd);
    EXPECT_NEAR(es, tail.es_975_usd, 1e-9 * tail.es_975_usd);
    EXPECT_NEAR(value_of(report, "effective_bets") * value_of(report, "concentration_underlying"), 1.0, 1e-12);
}

// A tenth more of a position adds its margin times that much, while the tail's days stay the same.
TEST(RiskReportTest, MarginalTailsAreDerivativesInTheQuantity) {
    ReportInputs in = inputs();
    const RiskReport report = make_risk_report(in);
    const std::size_t place = static_cast<std::size_t>(
        std::ranges::find(report.positions, "BTC_USDC-PERPETUAL", &PositionRow::name) - report.positions.begin());
    constexpr double kMore = 1e-4;
    in.book.holdings[test::kPerpetual].quantity += kMore;
    const double after = tail_of(make_risk_report(in), "filtered_historical").es_975_usd;
    const double before = tail_of(report, "filtered_historical").es_975_usd;
    EXPECT_NEAR((after - before) / kMore, report.positions[place].es_marginal_usd,
                1e-4 * std::abs(report.positions[place].es_marginal_usd));
}

// The historical tail by its definition: the book of one underlying and one tenor, revalued on each day's moves.
TailMeasures revalued_tail(const ReportInputs& in, double years) {
    const double base = value_book(in.book, in.market).usd;
    const double weight = tenor_weight(VolatilityTenor::power, years);
    std::vector<double> pnl;
    for (std::size_t day = 0; day < in.histories[0].returns.size(); ++day) {
        const std::array moves{
            UnderlyingShock{.spot = std::expm1(in.histories[0].returns[day]),
                            .volatility = std::expm1(in.histories[0].volatility_changes[day] * weight)}};
        pnl.push_back(value_book(in.book, in.market, {.underlyings = moves}).usd - base);
    }
    return *historical_tail(pnl, 0.99);
}

TEST(RiskReportTest, HistoricalTailIsFullRevaluationOfEveryDay) {
    ReportInputs in = inputs();
    const RiskReport report = make_risk_report(in);
    const TailMeasures want = revalued_tail(in, 20.0 / 365.0);
    EXPECT_NEAR(tail_of(report, "historical").var_99_usd, want.var_usd, 1e-9 * std::abs(want.var_usd));
}

// The method that the crash backtest accepted: returns at the volatility of now, changes of implied volatility as they
// were. The EWMA is written out here: lambda 0.94, seeded with the mean of 50 squares, known before each day.
TEST(RiskReportTest, FilteredTailRescalesPricesAndLeavesVolatilities) {
    const ReportInputs in = inputs();
    const RiskReport report = make_risk_report(in);
    const std::vector<double>& returns = in.histories[0].returns;
    double variance = 0.0;
    for (std::size_t day = 0; day < 50; ++day) variance += returns[day] * returns[day] / 50.0;
    std::vector<double> then(50, std::sqrt(variance));
    for (std::size_t day = 50; day < returns.size(); ++day) {
        then.push_back(std::sqrt(variance));
        variance = 0.94 * variance + 0.06 * returns[day] * returns[day];
    }
    const double base = value_book(in.book, in.market).usd;
    const double weight = tenor_weight(VolatilityTenor::power, 20.0 / 365.0);
    std::vector<double> pnl;
    for (std::size_t day = 0; day < returns.size(); ++day) {
        const std::array moves{
            UnderlyingShock{.spot = std::expm1(returns[day] * std::sqrt(variance) / then[day]),
                            .volatility = std::expm1(in.histories[0].volatility_changes[day] * weight)}};
        pnl.push_back(value_book(in.book, in.market, {.underlyings = moves}).usd - base);
    }
    std::vector<double> copy = pnl;
    const TailMeasures var = *historical_tail(copy, 0.99), es = *historical_tail(pnl, 0.975);
    EXPECT_NEAR(tail_of(report, "filtered_historical").var_99_usd, var.var_usd, 1e-9 * std::abs(var.var_usd));
    EXPECT_NEAR(tail_of(report, "filtered_historical").es_975_usd, es.es_usd, 1e-9 * std::abs(es.es_usd));
}

// A close with digits too many is a missing day, in scenarios and in the covariance alike.
TEST(RiskReportTest, AMoveThatNoMarketMakesIsAMissingDay) {
    for (const bool is_return : {true, false}) {
        ReportInputs in = inputs();
        double& day = (is_return ? in.histories[0].returns : in.histories[0].volatility_changes)[390];
        day = std::numeric_limits<double>::quiet_NaN();
        const RiskReport missing = make_risk_report(in);
        for (const double move : {5.01, -9.0, 1e5}) {
            day = move;
            const RiskReport report = make_risk_report(in);
            for (const char* method : {"normal", "historical", "filtered_historical"}) {
                EXPECT_EQ(tail_of(report, method).var_99_usd, tail_of(missing, method).var_99_usd) << method << move;
            }
            EXPECT_EQ(find_metric(report, "var_99_usd", "")->quality, "missing days filled") << move;
            const std::string of = is_return ? "BTC" : "BTC's volatility";
            EXPECT_EQ(std::ranges::count(report.notes, of + ": 1 of 400 days move as no market does, taken as missing"),
                      1)
                << move;
        }
    }
}

// Half of the delivery price is fixed: every day of the history is valued on what is left, options and futures.
TEST(RiskReportTest, HistoricalTailInTheSettlementWindowIsFullRevaluation) {
    ReportInputs in = inputs();
    in.book.contracts[test::kPerpetual].expiry = ExpirySlot{0};
    ExpiryMarket& expiry = in.market.expiries[0];
    expiry.expiry = in.market.now + std::chrono::minutes{15};
    expiry.settlement_window = std::chrono::minutes{30};
    expiry.settlement_average = 50'050.0;
    const RiskReport report = make_risk_report(in);
    for (ContractQuote& quote : in.market.quotes) quote.volatility *= std::sqrt(3.0);  // of the index
    const TailMeasures want = revalued_tail(in, 15.0 / 525'600.0);
    EXPECT_NEAR(tail_of(report, "historical").var_99_usd, want.var_usd, 1e-9 * std::abs(want.var_usd));
    ASSERT_EQ(report.settlements.size(), 1U);
    EXPECT_NEAR(report.settlements[0].elapsed, 0.5, 1e-12);
}

TEST(RiskReportTest, WithoutHistoryTailsAreParametricAndSaySo) {
    ReportInputs in = inputs();
    in.histories[0] = {.daily_volatility = 0.03};
    const RiskReport report = make_risk_report(in);
    EXPECT_TRUE(std::ranges::find(report.tails, "historical", &TailRow::method) == report.tails.end());
    EXPECT_GT(value_of(report, "var_99_usd"), 0.0);
    EXPECT_FALSE(report.notes.empty());
    in.histories.clear();
    const RiskReport blind = make_risk_report(in);
    EXPECT_TRUE(blind.tails.empty());
    EXPECT_TRUE(std::isnan(value_of(blind, "var_99_usd")));
    EXPECT_EQ(find_metric(blind, "var_99_usd", "")->quality, "unknown");
}

TEST(RiskReportTest, LiquidationPriceIsWhereEquityMeetsMaintenance) {
    ReportInputs in = inputs();
    const RiskReport report = make_risk_report(in);
    const VenueReport& alpha = report.venues[0];
    EXPECT_GT(alpha.margin_ratio, 1.0);
    ASSERT_EQ(alpha.liquidations.size(), 1U);
    const double up = alpha.liquidations[0].still.up.distance_ratio;
    ASSERT_TRUE(std::isfinite(up)) << "short calls must be liquidated somewhere above";
    const double maintenance = alpha.maintenance_margin_usd;
    EXPECT_GT(maintenance, 0.0);
    // With the spot there the report's own ratio is one.
    for (UnderlyingMarket& underlying : in.market.underlyings) underlying.index *= 1.0 + up;
    for (ExpiryMarket& expiry : in.market.expiries) expiry.forward *= 1.0 + up;
    for (ContractQuote& quote : in.market.quotes) quote.mark *= 1.0 + up;
    EXPECT_NEAR(make_risk_report(in).venues[0].margin_ratio, 1.0, 1e-3);
    EXPECT_TRUE(std::isnan(report.venues[1].margin_ratio)) << "beta has no model";
}

TEST(RiskReportTest, AMissingMarginTableIsUnknownAndNotFree) {
    ReportInputs in = inputs();
    in.venue_margins[0].underlyings[0].option.reset();
    const RiskReport report = make_risk_report(in);
    EXPECT_TRUE(std::isnan(report.venues[0].margin_ratio));
    EXPECT_TRUE(std::isnan(value_of(report, "maintenance_margin_usd", "alpha")));
}

// beta holds a perpetual and has no model; with a law but no table its margin is not known; with neither position nor
// margin it lacks nothing.
TEST(RiskReportTest, WhatMarginsNeedSaysWhichVenuesHaveNone) {
    ReportInputs in = inputs();
    const auto quality = [&](const char* name) { return find_metric(make_risk_report(in), name, "")->quality; };
    for (const char* name : {"reverse_crash_scale", "leverage_margin"}) {
        EXPECT_EQ(quality(name), "1 venue without a margin model");
    }
    EXPECT_EQ(quality("leverage_gross"), "good");
    in.venue_margins[1].law = MarginLaw::deribit_standard;
    EXPECT_EQ(quality("leverage_margin"), "margin of 1 venue not known");
    in.venue_margins[1].law = MarginLaw::none;
    in.book.holdings[test::kPerpetual] = {};
    EXPECT_EQ(quality("leverage_margin"), "good") << "only cash is left there";
    in.venue_margins.clear();
    EXPECT_EQ(quality("reverse_crash_scale"), "unknown");
}

const StressResult& stress_of(const RiskReport& report, std::string_view id) {
    return *std::ranges::find(report.stresses, id, &StressResult::id);
}

// The same book without the venue, reported on its own.
TEST(RiskReportTest, AVenuesDefaultLeavesTheVarOfTheOthers) {
    const RiskReport report = make_risk_report(inputs());
    for (const std::size_t venue : {0U, 1U}) {
        ReportInputs rest = inputs();
        for (std::size_t row = 0; row < rest.book.contracts.size(); ++row) {
            if (rest.book.contracts[row].venue == VenueSlot(static_cast<std::uint16_t>(venue))) {
                rest.book.holdings[row] = {};
            }
        }
        const double want = value_of(make_risk_report(rest), "var_99_usd");
        ASSERT_GT(want, 0.0);
        EXPECT_NEAR(stress_of(report, venue == 0 ? "VENUE:alpha" : "VENUE:beta").var_99_usd, want, 1e-9 * want);
    }
    ReportInputs blind = inputs();
    blind.histories.clear();
    EXPECT_TRUE(std::isnan(stress_of(make_risk_report(blind), "VENUE:alpha").var_99_usd));
}

// Two coins at one venue, long 100,000 USD of one and short 60,000 of the other, 3 % and 5 % a day, correlated by half.
ReportInputs two_coins() {
    ReportInputs in;
    in.market.now = unix_nanos_from_ms(1'767'225'600'000);
    in.market.underlyings = {{.index = 50'000.0}, {.index = 3'000.0}};
    in.market.stables = {1.0};
    in.book.underlying_names = {"BTC", "ETH"};
    in.book.stable_names = {"USDC"};
    in.book.venue_names = {"alpha"};
    for (const std::size_t u : {0U, 1U}) {
        in.book.contracts.push_back({.kind = ContractKind::linear_future,
                                     .underlying = UnderlyingSlot(static_cast<std::uint16_t>(u)),
                                     .stable = StableSlot{0},
                                     .venue = VenueSlot{0}});
        in.book.names.emplace_back(u == 0 ? "BTC_USDC-PERPETUAL" : "ETH_USDC-PERPETUAL");
        in.book.holdings.push_back(u == 0 ? Holding{2.0, 50'000.0} : Holding{-20.0, 3'000.0});
        in.market.quotes.push_back({.mark = in.market.underlyings[u].index});
    }
    in.histories = {{.daily_volatility = 0.03}, {.daily_volatility = 0.05}};
    in.correlations = {1.0, 0.5, 0.5, 1.0};
    return in;
}

TEST(RiskReportTest, CorrelationsArePushedPartOfTheWay) {
    const RiskReport report = make_risk_report(two_coins());
    for (const auto& [id, part] : {std::pair{"CORR1:0.5", 0.5}, {"CORR1:0.9", 0.9}, {"CORR1", 1.0}}) {
        const double rho = 0.5 + part * 0.5;
        const double want = std::sqrt(3'000.0 * 3'000.0 + 3'000.0 * 3'000.0 - 2.0 * rho * 3'000.0 * 3'000.0);
        EXPECT_NEAR(stress_of(report, id).sigma_usd, want, 0.2) << id;  // of central differences of 1 %
        EXPECT_NEAR(stress_of(report, id).var_99_usd, 2.3263478740408408 * want, 0.5) << id;
    }
    EXPECT_NEAR(stress_of(report, "CORR_AGAINST").sigma_usd, 6'000.0, 0.2);
}

// Three coins, of which the third moves with both others and these against each other: no market does.
TEST(RiskReportTest, CorrelationsThatCannotBeAreRepairedAndMissingOnesAreOne) {
    ReportInputs in = two_coins();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    in.correlations = {1.0, nan, nan, nan};
    const RiskReport missing = make_risk_report(in);
    EXPECT_EQ(
        std::ranges::count(missing.notes, "no history and no correlations of some: those taken as moving together"), 1);
    in.correlations.clear();
    EXPECT_EQ(tail_of(missing, "normal").var_99_usd, tail_of(make_risk_report(in), "normal").var_99_usd);
    in.book.underlying_names.emplace_back("SOL");
    in.market.underlyings.push_back({.index = 150.0});
    in.histories.push_back({.daily_volatility = 0.06});
    in.correlations = {1.0, -0.9, 0.9, -0.9, 1.0, 0.9, 0.9, 0.9, 1.0};
    const std::string note = "the correlations given contradict each other: the nearest that do not are used";
    EXPECT_EQ(std::ranges::count(make_risk_report(in).notes, note), 1);
    in.correlations = {1.0, -0.4, 0.4, -0.4, 1.0, 0.4, 0.4, 0.4, 1.0};
    EXPECT_EQ(std::ranges::count(make_risk_report(in).notes, note), 0);
}

// A history that is too short, or that another coin has none beside, still tells its coin's own volatility.
TEST(RiskReportTest, WithoutACommonHistoryEachCoinMovesByItsOwn) {
    ReportInputs in = two_coins();
    std::mt19937_64 random{kSeed};
    std::normal_distribution daily{0.0, 0.03};
    double variance = 0.0;
    for (std::size_t day = 0; day < 80; ++day) {
        const double move = in.histories[0].returns.emplace_back(daily(random));
        variance = day < 50 ? variance + move * move / 50.0 : 0.94 * variance + 0.06 * move * move;
    }
    in.histories[0].daily_volatility = std::sqrt(variance);
    const RiskReport want = make_risk_report(in);
    in.histories[0].daily_volatility = std::numeric_limits<double>::quiet_NaN();
    const RiskReport report = make_risk_report(in);
    EXPECT_NEAR(value_of(report, "var_99_usd"), value_of(want, "var_99_usd"), 1e-9 * value_of(want, "var_99_usd"));
    EXPECT_EQ(find_metric(report, "var_99_usd", "")->quality, "good");
}

TEST(RiskReportTest, ACoinOfWhichNoMovesAreKnownIsNamedByEveryTail) {
    ReportInputs in = two_coins();
    in.histories[1].daily_volatility = std::numeric_limits<double>::quiet_NaN();
    const RiskReport report = make_risk_report(in);
    for (const char* metric : {"var_99_usd", "es_975_usd", "leverage_risk"}) {
        EXPECT_EQ(find_metric(report, metric, "")->quality, "a price stands still") << metric;
    }
    EXPECT_EQ(find_metric(report, "leverage_gross", "")->quality, "good");
    EXPECT_EQ(
        std::ranges::count(report.notes,
                           "ETH: neither daily returns nor a daily volatility, its price stands still in every tail"),
        1);
}

// two_coins() with 10,000 USDC beside it, and a maintenance margin of 1 % of notional.
ReportInputs margined_coins() {
    ReportInputs in = two_coins();
    in.book.contracts.push_back({.kind = ContractKind::stable_cash, .stable = StableSlot{0}, .venue = VenueSlot{0}});
    in.book.names.emplace_back("USDC");
    in.book.holdings.push_back({.quantity = 10'000.0});
    in.market.quotes.emplace_back();
    const std::array tiers{
        MarginTier{.cap = 1e9, .maintenance_rate = 0.01, .deduction = std::numeric_limits<double>::quiet_NaN()}};
    TierTable table;
    EXPECT_EQ(table.assign(tiers, 1e-9), TierProblem::none);
    in.venue_margins = {{.law = MarginLaw::binance_tiers, .tiers = {{0, table}, {1, table}}, .leverage = 10.0}};
    return in;
}

// BTC alone: 10,000 - 1,600 + 99,000 x = 0. ETH following by its beta of
// 0.5 x 5 / 3: 8,400 + (100,000 - 50,000 - 1,000 - 500) x = 0; ETH alone: 8,400 - 60,600 y = 0; BTC following by 0.3:
// 8,400 + (30,000 - 60,000 - 600 - 300) y = 0.
TEST(RiskReportTest, LiquidationIsToldWithTheOthersStillAndByBeta) {
    ReportInputs in = margined_coins();
    const RiskReport report = make_risk_report(in);
    ASSERT_EQ(report.venues[0].liquidations.size(), 2U);
    const auto& btc = report.venues[0].liquidations[0];
    EXPECT_NEAR(btc.still.down.distance_ratio, 8'400.0 / 99'000.0, 2e-5);
    EXPECT_NEAR(btc.by_beta.down.distance_ratio, 8'400.0 / 48'500.0, 2e-5);
    EXPECT_NEAR(btc.by_beta.down.price, 50'000.0 * (1.0 - 8'400.0 / 48'500.0), 1.0);
    EXPECT_NEAR(btc.by_beta.sigmas, -std::log1p(-8'400.0 / 48'500.0) / 0.03, 1e-3);
    EXPECT_EQ(btc.by_beta.up.status, RootStatus::none);
    EXPECT_EQ(btc.by_beta.down.status, RootStatus::found);
    const auto& eth = report.venues[0].liquidations[1];
    EXPECT_NEAR(eth.still.up.distance_ratio, 8'400.0 / 60'600.0, 2e-5);
    EXPECT_NEAR(eth.by_beta.up.distance_ratio, 8'400.0 / 30'900.0, 2e-5);
    in.histories[1].daily_volatility = std::numeric_limits<double>::quiet_NaN();
    const RiskReport unknown = make_risk_report(in);
    EXPECT_TRUE(std::isfinite(unknown.venues[0].liquidations[0].still.down.price));
    EXPECT_EQ(unknown.venues[0].liquidations[0].by_beta.down.status, RootStatus::unknown) << "no volatility, no beta";
}

// The same book: BTC is nearest by its move, ETH by its deviations; what is not known may be nearer.
TEST(RiskReportTest, TheNearestLiquidationIsAMetric) {
    ReportInputs in = margined_coins();
    const double btc = 8'400.0 / 99'000.0, eth = 8'400.0 / 60'600.0;
    const RiskReport report = make_risk_report(in);
    for (const char* scope : {"", "alpha"}) {
        EXPECT_NEAR(value_of(report, "liq_distance", scope), btc, 2e-5) << scope;
        EXPECT_NEAR(value_of(report, "liq_sigmas", scope), std::log1p(eth) / 0.05, 1e-3) << scope;
    }
    EXPECT_NEAR(value_of(report, "liq_distance", "BTC"), btc, 2e-5);
    EXPECT_NEAR(value_of(report, "liq_sigmas", "BTC"), -std::log1p(-btc) / 0.03, 1e-3);
    EXPECT_NEAR(value_of(report, "liq_distance", "ETH"), eth, 2e-5);
    EXPECT_EQ(find_metric(report, "liq_distance", "ETH")->quality, "good");
    in.histories[1].daily_volatility = std::numeric_limits<double>::quiet_NaN();
    const RiskReport half = make_risk_report(in);
    EXPECT_NEAR(value_of(half, "liq_distance", "BTC"), btc, 2e-5);
    EXPECT_EQ(find_metric(half, "liq_distance", "BTC")->quality, "a liquidation price is unknown") << "by beta";
    EXPECT_TRUE(std::isnan(value_of(half, "liq_sigmas", "ETH")));
    in.limits = {{.metric = "liq_distance", .scope = "alpha", .soft = 0.2, .hard = 0.1, .below = true}};
    EXPECT_EQ(find_metric(make_risk_report(in), "liq_distance", "alpha")->state, LimitState::hard);
    in.venue_margins.clear();
    const RiskReport blind = make_risk_report(in);
    EXPECT_EQ(find_metric(blind, "liq_distance", "alpha")->state, LimitState::unknown);
    ASSERT_EQ(blind.venues[0].liquidations.size(), 2U) << "unknown is said";
    EXPECT_EQ(blind.venues[0].liquidations[0].still.up.status, RootStatus::unknown);
    in.book.holdings[0] = in.book.holdings[1] = {};
    const RiskReport cash = make_risk_report(in);
    EXPECT_TRUE(std::isinf(value_of(cash, "liq_distance", "alpha"))) << "nothing is margined";
    EXPECT_EQ(find_metric(cash, "liq_distance", "alpha")->state, LimitState::inside);
}

// Twenty ETH sold for 60,000 USD on one BTC of collateral less 10,000 USDC: 50,000 (1 + x) - 10,000 = 600.
TEST(RiskReportTest, ACoinThatIsOnlyCollateralHasALiquidationPrice) {
    ReportInputs in = margined_coins();
    in.book.holdings[0] = {};
    in.book.contracts.push_back(
        {.kind = ContractKind::coin_cash, .underlying = UnderlyingSlot{0}, .venue = VenueSlot{0}});
    in.book.names.emplace_back("BTC");
    in.book.holdings.push_back({.quantity = 1.0});
    in.market.quotes.emplace_back();
    in.book.holdings[2].quantity = -10'000.0;  // borrowed against it
    const RiskReport report = make_risk_report(in);
    ASSERT_EQ(report.venues[0].liquidations.size(), 2U);
    const LiquidationSide& down = report.venues[0].liquidations[0].still.down;
    EXPECT_EQ(down.status, RootStatus::found);
    EXPECT_NEAR(down.distance_ratio, 1.0 - 10'600.0 / 50'000.0, 2e-5);
}

// beta's linear perpetual marked 10 % lower: 4 x 5,005 USD of equity less, and gross notional with it.
TEST(RiskReportTest, AnOracleTellsWhichLimitsItsPricesWouldFire) {
    ReportInputs in = inputs();
    const RiskReport calm = make_risk_report(in);
    const double lost = 0.1 * 4.0 * 50'050.0;
    const double geared = value_of(calm, "leverage_gross");
    const double geared_then = (value_of(calm, "gross_notional_usd") - lost) / (calm.equity_usd - lost);
    ASSERT_GT(geared_then, geared);
    in.limits = {{.metric = "equity_usd",
                  .soft = calm.equity_usd - 0.5 * lost,
                  .hard = calm.equity_usd - 2.0 * lost,
                  .below = true},
                 {.metric = "equity_usd",
                  .scope = "beta",
                  .soft = 1e5,
                  .hard = calm.venues[1].equity_usd - 0.99 * lost,
                  .below = true},
                 {.metric = "leverage_gross", .soft = 0.5 * (geared + geared_then), .hard = 1.001 * geared_then},
                 {.metric = "var_99_usd", .soft = 1.0, .hard = 1e9}};
    const StressResult beta = stress_of(make_risk_report(in), "ORACLE:beta");
    const auto fired = [&](std::string_view metric, std::string_view scope) {
        return std::ranges::find_if(
            beta.limits_fired, [&](const FiredLimit& limit) { return limit.metric == metric && limit.scope == scope; });
    };
    ASSERT_NE(fired("equity_usd", ""), beta.limits_fired.end());
    EXPECT_FALSE(fired("equity_usd", "")->hard);
    ASSERT_NE(fired("equity_usd", "beta"), beta.limits_fired.end());
    EXPECT_TRUE(fired("equity_usd", "beta")->hard);
    ASSERT_NE(fired("leverage_gross", ""), beta.limits_fired.end());
    EXPECT_FALSE(fired("leverage_gross", "")->hard);
    EXPECT_EQ(fired("var_99_usd", ""), beta.limits_fired.end()) << "not recomputed";
}

// Without history by notional: 4, 3, 2 and 1 coins of 100 USD, the last in another stablecoin.
TEST(RiskReportTest, ConcentrationsByHand) {
    ReportInputs in;
    in.market.now = unix_nanos_from_ms(1'767'225'600'000);
    in.market.expiries = {
        {.underlying = UnderlyingSlot{0}, .expiry = in.market.now + std::chrono::days{20}, .forward = 100.0}};
    in.market.stables = {1.0, 1.0};
    in.book.stable_names = {"USDC", "USDT"};
    in.book.venue_names = {"alpha"};
    const auto hold = [&](Contract contract, double quantity, ContractQuote quote) {
        contract.venue = VenueSlot{0};
        in.book.contracts.push_back(contract);
        in.book.holdings.push_back({.quantity = quantity, .entry = 100.0});
        in.book.names.push_back("C" + std::to_string(in.book.names.size()));
        in.market.quotes.push_back(quote);
    };
    for (std::uint16_t u = 0; u < 4; ++u) {
        in.market.underlyings.push_back({.index = 100.0});
        in.book.underlying_names.push_back({static_cast<char>('A' + u)});
        hold({.kind = ContractKind::linear_future,
              .underlying = UnderlyingSlot{u},
              .stable = StableSlot(u == 3 ? 1 : 0)},
             4.0 - u, {.mark = 100.0});
    }
    const RiskReport futures = make_risk_report(in);
    EXPECT_NEAR(value_of(futures, "top1_underlying"), 0.4, 1e-12);
    EXPECT_NEAR(value_of(futures, "top3_underlying"), 0.9, 1e-12);
    EXPECT_NEAR(value_of(futures, "concentration_underlying"), 0.16 + 0.09 + 0.04 + 0.01, 1e-12);
    EXPECT_NEAR(value_of(futures, "concentration_stablecoin"), 0.81 + 0.01, 1e-12);
    EXPECT_NEAR(value_of(futures, "concentration_strike"), 1.0, 1e-12) << "nothing has one";
    // Ten coins each of strikes 96 and 104, around the index, and of 120: with the futures, parts of 10, 20 and 10.
    for (const double strike : {96.0, 104.0, 120.0}) {
        hold({.kind = ContractKind::linear_option,
              .type = OptionType::call,
              .underlying = UnderlyingSlot{0},
              .expiry = ExpirySlot{0},
              .stable = StableSlot{0},
              .strike = strike},
             -10.0, {.volatility = 0.6});
    }
    const RiskReport options = make_risk_report(in);
    EXPECT_NEAR(value_of(options, "concentration_strike"), (100.0 + 400.0 + 100.0) / 1'600.0, 1e-12);
    EXPECT_NEAR(value_of(options, "concentration_stablecoin"), (39.0 * 39.0 + 1.0) / 1'600.0, 1e-12);
}

// With history by parts of the expected shortfall; a diversifier counts nothing.
TEST(RiskReportTest, ConcentrationsAreThoseOfTheExpectedShortfall) {
    const RiskReport report = make_risk_report(inputs());
    double options = 0.0, linear = 0.0, rest = 0.0;
    for (const PositionRow& row : report.positions) {
        const bool option = row.name == "CALL" || row.name == "PUT";
        (option ? options : row.name == "BTC_USDC-PERPETUAL" ? linear : rest) += row.es_component_usd;
    }
    const auto hhi = [](double a, double b) {
        a = std::max(a, 0.0), b = std::max(b, 0.0);
        return (a * a + b * b) / ((a + b) * (a + b));
    };
    EXPECT_NEAR(value_of(report, "concentration_strike"), hhi(options, linear + rest), 1e-12);
    EXPECT_NEAR(value_of(report, "concentration_stablecoin"), hhi(linear, options + rest), 1e-12);
}

TEST(RiskReportTest, LimitsAreJudgedAndFloorsTurnedRound) {
    ReportInputs in = inputs();
    in.limits = {{.metric = "leverage_gross", .soft = 0.001, .hard = 1e6},
                 {.metric = "margin_ratio", .scope = "alpha", .soft = 1e6, .hard = 0.001, .below = true},
                 {.metric = "delta_net", .scope = "BTC", .soft = 1e5, .hard = 1e6},
                 {.metric = "margin_ratio", .scope = "beta", .soft = 2.0, .hard = 1.0, .below = true}};
    const RiskReport report = make_risk_report(in);
    EXPECT_EQ(find_metric(report, "leverage_gross", "")->state, LimitState::soft);
    EXPECT_EQ(find_metric(report, "margin_ratio", "alpha")->state, LimitState::soft);
    EXPECT_EQ(find_metric(report, "delta_net", "BTC")->state, LimitState::inside);
    EXPECT_EQ(find_metric(report, "margin_ratio", "beta")->state, LimitState::unknown);
    EXPECT_EQ(find_metric(report, "delta_bs", "BTC")->state, LimitState::none);
}

TEST(RiskReportTest, ASmileValuesWhatHasNoVolatilityOfItsOwn) {
    ReportInputs in = inputs();
    in.market.quotes[test::kShortCall].volatility = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(find_metric(make_risk_report(in), "delta_bs", "BTC")->quality, "1 holding not priced");
    const double years = years_between(in.market.now, in.market.expiries[0].expiry);
    in.smiles[0].svi =
        SviParameters{.a = 0.36 * years - 1e-9, .b = 1e-9, .rho = 0.0, .m = 0.0, .sigma = 1.0};  // flat 60 %
    const RiskReport report = make_risk_report(in);
    EXPECT_EQ(find_metric(report, "delta_bs", "BTC")->quality, "good");
    EXPECT_NEAR(value_of(report, "vega_usd", "BTC"), value_of(make_risk_report(inputs()), "vega_usd", "BTC"), 1e-3);
    EXPECT_TRUE(report.smiles[0].arbitrage_free);
}

// A smile given at 20 days only: 7 days lie before it, 30 and 90 behind. The 25-delta strikes by scanning, the fair
// variance as minus twice the mean of ln(S/F) under the slice's own density.
TEST(RiskReportTest, SurfaceSignalsOfTheCurvesByHand) {
    ReportInputs in = inputs();
    EXPECT_EQ(find_metric(make_risk_report(in), "volatility_30d", "BTC"), nullptr) << "no curve, no signals";
    const SviParameters svi{.a = 0.01, .b = 0.04, .rho = -0.3, .m = 0.0, .sigma = 0.1};
    in.smiles[0].svi = svi;
    const RiskReport report = make_risk_report(in);
    ASSERT_TRUE(report.smiles.at(0).arbitrage_free) << report.smiles[0].note;
    const double years = 20.0 / 365.0, at_money = std::sqrt((0.01 + 0.04 * 0.1) / years);
    for (const char* name : {"volatility_7d", "volatility_30d", "volatility_90d"}) {
        EXPECT_NEAR(value_of(report, name, "BTC"), at_money, 1e-9) << name;
        EXPECT_EQ(find_metric(report, name, "BTC")->quality, "outside the expiries") << name;
    }
    // At 30 days the whole smile is scaled by 30 / 20 in total variance.
    const auto variance = [&](double k) { return 1.5 * svi_total_variance(svi, k); };
    const auto volatility_at = [&](double delta) {
        double best = 1.0, found = 0.0;
        for (double k = -0.6; k < 0.6; k += 1e-6) {
            const double deviation = std::sqrt(variance(k));
            const double miss = std::abs(0.5 * std::erfc((k / deviation - 0.5 * deviation) / std::sqrt(2.0)) - delta);
            if (miss < best) best = miss, found = deviation / std::sqrt(30.0 / 365.0);
        }
        return found;
    };
    const double call = volatility_at(0.25), put = volatility_at(0.75);
    EXPECT_NEAR(value_of(report, "risk_reversal_30d", "BTC"), call - put, 1e-6);
    EXPECT_NEAR(value_of(report, "butterfly_30d", "BTC"), 0.5 * (call + put) - at_money, 1e-6);
    SviParameters month = svi;
    month.a *= 1.5;
    month.b *= 1.5;
    double mean = 0.0;
    for (double k = -6.0; k <= 6.0; k += 1e-4) mean += k * svi_density(month, k) * 1e-4;
    EXPECT_NEAR(value_of(report, "variance_30d", "BTC"), -2.0 * mean * 365.0 / 30.0, 1e-4);
}

// Two coins sold at the second venue against three at the first: the leg offsets two thirds of the other venue's risk,
// and without it two coins are open for a day: 2.3263 deviations of 4 %. Binance's 4 of 0..4 is the venue's first.
TEST(RiskReportTest, DeleveragingOfAHedgeByHand) {
    ReportInputs in = inputs();
    for (std::size_t row = 0; row < in.book.holdings.size(); ++row) in.book.holdings[row].quantity = 0.0;
    in.book.holdings[test::kPerpetual] = {.quantity = -2.0, .entry = 48'000.0};
    in.book.holdings[4].quantity = 3.0;  // coin at the first venue
    in.histories = {{.daily_volatility = 0.04}};
    EXPECT_TRUE(make_risk_report(in).deleveraging.empty()) << "no indicator was given";
    in.adl_indicators = {4.0};
    EXPECT_EQ(make_risk_report(in).deleveraging.at(0).risk.status, MarginStatus::bad_input) << "no scale";
    in.venue_margins[1].adl = {.lowest = 0.0, .highest = 4.0};
    const AdlRow row = make_risk_report(in).deleveraging.at(0);
    ASSERT_EQ(row.risk.status, MarginStatus::ok);
    const double mark = in.market.quotes[test::kPerpetual].mark, index = in.market.underlyings[0].index;
    EXPECT_NEAR(row.offset_ratio, 2.0 * mark / (3.0 * index), 1e-9);
    EXPECT_NEAR(row.risk.risk_usd, 2.0 * mark * 0.04 * 2.3263478740, 1e-3);
    EXPECT_EQ(row.risk.indicator, 5.0);
    EXPECT_TRUE(row.risk.act);
    in.adl_indicators = {2.0};  // 3 of 5: three fifths of it, and not yet
    const AdlRow calm = make_risk_report(in).deleveraging.at(0);
    EXPECT_NEAR(calm.risk.risk_usd, 0.6 * row.risk.risk_usd, 1e-9 * row.risk.risk_usd);
    EXPECT_FALSE(calm.risk.act);
    in.book.holdings[test::kPerpetual].quantity = 2.0;  // no hedge: its loss costs nothing
    EXPECT_EQ(make_risk_report(in).deleveraging.at(0).risk.risk_usd, 0.0);
    in.market.quotes[test::kPerpetual].mark = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(make_risk_report(in).deleveraging.at(0).risk.status, MarginStatus::bad_input) << "no price";
}

// The standard law adds positions up, cell by cell; the risk matrix of portfolio margin does not.
TEST(RiskReportTest, CellsOfTheExposureMatrixSumToTheMarginWhereItAdds) {
    ReportInputs in = inputs();
    const RiskReport report = make_risk_report(in);
    double sum = 0.0;
    std::size_t cells = 0;
    for (const ExposureRow& cell : report.exposures) {
        if (cell.venue != VenueSlot{0}) {
            EXPECT_TRUE(std::isnan(cell.initial_margin_usd)) << "beta has no model";
            continue;
        }
        ++cells;
        EXPECT_GT(cell.initial_margin_usd, 0.0);
        sum += cell.initial_margin_usd;
    }
    EXPECT_EQ(cells, 2U) << "perpetual and options";
    EXPECT_NEAR(sum, report.venues[0].initial_margin_usd, 1e-9 * sum);
    in.venue_margins[0].law = MarginLaw::deribit_portfolio;
    for (const ExposureRow& cell : make_risk_report(in).exposures) EXPECT_TRUE(std::isnan(cell.initial_margin_usd));
}

TEST(RiskReportTest, PortfolioMarginOfTheRiskMatrix) {
    ReportInputs in = inputs();
    in.venue_margins[0].law = MarginLaw::deribit_portfolio;
    in.venue_margins[0].portfolio = {.maintenance_ratio = 0.8, .worst_case_decimals = 9};
    EXPECT_TRUE(std::isnan(make_risk_report(in).venues[0].margin_ratio)) << "no matrix parameters";
    in.venue_margins[0].underlyings[0].matrix = DeribitMatrixParameters{.price_range = 0.16,
                                                                        .buckets = 4,
                                                                        .volatility_range_up = 0.5,
                                                                        .volatility_range_down = 0.25,
                                                                        .short_term_vega_power = 0.3,
                                                                        .long_term_vega_power = 0.13,
                                                                        .short_term_days = 30.0,
                                                                        .tenor_days_min = 1.0,
                                                                        .volatility_shocked_up_min = 0.5,
                                                                        .extended_factor = 1.0,
                                                                        .extended_dampener_usd = 100'000.0,
                                                                        .annualised_move_risk = 0.075,
                                                                        .annualised_move_min = 0.01,
                                                                        .delta_shock_threshold_usd = 2e7};
    const VenueReport venue = make_risk_report(in).venues[0];
    EXPECT_GT(venue.maintenance_margin_usd, 0.0);
    EXPECT_NEAR(venue.maintenance_margin_usd, 0.8 * venue.initial_margin_usd, 1e-9 * venue.initial_margin_usd);
}

}  // namespace
}  // namespace keel::risk
