#include "tests/risk/tail/crash_books.hpp"

#include <cmath>
#include <stdexcept>

#include "risk/options/black76.hpp"
#include "risk/tail/delta_gamma.hpp"
#include "risk/tail/historical.hpp"
#include "risk/tail/parametric.hpp"

namespace keel::risk::crash {
namespace {

constexpr double kNotional = 1e6;  // USD
constexpr double kYearsSold = 30.0 / 365.0;
constexpr double kYearsBought = 29.0 / 365.0;
constexpr std::size_t kN = BookOfDay::kFactors;

OptionGreeks straddle(double forward, double years, double iv) {
    OptionGreeks call, put;
    OptionInputs inputs{.forward = forward, .strike = 1.0, .years = years, .volatility = iv};
    if (black76(inputs, call) != PricingStatus::ok) throw std::runtime_error{"straddle without a price"};
    inputs.type = OptionType::put;
    if (black76(inputs, put) != PricingStatus::ok) throw std::runtime_error{"straddle without a price"};
    return {.price = call.price + put.price,
            .delta = call.delta + put.delta,
            .gamma = call.gamma + put.gamma,
            .vega = call.vega + put.vega,
            .vanna = call.vanna + put.vanna,
            .volga = call.volga + put.volga};
}

std::array<double, kN> values_of(const DayMoves& moves) { return {moves.btc, moves.eth, moves.iv}; }

}  // namespace

BookOfDay::BookOfDay(Book book, double iv) : book_{book}, iv_{iv} {
    if (book == Book::basket) {
        for (std::size_t i = 0; i < 2; ++i) delta[i] = gamma[i * kN + i] = 0.5 * kNotional;
        return;
    }
    const OptionGreeks greeks = straddle(1.0, kYearsSold, iv);
    value_ = greeks.price;
    hedge_ = book == Book::hedged_straddle ? greeks.delta : 0.0;
    carry_usd = -kNotional * (straddle(1.0, kYearsBought, iv).price - value_);
    delta[0] = -kNotional * (greeks.delta - hedge_);
    delta[2] = -kNotional * greeks.vega * iv;
    // In logs of price and volatility: d2/dx2 = x^2 V_xx + x V_x.
    gamma[0] = -kNotional * (greeks.gamma + greeks.delta - hedge_);
    gamma[2] = gamma[6] = -kNotional * greeks.vanna * iv;
    gamma[8] = -kNotional * (greeks.volga * iv * iv + greeks.vega * iv);
}

double BookOfDay::pnl_usd(double btc, double eth, double iv_change) const {
    if (book_ == Book::basket) return 0.5 * kNotional * (std::expm1(btc) + std::expm1(eth));
    const double after = straddle(std::exp(btc), kYearsBought, iv_ * std::exp(iv_change)).price;
    return -kNotional * (after - value_) + kNotional * hedge_ * std::expm1(btc);
}

double BookOfDay::pnl_usd(const std::array<double, kFactors>& moves, Order order) const {
    if (order == Order::full) return pnl_usd(moves[0], moves[1], moves[2]);
    double pnl = carry_usd;
    for (std::size_t i = 0; i < kFactors; ++i) {
        pnl += delta[i] * moves[i];
        if (order == Order::linear) continue;
        for (std::size_t j = 0; j < kFactors; ++j) pnl += 0.5 * gamma[i * kFactors + j] * moves[i] * moves[j];
    }
    return pnl;
}

ForecastHistory::ForecastHistory(std::span<const DayMoves> moves, const Parameters& parameters)
    : moves_{moves}, parameters_{parameters}, covariance_(moves.size()) {
    for (std::vector<double>& volatility : volatility_) volatility.assign(moves.size(), 0.0);
    Covariance state{};
    const double lambda = parameters.lambda;
    for (std::size_t t = 1; t < moves.size(); ++t) {
        const bool seeded = t > parameters.seed;
        if (seeded) {
            covariance_[t] = state;
            for (std::size_t i = 0; i < kN; ++i) volatility_[i][t] = std::sqrt(state[i * kN + i]);
        }
        const std::array<double, kN> x = values_of(moves[t]);
        const double keep = seeded ? lambda : 1.0;
        const double take = seeded ? 1.0 - lambda : 1.0 / static_cast<double>(parameters.seed);
        for (std::size_t i = 0; i < kN * kN; ++i) state[i] = keep * state[i] + take * x[i / kN] * x[i % kN];
    }
}

// The last rows before t that have a forecast of their own; the same rows for every method.
std::vector<double> ForecastHistory::scenario_pnl(const BookOfDay& book, std::size_t t, Filter filter,
                                                  BookOfDay::Order order) const {
    const std::size_t first_usable = parameters_.seed + 1;
    const std::size_t first = std::max(first_usable, t > parameters_.scenarios ? t - parameters_.scenarios : 0);
    std::vector<double> pnl;
    for (std::size_t s = first; s < t; ++s) {
        std::array<double, kN> x = values_of(moves_[s]);
        for (std::size_t i = 0; i < kN; ++i) {
            const bool rescaled = filter == Filter::all || (filter == Filter::price && i != 2);
            if (rescaled) x[i] *= volatility_[i][t] / volatility_[i][s];
        }
        pnl.push_back(book.pnl_usd(x, order));
    }
    return pnl;
}

TailMeasures ForecastHistory::historical(const BookOfDay& book, std::size_t t, Filter filter,
                                         BookOfDay::Order order) const {
    std::vector<double> pnl = scenario_pnl(book, t, filter, order);
    return historical_tail(pnl, parameters_.alpha).value();
}

Forecasts ForecastHistory::forecast(const BookOfDay& book, std::size_t t) const {
    const double alpha = parameters_.alpha;
    Forecasts out;
    const auto at = [&](Method method) -> TailMeasures& { return out[static_cast<std::size_t>(method)]; };
    ParametricTail parametric{kN};
    if (!parametric.set_covariance(covariance_[t])) throw std::runtime_error{"covariance refused"};
    for (std::size_t i = 0; i < kN; ++i) {
        if (!parametric.set_exposure(i, book.delta[i])) throw std::runtime_error{"exposure refused"};
    }
    at(Method::normal) = parametric.measures(*normal_tail(alpha), book.carry_usd);
    at(Method::student_t) = parametric.measures(*student_t_tail(alpha, parameters_.student_nu), book.carry_usd);
    at(Method::historical) = historical(book, t, Filter::none);
    at(Method::filtered) = historical(book, t, Filter::price);
    at(Method::filtered_all) = historical(book, t, Filter::all);
    at(Method::filtered_linear) = historical(book, t, Filter::price, BookOfDay::Order::linear);
    at(Method::filtered_second_order) = historical(book, t, Filter::price, BookOfDay::Order::second);
    const std::vector<double> plain = scenario_pnl(book, t, Filter::none, BookOfDay::Order::full);
    std::vector<std::size_t> order(plain.size());
    at(Method::age_weighted) = age_weighted_tail(plain, alpha, parameters_.age_lambda, order).value();
    const DeltaGammaBook second{
        .theta = book.carry_usd, .delta = book.delta, .gamma = book.gamma, .omega = covariance_[t]};
    at(Method::delta_gamma) = delta_gamma_tail(second, alpha, at(Method::filtered)).measures;
    return out;
}

}  // namespace keel::risk::crash
