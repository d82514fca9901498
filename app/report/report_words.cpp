#include "app/report/report_words.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "app/view/screen_line.hpp"

namespace keel::app {
namespace {

using risk::LimitState;

constexpr int kIndent = 6;  // of a line's continuation

}  // namespace

std::string number(double value) {
    if (std::isinf(value)) return "never";
    const bool small = value != 0.0 && std::abs(value) < 1.0;
    return small ? fmt::format("{:.4g}", value) : short_number(value);
}

std::string right(const std::string& text, int columns) {
    const int missing = columns - columns_of(text);
    return std::string(static_cast<std::size_t>(std::max(0, missing)), ' ') + text;
}

std::string wrapped(const std::string& text, int columns) {
    std::string out;
    std::size_t start = 0;
    while (start < text.size()) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        std::string line = text.substr(start, end - start);
        while (columns_of(line) > columns) {
            // The last blank whose left side fits, but none of the indent.
            std::size_t blank = line.rfind(' ');
            while (blank != std::string::npos && columns_of(std::string_view{line}.substr(0, blank)) > columns) {
                blank = blank == 0 ? std::string::npos : line.rfind(' ', blank - 1);
            }
            if (blank == std::string::npos || blank <= line.find_first_not_of(' ')) break;
            std::string rest = line.substr(blank + 1);
            line.resize(line.find_last_not_of(' ', blank) + 1);
            out += line + "\n";
            line = std::string(kIndent, ' ') + rest;
        }
        out += line;
        if (end < text.size()) out += "\n";
        start = end + 1;
    }
    return out;
}

std::string holdings_words(const risk::RiskReport& report) {
    const auto counted = [](std::size_t count, const char* one) {
        return fmt::format("{} {}{}", grouped(static_cast<double>(count), 0), one, count == 1 ? "" : "s");
    };
    const auto balances =
        static_cast<std::size_t>(std::ranges::count(report.positions, true, &risk::PositionRow::cash));
    const std::string positions = counted(report.positions.size() - balances, "position");
    return balances == 0 ? positions : positions + " and " + counted(balances, "balance");
}

std::vector<const risk::ReportMetric*> limits_to_tell(const risk::RiskReport& report) {
    std::vector<const risk::ReportMetric*> out;
    for (const LimitState state : {LimitState::hard, LimitState::soft, LimitState::unknown}) {
        for (const risk::ReportMetric& metric : report.metrics) {
            if (metric.state == state) out.push_back(&metric);
        }
    }
    return out;
}

std::string limits_words(const risk::RiskReport& report) {
    const auto count = [&](LimitState state) {
        return std::ranges::count(report.metrics, state, &risk::ReportMetric::state);
    };
    const auto hard = count(LimitState::hard), soft = count(LimitState::soft), inside = count(LimitState::inside),
               unknown = count(LimitState::unknown);
    if (hard + soft + inside + unknown == 0) return "none given";
    std::string out = hard + soft == 0 ? "none breached" : fmt::format("{} hard, {} soft", hard, soft);
    out += fmt::format(", {} inside", inside);
    return unknown == 0 ? out : out + fmt::format(", {} not known", unknown);
}

std::string breach_words(const risk::RiskReport& report) {
    std::string out;
    std::size_t count = 0;
    for (const risk::ReportMetric& metric : report.metrics) {
        if (metric.state != LimitState::hard) continue;
        ++count;
        out += fmt::format("{}{}{}{} {} (hard {})", out.empty() ? "" : ", ", metric.name,
                           metric.scope.empty() ? "" : " ", metric.scope, number(metric.value), number(metric.hard));
    }
    return count == 0 ? "" : fmt::format("{} hard {} breached: {}", count, count == 1 ? "limit" : "limits", out);
}

std::string money(double usd) { return std::isnan(usd) ? "unknown" : grouped(usd, 0); }

bool moves_with_volatility(const risk::UnderlyingReport& underlying) {
    constexpr std::size_t kColumns = risk::kGridVolatilityMoves.size();
    const auto& cells = underlying.matrix.pnl_usd;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (cells[i] != cells[i - i % kColumns]) return true;
    }
    return false;
}

std::vector<std::size_t> margined_venues(const std::vector<risk::StressResult>& stresses, std::size_t venues) {
    std::vector<std::size_t> out;
    for (std::size_t v = 0; v < venues; ++v) {
        const auto known = [v](const risk::StressResult& stress) {
            return v < stress.venues.size() && !std::isnan(stress.venues[v].margin_ratio);
        };
        if (std::ranges::any_of(stresses, known)) out.push_back(v);
    }
    return out;
}

const char* doubt_word(const risk::ReportMetric& metric) {
    if (std::isnan(metric.value) || metric.quality == "good") return "";
    if (metric.stale) return "stale";
    return metric.doubts == risk::InputDoubt::none ? "incomplete" : "doubtful";
}

const char* root_status_name(risk::RootStatus status) {
    switch (status) {
        case risk::RootStatus::found: return "found";
        case risk::RootStatus::none: return "none";
        case risk::RootStatus::breached: return "breached";
        case risk::RootStatus::unknown: break;
    }
    return "unknown";
}

std::string liquidation_words(const risk::LiquidationSide& side, bool up) {
    if (side.status != risk::RootStatus::found) return root_status_name(side.status);
    return fmt::format("{} ({}{:.1f} %)", number(side.price), up ? '+' : '-', 100.0 * side.distance_ratio);
}

bool has_liquidation_price(const risk::VenueReport::Liquidation& row) {
    const auto priced = [](const risk::LiquidationSide& side) {
        return side.status == risk::RootStatus::found || side.status == risk::RootStatus::breached;
    };
    return priced(row.still.down) || priced(row.still.up) || priced(row.by_beta.down) || priced(row.by_beta.up);
}

bool liquidates_nowhere(const risk::VenueReport::Liquidation& row) {
    return row.still.down.status == risk::RootStatus::none && row.still.up.status == risk::RootStatus::none;
}

std::vector<std::string> without_liquidation_price(const risk::VenueReport& venue) {
    std::vector<std::string> none, unknown;
    for (const auto& row : venue.liquidations) {
        if (has_liquidation_price(row)) continue;
        (liquidates_nowhere(row) ? none : unknown).push_back(row.underlying);
    }
    std::vector<std::string> out;
    const auto say = [&](const std::vector<std::string>& names, const char* words) {
        if (names.empty()) return;
        out.push_back((names.size() == 1 ? names.front() : fmt::format("{} underlyings", names.size())) + words);
    };
    say(none, ": no liquidation price");
    say(unknown, ": liquidation price unknown");
    return out;
}

std::string profit_title(const risk::ProfitExplained& profit) {
    return fmt::format("Profit since {}, holdings and cash unchanged, USD", utc_text(profit.since));
}

std::string liquidation_sigmas(double sigmas) {
    return std::isnan(sigmas) ? "unknown" : std::isinf(sigmas) ? "none" : number(sigmas);
}

std::string utc_text(UnixNanos time) {
    const auto seconds = static_cast<std::time_t>(time.ns() / 1'000'000'000);
    return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(seconds));
}

std::string age_text(double seconds) {
    if (seconds < 120.0) return fmt::format("{:.0f} s", seconds);
    if (seconds < 2.0 * 3'600.0) return fmt::format("{:.0f} min", seconds / 60.0);
    if (seconds < 2.0 * 86'400.0) return fmt::format("{:.1f} h", seconds / 3'600.0);
    return fmt::format("{:.1f} days", seconds / 86'400.0);
}

double oldest_input_seconds(const risk::RiskReport& report) {
    double oldest = std::numeric_limits<double>::quiet_NaN();
    for (const risk::ReportMetric& metric : report.metrics) {
        if (std::isfinite(metric.age_seconds)) oldest = std::fmax(oldest, metric.age_seconds);
    }
    return oldest;
}

std::string as_of_words(const risk::RiskReport& report) {
    const double oldest = oldest_input_seconds(report);
    return fmt::format(
        "Prices of {}, {}", utc_text(report.as_of),
        std::isfinite(oldest) ? "oldest input " + age_text(oldest) + " older" : "age of inputs not given");
}

}  // namespace keel::app
