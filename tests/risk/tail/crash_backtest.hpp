#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "risk/tail/backtest.hpp"
#include "risk/tail/tail_measures.hpp"

// Daily VaR forecasts through the crashes of 2019 to 2023, and how they held. Every parameter is fixed here or
// estimated from days before the day it is used on.
namespace keel::risk::crash {

// Daily closes (UTC midnight), and the volatility index where it was published; 0 elsewhere.
struct DailySeries {
    std::vector<std::string> date;  // 2019-01-01
    std::vector<double> btc, eth;   // USD
    std::vector<double> dvol;       // fraction per sqrt(year)
};
DailySeries read_daily(const std::filesystem::path& closes_csv, const std::filesystem::path& dvol_json);

// Log moves of one day: from the close of the day before to this one's.
struct DayMoves {
    double btc{0.0}, eth{0.0};
    double iv{0.0};         // log change of the implied volatility proxy, both ends from the same source
    double iv_before{0.0};  // the proxy at the close before
};
// Implied volatility for 30 days, a proxy: 1.1 times a 20-day EWMA of BTC returns (lambda = 1 - 2/21), or DVOL
// where it is given and greater.
std::vector<DayMoves> day_moves(const DailySeries& series);  // element 0 is empty: no day before

enum class Book : std::uint8_t { basket, straddle, hedged_straddle };
inline constexpr std::array kBooks{Book::basket, Book::straddle, Book::hedged_straddle};
const char* name_of(Book book);

// Those after `filtered` are not forecasts to use: each takes one cause away from a method that fails.
enum class Method : std::uint8_t {
    normal,
    student_t,
    delta_gamma,
    historical,
    age_weighted,
    filtered,
    filtered_all,           // implied volatility rescaled too
    filtered_linear,        // the linear profit of the parametric methods on the rows of FHS
    filtered_second_order,  // the second-order profit of delta-gamma on the rows of FHS
    normal_plain_iv,        // volatility of log iv that of all rows alike, where `normal` has its EWMA
    student_t_plain_iv,
};
inline constexpr std::array kMethods{Method::normal,          Method::student_t,         Method::delta_gamma,
                                     Method::historical,      Method::age_weighted,      Method::filtered,
                                     Method::filtered_all,    Method::filtered_linear,   Method::filtered_second_order,
                                     Method::normal_plain_iv, Method::student_t_plain_iv};
const char* name_of(Method method);

struct Parameters {
    double alpha{0.99};
    double lambda{0.94};         // RiskMetrics, daily; volatilities and covariances
    std::size_t seed{50};        // returns whose mean square starts an EWMA
    std::size_t scenarios{500};  // as the engine's default; all there are until then
    double age_lambda{0.99};     // Boudoukh, Richardson and Whitelaw
    double student_nu{5.0};
    std::string first_day{"2019-01-01"}, last_day{"2023-12-31"};
};

using Forecasts = std::array<TailMeasures, kMethods.size()>;

struct Day {
    std::string date;
    DayMoves moves;
    double pnl_usd{0.0};
    Forecasts forecast{};
};

struct Verdict {
    std::int64_t hits{0}, days{0};
    HitTransitions transitions;
    LikelihoodRatio coverage, independence, conditional;
    double z2{0.0};
    TrafficLight light{TrafficLight::green};
    double var_mean_usd{0.0};
    std::vector<std::int64_t> hits_by_year;  // from the first year
    [[nodiscard]] bool passes() const { return coverage.p_value >= 0.05 && independence.p_value >= 0.05; }
};

struct BookResult {
    Book book{};
    std::vector<Day> days;
    std::array<Verdict, kMethods.size()> verdicts{};
    [[nodiscard]] const Verdict& of(Method method) const { return verdicts[static_cast<std::size_t>(method)]; }
};
BookResult run(Book book, const DailySeries& series, const Parameters& parameters = {});

}  // namespace keel::risk::crash
