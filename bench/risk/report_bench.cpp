#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <cmath>
#include <random>
#include <string>

#include "risk/report/risk_report.hpp"

namespace keel::risk {
namespace {

constexpr std::size_t kExpiries = 16;  // of two coins
constexpr std::size_t kDays = 500;     // of history

constexpr DeribitFutureMargin kFutureMargin{.initial_rate = 0.02, .maintenance_rate = 0.01, .rate_per_coin = 5e-5};
constexpr DeribitOptionMargin kOptionMargin{
    .initial_rate = 0.15, .initial_rate_floor = 0.10, .maintenance_rate = 0.075};

// Options spread over sixteen expiries with a given curve each, and cash: everything but the reading of files.
ReportInputs dense_inputs(std::size_t options) {
    ReportInputs out;
    std::mt19937_64 random{20'260'301};
    const auto uniform = [&](double low, double high) {
        return std::uniform_real_distribution<double>{low, high}(random);
    };
    std::normal_distribution<double> daily{0.0, 0.025};
    out.market.now = unix_nanos_from_ms(1'772'352'000'000);
    out.market.underlyings = {{.index = 65'000.0}, {.index = 3'200.0}};
    out.book.underlying_names = {"BTC", "ETH"};
    out.book.venue_names = {"deribit"};
    out.histories.resize(2);
    for (UnderlyingHistory& history : out.histories) {
        for (std::size_t day = 0; day < kDays; ++day) {
            history.returns.push_back(daily(random));
            history.volatility_changes.push_back(-0.8 * history.returns.back() + 0.5 * daily(random));
        }
    }
    const auto hold = [&](const Contract& contract, double quantity, std::string name) {
        out.book.contracts.push_back(contract);
        out.book.holdings.push_back({.quantity = quantity});
        out.book.names.push_back(std::move(name));
        out.market.quotes.emplace_back();
    };
    for (std::uint16_t u = 0; u < 2; ++u) {
        hold({.kind = ContractKind::coin_cash, .underlying = UnderlyingSlot{u}, .venue = VenueSlot{0}}, 500.0,
             out.book.underlying_names[u]);
    }
    constexpr std::array kExpiryDays{5, 12, 19, 26, 54, 89, 117, 208};
    for (std::size_t e = 0; e < kExpiries; ++e) {
        const auto u = static_cast<std::uint16_t>(e % 2);
        const int days = kExpiryDays[e / 2];
        const double years = days / 365.0;
        out.market.expiries.push_back({.underlying = UnderlyingSlot{u},
                                       .expiry = out.market.now + std::chrono::days{days},
                                       .forward = out.market.underlyings[u].index * (1.0 + 0.06 * years)});
        const double width = 0.25 * std::sqrt(years) + 0.05;
        const double wing = 0.1 * std::sqrt(years);
        out.smiles.push_back(
            {.svi = SviParameters{.a = 0.3 * years - wing * width, .b = wing, .rho = -0.1, .m = 0.02, .sigma = width}});
    }
    for (std::size_t i = 0; i < options; ++i) {
        const ExpiryMarket& expiry = out.market.expiries[i % kExpiries];
        const double deviation = 0.6 * std::sqrt(years_between(out.market.now, expiry.expiry));
        hold({.kind = ContractKind::inverse_option,
              .type = random() % 2 == 0 ? OptionType::call : OptionType::put,
              .underlying = expiry.underlying,
              .expiry = ExpirySlot(static_cast<std::uint16_t>(i % kExpiries)),
              .venue = VenueSlot{0},
              .strike = expiry.forward * std::exp(deviation * uniform(-2.0, 2.0))},
             uniform(-1.0, 1.0), "option " + std::to_string(i));
    }
    out.venue_margins = {{.law = MarginLaw::deribit_standard,
                          .underlyings = {{.future = kFutureMargin, .option = kOptionMargin},
                                          {.future = kFutureMargin, .option = kOptionMargin}}}};
    return out;
}

// The whole report on a dense book: the grid, named stresses, liquidation prices, the reverse crash and three tails
// value it in some 400 worlds, and its time is theirs. In proportion to the positions.
void RiskReportDense(benchmark::State& state) {
    const ReportInputs inputs = dense_inputs(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        const RiskReport report = make_risk_report(inputs);
        if (!std::isfinite(report.venues.at(0).margin_ratio) || report.scenario_pnl_usd.size() != kDays) {
            state.SkipWithError("the report lacks a margin or a tail");
        }
        benchmark::DoNotOptimize(report.equity_usd);
    }
}
BENCHMARK(RiskReportDense)->ArgName("positions")->Arg(998)->Arg(9'998)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace keel::risk
