// Market files of different times: the newer wins, and what only the older gives is told to be old.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "tests/app/risk_files/risk_files.hpp"

namespace keel::app {
namespace {

using risk::find_metric;
using risk::RiskReport;

using MarketTimesTest = test::RiskFiles;

constexpr const char* kHeld = R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":65000,"entry":65000},
  {"instrument":"ETH-PERPETUAL","quantity":3000,"entry":3000},{"instrument":"BTC-27MAR26-70000-C","quantity":2}],
  "cash":[{"currency":"BTC","amount":3},{"currency":"USDC","amount":1000}],
  "limits":[{"metric":"delta_net","scope":"BTC","soft":5,"hard":15}]})";

// At 08:00, and at 07:00 with other prices and all that is needed.
constexpr const char* kNow = R"({"time":"2026-03-01T08:00:00Z","underlyings":[{"name":"BTC","index":65000}],
  "stablecoins":{"USDC":0.99},"expiries":[{"underlying":"BTC","expiry":"27MAR26","forward":65300}],
  "instruments":[{"name":"BTC-PERPETUAL","mark":65010},{"name":"BTC-27MAR26-70000-C","iv":0.6}]})";
constexpr const char* kBefore = R"({"time":"2026-03-01T07:00:00Z","underlyings":[{"name":"BTC","index":60000,
  "returns":[]},{"name":"ETH","index":3000}],"stablecoins":{"USDC":0.9},
  "expiries":[{"underlying":"BTC","expiry":"27MAR26","forward":60300,"settlement_average":60000}],
  "instruments":[{"name":"BTC-PERPETUAL","mark":60010,"spread":0.001,"age_seconds":30},
  {"name":"ETH-PERPETUAL","mark":3001,"age_seconds":30},{"name":"BTC-27MAR26-70000-C","mark":0.5,"iv":0.9}]})";

TEST_F(MarketTimesTest, TheNewerWinsWhateverTheOrderAndTheOlderIsTold) {
    for (const bool newer_first : {false, true}) {
        const risk::ReportInputs inputs = newer_first ? load(kHeld, {kNow, kBefore}) : load(kHeld, {kBefore, kNow});
        EXPECT_EQ(inputs.market.now, *parse_time("2026-03-01T08:00:00Z"));
        EXPECT_EQ(inputs.market.underlyings[0].index, 65'000.0);
        EXPECT_EQ(inputs.market.quotes[0].mark, 65'010.0);
        EXPECT_EQ(inputs.market.quotes[2].volatility, 0.6);
        EXPECT_EQ(inputs.market.expiries[0].forward, 65'300.0);
        EXPECT_EQ(inputs.market.stables[0], 0.99);
        EXPECT_EQ(inputs.liquidity[0].spread, 0.001) << "only the older says how it trades";
        EXPECT_TRUE(std::isnan(inputs.input_age_seconds[0])) << "of a price that is used no more";
        EXPECT_EQ(inputs.market.quotes[1].mark, 3'001.0);
        EXPECT_EQ(inputs.input_age_seconds[1], 3'630.0);
        EXPECT_EQ(inputs.index_age_seconds[1], 3'600.0);
        const RiskReport report = make_risk_report(inputs);
        EXPECT_EQ(quality(report, "delta_net", "BTC"), "good");
        EXPECT_EQ(quality(report, "delta_net", "ETH"), "stale");
        EXPECT_EQ(quality(report, "equity_usd", ""), "stale");
        EXPECT_TRUE(has_note(report, "ETH-PERPETUAL is stale: 3630 s old, 2 s allowed"));
        const std::string first = (folder_.path() / "market.json").string();
        const std::string second = (folder_.path() / "next-market.json").string();
        EXPECT_TRUE(has_note(report, (newer_first ? second : first) + " is of 2026-03-01 07:00:00 UTC, 60 min before " +
                                         (newer_first ? first : second) +
                                         " (2026-03-01 08:00:00 UTC): what only it gives is as much older"));
    }
}

TEST_F(MarketTimesTest, WithinTheirBoundInputsOfAnOlderFileAreNotStale) {
    const std::string before = R"({"time":"2026-03-01T07:59:59Z","underlyings":[{"name":"ETH","index":3000}],
      "instruments":[{"name":"ETH-PERPETUAL","mark":3001}]})";
    const RiskReport report = this->report(kHeld, {before, kNow});
    EXPECT_EQ(quality(report, "delta_net", "ETH"), "good");
    EXPECT_EQ(find_metric(report, "delta_net", "ETH")->age_seconds, 1.0);
}

TEST_F(MarketTimesTest, FilesOfOneTimeOrNoneAreReadOneOverTheOther) {
    std::string same = kBefore;
    same.replace(same.find("07:00"), 5, "08:00");
    EXPECT_EQ(load(kHeld, {same, kNow}).market.quotes[0].mark, 65'010.0);
    EXPECT_EQ(load(kHeld, {kNow, same}).market.quotes[0].mark, 60'010.0);
    const risk::ReportInputs patched =
        load(kHeld, {kBefore, R"({"underlyings":[{"name":"BTC","index":61000}],"instruments":[
          {"name":"ETH-PERPETUAL","mark":3002}]})"});
    EXPECT_EQ(patched.market.underlyings[0].index, 61'000.0);
    EXPECT_EQ(patched.market.quotes[1].mark, 3'002.0);
    EXPECT_EQ(patched.input_age_seconds[1], 30.0) << "as told of the contract before";
    EXPECT_TRUE(std::isnan(patched.index_age_seconds[0]));
}

// Whatever words the older file uses for it: a volatility is not beside a newer price, it is older.
TEST_F(MarketTimesTest, AnOlderVolatilityDoesNotStandBesideANewerPrice) {
    const auto file = [](const char* hour, const std::string& option) {
        return R"({"time":"2026-03-01T)" + std::string{hour} +
               R"(:00:00Z","underlyings":[{"name":"BTC","index":65000},{"name":"ETH","index":3000}],
               "expiries":[{"underlying":"BTC","expiry":"27MAR26","forward":65300}],
               "instruments":[{"name":"BTC-PERPETUAL","mark":65010},{"name":"ETH-PERPETUAL","mark":3001},
               {"name":"BTC-27MAR26-70000-C",)" +
               option + "}]}";
    };
    const std::string newer = file("08", R"("mark":0.03)"), older = file("07", R"("iv":0.9)");
    const double alone = test::quote_of(load(kHeld, {newer}), 2).volatility;
    ASSERT_TRUE(alone > 0.1 && alone < 0.85) << alone;
    EXPECT_EQ(test::quote_of(load(kHeld, {newer, older}), 2).volatility, alone);
    EXPECT_EQ(test::quote_of(load(kHeld, {older, newer}), 2).volatility, alone);
}

TEST_F(MarketTimesTest, ARowWithoutAPriceNeitherMakesOneYoungerNorBringsBackAnOldSpread) {
    const auto rows = [](const char* hour, const char* instruments) {
        return R"({"time":"2026-03-01T)" + std::string{hour} + R"(:00:00Z","instruments":[)" + instruments + "]}";
    };
    const std::string newer =
        rows("08", R"({"name":"BTC-PERPETUAL","mark":65010,"spread":0.01,"daily_volume":5,"age_seconds":600})");
    const std::string older =
        rows("07", R"({"name":"BTC-PERPETUAL","spread":0.0001,"daily_volume":9,"age_seconds":1})");
    for (const auto& files : {std::array{newer, older}, std::array{older, newer}}) {
        const risk::ReportInputs inputs = load(kHeld, {kBefore, files[0], files[1]});
        EXPECT_EQ(inputs.input_age_seconds[0], 600.0);
        EXPECT_EQ(inputs.liquidity[0].spread, 0.01);
        EXPECT_EQ(inputs.liquidity[0].daily_volume, 5.0);
    }
}

TEST_F(MarketTimesTest, AnAverageIsOfTheFileThatTheForwardIsOf) {
    const auto average = [](const risk::ReportInputs& inputs) { return inputs.market.expiries[0].settlement_average; };
    EXPECT_TRUE(std::isnan(average(load(kHeld, {kNow, kBefore})))) << "of an hour of the window that has passed";
    EXPECT_TRUE(std::isnan(average(load(kHeld, {kBefore, kNow}))));
    EXPECT_EQ(average(load(kHeld, {kBefore})), 60'000.0);
}

TEST_F(MarketTimesTest, AFileWithoutATimeBetweenDoesNotLetTheOldestIn) {
    const std::string timeless = R"({"instruments":[{"name":"BTC-PERPETUAL","mark":65020}]})";
    EXPECT_EQ(load(kHeld, {kNow, timeless, kBefore}).market.quotes[0].mark, 65'020.0);
}

TEST_F(MarketTimesTest, HistoriesOfTwoFilesAreNotStrungTogether) {
    const auto file = [](const char* hour, const std::string& more) {
        return R"({"time":"2026-03-01T)" + std::string{hour} +
               R"(:00:00Z","underlyings":[{"name":"BTC","index":65000)" + more +
               R"(},{"name":"ETH","index":3000}],"correlations":[[1,0.)" + hour + "],[0." + hour +
               R"(,1]],"instruments":[{"name":"BTC-PERPETUAL","mark":65010},{"name":"ETH-PERPETUAL","mark":3001},
               {"name":"BTC-27MAR26-70000-C","iv":0.6}]})";
    };
    const std::string newer = file("08", R"(,"returns":[0.01,0.02,0.03],"volatility_changes":[0.1,0.2,0.3])");
    const std::string older = file("07", R"(,"closes":[100,110],"volatility_changes":[0.5])");
    for (const auto& files : {std::array{newer, newer}, std::array{newer, older}, std::array{older, newer}}) {
        const risk::ReportInputs inputs = load(kHeld, {files[0], files[1]});
        EXPECT_EQ(inputs.histories[0].returns, (std::vector<double>{0.01, 0.02, 0.03}));
        EXPECT_EQ(inputs.histories[0].volatility_changes, (std::vector<double>{0.1, 0.2, 0.3}));
        EXPECT_EQ(inputs.correlations, (std::vector<double>{1.0, 0.08, 0.08, 1.0}));
    }
    EXPECT_EQ(load(kHeld, {older, file("08", "")}).histories[0].volatility_changes, std::vector<double>{0.5})
        << "nobody else gives any";
}

// Beside ETH, which settles in coin.
TEST_F(MarketTimesTest, AStablecoinsPriceAgesAsAnIndexDoes) {
    const char* held = R"({"positions":[{"instrument":"BTC_USDC-PERPETUAL","quantity":1,"entry":65000},
      {"instrument":"ETH-PERPETUAL","quantity":3000,"entry":3000}],
      "cash":[{"currency":"USDC","amount":1000,"venue":"okx"}]})";
    const auto market = [](const std::string& hour, const std::string& stables) {
        return R"({"time":"2026-03-01T)" + hour + R"(:00:00Z","underlyings":[{"name":"BTC","index":65000},
          {"name":"ETH","index":3000}],"stablecoins":)" +
               stables + R"(,"instruments":[{"name":"BTC_USDC-PERPETUAL","mark":65010},
               {"name":"ETH-PERPETUAL","mark":3001}]})";
    };
    const RiskReport fresh = report(held, {market("08", R"({"USDC":{"price":0.99,"age_seconds":60}})")});
    const RiskReport stale = report(held, {market("08", R"({"USDC":{"price":0.99,"age_seconds":61}})")});
    EXPECT_EQ(fresh.equity_usd, report(held, {market("08", R"({"USDC":0.99})")}).equity_usd);
    for (const auto& [metric, scope] : {std::pair{"delta_usd", "BTC"}, std::pair{"equity_usd", ""},
                                        std::pair{"equity_usd", "deribit"}, std::pair{"equity_usd", "okx"}}) {
        EXPECT_EQ(quality(fresh, metric, scope).find("stale"), std::string::npos) << scope;
        EXPECT_EQ(find_metric(fresh, metric, scope)->age_seconds, 60.0);
        EXPECT_EQ(quality(stale, metric, scope).find("stale"), 0U) << scope;
        EXPECT_EQ(find_metric(stale, metric, scope)->age_seconds, 61.0);
    }
    EXPECT_EQ(quality(stale, "delta_usd", "ETH"), quality(fresh, "delta_usd", "ETH"));
    EXPECT_TRUE(has_note(stale, "price of USDC is stale: 61 s old, 60 s allowed"));
    const std::string without = market("08", "{}");
    EXPECT_EQ(load(held, {market("07", R"({"USDC":{"price":0.99,"age_seconds":5}})"), without}).stable_age_seconds[0],
              3'605.0);
    EXPECT_THROW(load(held, {market("08", R"({"USDC":{"price":0.99,"age_seconds":-1}})")}), InputError);
    EXPECT_THROW(load(held, {market("08", R"({"USDC":{"prize":0.99}})")}), InputError);
}

class HistoryAgeTest : public MarketTimesTest {
protected:
    static constexpr const char* kBook =
        R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":65000,"entry":65000}],
      "cash":[{"currency":"BTC","amount":3}],"limits":[{"metric":"var_99_usd","soft":5e7,"hard":1e8}]})";
    static std::string at(const std::string& time, const std::string& days, const std::string& more = "") {
        return R"({"time":")" + time + R"(","underlyings":[{"name":"BTC","index":65000)" + days +
               R"(}],"instruments":[{"name":"BTC-PERPETUAL","mark":65010,"spread":0.001,"daily_volume":1e8,
                 "daily_volatility":0.03}])" +
               more + "}";
    }
    static std::string closes(const std::string& end) {
        std::string out = R"(,"closes":[60000)";
        for (int day = 1; day <= 120; ++day) out += "," + std::to_string(60'000 + 100 * (day * 37 % 41));
        return out + "]" + (end.empty() ? "" : R"(,"history_end":")" + end + R"(")");
    }
};

TEST_F(HistoryAgeTest, AHistoryIsStaleHalfADayAfterItsNextDayWasDue) {
    const auto ending = [&](const char* end, const std::string& more = "") {
        return report(kBook, {at("2026-03-01T08:00:00Z", closes(end), more)});
    };
    const RiskReport current = ending("2026-02-28T08:00:00Z"), late = ending("2026-02-27T20:00:00Z");
    EXPECT_EQ(find_metric(current, "var_99_usd", "")->age_seconds, 0.0) << "no close is due before 08:00";
    EXPECT_EQ(find_metric(late, "var_99_usd", "")->age_seconds, 43'200.0);
    const RiskReport stale = ending("2026-02-19T08:00:00Z");
    for (const char* metric : {"var_99_usd", "es_975_usd", "leverage_risk", "stress_worst_usd",
                               "concentration_underlying", "top1_underlying"}) {
        EXPECT_EQ(quality(current, metric, ""), "good") << metric;
        EXPECT_EQ(quality(late, metric, ""), "good") << metric;
        EXPECT_EQ(quality(stale, metric, ""), "stale") << metric;
        EXPECT_EQ(find_metric(stale, metric, "")->age_seconds, 777'600.0) << metric;
        EXPECT_EQ(find_metric(stale, metric, "")->value, find_metric(current, metric, "")->value) << metric;
    }
    for (const char* metric : {"equity_usd", "leverage_gross", "venue_default_worst_usd"}) {
        EXPECT_EQ(quality(stale, metric, ""), "good") << metric;
    }
    EXPECT_EQ(quality(stale, "stress_worst_usd", "BTC"), "good") << "its moves are fixed ones";
    EXPECT_TRUE(has_note(stale, "history of BTC is stale: 777600 s since its next day was due, 43200 s allowed"));
    EXPECT_TRUE(has_note(stale, "the limit of var_99_usd is judged on stale inputs"));
    EXPECT_EQ(current.tails.at(4).note, "120 days");
    EXPECT_EQ(stale.tails.at(4).note, "120 days, stale history");
    EXPECT_EQ(quality(ending("2026-02-19T08:00:00Z", R"(,"ages_max_seconds":{"history":777600})"), "var_99_usd", ""),
              "good");
}

TEST_F(HistoryAgeTest, WhereItsEndIsNotToldAHistoryIsAsOldAsItsFile) {
    const std::string now = at("2026-03-01T08:00:00Z", "");
    const auto beside = [&](const std::string& time) { return report(kBook, {at(time, closes("")), now}); };
    EXPECT_EQ(quality(beside("2026-02-28T08:00:00Z"), "var_99_usd", ""), "good");
    EXPECT_EQ(find_metric(beside("2026-02-26T08:00:00Z"), "var_99_usd", "")->age_seconds, 172'800.0);
    EXPECT_EQ(quality(beside("2026-02-26T08:00:00Z"), "var_99_usd", ""), "stale");
    // The newer file's days, and its word on when they end, go before.
    const std::string newer = at("2026-03-01T08:00:00Z", closes(""));
    EXPECT_EQ(
        quality(report(kBook, {at("2026-02-26T08:00:00Z", closes("2026-02-26T08:00:00Z")), newer}), "var_99_usd", ""),
        "good");
}

TEST_F(HistoryAgeTest, ADailyVolatilityAgesAsTheHistoryThatItStandsInFor) {
    const RiskReport stale =
        report(kBook, {at("2026-03-01T08:00:00Z", R"(,"daily_volatility":0.03,"history_end":"2026-02-19T08:00:00Z")")});
    EXPECT_EQ(quality(stale, "var_99_usd", ""), "stale");
    EXPECT_EQ(quality(stale, "concentration_underlying", ""), "good") << "of gross notional: no tail has components";
}

// Its latest days are null: it is as old as the last one that is not.
TEST_F(HistoryAgeTest, DaysThatAHistoryLacksAtItsEndArePartOfItsAge) {
    std::string returns = R"(,"returns":[)";
    for (int day = 0; day < 120; ++day) returns += fmt::format("{},", 0.001 * (day * 37 % 41 - 20));
    for (const char* last : {"null,null,null]", "9.0,-9.0,null]"}) {  // e^9: no market's
        const auto age = [&](const std::string& end) {
            return find_metric(report(kBook, {at("2026-03-01T08:00:00Z", returns + last + end)}), "var_99_usd", "")
                ->age_seconds;
        };
        EXPECT_EQ(age(""), 2.0 * 86'400.0) << last;
        EXPECT_EQ(age(R"(,"history_end":"2026-02-28T08:00:00Z")"), 3.0 * 86'400.0) << last;
    }
}

// A daily volatility goes before the few returns of a newer file, and those before nothing.
TEST_F(HistoryAgeTest, OfFewReturnsAndADailyVolatilityTheOlderCounts) {
    const std::string volatility = at("2026-02-19T08:00:00Z", R"(,"daily_volatility":0.03)");
    const std::string few = at("2026-03-01T08:00:00Z", R"(,"returns":[0.01,-0.02,0.03])");
    const std::string enough = at("2026-03-01T08:00:00Z", closes(""));
    EXPECT_EQ(quality(report(kBook, {volatility, few}), "var_99_usd", ""), "stale");
    EXPECT_EQ(find_metric(report(kBook, {volatility, few}), "var_99_usd", "")->age_seconds, 9.0 * 86'400.0);
    EXPECT_EQ(quality(report(kBook, {volatility, enough}), "var_99_usd", ""), "good");
    const std::string old = at("2026-02-19T08:00:00Z", R"(,"returns":[0.01,-0.02,0.03])");
    const std::string young = at("2026-03-01T08:00:00Z", R"(,"daily_volatility":0.03)");
    EXPECT_EQ(quality(report(kBook, {old, young}), "var_99_usd", ""), "stale");
}

TEST_F(HistoryAgeTest, AHistoryThatEndsAfterTheNewestPriceIsRefused) {
    try {
        (void)load(kBook, {at("2026-03-01T08:00:00Z", closes("2026-03-01T08:00:01Z"))});
        FAIL() << "a day that is not over";
    } catch (const InputError& error) {
        EXPECT_NE(
            std::string{error.what()}.find("market.json: underlyings: the history of BTC ends 2026-03-01 08:00:01"),
            std::string::npos)
            << error.what();
    }
}

// A file of one's own, an hour old, beside Deribit's answer: its history is used, its index and its curve are not.
TEST_F(MarketTimesTest, DeribitsAnswerGoesBeforeAnOlderFile) {
    std::string rows;
    for (const int strike : {50'000, 55'000, 60'000, 65'000}) {
        rows += R"({"instrument_name":"BTC-27MAR26-)" + std::to_string(strike) +
                R"(-P","mark_iv":60,"underlying_price":65300,"mark_price":0.01,"creation_timestamp":1772352000000},)";
    }
    for (const int strike : {70'000, 75'000, 80'000}) {
        rows += R"({"instrument_name":"BTC-27MAR26-)" + std::to_string(strike) +
                R"(-C","mark_iv":60,"underlying_price":65300,"mark_price":0.0365,"bid_price":0.036,"ask_price":0.037,
                "estimated_delivery_price":65000,"creation_timestamp":1772352000000},)";
    }
    rows += R"({"instrument_name":"BTC-PERPETUAL","mark_price":65010,"bid_price":65005,"ask_price":65015,
      "estimated_delivery_price":65000,"creation_timestamp":1772352000000})";
    const std::string answer = R"({"result":[)" + rows + "]}";
    const std::string own = R"({"time":"2026-03-01T07:00:00Z","underlyings":[{"name":"BTC","index":60000,
      "daily_volatility":0.03},{"name":"ETH","index":3000}],"expiries":[{"underlying":"BTC","expiry":"27MAR26",
      "forward":60300,"svi":{"a":0.02,"b":0.02,"rho":-0.3,"m":0,"sigma":0.02}}],"instruments":[
      {"name":"BTC-PERPETUAL","mark":60010,"spread":-0.001,"daily_volatility":0.03},
      {"name":"ETH-PERPETUAL","mark":3001}]})";
    for (const auto& files : {std::array{answer, own}, std::array{own, answer}}) {
        const risk::ReportInputs inputs = load(kHeld, {files[0], files[1]});
        EXPECT_EQ(inputs.market.underlyings[0].index, 65'000.0);
        EXPECT_EQ(inputs.histories[0].daily_volatility, 0.03);
        EXPECT_EQ(inputs.market.expiries[0].forward, 65'300.0);
        EXPECT_FALSE(inputs.smiles[0].svi.has_value());
        EXPECT_EQ(inputs.smiles[0].quotes.size(), 7U);
        EXPECT_EQ(inputs.market.quotes[0].mark, 65'010.0);
        EXPECT_NEAR(inputs.liquidity[0].spread, 10.0 / 65'010.0, 1e-12);
        EXPECT_EQ(inputs.liquidity[0].daily_volatility, 0.03);
        const RiskReport report = make_risk_report(inputs);
        EXPECT_EQ(quality(report, "delta_net", "BTC"), "good") << "the crossed spread is the older file's";
        EXPECT_EQ(quality(report, "delta_net", "ETH"), "stale");
    }
}

}  // namespace
}  // namespace keel::app
