#include "tests/risk/tail/crash_backtest.hpp"

#include <gtest/gtest.h>

#include "tests/support/test_data.hpp"

namespace keel::risk::crash {
namespace {

class CrashBacktest : public ::testing::Test {
protected:
    void SetUp() override {
        const auto closes = test::data_path("series/daily_binance_spot_to_2023-12.csv.zst");
        const auto dvol = test::data_path("deribit/dvol_btc_daily.json");
        KEEL_SKIP_WITHOUT(closes);
        KEEL_SKIP_WITHOUT(dvol);
        series = read_daily(*closes, *dvol);
    }
    DailySeries series;
};

// Filtered historical simulation holds at 5 % by Kupiec's and Christoffersen's tests. The counts of days beyond the
// VaR are those of an independent computation (plain Python, from the formulas of docs/risk-model.md).
TEST_F(CrashBacktest, FilteredHistoricalSimulationHolds) {
    struct Expected {
        Book book;
        std::int64_t filtered, historical;
    };
    for (const Expected& expected :
         {Expected{Book::basket, 17, 15}, {Book::straddle, 15, 14}, {Book::hedged_straddle, 14, 14}}) {
        const BookResult result = run(expected.book, series);
        SCOPED_TRACE(name_of(expected.book));
        const Verdict& filtered = result.of(Method::filtered);
        EXPECT_EQ(filtered.days, 1826);
        EXPECT_EQ(filtered.hits, expected.filtered);
        EXPECT_EQ(result.of(Method::historical).hits, expected.historical);
        EXPECT_GE(filtered.coverage.p_value, 0.05);
        EXPECT_GE(filtered.independence.p_value, 0.05);
        EXPECT_GE(filtered.conditional.p_value, 0.05);
        EXPECT_EQ(filtered.light, TrafficLight::green);
        for (const Day& day : result.days) {
            for (const TailMeasures& forecast : day.forecast) ASSERT_GE(forecast.es_usd, forecast.var_usd) << day.date;
        }
    }
}

// Parametric methods fail Christoffersen's test on the straddles by their volatility of log iv, an EWMA that is lowest
// after quiet weeks: with that of all rows alike in its place the same methods are not rejected. The counts are those
// of forecasts made apart (plain Python) for the same profits.
TEST_F(CrashBacktest, DaysInARowComeFromTheVolatilityOfImpliedVolatility) {
    struct Expected {
        Method method, plain;
        std::int64_t hits, in_a_row, hits_plain, in_a_row_plain;
    };
    using Both = std::array<Expected, 2>;
    constexpr Both kStraddle{{{Method::normal, Method::normal_plain_iv, 120, 14, 81, 6},
                              {Method::student_t, Method::student_t_plain_iv, 101, 11, 74, 5}}};
    constexpr Both kHedged{{{Method::normal, Method::normal_plain_iv, 116, 14, 83, 7},
                            {Method::student_t, Method::student_t_plain_iv, 109, 13, 74, 5}}};
    for (const auto& [book, both] : {std::pair{Book::straddle, kStraddle}, std::pair{Book::hedged_straddle, kHedged}}) {
        const BookResult result = run(book, series);
        for (const Expected& expected : both) {
            SCOPED_TRACE(std::string{name_of(book)} + ", " + name_of(expected.method));
            EXPECT_EQ(result.of(expected.method).hits, expected.hits);
            EXPECT_EQ(result.of(expected.method).transitions.n11, expected.in_a_row);
            EXPECT_LT(result.of(expected.method).independence.p_value, 0.05);
            EXPECT_EQ(result.of(expected.plain).hits, expected.hits_plain);
            EXPECT_EQ(result.of(expected.plain).transitions.n11, expected.in_a_row_plain);
            EXPECT_GE(result.of(expected.plain).independence.p_value, 0.05);
        }
    }
}

// The forecast of a day does not move when that day and all after it are changed.
TEST_F(CrashBacktest, ForecastsSeeOnlyTheDaysBefore) {
    for (const char* first : {"2019-01-01", "2020-03-12", "2022-11-08", "2023-06-30"}) {
        DailySeries changed = series;
        for (std::size_t t = 0; t < changed.date.size(); ++t) {
            if (changed.date[t] < first) continue;
            changed.btc[t] *= t % 2 == 0 ? 1.3 : 0.8;
            changed.eth[t] *= 0.5;
            if (changed.dvol[t] > 0.0) changed.dvol[t] += 0.4;
        }
        Parameters only;
        only.first_day = only.last_day = first;
        for (const Book book : kBooks) {
            const Day before = run(book, series, only).days.at(0);
            const Day after = run(book, changed, only).days.at(0);
            EXPECT_NE(before.pnl_usd, after.pnl_usd);
            for (std::size_t m = 0; m < kMethods.size(); ++m) {
                EXPECT_EQ(before.forecast[m].var_usd, after.forecast[m].var_usd)
                    << first << ' ' << name_of(kMethods[m]);
                EXPECT_EQ(before.forecast[m].es_usd, after.forecast[m].es_usd) << first << ' ' << name_of(kMethods[m]);
            }
        }
    }
}

}  // namespace
}  // namespace keel::risk::crash
