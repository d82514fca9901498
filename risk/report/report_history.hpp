#pragma once

#include <span>
#include <string>
#include <vector>

#include "risk/report/report_age.hpp"
#include "risk/report/report_inputs.hpp"

namespace keel::risk {

inline constexpr std::size_t kHistoryDaysMax = 500;    // older days say nothing of now; as for tails
inline constexpr std::size_t kRealisedDays = 60;       // window of realised variance and of the jump tests
inline constexpr std::size_t kRealisedDaysShort = 30;  // what a 30-day implied volatility is compared with
inline constexpr std::size_t kRegimeDaysMin = 100;     // fewer are no "usual" volatility
inline constexpr double kRegimeHalfLifeDays = 10.0;    // of the volatility of implied volatility

// One number of the past days.
struct HistoryMetric {
    std::string name;
    double value{std::numeric_limits<double>::quiet_NaN()};
    const char* unit{""};
    std::string quality{"good"};
    InputAge age{};
    InputDoubt doubts{InputDoubt::none};  // of the days; not among the words of `quality`
};

// What the daily returns of the files say, by the estimators of risk/metrics/ and risk/matrix/. What a history is too
// short for has no row; a note says so. Formulas and windows: docs/risk-model.md, "Names in `keel risk`".
struct HistoryReport {
    struct Pair {
        std::string scope;  // "BTC/ETH"
        std::vector<HistoryMetric> metrics;
    };
    std::vector<std::vector<HistoryMetric>> underlyings;  // by UnderlyingSlot
    std::vector<Pair> pairs;                              // of the underlyings that are held
    std::vector<HistoryMetric> account;
};

// `exposure_usd`: dP/d lnS by UnderlyingSlot; empty where it is not known.
[[nodiscard]] HistoryReport report_history(const ReportInputs& inputs, std::span<const double> exposure_usd,
                                           std::vector<std::string>& notes);

}  // namespace keel::risk
