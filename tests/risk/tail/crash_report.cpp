#include "tests/risk/tail/crash_report.hpp"

#include <algorithm>
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
            std::to_string(v.transitions.n11),
            years,
            p_value(v.coverage.p_value),
            p_value(v.independence.p_value),
            p_value(v.conditional.p_value),
            number(v.z2, 2),
            name_of(v.light),
            number(v.var_mean_usd / 1e4, 2) + " %"};
}

constexpr std::array kHeadings{"method",         "exceedances",   "in a row", "by year", "Kupiec p",
                               "independence p", "conditional p", "Z2",       "light",   "mean VaR"};

// Days along, USD up, between the least and the greatest number that is drawn.
class Chart {
public:
    explicit Chart(const std::vector<Day>& days) : days_{days} {
        for (const Day& day : days) {
            low_ = std::min({low_, day.pnl_usd, threshold(day, Method::historical), threshold(day, Method::filtered)});
            high_ = std::max(high_, day.pnl_usd);
        }
    }
    static double threshold(const Day& day, Method method) {
        return -day.forecast[static_cast<std::size_t>(method)].var_usd;
    }
    [[nodiscard]] std::string x(std::size_t day) const {
        return number(kWidth * static_cast<double>(day) / static_cast<double>(days_.size()), 1);
    }
    [[nodiscard]] std::string y(double usd) const { return number(kHeight * (high_ - usd) / (high_ - low_), 1); }
    template <typename Value>
    void line(std::ostream& out, const char* colour, Value value) const {
        out << "<polyline fill='none' stroke='" << colour << "' points='";
        for (std::size_t i = 0; i < days_.size(); ++i) out << x(i) << ',' << y(value(days_[i])) << ' ';
        out << "'/>\n";
    }
    // A level with its label, % of notional.
    void level(std::ostream& out, double usd) const {
        out << "<line x2='" << kWidth << "' y1='" << y(usd) << "' y2='" << y(usd)
            << "' stroke='#ccc' stroke-width='0.5'/><text x='" << kWidth + 4 << "' y='" << y(usd) << "' font-size='11'>"
            << number(usd / 1e4, 0) << " %</text>\n";
    }
    void marks(std::ostream& out) const {
        for (std::size_t i = 0; i < days_.size(); ++i) {
            const Day& day = days_[i];
            if (i == 0 || day.date.ends_with("01-01")) {
                out << "<text x='" << x(i) << "' y='" << kHeight + 18 << "' font-size='12'>" << day.date.substr(0, 4)
                    << "</text>\n";
            }
            if (day.pnl_usd >= threshold(day, Method::filtered)) continue;
            out << "<circle cx='" << x(i) << "' cy='" << y(day.pnl_usd) << "' r='3' fill='#c0392b'><title>" << day.date
                << "</title></circle>\n";
        }
    }
    [[nodiscard]] std::string draw(const char* name) const {
        std::ostringstream out;
        out << "<svg viewBox='0 -10 " << kWidth + 45 << ' ' << kHeight + 34 << "' role='img' aria-label='" << name
            << "'>\n";
        for (double usd = -6e5; usd < high_; usd += 1e5) {
            if (usd >= low_) level(out, usd);
        }
        line(out, "#b8c4d0", [](const Day& day) { return day.pnl_usd; });
        line(out, "#d08a2e", [](const Day& day) { return threshold(day, Method::historical); });
        line(out, "#1f5fa8", [](const Day& day) { return threshold(day, Method::filtered); });
        marks(out);
        out << "</svg>\n<p>Daily profit, % of notional (grey); minus 99 % VaR, filtered historical (blue) and plain "
               "historical (orange); days beyond the filtered VaR (red).</p>\n";
        return out.str();
    }

private:
    static constexpr double kWidth = 1100.0;
    static constexpr double kHeight = 320.0;
    const std::vector<Day>& days_;
    double low_{0.0};
    double high_{0.0};
};

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
        out << "\n\nDays beyond the parametric normal VaR, the day after another:";
        bool was_beyond = false;
        for (const Day& day : result.days) {
            const bool is_beyond = day.pnl_usd < -day.forecast[static_cast<std::size_t>(Method::normal)].var_usd;
            if (is_beyond && was_beyond) out << ' ' << day.date;
            was_beyond = is_beyond;
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
        out << "<h2>" << crash::name_of(result.book) << "</h2>\n"
            << Chart{result.days}.draw(crash::name_of(result.book)) << "<table><tr>";
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
