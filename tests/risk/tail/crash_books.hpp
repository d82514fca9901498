#pragma once

#include <array>
#include <vector>

#include "risk/matrix/covariance.hpp"
#include "risk/tail/scenario_set.hpp"
#include "tests/risk/tail/crash_backtest.hpp"

namespace keel::risk::crash {

// A book of one day, as it stands at the close before, with a notional of 1,000,000 USD. Basket: half in BTC, half in
// ETH. Straddle: short calls and puts of 30 days at the money on BTC; hedged: with the Black-76 delta of the
// close before in the underlying. Rates are zero, the forward is spot; a day passes until the profit is taken.
class BookOfDay {
public:
    BookOfDay(Book book, double iv);

    // The definition: everything valued anew.
    [[nodiscard]] double pnl_usd(double btc, double eth, double iv_change) const;

    // To second order in the factors (BTC, ETH, log iv): carry of a day, delta, Gamma row-major.
    static constexpr std::size_t kFactors = 3;
    enum class Order : std::uint8_t { linear, second, full };
    [[nodiscard]] double pnl_usd(const std::array<double, kFactors>& moves, Order order) const;
    double carry_usd{0.0};
    std::array<double, kFactors> delta{};
    std::array<double, kFactors * kFactors> gamma{};

private:
    Book book_;
    double iv_;
    double value_{0.0};  // of one straddle on one unit of underlying at a price of 1
    double hedge_{0.0};  // units held per straddle sold
};

// Everything known before a day, told day by day: the covariance and the scenarios as the engine keeps them, so that
// what is accepted is what ships. Until there are parameters.scenarios rows a set is made anew each day, as at a start;
// from then on it lives: the oldest row makes room, a column is rescaled when its volatility has moved enough.
class ForecastHistory {
public:
    explicit ForecastHistory(const Parameters& parameters);
    // A day is over.
    void on_day(const DayMoves& moves);
    // One-day forecasts of every method for the next day. Needs one day more than the seed.
    [[nodiscard]] Forecasts forecast(const BookOfDay& book) const;

private:
    using Factors = std::array<double, BookOfDay::kFactors>;
    // Moves as they were; prices at the volatility of now; implied volatility rescaled too.
    enum class Filter : std::uint8_t { none, price, all };
    static constexpr std::array kFilters{Filter::none, Filter::price, Filter::all};
    [[nodiscard]] static bool rescales(Filter filter, std::size_t factor);
    [[nodiscard]] Factors volatilities() const;
    // What the EWMA volatility of log iv is to be multiplied with to be the root mean square over all rows.
    [[nodiscard]] double plain_over_ewma_iv() const;
    void add_scenario(const Factors& moves, const Factors& volatility_then);
    [[nodiscard]] TailMeasures historical(const BookOfDay& book, Filter filter,
                                          BookOfDay::Order order = BookOfDay::Order::full) const;
    // Oldest first.
    [[nodiscard]] std::vector<double> scenario_pnl(const BookOfDay& book, Filter filter, BookOfDay::Order order) const;

    Parameters parameters_;
    EwmaCovariance covariance_;  // of its diagonal are the volatilities
    // Rows until the sets are full, by factor.
    std::array<std::vector<double>, BookOfDay::kFactors> moves_, volatility_then_;
    std::vector<ScenarioSet> sets_;  // by Filter
    std::size_t oldest_{0};          // row of the sets
};

}  // namespace keel::risk::crash
