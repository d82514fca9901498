#include "tests/risk/tail/crash_books.hpp"

#include <cmath>
#include <span>
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
constexpr std::size_t kIv = 2;  // the factor of log implied volatility

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

ForecastHistory::ForecastHistory(const Parameters& parameters)
    : parameters_{parameters},
      covariance_{
          {.factors = kN, .decay = parameters.lambda, .seed_bars = static_cast<std::uint32_t>(parameters.seed)}} {}

bool ForecastHistory::rescales(Filter filter, std::size_t factor) {
    return filter == Filter::all || (filter == Filter::price && factor != 2);
}

ForecastHistory::Factors ForecastHistory::volatilities() const {
    Factors out{};
    for (std::size_t i = 0; i < kN; ++i) out[i] = std::sqrt(covariance_.covariance(i, i));
    return out;
}

double ForecastHistory::plain_over_ewma_iv() const {
    const auto moves = sets_.at(static_cast<std::size_t>(Filter::none)).log_moves(kIv);
    double squares = 0.0;
    for (const double move : moves) squares += move * move;
    return std::sqrt(squares / static_cast<double>(moves.size()) / covariance_.covariance(kIv, kIv));
}

void ForecastHistory::on_day(const DayMoves& moves) {
    const Factors x{moves.btc, moves.eth, moves.iv};
    if (covariance_.seeded(0)) add_scenario(x, volatilities());
    constexpr std::array<std::uint8_t, kN> kLive{1, 1, 1};
    if (covariance_.on_bar(x, kLive) != Observation::taken) throw std::runtime_error{"a day refused"};
    const Factors now = volatilities();
    for (ScenarioSet& set : sets_) {
        for (std::size_t i = 0; i < kN; ++i) (void)set.set_volatility(i, now[i]);
        if (set.refused()) throw std::runtime_error{"scenarios refused"};
    }
}

void ForecastHistory::add_scenario(const Factors& moves, const Factors& volatility_then) {
    if (moves_[0].size() == parameters_.scenarios) {
        for (ScenarioSet& set : sets_) oldest_ = set.replace_oldest(moves, volatility_then) + 1;
        return;
    }
    for (std::size_t i = 0; i < kN; ++i) {
        moves_[i].push_back(moves[i]);
        volatility_then_[i].push_back(volatility_then[i]);
    }
    sets_.assign(kFilters.size(), ScenarioSet{moves_[0].size(), kN});
    for (const Filter filter : kFilters) {
        for (std::size_t i = 0; i < kN; ++i) {
            const std::span<const double> then{volatility_then_[i]};
            const bool taken = sets_[static_cast<std::size_t>(filter)].set_factor(
                i, moves_[i], rescales(filter, i) ? then : std::span<const double>{});
            if (!taken) throw std::runtime_error{"scenarios refused"};
        }
    }
}

std::vector<double> ForecastHistory::scenario_pnl(const BookOfDay& book, Filter filter, BookOfDay::Order order) const {
    const ScenarioSet& set = sets_.at(static_cast<std::size_t>(filter));
    std::vector<double> pnl(set.scenarios());
    for (std::size_t age = 0; age < pnl.size(); ++age) {
        const std::size_t s = (oldest_ + age) % pnl.size();
        Factors moves{};
        for (std::size_t i = 0; i < kN; ++i) moves[i] = set.log_moves(i)[s];
        pnl[age] = book.pnl_usd(moves, order);
    }
    return pnl;
}

TailMeasures ForecastHistory::historical(const BookOfDay& book, Filter filter, BookOfDay::Order order) const {
    std::vector<double> pnl = scenario_pnl(book, filter, order);
    return historical_tail(pnl, parameters_.alpha).value();
}

Forecasts ForecastHistory::forecast(const BookOfDay& book) const {
    const double alpha = parameters_.alpha;
    Forecasts out;
    const auto at = [&](Method method) -> TailMeasures& { return out[static_cast<std::size_t>(method)]; };
    std::array<double, kN * kN> covariance{};
    covariance_.write_matrix(covariance);
    ParametricTail parametric{kN};
    if (!parametric.set_covariance(covariance)) throw std::runtime_error{"covariance refused"};
    for (std::size_t i = 0; i < kN; ++i) {
        if (!parametric.set_exposure(i, book.delta[i])) throw std::runtime_error{"exposure refused"};
    }
    at(Method::normal) = parametric.measures(*normal_tail(alpha), book.carry_usd);
    at(Method::student_t) = parametric.measures(*student_t_tail(alpha, parameters_.student_nu), book.carry_usd);
    at(Method::historical) = historical(book, Filter::none);
    at(Method::filtered) = historical(book, Filter::price);
    at(Method::filtered_all) = historical(book, Filter::all);
    at(Method::filtered_linear) = historical(book, Filter::price, BookOfDay::Order::linear);
    at(Method::filtered_second_order) = historical(book, Filter::price, BookOfDay::Order::second);
    const std::vector<double> as_they_were = scenario_pnl(book, Filter::none, BookOfDay::Order::full);
    std::vector<std::size_t> order(as_they_were.size());
    at(Method::age_weighted) = age_weighted_tail(as_they_were, alpha, parameters_.age_lambda, order).value();
    const DeltaGammaBook second{.theta = book.carry_usd, .delta = book.delta, .gamma = book.gamma, .omega = covariance};
    at(Method::delta_gamma) = delta_gamma_tail(second, alpha, at(Method::filtered)).measures;
    const double plain_iv = plain_over_ewma_iv();
    for (std::size_t i = 0; i < kN; ++i) {
        covariance[i * kN + kIv] *= plain_iv;
        covariance[kIv * kN + i] *= plain_iv;
    }
    if (!parametric.set_covariance(covariance)) throw std::runtime_error{"covariance refused"};
    at(Method::normal_plain_iv) = parametric.measures(*normal_tail(alpha), book.carry_usd);
    at(Method::student_t_plain_iv) =
        parametric.measures(*student_t_tail(alpha, parameters_.student_nu), book.carry_usd);
    return out;
}

}  // namespace keel::risk::crash
