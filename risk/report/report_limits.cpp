#include "risk/report/report_limits.hpp"

#include <algorithm>
#include <cctype>
#include <limits>
#include <string_view>
#include <utility>

#include "engine/core/edit_distance.hpp"

namespace keel::risk {
namespace {

std::string name_of(std::string_view metric, std::string_view scope) {
    return std::string{metric} + (scope.empty() ? "" : " ") + std::string{scope};
}

std::string lowered(std::string_view name) {
    std::string out{name};
    for (char& letter : out) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    return out;
}

// Letters in which a name differs from one of the report, whatever their case; `far` beyond a third of it.
constexpr std::size_t kFar = 1'000;
std::size_t letters_between(const std::string& given, const std::string& known) {
    const std::size_t letters = edit_distance(lowered(given), lowered(known));
    return letters <= given.size() / 3 ? letters : kFar;
}

// "; did you mean delta_net BTC?"; empty: nothing is near.
std::string suggestion(const ReportLimit& limit, std::span<const ReportMetric> metrics) {
    const ReportMetric* nearest = nullptr;
    std::size_t fewest = kFar;
    for (const ReportMetric& metric : metrics) {
        const std::size_t letters =
            letters_between(limit.metric, metric.name) + letters_between(limit.scope, metric.scope);
        if (letters >= fewest) continue;
        fewest = letters;
        nearest = &metric;
    }
    return nearest == nullptr ? "" : "; did you mean " + name_of(nearest->name, nearest->scope) + "?";
}

}  // namespace

std::vector<std::string> add_unjudged_limits(std::span<const ReportLimit> limits, std::vector<ReportMetric>& metrics) {
    std::vector<std::string> notes;
    const std::vector<ReportMetric> known = metrics;
    for (const ReportLimit& limit : limits) {
        const auto is_meant = [&](const ReportMetric& row) {
            return row.name == limit.metric && row.scope == limit.scope;
        };
        if (std::ranges::any_of(known, is_meant)) continue;
        ReportMetric row;
        row.name = limit.metric;
        row.scope = limit.scope;
        row.soft = limit.soft;
        row.hard = limit.hard;
        row.state = LimitState::unknown;
        row.quality = "no such metric";
        const auto last = std::ranges::find(metrics.rbegin(), metrics.rend(), limit.scope, &ReportMetric::scope);
        metrics.insert(last == metrics.rend() ? metrics.end() : last.base(), std::move(row));
        notes.push_back("the limit of " + name_of(limit.metric, limit.scope) + " is not judged: no such metric here" +
                        suggestion(limit, known));
    }
    return notes;
}

std::vector<std::string> doubtful_limit_notes(std::span<const ReportMetric> metrics) {
    std::vector<std::string> notes;
    for (const ReportMetric& metric : metrics) {
        if (metric.state == LimitState::none || (!metric.stale && metric.doubts == InputDoubt::none)) continue;
        notes.push_back("the limit of " + name_of(metric.name, metric.scope) + " is judged on " +
                        (metric.stale ? "stale" : "doubtful") + " inputs");
    }
    return notes;
}

}  // namespace keel::risk
