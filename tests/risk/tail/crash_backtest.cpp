#include "tests/risk/tail/crash_backtest.hpp"

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "risk/tail/historical.hpp"
#include "tests/risk/tail/crash_books.hpp"
#include "tests/support/csv_rows.hpp"
#include "tests/support/test_data.hpp"

namespace keel::risk::crash {
namespace {

constexpr double kDaysPerYear = 365.0;
constexpr double kImpliedOverRealised = 1.1;
constexpr double kProxyLambda = 1.0 - 2.0 / 21.0;  // an exponential average of 20 days' span

std::string date_of(std::int64_t ms) {
    const std::chrono::sys_days day{std::chrono::floor<std::chrono::days>(std::chrono::milliseconds{ms})};
    const std::chrono::year_month_day date{day};
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return text.data();
}

}  // namespace

DailySeries read_daily(const std::filesystem::path& closes_csv, const std::filesystem::path& dvol_json) {
    std::map<std::string, std::array<double, 3>> days;
    for (const test::CsvRow& row : test::CsvRows{test::read_file(closes_csv)}) {
        const std::string& symbol = row.text("symbol");
        if (symbol != "BTCUSDT" && symbol != "ETHUSDT") continue;
        days[row.text("timestamp").substr(0, 10)][symbol == "BTCUSDT" ? 0 : 1] = row.number("close");
    }
    for (const auto& point : nlohmann::json::parse(test::read_file(dvol_json))) {
        const auto day = days.find(date_of(point.at(0)));
        if (day != days.end()) day->second[2] = point.at(1).get<double>() / 100.0;
    }
    DailySeries series;
    for (const auto& [date, values] : days) {
        if (!(values[0] > 0.0 && values[1] > 0.0)) throw std::runtime_error{"no close on " + date};
        series.date.push_back(date);
        series.btc.push_back(values[0]);
        series.eth.push_back(values[1]);
        series.dvol.push_back(values[2]);
    }
    return series;
}

std::vector<DayMoves> day_moves(const DailySeries& series) {
    std::vector<DayMoves> moves(series.date.size());
    double variance = 0.0;
    double proxy = 0.0;
    for (std::size_t t = 1; t < moves.size(); ++t) {
        moves[t].btc = std::log(series.btc[t] / series.btc[t - 1]);
        moves[t].eth = std::log(series.eth[t] / series.eth[t - 1]);
        const double square = moves[t].btc * moves[t].btc;
        variance = t == 1 ? square : kProxyLambda * variance + (1.0 - kProxyLambda) * square;
        const double before = proxy;
        proxy = kImpliedOverRealised * std::sqrt(variance * kDaysPerYear);
        const bool both = series.dvol[t] > 0.0 && series.dvol[t - 1] > 0.0;
        moves[t].iv_before = both ? std::max(before, series.dvol[t - 1]) : before;
        const double now = both ? std::max(proxy, series.dvol[t]) : proxy;
        moves[t].iv = t > 1 && before > 0.0 ? std::log(now / moves[t].iv_before) : 0.0;
    }
    return moves;
}

const char* name_of(Book book) {
    switch (book) {
        case Book::basket: return "long basket";
        case Book::straddle: return "short straddle (proxy)";
        case Book::hedged_straddle: return "delta-hedged short straddle (proxy)";
    }
    return "";
}

const char* name_of(Method method) {
    switch (method) {
        case Method::normal: return "parametric normal";
        case Method::student_t: return "parametric Student-t";
        case Method::delta_gamma: return "delta-gamma";
        case Method::historical: return "historical";
        case Method::age_weighted: return "age-weighted (BRW)";
        case Method::filtered: return "filtered historical (FHS)";
        case Method::filtered_all: return "FHS, iv rescaled too";
        case Method::filtered_linear: return "linear profit on FHS rows";
        case Method::filtered_second_order: return "second-order profit on FHS rows";
        case Method::normal_plain_iv: return "normal, plain volatility of iv";
        case Method::student_t_plain_iv: return "Student-t, plain volatility of iv";
    }
    return "";
}

namespace {

Verdict judge(const std::vector<Day>& days, std::size_t method, double alpha) {
    Verdict verdict;
    std::vector<double> pnl, var, es;
    std::vector<std::uint8_t> hits;
    std::map<std::string, std::int64_t> by_year;
    for (const Day& day : days) {
        pnl.push_back(day.pnl_usd);
        var.push_back(day.forecast[method].var_usd);
        es.push_back(day.forecast[method].es_usd);
        hits.push_back(day.pnl_usd < -var.back() ? 1 : 0);
        by_year[day.date.substr(0, 4)] += hits.back();
        verdict.hits += hits.back();
        verdict.var_mean_usd += var.back() / static_cast<double>(days.size());
    }
    for (const auto& [year, count] : by_year) verdict.hits_by_year.push_back(count);
    verdict.days = static_cast<std::int64_t>(days.size());
    verdict.transitions = hit_transitions(hits);
    verdict.coverage = kupiec(verdict.hits, verdict.days, alpha).value();
    verdict.independence = christoffersen_independence(verdict.transitions);
    verdict.conditional = christoffersen_coverage(verdict.coverage, verdict.independence);
    verdict.z2 = acerbi_szekely_z2(pnl, var, es, alpha).value();
    verdict.light = traffic_light(verdict.hits, verdict.days, alpha).value();
    return verdict;
}

}  // namespace

BookResult run(Book book, const DailySeries& series, const Parameters& parameters) {
    BookResult result;
    result.book = book;
    const std::vector<DayMoves> moves = day_moves(series);
    ForecastHistory history{parameters};
    for (std::size_t t = 1; t < moves.size(); ++t) {
        if (series.date[t] >= parameters.first_day && series.date[t] <= parameters.last_day) {
            const BookOfDay position{book, moves[t].iv_before};
            result.days.push_back({.date = series.date[t],
                                   .moves = moves[t],
                                   .pnl_usd = position.pnl_usd(moves[t].btc, moves[t].eth, moves[t].iv),
                                   .forecast = history.forecast(position)});
        }
        history.on_day(moves[t]);
    }
    for (std::size_t m = 0; m < kMethods.size(); ++m) result.verdicts[m] = judge(result.days, m, parameters.alpha);
    return result;
}

}  // namespace keel::risk::crash
