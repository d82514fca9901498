#include "app/report/report_words.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "app/view/screen_line.hpp"

namespace keel::app {
namespace {

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
