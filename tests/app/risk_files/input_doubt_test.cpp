// What is doubtful about an input is said by every metric that it is part of, and moves none of their limits.
#include <cmath>

#include <fmt/format.h>

#include "app/report/risk_report_text.hpp"
#include "risk/book/revaluation.hpp"
#include "risk/report/report_doubts.hpp"
#include "tests/app/risk_files/risk_files.hpp"

namespace keel::app {
namespace {

using risk::RiskReport;

class InputDoubtTest : public test::RiskFiles {
protected:
    // Quality of something of BTC, of the account and of the venue.
    static void expect_quality(const RiskReport& report, const std::string& words) {
        EXPECT_EQ(quality(report, "delta_net", "BTC"), words);
        EXPECT_EQ(quality(report, "equity_usd", ""), words);
        EXPECT_EQ(quality(report, "equity_usd", "deribit"), words);
        EXPECT_EQ(quality(report, "delta_net", "ETH"), "good") << "nothing of it is doubtful";
    }
};

// `positions` beside a perpetual on ETH, which is in order.
std::string holding(const std::string& positions) {
    return R"({"positions":[{"instrument":"ETH-PERPETUAL","quantity":3000,"entry":3000},)" + positions +
           R"(],"cash":[{"currency":"BTC","amount":3}],
           "limits":[{"metric":"delta_net","scope":"BTC","soft":5,"hard":15}]})";
}
std::string market(const std::string& expiry, const std::string& instruments) {
    return R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":65000},{"name":"ETH","index":3000}],
      "expiries":[)" +
           expiry + R"(],"instruments":[{"name":"ETH-PERPETUAL","mark":3001})" + instruments + "]}";
}
constexpr const char* kForward = R"({"underlying":"BTC","expiry":"27MAR26","forward":66300})";

TEST_F(InputDoubtTest, AFutureWithoutAMarkIsPricedAtTheForwardOfItsExpiry) {
    const std::string future = holding(R"({"instrument":"BTC-27MAR26","quantity":132600,"entry":65000})");
    const RiskReport stood_in = report(future, {market(kForward, "")});
    const RiskReport marked = report(future, {market(kForward, R"(,{"name":"BTC-27MAR26","mark":66300})")});
    expect_quality(marked, "good");
    expect_quality(stood_in, "mark from the forward");
    EXPECT_TRUE(has_note(stood_in, "BTC-27MAR26: mark from the forward"));
    EXPECT_TRUE(has_note(stood_in, "the limit of delta_net BTC is judged on doubtful inputs"));
    EXPECT_NEAR(stood_in.equity_usd, 3.0 * 65'000.0 + 65'000.0 * 132'600.0 * (1.0 / 65'000.0 - 1.0 / 66'300.0) + 1.0,
                1e-2);
    ASSERT_EQ(stood_in.metrics.size(), marked.metrics.size());
    for (std::size_t i = 0; i < marked.metrics.size(); ++i) {
        const risk::ReportMetric &is = stood_in.metrics[i], &was = marked.metrics[i];
        EXPECT_EQ(is.state, was.state) << is.name;
        EXPECT_EQ(std::isnan(is.value), std::isnan(was.value)) << is.name;
        if (std::isnan(was.value)) continue;
        EXPECT_DOUBLE_EQ(is.value, was.value) << is.name;
    }
}

// A digit lost: the future's own mark is the only word on the forward, and would agree with itself.
TEST_F(InputDoubtTest, AForwardThatNoCarryExplainsIsDoubted) {
    const std::string future = holding(R"({"instrument":"BTC-27MAR26","quantity":132600,"entry":65000})");
    expect_quality(report(future, {market("", R"(,{"name":"BTC-27MAR26","mark":6630})")}),
                   "mark far from the index, entry far from the mark");
    const std::string option = holding(R"({"instrument":"BTC-27MAR26-70000-C","quantity":2})");
    const char* iv = R"(,{"name":"BTC-27MAR26-70000-C","iv":0.6})";
    expect_quality(report(option, {market(R"({"underlying":"BTC","expiry":"27MAR26","forward":6630})", iv)}),
                   "mark far from the index");
    expect_quality(report(option, {market(kForward, iv)}), "good");
}

// Percent where fractions are meant.
TEST_F(InputDoubtTest, AnAbsurdCurveIsDoubtedWhereItIsUsed) {
    const std::string option = holding(R"({"instrument":"BTC-27MAR26-70000-C","quantity":2})");
    const auto curve = [](const std::string& svi) {
        return R"({"underlying":"BTC","expiry":"27MAR26","forward":66300,"svi":)" + svi + "}";
    };
    expect_quality(report(option, {market(curve(R"({"a":2400,"b":0.02,"rho":-0.3,"m":0,"sigma":0.1})"), "")}),
                   "volatility out of range");
    expect_quality(report(option, {market(curve(R"({"a":0.02,"b":0.02,"rho":-0.3,"m":0,"sigma":0.1})"), "")}), "good");
}

TEST_F(InputDoubtTest, WithoutAForwardTheIndexStandsIn) {
    const RiskReport future = report(holding(R"({"instrument":"BTC-27MAR26","quantity":130000,"entry":65000})"),
                                     {market("", R"(,{"name":"BTC-27MAR26","spread":0.001})")});
    expect_quality(future, "mark from the index");
    EXPECT_NEAR(future.equity_usd, 3.0 * 65'000.0 + 1.0, 1e-2);
    const RiskReport perpetual =
        report(holding(R"({"instrument":"BTC-PERPETUAL","quantity":130000,"entry":65000})"), {market(kForward, "")});
    expect_quality(perpetual, "mark from the index");
    EXPECT_NEAR(perpetual.equity_usd, 3.0 * 65'000.0 + 1.0, 1e-2);
    const RiskReport option = report(holding(R"({"instrument":"BTC-27MAR26-70000-C","quantity":2})"),
                                     {market("", R"(,{"name":"BTC-27MAR26-70000-C","iv":0.6})")});
    expect_quality(option, "forward from the index");
}

// 2 % in 26 days, and at that rate until December; an expiry of today and another coin's say nothing.
TEST_F(InputDoubtTest, AnExpiryWithoutAForwardIsCarriedAsTheNearestThatHasOne) {
    const std::string expiries = R"({"underlying":"BTC","expiry":"27MAR26","forward":66300},
      {"underlying":"BTC","expiry":"2026-03-01T12:00:00Z","forward":60000},
      {"underlying":"ETH","expiry":"25DEC26","forward":2000})";
    const risk::ReportInputs inputs = load(holding(R"({"instrument":"BTC-25DEC26","quantity":1000,"entry":65000},
                        {"instrument":"BTC-26DEC26-70000-C","quantity":1})"),
                                           {market(expiries, "")});
    const auto carried = [&](double days) { return 65'000.0 * std::pow(66'300.0 / 65'000.0, days / 26.0); };
    EXPECT_NEAR(inputs.market.quotes[1].mark, carried(299.0), 1e-6);
    EXPECT_NEAR(inputs.market.expiries[static_cast<std::size_t>(inputs.book.contracts[2].expiry)].forward,
                carried(300.0), 1e-6);
    expect_quality(make_risk_report(inputs), "1 holding not priced, mark from the index, forward from the index");
}

// From 1 March to 26 December: 300 days.
TEST_F(InputDoubtTest, ACarryIsBelievedFromTwoWeeksAwayAndNeverAbove100PercentAYear) {
    const auto carried = [&](const std::string& expiries) {
        const risk::ReportInputs inputs =
            load(holding(R"({"instrument":"BTC-26DEC26-70000-C","quantity":1})"), {market(expiries, "")});
        return inputs.market.expiries[static_cast<std::size_t>(inputs.book.contracts[1].expiry)].forward;
    };
    const std::string day = R"({"underlying":"BTC","expiry":"2MAR26","forward":65325})";
    EXPECT_DOUBLE_EQ(carried(day), 65'000.0) << "half a percent in a day is no carry of 180 % a year";
    const std::string near = R"({"underlying":"BTC","expiry":"14MAR26","forward":65325})";
    EXPECT_DOUBLE_EQ(carried(near), 65'000.0);
    const std::string enough = R"({"underlying":"BTC","expiry":"15MAR26","forward":65130})";
    EXPECT_NEAR(carried(day + "," + near + "," + enough), 65'000.0 * std::pow(1.002, 300.0 / 14.0), 1e-6);
    EXPECT_NEAR(carried(R"({"underlying":"BTC","expiry":"16MAR26","forward":69000})"),
                65'000.0 * std::exp(300.0 / 365.0), 1e-6);
    EXPECT_NEAR(carried(R"({"underlying":"BTC","expiry":"16MAR26","forward":61000})"),
                65'000.0 * std::exp(-300.0 / 365.0), 1e-6);
    const std::string digit_lost = R"({"underlying":"BTC","expiry":"25SEP26","forward":6600})";
    EXPECT_DOUBLE_EQ(carried(digit_lost), 65'000.0);
    EXPECT_NEAR(carried(enough + "," + digit_lost), 65'000.0 * std::pow(1.002, 300.0 / 14.0), 1e-6);
}

// The future at deribit, the option at okx: neither its age nor its doubt is of anything held there.
TEST_F(InputDoubtTest, WhatAForwardIsCarriedFromGivesItItsAgeAndItsDoubt) {
    const std::string option = R"({"instrument":"BTC-26DEC26-70000-C","venue":"okx","quantity":1})";
    const std::string iv = R"(,{"name":"BTC-26DEC26-70000-C","iv":0.6})";
    const auto forward = [](const std::string& age) {
        return R"({"underlying":"BTC","expiry":"27MAR26","forward":66300,"age_seconds":)" + age + "}";
    };
    EXPECT_EQ(quality(report(holding(option), {market(forward("5"), iv)}), "delta_net", "BTC"),
              "forward from the index");
    const RiskReport stale = report(holding(option), {market(forward("600"), iv)});
    EXPECT_EQ(quality(stale, "delta_net", "BTC"), "stale, forward from the index");
    EXPECT_EQ(find_metric(stale, "delta_net", "BTC")->age_seconds, 600.0);
    EXPECT_TRUE(has_note(stale, "expiry 26DEC26 of BTC is stale: 600 s old, 5 s allowed"));

    const std::string both = holding(R"({"instrument":"BTC-27MAR26","quantity":132600,"entry":65000},)" + option);
    const auto at_okx = [&](const std::string& future) {
        return quality(report(both, {market("", R"(,{"name":"BTC-27MAR26","mark":66300)" + future + "}" + iv)}),
                       "equity_usd", "okx");
    };
    EXPECT_EQ(at_okx(R"(,"age_seconds":2)"), "forward from the index, no cash given");
    EXPECT_EQ(at_okx(R"(,"age_seconds":600)"), "stale, forward from the index, no cash given");
    EXPECT_EQ(at_okx(R"(,"spread":-0.001)"), "forward from the index, crossed quote, no cash given");
}

TEST_F(InputDoubtTest, AMarkFarFromWhereItShouldBeIsDoubted) {
    const std::string held = holding(R"({"instrument":"BTC-PERPETUAL","quantity":130000,"entry":65000},
                                        {"instrument":"BTC-27MAR26","quantity":130000,"entry":65000})");
    const auto marked = [&](const std::string& perpetual, const std::string& future) {
        return report(held, {market(kForward, R"(,{"name":"BTC-PERPETUAL","mark":)" + perpetual +
                                                  R"(},{"name":"BTC-27MAR26","mark":)" + future + "}")});
    };
    expect_quality(marked("66900", "68200"), "good");
    expect_quality(marked("67000", "68200"), "mark far from the index");
    expect_quality(marked("66900", "64000"), "mark far from the index");
}

// Nine quotes of 60 % with wings, 1 % apart, of which one or the other is told wrongly.
std::string quoted(const std::string& at_strike, const std::string& instead) {
    std::string quotes;
    for (const char* strike : {"55000", "58000", "61000", "64000", "66000", "68000", "71000", "75000", "80000"}) {
        const double k = std::log(std::stod(strike) / 66'300.0);
        const double middle = 0.6 + 0.4 * k * k;
        quotes += std::string{quotes.empty() ? "" : ","} + R"({"strike":)" + strike;
        quotes += strike == at_strike ? instead
                                      : R"(,"bid_iv":)" + std::to_string(middle - 0.005) + R"(,"ask_iv":)" +
                                            std::to_string(middle + 0.005);
        quotes += "}";
    }
    return R"({"underlying":"BTC","expiry":"27MAR26","forward":66300,"quotes":[)" + quotes + "]}";
}

TEST_F(InputDoubtTest, QuotesOfACurveReachWhatIsValuedOnIt) {
    const std::string option = holding(R"({"instrument":"BTC-27MAR26-71000-C","quantity":2})");
    const RiskReport sound = report(option, {market(quoted("", ""), "")});
    expect_quality(sound, "good");
    const std::string crossed = quoted("58000", R"(,"bid_iv":0.62,"ask_iv":0.61,"mark_iv":0.607)");
    const RiskReport doubtful = report(option, {market(crossed, "")});
    expect_quality(doubtful, "crossed quote");
    EXPECT_EQ(doubtful.smiles.at(0).note, "1 of 9 quotes crossed");
    EXPECT_EQ(find_metric(doubtful, "delta_net", "BTC")->state, find_metric(sound, "delta_net", "BTC")->state);
    EXPECT_EQ(quality(doubtful, "volatility_30d", "BTC"), "outside the expiries, crossed quote");
    expect_quality(report(option, {market(quoted("58000", R"(,"bid_iv":0.6)"), "")}), "one-sided quote");
    expect_quality(report(option, {market(quoted("58000", R"(,"ask_iv":0.6,"mark_iv":0.607)"), "")}),
                   "one-sided quote");
    expect_quality(report(option, {market(quoted("58000", R"(,"mark_iv":0.607)"), "")}), "good");
    const std::string own = R"(,{"name":"BTC-27MAR26-71000-C","iv":0.6})";
    expect_quality(report(option, {market(crossed, own)}), "good");
    EXPECT_EQ(quality(report(option, {market(crossed, own)}), "volatility_30d", "BTC"),
              "outside the expiries, crossed quote");
    expect_quality(
        report(holding(R"({"instrument":"BTC-27MAR26-95000-C","quantity":2})"), {market(quoted("", ""), "")}),
        "beyond the quoted strikes");
}

// The outermost quotes have no volatility, or one that the fit leaves out: they hold nothing.
TEST_F(InputDoubtTest, AWingIsMeasuredFromTheQuotesThatTheCurveWasFittedTo) {
    const auto at = [](const std::string& strike) {
        return holding(R"({"instrument":"BTC-27MAR26-)" + strike + R"(-C","quantity":2})");
    };
    const std::string one_sided = quoted("80000", R"(,"bid_iv":0.6)"), absurd = quoted("55000", R"(,"mark_iv":60)");
    expect_quality(report(at("75000"), {market(one_sided, "")}), "one-sided quote");
    expect_quality(report(at("78000"), {market(one_sided, "")}), "one-sided quote, beyond the quoted strikes");
    expect_quality(report(at("58000"), {market(absurd, "")}), "volatility out of range");
    expect_quality(report(at("57000"), {market(absurd, "")}), "beyond the quoted strikes, volatility out of range");
    expect_quality(report(at("57000"), {market(quoted("", ""), "")}), "valued by the model");
}

// A quote that is missing among others; the curve that was given instead of quotes is the market itself.
TEST_F(InputDoubtTest, AFittedCurveStandsInForAMissingQuote) {
    const auto held = [](const char* strike) {
        return holding(std::string{R"({"instrument":"BTC-27MAR26-)"} + strike + R"(-C","quantity":2})");
    };
    const RiskReport between = report(held("70000"), {market(quoted("", ""), "")});
    expect_quality(between, "valued by the model");
    EXPECT_TRUE(has_note(between, "BTC-27MAR26-70000-C: valued by the model"));
    EXPECT_EQ(between.positions.at(1).doubts, risk::InputDoubt::model_value);
    expect_quality(report(held("71000"), {market(quoted("", ""), "")}), "good");
    expect_quality(report(held("70000"), {market(quoted("", ""), R"(,{"name":"BTC-27MAR26-70000-C","iv":0.6})")}),
                   "good");
    expect_quality(report(held("70000"), {market(R"({"underlying":"BTC","expiry":"27MAR26","forward":66300,
                     "svi":{"a":0.02,"b":0.02,"rho":-0.3,"m":0,"sigma":0.1}})",
                                                 "")}),
                   "good");
}

TEST_F(InputDoubtTest, ArbitrageInAGivenCurveReachesWhatIsValuedOnIt) {
    const std::string option = holding(R"({"instrument":"BTC-27MAR26-70000-C","quantity":2})");
    const auto curve = [](const std::string& b) {
        return R"({"underlying":"BTC","expiry":"27MAR26","forward":66300,
          "svi":{"a":0.02,"b":)" +
               b + R"(,"rho":-0.3,"m":0,"sigma":0.02}})";
    };
    expect_quality(report(option, {market(curve("0.02"), "")}), "good");
    const RiskReport crooked = report(option, {market(curve("1.9"), "")});
    ASSERT_FALSE(crooked.smiles.at(0).arbitrage_free);
    expect_quality(crooked, "arbitrage in a curve");
}

// 60 where 0.6 was meant: the curve goes before it, and without one it stands and is doubted.
TEST_F(InputDoubtTest, AVolatilityThatIsNoMarketsGivesWayToTheCurve) {
    const std::string option = holding(R"({"instrument":"BTC-27MAR26-70000-C","quantity":2})");
    const std::string absurd = R"(,{"name":"BTC-27MAR26-70000-C","iv":60})";
    const RiskReport on_curve = report(option, {market(quoted("", ""), absurd)});
    expect_quality(on_curve, "volatility out of range");
    EXPECT_NE(risk_report_json(on_curve).find("\"quality\": \"volatility out of range\""), std::string::npos);
    EXPECT_DOUBLE_EQ(find_metric(on_curve, "vega_usd", "BTC")->value,
                     find_metric(report(option, {market(quoted("", ""), "")}), "vega_usd", "BTC")->value);
    expect_quality(report(option, {market(kForward, absurd)}), "volatility out of range");
}

// 60 where 0.6 was meant, or quotes in percent that no curve comes out of: the price says what the volatility is.
TEST_F(InputDoubtTest, AnOptionWithAPriceIsSolvedFromItWhereNoVolatilityOrCurveIsUsable) {
    const std::string option = holding(R"({"instrument":"BTC-27MAR26-70000-C","quantity":2})");
    const auto told = [](const std::string& volatility) {
        return R"(,{"name":"BTC-27MAR26-70000-C","mark":0.04)" + volatility + "}";
    };
    const RiskReport solved = report(option, {market(kForward, told(""))});
    expect_quality(solved, "good");
    EXPECT_NEAR(solved.positions.at(1).value_usd, 2.0 * 0.04 * 65'000.0, 1e-6);
    const RiskReport absurd = report(option, {market(kForward, told(R"(,"iv":60)"))});
    expect_quality(absurd, "volatility out of range");
    EXPECT_DOUBLE_EQ(absurd.equity_usd, solved.equity_usd);
    EXPECT_TRUE(has_note(absurd, "1 volatilities were solved from mark prices"));
    std::string percent = R"({"underlying":"BTC","expiry":"27MAR26","forward":66300,"quotes":[)";
    for (const char* strike : {"50000", "60000", "65000", "70000"}) {
        percent += R"({"strike":)" + std::string{strike} + R"(,"mark_iv":55},)";
    }
    percent += R"({"strike":80000,"mark_iv":57}]})";
    const RiskReport no_curve = report(option, {market(percent, told(""))});
    ASSERT_FALSE(no_curve.smiles.at(0).svi.has_value());
    expect_quality(no_curve, "good");
    EXPECT_DOUBLE_EQ(no_curve.equity_usd, solved.equity_usd);
    const char* answer = R"({"result":[{"instrument_name":"BTC-27MAR26-70000-C","direction":"buy","size":2,
      "average_price":0.03,"mark_price":0.04}]})";
    const RiskReport by_venue = report(answer, {market(kForward, R"(,{"name":"BTC-27MAR26-70000-C","iv":60})")});
    EXPECT_NEAR(by_venue.positions.at(0).value_usd, 2.0 * 0.04 * 65'000.0, 1e-6);
    // Dearer than the coin itself: no volatility says that, and the other word stands.
    const std::string dear = R"(,{"name":"BTC-27MAR26-70000-C","mark":1.5,"iv":0.02})";
    expect_quality(report(option, {market(kForward, dear)}), "volatility out of range, price far from its volatility");
    // A price that is no market's, either.
    const std::string high = R"(,{"name":"BTC-27MAR26-70000-C","mark":0.9})";
    expect_quality(report(option, {market(kForward, high)}), "volatility out of range");
}

// At 60 % the call is worth 0.0414 coin; a price is doubted beyond a quarter of that either way.
TEST_F(InputDoubtTest, APriceThatItsVolatilityDoesNotExplainIsDoubted) {
    const std::string option = holding(R"({"instrument":"BTC-27MAR26-70000-C","quantity":2})");
    const auto priced = [](const char* iv, const char* price) {
        return std::string{R"(,{"name":"BTC-27MAR26-70000-C","mark":)"} + price + iv + "}";
    };
    constexpr const char* kOwn = R"(,"iv":0.6)";
    const risk::ReportInputs inputs = load(option, {market(kForward, priced(kOwn, "0.0414"))});
    const double value =
        risk::holding_value(inputs.book.contracts[1], {.quantity = 1.0}, inputs.market.quotes[1], inputs.market);
    EXPECT_NEAR(value, 0.0414, 1e-4);
    expect_quality(report(option, {market(kForward, priced(kOwn, "0.0414"))}), "good");
    expect_quality(report(option, {market(kForward, priced(kOwn, "0.0515"))}), "good");
    expect_quality(report(option, {market(kForward, priced(kOwn, "0.0525"))}), "price far from its volatility");
    expect_quality(report(option, {market(kForward, priced(kOwn, "0.0305"))}), "price far from its volatility");
    expect_quality(report(option, {market(kForward, priced("", "0.0525"))}), "good");  // solved from it
    const std::string curve = R"({"underlying":"BTC","expiry":"27MAR26","forward":66300,
      "svi":{"a":0.02,"b":0.02,"rho":-0.3,"m":0,"sigma":0.1}})";
    expect_quality(report(option, {market(curve, priced("", "0.2"))}), "price far from its volatility");
    // Worth next to nothing: half a percent of the forward is the measure.
    const std::string wing = holding(R"({"instrument":"BTC-27MAR26-150000-C","quantity":2})");
    const auto quoted_wing = [](const char* price) {
        return std::string{R"(,{"name":"BTC-27MAR26-150000-C","iv":0.6,"mark":)"} + price + "}";
    };
    expect_quality(report(wing, {market(kForward, quoted_wing("0.0045"))}), "good");
    expect_quality(report(wing, {market(kForward, quoted_wing("0.0055"))}), "price far from its volatility");
}

// Deribit's own price of an option is held against its own volatility, too; where it tells none it is what there is.
TEST_F(InputDoubtTest, ASummarysPriceThatItsVolatilityDoesNotExplainIsDoubted) {
    const std::string option = holding(R"({"instrument":"BTC-27MAR26-70000-C","quantity":2})");
    const auto summary = [&](const char* words) {
        return report(option,
                      {market(kForward, ""), fmt::format(R"({{"result":[{{"instrument_name":"BTC-27MAR26-70000-C",
          "underlying_price":66300,"estimated_delivery_price":65000,"creation_timestamp":1772352000000,{}}}]}})",
                                                         words)});
    };
    expect_quality(summary(R"("mark_iv":60,"mark_price":0.0414)"), "good");
    expect_quality(summary(R"("mark_iv":60,"mark_price":0.0525)"), "price far from its volatility");
    expect_quality(summary(R"("mark_iv":60,"mark_price":0.00001)"), "price far from its volatility");
    const RiskReport priced = summary(R"("mark_price":0.0525)");
    expect_quality(priced, "good");
    EXPECT_NEAR(priced.positions.at(1).value_usd, 2.0 * 0.0525 * 65'000.0, 1e-6);
}

// A digit too many: 460 % beside quotes of 60 %.
TEST_F(InputDoubtTest, AVolatilityFarFromItsCurveIsDoubted) {
    const std::string option = holding(R"({"instrument":"BTC-27MAR26-70000-C","quantity":2})");
    const auto own = [](const char* iv) { return std::string{R"(,{"name":"BTC-27MAR26-70000-C","iv":)"} + iv + "}"; };
    expect_quality(report(option, {market(quoted("", ""), own("0.6"))}), "good");
    expect_quality(report(option, {market(quoted("", ""), own("4.6"))}), "volatility far from its curve");
    expect_quality(report(option, {market(quoted("", ""), own("0.06"))}), "volatility far from its curve");
    const std::string wing = holding(R"({"instrument":"BTC-27MAR26-150000-C","quantity":2})");
    expect_quality(report(wing, {market(quoted("", ""), R"(,{"name":"BTC-27MAR26-150000-C","iv":2})")}), "good");
}

TEST_F(InputDoubtTest, AnEntryFarFromTheMarkIsDoubted) {
    const auto entered = [&](const char* entry) {
        return report(holding(std::string{R"({"instrument":"BTC-PERPETUAL","quantity":130000,"entry":)"} + entry + "}"),
                      {market(kForward, R"(,{"name":"BTC-PERPETUAL","mark":65010})")});
    };
    expect_quality(entered("64100"), "good");
    expect_quality(entered("14000"), "good");
    expect_quality(entered("6410"), "entry far from the mark");
    expect_quality(entered("641000"), "entry far from the mark");
}

// Delivered two days before: what they pay needs no volatility.
TEST_F(InputDoubtTest, WhatHasExpiredIsDoubted) {
    const std::string expiry = R"({"underlying":"BTC","expiry":"27FEB26","forward":66300})";
    const RiskReport got = report(holding(R"({"instrument":"BTC-27FEB26-60000-C","quantity":2},
        {"instrument":"BTC-27FEB26","quantity":66300,"entry":66300})"),
                                  {market(expiry, R"(,{"name":"BTC-27FEB26","mark":66300})")});
    expect_quality(got, "expiry has passed");
    EXPECT_NEAR(got.positions.at(1).value_usd, 2.0 * 65'000.0 * 6'300.0 / 66'300.0, 1e-6);
    EXPECT_TRUE(has_note(got, "BTC-27FEB26-60000-C and BTC-27FEB26: expiry has passed"));
    EXPECT_TRUE(
        has_note(got,
                 "expiry 27FEB26 of BTC has passed: its options are worth what they pay, its futures their mark; "
                 "what was delivered belongs in no portfolio file"));
}

TEST_F(InputDoubtTest, AStablecoinOffItsDollarIsDoubtedWhereItSettles) {
    const auto at = [&](const char* price) {
        return report(R"({"positions":[{"instrument":"BTC_USDC-PERPETUAL","quantity":1,"entry":65000}],
            "cash":[{"currency":"USDC","amount":1}]})",
                      {std::string{R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":65000}],
            "instruments":[{"name":"BTC_USDC-PERPETUAL","mark":65000}],"stablecoins":{"USDC":)"} +
                       price + "}}"});
    };
    EXPECT_EQ(quality(at("0.98"), "equity_usd", ""), "good");
    EXPECT_EQ(quality(at("1.04"), "equity_usd", ""), "mark far from the index, stablecoin far from a dollar");
    EXPECT_EQ(quality(at("65000"), "equity_usd", ""), "mark far from the index, stablecoin far from a dollar");
}

// At 0.95 the coin costs 1/0.95 as many: of the same worth whichever is given, and no word on what settles in coin.
TEST_F(InputDoubtTest, ADatedFutureInAStablecoinIsMarkedInIt) {
    const auto at = [&](const std::string& positions, const std::string& expiries, const std::string& instruments) {
        return load(R"({"positions":[)" + positions + R"(],"cash":[{"currency":"USDC","amount":1}]})",
                    {R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":65000}],
            "stablecoins":{"USDC":0.95},"expiries":[)" +
                     expiries + R"(],"instruments":[)" + instruments + "]}"});
    };
    const std::string future = R"({"instrument":"BTC_USDC-27MAR26","quantity":1,"entry":65000})";
    const std::string option = R"({"instrument":"BTC-27MAR26-70000-C","quantity":10})";
    const risk::ReportInputs unmarked = at(future, kForward, "");
    EXPECT_DOUBLE_EQ(unmarked.market.quotes[0].mark, 66'300.0 / 0.95);
    const RiskReport from_forward = make_risk_report(unmarked);
    EXPECT_DOUBLE_EQ(find_metric(from_forward, "delta_usd", "BTC")->value, 66'300.0 / 65'000.0);
    EXPECT_EQ(quality(from_forward, "delta_net", "BTC"), "mark from the forward, stablecoin far from a dollar");
    EXPECT_NEAR(make_risk_report(at(future, "", "")).equity_usd, 65'000.0 - 0.95 * 65'000.0 + 0.95, 1e-9);

    const std::string marked = R"({"name":"BTC_USDC-27MAR26","mark":69789.47})";
    EXPECT_EQ(quality(make_risk_report(at(future, kForward, marked)), "delta_net", "BTC"),
              "stablecoin far from a dollar");
    const std::string in_dollars = R"({"name":"BTC_USDC-27MAR26","mark":66300})";
    EXPECT_EQ(quality(make_risk_report(at(future, kForward, in_dollars)), "delta_net", "BTC"),
              "mark far from the index, stablecoin far from a dollar");
    const std::string iv = R"(,{"name":"BTC-27MAR26-70000-C","iv":0.6})";
    const risk::ReportInputs beside = at(option + "," + future, "", marked + iv);
    EXPECT_NEAR(beside.market.expiries[0].forward, 66'300.0, 1e-2);
    EXPECT_EQ(quality(make_risk_report(beside), "delta_net", "BTC"), "stablecoin far from a dollar");
}

TEST_F(InputDoubtTest, ANoteNamesTheFirstOfManyWithOneReason) {
    std::string options;
    for (const char* strike : {"60000", "62000", "64000", "66000", "68000"}) {
        options += (options.empty() ? "" : ",") + (R"({"instrument":"BTC-27MAR26-)" + std::string{strike}) +
                   R"(-C","quantity":2})";
    }
    const RiskReport many = report(holding(options), {market(kForward, "")});
    EXPECT_TRUE(has_note(many,
                         "BTC-27MAR26-60000-C, BTC-27MAR26-62000-C, BTC-27MAR26-64000-C and 2 more: no price, left "
                         "out of every sum"));
    EXPECT_EQ(risk::first_names(std::vector<std::string>{"a", "b", "c"}), "a, b and c");
    EXPECT_EQ(risk::first_names(std::vector<std::string>{"a"}), "a");
}

// A sum beyond the greatest number is not known; nothing to liquidate is.
TEST_F(InputDoubtTest, ANumberThatOverflowsIsUnknown) {
    risk::ReportInputs inputs = load(R"({"positions":[{"instrument":"BTC_USDC-PERPETUAL","quantity":1,"entry":65000}],
        "cash":[{"currency":"USDC","amount":1}],
        "limits":[{"metric":"gross_notional_usd","soft":1,"hard":2}]})",
                                     {market(kForward, R"(,{"name":"BTC_USDC-PERPETUAL","mark":65000})")});
    inputs.book.holdings.at(0).quantity = 1e305;
    const RiskReport huge = make_risk_report(inputs);
    EXPECT_TRUE(std::isnan(find_metric(huge, "gross_notional_usd", "")->value));
    EXPECT_EQ(quality(huge, "gross_notional_usd", ""), "unknown");
    EXPECT_EQ(find_metric(huge, "gross_notional_usd", "")->state, risk::LimitState::unknown);
}

// Deribit's own answer: null on one side, or the bid above the ask.
TEST_F(InputDoubtTest, TheQuoteOfWhatIsHeldIsDoubtedWhereItHasOneSide) {
    const auto summary = [](const std::string& sides) {
        return R"({"result":[{"instrument_name":"BTC-PERPETUAL","mark_price":65010,"estimated_delivery_price":65000,
          "creation_timestamp":1772352000000,)" +
               sides + R"(},{"instrument_name":"ETH-PERPETUAL","mark_price":3001,"estimated_delivery_price":3000,
          "bid_price":3000.5,"ask_price":3001.5,"creation_timestamp":1772352000000}]})";
    };
    const std::string held = holding(R"({"instrument":"BTC-PERPETUAL","quantity":130000,"entry":65000})");
    expect_quality(report(held, {summary(R"("bid_price":65005,"ask_price":65015)")}), "good");
    expect_quality(report(held, {summary(R"("bid_price":null,"ask_price":65015)")}), "one-sided quote");
    expect_quality(report(held, {summary(R"("bid_price":65015,"ask_price":65015)")}), "crossed quote");
    const std::string negative = R"(,{"name":"BTC-PERPETUAL","mark":65010,"spread":-0.001})";
    const RiskReport own = report(held, {market(kForward, negative)});
    expect_quality(own, "crossed quote");
    EXPECT_TRUE(std::isnan(own.positions.at(1).exit_cost_usd)) << "the spread is not known";
}

}  // namespace
}  // namespace keel::app
