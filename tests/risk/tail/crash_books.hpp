#pragma once

#include <array>
#include <span>
#include <vector>

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

// Everything known before a day: moves up to the day before, their EWMA forecasts.
class ForecastHistory {
public:
    ForecastHistory(std::span<const DayMoves> moves, const Parameters& parameters);
    // One-day forecasts of every method for day t, from days before t only.
    [[nodiscard]] Forecasts forecast(const BookOfDay& book, std::size_t t) const;

private:
    using Covariance = std::array<double, BookOfDay::kFactors * BookOfDay::kFactors>;
    // Moves as they were; prices at the volatility of day t; implied volatility rescaled too.
    enum class Filter : std::uint8_t { none, price, all };
    [[nodiscard]] TailMeasures historical(const BookOfDay& book, std::size_t t, Filter filter,
                                          BookOfDay::Order order = BookOfDay::Order::full) const;
    [[nodiscard]] std::vector<double> scenario_pnl(const BookOfDay& book, std::size_t t, Filter filter,
                                                   BookOfDay::Order order) const;

    std::span<const DayMoves> moves_;
    Parameters parameters_;
    std::array<std::vector<double>, BookOfDay::kFactors> volatility_;  // forecast of day t, known before it; 0 before
    std::vector<Covariance> covariance_;                               // forecast of day t, likewise
};

}  // namespace keel::risk::crash
