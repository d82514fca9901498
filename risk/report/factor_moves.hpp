#pragma once

#include <chrono>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "risk/report/report_inputs.hpp"
#include "risk/tail/scenario_set.hpp"

namespace keel::risk {

inline constexpr std::size_t kReportReturnsMin = 100;    // fewer days make no historical tail
inline constexpr std::chrono::minutes kDayEndSlack{90};  // summer time, and a job that starts late

// Whether the days of both end together, within kDayEndSlack; what is not known is taken to.
[[nodiscard]] bool do_days_end_together(const UnderlyingHistory& a, const UnderlyingHistory& b);

// Whether a day's move is one that a scenario takes: known, and not beyond a factor of e^5, which no market makes.
[[nodiscard]] inline bool is_day(double log_move) { return std::abs(log_move) <= kLogMoveMax; }
// Such days among those of a history that a report uses, the last kScenariosDefault.
[[nodiscard]] std::size_t days_present(const std::vector<double>& returns);

// What moves the book of a report, day by day: ln S of each underlying, then 30-day ln iv of each.
struct FactorMoves {
    std::size_t underlyings{0};
    std::size_t days{0};                     // that every held underlying has; 0: no history, or nothing is held
    std::vector<std::vector<double>> moves;  // by factor, of `days`, oldest first; empty: it stands still
    std::vector<bool> held;                  // by underlying: something of it is
    InputDoubt doubts{InputDoubt::none};     // of what is held
    [[nodiscard]] std::size_t count() const { return 2 * underlyings; }
};

// Days that a factor lacks are filled from the returns of another underlying, BTC before all (missing_returns.hpp);
// those that no underlying has are left out. A move beyond what a scenario takes (kLogMoveMax) is none. Each thing
// missing of what is held is a note, and a doubt where the moves are used all the same: volatilities that stand still
// are those of options that are held.
[[nodiscard]] FactorMoves factor_moves(const ReportInputs& inputs, const MarketState& market,
                                       std::vector<std::string>& notes);

}  // namespace keel::risk
