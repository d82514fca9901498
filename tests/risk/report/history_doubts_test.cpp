// What is doubtful about past days reaches every number that is made from them, and no other.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "risk/report/risk_report.hpp"

namespace keel::risk {
namespace {

constexpr const char* kFar = "closes far from the index";

// A linear perpetual of each of three coins and dollars at one venue, with a market to leave in and 300 days.
ReportInputs three_coins() {
    ReportInputs out;
    out.market.now = unix_nanos_from_ms(1'767'225'600'000);
    out.market.stables = {1.0};
    out.book.stable_names = {"USDC"};
    out.book.venue_names = {"alpha"};
    out.venue_margins = {{.law = MarginLaw::deribit_standard}};
    std::mt19937_64 random{7};
    std::normal_distribution daily{0.0, 0.03};
    for (const char* name : {"BTC", "ETH", "SOL"}) {
        const auto slot = UnderlyingSlot(static_cast<std::uint16_t>(out.book.underlying_names.size()));
        out.book.underlying_names.emplace_back(name);
        out.book.names.push_back(std::string{name} + "_USDC-PERPETUAL");
        out.book.contracts.push_back(
            {.kind = ContractKind::linear_future, .underlying = slot, .stable = StableSlot{0}, .venue = VenueSlot{0}});
        out.book.holdings.push_back({.quantity = 10.0, .entry = 1'000.0});
        out.market.underlyings.push_back({.index = 1'000.0});
        out.market.quotes.push_back({.mark = 1'000.0});
        out.liquidity.push_back({.spread = 0.001, .daily_volume = 1e6});
        out.histories.push_back({.last_close = 1'010.0});
        for (int day = 0; day < 300; ++day) out.histories.back().returns.push_back(daily(random));
        out.venue_margins[0].underlyings.push_back(
            {.future = DeribitFutureMargin{.initial_rate = 0.02, .maintenance_rate = 0.01, .rate_per_coin = 0.00005}});
    }
    out.book.names.emplace_back("USDC");
    out.book.contracts.push_back({.kind = ContractKind::stable_cash, .stable = StableSlot{0}, .venue = VenueSlot{0}});
    out.book.holdings.push_back({.quantity = 5'000.0});
    out.market.quotes.emplace_back();
    return out;
}

std::string quality(const RiskReport& report, std::string_view metric, std::string_view scope) {
    const ReportMetric* found = find_metric(report, metric, scope);
    return found == nullptr ? "absent" : found->quality;
}

// BTC's closes end at half its index.
TEST(HistoryDoubtsTest, ClosesThatMissTheIndexAreSaidOfWhatRestsOnThem) {
    ReportInputs in = three_coins();
    for (const auto& [metric, scope] :
         {std::pair{"ewma_volatility_94", "BTC"}, std::pair{"correlation", "BTC/ETH"}, std::pair{"beta_btc", "ETH"},
          std::pair{"systematic_share", ""}, std::pair{"exit_cost_usd", ""}, std::pair{"stress_worst_usd", ""},
          std::pair{"liq_sigmas", "alpha"}, std::pair{"var_99_usd", ""}}) {
        EXPECT_EQ(quality(make_risk_report(in), metric, scope), "good") << metric << " " << scope;
    }
    in.histories[0].last_close = 500.0;
    const RiskReport report = make_risk_report(in);
    for (const auto& [metric, scope] :
         {std::pair{"ewma_volatility_94", "BTC"}, std::pair{"realised_volatility_30d", "BTC"},
          std::pair{"jump_z_60d", "BTC"}, std::pair{"cusum_up", "BTC"}, std::pair{"correlation", "BTC/ETH"},
          std::pair{"correlation_break_z", "BTC/SOL"}, std::pair{"beta_btc", "ETH"}, std::pair{"beta_eth", "BTC"},
          std::pair{"beta_eth_joint", "SOL"}, std::pair{"systematic_share", "SOL"}, std::pair{"systematic_share", ""},
          std::pair{"market_delta_eth_usd", ""}, std::pair{"exit_cost_usd", ""}, std::pair{"stress_worst_usd", ""},
          std::pair{"liq_sigmas", "alpha"}, std::pair{"liq_sigmas", ""}, std::pair{"var_99_usd", ""}}) {
        EXPECT_EQ(quality(report, metric, scope), kFar) << metric << " " << scope;
    }
    for (const auto& [metric, scope] :
         {std::pair{"ewma_volatility_94", "ETH"}, std::pair{"correlation", "ETH/SOL"}, std::pair{"beta_eth", "SOL"},
          std::pair{"equity_usd", ""}, std::pair{"delta_net", "BTC"}, std::pair{"stress_worst_usd", "BTC"},
          std::pair{"days_to_exit", ""}}) {
        EXPECT_EQ(quality(report, metric, scope), "good") << metric << " " << scope;
    }
    EXPECT_EQ(
        std::ranges::count(report.notes, "BTC: its closes end at 500.000000, its index is 1000.000000: oldest first?"),
        1);
    in.liquidity[0].daily_volatility = 0.03;
    EXPECT_EQ(quality(make_risk_report(in), "exit_cost_usd", ""), "good") << "its own volatility goes before them";
}

// Those of what is not held make no tail, but its own numbers all the same.
TEST(HistoryDoubtsTest, ClosesOfWhatIsNotHeldAreDoubtedInItsOwnNumbersAlone) {
    ReportInputs in = three_coins();
    in.histories[2].last_close = 2'000.0;
    in.book.holdings[2] = {};
    const RiskReport report = make_risk_report(in);
    EXPECT_EQ(quality(report, "ewma_volatility_94", "SOL"), kFar);
    for (const char* metric : {"var_99_usd", "exit_cost_usd", "stress_worst_usd", "liq_sigmas", "systematic_share"})
        EXPECT_EQ(quality(report, metric, ""), "good") << metric;
}

TEST(HistoryDoubtsTest, ALimitOfPastDaysSaysThatTheyAreDoubtful) {
    ReportInputs in = three_coins();
    in.limits = {{.metric = "ewma_volatility_94", .scope = "BTC", .soft = 1.0, .hard = 2.0},
                 {.metric = "correlation", .scope = "BTC/ETH", .soft = 0.9, .hard = 0.95}};
    in.histories[0].day_end_seconds = 0.0;
    in.histories[1].day_end_seconds = 43'200.0;
    const auto judged = [&](const char* of) {
        return std::ranges::count(make_risk_report(in).notes,
                                  std::string{"the limit of "} + of + " is judged on doubtful inputs");
    };
    EXPECT_EQ(judged("ewma_volatility_94 BTC"), 0);
    EXPECT_EQ(judged("correlation BTC/ETH"), 1) << "days that end at different hours";
    in.histories[0].last_close = 500.0;
    EXPECT_EQ(judged("ewma_volatility_94 BTC"), 1);
    EXPECT_EQ(quality(make_risk_report(in), "correlation", "BTC/ETH"),
              "days end at different hours, closes far from the index");
}

TEST(HistoryDoubtsTest, ADayThatEndsSecondsBeforeMidnightEndsAtMidnight) {
    ReportInputs in = three_coins();
    in.histories[0].day_end_seconds = 86'370.0;
    in.histories[1].day_end_seconds = 43'200.0;
    EXPECT_EQ(std::ranges::count(make_risk_report(in).notes,
                                 "daily returns end at different hours (BTC 00:00, ETH 12:00 UTC): laid by the nearest "
                                 "day; history_end says when the last one ended"),
              1);
}

}  // namespace
}  // namespace keel::risk
