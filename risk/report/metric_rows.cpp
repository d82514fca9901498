#include "risk/report/metric_rows.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include "risk/report/report_metrics.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool needs_equity(std::string_view name) {
    constexpr std::array<std::string_view, 6> kNames{"equity_usd",       "equity_coin", "delta_usd",
                                                     "dollar_delta_usd", "drawdown",    "margin_ratio"};
    return name.starts_with("leverage_") || name.starts_with("liq_") || std::ranges::find(kNames, name) != kNames.end();
}

// Metrics that the moves of past days go into: tails, shares of them, the stresses of correlation; liquidation prices
// by beta and in deviations of a day.
bool needs_history(std::string_view name) {
    constexpr std::array<std::string_view, 7> kNames{"var_99_usd",       "es_975_usd",      "leverage_risk",
                                                     "stress_worst_usd", "top1_underlying", "top3_underlying",
                                                     "effective_bets"};
    return name.starts_with("concentration_") || name.starts_with("liq_") ||
           std::ranges::find(kNames, name) != kNames.end();
}

// Those of the tail itself; a stress takes from it how prices move together and no more.
bool needs_tail(std::string_view name) { return needs_history(name) && name != "stress_worst_usd"; }

// Whether it may be infinite: nothing liquidates, no crash is too great. Any other number that is has overflowed.
bool may_be_infinite(std::string_view name) { return name.starts_with("liq_") || name == "reverse_crash_scale"; }

}  // namespace

void MetricRows::scope(std::string name, InputAge age, InputDoubt doubts, std::string quality, bool cash_missing) {
    scope_ = std::move(name);
    age_ = age;
    history({}, InputDoubt::none);
    doubts_ = doubts;
    quality_ = std::move(quality);
    cash_missing_ = cash_missing;
    const std::string doubtful = doubt_words(doubts);
    if (!doubtful.empty()) quality_ = quality_ == "good" ? doubtful : quality_ + ", " + doubtful;
}

void MetricRows::history(InputAge age, InputDoubt doubts) {
    history_ = age;
    history_doubts_ = doubts;
}

void MetricRows::add(std::string name, double value, const char* unit, const std::string& lack, InputAge own,
                     InputDoubt own_doubts) {
    if (std::isinf(value) && !may_be_infinite(name)) value = kNaN;
    const InputAge age = older(needs_history(name) ? older(age_, history_) : age_, own);
    const InputDoubt of_history = needs_tail(name) ? history_doubts_ : InputDoubt::none;
    const InputDoubt beside = of_history | without(own_doubts, doubts_);
    ReportMetric row{.name = std::move(name),
                     .scope = scope_,
                     .value = value,
                     .unit = unit,
                     .age_seconds = age.oldest_seconds,
                     .stale = age.stale,
                     .doubts = doubts_ | beside,
                     .quality = quality_};
    const auto lower = [&](const std::string& words) {
        row.quality = (row.quality == "good" ? "" : row.quality + ", ") + words;
    };
    if (age.stale) row.quality = row.quality == "good" ? "stale" : "stale, " + row.quality;
    if (beside != InputDoubt::none) lower(doubt_words(beside));
    if (!lack.empty()) lower(lack);
    if (cash_missing_ && needs_equity(row.name)) lower("no cash given");
    if (std::isnan(value)) row.quality = "unknown";
    judge(row);
    rows_.push_back(std::move(row));
}

void MetricRows::judge(ReportMetric& row) const {
    for (const ReportLimit& limit : inputs_.limits) {
        if (limit.metric != row.name || limit.scope != row.scope) continue;
        row.soft = limit.soft;
        row.hard = limit.hard;
        row.state = limit_state(limit, row.value);
    }
}

}  // namespace keel::risk
