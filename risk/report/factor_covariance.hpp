#pragma once

#include <string>
#include <vector>

#include "risk/report/factor_moves.hpp"

namespace keel::risk {

inline constexpr double kReportEwmaDecay = 0.94;    // of daily returns (RiskMetrics 1996)
inline constexpr std::size_t kReportEwmaSeed = 50;  // first squares of it

// How the factors of a report move together in one day.
struct FactorCovariance {
    std::vector<double> covariance;  // 2n x 2n, n underlyings
    std::vector<double> sigma_day;   // n; NaN: nothing is known, it stands still
    InputDoubt doubts{InputDoubt::none};
};

// As given, else of the underlying's own returns, `kReportEwmaSeed` at least; NaN without either.
[[nodiscard]] double own_daily_volatility(const UnderlyingHistory& history);

// Of the days of `history` (EwmaCovariance), else of the daily volatilities and correlations of the inputs
// (ScaledCovariance). What is missing, refused or repaired is said in a note.
[[nodiscard]] FactorCovariance factor_covariance(const ReportInputs& inputs, const FactorMoves& history,
                                                 std::vector<std::string>& notes);

}  // namespace keel::risk
