// What a tail lacks is said by the tail and by every metric that is made from it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <limits>
#include <random>

#include "risk/book/revaluation.hpp"
#include "risk/report/report_smiles.hpp"
#include "risk/report/report_tail.hpp"
#include "risk/tail/historical.hpp"
#include "tests/app/risk_files/risk_files.hpp"

namespace keel::app {
namespace {

using risk::RiskReport;

class TailInputsTest : public test::RiskFiles {
protected:
    static double value(const RiskReport& report, std::string_view metric, std::string_view scope = "") {
        return find_metric(report, metric, scope)->value;
    }
    static const risk::TailRow& tail(const RiskReport& report, std::string_view method) {
        return *std::ranges::find(report.tails, method, &risk::TailRow::method);
    }
};

constexpr const char* kTwoPerpetuals = R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":130000,"entry":65000},
  {"instrument":"ETH_USDC-PERPETUAL","quantity":-20,"entry":3000}],
  "cash":[{"currency":"BTC","amount":3},{"currency":"USDC","amount":1000}]})";
std::string traded(const std::string& btc, const std::string& eth) {
    return R"({"time":"2026-03-01T08:00:00Z","stablecoins":{"USDC":1},
      "underlyings":[{"name":"BTC","index":65000,"daily_volatility":0.03},
                     {"name":"ETH","index":3000,"daily_volatility":0.04}],"correlations":[[1,0.5],[0.5,1]],
      "instruments":[{"name":"BTC-PERPETUAL","mark":65000)" +
           btc + R"(},{"name":"ETH_USDC-PERPETUAL","mark":3000)" + eth + "}]}";
}

TEST_F(TailInputsTest, AnExitCostIsUnknownWhereNoSpreadIsAndCountsWhatItLacks) {
    const std::string depth = R"(,"daily_volume":1e8,"daily_volatility":0.03)";
    const std::string whole = depth + R"(,"spread":0.001)";
    const RiskReport known = report(kTwoPerpetuals, {traded(whole, whole)});
    EXPECT_EQ(quality(known, "exit_cost_usd", ""), "good");
    EXPECT_EQ(quality(known, "days_to_exit", ""), "good");
    const RiskReport none = report(kTwoPerpetuals, {traded(depth, depth)});
    EXPECT_TRUE(std::isnan(value(none, "exit_cost_usd")));
    EXPECT_EQ(quality(none, "exit_cost_usd", ""), "unknown");
    EXPECT_EQ(quality(none, "days_to_exit", ""), "good") << "volumes are all it needs";
    const RiskReport one = report(kTwoPerpetuals, {traded(whole, R"(,"spread":0.001)")});
    EXPECT_NEAR(value(one, "exit_cost_usd"), 130'000.0 * (0.0005 + 0.9 * 0.03 * std::sqrt(130'000.0 / 1e8)), 1e-6);
    EXPECT_EQ(quality(one, "exit_cost_usd", ""), "1 position without a market");
    EXPECT_EQ(quality(one, "days_to_exit", ""), "1 position without a market");
}

TEST_F(TailInputsTest, TheLiquidityAdjustedTailSaysWhichSpreadsItHas) {
    const RiskReport mean = report(kTwoPerpetuals, {traded(R"(,"spread":0.001)", R"(,"spread":0.002)")});
    const double before = value(mean, "var_99_usd");
    EXPECT_NEAR(tail(mean, "liquidity_adjusted").var_99_usd, before + 65.0 + 60.0, 1e-6);
    EXPECT_EQ(tail(mean, "liquidity_adjusted").note, "plus half spreads, their deviations not given");
    const RiskReport both =
        report(kTwoPerpetuals,
               {traded(R"(,"spread":0.001,"spread_deviation":0.0005)", R"(,"spread":0.002,"spread_deviation":0)")});
    EXPECT_NEAR(tail(both, "liquidity_adjusted").var_99_usd, before + 65.0 * (1.0 + 3.0 * 0.5) + 60.0, 1e-6);
    EXPECT_EQ(tail(both, "liquidity_adjusted").note, "plus half of spreads and 3 deviations");
    const RiskReport one = report(kTwoPerpetuals, {traded(R"(,"spread":0.001,"spread_deviation":0.0005)", "")});
    EXPECT_NEAR(tail(one, "liquidity_adjusted").es_975_usd, value(one, "es_975_usd") + 162.5, 1e-6);
    EXPECT_EQ(tail(one, "liquidity_adjusted").note,
              "plus half of spreads and 3 deviations, 1 position without a spread");
    const RiskReport none = report(kTwoPerpetuals, {traded("", "")});
    EXPECT_TRUE(std::isnan(tail(none, "liquidity_adjusted").var_99_usd));
    EXPECT_EQ(tail(none, "liquidity_adjusted").note, "no spread is known");
    EXPECT_THROW(load(kTwoPerpetuals, {traded(R"(,"spread_deviation":-0.1)", "")}), InputError);
}

constexpr std::size_t kDays = 120;
std::vector<double> random_days() {
    std::mt19937_64 random{7};
    std::normal_distribution daily{0.0, 0.03};
    std::vector<double> out(kDays);
    for (double& day : out) day = daily(random);
    return out;
}
std::vector<double> times(double factor, std::vector<double> days) {
    for (double& day : days) day *= factor;
    return days;
}
// NaN: null.
std::string list(const std::vector<double>& days) {
    std::string out;
    for (const double day : days)
        out += (out.empty() ? "[" : ",") + (std::isnan(day) ? "null" : fmt::format("{}", day));
    return out + "]";
}
std::vector<double> without(std::vector<double> days, std::initializer_list<std::size_t> lost) {
    for (const std::size_t day : lost) days[day] = std::numeric_limits<double>::quiet_NaN();
    return days;
}

// Short 5 calls of 40 days on BTC, long 20 ETH.
constexpr const char* kCallsAndEther = R"({"positions":[{"instrument":"BTC-10APR26-70000-C","quantity":-5},
  {"instrument":"ETH_USDC-PERPETUAL","quantity":20,"entry":3000}],"cash":[{"currency":"BTC","amount":3}],
  "limits":[{"metric":"var_99_usd","soft":1,"hard":1e9}]})";
std::string remembered(const std::vector<double>& btc, const std::vector<double>& eth,
                       const std::vector<double>& volatility) {
    return R"({"time":"2026-03-01T08:00:00Z","stablecoins":{"USDC":1},"underlyings":[{"name":"BTC","index":65000,
      "returns":)" +
           list(btc) + (volatility.empty() ? "" : R"(,"volatility_changes":)" + list(volatility)) +
           R"(},{"name":"ETH","index":3000,"returns":)" + list(eth) +
           R"(}],"expiries":[{"underlying":"BTC","expiry":"10APR26","forward":65500}],
      "instruments":[{"name":"BTC-10APR26-70000-C","iv":0.6,"spread":0.02,"daily_volume":1e4,"daily_volatility":0.3},
        {"name":"ETH_USDC-PERPETUAL","mark":3000,"spread":0.001,"daily_volume":1e8,"daily_volatility":0.04}]})";
}

TEST_F(TailInputsTest, AVolatilityThatStandsStillIsDoubtedWhereItMatters) {
    const std::vector<double> days = random_days();
    const RiskReport moving = report(kCallsAndEther, {remembered(days, times(1.5, days), times(-0.5, days))});
    EXPECT_EQ(quality(moving, "var_99_usd", ""), "good");
    EXPECT_EQ(tail(moving, "filtered_historical").note, "120 days");
    const RiskReport still = report(kCallsAndEther, {remembered(days, times(1.5, days), {})});
    for (const char* name : {"var_99_usd", "es_975_usd", "leverage_risk", "concentration_strike", "top1_underlying"}) {
        EXPECT_EQ(quality(still, name, ""), "volatility stands still") << name;
    }
    for (const char* name : {"equity_usd", "vega_usd", "stress_worst_usd", "leverage_gross"}) {
        EXPECT_EQ(quality(still, name, ""), "good") << name;
    }
    EXPECT_EQ(tail(still, "filtered_historical").note, "120 days, volatility stands still");
    EXPECT_EQ(tail(still, "normal").note, "volatility stands still");
    EXPECT_TRUE(has_note(still, "BTC: no history of its volatility, which stands still in every tail"));
    EXPECT_TRUE(has_note(still, "the limit of var_99_usd is judged on doubtful inputs"));
    const std::string daily = traded("", "");
    EXPECT_EQ(quality(report(kTwoPerpetuals, {daily}), "var_99_usd", ""), "good") << "futures have no vega";
    EXPECT_EQ(quality(report(R"({"positions":[{"instrument":"BTC-10APR26-70000-C","quantity":-5}],
                                 "cash":[{"currency":"BTC","amount":3}]})",
                             {daily, R"({"time":"2026-03-01T08:00:00Z",
                                "expiries":[{"underlying":"BTC","expiry":"10APR26","forward":65500}],
                                "instruments":[{"name":"BTC-10APR26-70000-C","iv":0.6}]})"}),
                      "var_99_usd", ""),
              "volatility stands still")
        << "parametric tails, too";
}

// Everything moves by a multiple of BTC: what is filled is what was lost, and the tail the same.
TEST_F(TailInputsTest, MissingDaysAreFilledFromAnotherUnderlyingAndCounted) {
    const std::vector<double> days = random_days(), eth = times(1.5, days), volatility = times(-0.5, days);
    const double want = value(report(kCallsAndEther, {remembered(days, eth, volatility)}), "var_99_usd");
    const auto same = [&](const std::string& market, const std::string& note) {
        const RiskReport filled = report(kCallsAndEther, {market});
        EXPECT_NEAR(value(filled, "var_99_usd"), want, 1e-9 * want) << note;
        EXPECT_EQ(quality(filled, "var_99_usd", ""), "missing days filled") << note;
        EXPECT_EQ(quality(filled, "stress_worst_usd", ""), "good") << note;
        EXPECT_EQ(tail(filled, "historical").note, "120 days, missing days filled") << note;
        EXPECT_TRUE(has_note(filled, note)) << note;
    };
    const std::string by_another = " are missing, filled by another underlying's returns";
    same(remembered(days, without(eth, {3, 80}), volatility), "ETH: 2 of 120 daily returns" + by_another);
    same(remembered(without(days, {119}), eth, volatility), "BTC: 1 of 120 daily returns" + by_another);
    same(remembered(days, eth, without(volatility, {0})), "BTC: 1 of 120 volatility changes" + by_another);
    const std::vector<double> young{volatility.begin() + 70, volatility.end()};
    same(remembered(days, eth, young), "BTC: 70 of 120 volatility changes" + by_another);
    const RiskReport few = report(kCallsAndEther, {remembered(days, eth, {volatility.begin() + 95, volatility.end()})});
    EXPECT_EQ(quality(few, "var_99_usd", ""), "volatility stands still") << "25 days say nothing of a beta";
}

// exp(4.9) in a day: at the volatility that it leaves behind it is beyond any move, and the tail is of another method.
TEST_F(TailInputsTest, AReturnThatCannotBeRescaledIsDoubted) {
    std::vector<double> days = random_days(), jump = days;
    jump[kDays - 20] = 4.9;
    const std::vector<double> volatility = times(-0.5, days);
    const risk::ReportInputs inputs = load(kCallsAndEther, {remembered(jump, days, volatility)});
    const RiskReport out = make_risk_report(inputs);
    EXPECT_TRUE(std::isnan(tail(out, "filtered_historical").var_99_usd));
    EXPECT_EQ(value(out, "var_99_usd"), tail(out, "historical").var_99_usd);
    for (const char* metric : {"var_99_usd", "es_975_usd", "leverage_risk"})
        EXPECT_EQ(quality(out, metric, ""), "a return cannot be rescaled") << metric;
    EXPECT_EQ(quality(out, "delta_net", "BTC"), "good");
    EXPECT_TRUE(has_note(
        out, "BTC: a daily return cannot be rescaled to the volatility of now, filtered_historical is not known"));
    // Of a stress that leaves the book as it is the same.
    risk::MarketState market = inputs.market;
    (void)fill_volatilities(inputs, report_smiles(inputs), market);
    EXPECT_NEAR(risk::report_var_99_usd(inputs, market), value(out, "var_99_usd"), 1e-6);
    const RiskReport calm = report(kCallsAndEther, {remembered(days, days, volatility)});
    EXPECT_EQ(quality(calm, "var_99_usd", ""), "good");
}

TEST_F(TailInputsTest, ADayThatNoUnderlyingKnowsIsLeftOut) {
    std::vector<double> days = random_days();
    const RiskReport lost =
        report(kCallsAndEther, {remembered(without(days, {60}), without(times(1.5, days), {60}), times(-0.5, days))});
    days.erase(days.begin() + 60);
    const double want =
        value(report(kCallsAndEther, {remembered(days, times(1.5, days), times(-0.5, days))}), "var_99_usd");
    EXPECT_NEAR(value(lost, "var_99_usd"), want, 1e-9 * want);
    EXPECT_EQ(quality(lost, "var_99_usd", ""), "missing days filled");
    EXPECT_TRUE(has_note(lost, "1 day without any return left out of the tails"));
}

// Too few days for a tail of their own make a volatility, of those that are there.
TEST_F(TailInputsTest, DaysThatADailyVolatilityIsNotOfAreCounted) {
    const std::vector<double> days = random_days(), few{days.begin(), days.begin() + 80};
    std::vector<double> absurd = few;
    absurd[70] = 9.0;
    const auto with = [](const std::vector<double>& returns, const std::string& more = "") {
        return R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":65000,"returns":)" +
               list(returns) + more + R"(}],"instruments":[{"name":"BTC-PERPETUAL","mark":65000}]})";
    };
    const char* held = R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":130000,"entry":65000}],
                           "cash":[{"currency":"USD","amount":1000}]})";
    EXPECT_EQ(quality(report(held, {with(few)}), "var_99_usd", ""), "good");
    const RiskReport moved = report(held, {with(absurd)}), lost = report(held, {with(without(few, {70}))});
    EXPECT_EQ(value(moved, "var_99_usd"), value(lost, "var_99_usd"));
    const std::string counted = "BTC: 1 of 80 daily returns are missing, left out of its volatility";
    for (const RiskReport* out : {&moved, &lost}) {
        EXPECT_EQ(quality(*out, "var_99_usd", ""), "missing days filled");
        EXPECT_EQ(tail(*out, "normal").note, "missing days filled");
        EXPECT_TRUE(has_note(*out, counted));
    }
    const std::string said = "BTC: 1 of 80 days move as no market does, taken as missing";
    EXPECT_TRUE(has_note(moved, said));
    EXPECT_FALSE(has_note(lost, said));
    const RiskReport given = report(held, {with(absurd, R"(,"daily_volatility":0.03)")});
    EXPECT_EQ(quality(given, "var_99_usd", ""), "good") << "of other days";
    EXPECT_FALSE(has_note(given, said));
    // The last days of them are part of its age.
    absurd = few;
    absurd[79] = absurd[78] = 9.0;
    EXPECT_EQ(find_metric(report(held, {with(absurd)}), "var_99_usd", "")->age_seconds, 86'400.0);
}

// Nothing that moves: nothing to lose, nothing to doubt.
TEST_F(TailInputsTest, ABookThatHoldsNothingHasATailOfNothing) {
    std::vector<double> days = random_days();
    const std::string market =
        R"({"time":"2026-03-01T08:00:00Z","stablecoins":{"USDC":1},"underlyings":[{"name":"BTC","index":65000,
          "returns":)" +
        list(without(days, {60})) + R"(},{"name":"ETH","index":3000,"returns":[0.01]}],
          "instruments":[{"name":"BTC_USDC-PERPETUAL","mark":65000}]})";
    for (const char* positions : {"", R"({"instrument":"BTC_USDC-PERPETUAL","quantity":5,"entry":65000},
                                         {"instrument":"BTC_USDC-PERPETUAL","quantity":-5,"entry":65000})"}) {
        const RiskReport out =
            report(R"({"positions":[)" + std::string{positions} + R"(],"cash":[{"currency":"USDC","amount":1000}]})",
                   {market});
        for (const char* name : {"var_99_usd", "es_975_usd"}) {
            EXPECT_EQ(value(out, name), 0.0) << positions;
            EXPECT_EQ(quality(out, name, ""), "good") << positions;
        }
        for (const std::string& note : out.notes) {
            EXPECT_EQ(note.find("left out of the tails"), std::string::npos) << note;
            EXPECT_EQ(note.find("correlations"), std::string::npos) << note;
        }
    }
}

// A day that a history ends before the others is one that it lacks, and no day is laid beside another.
TEST_F(TailInputsTest, HistoriesThatEndOnDifferentDaysAreLaidByTheirDays) {
    const std::vector<double> days = random_days(), eth = times(1.5, days), volatility = times(-0.5, days);
    const auto ending = [](std::string market, const std::string& name, const std::string& end) {
        const std::string row = R"({"name":")" + name + R"(",)";
        return market.replace(market.find(row), row.size(),
                              row + R"("history_end":"2026-02-)" + end + R"(T08:00:00Z",)");
    };
    const auto shorter = [](std::vector<double> all, std::size_t by) {
        all.resize(all.size() - by);
        return all;
    };
    const double want = value(report(kCallsAndEther, {remembered(days, eth, volatility)}), "var_99_usd");
    const std::string young = remembered(days, shorter(eth, 1), volatility);
    const RiskReport late = report(kCallsAndEther, {ending(young, "ETH", "28")});
    EXPECT_NEAR(value(late, "var_99_usd"), want, 1e-9 * want);
    EXPECT_EQ(quality(late, "var_99_usd", ""), "missing days filled");
    EXPECT_TRUE(has_note(late, "ETH: 1 of 120 daily returns are missing, filled by another underlying's returns"));
    EXPECT_EQ(find_metric(late, "correlation", "BTC/ETH")->quality, "1 day not usable");
    // What does not say when it ends does so with its file's prices.
    const std::string old = remembered(shorter(days, 2), eth, shorter(volatility, 2));
    const risk::ReportInputs inputs = load(kCallsAndEther, {ending(old, "BTC", "27")});
    ASSERT_EQ(inputs.histories[0].returns.size(), kDays);
    ASSERT_EQ(inputs.histories[0].volatility_changes.size(), kDays);
    EXPECT_EQ(inputs.histories[0].returns[kDays - 3], days[kDays - 3]);
    EXPECT_TRUE(std::isnan(inputs.histories[0].returns[kDays - 2]));
    EXPECT_TRUE(std::isnan(inputs.histories[0].volatility_changes[kDays - 1]));
    EXPECT_EQ(inputs.histories[1].returns, eth);
}

TEST_F(TailInputsTest, MoreChangesOfVolatilityThanReturnsAreRefused) {
    const std::vector<double> days = random_days();
    const std::vector<double> fewer{days.begin() + 1, days.end()};
    try {
        (void)load(kCallsAndEther, {remembered(fewer, days, days)});
        FAIL() << "of which day is the first?";
    } catch (const InputError& error) {
        EXPECT_NE(
            std::string{error.what()}.find("market.json: underlyings[0]: 120 volatility_changes are more than the "
                                           "119 returns"),
            std::string::npos)
            << error.what();
    }
}

// Long 10 straddles of two days, short 10 calls of forty.
constexpr const char* kStraddles = R"({"positions":[{"instrument":"BTC-3MAR26-65000-C","quantity":10},
  {"instrument":"BTC-3MAR26-65000-P","quantity":10},{"instrument":"BTC-10APR26-70000-C","quantity":-10}],
  "cash":[{"currency":"BTC","amount":10}]})";
std::string at_time(const std::string& time, const std::string& history) {
    return R"({"time":")" + time + R"(","underlyings":[{"name":"BTC","index":65000,)" + history +
           R"(}],"expiries":[{"underlying":"BTC","expiry":"3MAR26","forward":65000,"settlement_average":65100},
             {"underlying":"BTC","expiry":"10APR26","forward":65500}],
      "instruments":[{"name":"BTC-3MAR26-65000-C","iv":0.7},{"name":"BTC-3MAR26-65000-P","iv":0.7},
                     {"name":"BTC-10APR26-70000-C","iv":0.6}]})";
}

// Prices move by 3 % up or down, so that the filter leaves them as they are; volatilities as they like.
struct SteadyDays {
    std::vector<double> returns = random_days(), volatility_changes = random_days();
    SteadyDays() {
        for (std::size_t day = 0; day < kDays; ++day) returns[day] = std::copysign(0.03, returns[(day + 7) % kDays]);
    }
    [[nodiscard]] std::string text() const {
        return R"("returns":)" + list(returns) + R"(,"volatility_changes":)" + list(volatility_changes);
    }
};

// Its own volatilities are the index's, no longer as quoted.
risk::ReportInputs valued(risk::ReportInputs in) {
    (void)fill_volatilities(in, {}, in.market);
    return in;
}

// By its definition: the book in each day's moves with the clock a day on, less the book now.
risk::TailMeasures one_day_tail(const risk::ReportInputs& in, const SteadyDays& days, risk::MarketState later) {
    later.now = later.now + std::chrono::hours{24};
    const double base = value_book(in.book, in.market).usd;
    std::vector<double> pnl;
    for (std::size_t day = 0; day < kDays; ++day) {
        const std::array moves{risk::UnderlyingShock{.spot = std::expm1(days.returns[day])}};
        for (std::size_t row = 0; row < in.book.contracts.size(); ++row) {
            const risk::ExpirySlot expiry = in.book.contracts[row].expiry;
            if (expiry == risk::ExpirySlot::none) continue;
            const double years = years_between(later.now, later.expiries[static_cast<std::size_t>(expiry)].expiry);
            later.quotes[row].volatility =
                in.market.quotes[row].volatility *
                std::exp(days.volatility_changes[day] * tenor_weight(risk::VolatilityTenor::power, years));
        }
        pnl.push_back(value_book(in.book, later, {.underlyings = moves}).usd - base);
    }
    std::vector<double> copy = pnl;
    return {.var_usd = risk::historical_tail(pnl, 0.99)->var_usd, .es_usd = risk::historical_tail(copy, 0.975)->es_usd};
}

TEST_F(TailInputsTest, TheOneDayTailIsFullRevaluationADayLater) {
    const SteadyDays days;
    const risk::ReportInputs quoted = load(kStraddles, {at_time("2026-03-01T08:00:00Z", days.text())});
    const RiskReport report = make_risk_report(quoted);
    const risk::ReportInputs in = valued(quoted);
    const risk::TailMeasures want = one_day_tail(in, days, in.market);
    EXPECT_NEAR(tail(report, "filtered_historical_one_day").var_99_usd, want.var_usd, 1e-9 * want.var_usd);
    EXPECT_NEAR(tail(report, "filtered_historical_one_day").es_975_usd, want.es_usd, 1e-9 * want.es_usd);
    EXPECT_EQ(value(report, "var_99_usd"), tail(report, "filtered_historical").var_99_usd) << "no method of its own";
    risk::MarketState later = in.market;
    later.now = later.now + std::chrono::hours{24};
    const double still = value_book(in.book, later).usd - value_book(in.book, in.market).usd;
    ASSERT_LT(still, 0.0);
    EXPECT_TRUE(has_note(report, "a day on which nothing moves costs " + std::to_string(std::llround(-still)) +
                                     " USD; var_99_usd lets no time pass, filtered_historical_one_day does"));
}

// Ten hours before its delivery: on the way the straddle pays on the price of the day, whatever the average will be.
TEST_F(TailInputsTest, WhatExpiresOnTheWayPays) {
    const SteadyDays days;
    const risk::ReportInputs quoted = load(kStraddles, {at_time("2026-03-02T22:00:00Z", days.text())});
    const risk::ReportInputs in = valued(quoted);
    ASSERT_GT(in.market.expiries[0].settlement_window.count(), 0);
    risk::MarketState paying = in.market;
    paying.expiries[0].settlement_window = {};
    const risk::TailMeasures want = one_day_tail(in, days, paying);
    const RiskReport report = make_risk_report(quoted);
    EXPECT_NEAR(tail(report, "filtered_historical_one_day").var_99_usd, want.var_usd, 1e-9 * want.var_usd);
    // Inside the window what is fixed is fixed; the rest of the window is no day.
    const risk::ReportInputs open = load(R"({"positions":[{"instrument":"BTC-3MAR26-65000-C","quantity":10}]})",
                                         {at_time("2026-03-03T07:45:00Z", days.text())});
    const RiskReport fixing = make_risk_report(open);
    EXPECT_NEAR(tail(fixing, "filtered_historical_one_day").var_99_usd, value(fixing, "var_99_usd"), 1e-6);
}

// Where nothing can move a day costs its decay.
TEST_F(TailInputsTest, TheDeltaGammaTailHasTheDaysDecay) {
    const risk::ReportInputs quoted = load(kStraddles, {at_time("2026-03-01T08:00:00Z", R"("daily_volatility":1e-9)")});
    const risk::ReportInputs in = valued(quoted);
    risk::MarketState later = in.market;
    later.now = later.now + std::chrono::hours{24};
    const double still = value_book(in.book, later).usd - value_book(in.book, in.market).usd;
    const RiskReport report = make_risk_report(quoted);
    EXPECT_NEAR(tail(report, "delta_gamma").var_99_usd, -still, 0.1);
    EXPECT_NEAR(tail(report, "delta_gamma").es_975_usd, -still, 0.1);
    EXPECT_NEAR(tail(report, "normal").var_99_usd, 0.0, 0.1);
}

// 120 closes that rise to the index, and the same told newest first.
TEST_F(TailInputsTest, ClosesThatDoNotEndAtTheIndexAreDoubted) {
    std::vector<double> closes;
    for (int day = 0; day < 120; ++day) closes.push_back(65'000.0 * std::exp(0.004 * (day - 119) + 0.01 * (day % 3)));
    const auto told = [&] {
        return report(R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":130000,"entry":65000}],
                          "cash":[{"currency":"BTC","amount":3}]})",
                      {fmt::format(R"({{"time":"2026-03-01T08:00:00Z","underlyings":[{{"name":"BTC","index":65000,
                        "closes":[{}]}}],"instruments":[{{"name":"BTC-PERPETUAL","mark":65000}}]}})",
                                   fmt::join(closes, ","))});
    };
    EXPECT_EQ(quality(told(), "var_99_usd", ""), "good");
    std::ranges::reverse(closes);
    EXPECT_EQ(quality(told(), "var_99_usd", ""), "closes far from the index");
    EXPECT_EQ(quality(told(), "delta_net", "BTC"), "good");
}

}  // namespace
}  // namespace keel::app
