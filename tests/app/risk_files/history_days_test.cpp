// Which day of one history lies beside which of another.
#include <fmt/format.h>

#include <cmath>
#include <random>

#include "tests/app/risk_files/risk_files.hpp"

namespace keel::app {
namespace {

using risk::find_metric;
using risk::RiskReport;

constexpr std::size_t kDays = 400;
constexpr const char* kApart = "days end at different hours";

std::vector<double> random_days() {
    std::mt19937_64 random{11};
    std::normal_distribution daily{0.0, 0.03};
    std::vector<double> out(kDays);
    for (double& day : out) day = daily(random);
    return out;
}

std::string list(std::vector<double> days, std::size_t lost) {
    days.resize(days.size() - lost);
    return fmt::format("[{:.17g}]", fmt::join(days, ","));
}

// When a file was taken, and when it says that its days end; empty: it does not.
struct Stamp {
    std::string time, end{};
};

class HistoryDaysTest : public test::RiskFiles {
protected:
    // Two underlyings that move as one, each in a file of its own; BTC's ends `lost` days before ETH's.
    RiskReport moved(const Stamp& btc, const Stamp& eth, std::size_t lost) {
        const auto file = [&](const char* name, int index, const Stamp& stamp, std::size_t without) {
            return fmt::format(R"({{"time":"2026-{}Z","underlyings":[{{"name":"{}","index":{},"returns":{}{}}}],
                                   "instruments":[{{"name":"{}-PERPETUAL","mark":{}}}]}})",
                               stamp.time, name, index, list(random_days(), without),
                               stamp.end.empty() ? "" : R"(,"history_end":"2026-)" + stamp.end + "Z\"", name, index);
        };
        return report(R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":65000,"entry":65000},
                         {"instrument":"ETH-PERPETUAL","quantity":-65000,"entry":3000}],
                         "cash":[{"currency":"USDC","amount":100000}]})",
                      {file("BTC", 65'000, btc, lost), file("ETH", 3'000, eth, 0)});
    }
    static double correlation(const RiskReport& report) { return find_metric(report, "correlation", "BTC/ETH")->value; }
    static bool is_apart(const RiskReport& report) {
        return quality(report, "correlation", "BTC/ETH").find(kApart) != std::string::npos;
    }
};

// Each pair of stamps with the days that lie between the closes that they are of.
TEST_F(HistoryDaysTest, DaysThatEndSecondsOrAnHourFromWholeDaysAreLaidByThoseDays) {
    const std::tuple<Stamp, Stamp, std::size_t> cases[] = {
        {{"03-01T08:00:03"}, {"03-02T08:00:01"}, 1},  // a job that starts late
        {{"03-01T08:00:01"}, {"03-02T08:00:03"}, 1},
        {{"03-01T08:00:00"}, {"03-02T08:00:00"}, 1},
        {{"03-01T08:00:03"}, {"03-01T08:00:01"}, 0},
        {{"03-01T23:58:00"}, {"03-02T00:03:00"}, 0},  // midnight, and about it
        {{"02-28T23:58:00"}, {"03-02T00:03:00"}, 1},
        {{"03-01T00:03:00"}, {"03-01T23:58:00"}, 1},
        {{"03-28T23:00:00"}, {"03-29T22:00:00"}, 1},  // by a clock with summer time
        {{"03-27T23:00:05"}, {"03-29T22:00:00"}, 2},
        {{"10-24T22:00:00"}, {"10-25T23:00:07"}, 1},
        {{"03-02T00:05:00", "02-28T00:00:00"}, {"03-02T00:05:00"}, 2},
        {{"03-02T12:01:00", "02-28T00:00:00"}, {"03-02T12:01:00", "03-02T00:00:00"}, 2},
    };
    for (const auto& [btc, eth, lost] : cases) {
        const RiskReport out = moved(btc, eth, lost);
        EXPECT_NEAR(correlation(out), 1.0, 1e-6) << btc.time << " " << eth.time;
        EXPECT_FALSE(is_apart(out)) << btc.time << " " << eth.time;
        EXPECT_EQ(quality(out, "var_99_usd", "").find(kApart), std::string::npos);
    }
}

// A day whose end is not told ended at the last midnight, where another's says that they do not end at one hour.
TEST_F(HistoryDaysTest, DaysThatEndAtOtherHoursAreLaidByTheNearestAndDoubted) {
    const std::tuple<Stamp, Stamp, std::size_t> cases[] = {
        {{"03-01T12:01:00", "03-01T00:00:00"}, {"03-01T12:01:00"}, 0},
        {{"03-01T12:01:00"}, {"03-01T12:01:00", "03-01T00:00:00"}, 0},
        {{"03-01T12:01:00"}, {"03-02T12:01:00", "03-02T00:00:00"}, 1},
        {{"03-01T20:00:00"}, {"03-02T08:00:00"}, 1},  // midnights of both days, long ago
        {{"03-01T08:00:00"}, {"03-01T20:00:00"}, 0},
        {{"03-01T23:59:00"}, {"03-02T12:00:00"}, 0},
        {{"03-01T16:00:00", "03-01T16:00:00"}, {"03-02T00:00:00", "03-02T00:00:00"}, 0},  // 16 h in common
        {{"03-01T08:00:00", "03-01T08:00:00"}, {"03-02T00:00:00", "03-02T00:00:00"}, 1},
    };
    for (const auto& [btc, eth, lost] : cases) {
        const RiskReport out = moved(btc, eth, lost);
        EXPECT_NEAR(correlation(out), 1.0, 1e-6) << btc.time << " " << eth.time;
        EXPECT_TRUE(is_apart(out)) << btc.time << " " << eth.time;
        for (const char* name : {"var_99_usd", "es_975_usd", "leverage_risk"})
            EXPECT_NE(quality(out, name, "").find(kApart), std::string::npos) << name;
        EXPECT_NE(quality(out, "beta_btc", "ETH").find(kApart), std::string::npos);
        EXPECT_EQ(quality(out, "equity_usd", "").find(kApart), std::string::npos);
    }
    EXPECT_TRUE(has_note(moved({"03-01T20:00:00"}, {"03-02T08:07:00", "03-02T00:05:00"}, 1),
                         "daily returns end at different hours (BTC 20:00, ETH 00:05 UTC): laid by the nearest day; "
                         "history_end says when the last one ended"));
}

// What is not held lies beside nothing.
TEST_F(HistoryDaysTest, DaysOfWhatIsNotHeldAreNotDoubted) {
    const std::string returns = list(random_days(), 0);
    const RiskReport out =
        report(R"({"positions":[{"instrument":"BTC-PERPETUAL","quantity":65000,"entry":65000}],
                                     "cash":[{"currency":"USDC","amount":100000}]})",
               {R"({"time":"2026-03-01T12:00:00Z","underlyings":[
          {"name":"BTC","index":65000,"returns":)" +
                returns + R"(},{"name":"ETH","index":3000,"returns":)" + returns +
                R"(,"history_end":"2026-03-01"}],"instruments":[{"name":"BTC-PERPETUAL","mark":65000}]})"});
    EXPECT_EQ(quality(out, "var_99_usd", ""), "good");
    EXPECT_EQ(quality(out, "beta_btc", "ETH"), kApart);
}

}  // namespace
}  // namespace keel::app
