#include "tests/risk/tail/crash_report.hpp"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

namespace keel::risk::crash {
namespace {

const char* name_of(TrafficLight light) {
    switch (light) {
        case TrafficLight::green: return "green";
        case TrafficLight::yellow: return "yellow";
        case TrafficLight::red: return "red";
    }
    return "";
}

std::string number(double value, int digits) {
    std::ostringstream out;
    out << std::fixed << std::setprecision(digits) << value;
    return out.str();
}

std::string p_value(double p) { return p < 0.0001 ? "<0.0001" : number(p, 4); }

std::vector<std::string> cells_of(const Verdict& v) {
    std::string years;
    for (const std::int64_t hits : v.hits_by_year) years += (years.empty() ? "" : "/") + std::to_string(hits);
    return {std::to_string(v.hits) + " of " + std::to_string(v.days),
            years,
            p_value(v.coverage.p_value),
            p_value(v.independence.p_value),
            p_value(v.conditional.p_value),
            number(v.z2, 2),
            name_of(v.light),
            number(v.var_mean_usd / 1e4, 2) + " %"};
}

constexpr std::array kHeadings{"method",        "exceedances", "by year", "Kupiec p", "independence p",
                               "conditional p", "Z2",          "light",   "mean VaR"};

// A polyline of one value per day.
template <typename Value>
std::string line(const std::vector<Day>& days, const char* colour, double width, double height, double scale,
                 Value value) {
    std::ostringstream out;
    out << "<polyline fill='none' stroke='" << colour << "' stroke-width='1' points='";
    for (std::size_t i = 0; i < days.size(); ++i) {
        const double x = width * static_cast<double>(i) / static_cast<double>(days.size());
        out << number(x, 1) << ',' << number(height / 2.0 - value(days[i]) * scale, 1) << ' ';
    }
    out << "'/>\n";
    return out.str();
}

std::string chart(const BookResult& result) {
    constexpr double kWidth = 1100.0;
    constexpr double kHeight = 320.0;
    double reach = 0.0;
    for (const Day& day : result.days) reach = std::max(reach, std::abs(day.pnl_usd));
    const double scale = 0.48 * kHeight / reach;
    const auto forecast = [](Method method) {
        return [method](const Day& day) { return -day.forecast[static_cast<std::size_t>(method)].var_usd; };
    };
    std::ostringstream out;
    out << "<svg viewBox='0 0 " << kWidth << ' ' << kHeight + 20 << "' role='img' aria-label='"
        << crash::name_of(result.book) << "'>\n<line x1='0' x2='" << kWidth << "' y1='" << kHeight / 2 << "' y2='"
        << kHeight / 2 << "' stroke='#999' stroke-width='0.5'/>\n";
    out << line(result.days, "#b8c4d0", kWidth, kHeight, scale, [](const Day& day) { return day.pnl_usd; });
    out << line(result.days, "#d08a2e", kWidth, kHeight, scale, forecast(Method::historical));
    out << line(result.days, "#1f5fa8", kWidth, kHeight, scale, forecast(Method::filtered));
    std::string year;
    for (std::size_t i = 0; i < result.days.size(); ++i) {
        const Day& day = result.days[i];
        const double x = kWidth * static_cast<double>(i) / static_cast<double>(result.days.size());
        if (day.date.substr(0, 4) != year) {
            year = day.date.substr(0, 4);
            out << "<text x='" << number(x + 2, 1) << "' y='" << kHeight + 15 << "' font-size='12'>" << year
                << "</text>\n";
        }
        if (day.pnl_usd >= forecast(Method::filtered)(day)) continue;
        out << "<circle cx='" << number(x, 1) << "' cy='" << number(kHeight / 2 - day.pnl_usd * scale, 1)
            << "' r='3' fill='#c0392b'><title>" << day.date << "</title></circle>\n";
    }
    out << "</svg>\n<p>Daily profit (grey), minus 99 % VaR: filtered historical (blue), plain historical (orange); "
           "days beyond "
           "the filtered VaR in red. Full height: +-"
        << number(reach / 1e4 / 0.96, 1) << " % of notional.</p>\n";
    return out.str();
}

}  // namespace

std::string markdown(std::span<const BookResult> results) {
    std::ostringstream out;
    for (const BookResult& result : results) {
        out << "**" << crash::name_of(result.book) << "**\n\n|";
        for (const char* heading : kHeadings) out << ' ' << heading << " |";
        out << "\n|";
        for (std::size_t i = 0; i < kHeadings.size(); ++i) out << " --- |";
        out << '\n';
        for (const Method method : kMethods) {
            out << "| " << crash::name_of(method) << " |";
            for (const std::string& cell : cells_of(result.of(method))) out << ' ' << cell << " |";
            out << '\n';
        }
        out << "\nDays beyond the filtered VaR:";
        for (const Day& day : result.days) {
            const double var = day.forecast[static_cast<std::size_t>(Method::filtered)].var_usd;
            if (day.pnl_usd < -var) out << ' ' << day.date << " (" << number(-day.pnl_usd / var, 1) << "x)";
        }
        out << "\n\n";
    }
    return out.str();
}

std::string html(std::span<const BookResult> results) {
    std::ostringstream out;
    out << "<!doctype html><meta charset='utf-8'><title>Value at risk through crashes</title>\n<style>body{font:15px "
           "sans-serif;max-width:1100px;margin:2em auto}table{border-collapse:collapse}td,th{padding:3px "
           "10px;border-bottom:1px solid "
           "#ddd;text-align:right}td:first-child{text-align:left}.no{color:#c0392b}</style>\n"
           "<h1>One-day 99 % VaR, 2019 to 2023</h1>\n";
    for (const BookResult& result : results) {
        out << "<h2>" << crash::name_of(result.book) << "</h2>\n" << chart(result) << "<table><tr>";
        for (const char* heading : kHeadings) out << "<th>" << heading << "</th>";
        out << "</tr>\n";
        for (const Method method : kMethods) {
            const Verdict& verdict = result.of(method);
            out << (verdict.passes() ? "<tr><td>" : "<tr class='no'><td>") << crash::name_of(method) << "</td>";
            for (const std::string& cell : cells_of(verdict)) {
                out << "<td>" << (cell.starts_with('<') ? "&lt;" + cell.substr(1) : cell) << "</td>";
            }
            out << "</tr>\n";
        }
        out << "</table>\n<p>Red rows: rejected at 5 % by Kupiec's or Christoffersen's independence test.</p>\n";
    }
    return out.str();
}

}  // namespace keel::risk::crash
