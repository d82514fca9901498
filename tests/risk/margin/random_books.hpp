#pragma once

#include <random>
#include <vector>

#include "risk/margin/deribit_portfolio.hpp"
#include "risk/margin/deribit_standard.hpp"
#include "risk/options/black76.hpp"

namespace keel::risk::test {

inline constexpr double kSpot = 65'000.0;

// One row of a random book: coin-settled, at the spot and at any relative move of it.
struct BookRow {
    MatrixContract contract{};
    double quantity{0.0};
    double entry{0.0};  // futures; options paid their premium from cash
};

inline double uniform(std::mt19937_64& random, double low, double high) {
    return std::uniform_real_distribution<double>{low, high}(random);
}

inline std::vector<BookRow> random_book(std::mt19937_64& random, std::size_t rows) {
    std::vector<BookRow> book(rows);
    for (BookRow& row : book) {
        const auto expiry = static_cast<std::uint32_t>(std::uniform_int_distribution<int>{0, 6}(random));
        row.contract.expiry = expiry;
        row.contract.years = 0.02 * expiry * expiry;
        row.contract.price = kSpot * (1.0 + 0.05 * row.contract.years);
        const int kind = expiry == 0 ? 0 : std::uniform_int_distribution<int>{0, 4}(random);
        if (kind == 0) {
            row.contract.multiplier = 10.0;
            row.quantity = std::round(uniform(random, -20'000.0, 20'000.0));
            row.entry = row.contract.price * uniform(random, 0.95, 1.05);
        } else {
            row.contract.type = kind % 2 == 0 ? OptionType::put : OptionType::call;
            row.contract.strike = std::round(uniform(random, 0.7, 1.4) * 65.0) * 1'000.0;
            row.contract.volatility = uniform(random, 0.3, 1.1);
            row.quantity = std::round(uniform(random, -200.0, 200.0)) / 10.0;
        }
    }
    return book;
}

// Coin value of one contract of an option, all prices moved by `move`.
inline double coin_price(const MatrixContract& c, double move) {
    const double forward = c.price * (1.0 + move);
    return black76_price(
               {.forward = forward, .strike = c.strike, .years = c.years, .volatility = c.volatility, .type = c.type}) /
           forward;
}

// Coin value of the book beyond its cash, every price moved by `move`.
inline double book_value(const std::vector<BookRow>& book, double move) {
    double value = 0.0;
    for (const BookRow& row : book) {
        const MatrixContract& c = row.contract;
        value += c.type == OptionType::none
                     ? row.quantity * c.multiplier * (1.0 / row.entry - 1.0 / (c.price * (1.0 + move)))
                     : row.quantity * c.multiplier * coin_price(c, move);
    }
    return value;
}

// Deribit's standard maintenance margin of the book, coin, by full revaluation.
inline MarginAmount standard_margin(const std::vector<BookRow>& book, double move, const DeribitFutureMargin& future,
                                    const DeribitOptionMargin& option) {
    MarginAmount sum;
    for (const BookRow& row : book) {
        const MatrixContract& c = row.contract;
        const double price = c.price * (1.0 + move);
        sum = sum + (c.type == OptionType::none
                         ? deribit_future_margin({.coins = row.quantity * c.multiplier / price}, future)
                         : deribit_option_margin({.type = c.type,
                                                  .quantity = row.quantity,
                                                  .underlying = price,
                                                  .strike = c.strike,
                                                  .mark = coin_price(c, move)},
                                                 option));
    }
    return sum;
}

// The same under portfolio margin: a matrix rebuilt at the moved prices.
inline DeribitPortfolioMargin portfolio_margin(const std::vector<BookRow>& book, double move,
                                               const DeribitMatrixParameters& parameters,
                                               const DeribitPortfolioParameters& general) {
    DeribitRiskMatrix matrix{parameters, Payoff::inverse};
    if (matrix.set_index(kSpot * (1.0 + move)) != MarginStatus::ok) return {.margin = kMarginUnknown};
    for (const BookRow& row : book) {
        MatrixContract contract = row.contract;
        contract.price *= 1.0 + move;
        if (matrix.set_expiry(contract.expiry, contract.years) != MarginStatus::ok ||
            matrix.add(row.quantity, matrix.grid().unit_cells(contract)) != MarginStatus::ok) {
            return {.margin = kMarginUnknown};
        }
    }
    return matrix.margin(general, {});
}

}  // namespace keel::risk::test
