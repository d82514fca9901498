#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string_view>

#include "risk/report/risk_report.hpp"
#include "tests/risk/stress/stress_book.hpp"

namespace keel::risk::test {

inline constexpr std::uint64_t kReportSeed = 11;
inline constexpr std::size_t kHistoryDays = 400;

// Days of returns, and of volatilities that rise when the price falls.
inline UnderlyingHistory daily_history() {
    std::mt19937_64 random{kReportSeed};
    std::normal_distribution daily{0.0, 0.03};
    UnderlyingHistory history;
    for (std::size_t day = 0; day < kHistoryDays; ++day) {
        history.returns.push_back(daily(random));
        history.volatility_changes.push_back(-history.returns.back() + 0.5 * daily(random));
    }
    return history;
}

// The two-venue book of the stress tests, with 400 days of history and Deribit's standard tables for its options'
// venue.
inline ReportInputs inputs() {
    auto [book, market] = stress_book();
    ReportInputs out;
    out.book = book;
    out.market = market;
    out.histories = {daily_history()};
    out.smiles.resize(1);
    out.liquidity.assign(book.contracts.size(), {.spread = 0.001, .daily_volume = 1e6, .daily_volatility = 0.03});
    out.venue_margins.resize(2);
    out.venue_margins[0].law = MarginLaw::deribit_standard;
    out.venue_margins[0].underlyings = {
        {.future = DeribitFutureMargin{.initial_rate = 0.02, .maintenance_rate = 0.01, .rate_per_coin = 0.00005},
         .option = DeribitOptionMargin{.initial_rate = 0.15, .initial_rate_floor = 0.1, .maintenance_rate = 0.075}}};
    return out;
}

// Two coins at one venue, long 100,000 USD of one and short 60,000 of the other, 3 % and 5 % a day, correlated by half.
inline ReportInputs two_coins() {
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

inline double value_of(const RiskReport& report, std::string_view name, std::string_view scope = "") {
    const ReportMetric* metric = find_metric(report, name, scope);
    return metric == nullptr ? std::numeric_limits<double>::quiet_NaN() : metric->value;
}

inline const TailRow& tail_of(const RiskReport& report, std::string_view method) {
    return *std::ranges::find(report.tails, method, &TailRow::method);
}

inline const StressResult& stress_of(const RiskReport& report, std::string_view id) {
    return *std::ranges::find(report.stresses, id, &StressResult::id);
}

}  // namespace keel::risk::test
